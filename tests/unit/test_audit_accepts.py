"""The audit accepts plans that keep every rule: cases worked out on paper, noise, demand and work."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import pytest
from unit import plan_cases as cases
from unit.plans import changed, online, pay, serve, use

from models.audit import RULES, audit
from models.plan import OnDemandUse, Plan

CUT = {
    "leased until March, prorated": cases.leased(3),
    "leased until March, in full": cases.leased(3, "full"),
}


@pytest.mark.parametrize("case", [*cases.ALL, *CUT])
def test_a_plan_that_keeps_every_rule_passes(case: str) -> None:
    """Every case worked out on paper passes every rule, with rounding alone between paper and audit."""
    dataset, plan = (cases.ALL | CUT)[case]
    report = audit(dataset, plan, objective_usd=plan.objective_usd)
    assert report.passed, report.failed
    assert report.largest_violation < 1e-12
    assert [check.rule for check in report.checks] == list(RULES)


@pytest.mark.parametrize(
    ("size", "passes"),
    [(1e-7, True), (1e-5, False)],
)
@pytest.mark.parametrize("case", ["busy_fleet", "leased", "two_blocks", "one_hall"])
def test_noise_passes_and_a_breach_does_not(case: str, size: float, passes: bool) -> None:
    """A relative error of a solver's size is let through, one a hundred times as large is not."""
    dataset, plan = cases.ALL[case]
    plan = changed(plan, "serving", 0, tokens_bn=plan.serving[0].tokens_bn * (1 + size))
    plan = changed(plan, "source_use", 0, accelerators=plan.source_use[0].accelerators * (1 + size))
    assert audit(dataset, plan).passed is passes


def test_noise_where_there_is_nothing_passes() -> None:
    """A trace of use, in a region without capacity and work of a plan on demand alone, is no breach; a tenth is."""
    dataset = b.dataset(b.demand(1000), b.on_demand(1), b.on_demand(1, region="eu", max_accelerators=0), months=1)
    for trace, passes in ((1e-7, True), (-1e-7, True), (0.1, False), (-0.1, False)):
        plan = Plan(
            serving=(serve(0, 1000),),
            on_demand=tuple(
                OnDemandUse(0, "day", "spot", region, "H100", accelerators)
                for region, accelerators in (("us", 1000.0), ("eu", trace))
            ),
            payments=(
                *pay("on_demand", "spot us H100", {0: 744000}, "spot"),
                *pay("on_demand", "spot eu H100", {0: 744 * trace}, "spot"),
            ),
        )
        assert audit(dataset, plan).passed is passes


def test_the_tolerance_is_the_callers() -> None:
    """What fails at 1e-6 passes at 1e-3."""
    dataset, plan = cases.busy_fleet()
    plan = changed(plan, "serving", 0, tokens_bn=plan.serving[0].tokens_bn * (1 + 1e-5))
    assert not audit(dataset, plan).passed
    assert audit(dataset, plan, tolerance=1e-3).passed


def test_demand_between_and_after_the_months_given() -> None:
    """Given 1 in December and 4 in February, January is 2 (their geometric mean), March a half more, 6.

    Where one of them is 0 the way is straight: 0 in December and 4 in February make 2 in January as well.
    """
    for first in (1, 0):
        rows = [b.demand(first, first=b.JAN - 1), b.demand(4, first=b.JAN + 1)]
        dataset = b.dataset(b.segment(growth_per_month=0.5), rows, b.fleet(accelerators=6))
        plan = Plan(
            serving=(serve(0, 2), serve(1, 4), serve(2, 6)),
            source_use=(use(0, 2), use(1, 4), use(2, 6)),
            online=tuple(online(t, 6) for t in range(3)),
        )
        assert audit(dataset, plan).passed


def test_work_counts_rate_gain_availability_and_headroom() -> None:
    """In month 12 at 60 % gain a year an accelerator serves 1.6 as much; 0.5 available with 0.2 headroom.

    1.6 x 0.5 x (1 - 0.2) = 0.64 bn a day: 6.4 a day (January 2027 has 31 days) keep 10 at work.
    """
    dataset = b.dataset(
        b.hardware(availability=0.5),
        b.throughput(gain_per_year=0.6),
        b.segment(headroom_share=0.2),
        b.demand(0, first=b.JAN),
        b.demand(0, first=b.JAN + 11),
        b.demand(6.4, first=b.JAN + 12),
        b.fleet(accelerators=10, from_month=b.JAN + 12),
        months=13,
    )
    served = replace(serve(0, 6.4), month=12)
    plan = Plan(serving=(served,), source_use=(use(12, 10),), online=(online(12, 10),))
    assert audit(dataset, plan).passed
    assert not audit(dataset, changed(plan, "source_use", 0, accelerators=9.99)).passed
