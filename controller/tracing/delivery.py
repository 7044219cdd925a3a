"""What comes in at the gate, and what cannot be: checked before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import recipes
from controller.request import Refused
from controller.tracing.places import inks_known
from controller.tracing.winding import Wound

LONGEST_ROLL_M = 5000.0
WIDEST_MM = 5000.0
"""Larger figures are typing errors: jumbo rolls reach 3,000 m, looms 5 m."""

MOST_ROLLS = 99
"""Rolls of one lot: their number has two digits on the label."""


@dataclass(frozen=True)
class Delivery:
    """Goods that came in, or a liquor that was mixed; see `check_delivery`.

    Attributes
    ----------
    kind : {"cloth", "ink", "chemical", "liquor"}
    material : str
        As `controller.tracing.tables.Lot` says.
    supplier, supplier_lot : str
        Who made it, and the number on their label.
    best_before : datetime or None
    width_mm, shrink_warp_pct, shrink_weft_pct : float or None
        Of cloth, measured on this lot.
    rolls_m : tuple of float
        Lengths of the rolls of a lot of cloth.
    made_of : tuple of str
        Lots of chemicals in a liquor.
    wound : Wound or None
        How the rolls are wound; None: nobody looked.
    """

    kind: str
    material: str
    supplier: str = ""
    supplier_lot: str = ""
    best_before: datetime | None = None
    width_mm: float | None = None
    shrink_warp_pct: float | None = None
    shrink_weft_pct: float | None = None
    rolls_m: tuple[float, ...] = ()
    made_of: tuple[str, ...] = ()
    wound: Wound | None = None


def check_delivery(delivery: Delivery) -> None:
    """Pass if these goods can be; that the chemicals of a liquor are there is the desk's to say.

    Raises
    ------
    Refused
        Naming the field, the value and what to give.
    """
    match delivery.kind:
        case "cloth" | "liquor":
            _known(delivery.material, recipes.library(), "fabric")
        case "ink":
            _known(delivery.material, inks_known(), "ink")
        case "chemical":
            if not delivery.material.strip():
                raise Refused("a chemical without a name cannot be taken in; give its name", "material")
        case _:
            msg = f"{delivery.kind!r:.40} is no kind of goods; give cloth, ink, chemical or liquor"
            raise Refused(msg, "kind")
    if bool(delivery.made_of) != (delivery.kind == "liquor"):
        msg = "a liquor is made of lots of chemicals, and nothing else is; name them for a liquor only"
        raise Refused(msg, "made_of")
    _check_rolls(delivery)


def _check_rolls(delivery: Delivery) -> None:
    if delivery.kind != "cloth":
        if delivery.rolls_m:
            msg = f"rolls are of cloth; leave them out of a lot of {delivery.kind}"
            raise Refused(msg, "rolls_m")
        if delivery.wound:
            msg = f"{delivery.wound} is how cloth is wound; leave it out of a lot of {delivery.kind}"
            raise Refused(msg, "wound")
        return
    if not 1 <= len(delivery.rolls_m) <= MOST_ROLLS:
        msg = f"a lot of cloth with {len(delivery.rolls_m)} rolls cannot be labelled; give 1 to {MOST_ROLLS}"
        raise Refused(msg, "rolls_m")
    for length_m in delivery.rolls_m:
        if not 0 < length_m <= LONGEST_ROLL_M:
            msg = f"a roll of {length_m:g} m is not possible; give more than 0 and at most {LONGEST_ROLL_M:g} m"
            raise Refused(msg, "rolls_m")
    if delivery.width_mm is not None and not 0 < delivery.width_mm <= WIDEST_MM:
        msg = f"cloth of {delivery.width_mm:g} mm is not possible; give more than 0 and at most {WIDEST_MM:g} mm"
        raise Refused(msg, "width_mm")


def _known(name: str, names: Iterable[str], what: str) -> None:
    if name not in names:
        msg = f"{name!r:.60} is no {what} of a recipe; give one of {', '.join(sorted(names))}"
        raise Refused(msg, "material")
