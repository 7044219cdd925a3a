from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import drivers
from drivers import ProfileError, State, Verb, load_profile, profile_schema
from tests.drivers.alarm_faults import ALARM_FAULTS
from tests.drivers.profile_faults import COMMANDS, FAULTS, PADDER, PRESS, STATES

SHIPPED = {
    "padder-stenter": ("pretreat", "modbus-tcp"),
    "press": ("print", "opcua"),
    "loop-steamer": ("fix", "modbus-tcp"),
    "open-width-washer": ("wash", "opcua"),
    "padder-stenter-opcua": ("pretreat", "opcua"),
    "loop-steamer-opcua": ("fix", "opcua"),
}
COMMON = (
    *("state", "remote", "machine_heartbeat", "active_ticket", "metres", "speed_m_min", "run_s"),
    *("plant_s", "command_ack", "command_result", "heartbeat", "command", "command_token", "ticket", "length_m"),
)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_are_sound(name):
    profile = load_profile(name)
    assert (profile.stage, profile.protocol) == SHIPPED[name]
    assert set(COMMON) <= set(profile.tags)
    assert ("alarm_word" in profile.tags) == (not profile.conditions)
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
    with pytest.raises(ProfileError, match="no profile is called 'pres'; there are: loop-steamer, loop-"):
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


ALL_FAULTS = [*FAULTS, *ALARM_FAULTS]


@pytest.mark.parametrize(
    ("name", "edit", "key", "of_tag", "message"), ALL_FAULTS, ids=[fault[4][:50] for fault in ALL_FAULTS]
)
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


def test_two_alarms_cannot_be_one_event(tmp_path):
    def spoil(_tags, data):
        for alarm in data["alarms"][:3]:
            del alarm["bit"]
            alarm["event"] = "Lost"
        data["alarms"][1]["source"] = "Press"  # another one than any source's

    path = edited(tmp_path, PRESS, spoil)
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    lines = [number for number, text in enumerate(path.read_text().splitlines(), start=1) if "event: Lost" in text]
    (fault,) = error.value.faults
    assert fault.line == lines[2]
    assert fault.message == f"alarms.raster_refused.event: event 'Lost' is there twice (line {lines[0]})"


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
