from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import drivers
from drivers import ProfileError, State, Verb, load_profile, profile_schema

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
    """Write a shipped profile with a change, one key a line so that each has a line of its own."""
    data = yaml.safe_load(text_of(name))
    edit({tag["name"]: tag for tag in data["tags"]}, data)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=1000), encoding="utf-8")
    return path


def line_of(path, key, of_tag=None):
    """Line of a key: of the first one in the file, or the first one of a tag (its own first line without a key)."""
    lines = path.read_text().splitlines()
    first = 0
    if of_tag:
        first = next(n for n, line in enumerate(lines) if line == f"- name: {of_tag}")
    return next(n for n in range(first, len(lines)) if lines[n].lstrip("- ").startswith(f"{key}:")) + 1


PADDER, PRESS, STEAMER = "padder-stenter", "press", "loop-steamer"
COMMANDS = {"reset": 1, "start": 2, "stop": 3, "clear": 9}
STATES = {"stopped": 1, "idle": [2, 3], "execute": 4, "aborted": 9}
# profile, change, key and tag in whose line the fault is, message
FAULTS = [
    (PADDER, lambda t, d: d.update(colour="red"), "colour", None, "colour: unknown key"),
    (PADDER, lambda t, d: d.update(alarm=[]), "alarm", None, 'alarm: unknown key (did you mean "alarms"?)'),
    (
        PADDER,
        lambda t, d: t["metres"].update(adress="x"),
        "adress",
        "metres",
        'tags.metres.adress: unknown key (did you mean "address"?)',
    ),
    (
        PADDER,
        lambda t, d: d["heartbeat"].update(timeout=3),
        "timeout",
        None,
        'heartbeat.timeout: unknown key (did you mean "timeout_s"?)',
    ),
    (PADDER, lambda t, d: d.pop("title"), "profile", None, "title: is missing"),
    (PADDER, lambda t, d: t["metres"].pop("type"), "name", "metres", "tags.metres.type: is missing"),
    (
        PADDER,
        lambda t, d: t["metres"].update(type="float23"),
        "type",
        "metres",
        "tags.metres.type: Input should be 'uint16'",
    ),
    (
        PADDER,
        lambda t, d: d.update(stage="washing"),
        "stage",
        None,
        "stage: Input should be 'pretreat', 'print', 'fix' or 'wash' (did you mean \"wash\"?)",
    ),
    (
        PADDER,
        lambda t, d: t["metres"].update(low="0"),
        "low",
        "metres",
        "tags.metres.low: Input should be a valid number",
    ),
    (
        PADDER,
        lambda t, d: d["tags"].append({**t["metres"], "address": "input:900"}),
        "name",
        "metres",
        "tags.metres.name: tag 'metres' is there twice",
    ),
    (PADDER, lambda t, d: d.update(tags={}), "tags", None, "tags: Input should be a valid tuple"),
    (
        PADDER,
        lambda t, d: t["run_s"].update(address="input:9"),
        "address",
        "run_s",
        "tags.run_s.address: input:9 overlaps speed_m_min (input:8) (line ",
    ),
    (
        PADDER,
        lambda t, d: t["state"].update(address="coil:1"),
        "address",
        "state",
        "tags.state.address: address 'coil:1'",
    ),
    (
        PADDER,
        lambda t, d: t["metres"].update(address="input:65535"),
        "address",
        "metres",
        "tags.metres.address: address 'input:65535' runs past",
    ),
    (
        PADDER,
        lambda t, d: t["ticket"].update(address="input:900"),
        "address",
        "ticket",
        "tags.ticket.address: input:900 is read-only",
    ),
    (PADDER, lambda t, d: t["metres"].update(node="M"), "node", "metres", "tags.metres.node: unused: the protocol is"),
    (
        PADDER,
        lambda t, d: t["metres"].pop("address"),
        "name",
        "metres",
        "tags.metres: protocol modbus-tcp needs address",
    ),
    (
        PADDER,
        lambda t, d: d["tags"].append(
            {"name": "note", "title": "n", "type": "string", "access": "r", "address": "input:90"}
        ),
        "address",
        "note",
        "tags.note.address: a text in Modbus registers needs length",
    ),
    (
        PADDER,
        lambda t, d: t["metres"].update(length=3),
        "length",
        "metres",
        "tags.metres.length: only a text in Modbus",
    ),
    (
        PADDER,
        lambda t, d: t["length_m"].update(low=9, high=8),
        "low",
        "length_m",
        "tags.length_m.low: impossible range: low 9 is not below",
    ),
    (
        PADDER,
        lambda t, d: t["state"].update(high=70000),
        "high",
        "state",
        "tags.state.high: 70000.0 does not fit uint16",
    ),
    (
        PADDER,
        lambda t, d: t["ticket"].update(scale=0.1, high=5.25),
        "high",
        "ticket",
        "tags.ticket.high: 5.25 is no multiple of scale 0.1",
    ),
    (
        PADDER,
        lambda t, d: t["length_m"].pop("high"),
        "name",
        "length_m",
        "tags.length_m: a writable number needs low and",
    ),
    (PADDER, lambda t, d: t["remote"].update(low=0), "low", "remote", "tags.remote.low: type bool has no low"),
    (PADDER, lambda t, d: t["remote"].update(scale=2), "scale", "remote", "tags.remote.scale: type bool has no scale"),
    (
        PADDER,
        lambda t, d: t["fan_pct"].update(setpoint="fan_pct_sp"),
        "setpoint",
        "fan_pct",
        "tags.fan_pct.setpoint: 'fan_pct_sp' is not a writable tag (did you mean \"fan_sp_pct\"?)",
    ),
    (
        PADDER,
        lambda t, d: t["fan_pct"].update(setpoint="speed_sp_m_min"),
        "setpoint",
        "fan_pct",
        "tags.fan_pct.setpoint: speed_sp_m_min is in 'm/min', the tag in '%'",
    ),
    (
        PADDER,
        lambda t, d: t["fan_pct"].update(scale=0),
        "scale",
        "fan_pct",
        "tags.fan_pct.scale: Input should be greater",
    ),
    (
        PADDER,
        lambda t, d: d["heartbeat"].update(write="pulse"),
        "write",
        None,
        "heartbeat.write: 'pulse' must be a tag of type uint16 and access rw",
    ),
    (
        PADDER,
        lambda t, d: d["heartbeat"].update(watch="metres"),
        "watch",
        None,
        "heartbeat.watch: 'metres' must be a tag",
    ),
    (
        PADDER,
        lambda t, d: d["heartbeat"].update(timeout_s=1),
        "timeout_s",
        None,
        "heartbeat.timeout_s: must be more than",
    ),
    (
        PADDER,
        lambda t, d: d["tags"].remove(t["command_ack"]),
        "tags",
        None,
        "tags: 'command_ack' must be a tag of type",
    ),
    (
        PADDER,
        lambda t, d: d["alarms"][0].update(bit=16),
        "bit",
        None,
        "alarms.power_lost.bit: bit 16 is not in a uint16",
    ),
    (
        PADDER,
        lambda t, d: d["alarms"][0].update(word="alarm_wort"),
        "word",
        None,
        "alarms.power_lost.word: 'alarm_wort'",
    ),
    (PADDER, lambda t, d: d.pop("modbus"), "protocol", None, "protocol: protocol modbus-tcp needs the key modbus"),
    (
        PADDER,
        lambda t, d: d.update(opcua={"namespace": "a", "root": "b"}),
        "opcua",
        None,
        "opcua: unused: the protocol",
    ),
    (
        PADDER,
        lambda t, d: d.update(clock="metres"),
        "clock",
        None,
        "clock: 'metres' must be a tag of type uint32, uint64",
    ),
    (
        PADDER,
        lambda t, d: d.update(groups={"drying ": {}}),
        "'drying '",
        None,
        "groups.drying : unused: no tag is in this",
    ),
    (
        PADDER,
        lambda t, d: d.update(groups={"cloth": {"period_s": 1}}),
        "cloth",
        None,
        "groups.cloth: uncertain_after_s must",
    ),
    (
        PADDER,
        lambda t, d: d.update(groups={"job": {"period_s": 0.5}}),
        "group",
        "active_ticket",
        "tags.active_ticket.group: 'active_ticket' must be read with the period of 'state'",
    ),
    (
        PADDER,
        lambda t, d: d.update(mode={"tag": "unit_mode", "commands_in": [1]}),
        "tag",
        None,
        "mode.tag: 'unit_mode' must be a tag with whole numbers",
    ),
    (
        PADDER,
        lambda t, d: d.update(commands={**COMMANDS, "clear": 1}),
        "clear",
        None,
        "commands.clear: number 1 is there",
    ),
    (
        PADDER,
        lambda t, d: d.update(commands={**COMMANDS, "clear": 99}),
        "clear",
        None,
        "commands.clear: 99 is outside the",
    ),
    (
        PADDER,
        lambda t, d: d.update(commands={"go": 1}),
        "go",
        None,
        "commands.go: Input should be 'reset', 'start', 'stop'",
    ),
    (
        PADDER,
        lambda t, d: d.update(states={**STATES, "aborted": 3}),
        "aborted",
        None,
        "states.aborted: number 3 is there",
    ),
    (PADDER, lambda t, d: d.update(states={"idle": 4}), "states", None, "states: aborted is missing; a machine has at"),
    (
        STEAMER,
        lambda t, d: d.update(
            consumables=[{"name": "steam", "title": "S", "level": "remote", "capacity": 1, "low": 0}]
        ),
        "level",
        None,
        "consumables.steam.level: 'remote' must be a tag with a number",
    ),
    (
        STEAMER,
        lambda t, d: d.update(consumables=[{"name": "a", "title": "S", "level": "air_pct", "capacity": 1, "low": 2}]),
        "low",
        "a",
        "consumables.a.low: 2 is not below the capacity 1",
    ),
    (
        PADDER,
        lambda t, d: d["identification"].update(serial_number={"tag": "serial"}),
        "tag",
        None,
        "identification.serial_number.tag: there is no tag 'serial'",
    ),
    (
        PRESS,
        lambda t, d: d.update(protocol="modbus-tcp"),
        "protocol",
        None,
        "protocol: protocol modbus-tcp needs the key",
    ),
    (PRESS, lambda t, d: d.update(modbus={}), "modbus", None, "modbus: unused: the protocol is opcua"),
    (
        PRESS,
        lambda t, d: t["row"].update(node="Metres"),
        "node",
        "row",
        "tags.row.node: node 'Metres' is there twice (line ",
    ),
    (
        PRESS,
        lambda t, d: t["row"].update(address="input:0"),
        "address",
        "row",
        "tags.row.address: unused: the protocol",
    ),
    (PRESS, lambda t, d: t["row"].pop("node"), "name", "row", "tags.row: protocol opcua needs node"),
]


