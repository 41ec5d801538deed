"""Short ways to write a small Dataset, and to solve one.

One accelerator of the default hardware `H100` serves exactly one billion tokens a day of the default
workload `chat`, and draws 1 kW, so demand in bn tokens/day, accelerators and kW read as one number.
Month 0 is January 2026 (744 hours; February has 672, March 744, April 720, May 744, June 720).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from models.columns import Row
from models.dataset import Dataset
from models.months import month_of
from models.plan import Plan
from models.schema import (
    SHEETS,
    Contract,
    ContractTier,
    Demand,
    Fleet,
    Hardware,
    Lease,
    LeaseHardware,
    LeaseOut,
    LeaseTerm,
    OnDemand,
    Ramp,
    Segment,
    Settings,
    Throughput,
)

JAN = month_of(2026, 1)
"""January 2026, month 0 unless a test says otherwise."""

ONE_BN_A_DAY = 1e9 / 86400
"""Tokens a second that make a billion tokens a day."""


def dataset(
    *rows: Any, months: int = 3, first_month: int = JAN, discount_rate: float = 0.0, **settings: Any
) -> Dataset:
    """A Dataset of these rows (nested as they come), each put in its own sheet.

    Hardware `H100`, its throughput for workload `chat` and a segment `chat` without demand are added
    where the rows have no hardware, throughput or segment; a segment without demand rows gets zero demand.
    """
    by_class: dict[type[Row], list[Row]] = {}
    for row in _flat(rows):
        by_class.setdefault(type(row), []).append(row)
    by_class.setdefault(Hardware, [hardware()])
    by_class.setdefault(Throughput, [throughput()])
    by_class.setdefault(Segment, [segment()])
    demanded = {row.segment for row in by_class.get(Demand, []) if isinstance(row, Demand)}
    for row in by_class[Segment]:
        if isinstance(row, Segment) and row.segment not in demanded:
            by_class.setdefault(Demand, []).extend(demand(0.0, segment=row.segment, months=months, first=first_month))
    sheets: dict[str, Any] = {
        sheet.name: tuple(by_class.get(sheet.row, ())) for sheet in SHEETS if sheet.row is not Settings
    }
    return Dataset(
        settings=Settings(first_month=first_month, months=months, discount_rate=discount_rate, **settings), **sheets
    )


def _flat(rows: Iterable[Any]) -> Iterable[Row]:
    for each in rows:
        if isinstance(each, Row):
            yield each
        else:
            yield from _flat(each)


def hardware(name: str = "H100", kw: float = 1.0, **columns: Any) -> Hardware:
    return Hardware(hardware=name, kw=kw, **columns)


def throughput(workload: str = "chat", hardware: str = "H100", bn_per_day: float = 1.0, **columns: Any) -> Throughput:
    """A rate in billions of tokens an accelerator and day, where the sheet has tokens a second."""
    return Throughput(workload=workload, hardware=hardware, tokens_per_second=bn_per_day * ONE_BN_A_DAY, **columns)


def segment(name: str = "chat", workload: str = "chat", **columns: Any) -> Segment:
    return Segment(segment=name, workload=workload, **columns)


def demand(
    *bn_per_day: float, segment: str = "chat", region: str = "us", first: int = JAN, months: int = 1
) -> list[Demand]:
    """Demand from month `first` on, a figure a month; a single figure holds for `months` months."""
    figures = bn_per_day * months if len(bn_per_day) == 1 else bn_per_day
    return [
        Demand(segment=segment, region=region, month=first + t, tokens_bn_per_day=figure)
        for t, figure in enumerate(figures)
    ]


def fleet(asset: str = "own", accelerators: float = 1.0, hardware: str = "H100", **columns: Any) -> Fleet:
    return Fleet(
        **{"provider": "us-inc", "region": "us"} | columns, asset=asset, hardware=hardware, accelerators=accelerators
    )


def lease(
    name: str = "lease",
    *terms: LeaseTerm,
    holds: Mapping[str, float] | float = 1.0,
    signed: int | None = None,
    **columns: Any,
) -> list[Row]:
    """A lease with its hardware (a number means so many H100) and terms.

    `signed` makes it a signed lease of that month t (negative before the horizon), one unit of its
    first term unless the columns say otherwise.
    """
    if signed is not None:
        columns = {
            "status": "signed",
            "signed_month": JAN + signed,
            "signed_units": 1,
            "signed_term_months": terms[0].term_months,
        } | columns
    holds = holds if isinstance(holds, Mapping) else {"H100": holds}
    return [
        Lease(**{"provider": "neo", "region": "us"} | columns, lease=name),
        *(LeaseHardware(lease=name, hardware=each, accelerators=number) for each, number in holds.items()),
        *(replace(term, lease=name) for term in terms),
    ]


def term(months: int, hourly: float | None = None, monthly: float | None = None, **columns: Any) -> LeaseTerm:
    """A term; `hourly` is usd_per_accelerator_hour, `monthly` usd_per_unit_month. `lease()` fills in whose it is."""
    return LeaseTerm(
        lease="", term_months=months, usd_per_accelerator_hour=hourly, usd_per_unit_month=monthly, **columns
    )


def ramp(name: str, *steps: tuple[int, float, float]) -> list[Ramp]:
    """Steps of (service month, capacity share, rate multiplier)."""
    return [
        Ramp(ramp=name, service_month=month, capacity_share=share, rate_multiplier=rate) for month, share, rate in steps
    ]


def contract(
    name: str = "contract",
    tiers: Mapping[int, float] | float = 1.0,
    term_months: int = 3,
    signed: int | None = None,
    blocks: int | None = None,
    **columns: Any,
) -> list[Row]:
    """A contract in blocks of 1 kW (one H100 each) with hourly rates by from_blocks.

    `signed` makes it a signed contract of that month t, of `blocks` blocks.
    """
    if signed is not None:
        columns = {"status": "signed", "signed_month": JAN + signed, "signed_blocks": blocks or 1} | columns
    tiers = tiers if isinstance(tiers, Mapping) else {1: tiers}
    standard: dict[str, Any] = {
        "provider": "hyper",
        "region": "us",
        "hardware": "H100",
        "block_mw": 0.001,
        "max_blocks": blocks or 1,
    }
    return [
        Contract(**standard | columns, contract=name, term_months=term_months),
        *(
            ContractTier(contract=name, from_blocks=least, usd_per_accelerator_hour=rate)
            for least, rate in tiers.items()
        ),
    ]


def on_demand(hourly: float, t: int | None = None, hardware: str = "H100", **columns: Any) -> OnDemand:
    """An on-demand price from month t on."""
    return OnDemand(
        **{"provider": "spot", "region": "us"} | columns,
        hardware=hardware,
        from_month=None if t is None else JAN + t,
        usd_per_accelerator_hour=hourly,
    )


def lease_out(
    name: str = "out", hourly: float = 1.0, term_months: int = 1, signed: int | None = None, **columns: Any
) -> LeaseOut:
    """A lease-out of an H100; `signed` makes it a signed one of that month t, of one unit unless told otherwise."""
    standard: dict[str, Any] = {"region": "us", "hardware": "H100", "accelerators": 1.0}
    if signed is not None:
        standard |= {"status": "signed", "signed_month": JAN + signed, "signed_units": 1}
    return LeaseOut(**standard | columns, lease_out=name, usd_per_accelerator_hour=hourly, term_months=term_months)


def solved(data: Dataset) -> Plan:
    """The cheapest plan, proven so, audited, its costs adding up to the solver's objective.

    Raises:
        AssertionError: there is no plan, or the audit rejects it, or the costs do not add up.
    """
    plan = solved_or_none(data)
    assert plan is not None, "infeasible"
    return plan


def solved_or_none(data: Dataset) -> Plan | None:
    """As `solved`, but None when the solver proves that no plan exists."""
    from models.audit import audit
    from models.build import build_model
    from planner.solving.problem import SolveOptions
    from planner.solving.search import solve

    model = build_model(data)
    outcome = solve(model, SolveOptions(gap=0.0, threads=1))
    if outcome.status == "infeasible":
        return None
    assert outcome.status == "optimal", f"{outcome.status}: {outcome.why}"
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    report = audit(data, plan)
    assert report.passed, [(check.rule, check.where, check.found, check.limit) for check in report.failed]
    assert outcome.objective_usd is not None
    scale = max(1.0, sum(abs(each.present_value_usd) for each in plan.payments))
    assert abs(plan.objective_usd - outcome.objective_usd) <= 1e-6 * scale, (plan.objective_usd, outcome.objective_usd)
    assert abs(sum(plan.costs_usd().values()) - plan.objective_usd) <= 1e-9 * scale
    return plan


def costs(plan: Plan) -> dict[str, float]:
    """Present value by category, those of nothing left out."""
    return {category: usd for category, usd in plan.costs_usd().items() if abs(usd) > 1e-6}


def cash(plan: Plan, category: str) -> dict[int, float]:
    """USD paid by month of one category, added up over offers."""
    return _by_month((each.month, each.cash_usd) for each in plan.payments if each.category == category)


def present(plan: Plan, category: str) -> dict[int, float]:
    """USD of present value by month of payment of one category, added up over offers."""
    return _by_month((each.month, each.present_value_usd) for each in plan.payments if each.category == category)


def _by_month(amounts: Iterable[tuple[int, float]]) -> dict[int, float]:
    months: dict[int, float] = {}
    for month, usd in amounts:
        months[month] = months.get(month, 0.0) + usd
    return {month: usd for month, usd in months.items() if abs(usd) > 1e-6}
