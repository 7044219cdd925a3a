"""`decide` in every state a line can get into: whatever people, machines and links do, no act is unsafe, and it ends.

The model is a machine as PackML has it, with retained counters, and the supervisor's loop around `decide`. What the
rules break they leave broken; at the end all is put right, and the job must be done.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller import Ask, Command, Finish, Intent, Wait, Want, Write, decide
from controller.decide import GoBack
from controller.interlocks import GOODS, Beginning, Goods
from drivers import Link, Quality, State, Tag, Verb
from tests.controller.test_decide import FOREIGN, SETTINGS, TICKET, Machine

ROWS_M = 100.0
"""Rows of a metre, of the model's machine."""
NEEDED_L, MAX_WAIT_H, MAX_MOISTURE_PCT = 1.5, 24.0, 14.0


class Line(RuleBasedStateMachine):
    """One operation on one machine, and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine()
        self.ink_l = 5.0
        self.scanned: str | None = None
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.want = Want.RUN
        self.confirmed: set[str] = set()
        self.open: str | None = None
        self.finished: Finish | None = None
        self.metres_seen = 0.0
        self.moisture_pct: float | None = None
        self.unprofiled = ""
        self.wound: str | None = None
        self.face: str | None = None
        self.until_m: float | None = None
        self.leg, self.begins_m = 0, 0.0
        self.back: dict[str, int] = {}
        self.tickets = {TICKET}

    @property
    def settings(self) -> dict[str, float]:
        """What must be written for the ticket that is to be done now."""
        return SETTINGS | {"ticket": TICKET + self.leg, "length_m": SETTINGS["length_m"] - self.begins_m}

    @property
    def made_m(self) -> float:
        """How far the goods are made, by what the machine shows of our ticket."""
        return self.begins_m + (self.machine.metres if self.ours else 0.0)

    @property
    def ours(self) -> bool:
        """Whether the machine has the ticket that is to be done now."""
        return self.machine.active_ticket == TICKET + self.leg

    @initialize(
        state=st.sampled_from([State.STOPPED, State.COMPLETE, State.ABORTED, State.IDLE, State.EXECUTE, State.HELD]),
        moisture_pct=st.sampled_from([None, 8.0, 19.0]),
        unprofiled=st.sampled_from(["", "acid inks on silk"]),
        face=st.sampled_from([None, "the smooth side"]),
    )
    def left_by_another_job(self, state: State, moisture_pct: float | None, unprofiled: str, face: str | None) -> None:
        self.moisture_pct, self.unprofiled, self.face = moisture_pct, unprofiled, face
        self.machine = Machine(state, FOREIGN, 1.0, written={"ticket": FOREIGN, "length_m": 9.0, "speed_sp_m_min": 5.0})

    # -- what is looked at and done about it -------------------------------------------------------------------------

    def intent(self) -> Intent:
        pretreated_at = datetime(2026, 1, 1, tzinfo=UTC)
        wound = (("R-000001", self.wound),) if self.wound else ()
        beginning = Beginning({"ink1_level_l": NEEDED_L, "not_shown_l": 1.0}, ("pretreat", pretreated_at), MAX_WAIT_H,
                              self.moisture_pct, MAX_MOISTURE_PCT, self.unprofiled,
                              Goods(("R-000001",), self.scanned, wound=wound), "face-out", self.face)  # fmt: skip
        until_m = None if self.until_m is None else self.until_m - self.begins_m
        return Intent(TICKET + self.leg, self.want, self.settings, "R-000001", frozenset(self.confirmed),
                      until_m=until_m, beginning=beginning, leg=self.leg, begins_m=self.begins_m,
                      back=dict(self.back))  # fmt: skip

    @precondition(lambda self: self.finished is None)
    @rule()
    def supervise(self) -> None:
        """Look, decide and act once, and judge the act by what a person at the machine would say of it."""
        snapshot = self.machine.snapshot()
        snapshot = replace(snapshot, tags={**snapshot.tags, "ink1_level_l": Tag(self.ink_l, "l", self.machine.quality,
                                                                                self.now)})  # fmt: skip
        intent = self.intent()
        action = decide(intent, snapshot, self.now)
        assert action == decide(intent, snapshot, self.now)
        known = self.machine.link is Link.CONNECTED and self.machine.quality is Quality.GOOD
        if isinstance(action, Command | Write | Finish | Ask | GoBack):
            assert known, "nothing is done on values that are not known to be good"
            assert self.machine.remote, "whoever turned the key stands at the machine"
        match action:
            case Write(values):
                assert self.machine.state in (State.STOPPED, State.COMPLETE), "nothing is written under way"
                self.machine = replace(self.machine, written=self.machine.written | dict(values))
            case Command(verb):
                self._may_command(verb)
                self.machine = self.machine.obey(verb)
            case Ask(kind, text):
                assert text
                self.open = kind
            case GoBack(kind, row):
                self._go_back(kind, row)
            case Finish(done):
                assert not done or (self.ours and self._made_all())
                assert done or self.want is Want.CANCEL
                self.finished = action
            case Wait(reason):
                assert reason

    def _go_back(self, kind: str, row: int) -> None:
        """Take the rest up further back, as the book does: a new ticket, and what it has to make."""
        assert self.machine.state is State.STOPPED, "the cloth stands"
        assert self.ours
        assert self.back[kind] == row, "somebody named the row"
        assert row / ROWS_M <= self.made_m, "nothing is left out"
        self.leg, self.begins_m, self.metres_seen = self.leg + 1, row / ROWS_M, 0.0
        assert TICKET + self.leg not in self.tickets, "a ticket is never used again"
        self.tickets.add(TICKET + self.leg)

    def _made_all(self) -> bool:
        """Whether the machine made its length; or stands, and made what a person had it cut to."""
        if self.machine.state is State.COMPLETE:
            return True
        cut = self.until_m is not None and self.made_m >= self.until_m
        return cut and self.machine.state in (State.STOPPED, State.ABORTED)

    def _may_command(self, verb: Verb) -> None:
        ours = self.ours
        if verb is Verb.STOP and ours and self.want is not Want.CANCEL and self.machine.state is not State.IDLE:
            assert self.until_m is not None, "nobody wants it to end"
            assert self.made_m >= self.until_m, "it is stopped behind the metre, not before"
        if self.machine.state in (State.EXECUTE, State.HELD, State.SUSPENDED) and not ours:
            assert f"foreign@{self.machine.active_ticket}" in self.confirmed, (
                "another's job is stopped by a person only"
            )
            assert verb is Verb.STOP
        if verb in (Verb.RESET, Verb.START):
            assert "load" in self.confirmed
            assert self.machine.written == self.settings
            assert self.want is Want.RUN
            if ours and self.until_m is not None:
                assert self.made_m < self.until_m, "nothing is printed behind the cut"
        if verb is Verb.RESET:
            supplies, waited, damp, unmeasured, roll, side, *_ = (interlock.override for interlock in GOODS)
            assert self.ink_l >= NEEDED_L or supplies in self.confirmed
            hours = (self.now - datetime(2026, 1, 1, tzinfo=UTC)) / timedelta(hours=1)
            assert hours <= MAX_WAIT_H or waited in self.confirmed
            assert (self.moisture_pct or 0) <= MAX_MOISTURE_PCT or damp in self.confirmed
            assert not self.unprofiled or unmeasured in self.confirmed
            assert self.scanned in (None, "R-000001") or roll in self.confirmed, "no wrong roll is begun unseen"
            assert self.face is None or self.wound != "face-in" or side in self.confirmed, "no back is printed unseen"
            if ours and self.machine.metres > 0:
                leg = f"/{self.leg}" if self.leg else ""
                assert f"resume@{self.machine.metres:.2f}{leg}" in self.confirmed, "somebody has looked at the cloth"

    @precondition(lambda self: self.finished is None)
    @rule()
    def all_goes_well_for_a_while(self) -> None:
        for _ in range(8):
            if self.finished is None:
                self.supervise()
            if self.open is not None and self.open.partition("@")[0] in ("load", "foreign"):
                self.a_person_says_yes()
            self.machine = self.machine.goes_on()

    # -- what happens ------------------------------------------------------------------------------------------------

    @rule()
    def time_passes(self) -> None:
        self.machine = self.machine.goes_on()
        self.now += timedelta(minutes=1)

    @rule(hours=st.sampled_from([1, 30]))
    def nobody_comes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(roll=st.sampled_from(["R-000001", "R-000002"]))
    def a_roll_is_scanned(self, roll: str) -> None:
        self.scanned = roll

    @rule(wound=st.sampled_from(["face-out", "face-in"]))
    def somebody_looks_how_the_roll_is_wound(self, wound: str) -> None:
        self.wound = wound

    @rule(litres=st.sampled_from([0.2, 5.0]))
    def ink_is_used_or_filled_up(self, litres: float) -> None:
        self.ink_l = litres

    @precondition(lambda self: self.open is not None)
    @rule()
    def a_person_says_yes(self) -> None:
        self.confirmed.add(str(self.open))
        self.open = None

    @precondition(lambda self: str(self.open).startswith("resume@"))
    @rule(share=st.sampled_from([0.0, 0.5, 0.99]))
    def a_person_names_a_row_further_back(self, share: float) -> None:
        self.back[str(self.open)] = int(self.made_m * share * ROWS_M)
        self.open = None

    @rule(link=st.sampled_from(Link), quality=st.sampled_from(Quality))
    def the_link(self, link: Link, quality: Quality) -> None:
        self.machine = replace(self.machine, link=link, quality=quality)

    @rule()
    def the_key_is_turned(self) -> None:
        self.machine = replace(self.machine, remote=not self.machine.remote)

    @rule(want=st.sampled_from([Want.RUN, Want.HOLD]))
    def the_desk(self, want: Want) -> None:
        self.want = want if self.want is not Want.CANCEL else self.want

    @precondition(lambda self: self.finished is None)
    @rule(at_m=st.sampled_from([0.4, 1.0, 1.7]))
    def the_job_is_cut_short(self, at_m: float) -> None:
        self.until_m = at_m

    @rule()
    def the_power_fails(self) -> None:
        self.machine = replace(self.machine, state=State.ABORTED)

    @rule(verb=st.sampled_from([Verb.HOLD, Verb.STOP, Verb.ABORT, Verb.SUSPEND]))
    def somebody_at_the_machine(self, verb: Verb) -> None:
        self.machine = self.machine.obey(verb)

    # -- what must always be true ------------------------------------------------------------------------------------

    @invariant()
    def no_metre_twice(self) -> None:
        if self.ours:
            assert self.machine.metres >= self.metres_seen
            self.metres_seen = self.machine.metres

    def teardown(self) -> None:
        """Put all right: the job is done within a bounded number of looks."""
        self.machine = replace(self.machine, link=Link.CONNECTED, quality=Quality.GOOD, remote=True)
        self.want = Want.RUN
        for _ in range(200):
            if self.finished is not None:
                assert self.finished.done
                at_least = SETTINGS["length_m"] if self.until_m is None else self.until_m
                assert at_least - 1e-9 <= self.made_m <= SETTINGS["length_m"] + 1e-9
                return
            self.supervise()
            if self.open is not None:
                self.a_person_says_yes()
            self.time_passes()
        raise AssertionError(f"not done: {self.machine}, {self.confirmed}")


Line.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestLine = Line.TestCase
