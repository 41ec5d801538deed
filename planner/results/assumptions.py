"""What a plan takes for granted: rates and conventions, growth, what arrives; and where figures come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from models.columns import Column, Row
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.parsing.sources import Sources
from models.schema import SHEETS, Sheet
from planner.results.tables import Filled, Percent, report_table

ASSUMPTIONS = report_table(
    "Assumptions", "what is taken for granted, and where it is from", "what:text", "value:any", "source:text?"
)
SETTINGS = (
    "first_month",
    "months",
    "currency",
    "discount_rate",
    "reserve_margin",
    "end_of_horizon",
    "fiscal_year_start",
    "other_cost_share",
    "opening_cash_usd",
    "credit_interest",
)
ASSUMED = (
    "availability",
    "gain_per_year",
    "decline_per_year",
    "growth_per_month",
    "price_elasticity",
    "headroom_share",
    "delivered_share",
    "churn_per_month",
    "churn_per_shortfall",
    "recovery_per_month",
    "share_won_per_generosity",
)
"""Columns of any sheet that hold no contract's terms but what somebody expects."""


def assumptions(dataset: Dataset, sources: Sources) -> Filled:
    """The sheet: settings, growth of demand, what is expected in any sheet, and every other row with a source."""
    return Filled(ASSUMPTIONS, [*_settings(dataset, sources), *_growth(dataset), *_rows(dataset, sources)])


def _settings(dataset: Dataset, sources: Sources) -> Iterator[tuple[object, ...]]:
    columns = {each.name: each for sheet in SHEETS if sheet.name == "settings" for each in sheet.columns}
    sourced = (name for which, name in sources if which == "settings" and name in columns)
    for name in dict.fromkeys((*SETTINGS, *sourced)):
        value = getattr(dataset.settings, name)
        if value is not None:
            yield f"settings: {name}", _shown(columns[name], value), sources.get(("settings", name), "")


def _growth(dataset: Dataset) -> Iterator[tuple[object, ...]]:
    """The mean growth of each segment's demand from the first month of the horizon to the last."""
    last, demand = dataset.horizon[-1], segment_demand(dataset)
    for name in dataset.segment_of:
        first, end = (demand.get((name, t), 0.0) for t in (0, last))
        if last and first and end:
            yield f"demand of {name}: mean growth a month", Percent((end / first) ** (1.0 / last) - 1.0), ""


def _rows(dataset: Dataset, sources: Sources) -> Iterator[tuple[object, ...]]:
    for sheet in SHEETS:
        if sheet.name == "settings":
            continue
        for key, row in _by_key(sheet, dataset.rows(sheet.name)):
            source = sources.get((sheet.name, key), "")
            assumed = [name for name in ASSUMED if getattr(row, name, None) not in (None, _default(sheet, name))]
            for name in assumed:
                yield f"{sheet.name}: {key}, {name}", _shown(sheet.column(name), getattr(row, name)), source
            if source and not assumed:
                yield f"{sheet.name}: {key}", "as in the workbook", source


def _shown(column: Column, value: Any) -> object:
    """A value as its column has it; shares, by the year or month too, in percent."""
    return Percent(value) if column.kind == "share" or column.unit.startswith("share") else column.shown(value)


def _by_key(sheet: Sheet, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    for row in rows:
        parts = (sheet.column(name).shown(getattr(row, name)) for name in sheet.key)
        yield "/".join(str(part) for part in parts if part != ""), row


def _default(sheet: Sheet, name: str) -> object:
    """What a blank cell of a column means; None where the sheet has no such column."""
    return next((each.default for each in sheet.columns if each.name == name), None)
