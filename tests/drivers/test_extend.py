"""A profile that says only what differs from another one: what it becomes, and where its faults are."""

import jsonschema_rs
import pytest
import yaml

from drivers import ProfileError, load_profile, profile_schema
from drivers.profile.load import FOLDER

LIMITS = """
profile: padder-hall-2
title: Padder in hall 2
extends: padder-stenter
modbus: {unit_id: 7}
tags:
  - {name: speed_sp_m_min, high: 40}
  - {name: hall_c, title: Hall, address: "input:200", type: float32, unit: °C, access: r}
alarms:
  - {name: liquor_low, response: "Call the kitchen"}
without:
  tags: [pickup_left_pct]
  alarms: [weft_bent]
"""
MOVED = {"padder-stenter": "padder-stenter-opcua", "loop-steamer": "loop-steamer-opcua"}
PLACE = {"node", "address", "length"}


def written(folder, text, name="mine.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_said_replaces_what_was(tmp_path):
    base, mine = load_profile("padder-stenter"), load_profile(written(tmp_path, LIMITS))
    assert (mine.profile, mine.title, mine.modbus.unit_id) == ("padder-hall-2", "Padder in hall 2", 7)
    assert (mine.tags["speed_sp_m_min"].low, mine.tags["speed_sp_m_min"].high) == (5, 40)
    assert mine.tags["speed_sp_m_min"].address == base.tags["speed_sp_m_min"].address
    assert [name for name in base.tags if name not in mine.tags] == ["pickup_left_pct"]
    assert list(mine.tags)[-1] == "hall_c"
    left = {alarm.name: alarm for alarm in mine.alarms}
    assert {alarm.name for alarm in base.alarms} - set(left) == {"weft_bent"}
    assert (left["liquor_low"].response, left["liquor_low"].bit) == ("Call the kitchen", 3)
    assert mine.consumables == base.consumables


def test_one_extends_another_that_extends_a_third(tmp_path):
    written(tmp_path, LIMITS, "hall.yaml")
    again = written(tmp_path, "profile: again\nextends: hall.yaml\nwithout: {alarms: [liquor_low]}\n", "again.yaml")
    profile = load_profile(again)
    assert (profile.profile, profile.title, profile.modbus.unit_id) == ("again", "Padder in hall 2", 7)
    assert "liquor_low" not in {alarm.name for alarm in profile.alarms}


@pytest.mark.parametrize("name", MOVED)
def test_both_profiles_of_a_machine_tell_the_same_of_it(name):
    one, other = load_profile(name), load_profile(MOVED[name])
    assert {one.protocol, other.protocol} == {"modbus-tcp", "opcua"}
    assert (one.stage, one.states, one.commands, one.heartbeat) == (
        other.stage,
        other.states,
        other.commands,
        other.heartbeat,
    )
    # a machine whose alarms are events has no word of bits
    assert set(one.tags) - set(other.tags) == ({"alarm_word"} if other.conditions else set())
    for here, there in zip((one.tags[name] for name in other.tags), other.tag_list, strict=True):
        assert here.model_dump(exclude=PLACE) == there.model_dump(exclude=PLACE)
        assert (here.node is None, there.address is None) == (True, True)
    assert one.consumables == other.consumables
    said = [[(a.name, a.priority, a.text, a.response) for a in profile.alarms] for profile in (one, other)]
    assert said[0] == said[1]


def faults_of(path):
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    assert "\n" not in str(error.value)
    return error.value.faults


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("extends: paddler\n", 1, "extends: no profile is called 'paddler'; there are: loop-steamer,"),
        ("extends: none.yaml\n", 1, "extends: "),
        ("extends: mine.yaml\n", 1, "extends: a profile cannot extend itself"),
        ("extends: 5\n", 1, "extends: Input should be a valid string"),
        ("extend: padder-stenter\n", 1, 'extend: unknown key (did you mean "extends"?)'),
        ("profile: a\nextends: padder-stenter\nwithout:\n  tags: [metre]\n", 4,
         "without.tags: padder-stenter has no 'metre' (did you mean \"metres\"?)"),
        ("profile: a\nextends: padder-stenter\nwithout: {tag: [metres]}\n", 3,
         'without.tag: unknown key (did you mean "tags"?)'),
        ("profile: a\nextends: padder-stenter\nwithout: [metres]\n", 3, "without: Input should be"),
        ("profile: a\nextends: padder-stenter\ntags:\n  - {name: metres, hihg: 9}\n", 4,
         'tags.metres.hihg: unknown key (did you mean "high"?)'),
        ("profile: a\nextends: padder-stenter\ntags:\n  - {name: speed_sp_m_min,\n     high: 1}\n", 4,
         "tags.speed_sp_m_min.low: impossible range: low 5 is not below high 1"),
        ("profile: a\nextends: padder-stenter\ntags:\n  - {name: new, title: N, type: bool, access: r}\n", 4,
         "tags.new: protocol modbus-tcp needs address"),
        ("profile: a\nprotocol: opcua\nopcua: {namespace: a, root: b}\nextends: padder-stenter\n", 4,
         "tags.metres: protocol opcua needs node"),
        ("profile: a\nextends: padder-stenter\ntags: {}\n", 3, "tags: Input should be a valid tuple"),
        ("profile: a\nextends: padder-stenter\ntags: [5]\n", 3, "tags"),
    ],
)  # fmt: skip
def test_faults_are_named_where_they_are(tmp_path, text, line, message):
    path = written(tmp_path, text)
    found = [fault for fault in faults_of(path) if fault.message.startswith(message)]
    assert [(fault.file, fault.line) for fault in found] == [(str(path), line)]


def test_a_fault_of_the_other_profile_is_named_there(tmp_path):
    base = (FOLDER / "padder-stenter.yaml").read_text(encoding="utf-8")
    other = written(tmp_path, base.replace("timeout_s: 3.0", "timeout_s: 0.5"), "base.yaml")
    mine = written(tmp_path, 'profile: a\nextends: base.yaml\ntags:\n  - {name: run_s, address: "input:8"}\n')
    lines = base.splitlines()
    heartbeat = next(n for n, line in enumerate(lines, start=1) if line.startswith("heartbeat:"))
    metres = next(n for n, line in enumerate(lines, start=1) if "name: speed_m_min" in line)
    found = faults_of(mine)
    assert (found[0].file, found[0].line) == (str(other), heartbeat)
    assert str(found[1]) == f"{mine}:4: tags.run_s.address: input:8 overlaps speed_m_min (input:8) ({other}:{metres})"


def test_the_published_schema_knows_it():
    validator = jsonschema_rs.validator_for(profile_schema())
    for name in MOVED.values():
        validator.validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
    limits = yaml.safe_load(LIMITS)
    validator.validate(limits)
    for spoil in (
        lambda data: data["tags"][0].update(hihg=4),
        lambda data: data["tags"][0].pop("name"),
        lambda data: data.update(extends=["padder-stenter"]),
        lambda data: data.pop("extends"),
        lambda data: data.update(without={"tag": []}),
    ):
        data = yaml.safe_load(LIMITS)
        spoil(data)
        assert not validator.is_valid(data)
