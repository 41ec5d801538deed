"""What a signing is billed, line by line: the form in which every kind of offer says it.

Of a row, `amount` = hours x rate x escalator - prepaid, or, priced by the unit and month, units x rate x escalator -
prepaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Hours = Mapping[int, float]
"""Accelerator-hours of an offer by month t."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """A line of a bill of month t: cash in USD before top-ups of a minimum spend.

    `units` are units or blocks billed, `hours` accelerator-hours (None where a unit is priced by the month or at once),
    `rate` USD for each before the escalator, `prepaid` what was paid of it when signing.
    """

    month: int
    offer: str
    signed_month: int
    units: float
    hours: float | None
    rate: float
    tier: str
    prepaid: float
    escalator: float
    amount: float
