"""What can be wrong in the alarms of a profile, as rows of ``tests.drivers.profile_faults``."""

PADDER, PRESS = "padder-stenter", "press"


def _alarm(number, *without, **keys):
    """Change to an alarm of a profile: some keys less, some more."""

    def edit(_tags, data):
        for key in without:
            del data["alarms"][number][key]
        data["alarms"][number].update(keys)

    return edit


ALARM_FAULTS = [
    (PADDER, _alarm(0, "bit", event="Power"), "event", None,
     "alarms.power_lost.event: alarms as events are a way of OPC UA, not of modbus-tcp"),
    (PRESS, _alarm(0, event="Power"), "bit", None, "alarms.power_lost.bit: an alarm is a bit or an event, not both"),
    (PRESS, _alarm(0, "bit", event="Power", word="alarm_word"), "word", None,
     "alarms.power_lost.word: an alarm is a bit or an event, not both"),
    (PRESS, _alarm(0, "bit"), "name", None, "alarms.power_lost: needs bit, its place in an alarm word, or event"),
    (PRESS, _alarm(0, source="Press"), "source", None, "alarms.power_lost.source: unused: the alarm is a bit"),
    (PRESS, _alarm(0, "bit", event=5), "event", None, "alarms.power_lost.event: Input should be a valid string"),
    (PRESS, _alarm(0, "bit", events="Power"), "events", None,
     'alarms.power_lost.events: unknown key (did you mean "event"?)'),
]  # fmt: skip
