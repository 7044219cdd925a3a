"""Draws the states of a job, and what may be done in each, from the program's own table.

`python deploy/job_states.py [FILE]` writes `docs/pictures/job-states.svg`; `--check` says whether that is current.
Where the boxes stand is told here; arrows, words and the table beneath come from `controller.states`.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from controller.states import OVER, WAITING, WORDS, Act, State, Step, leads

OUT = Path(__file__).parent.parent / "docs" / "pictures" / "job-states.svg"
WIDTH, TABLE_Y, ROW = 1240, 530, 26
BOX_W, BOX_H, MARGIN = 150, 44, 18
FIRST_COLUMN = 170
INK, MUTED, LINE, GROUND, PANEL = "#1d2329", "#68727c", "#9aa4ad", "#ffffff", "#f3f5f7"

AT: Mapping[State, tuple[float, float]] = {
    State.TO_APPROVE: (110, 80),
    State.QUEUED: (360, 80),
    State.RIPPING: (610, 80),
    State.PARKED: (360, 200),
    State.RUNNING: (890, 80),
    State.HELD: (890, 200),
    State.COMPLETE: (1140, 140),
    State.CANCELLED: (110, 390),
    State.FAILED: (610, 390),
    State.CANCELLING: (890, 390),
}
"""Middle of each box."""

FRAMES: Mapping[str, frozenset[State]] = {
    "waiting": WAITING,
    "on the line": frozenset({State.RUNNING, State.HELD}),
}
"""Title and states; a deed that leads from all of them to the same place is one arrow from the frame."""

BENT = {(State.CANCELLING, State.CANCELLED): 70.0}
"""Arrows that go round a box, by how far they sag."""


@dataclass(frozen=True)
class Arrow:
    """From one point to another, with its words: beside it if there is one back, bent downwards by `sag`."""

    begin: tuple[float, float]
    end: tuple[float, float]
    words: tuple[Act | Step, ...]
    beside: bool = False
    sag: float = 0.0


def edges(states: frozenset[State]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the frame of some states; its title is above the boxes."""
    xs, ys = [AT[state][0] for state in states], [AT[state][1] for state in states]
    left, right = min(xs) - BOX_W / 2 - MARGIN, max(xs) + BOX_W / 2 + MARGIN
    return left, min(ys) - BOX_H / 2 - 2 * MARGIN, right, max(ys) + BOX_H / 2 + MARGIN


def shared(states: frozenset[State]) -> dict[Act | Step, State]:
    """Return the deeds that lead from all of these states to one and the same other state."""
    found = {}
    for deed in (*Act, *Step):
        ends = {leads(state, deed) for state in states}
        if len(ends) == 1 and (end := next(iter(ends))) is not None and end not in states:
            found[deed] = end
    return found


def arrows() -> Iterator[Arrow]:
    """Yield the arrows; what leaves a job where it is has none."""
    common = {state: shared(states) for states in FRAMES.values() for state in states}
    for states in FRAMES.values():
        _, top, right, bottom = edges(states)
        for end, words in _by_end(shared(states)):
            x, y = AT[end]
            if top < y < bottom:
                yield Arrow((right, y), (x - BOX_W / 2, y), words)
            else:
                yield Arrow((x, bottom), (x, y - BOX_H / 2), words)
    for state in State:
        own = {deed: leads(state, deed) for deed in (*Act, *Step) if deed not in common.get(state, {})}
        for end, words in _by_end({deed: end for deed, end in own.items() if end not in (None, state)}):
            yield _between(state, end, words)


def _by_end(deeds: Mapping[Act | Step, State | None]) -> Iterator[tuple[State, tuple[Act | Step, ...]]]:
    for end in dict.fromkeys(deeds.values()):
        if end is not None:
            yield end, tuple(deed for deed in deeds if deeds[deed] is end)


def _between(state: State, end: State, words: tuple[Act | Step, ...]) -> Arrow:
    """Return an arrow from the edge of one box to that of another, on the right of the way if there is one back."""
    (x0, y0), (x1, y1) = AT[state], AT[end]
    if (state, end) in BENT:
        return Arrow((x0, y0 + BOX_H / 2), (x1, y1 + BOX_H / 2), words, sag=BENT[state, end])
    back = any(leads(end, deed) is state for deed in (*Act, *Step))
    length = math.hypot(x1 - x0, y1 - y0)
    step_x, step_y, aside = (x1 - x0) / length, (y1 - y0) / length, 12.0 * back
    x0, y0, x1, y1 = x0 - step_y * aside, y0 + step_x * aside, x1 - step_y * aside, y1 + step_x * aside
    reach = min(size / 2 / abs(step) for size, step in ((BOX_W, step_x), (BOX_H, step_y)) if step)
    return Arrow((x0 + step_x * reach, y0 + step_y * reach), (x1 - step_x * reach, y1 - step_y * reach), words, back)


