"""Ranges of factors as people write them: QUANTITY[:NAME]=RANGE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from models.faults import closest
from planner.errors import WrongUsage
from planner.formatting import parse_share

if TYPE_CHECKING:
    from models.dataset import Dataset

MULTIPLIED = (
    "demand", "throughput", "on_demand_price", "on_demand_cap", "price", "delivered_share",
    "usage_price", "fleet_share", "revenue", "shortfall_cost", "elasticity", "churn", "cap",
)  # fmt: skip
ADDED = ("demand_growth", "delivery_delay_months", "rival_generosity")
SET = ("discount_rate", "reserve_margin")
QUANTITIES = (*MULTIPLIED, *ADDED, *SET)
NAMED = ("price", "delivered_share", "delivery_delay_months", "cap")
"""Quantities that need the name of what they act on; the others act on everything if none is given."""
POINTS, MOST_POINTS = 7, 101
EXAMPLES = "Write for example demand=-20%..+40%, price:NAME=0.8..1.2/9 or delivery_delay_months:NAME=0,3,6."


@dataclass(frozen=True, slots=True)
class Variation:
    """A quantity, of one name or of all ("*"), and its values in order.

    Values multiply those of the workbook (`base` 1), add to them (`base` 0) or replace them (`base` None).
    """

    quantity: str
    name: str
    values: tuple[float, ...]

    @property
    def base(self) -> float | None:
        """The value that changes nothing; None where the workbook has it."""
        return 1.0 if self.quantity in MULTIPLIED else 0.0 if self.quantity in ADDED else None

    @property
    def axis(self) -> Literal["change", "level", "months", "number"]:
        """What its values are on an axis: a change or a level, both shares, months or another number."""
        if self.quantity == "delivery_delay_months":
            return "months"
        if self.quantity == "rival_generosity":
            return "number"
        return "level" if self.quantity in SET else "change"

    def on_axis(self, value: float) -> float:
        """Where a value stands on that axis.

        >>> Variation("demand", "*", (0.8,)).on_axis(0.8), Variation("discount_rate", "*", (0.1,)).on_axis(0.1)
        (-0.2, 0.1)
        """
        return round(value - 1.0, 12) if self.quantity in MULTIPLIED else value

    @property
    def label(self) -> str:
        """The quantity with the name it acts on."""
        return self.quantity if self.name == "*" else f"{self.quantity} of {self.name}"

    def shown(self, value: float) -> str:
        """Return a value in words.

        >>> Variation("demand", "*", (1.0,)).shown(0.8), Variation("demand_growth", "*", (0.0,)).shown(0.02)
        ('-20 %', '+2 %')
        """
        if self.quantity in MULTIPLIED:
            return f"{100 * (value - 1):+.3g} %"
        if self.quantity == "delivery_delay_months":
            return f"{value:+.0f} months"
        if self.quantity == "rival_generosity":
            return f"{value:+.3g}"
        return f"{100 * value:+.3g} %" if self.quantity in ADDED else f"{100 * value:.3g} %"


def parse(text: str) -> Variation:
    """Return the variation that a text means.

    Raises
    ------
    ValueError
        The text means none; the message says what to write instead.

    >>> parse("demand=-20%..+40%/4").values
    (0.8, 1.0, 1.2, 1.4)
    >>> parse("delivery_delay_months:west=0,3").values
    (0.0, 3.0)
    """
    place, equals, span = text.strip().rpartition("=")
    quantity, _, name = (part.strip() for part in place.partition(":"))
    if not equals or not quantity:
        raise ValueError(EXAMPLES)
    if quantity not in QUANTITIES:
        raise ValueError(f"There is no quantity '{quantity}'. {closest(quantity, QUANTITIES)} {EXAMPLES}")
    if quantity in NAMED and not name:
        raise ValueError(f"Name what it is of: {quantity}:NAME=…. {EXAMPLES}")
    if quantity in SET and name:
        raise ValueError(f"{quantity} is the same for the whole workbook; leave out ':{name}'.")
    values = tuple(round(each, 12) for each in _values(quantity, span))
    if min(values) < 0.0 and quantity in MULTIPLIED:
        raise ValueError(f"{quantity} cannot fall by more than 100 %. {EXAMPLES}")
    if quantity in SET and (min(values) < 0.0 or (quantity == "reserve_margin" and max(values) > 1.0)):
        raise ValueError(f"{quantity} is at least 0 %{' and at most 100 %' if quantity == 'reserve_margin' else ''}.")
    if quantity == "delivery_delay_months" and any(each < 0 or each != int(each) for each in values):
        raise ValueError("delivery_delay_months takes whole months of at least 0, such as 0,3,6.")
    return Variation(quantity, name or "*", values)


def _values(quantity: str, span: str) -> list[float]:
    match = re.fullmatch(r"\s*(.+?)\s*\.\.\s*(.+?)\s*(?:/\s*(\d+)\s*)?", span)
    words = [each.strip() for each in (span.split(",") if match is None else match.groups()[:2])]
    numbers = {_number(each) for each in words}
    found = sorted({1.0 + each for each in numbers} if quantity in MULTIPLIED and _are_changes(words) else numbers)
    if match is None:
        return found
    low, high = found[0], found[-1]
    points = int(match[3]) if match[3] else POINTS
    if not 2 <= points <= MOST_POINTS:
        raise ValueError(f"Choose 2 to {MOST_POINTS} points: {match[1]}..{match[2]}/{POINTS}.")
    if quantity == "delivery_delay_months" and not match[3]:
        return [float(each) for each in range(round(low), round(high) + 1)]
    return [low + (high - low) * i / (points - 1) for i in range(points)]


def _are_changes(words: Sequence[str]) -> bool:
    """Whether numbers are changes, which have signs, or levels: 80 % and 0.8 alike.

    No level is below 0, so that beside a number with a minus one without a sign is a change too.

    Raises
    ------
    ValueError
        Some could be either.
    """
    signs = [word[:1] for word in words]
    changes = [sign in ("+", "-") for sign in signs]
    alike = "-" in signs and len({word.endswith("%") for word in words}) == 1
    if any(changes) and not all(changes) and not alike:
        raise ValueError("Write changes, all with a sign (-20%..+10%), or levels, all without one (80%..110%).")
    return any(changes)


def _number(word: str) -> float:
    try:
        return parse_share(word)
    except ValueError:
        raise ValueError(f"'{word}' is not a number or percentage. {EXAMPLES}") from None


def check_variations(dataset: Dataset, variations: Iterable[Variation]) -> None:
    """Check that what is to be varied is in the workbook, before anything is searched for.

    Raises
    ------
    WrongUsage
        It names what is not there, or two things alike, changes nothing, or leaves demand that the solver cannot tell
        from nothing.
    """
    from models.checks.demand import said_of_next_to_nothing  # loaded once there is a problem, as help needs none
    from models.checks.factors import OF_DEMAND
    from models.variants.factors import with_factor

    for each in variations:
        for value in each.values:
            try:
                varied = with_factor(dataset, each.quantity, each.name, value)
            except ValueError as error:
                raise WrongUsage(f"--vary {error}") from None
            if _changes_nothing(dataset, varied):
                fixed = "prices agreed" if each.quantity == "price" else "service begun"
                raise WrongUsage(f"--vary {each.label}: nothing is left to sign or start, and {fixed} before stay.")
            found = said_of_next_to_nothing(varied) if each.quantity in OF_DEMAND else ""
            if found:
                raise WrongUsage(f"--vary {each.label} at {value:g}: there would be {found}")


def _changes_nothing(dataset: Dataset, varied: Dataset) -> bool:
    """Whether it is a price or a delay that no signing meets, though there are signings."""
    from models.checks.factors import is_idle

    factors = tuple(replace(each, scenario="varied") for each in varied.scenario_factors if not each.scenario)
    alone = replace(dataset, scenario_factors=factors)
    return any(is_idle(alone, factor) for factor in factors)
