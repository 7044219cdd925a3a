from pathlib import Path

import pytest
import yaml

import drivers
from drivers import ProfileError, load_profile

SHIPPED = {
    "padder-stenter": ("pretreat", "modbus-tcp"),
    "press": ("print", "opcua"),
    "loop-steamer": ("fix", "modbus-tcp"),
    "open-width-washer": ("wash", "opcua"),
}
COMMON = (
    *("state", "remote", "machine_heartbeat", "alarm_word", "active_ticket", "metres", "speed_m_min", "run_s"),
    *("plant_s", "command_ack", "command_result", "heartbeat", "command", "command_token", "ticket", "length_m"),
)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_are_sound(name):
    profile = load_profile(name)
    assert (profile.stage, profile.protocol) == SHIPPED[name]
    assert set(COMMON) <= set(profile.tags)
    assert [alarm.name for alarm in profile.alarms][:2] == ["power_lost", "controller_lost"]
    setpoints = {tag for tag in profile.tags if "_sp_" in tag}
    assert setpoints <= {spec.setpoint for spec in profile.tags.values()} | {"dwell_sp_min"}
    for spec in profile.tags.values():
        if spec.setpoint:
            target = profile.tags[spec.setpoint]
            assert target.unit == spec.unit
            assert spec.low <= target.low < target.high <= spec.high
    assert load_profile(Path(drivers.__file__).parent / "profiles" / f"{name}.yaml") == profile


def test_a_profile_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_profile("press").title = "other"


def test_unknown_name_tells_the_known_ones():
    with pytest.raises(ProfileError, match="no profile is called 'pres'; there are: loop-steamer, open-width-washer"):
        load_profile("pres")


def text_of(name):
    return (Path(drivers.__file__).parent / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")


def edited(tmp_path, name, edit):
    data = yaml.safe_load(text_of(name))
    edit({tag["name"]: tag for tag in data["tags"]}, data)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


PADDER, PRESS = "padder-stenter", "press"
FAULTS = [
    (PADDER, lambda t, d: d.update(colour="red"), "colour: unknown key"),
    (PADDER, lambda t, d: t["metres"].update(colour="red"), "tags.metres.colour: unknown key"),
    (PADDER, lambda t, d: d.pop("title"), "title: is missing"),
    (PADDER, lambda t, d: t["metres"].pop("type"), "tags.metres.type: is missing"),
    (PADDER, lambda t, d: t["metres"].update(type="float64"), "tags.metres.type: Input should be"),
    (PADDER, lambda t, d: t["metres"].update(low="0"), "tags.metres.low: Input should be a valid number"),
    (PADDER, lambda t, d: d["tags"].append(dict(t["metres"])), "tags: tag 'metres' is there twice"),
    (PADDER, lambda t, d: d.update(tags={}), "tags: must be a list of tags"),
    (PADDER, lambda t, d: t["run_s"].update(address="input:9"), "tags.run_s.address: input:9 overlaps speed_m_min"),
    (PADDER, lambda t, d: t["state"].update(address="coil:1"), "tags.state: address 'coil:1' is neither"),
    (PADDER, lambda t, d: t["metres"].update(address="input:65535"), "tags.metres: address 'input:65535' runs past"),
    (PADDER, lambda t, d: t["ticket"].update(address="input:900"), "tags.ticket.address: input:900 is read-only"),
    (PADDER, lambda t, d: t["metres"].update(node="Metres"), "tags.metres: protocol modbus-tcp needs address and not"),
    (PADDER, lambda t, d: t["state"].update(type="string", low=None, high=None), "tags.state: type string cannot be"),
    (PADDER, lambda t, d: t["length_m"].update(low=9, high=8), "tags.length_m: impossible range: low 9 is not below"),
    (PADDER, lambda t, d: t["state"].update(high=70000), "tags.state: 70000.0 does not fit uint16"),
    (PADDER, lambda t, d: t["length_m"].pop("high"), "tags.length_m: a writable number needs low and high"),
    (PADDER, lambda t, d: t["remote"].update(low=0), "tags.remote: type bool has no low and high"),
    (PADDER, lambda t, d: t["fan_pct"].update(setpoint="fan"), "tags.fan_pct.setpoint: 'fan' is not a writable tag"),
    (PADDER, lambda t, d: t["command_token"].update(address="holding:99"), "tags.command_token.address: must be right"),
    (PADDER, lambda t, d: t["fan_pct"].update(scale=0), "tags.fan_pct.scale: Input should be greater than 0"),
    (
        PADDER,
        lambda t, d: d["heartbeat"].update(write="pulse"),
        "heartbeat.write: 'pulse' must be a tag of type uint16",
    ),
    (PADDER, lambda t, d: d["heartbeat"].update(watch="metres"), "heartbeat.watch: 'metres' must be a tag of type"),
    (PADDER, lambda t, d: d["heartbeat"].update(timeout_s=1), "heartbeat.timeout_s: must be more than three periods"),
    (PADDER, lambda t, d: d["tags"].remove(t["command_ack"]), "tags: 'command_ack' must be a tag of type uint16"),
    (PADDER, lambda t, d: d["alarms"][0].update(bit=16), "alarms.0.bit: Input should be less than or equal to 15"),
    (PADDER, lambda t, d: d["alarms"][1].update(bit=0), "alarms: bit 0 is there twice"),
    (PADDER, lambda t, d: d.pop("modbus"), "protocol modbus-tcp needs the key modbus"),
    (PRESS, lambda t, d: d.update(protocol="modbus-tcp"), "protocol modbus-tcp needs the key modbus"),
    (PRESS, lambda t, d: d.update(modbus={}), "protocol opcua needs the key opcua and not the key modbus"),
    (PRESS, lambda t, d: t["row"].update(node="Metres"), "tags.row.node: 'Metres' is the node of metres too"),
    (PRESS, lambda t, d: t["row"].update(address="input:0"), "tags.row: protocol opcua needs node and not address"),
]


@pytest.mark.parametrize(("name", "edit", "message"), FAULTS, ids=[fault[2][:40] for fault in FAULTS])
def test_faults_are_named_in_one_line(tmp_path, name, edit, message):
    path = edited(tmp_path, name, edit)
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not valid YAML"),
        ("- 1\n- 2\n", "is not a mapping"),
        ("title: a\ntitle: b\n", "key 'title' is there twice"),
        ("", "is not a mapping"),
        ("? [a]\n: 1\n", "not valid YAML"),
        (b"\xff\xfe\x00title", "cannot be read"),
    ],
)
def test_files_that_are_no_profile(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(ProfileError, match=r"none\.yaml: cannot be read"):
        load_profile(tmp_path / "none.yaml")
