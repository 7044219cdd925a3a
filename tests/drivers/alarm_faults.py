"""What can be wrong in the alarms of a profile, as rows of ``tests.drivers.profile_faults``."""

PADDER, PRESS = "padder-stenter", "press"
FOUR = {"stopped": 1, "idle": 2, "execute": 3, "aborted": 4}


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
    (PRESS, _alarm(0, only_while="execute"), "only_while", None,
     "alarms.power_lost.only_while: Input should be a valid tuple"),
    (PRESS, _alarm(0, only_while=["held", "held"]), "only_while", None,
     "alarms.power_lost.only_while: state 'held' is there twice"),
    (PRESS, lambda t, d: (_alarm(0, only_while=["held"])(t, d), d.update(states=FOUR)), "only_while", None,
     "alarms.power_lost.only_while: the machine has none of these states: held"),
    (PRESS, _alarm(0, on_delay_s=-1), "on_delay_s", None,
     "alarms.power_lost.on_delay_s: Input should be greater than or equal to 0"),
]  # fmt: skip
