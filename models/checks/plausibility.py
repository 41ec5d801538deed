"""What could be meant and hardly is: percentages as whole numbers, prices of another unit, slips by powers of ten."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator

from models import months
from models.checks.context import CheckContext, fault_in
from models.columns import Row
from models.dataset import Dataset
from models.demand.prices import MTOK_PER_BN, SegmentPrices
from models.faults import Fault
from models.schema import SHEETS, Demand, Segment

YEARLY_RATES = ("discount_rate", "escalator_per_year", "growth_per_month")
"""Columns of rates that are seldom above 1, 100 %."""
USUAL = {"kw": (0.1, 20.0), "block_mw": (0.0, 2_000.0)}
"""What the sizes of these columns lie between, in their units: no accelerator or building is smaller or larger."""
USUAL_USD = {
    "USD/accelerator-hour": (0.0, 50.0, "a price for a month"),
    "USD/kW/month": (5.0, 20_000.0, "a price for an hour"),
    "USD/unit/month": (100.0, 1e10, "a price for an hour"),
    "USD/MW": (1e5, 1e9, "a price for a kW, or in millions"),
    "USD/MW/month": (1e3, 1e7, "a price for a kW, or in millions"),
    "USD/MWh": (1.0, 2_000.0, "a price for a kWh"),
    "USD/accelerator": (100.0, 1e6, "a price for a rack, or in thousands"),
}
"""Prices in USD by the unit of their column: what they lie between where they are not 0, and what others may be."""
MOST_TOKENS_BN_PER_DAY = 1e7
"""More than anybody serves by far: the largest services are at 1e5 in 2026."""
TIMES = 100.0
"""So far from what stands beside it a value is told as unlikely."""


def unlikely_rates(context: CheckContext) -> Iterator[Fault]:
    """Warns of yearly rates and of growth above 100 %, which may be percentages without their sign."""
    for row, column, value in _figures(context, YEARLY_RATES):
        if value > 1.0:
            fix = f"If {value:g} percent is meant, write {value / 100:g}."
            yield fault_in(
                row, column, f"{value:g}, which is {100 * value:,.4g} %", "a rate below 1", fix, "unlikely-rate"
            )


def unlikely_sizes(context: CheckContext) -> Iterator[Fault]:
    """Warns of accelerators and blocks of a power that none has."""
    for row, column, value in _figures(context, USUAL):
        low, high = USUAL[column]
        if not low <= value <= high:
            expected = f"{low:g} to {high:,.0f}" if low else f"at most {high:,.0f}"
            yield fault_in(
                row, column, f"{value:g}", expected, "Correct it, if it is in another unit.", "unlikely-size"
            )


def unlikely_prices(context: CheckContext) -> Iterator[Fault]:
    """Warns of prices that may be in the unit of another column.

    In USD by what such prices are; in other currencies where one is more than a hundred times above or below its
    column's median.
    """
    in_usd = context.dataset.settings.currency.strip().upper() in ("USD", "US$", "$")
    for sheet in SHEETS:
        rows = _rows(context, sheet.name)
        for column in sheet.columns:
            if not column.unit.startswith("USD") or (in_usd and column.unit not in USUAL_USD):
                continue
            priced = [(row, price) for row in rows if (price := getattr(row, column.name))]
            if in_usd:
                low, high, instead = USUAL_USD[column.unit]
                expected = f"{low:,.10g} to {high:,.0f} {column.unit}" if low else f"at most {high:g} {column.unit}"
                fix = f"Correct it, if it is {instead}."
            elif priced:
                median = statistics.median(price for _, price in priced)
                low, high = median / TIMES, median * TIMES
                expected = f"a price nearer to the column's median of {median:g}"
                fix = "Correct it, if it is in another unit."
            for row, price in priced:
                if not low <= price <= high:
                    yield fault_in(row, column.name, f"{price:g}", expected, fix, "unlikely-price")


def unlikely_demand(context: CheckContext) -> Iterator[Fault]:
    """Warns of demand that is more than a hundred times that of the months beside it, or more than anybody serves."""
    given: dict[tuple[str, str], list[Demand]] = defaultdict(list)
    for row in context.dataset.demand:
        given[row.segment, row.region].append(row)
    for rows in given.values():
        rows.sort(key=lambda row: row.month)
        for i, row in enumerate(rows):
            beside = [each for each in rows[max(0, i - 1) : i + 2] if each is not row]
            most = max((each.tokens_bn_per_day for each in beside), default=0.0)
            if row.tokens_bn_per_day > MOST_TOKENS_BN_PER_DAY:
                found = f"{row.tokens_bn_per_day:g} in {months.label(row.month)}"
                fix = "Correct it, if tokens or millions of tokens are meant, not billions."
                expected = f"at most {MOST_TOKENS_BN_PER_DAY:,.0f} bn tokens/day"
                yield fault_in(row, "tokens_bn_per_day", found, expected, fix, "unlikely-demand")
                break  # the months after it are in the same unit
            steady = len(beside) == 2 or all(abs(each.month - row.month) == 1 for each in beside)
            if steady and 0.0 < most < row.tokens_bn_per_day / TIMES:
                found = f"{row.tokens_bn_per_day:g} in {months.label(row.month)}"
                expected = f"demand nearer to that of the months beside it, {most:g}"
                fix = "Correct it, if digits or a unit slipped."
                yield fault_in(row, "tokens_bn_per_day", found, expected, fix, "unlikely-demand")


def offers_of_nothing(context: CheckContext) -> Iterator[Fault]:
    """Warns of leases that bring no accelerators, and of sources and offers of which nothing is delivered."""
    for row, column, value in _figures(context, ("accelerators", "delivered_share")):
        if not value:
            fix = "Correct it; as it is the row brings nothing."
            yield fault_in(row, column, "0", "a number above 0", fix, "offer-of-nothing")


def doubtful_economics(context: CheckContext) -> Iterator[Fault]:
    """Warns of demand that grows with the price, and of tokens whose loss costs less than they earn."""
    for segment in context.dataset.segments:
        if (elasticity := segment.price_elasticity or 0.0) > 0.0:
            expected, fix = "at most 0: demand falls as the price rises", f"Write {-elasticity:g} if that is meant."
            yield fault_in(segment, "price_elasticity", f"{elasticity:g}", expected, fix, "positive-elasticity")
        short, revenue = _cheapest_loss(context.dataset, segment)
        if segment.shortfall_usd_per_mtok is not None and short < revenue:
            found = f"{short:g}, below the revenue of {revenue:g}"
            expected, fix = (
                "at least the revenue that is lost with it",
                "Write what a lost token costs, its revenue included.",
            )
            yield fault_in(segment, "shortfall_usd_per_mtok", found, expected, fix, "shortfall-below-revenue")


def _cheapest_loss(dataset: Dataset, segment: Segment) -> tuple[float, float]:
    """What a million tokens short costs and would earn, in the month in which the first is lowest over the second."""
    prices, name = SegmentPrices(dataset), segment.segment
    months = [
        (prices.shortfall_usd_per_bn(name, t) / MTOK_PER_BN, prices.revenue_usd_per_bn(name, t) / MTOK_PER_BN)
        for t in dataset.horizon
    ]
    return min(months, key=lambda month: month[0] - month[1])


def _figures(
    context: CheckContext, columns: tuple[str, ...] | dict[str, tuple[float, float]]
) -> Iterator[tuple[Row, str, float]]:
    """Each figure of these columns, in whatever sheet, that is given."""
    for sheet in SHEETS:
        for column in sheet.columns:
            if column.name in columns and column.kind in ("number", "share"):
                for row in _rows(context, sheet.name):
                    value = getattr(row, column.name)
                    if value is not None:
                        yield row, column.name, value


def _rows(context: CheckContext, sheet: str) -> tuple[Row, ...]:
    return (context.dataset.settings,) if sheet == "settings" else context.dataset.rows(sheet)
