"""Keeping to yesterday's plan at a price: it holds up to what departing would save, and says what it held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import builders as b
import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook
from stochastic import factor, scenario

from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import OptionPurchase, Plan, Signing
from models.policy.stability import PlanStability, departures
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE
from planner.reports.plan.text import kept_words
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

HOURS = 744


def _lease(name: str, month: int = 0, units: int = 1, term: int = 1) -> Signing:
    return Signing(LEASE, name, month, term, units, month, month + term - 1)


def _plan(data: Dataset, kept: Plan, price: float) -> Plan:
    model = build_model(data, stability=PlanStability(kept, price))
    outcome = solve(model, SolveOptions(gap=0.0, threads=1))
    assert outcome.values is not None
    return model.plan(outcome.values)


def _two_leases() -> Dataset:
    """One accelerator is needed for January; the newcomer asks 100 USD less for it."""
    return b.dataset(
        b.demand(1.0),
        b.lease("old", b.term(1, monthly=1000.0)),
        b.lease("new", b.term(1, monthly=900.0)),
        months=1,
    )


# departing is dropping the one and taking the other: two units
@pytest.mark.parametrize(("price", "taken"), [(49.0, "new"), (51.0, "old")])
def test_a_plan_departs_for_more_than_it_is_charged(price: float, taken: str) -> None:
    """A saving of 100 USD for two units departed is taken below 50 USD a unit and left above."""
    plan = _plan(_two_leases(), Plan(signings=(_lease("old"),)), price)
    assert [each.name for each in plan.signings] == [taken]


def test_the_charge_is_in_no_cost() -> None:
    """The plan's cost is what is paid, whatever departing was charged."""
    plan = _plan(_two_leases(), Plan(signings=(_lease("old"),)), 49.0)
    assert plan.objective_usd == pytest.approx(900.0)


def test_a_unit_moved_counts_once() -> None:
    """Signing two of three units a month later and none else departs by two; a block less of a contract by one."""
    data = b.dataset(
        b.demand(1.0, months=4),
        b.lease("L", b.term(1, hourly=1.0), units_max=3),
        b.contract("C", 1.0, blocks=20, term_months=2),
        months=4,
    )
    before = Plan(signings=(_lease("L", 0, 3), Signing(CONTRACT, "C", 0, 2, 20, 0, 1)))
    after = Plan(signings=(_lease("L", 0, 1), _lease("L", 1, 2), Signing(CONTRACT, "C", 0, 2, 19, 0, 1)))
    assert departures(data, before, after) == {(CONTRACT, "C"): 1, (LEASE, "L"): 2}
    assert departures(data, before, before) == {}


def test_what_this_workbook_cannot_decide_is_no_departure() -> None:
    """Signings of signed or unknown offers, and options long gone, are not compared."""
    data = b.dataset(b.lease("ours", b.term(12, hourly=1.0), signed=0))
    before = Plan(signings=(_lease("ours"), _lease("unknown")), options=(OptionPurchase("gone", 0),))
    assert departures(data, before, Plan()) == {}


def test_a_signing_that_serves_from_the_same_month_is_no_departure() -> None:
    """Yesterday signed two months before service could begin; the model signs in the last month that will do."""
    offer: list[Any] = b.lease("L", b.term(1, monthly=10.0), service_not_before=b.JAN + 2)
    data = b.dataset(b.demand(0.0, 0.0, 1.0), offer, months=3)
    kept = Plan(signings=(Signing(LEASE, "L", 0, 1, 1, 2, 2),))
    model = build_model(data, stability=PlanStability(kept, 1e6))
    outcome = solve(model, SolveOptions(gap=0.0, threads=1))
    assert outcome.objective_usd == pytest.approx(10.0)
    assert outcome.values is not None
    assert departures(data, kept, model.plan(outcome.values)) == {}


class TestCommand:
    def _books(self, tmp_path: Path) -> tuple[Path, Path]:
        before = workbook(tmp_path / "before.xlsx", decision())
        cheaper = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 1.9}]
        return before, workbook(tmp_path / "after.xlsx", decision(on_demand=cheaper))

    def test_what_was_kept_only_for_the_price_is_told(self, here: Run, tmp_path: Path) -> None:
        """On-demand has become cheaper than the lease: at a high price the lease stays, and the sheet Kept says so."""
        before, after = self._books(tmp_path)
        assert here("solve", before, "-o", "yesterday.xlsx", "--gap", 0).code == 0
        said = here(
            "solve", after, "-o", "today.xlsx", "--gap", 0, "--keep", "yesterday.xlsx", "--change-cost", 1e9, "--json"
        )
        assert said.code == 0
        kept = said.json["kept"]
        assert kept["change_cost_usd"] == pytest.approx(0.0, abs=1.0)
        assert [each["name"] for each in said.json["decisions"]] == ["L"]
        free = here("solve", after, "-o", "free.xlsx", "--gap", 0, "--json").json
        assert kept["saving_usd"] == pytest.approx(said.json["objective_usd"] - free["objective_usd"])
        assert kept["saving_usd"] > 0
        # the bound is of any plan, free to depart; what was minimised is proven by itself
        assert said.json["bound_usd"] == pytest.approx(free["objective_usd"])
        assert kept["minimised_usd"] == pytest.approx(kept["minimised_bound_usd"])
        assert any("no longer" in words for words in kept["words"])
        assert sum(said.json["costs_usd"].values()) == pytest.approx(said.json["objective_usd"], rel=1e-6)
        rows = list(openpyxl.load_workbook(tmp_path / "today.xlsx")["Kept"].iter_rows(values_only=True))
        assert rows[1][1] == "L"
        assert here("audit", after, "today.xlsx").code == 0

    def test_at_a_low_price_it_departs_and_says_what_it_was_charged(self, here: Run, tmp_path: Path) -> None:
        """At a dollar a unit the lease is dropped and its units are charged; cost and proof are the plan's own."""
        before, after = self._books(tmp_path)
        assert here("solve", before, "-o", "yesterday.xlsx", "--gap", 0).code == 0
        free = here("solve", after, "-o", "free.xlsx", "--gap", 0, "--json").json
        said = here(
            "solve", after, "-o", "today.xlsx", "--gap", 0, "--keep", "yesterday.xlsx", "--change-cost", 1, "--json"
        )
        assert said.json["objective_usd"] == pytest.approx(free["objective_usd"])
        kept = said.json["kept"]
        assert kept["change_cost_usd"] == pytest.approx(sum(kept["departed_units"].values()))
        assert kept["change_cost_usd"] > 0
        assert kept["minimised_usd"] == pytest.approx(said.json["objective_usd"] + kept["change_cost_usd"])
        assert said.json["gap"] == pytest.approx(0.0, abs=1e-6)

    def test_a_plan_and_a_price_go_together(self, here: Run, small: Path) -> None:
        """--keep without --change-cost, and the reverse, are wrong usage."""
        assert here("solve", small, "-o", "p.xlsx", "--keep", "p.xlsx").code == 2
        assert here("solve", small, "-o", "p.xlsx", "--change-cost", "5").code == 2