def _arrow(arrow: Arrow) -> Iterator[str]:
    (x0, y0), (x1, y1) = arrow.begin, arrow.end
    words = ", ".join(arrow.words)
    half = 3.4 * len(words) + 5
    x, y = (x0 + x1) / 2, (y0 + y1) / 2 + 0.75 * arrow.sag
    if arrow.beside:
        x += half + 1 if y1 < y0 else -half - 1
    low = y0 + arrow.sag
    way = f"C{x0:g} {low:g} {x1:g} {low:g} {x1:g} {y1:g}" if arrow.sag else f"L{x1:.1f} {y1:.1f}"
    yield f'<path d="M{x0:.1f} {y0:.1f} {way}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#tip)"/>'
    by_person = any(isinstance(deed, Act) for deed in arrow.words)
    look = f'fill="{INK}"' if by_person else f'fill="{MUTED}" font-style="italic"'
    yield f'<rect x="{x - half:.1f}" y="{y - 9:.1f}" width="{2 * half:.1f}" height="18" fill="{GROUND}"/>'
    yield _text(x, y + 4.5, words, look)


def _text(x: float, y: float, words: str, look: str = f'fill="{INK}"', anchor: str = "middle", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {look}>{escape(words)}</text>'


def _frames() -> Iterator[str]:
    for title, states in FRAMES.items():
        left, top, right, bottom = edges(states)
        size = f'width="{right - left:g}" height="{bottom - top:g}"'
        yield f'<rect x="{left:g}" y="{top:g}" {size} fill="none" stroke="{LINE}" stroke-dasharray="5 5"/>'
        yield _text(left + 10, top + 20, title, f'fill="{MUTED}"', "start")


def _boxes() -> Iterator[str]:
    for state, (x, y) in AT.items():
        heavy = 2.5 if state in OVER else 1.25
        corner = f'x="{x - BOX_W / 2:g}" y="{y - BOX_H / 2:g}" width="{BOX_W}" height="{BOX_H}"'
        yield f'<rect {corner} fill="{PANEL}" stroke="{INK}" stroke-width="{heavy}"/>'
        yield _text(x, y + 5, WORDS[state], size=14)


def _table() -> Iterator[str]:
    """Yield the acts of people by state: a dot where a job takes one, an arrow where it leads elsewhere."""
    step = (WIDTH - 32 - FIRST_COLUMN) / len(Act)
    columns = [16 + FIRST_COLUMN + (at + 0.5) * step for at in range(len(Act))]
    yield from (_text(x, TABLE_Y, act) for x, act in zip(columns, Act, strict=True))
    for row, state in enumerate(State, start=1):
        y = TABLE_Y + row * ROW
        yield f'<path d="M16 {y - 17:g} H{WIDTH - 16}" stroke="{LINE}" stroke-width="0.5"/>'
        yield _text(16, y, WORDS[state], anchor="start")
        for x, act in zip(columns, Act, strict=True):
            end = leads(state, act)
            if end is not None:
                yield _text(x, y, "•" if end is state else f"→ {WORDS[end]}", size=12)


def picture() -> str:
    """Return the picture as SVG."""
    height = TABLE_Y + len(State) * ROW + 20
    tip = f'<path d="M0 0 L8 4 L0 8 z" fill="{LINE}"/>'
    marker = 'id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"'
    frame = f'viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
        "<title>The states of a job and what may be done in each</title>",
        f"<marker {marker}>{tip}</marker>",
        f'<rect width="{WIDTH}" height="{height}" fill="{GROUND}"/>',
        *_frames(),
        *(part for arrow in arrows() for part in _arrow(arrow)),
        *_boxes(),
        *_table(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the picture, or check that it is what the table says; returns the exit code."""
    if arguments == ["--check"]:
        current = OUT.is_file() and OUT.read_text("utf-8") == picture()
        if not current:
            sys.stderr.write(f"{OUT} is not what the table says: run python deploy/job_states.py\n")
        return 0 if current else 1
    (Path(arguments[0]) if arguments else OUT).write_text(picture(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
