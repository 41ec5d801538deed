"""Sanitizes a plan: rows with impossible figures or unknown names are reported and left out.

What comes back can be computed with: numbers are finite, names are the workbook's, months of use lie
in the horizon. The rules about decisions themselves (windows, units, terms) come after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from numbers import Real
from typing import Any

from models.audit.kinds import AUDITED
from models.audit.report import Findings
from models.audit.supply import source_key
from models.dataset import Dataset
from models.plan import Plan, categories

LARGEST = 1e30
"""Figures beyond this, and infinite ones, are no figures of a plan."""
FARTHEST = 12_000
"""Months further than this from the horizon's first are no months of a plan."""

WHOLE = ("month", "term_months", "start", "end", "renewals")
AMOUNTS = ("units", "tokens_bn", "accelerators", "overage", "mw", "cash_usd", "present_value_usd")
NEVER_NEGATIVE = (("units",), ("tokens_bn",), ("accelerators", "overage"), ("mw",))
"""Amounts by their unit: what is negative is measured against the largest of its unit in the plan."""
TABLES = (
    "signings", "options", "limits", "serving", "shortfalls", "source_use", "on_demand", "online", "payments",
)  # fmt: skip


def clean(dataset: Dataset, plan: Plan, findings: Findings) -> Plan:
    """The rows of the plan that can be computed with; the others are reported."""
    known = _Known(dataset)
    kept: dict[str, Any] = {}
    for table in TABLES:
        rows = getattr(plan, table)
        kept[table] = tuple(_kept(dataset, table, rows, known.checks[table], findings))
    for names in NEVER_NEGATIVE:
        _not_negative(kept, names, findings)
    return Plan(**kept)


def _kept(
    dataset: Dataset, table: str, rows: tuple[Any, ...], unknown: Callable[[Any], Iterable[str]], findings: Findings
) -> Iterator[Any]:
    if not rows:
        return
    columns = {each.name for each in fields(rows[0])}
    whole = [name for name in WHOLE if name in columns]
    amounts = [name for name in AMOUNTS if name in columns]
    bounded = table not in ("signings", "payments")
    for place, row in enumerate(rows, start=1):
        where = f"{table} row {place}"
        wrong = [name for name in whole if not _is_month(getattr(row, name))]
        wrong += [name for name in amounts if not _is_finite(getattr(row, name))]
        findings.true("numbers_are_finite", f"{where}: {', '.join(wrong)}" if wrong else where, not wrong)
        if wrong:
            continue
        names = list(unknown(row))
        findings.true("names_are_known", f"{where}: {', '.join(names)}" if names else where, not names)
        if names:
            continue
        if bounded:
            inside = row.month in dataset.horizon
            findings.true("months_within_horizon", where, inside, row.month, len(dataset.horizon) - 1)
            if not inside:
                continue
        yield row


def _not_negative(tables: dict[str, tuple[Any, ...]], names: tuple[str, ...], findings: Findings) -> None:
    figures = [
        (getattr(row, name), table, name, row)
        for table, rows in tables.items()
        for name in names
        for row in rows
        if hasattr(row, name)
    ]
    scale = max((abs(figure) for figure, *_ in figures), default=0.0)
    for figure, table, name, row in figures:
        where = f"{table} {name}: {row}" if figure < 0 else f"{table} {name}"
        findings.at_least("decisions_not_negative", where, figure, 0.0, scale)


def _is_finite(figure: Any) -> bool:
    # a NaN compares as false
    number = isinstance(figure, Real) and not isinstance(figure, bool)
    return number and bool(-LARGEST <= figure <= LARGEST)


def _is_month(figure: Any) -> bool:
    return _is_finite(figure) and bool(abs(figure) <= FARTHEST) and float(figure).is_integer()


class _Known:
    """The workbook's names, and for every table of a plan the names in a row that are not among them."""

    def __init__(self, dataset: Dataset) -> None:
        self.blocks = {each.block for each in dataset.blocks}
        self.segments = dataset.load_of
        self.demand = {(each.segment, each.region) for each in dataset.demand}
        self.demand |= {(each.run, each.region) for each in dataset.runs}
        self.limits = {(each.segment, each.limit) for each in dataset.limits}
        self.options = {each.option for each in dataset.options}
        bought = [each for each in AUDITED.values() if each.held and each.brings]
        self.offers = {(kind, name) for kind, each in AUDITED.items() for name in each.offers(dataset)}
        self.sources = {
            *(("fleet", each.asset, each.hardware, 0) for each in dataset.fleet),
            *(
                (kind, name, hardware, term)
                for kind, each in AUDITED.items()
                for name, hardware, term in each.sources(dataset)
            ),
        }
        self.on_demand = {(each.provider, each.region, each.hardware) for each in dataset.on_demand}
        self.regions = {
            *(each.region for each in dataset.fleet),
            *(row.region for each in bought for row in each.offers(dataset).values() if hasattr(row, "region")),
            *(each.region for each in dataset.on_demand),
        }
        self.sites = {
            *((each.site or each.asset) for each in dataset.fleet),
            *((row.site or name) for each in bought for name, row in each.offers(dataset).items()),
        }
        self.hardware = dataset.hardware_of
        self.categories = frozenset(categories())
        self.checks: dict[str, Callable[[Any], Iterable[str]]] = {
            "signings": lambda row: _unknown((str(row.kind), row.name) in self.offers, f"{row.kind} {row.name}"),
            "options": lambda row: _unknown(row.name in self.options, f"option {row.name}"),
            "limits": lambda row: _unknown((row.segment, row.limit) in self.limits, f"{row.segment} {row.limit}"),
            "serving": self._serving,
            "shortfalls": self._shortfall,
            "source_use": self._use,
            "on_demand": self._on_demand,
            "online": self._source,
            "payments": lambda row: _unknown(row.category in self.categories, f"category {row.category}"),
        }

    def _serving(self, row: Any) -> Iterable[str]:
        yield from self._wanted(row)
        yield from _unknown(row.block in self.blocks, f"block {row.block}")
        yield from _unknown(row.capacity_region in self.regions, f"region {row.capacity_region}")
        yield from _unknown(row.hardware in self.hardware, f"hardware {row.hardware}")
        yield from _unknown(row.site == "" or row.site in self.sites, f"site {row.site}")

    def _shortfall(self, row: Any) -> Iterable[str]:
        yield from self._wanted(row)
        deferrable = row.segment in self.segments and self.segments[row.segment].timing == "deferrable"
        yield from _unknown(row.block in self.blocks or (deferrable and row.block == ""), f"block {row.block}")

    def _wanted(self, row: Any) -> Iterable[str]:
        return _unknown((row.segment, row.region) in self.demand, f"demand of {row.segment} in {row.region}")

    def _source(self, row: Any) -> Iterable[str]:
        kind, name, term, hardware = source_key(str(row.kind), row.name, row.term_months, row.hardware)
        return _unknown((kind, name, hardware, term) in self.sources, f"{kind} {name} {hardware}")

    def _use(self, row: Any) -> Iterable[str]:
        yield from _unknown(row.block in self.blocks, f"block {row.block}")
        yield from self._source(row)

    def _on_demand(self, row: Any) -> Iterable[str]:
        yield from _unknown(row.block in self.blocks, f"block {row.block}")
        key = (row.provider, row.region, row.hardware)
        yield from _unknown(key in self.on_demand, f"on-demand {' '.join(map(str, key))}")


def _unknown(known: bool, name: str) -> tuple[str, ...]:
    return () if known else (name,)
