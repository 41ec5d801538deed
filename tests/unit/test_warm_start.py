"""Warm start from a plan: it says the same of every decision as the solver's own columns did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import JAN, contract, dataset, demand, fleet, lease, lease_out, on_demand, segment, term

from models.build import build_model
from models.core.model import Model
from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan
from models.schema import Limit, Option
from models.supply.lease_kind import LEASE
from models.variants.offers import with_offer
from models.warm_start import start_values
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.search import solve


def solve_with(data: Dataset, plan: Plan | None = None) -> tuple[Model, Outcome]:
    model = build_model(data)
    return model, solve(model, SolveOptions(gap=0.0), start=None if plan is None else start_values(model, plan))


CASES: dict[str, tuple[Iterable[Any], set[str]]] = {
    "leases that are cancelled and renewed": (
        (
            demand(3, 3, 1, 1, 1, 0),
            lease("stop", term(5, 1.0, cancel_after_months=1, termination_fee_share=0.1), units_max=3),
            lease("renew", term(2, 0.9, renewals_max=2, renewal_months=2), units_max=2),
            on_demand(20.0),
        ),
        {"units_by", "in_service"},
    ),
    "a contract at one rate for all units": (
        (demand(7, months=6), contract("c", {1: 3.0, 4: 1.0}, term_months=6, max_blocks=9), on_demand(9.0)),
        {"blocks", "tier_reached_by"},
    ),
    "a contract with rates tier by tier": (
        (
            demand(7, months=6),
            contract("c", {2: 3.0, 4: 1.0, 6: 0.5}, term_months=6, max_blocks=9, tier_mode="incremental"),
            on_demand(9.0),
        ),
        {"blocks", "contract_signed_by"},
    ),
    "an option and a lease-out": (
        (
            demand(0, 0, 2, 2, 2, 2),
            fleet("own", 1.0, sublet=True),
            lease_out("out", 5.0, 1, units_max=1),
            lease("later", term(4, 1.0), units_max=2, sign_from=JAN + 2),
            Option(option="o", offer="later", premium_usd=1.0),
            on_demand(30.0),
        ),
        {"bought", "leased_out_by", "units_by"},
    ),
    "work that runs at one site": (
        (
            segment("chat", single_site=True),
            demand(2, 2, 3, 3, 3, 3),
            fleet("own", 2.0),
            fleet("other", 1.0),
            lease("site", term(4, 1.0), units_max=3, holds=2.0),
        ),
        {"runs_at", "units_by"},
    ),
    "limits": (
        (
            segment("chat", revenue_usd_per_mtok=0.001, current_limit="loose", change_cost_usd=1.0),
            demand(2, 2, 2, 9, 9, 2),
            Limit(segment="chat", limit="tight", demand_multiplier=0.5, revenue_multiplier=0.9),
            Limit(segment="chat", limit="loose"),
            on_demand(2.0),
        ),
        {"in_force"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_gives_back_the_columns_it_was_read_from(name: str) -> None:
    """Every family of decisions is read from the plan as the solver had set it."""
    rows, families = CASES[name]
    data = dataset(*rows, months=6)
    model, outcome = solve_with(data)
    assert outcome.values is not None
    values = start_values(model, model.plan(outcome.values))
    given = ~np.isnan(values)
    names = {variable.parent_component().name for variable in np.array(model.compiled.columns, dtype=object)[given]}
    assert names >= families
    assert np.allclose(values[given], outcome.values[given], atol=1e-6)
    assert values[given].any()


@pytest.mark.parametrize("name", CASES)
def test_the_solver_takes_a_plan_of_its_own_as_the_first(name: str) -> None:
    """Begun from its own plan, the search has that plan's cost to begin with."""
    data = dataset(*CASES[name][0], months=6)
    model, first = solve_with(data)
    assert first.values is not None
    _, second = solve_with(data, model.plan(first.values))
    assert second.start in ("taken as the first plan", "not needed: the problem was solved before any search")
    assert second.objective_usd == pytest.approx(first.objective_usd)


def test_decisions_the_workbook_no_longer_has_are_passed_over() -> None:
    """A plan of last week still serves when an offer has gone and another holds fewer units."""
    rows = [demand(3, months=4), lease("a", term(4, 1.0), units_max=2), on_demand(9.0)]
    model, outcome = solve_with(dataset(*rows, lease("b", term(4, 1.1), units_max=1), months=4))
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    assert {each.name for each in plan.signings} == {"a", "b"}
    smaller = dataset(*rows, months=4)
    smaller = replace(smaller, leases=tuple(replace(each, units_max=1) for each in smaller.leases))
    _, again = solve_with(smaller, plan)
    assert again.status == "optimal"
    assert "refused" not in again.start


def test_an_offer_that_has_to_be_taken_is_left_open() -> None:
    """Forced in, an offer the plan does without is added to it by the solver; all else begins as the plan has it."""
    rows = [demand(3, months=4), lease("a", term(4, 1.0), units_max=3), lease("dear", term(4, 9.0))]
    data = dataset(*rows, Option(option="right", offer="dear", premium_usd=1.0), months=4)
    model, outcome = solve_with(data)
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    forced = build_model(with_offer(data, OfferKey(LEASE, "dear")))
    whole, start = start_values(forced, plan), start_values(forced, plan, left_open=OfferKey(LEASE, "dear"))
    opened = {forced.compiled.columns[i].name for i in np.flatnonzero(np.isnan(start) & ~np.isnan(whole))}
    assert {name.partition("[")[0] for name in opened} == {"units_by", "bought"}
    assert all("dear" in name or "right" in name for name in opened)
    assert "refused" not in solve(forced, SolveOptions(gap=0.0), start=start).start
    assert "refused" in solve(forced, SolveOptions(gap=0.0), start=whole).start


def test_a_plan_that_does_not_fit_is_said_to_be_refused() -> None:
    """A start that breaks the workbook's rules does no harm, and the run says it was of no use."""
    data = dataset(*CASES["limits"][0], months=6)
    model, best = solve_with(data)
    nothing_in_force = np.full(len(model.compiled.columns), np.nan)
    nothing_in_force[model.compiled.integer] = 0.0
    outcome = solve(build_model(data), SolveOptions(gap=0.0), start=nothing_in_force)
    assert outcome.start.startswith("refused by the solver")
    assert outcome.objective_usd == pytest.approx(best.objective_usd)
