"""What a plan commits to and brings in, for the first sheet: tiles, and figures by fiscal quarter or year.

Of plans for scenarios the figures are expected values; shares and prices are divided out of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from models.kinds import FLEET, ON_DEMAND
from models.supply.registry import bringing
from planner.excel.first_sheet import Tile
from planner.reports.plan.text import money_tile
from planner.results.periods import PeriodFigures
from planner.results.profit import quarter_label
from planner.results.scenario_set import ScenarioSetResult
from planner.results.unit_costs import SEGMENT, SOURCE

QUARTERS = 10
"""More fiscal quarters than these are shown by year."""
SOURCE_WORDS = {kind.name: kind.label for kind in bringing()} | {FLEET.name: "Fleet", ON_DEMAND.name: ON_DEMAND.label}


@dataclass(frozen=True, slots=True)
class PeriodTable:
    """Figures by period and over the horizon: a header each, and rows of a name, a kind and values."""

    per: str
    headers: tuple[str, ...]
    rows: list[tuple[str, str, list[float | None]]]


def money_tiles(plans: ScenarioSetResult, currency: str) -> list[Tile]:
    """Contract value, cash at signing, owed at the end, margin or cash, cost of a million tokens, utilisation."""
    (whole,) = plans.periods("horizon")
    last = plans.dataset.label(plans.dataset.horizon[-1])
    value, paid = (plans.mean(attrgetter(name)) for name in ("contract_value_usd", "cash_at_signing_usd"))
    margin = money_tile("Margin", whole.margin, "revenue less computing, as paid", currency)
    cash = money_tile("Cash paid", whole.cash_usd, "in the horizon, undiscounted", currency)
    price, use = whole.usd_per_mtok, whole.utilisation
    shown = "0.000" if price is not None and abs(price) < 100 else "#,##0"
    return [
        money_tile("Contract value signed", value, "in total, undiscounted", currency),
        money_tile("Paid at signing", paid, "upfront and prepaid", currency),
        money_tile("Still owed at the end", plans.horizon_end.owed_usd, f"after {last}, undiscounted", currency),
        margin if whole.of("baseline") else cash,
        Tile(f"Per Mtok served, {currency}", "–" if price is None else price, shown, "cash of computing"),
        Tile("Utilisation", "–" if use is None else use, "0.0%", "at work, of what is available"),
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
        for name, kind, of in (*_money(plans, columns[-1]), *_prices(columns[-1]))
    ]
    return PeriodTable("quarter" if by_quarter else "year", (*headers, "In total"), rows)


Row = tuple[str, str, Callable[[PeriodFigures], float | None]]


def _money(plans: ScenarioSetResult, whole: PeriodFigures) -> Iterator[Row]:
    if whole.of("baseline"):
        gains = whole.of("forgone") < 0.0
        yield "Revenue at baseline", "money", lambda row: row.of("baseline")
        if gains:
            yield "Gained by limits and prices", "money", lambda row: -row.of("forgone")
        elif whole.of("forgone"):
            yield "Forgone by limits and prices", "money", lambda row: row.of("forgone")
        if whole.of("lost"):
            yield "Lost to shortage", "money", lambda row: row.of("lost")
        yield "Revenue earned", "money", lambda row: row.of("earned")
    yield "Cost of computing, as paid", "money", lambda row: row.of("cost")
    if whole.of("baseline"):
        yield "Margin", "money", lambda row: row.margin
    yield "Cash paid", "money", lambda row: row.cash_usd
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
    for by, words in ((SOURCE, SOURCE_WORDS), (SEGMENT, {})):
        for figure, name in whole.figures:
            if figure == f"{by}_cost" and whole.usd_per_mtok_of(by, name) is not None:
                yield f"  {words.get(name, name)}", "price", partial(_price_of, by, name)


def _price_of(by: str, name: str, row: PeriodFigures) -> float | None:
    return row.usd_per_mtok_of(by, name)