def _lease_or_market(**settings: Any) -> Dataset:
    """January needs one accelerator, February two in one case: leased for 700 a month, or by the hour at 1 USD."""
    return b.dataset(
        b.demand(1.0, months=2),
        b.lease("deal", b.term(2, monthly=700.0), units_max=2),
        b.on_demand(1.0),
        [scenario("calm", 0.5), scenario("boom", 0.5), factor("boom", "demand", 2.0, t=1)],
        months=2,
        first_stage_months=1,
        **settings,
    )


@pytest.mark.parametrize("risk", ["expected", "worst", "tv:0.2", "regret"])
@pytest.mark.parametrize(("price", "units"), [(5.0, 1), (100.0, 0)])
def test_what_scenarios_have_in_common_is_kept(risk: str, price: float, units: int) -> None:
    """One unit leased in January saves 744 - 700 and in February -28 of any measure: 16 for one unit departed.

    The plan to keep signs nothing; cost, charge and what departing freely would save are told, and proven.
    """
    data = _lease_or_market()
    options = PlanOptions(gap=0.0, risk=risk, change_cost=price)
    result = solve_dataset(data, options, keep=Plan())
    assert result.status == "optimal"
    assert {
        sum(each.units for each in plan.figures.plan.chosen if each.month == 0) for plan in result.plan_set.scenarios
    } == {units}
    assert result.kept is not None
    cost = result.plan_set.solution.objective_usd
    assert result.kept.charge_usd == pytest.approx(price * units, abs=1e-6)
    assert result.kept.minimised.at_most == pytest.approx(cost + price * units)
    assert result.kept.minimised.at_least == pytest.approx(cost + price * units)
    saving = result.estimates["kept.saving_usd"]
    assert saving.at_most == pytest.approx(0.0 if units else 16.0, abs=0.5)
    assert [each.name for each in result.kept.because] == ([] if units else ["deal"])


@pytest.mark.parametrize(("most", "words"), [(None, "is not known"), (2e6, "at most 2.00 m USD"), (0.0, "0 USD")])
def test_what_departing_would_save_is_told_as_far_as_it_is_known(most: float | None, words: str) -> None:
    """Nothing known of plans free to depart is no "at least 0 USD"; a bound is told as the most that they save."""
    result = solve_dataset(_lease_or_market(), PlanOptions(gap=0.0, change_cost=100.0), keep=Plan())
    assert result.kept is not None
    cost = result.plan_set.solution.objective_usd
    free = Estimate(None if most is None else cost - most, cost if most == 0.0 else None)
    result.kept = replace(result.kept, free=free)
    assert words in kept_words(result)
    assert "at least" not in kept_words(result)


def test_plans_for_scenarios_are_kept_from_the_command_line(here: Run, tmp_path: Path) -> None:
    """A plan for scenarios kept at any price is the same again, told as such, with its sheet; decomposition refuses."""
    factors = [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}]
    scenarios = [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    sheets = {"scenarios": scenarios, "scenario_factors": factors, "settings": settings}
    old = workbook(tmp_path / "old.xlsx", decision(**sheets))
    terms = [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 2.6}]
    new = workbook(tmp_path / "new.xlsx", decision(**sheets, lease_terms=terms))
    assert here("solve", old, "-o", "old plan.xlsx", "--quiet").code == 0
    kept = ("--keep", "old plan.xlsx", "--change-cost", 1e7)
    said = here("solve", new, "-o", "plan.xlsx", *kept, "--json")
    assert said.code == 0, said.err
    assert said.json["kept"]["departed_units"] == {}
    assert said.json["kept"]["minimised_usd"] == pytest.approx(said.json["objective_usd"])
    assert "Kept" in openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames
    assert here("audit", new, "plan.xlsx").code == 0
    said = here("solve", new, "-o", "other.xlsx", *kept, "--engine", "decomposition")
    assert (said.code, "cannot charge" in said.err) == (2, True)