@pytest.mark.parametrize(("name", "edit", "key", "of_tag", "message"), FAULTS, ids=[fault[4][:50] for fault in FAULTS])
def test_faults_are_named_with_file_and_line(tmp_path, name, edit, key, of_tag, message):
    path = edited(tmp_path, name, edit)
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    lines = path.read_text().splitlines()
    if message.startswith("tags.metres.name"):  # the second of the two
        line = max(n for n, text in enumerate(lines) if text == "- name: metres") + 1
    else:
        line = line_of(path, key, of_tag)
    found = [fault for fault in error.value.faults if fault.message.startswith(message)]
    assert [fault.line for fault in found] == [line], error.value.faults
    assert str(found[0]) == f"{path}:{line}: {found[0].message}"
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{path}:{error.value.faults[0].line}: ")


def test_all_faults_are_told_in_the_order_of_the_file(tmp_path):
    def spoil(tags, data):
        tags["metres"].update(low=9, high=8)
        tags["state"].update(address="input:16")
        data["heartbeat"].update(timeout_s=1)

    path = edited(tmp_path, PADDER, spoil)
    with pytest.raises(
        ProfileError, match=r"heartbeat.timeout_s: must be more than three periods \(and 2 more\)"
    ) as error:
        load_profile(path)
    assert [fault.line for fault in error.value.faults] == [
        line_of(path, "timeout_s"),
        line_of(path, "low", "metres"),
        line_of(path, "address", "nip_load_kn_m"),
    ]
    there = line_of(path, "address", "state")
    assert error.value.faults[2].message.endswith(f"overlaps state (input:16) (line {there})")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", ":1: not valid YAML"),
        ("- 1\n- 2\n", ":1: is not a mapping"),
        ("title: a\n\ntitle: b\n", ":3: key 'title' is there twice (line 1)"),
        ("", ":1: is not a mapping"),
        ("? [a]\n: 1\n", ":1: a key must be a plain text"),
        ("title: &a [x]\nprofile: *a\n", ":2: an alias (*name) has no place in a profile"),
        ("profile: &a\n  b: *a\n", ":2: an alias"),
        ("title: !!python/object/apply:os.getcwd []\n", "is missing"),
        ("title: 2026-13-45\n", "not valid YAML"),
        ("a: " + "[" * 5000, "not valid YAML"),
        (b"\xff\xfe\x00title", "cannot be read"),
        (b"#" * 1_000_001, "is larger than 1000000 bytes"),
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


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_keep_the_published_schema(name):
    validator = jsonschema_rs.validator_for(profile_schema())
    data = yaml.safe_load(text_of(name))
    validator.validate(data)
    data["tags"][0]["colour"] = "red"
    assert not validator.is_valid(data)


