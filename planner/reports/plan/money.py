"""What a plan commits to and brings in, for the first sheet: tiles, and figures by fiscal quarter or year.

Of plans for scenarios the figures are expected values; shares and prices are divided out of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from models.kinds import FLEET, ON_DEMAND
from models.supply.registry import bringing
from planner.excel.first_sheet import Tile
from planner.reports.plan.text import contract_figures, money_tile
from planner.reports.run_result import RunResult
from planner.results.periods import PeriodFigures
from planner.results.profit import INCOME, quarter_label
from planner.results.scenario_set import ScenarioSetResult
from planner.results.unit_costs import RUN, SEGMENT, SOURCE

QUARTERS = 10
"""More fiscal quarters than these are shown by year, more years below each other."""
PLAIN = (
    "Contract value signed",
    "Paid at signing",
    "Still owed at the end",
    "Margin",
    "Cash paid",
    "Per Mtok served",
    "Utilisation",
)
EXPECTED = (
    "Expected contract value",
    "Expected at signing",
    "Expected owed at end",
    "Expected margin",
    "Expected cash paid",
    "Expected per Mtok",
    "Expected utilisation",
)
"""What the tiles are called, of a plan for scenarios as expected values."""
SOURCE_WORDS = {kind.name: kind.label for kind in bringing()} | {FLEET.name: "Fleet", ON_DEMAND.name: ON_DEMAND.label}


PeriodRow = tuple[str, str, list[float | None]]
"""A name, a kind and values."""


@dataclass(frozen=True, slots=True)
class PeriodTable:
    """Figures by period and over the horizon: a header each, and rows of values."""

    per: str
    headers: tuple[str, ...]
    rows: list[PeriodRow]


def money_tiles(result: RunResult) -> list[Tile]:
    """Contract value, cash at signing, owed at the end, margin or cash, cost of a million tokens, utilisation."""
    plans, currency = result.plan_set, result.currency
    (whole,) = plans.periods("horizon")
    last = plans.dataset.label(plans.dataset.horizon[-1])
    value, paid, *_ = contract_figures(result).values()
    income = "revenue and income" if whole.total("income") else "revenue"
    signed, at_once, left, margin, cash, price, use = EXPECTED if plans.dataset.scenarios else PLAIN
    usd, share = whole.usd_per_mtok, whole.utilisation
    shown = "0.000" if usd is not None and abs(usd) < 100 else "#,##0"
    return [
        money_tile(signed, value, "in total, undiscounted", currency),
        money_tile(at_once, paid, "upfront, prepaid, first fees", currency),
        money_tile(left, plans.horizon_end.owed_usd, f"after {last}, undiscounted", currency),
        money_tile(margin, whole.margin, f"{income} less computing, as paid", currency)
        if earns(whole)
        else money_tile(cash, whole.cash_usd, "in the horizon, undiscounted", currency),
        Tile(f"{price}, {currency}", "–" if usd is None else usd, shown, "cash of computing for them"),
        Tile(use, "–" if share is None else share, "0.0%", "at work, of what is available"),
    ]


def period_table(plans: ScenarioSetResult) -> PeriodTable:
    """The figures by fiscal quarter, by year where there are too many, and over the horizon."""
    quarters, dataset = plans.periods("quarter"), plans.dataset
    by_quarter = len(quarters) <= QUARTERS
    shown = quarters if by_quarter else plans.periods("year")
    labels = [quarter_label(dataset, each.month) for each in shown]
    headers = labels if by_quarter else [label.split()[0] for label in labels]
    columns = [*shown, *plans.periods("horizon")]
    rows = [
        (name, kind, [of(each) for each in columns])
        for name, kind, of in (*_money(plans, columns), *_prices(columns[-1]))
    ]
    return PeriodTable("quarter" if by_quarter else "year", (*headers, "In total"), rows)


Row = tuple[str, str, Callable[[PeriodFigures], float | None]]


def _money(plans: ScenarioSetResult, columns: Sequence[PeriodFigures]) -> Iterator[Row]:
    whole = columns[-1]
    if whole.of("baseline"):
        yield "Revenue at baseline", "money", lambda row: row.of("baseline")
        gains = {row.of("forgone") < 0.0 for row in columns if row.of("forgone")}
        if gains == {False}:
            yield "Forgone by limits and prices", "money", lambda row: row.of("forgone")
        elif gains:
            name = "Gained by limits and prices" if gains == {True} else "Gained less forgone"
            yield name, "money", lambda row: -row.of("forgone")
        if whole.of("lost"):
            yield "Lost to shortage", "money", lambda row: row.of("lost")
        yield "Revenue earned", "money", lambda row: row.of("earned")
    for kind in INCOME.values():
        if whole.of("income", kind.name):
            yield kind.label, "money", partial(_income, kind.name)
    yield "Cost of computing, as paid", "money", lambda row: row.of("cost")
    if earns(whole):
        yield "Margin", "money", lambda row: row.margin
    yield f"Cash paid{' less income' * bool(whole.total('income'))}", "money", lambda row: row.cash_usd
    if plans.dataset.settings.opening_cash_usd is not None:
        yield "Cash at the end", "money", lambda row: row.closing
    yield "Tokens served, tn", "amount", lambda row: row.served_bn / 1000.0
    if whole.utilisation is not None:
        yield "Utilisation", "share", lambda row: row.utilisation
        yield "Power signed at the end, MW", "amount", lambda row: row.signed_mw
        yield "Power online at the end, MW", "amount", lambda row: row.online_mw


def _prices(whole: PeriodFigures) -> Iterator[Row]:
    """What a million tokens cost: all, by source, by segment."""
    yield "A million tokens served", "price", lambda row: row.usd_per_mtok
    for by, words in ((SOURCE, SOURCE_WORDS), (SEGMENT, {}), (RUN, {})):
        for figure, name in whole.figures:
            if figure == f"{by}_cost" and whole.usd_per_mtok_of(by, name) is not None:
                yield f"  {words.get(name, name)}", "price", partial(_price_of, by, name)


def earns(whole: PeriodFigures) -> bool:
    """Whether there is revenue or income to set against the cost of computing."""
    return bool(whole.of("baseline") or whole.total("income"))


def _income(name: str, row: PeriodFigures) -> float:
    return row.of("income", name)


def _price_of(by: str, name: str, row: PeriodFigures) -> float | None:
    return row.usd_per_mtok_of(by, name)
