"""Short ways to write a small plan by hand, and to tamper with one.

As in `builders`: an accelerator serves one billion tokens a day and draws 1 kW; month 0 is January 2026.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.dataset import Dataset
from models.plan import Online, Payment, Plan, Serving, Shortfall, Signing, SourceUse
from models.supply.registry import kind_named
from planner.reports.plan_report import write_plan
from planner.reports.run_result import RunResult
from planner.results.scenario_set import ScenarioSetResult

DAYS = (31, 28, 31, 30)
"""Days of January to April 2026."""


def serve(t: int, per_day: float, block: str = "day", **columns: str) -> Serving:
    """Tokens of a month by their billions a day; chat of us on H100 in us unless the columns say otherwise."""
    where = {"segment": "chat", "region": "us", "capacity_region": "us", "hardware": "H100", "site": ""} | columns
    return Serving(month=t, block=block, tokens_bn=per_day * DAYS[t], **where)


def short(t: int, per_day: float, block: str = "day", segment: str = "chat", region: str = "us") -> Shortfall:
    return Shortfall(month=t, block=block, segment=segment, region=region, tokens_bn=per_day * DAYS[t])


def use(t: int, accelerators: float, name: str = "own", kind: str = "fleet", **columns: Any) -> SourceUse:
    where: dict[str, Any] = {"block": "day", "term_months": 0, "hardware": "H100"} | columns
    return SourceUse(month=t, kind=kind_named(kind), name=name, accelerators=accelerators, **where)


def online(t: int, accelerators: float, name: str = "own", kind: str = "fleet", **columns: Any) -> Online:
    """Capacity online, 1 kW an accelerator; the provider is the one `builders` gives its kind."""
    provider = {"fleet": "us-inc", "lease": "neo", "contract": "hyper"}[kind]
    where: dict[str, Any] = {"term_months": 0, "region": "us", "site": name, "hardware": "H100"} | columns
    facts = {"accelerators": accelerators, "mw": accelerators / 1000} | where
    return Online(month=t, kind=kind_named(kind), name=name, provider=provider, **facts)


def signing(name: str, month: int, term: int, start: int, end: int, kind: str = "lease", **columns: Any) -> Signing:
    columns = {"units": 1} | columns
    return Signing(kind=kind_named(kind), name=name, month=month, term_months=term, start=start, end=end, **columns)


def pay(
    category: str, offer: str, by_month: Mapping[int, float | tuple[float, float]], provider: str = ""
) -> list[Payment]:
    """Payments by month: one figure where cash and present value are the same, else the two."""
    payments = []
    for t, usd in by_month.items():
        cash, value = usd if isinstance(usd, tuple) else (usd, usd)
        payments.append(Payment(t, category, provider, offer, cash, value))
    return payments


def write(path: Path, data: Dataset, plan: Plan, result: RunResult) -> None:
    """Writes the workbook of a plan, with what else a run found."""
    write_plan(path, replace(result, dataset=data, solution=ScenarioSetResult.of_plan(data, plan)))


def with_row(plan: Plan, table: str, row: object) -> Plan:
    """The plan with one more row in a table."""
    return replace(plan, **{table: (*getattr(plan, table), row)})


def without(plan: Plan, table: str, place: int) -> Plan:
    """The plan without one row of a table."""
    rows = getattr(plan, table)
    return replace(plan, **{table: rows[:place] + rows[place + 1 :]})


def changed(plan: Plan, table: str, place: int, **columns: Any) -> Plan:
    """The plan with one row of a table changed."""
    rows = list(getattr(plan, table))
    if "kind" in columns:
        columns["kind"] = kind_named(columns["kind"])
    rows[place] = replace(rows[place], **columns)
    return replace(plan, **{table: tuple(rows)})


def alike(left: Plan, right: Plan) -> bool:
    """Equal row by row; numbers but for the last of their 17 digits, since a cell keeps 16."""
    for each in dataclasses.fields(Plan):
        ours, theirs = getattr(left, each.name), getattr(right, each.name)
        if len(ours) != len(theirs):
            return False
        for one, other in zip(ours, theirs, strict=True):
            assert type(one) is type(other)
            for a, b in zip(dataclasses.astuple(one), dataclasses.astuple(other), strict=True):
                if a != b and not (isinstance(a, float) and b == pytest.approx(a, rel=1e-15, abs=0)):
                    return False
    return True
