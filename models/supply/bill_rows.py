"""What a signing is billed, line by line: the form in which every kind of offer says it.

Of a row, `amount` = hours x rate x escalator - prepaid, or, priced by the unit and month, units x rate x escalator -
prepaid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.dataset import Dataset

Hours = Mapping[int, float]
"""Accelerator-hours of an offer by month t."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """A line of a bill of month t: cash in USD before top-ups of a minimum spend; what others pay us is below 0.

    `units` are units or blocks billed, of a rent as far as they are delivered and ramped up, of what is not signed the
    accelerators at work; `hours` accelerator-hours (None where a unit is priced by the month or at once), `rate` USD
    for each before the escalator, `prepaid` what was paid of it when signing. `signed_month` is None where nothing is
    signed.
    """

    month: int
    offer: str
    signed_month: int | None
    units: float
    hours: float | None
    rate: float
    tier: str
    prepaid: float
    escalator: float
    amount: float


def term_words(months: int) -> str:
    """The tier of a lease's or lease-out's line: its term.

    >>> term_words(1), term_words(24)
    ('1 month', '24 months')
    """
    return f"{months} month{'s' if months != 1 else ''}"


def prepaid_months(dataset: Dataset, service: Iterable[int]) -> Iterator[tuple[str, list[int]]]:
    """The lines of a prepayment: of service months of the horizon, whose bills it is taken off, and of those beyond."""
    months = list(service)
    yield "prepayment", [t for t in months if t in dataset.horizon]
    yield "prepayment, beyond the horizon", [t for t in months if t not in dataset.horizon]