def test_numbers_of_its_own(tmp_path):
    path = edited(tmp_path, PADDER, lambda t, d: d.update(states=STATES, commands=COMMANDS))
    profile = load_profile(path)
    assert [profile.state_of(number) for number in (1, 2, 3, 4, 9, 6, "1", None)] == [
        *(State.STOPPED, State.IDLE, State.IDLE, State.EXECUTE, State.ABORTED),
        *(None, None, None),
    ]
    assert [profile.number_of(verb) for verb in (Verb.RESET, Verb.CLEAR, Verb.HOLD)] == [1, 9, None]
    plain = load_profile(PADDER)
    assert all(plain.state_of(int(state)) is state for state in State)
    assert all(plain.number_of(verb) == int(verb) for verb in Verb)


def test_missing_file(tmp_path):
    with pytest.raises(ProfileError, match=r"none\.yaml: cannot be read"):
        load_profile(tmp_path / "none.yaml")


yamlish = st.text(alphabet="ab:-[]{}&*!|>'\"#%@` \n\t0159.~?,<é\x00", max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.one_of(yamlish, st.text(max_size=40)), st.integers(0, 60))
def test_any_text_in_a_profile_is_a_profile_or_one_line(tmp_path_factory, text, line):
    """Whatever is pasted into a profile: never a traceback, and each fault has a line of the file."""
    lines = text_of(PADDER).splitlines()
    lines.insert(line, text)
    path = tmp_path_factory.getbasetemp() / "pasted.yaml"
    path.write_bytes("\n".join(lines).encode())
    error = refused(path)
    if error is not None:
        last = len(path.read_text().splitlines()) + 1
        assert "\n" not in str(error)
        assert error.faults
        assert all(1 <= fault.line <= last and str(fault).startswith(f"{path}:") for fault in error.faults)


def refused(path):
    try:
        load_profile(path)
    except ProfileError as error:
        return error
    return None
