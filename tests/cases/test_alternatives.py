"""Alternatives: as far apart as the cost allows, no further, and what all of them agree on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import builders as b
import openpyxl
import pytest
from commandline import Run, decision
from searches import search_with
from sheets import workbook
from small_trees import Tree, planned

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan, Signing
from models.stochastic.plan_problem import Plans
from models.supply.lease_kind import LEASE
from models.variants.distance import distance_mw
from models.variants.offers import without_offer
from planner.analysis import alternatives as module
from planner.analysis.alternatives import Alternative, AlternativesFound, AlternativesQuestion, common_decisions
from planner.analysis.questions import Incumbent
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve


def _asked(plan: Plans, data: Dataset, count: int, within: float) -> AlternativesQuestion:
    options = SolveOptions(gap=0.0, threads=1)
    question = AlternativesQuestion(
        data, Incumbent(data, plan, None), count, within, options, Stop(), lambda what: ProgressLines(what, "USD")
    )
    question.ask(10.0 * count)
    return question


def _search(data: Dataset, count: int, within: float) -> AlternativesFound:
    return _asked(b.solved(data), data, count, within).told()


def _others(data: Dataset, count: int, within: float) -> tuple[Plan, tuple[Alternative, ...]]:
    plan = b.solved(data)
    return plan, _asked(plan, data, count, within).told().plans


def _four_leases() -> Dataset:
    """Two accelerators are needed; four leases of one, 2 kW each, ask 1000, 1002, 1004 and 1300 USD."""
    prices = {"a": 1000.0, "b": 1002.0, "c": 1004.0, "d": 1300.0}
    leases = [b.lease(name, b.term(1, monthly=price)) for name, price in prices.items()]
    return b.dataset(b.demand(2.0), b.hardware(kw=2.0), b.throughput(), *leases, months=1)


def test_the_most_different_plan_within_the_cost_is_found() -> None:
    """Within 1 % the plan that shares least with the best, a and b, has c and one of the two; d is too dear."""
    plan, [other] = _others(_four_leases(), 1, 0.01)
    assert {each.name for each in plan.signings} == {"a", "b"}
    assert "c" in {each.name for each in other.plan.signings}
    # one lease of 2 kW swapped for another: 4 kW apart
    assert other.distance_mw == pytest.approx(0.004)
    assert (other.furthest, other.cheapest) == (True, True)
    assert other.cost_usd <= plan.objective_usd * 1.01


def test_a_wider_allowance_finds_a_plan_that_shares_nothing() -> None:
    """Within 20 % nothing need be shared: c and d, 302 USD dearer, are twice as far."""
    _, [other] = _others(_four_leases(), 1, 0.20)
    assert {each.name for each in other.plan.signings} == {"c", "d"}
    assert other.distance_mw == pytest.approx(0.008)


def test_no_other_plan_is_no_alternative() -> None:
    """Where the cost allows nothing else there is none, and the search ends by itself."""
    found = _search(_four_leases(), 5, 0.0)
    assert (found.plans, found.none_exists) == ((), True)
    assert "exists (proven)" in found.words


def test_three_plans_are_all_apart() -> None:
    """Of a, b, c within 1 % there are three pairs: two alternatives, each apart from all before it, and no third."""
    plan, found = _others(_four_leases(), 4, 0.01)
    plans = [plan, *(each.plan for each in found)]
    assert len(plans) == 3
    assert all(distance_mw(_four_leases(), *pair) > 0 for pair in itertools.combinations(plans, 2))
    assert all(each.audit.passed for each in found)


def test_an_alternative_that_is_missing_is_explained() -> None:
    """Three pairs are within 1 %, one is the plan: of four asked for two are found; that no more exist is proven."""
    found = _search(_four_leases(), 4, 0.01)
    assert (len(found.plans), found.none_exists) == (2, False)
    assert found.words.startswith("No further plan within 1 % of the cost exists (proven)")


@pytest.mark.parametrize("status", ["stopped", "no_plan"])
def test_a_search_that_stopped_proves_nothing(monkeypatch: pytest.MonkeyPatch, status: Any) -> None:
    """Where the searches end at their start, or with nothing, whether another plan exists is told as not known."""

    def stopped(problem: Any, options: SolveOptions, *, start: Any = None, **more: Any) -> Outcome:
        return Outcome(status, 0.0, -1.0, None, start if status == "stopped" else None, 1.0, "Time limit reached", ())

    data = _four_leases()
    plan = b.solved(data)
    search_with(monkeypatch, module, stopped)
    found = _asked(plan, data, 2, 0.01).told()
    assert (found.plans, found.none_exists) == ((), None)
    assert "whether one exists is not known" in found.words


def test_a_lucky_search_is_an_alternative_and_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan found by a search that stopped is listed, and nothing is said to be proven."""

    def lucky(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        return replace(solve(problem, options, **more), status="stopped", bound_usd=0.0)

    data = _four_leases()
    plan = b.solved(data)
    search_with(monkeypatch, module, lucky)
    found = _asked(plan, data, 4, 0.01).told()
    assert (len(found.plans), found.none_exists, found.no_more) == (2, False, False)
    assert not any(each.furthest or each.cheapest for each in found.plans)
    assert "proven" not in found.words


@pytest.mark.parametrize("over_from", [2, 3], ids=["before the furthest", "before its least cost"])
@pytest.mark.parametrize("tree", [None, Tree(2, cap=9.0)], ids=["one future", "scenarios"])
def test_what_is_found_when_the_time_is_over_stays(
    monkeypatch: pytest.MonkeyPatch, over_from: int, tree: Tree | None
) -> None:
    """An alternative stays where no time is left to go further, or for its least cost, and is told as at most that."""
    data = _four_leases() if tree is None else tree.data
    plan = b.solved(data) if tree is None else planned(data)
    searches, whole = itertools.count(1), module.solve_holding

    def in_time(*args: Any, **more: Any) -> Any:
        if next(searches) >= over_from:
            raise OutOfTime("The time limit passed before a search could begin")
        return whole(*args, **more)

    monkeypatch.setattr(module, "solve_holding", in_time)
    question = _asked(plan, data, 1, 0.35)
    [other] = question.told().plans
    assert other.audit.passed
    assert plan.objective_usd <= other.cost_usd <= 1.35 * plan.objective_usd
    assert (other.furthest, other.cheapest) == ((False, True) if over_from == 2 else (True, False))


def test_an_alternative_that_costs_less_takes_the_place_of_the_plan() -> None:
    """From b and c, the second-best pair, the search finds a and b, the plan from then on; b and c is another."""
    data = _four_leases()
    poor = b.solved(without_offer(data, OfferKey(LEASE, "a")))
    question = _asked(poor, data, 2, 0.01)
    assert question.incumbent.plan.objective_usd == pytest.approx(b.solved(data).objective_usd)
    found = question.told()
    assert [each.cost_usd >= question.incumbent.plan.objective_usd for each in found.plans] == [True, True]
    assert any(each.plan is poor for each in found.plans)


def test_a_resized_contract_is_apart_by_its_blocks() -> None:
    """Between none and all of a contract's blocks the distance goes both ways."""
    data = b.dataset(b.demand(5.0), b.contract("C", 1.0, term_months=1, max_blocks=9), b.on_demand(1.001), months=1)
    _, [other] = _others(data, 1, 0.01)
    # five blocks are best; none at all is cheap enough, and four more than needed are not
    assert other.plan.signings == ()
    assert other.distance_mw == pytest.approx(0.005)


def test_a_later_signing_counts_the_months_between() -> None:
    """Two of six months later, a lease of 1 MW is a third of an MW apart."""
    data = b.dataset(b.lease("L", b.term(1, hourly=1.0), holds=1000.0), months=6)
    one, other = (Plan(signings=(Signing(LEASE, "L", m, 1, 1, m, m),)) for m in (1, 3))
    assert distance_mw(data, one, other) == pytest.approx(2 / 6)


def test_what_all_agree_on_is_told_apart() -> None:
    """An offer every plan signs alike is agreed on; of one that some sign less of, that less is what all sign."""
    plans = tuple(
        Plan(signings=(Signing(LEASE, "sure", 0, 1, 2, 0, 0), Signing(LEASE, "more", 0, 1, units, 0, 0), *more))
        for units, more in ((3, ()), (1, (Signing(LEASE, "maybe", 1, 1, 1, 1, 1),)))
    )
    found = {each.name: (each.all_agree, each.in_all, each.units) for each in common_decisions(plans)}
    assert found == {"sure": (True, 2, (2, 2)), "more": (False, 1, (3, 1)), "maybe": (False, 0, (0, 1))}


def test_from_the_command_line(here: Run, tmp_path: Path) -> None:
    """`--alternatives 2 --within 5%` writes a sheet, a workbook for each alternative that audits, and JSON."""
    spot = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 2.05}]
    book = workbook(tmp_path / "book.xlsx", decision(on_demand=spot))
    said = here("solve", book, "-o", "plan.xlsx", "--gap", 0, "--alternatives", 2, "--within", "5%", "--json")
    assert said.code == 0
    assert said.json["alternatives"]
    assert said.json["alternatives_searched"]["none_exists"] is False
    for number, each in enumerate(said.json["alternatives"], start=1):
        assert each["cost_usd"] <= said.json["objective_usd"] * 1.05 * (1 + 1e-9)
        assert here("audit", book, f"plan.alternative-{number}.xlsx").code == 0
    assert "Alternatives" in openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames
