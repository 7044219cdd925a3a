"""Draws the states of a job, and what may be done in each, from the program's own table.

`python deploy/job_states.py [FILE]` writes `docs/pictures/job-states.svg`; with `--check` it says whether that is current.
Where the boxes stand is told here; arrows, words and the table beneath come from `controller.states`.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from controller.states import OVER, WAITING, WORDS, Act, State, Step, leads

OUT = Path(__file__).parent.parent / "docs" / "pictures" / "job-states.svg"
WIDTH, TABLE_Y, ROW = 1080, 500, 26
BOX_W, BOX_H = 168, 44
FIRST_COLUMN = 190
INK, MUTED, LINE, GROUND, PANEL = "#1d2329", "#68727c", "#9aa4ad", "#ffffff", "#f3f5f7"

AT: Mapping[State, tuple[float, float]] = {
    State.TO_APPROVE: (116, 80),
    State.QUEUED: (326, 80),
    State.RIPPING: (536, 80),
    State.PARKED: (326, 200),
    State.RUNNING: (776, 80),
    State.HELD: (776, 200),
    State.COMPLETE: (978, 140),
    State.CANCELLED: (116, 360),
    State.FAILED: (536, 360),
    State.CANCELLING: (776, 360),
}
"""Middle of each box."""

LINE_UP = frozenset({State.RUNNING, State.HELD})
GROUPS: tuple[tuple[str, frozenset[State], float], ...] = (("waiting", WAITING, 116), ("on the line", LINE_UP, 776))
"""Title and states of a frame, and where across an arrow leaves it that all its states share."""

BENT = {(State.CANCELLING, State.CANCELLED): 70.0}
"""Arrows that go round a box, by how far they sag."""


@dataclass(frozen=True)
class Arrow:
    """From one point to another, with its words; `sag` bends it downwards."""

    begin: tuple[float, float]
    end: tuple[float, float]
    words: tuple[Act | Step, ...]
    sag: float = 0.0


def shared(states: frozenset[State]) -> dict[Act | Step, State]:
    """Return the deeds that lead from all of these states to one and the same other state."""
    found = {}
    for deed in (*Act, *Step):
        ends = {leads(state, deed) for state in states}
        if len(ends) == 1 and (end := next(iter(ends))) is not None and end not in states:
            found[deed] = end
    return found


def arrows() -> Iterator[Arrow]:
    """Yield the arrows, those that a whole frame shares once; what leaves a job where it is has none."""
    common = {state: shared(states) for _, states, _ in GROUPS for state in states}
    for _, states, x in GROUPS:
        bottom = max(AT[state][1] for state in states) + BOX_H / 2 + 18
        ends = shared(states)
        for end in dict.fromkeys(ends.values()):
            words = tuple(deed for deed in ends if ends[deed] is end)
            yield Arrow((x, bottom), (x, AT[end][1] - BOX_H / 2), words)
    for state in State:
        own = {deed: leads(state, deed) for deed in (*Act, *Step) if deed not in common.get(state, {})}
        for end in dict.fromkeys(own.values()):
            if end is None or end is state:
                continue
            words = tuple(deed for deed in own if own[deed] is end)
            back = any(leads(end, deed) is state for deed in (*Act, *Step))
            sag = BENT.get((state, end), 0.0)
            yield _between(state, end, words, 13.0 if back else 0.0, sag)


def _between(state: State, end: State, words: tuple[Act | Step, ...], aside: float, sag: float) -> Arrow:
    """Return an arrow from the edge of one box to that of another, `aside` to the right of the way if there is one back."""
    (x0, y0), (x1, y1) = AT[state], AT[end]
    if sag:
        return Arrow((x0, y0 + BOX_H / 2), (x1, y1 + BOX_H / 2), words, sag)
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    step_x, step_y = (x1 - x0) / length, (y1 - y0) / length
    x0, y0, x1, y1 = x0 - step_y * aside, y0 + step_x * aside, x1 - step_y * aside, y1 + step_x * aside
    reach = min(BOX_W / 2 / abs(step_x) if step_x else 1e9, BOX_H / 2 / abs(step_y) if step_y else 1e9)
    return Arrow((x0 + step_x * reach, y0 + step_y * reach), (x1 - step_x * reach, y1 - step_y * reach), words)


def _arrow(arrow: Arrow) -> Iterator[str]:
    (x0, y0), (x1, y1) = arrow.begin, arrow.end
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2 + 0.75 * arrow.sag
    if arrow.sag:
        low = y0 + arrow.sag
        way = f"M{x0:g} {y0:g} C{x0:g} {low:g} {x1:g} {low:g} {x1:g} {y1:g}"
    else:
        way = f"M{x0:.1f} {y0:.1f} L{x1:.1f} {y1:.1f}"
    yield f'<path d="{way}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#tip)"/>'
    words = ", ".join(arrow.words)
    by_person = any(isinstance(deed, Act) for deed in arrow.words)
    colour, slant = (INK, "") if by_person else (MUTED, ' font-style="italic"')
    half = 3.6 * len(words) + 5
    yield f'<rect x="{middle_x - half:.1f}" y="{middle_y - 9:.1f}" width="{2 * half:.1f}" height="18" fill="{GROUND}"/>'
    yield (f'<text x="{middle_x:.1f}" y="{middle_y + 4.5:.1f}" text-anchor="middle" font-size="13" fill="{colour}"{slant}>'
           f"{escape(words)}</text>")  # fmt: skip


def _frames() -> Iterator[str]:
    for title, states, _ in GROUPS:
        xs, ys = [AT[state][0] for state in states], [AT[state][1] for state in states]
        left, top = min(xs) - BOX_W / 2 - 18, min(ys) - BOX_H / 2 - 34
        width, height = max(xs) - min(xs) + BOX_W + 36, max(ys) - min(ys) + BOX_H + 52
        yield (f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="none" stroke="{LINE}" '
               'stroke-dasharray="5 5"/>')  # fmt: skip
        yield f'<text x="{left + 10:g}" y="{top + 20:g}" font-size="13" fill="{MUTED}">{title}</text>'


def _boxes() -> Iterator[str]:
    for state, (x, y) in AT.items():
        heavy = 2.5 if state in OVER else 1.25
        yield (f'<rect x="{x - BOX_W / 2:g}" y="{y - BOX_H / 2:g}" width="{BOX_W}" height="{BOX_H}" fill="{PANEL}" '
               f'stroke="{INK}" stroke-width="{heavy}"/>')  # fmt: skip
        yield f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="15" fill="{INK}">{WORDS[state]}</text>'


def _table() -> Iterator[str]:
    """Yield the acts of people by state: a dot where a job takes one, an arrow where it leads elsewhere."""
    step = (WIDTH - 32 - FIRST_COLUMN) / len(Act)
    for column, act in enumerate(Act):
        x = 16 + FIRST_COLUMN + (column + 0.5) * step
        yield f'<text x="{x:.1f}" y="{TABLE_Y}" text-anchor="middle" font-size="13" fill="{INK}">{act}</text>'
    for row, state in enumerate(State, start=1):
        y = TABLE_Y + row * ROW
        yield f'<path d="M16 {y - 17:g} H{WIDTH - 16}" stroke="{LINE}" stroke-width="0.5"/>'
        yield f'<text x="16" y="{y}" font-size="13" fill="{INK}">{WORDS[state]}</text>'
        for column, act in enumerate(Act):
            end = leads(state, act)
            if end is None:
                continue
            x = 16 + FIRST_COLUMN + (column + 0.5) * step
            mark = "•" if end is state else f"→ {end.value.replace('_', ' ')}"
            yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle" font-size="13" fill="{INK}">{mark}</text>'


def picture() -> str:
    """Return the picture as SVG."""
    height = TABLE_Y + len(State) * ROW + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif">',
        "<title>The states of a job and what may be done in each</title>",
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{LINE}"/></marker></defs>',
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
