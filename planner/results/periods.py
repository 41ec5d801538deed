"""A plan by fiscal quarter or year: revenue, cost of computing, cash, use, power, and what a million tokens cost.

Every figure of a period is a sum over its months or what stands at its end, so that expected values over scenarios are
sums too; shares and prices are divided out last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.dataset import Dataset, block_hours
from models.demand.prices import MTOK_PER_BN
from models.grouping import sums
from models.plan import Plan
from models.policy.cash_account import CashMonth
from planner.results.power import PowerRow
from planner.results.profit import COST, INCOME, ProfitRow
from planner.results.unit_costs import UnitCost
from planner.results.views import UseRow

Figure = tuple[str, str]
"""A figure, and whose it is, "" where it is the whole plan's."""

STANDING = ("signed_mw", "online_mw", "closing")
"""Figures that stand at the end of a period; all others add up."""


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """Months t from `month` on. Money in USD of the month, tokens in billions, energy in MWh, power in MW."""

    month: int
    figures: Mapping[Figure, float]

    def of(self, figure: str, name: str = "") -> float:
        """A figure; 0 where there is none."""
        return self.figures.get((figure, name), 0.0)

    def total(self, figure: str) -> float:
        """A figure of all whose it is."""
        return sum((value for (name, _), value in self.figures.items() if name == figure), 0.0)

    @property
    def margin(self) -> float:
        """Revenue earned and income less the cost of computing."""
        return self.of("earned") + self.total("income") - self.of("cost")

    @property
    def utilisation(self) -> float | None:
        """Of the energy that accelerators available could draw, what is at work draws, overage apart; None without."""
        return self.of("used_mwh") / self.of("available_mwh") if self.of("available_mwh") else None

    @property
    def usd_per_mtok(self) -> float | None:
        """What a million tokens served cost, without what is leased out and runs; None where none are served."""
        return self.total("source_cost") / (self.served_bn * MTOK_PER_BN) if self.served_bn else None

    def usd_per_mtok_of(self, by: str, name: str) -> float | None:
        """The same of a source or a segment."""
        tokens = self.of(f"{by}_bn", name)
        return self.of(f"{by}_cost", name) / (tokens * MTOK_PER_BN) if tokens else None

    @property
    def served_bn(self) -> float:
        """Tokens served."""
        return self.of("served_bn")

    @property
    def cash_usd(self) -> float:
        """Cash paid, of every category."""
        return self.of("cash")

    @property
    def closing(self) -> float:
        """What is in the bank at the end."""
        return self.of("closing")

    @property
    def signed_mw(self) -> float:
        """Power signed at the end."""
        return self.of("signed_mw")

    @property
    def online_mw(self) -> float:
        """Power online at the end."""
        return self.of("online_mw")


def by_month(
    dataset: Dataset,
    plan: Plan,
    profit: Iterable[ProfitRow],
    account: Iterable[CashMonth],
    power: Iterable[PowerRow],
    use: Iterable[UseRow],
    units: Iterable[UnitCost],
) -> list[PeriodFigures]:
    """Every month by itself, from the rows of the functions of those names."""

    def rows() -> Iterator[tuple[tuple[int, Figure], float]]:
        for row in profit:
            for name in ("baseline", "forgone", "lost", "earned", "served_bn"):
                yield (row.month, (name, "")), getattr(row, name)
            yield (row.month, ("cost", "")), sum(row.cash[category] for category in COST)
            for category, kind in INCOME.items():
                yield (row.month, ("income", kind.name)), -row.cash[category]
        for payment in plan.payments:
            yield (payment.month, ("cash", "")), payment.cash_usd
        for each in account:
            yield (each.month, ("closing", "")), each.closing
        for source in power:
            yield (source.month, ("signed_mw", "")), source.signed_mw
            yield (source.month, ("online_mw", "")), source.online_mw
        for pool in use:
            hours = dataset.hardware_of[pool.hardware].kw / 1000.0 * block_hours(dataset, pool.month, pool.block)
            yield (pool.month, ("available_mwh", "")), pool.available * hours
        for work in plan.source_use:
            hours = dataset.hardware_of[work.hardware].kw / 1000.0 * block_hours(dataset, work.month, work.block)
            yield (work.month, ("used_mwh", "")), work.accelerators * hours
        for unit in units:
            yield (unit.month, (f"{unit.by}_cost", unit.name)), unit.cost_usd
            yield (unit.month, (f"{unit.by}_bn", unit.name)), unit.tokens_bn

    found = sums(rows())
    figures = list(dict.fromkeys(figure for _, figure in found))
    return [PeriodFigures(t, {figure: found[t, figure] for figure in figures}) for t in dataset.horizon]


def joined(dataset: Dataset, rows: Sequence[PeriodFigures], per: str) -> list[PeriodFigures]:
    """Months put together by fiscal `quarter` or `year`, or all as one `horizon`."""
    return [_together([rows[t] for t in months]) for months in dataset.periods(dataset.horizon, per)]


def _together(rows: Sequence[PeriodFigures]) -> PeriodFigures:
    added = sums(pair for row in rows for pair in row.figures.items())
    at_end = {figure: value for figure, value in rows[-1].figures.items() if figure[0] in STANDING}
    return PeriodFigures(rows[0].month, added | at_end)


def expected(weighted: Sequence[tuple[float, Sequence[PeriodFigures]]]) -> list[PeriodFigures]:
    """The expected value of every figure, of the periods of plans with their probabilities."""
    found: list[PeriodFigures] = []
    for same in zip(*(rows for _, rows in weighted), strict=True):
        pairs = zip((weight for weight, _ in weighted), same, strict=True)
        amounts = ((figure, weight * value) for weight, row in pairs for figure, value in row.figures.items())
        found.append(PeriodFigures(same[0].month, sums(amounts)))
    return found
