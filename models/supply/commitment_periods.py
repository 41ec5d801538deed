"""The periods of a spend commitment: what is promised in each, as far as the horizon and the provider last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.schema import SpendCommitment

YEAR = 12


@dataclass(frozen=True, slots=True)
class Period:
    """Months t of a period that count, and the USD that their spending is topped up to in the last of them."""

    months: range
    usd: float


def periods(dataset: Dataset, row: SpendCommitment) -> Iterator[Period]:
    """The periods with a month inside the horizon and before the provider's exit; a part of one counts pro rata.

    Months before month 0 of the period under way count as if inside where the workbook says what was spent in them.
    """
    in_force = months_in_force(dataset, row)
    length = YEAR if row.per == "year" else max(1, row.term_months)
    for begin in range(dataset.t(row.from_month), dataset.t(row.until_month) + 1, length):
        months = range(max(begin, in_force.start), min(begin + length, in_force.stop))
        if months:
            before = max(0, -begin) if row.spent_usd is not None else 0
            spent = (row.spent_usd or 0.0) if before else 0.0
            yield Period(months, row.usd * (len(months) + before) / length - spent)


def months_in_force(dataset: Dataset, row: SpendCommitment) -> range:
    """Months t of the horizon in which it is in force."""
    gone = dataset.realization.exit(row.provider)
    months = dataset.window(row.from_month, row.until_month)
    return range(months.start, months.stop if gone is None else min(months.stop, gone))


def on_demand_multiple(dataset: Dataset, rows: Iterable[SpendCommitment], provider: str, t: int) -> float:
    """What on-demand prices of a provider are multiplied by in month t under some commitments: the lowest of theirs."""
    month = dataset.month(t)
    in_force = (row for row in rows if row.provider == provider and row.from_month <= month <= row.until_month)
    return min((row.on_demand_multiple for row in in_force), default=1.0)


def signed_commitments(dataset: Dataset) -> list[SpendCommitment]:
    """Those of status signed."""
    return [row for row in dataset.spend_commitments if row.status == "signed"]
