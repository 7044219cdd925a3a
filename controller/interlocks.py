"""What must be true of a machine and its cloth: interlocks as data, looked at by `decide`.

Each says in words what is not as it should be. Those that protect people hold at every moment and nobody can override
them. Those that protect goods hold before a machine begins, or goes on after a stop; a person may override them, and
the answer to the question stands in the journal with the person's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drivers import Snapshot

OVERRIDE = "override "
"""How the kind of every question begins whose yes overrides an interlock."""


@dataclass(frozen=True)
class Goods:
    """What is recorded of the goods of an operation; nothing of it is judged while nobody has recorded anything.

    Attributes
    ----------
    rolls
        The rolls of cloth that may be loaded, the first of them first.
    scanned
        What was scanned last at one of its questions; None: nothing was.
    short
        What is wrong with the length of the cloth, in words; None: it reaches.
    best_before
        Lots in use, and until when each keeps.
    amiss
        Lots in tanks that the recipe does not want there, in words.
    wound
        Rolls, and how each lies before the machine: face-out or face-in.
    """

    rolls: tuple[str, ...] = ()
    scanned: str | None = None
    short: str | None = None
    best_before: tuple[tuple[str, datetime], ...] = ()
    amiss: tuple[str, ...] = ()
    wound: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Beginning:
    """What the plan knows of an operation that is to begin.

    Attributes
    ----------
    needs_l
        Litres that the rest of the job takes, by the tag that shows what is there (ink tanks: `ink1_level_l` …).
    before
        The stage before, and when it ended; None for the first stage.
    max_wait_h
        Hours that may pass since then, by the recipe; None: any.
    moisture_pct, max_moisture_pct
        How damp the stage before left the cloth at its wettest, and how damp it may be, by the recipe; None: not known,
        any.
    unprofiled
        What there is no measured profile for, although the recipe asks for one; empty: nothing.
    goods
        What is recorded of cloth, ink and chemicals.
    takes
        How a roll has to be wound for the machine to work on the face of its cloth; None: either way.
    face
        How the face is told from the back, by the recipe; None: both sides are alike.
    """

    needs_l: Mapping[str, float] = field(default_factory=dict)
    before: tuple[str, datetime] | None = None
    max_wait_h: float | None = None
    moisture_pct: float | None = None
    max_moisture_pct: float | None = None
    unprofiled: str = ""
    goods: Goods = field(default_factory=Goods)
    takes: str | None = None
    face: str | None = None


@dataclass(frozen=True)
class Interlock:
    """One condition.

    Attributes
    ----------
    name
        Its name in questions and in the journal.
    unmet
        Returns what is wrong, as the beginning of a sentence, or None if all is well. A value that the machine does not
        show, or that is not known to be good, is not judged here.
    """

    name: str
    unmet: Callable[[Beginning, Snapshot, datetime], str | None]

    @property
    def override(self) -> str:
        """The kind of question whose yes overrides it."""
        return f"{OVERRIDE}{self.name}"


def _guarded(_beginning: Beginning, snapshot: Snapshot, _now: datetime) -> str | None:
    """Whoever turned the key to local stands at the machine."""
    return None if snapshot.value("remote") else f"the key at the {snapshot.machine} is turned to local"


def _supplied(beginning: Beginning, snapshot: Snapshot, _now: datetime) -> str | None:
    """Enough of everything for the whole job: a tank that runs dry in the print leaves a mark."""
    shown = [name for name in beginning.needs_l if name in snapshot.tags and snapshot.good(name)]
    levels = {name: float(snapshot.value(name) or 0) for name in shown}
    short = [
        f"{name.removesuffix('_level_l')} holds {level:.2f} l and the job takes {beginning.needs_l[name]:.2f} l"
        for name, level in levels.items()
        if level < beginning.needs_l[name]
    ]
    return "; ".join(short) or None


def _fresh(beginning: Beginning, _snapshot: Snapshot, now: datetime) -> str | None:
    """Prepared cloth does not keep for ever, and a print that waits for steam bleeds."""
    if beginning.before is None or beginning.max_wait_h is None:
        return None
    stage, ended_at = beginning.before
    waited_h = (now - ended_at) / timedelta(hours=1)
    if waited_h <= beginning.max_wait_h:
        return None
    return f"the stage before ({stage}) ended {waited_h:.1f} h ago, the recipe allows {beginning.max_wait_h:g} h"


def _dry(beginning: Beginning, _snapshot: Snapshot, _now: datetime) -> str | None:
    """Drops spread on damp cloth; a damp print bleeds in the steam, and sets off on what is wound above it."""
    found, most = beginning.moisture_pct, beginning.max_moisture_pct
    if found is None or most is None or found <= most:
        return None
    return f"the cloth came from the stage before with up to {found:.1f} % moisture, the recipe allows {most:g} %"


def _profiled(beginning: Beginning, _snapshot: Snapshot, _now: datetime) -> str | None:
    """A colour that somebody has to match wants a measured profile."""
    return f"there is no measured profile of {beginning.unprofiled}" if beginning.unprofiled else None


def _right_roll(beginning: Beginning, _snapshot: Snapshot, _now: datetime) -> str | None:
    """Another roll lies in the machine than the one that is wanted, by its label."""
    goods = beginning.goods
    if goods.scanned is None or goods.scanned in goods.rolls:
        return None
    return f"{goods.scanned} was scanned, and {' or '.join(goods.rolls)} is wanted"


def _reaches(beginning: Beginning, _snapshot: Snapshot, _now: datetime) -> str | None:
    """A roll that ends in the middle of a job leaves a seam where nobody expects one."""
    return beginning.goods.short


def _keeps(beginning: Beginning, _snapshot: Snapshot, now: datetime) -> str | None:
    """Ink thickens, and prepared cloth loses its chemistry."""
    late = [f"{lot} was to be used before {at:%Y-%m-%d}" for lot, at in beginning.goods.best_before if at < now]
    return "; ".join(late) or None


def _right_lots(beginning: Beginning, _snapshot: Snapshot, _now: datetime) -> str | None:
    """Magenta in the tank of the yellow is seen at once, another class of ink only after washing."""
    return "; ".join(beginning.goods.amiss) or None


def _face_up(beginning: Beginning, snapshot: Snapshot, _now: datetime) -> str | None:
    """Of a roll that lies the wrong way round the back is printed."""
    if beginning.takes is None or beginning.face is None:
        return None
    wrong = [f"{roll} lies {wound}" for roll, wound in beginning.goods.wound if wound != beginning.takes]
    if not wrong:
        return None
    return f"{', '.join(wrong)}, and the {snapshot.machine} takes it {beginning.takes} (the face: {beginning.face})"


PEOPLE = (Interlock("local key", _guarded),)
"""In the order in which they are looked at, as those below."""

GOODS = (
    Interlock("supplies", _supplied),
    Interlock("waiting time", _fresh),
    Interlock("dry cloth", _dry),
    Interlock("profile", _profiled),
    Interlock("roll", _right_roll),
    Interlock("face side", _face_up),
    Interlock("cloth length", _reaches),
    Interlock("shelf life", _keeps),
    Interlock("lots", _right_lots),
)
