"""What a label's code says: the identity of a roll, a lot or a piece, as short as it can be.

An identity is letters and numbers: `R-000012` is the roll that job 12 makes, `CL-000003` a lot of cloth and
`CL-000003-02` its second roll, `INK-000004`, `CH-000005` and `LQ-000006` lots of ink, chemicals and liquor,
`P-000012-003` the third piece of job 12. Only capital letters, digits and hyphens, so that a QR code of it has the
fewest modules.

A hand scanner types like a keyboard, and one set to another country turns the hyphen into something else. So what
stands between letters and digits does not count, and neither does what stands before the last slash, as in an address.
"""

import re
from dataclasses import dataclass

PREFIXES = {"R": "roll", "CL": "cloth", "INK": "ink", "CH": "chemical", "LQ": "liquor", "P": "piece"}
"""Kinds of things by the letters their identities begin with."""

LONGEST = 200
"""Characters of a code that are looked at; a QR code on a parcel of somebody else may hold thousands."""

_LETTERS = {kind: letters for letters, kind in PREFIXES.items()}
_DIGITS = {"piece": 3, "cloth": 2}
_OTHER = "[^A-Za-z0-9]"
_TYPED = re.compile(f"(?:.*/)?{_OTHER}*([A-Za-z]{{1,3}}){_OTHER}*([0-9]{{1,12}})(?:{_OTHER}+([0-9]{{1,6}}))?{_OTHER}*")
_PRINTED = re.compile(r"FOULARD ([0-9]{1,9})(?:/(.+))?")


@dataclass(frozen=True)
class Identity:
    """A thing of this mill by its number.

    Attributes
    ----------
    kind : str
        A value of `PREFIXES`.
    number : int
        Of the job for a roll that a job makes and for pieces, else of the lot.
    part : int or None
        Roll of the lot of cloth, or piece of the job, from 1 on; None: the whole.
    piece : str
        Name of a piece as it is printed beside it, where its number is not known.
    """

    kind: str
    number: int
    part: int | None = None
    piece: str = ""

    def __str__(self) -> str:
        if self.piece:
            return f"FOULARD {self.number}/{self.piece}"
        whole = f"{_LETTERS[self.kind]}-{self.number:06d}"
        return whole if self.part is None else f"{whole}-{self.part:0{_DIGITS[self.kind]}d}"


def read_identity(code: str) -> Identity | None:
    """Return what a scanned or typed code names; None if it is no identity of this mill.

    Codes printed on the cloth (`FOULARD 12/carre 3`, or `FOULARD 12` for a job by the metre) are read, too.
    """
    code = code.strip()[:LONGEST]
    if printed := _PRINTED.fullmatch(code):
        number, piece = int(printed[1]), printed[2]
        return Identity("piece", number, piece=piece) if piece else Identity("roll", number)
    typed = _TYPED.fullmatch(code)
    kind = PREFIXES.get(typed[1].upper()) if typed else None
    if typed is None or kind is None:
        return None
    digits, part = typed[2], typed[3]
    if part is None and kind in _DIGITS and len(digits) > 6:
        digits, part = digits[:6], digits[6:]  # the scanner left the hyphens out
    if len(digits) > 9 or (part is None and kind == "piece") or (part is not None and kind not in _DIGITS):
        return None
    return Identity(kind, int(digits), None if part is None else int(part))
