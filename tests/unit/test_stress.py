"""A plan's committed decisions on other courses of things: held as they were taken, void where they cannot be."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders import JAN, dataset, demand, lease, on_demand, segment, solved, term
from stochastic import factor, scenario, solved_together

from models.audit import audit
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import Option
from models.stochastic.fixed_decisions import (
    common_decisions,
    dataset_in_sample,
    dataset_in_scenario,
    decisions_of,
    unavailable,
)
from models.supply.lease_kind import LEASE
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask, solve_task
from planner.stress.samples import draw_from_scenarios
from planner.stress.simulation import ALL_MONTHS, Commitment, SimulatedPlan, simulate_plan
from planner.stress.statistics import figures
from planner.stress.stress_test import StressLines

EXACT = SolveOptions(gap=0.0, threads=1)


def tried(problem: Dataset, plan: Plan, until: int = ALL_MONTHS) -> SolveResult:
    return solve_task(SolveTask("", problem, EXACT, decisions_of(plan), until))


def signed(plan: Plan | None) -> list[Signing]:
    assert plan is not None
    return [each for each in plan.signings if not each.signed]


def test_what_was_decided_before_the_month_is_held_and_what_comes_later_is_not() -> None:
    """With no demand at all the lease of month 0 stays and is paid for, that of month 3 is not signed."""
    early = lease("early", term(6, 1.0), sign_until=JAN)
    late = lease("late", term(3, 1.0), sign_from=JAN + 3, sign_until=JAN + 3)
    data = dataset(demand(1, 1, 1, 2, 2, 2), early, late, on_demand(9.0), months=6)
    plan = solved(data)
    assert {(each.name, each.month) for each in signed(plan)} == {("early", 0), ("late", 3)}
    none = dataset_in_sample(data, [factor("", "demand", 0.0)])
    first, everything = tried(none, plan, 3), tried(none, plan)
    assert [(each.name, each.month) for each in signed(first.plan)] == [("early", 0)]
    assert first.objective_usd == pytest.approx(4344.0)  # the hours of January to June 2026, at 1 USD
    assert {each.name for each in signed(everything.plan)} == {"early", "late"}
    assert everything.objective_usd == pytest.approx(4344.0 + 2184.0)


def test_a_signing_stays_in_its_month_though_the_sample_alone_would_not_tell_it_from_the_next() -> None:
    """Months that only the plain figures tell apart stay months of signing where a delay makes them alike."""
    data = dataset(demand(0, months=5), lease("late", term(3, 1.0), units_max=2), on_demand(9.0), months=5)
    plan = Plan(signings=(Signing(LEASE, "late", 1, 3, 1, 1, 3),))
    only_once = [factor("", "delivery_delay_months", late, t=t) for t, late in ((1, 1.0), (2, 0.0))]
    found = tried(dataset_in_sample(data, only_once), plan, 2)
    assert [(each.month, each.start, each.units) for each in signed(found.plan)] == [(1, 2, 1)]
    assert unavailable(plan, found.plan or Plan(), 2) == ()


def test_a_plan_that_kept_a_lease_does_not_cancel_it_early_where_it_began_late() -> None:
    """A lease of four months that begins two late runs its four months; holding ends by the calendar would cut it."""
    stop = lease("stop", term(4, 1.0, cancel_after_months=1, termination_fee_share=0.9), sign_until=JAN)
    data = dataset(demand(1, months=7), stop, on_demand(9.0), months=7)
    plan = solved(data)
    (kept,) = signed(plan)
    assert (kept.end - kept.start + 1, kept.cancelled) == (4, False)
    problem = dataset_in_sample(data, [factor("", "delivery_delay_months", 2.0)])
    found = tried(problem, plan)
    assert found.plan is not None
    (late,) = signed(found.plan)
    assert (late.start - kept.start, late.end - kept.end, late.cancelled) == (2, 2, False)
    assert audit(problem, found.plan).passed


def test_what_a_supplier_that_is_gone_would_have_brought_is_void() -> None:
    """A signing and an option of months after the exit are void and named; what was signed before is held."""
    gone = lease("gone", term(2, 1.0), units_max=3, provider="neo")
    data = dataset(demand(1, 1, 1, 1), gone, on_demand(9.0), months=4)
    data = replace(data, options=(Option(option="right", offer="gone", premium_usd=1.0),))
    plan = Plan(
        signings=(Signing(LEASE, "gone", 0, 2, 1, 0, 1), Signing(LEASE, "gone", 2, 2, 1, 2, 3)),
    )
    bought = solved(data)
    assert {each.name for each in bought.options} == {"right"}
    early = dataset_in_sample(data, [factor("", "supplier_exit", 1.0, "neo", 2)])
    found = tried(early, replace(plan, options=bought.options))
    assert found.plan is not None
    assert [(each.month, each.units) for each in signed(found.plan)] == [(0, 1)]
    assert unavailable(plan, found.plan, ALL_MONTHS) == ("gone",)
    assert unavailable(plan, found.plan, 2) == ()
    never = tried(dataset_in_sample(data, [factor("", "supplier_exit", 1.0, "neo")]), bought)
    assert never.plan is not None
    assert unavailable(bought, never.plan, ALL_MONTHS) == ("gone",)  # the option is bought before its loss is known
    assert never.objective_usd == pytest.approx(9.0 * (744 + 672 + 744 + 720) + 1.0)


def _two_points() -> Dataset:
    """Demand of nothing or four with equal chances, where one is leased and hours beyond it cost three times that."""
    return replace(
        dataset(demand(1, months=2), segment("chat"), lease("base", term(2, 1.0)), on_demand(3.0), months=2),
        scenarios=(scenario("none", 0.5), scenario("four", 0.5)),
        scenario_factors=(factor("none", "demand", 0.0), factor("four", "demand", 4.0)),
    )


def trial_of(data: Dataset, count: int, stop: Stop | None = None, after: int = 10**9) -> SimulatedPlan:
    """The plan of the plain figures tried; stopped after so many problems."""
    plan, stop = solved(data), stop or Stop()

    def on_results(found: object) -> None:
        if len(found) >= after:  # type: ignore[arg-type]
            stop.signal_number = signal.SIGINT

    return simulate_plan(
        data,
        Commitment(plan, ALL_MONTHS, plan.objective_usd),
        draw_from_scenarios(data, count, 1),
        EXACT,
        nonzeros=1,
        workers=0,
        stop=stop,
        on_results=on_results,
    )


def test_a_known_distribution_is_found() -> None:
    """Costs are the two worked out by hand, in proportion to the draws; the interval holds the exact mean."""
    data = _two_points()
    trial = trial_of(data, 300)
    hours = 744 + 672
    four = hours * (1.0 + 3 * 3.0)
    assert {round(each.cost_usd, 6) for each in trial.results} == {hours, four}
    found = figures(data, trial, 1)
    assert found.cost is not None
    expected = found.cost.expected
    assert expected.low is not None
    assert expected.high is not None
    assert expected.low < (hours + four) / 2 < expected.high
    assert (found.cost.least, found.cost.most) == pytest.approx((hours, four))
    assert found.cost.cvar.value == pytest.approx(four)
    assert sum(each.samples for each in found.bins) == 300
    above = [each.above.value for each in found.bins]
    assert above == sorted(above, reverse=True)
    assert above[0] == pytest.approx(sum(each.cost_usd > 2 * hours for each in trial.results) / 300)
    assert found.short is not None
    assert found.short.value == 0.0


def test_shortfall_is_told_by_segment_and_month() -> None:
    """Where tokens beyond the lease are turned away, the segment is short in both months of the samples with four."""
    data = replace(_two_points(), segments=(segment("chat", shortfall_usd_per_mtok=1e-6),), on_demand=())
    trial = trial_of(data, 40)
    share = sum(word == "scenario four" for word in trial.words) / 40
    found = figures(data, trial, 1)
    assert [(each.segment, each.month) for each in found.places] == [("chat", 0), ("chat", 1)]
    for each in found.places:
        assert each.probability.value == pytest.approx(share)
        assert each.worst_bn_per_day == pytest.approx(max(0.0, 4.0 - _leased(data)))
        assert each.mean_bn_per_day == pytest.approx(share * each.worst_bn_per_day)


def _leased(data: Dataset) -> float:
    return float(sum(each.units for each in signed(solved(data))))


def test_a_stop_keeps_the_samples_that_are_done() -> None:
    """Stopped after the first problem, the samples up to the first of another problem are the result."""
    trial = trial_of(_two_points(), 50, after=1)
    whole = trial_of(_two_points(), 50)
    assert not trial.complete
    assert whole.complete
    alike = next(i for i, problem in enumerate(whole.samples.problem_of) if problem == 1)
    assert len(trial.results) == alike
    first = [each.cost_usd for each in trial.results]
    assert first == [each.cost_usd for each in whole.results[:alike]]


def test_scenarios_of_the_workbook_are_problems_of_their_own() -> None:
    """A scenario tried by name and by its factors drawn afresh is the same problem."""
    data = _two_points()
    plan = solved(data)
    afresh = dataset_in_sample(data, [factor("", "demand", 4.0)])
    assert tried(dataset_in_scenario(data, "four"), plan).objective_usd == pytest.approx(
        tried(afresh, plan).objective_usd
    )


def test_what_plans_for_scenarios_have_in_common_is_committed_though_one_of_them_cannot_take_it() -> None:
    """A signing void in the first scenario, its supplier gone, is common all the same; later ones are not."""
    data = replace(
        dataset(
            demand(1, 1, 2, 2),
            lease("base", term(4, 1.0), sign_from=JAN + 1, sign_until=JAN + 1),
            lease("later", term(2, 1.0), sign_from=JAN + 2, provider="other"),
            on_demand(9.0),
            months=4,
            first_stage_months=2,
        ),
        scenarios=(scenario("gone", 0.3), scenario("there", 0.7)),
        scenario_factors=(factor("gone", "supplier_exit", 1.0, "neo", 1),),
    )
    plans = solved_together(data).plans
    assert "base" not in {each.name for each in signed(plans["gone"])}
    common = common_decisions(plans.values(), 2)
    assert [(each.name, each.month, each.units) for each in signed(common)] == [("base", 1, 1)]
    assert unavailable(common, plans["gone"], 2) == ("base",)
    assert tried(dataset_in_scenario(data, "there"), common, 2).objective_usd == pytest.approx(
        plans["there"].objective_usd
    )


def test_a_course_that_leaves_nothing_to_decide_is_no_fault() -> None:
    """Where no column is left, holding decisions holds none, and the cost is what is owed anyway."""
    data = dataset(demand(1, months=2), lease("base", term(2, 1.0), signed=0), months=2)
    none = dataset_in_sample(data, [factor("", "demand", 0.0)])
    found = tried(none, solved(data), 1)
    assert (found.status, found.objective_usd) == ("optimal", pytest.approx(744.0 + 672.0))


def test_the_line_of_progress_fits_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    """With as many samples, as much money and as long a wait as there may be it has no more than 80 columns."""
    drawn: list[str] = []
    live = SimpleNamespace(show=drawn.append)
    lines = StressLines(SimpleNamespace(problems=100_000), "USD", live)  # type: ignore[arg-type]
    lines._began = time.monotonic() - 1234.0
    solved = SimpleNamespace(cost_usd=-123.59e9, solved=True)
    lost = SimpleNamespace(cost_usd=0.0, solved=False)
    lines.show({i: solved if i % 2 else lost for i in range(24_000)})  # type: ignore[misc]
    assert drawn[0].startswith("24,000/100,000 samples, mean -123.59 bn USD, 12,000 no plan, 1234 s, ")
    assert len(drawn[0]) <= 80
