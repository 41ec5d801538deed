"""What a solve tells of searches that stopped, failed or were lucky: ranges, and no claim without proof."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import builders as b
import pytest
from commandline import decision
from openpyxl import load_workbook
from searches import SEARCHES, Search, lucky, search_with, three_leases
from sheets import workbook
from stochastic import scenario

import planner
from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan, Signing
from models.schema import OwnSite, Resilience, SpendCommitment
from models.supply.lease_kind import LEASE
from models.warm_start import start_values
from planner.analysis import alternatives, base_case, plan_stability
from planner.analysis.plan_comparison import compare
from planner.backtest import hindsight as looking_back
from planner.backtest.request import BacktestRequest, Inputs
from planner.backtest.summary import BacktestResult
from planner.backtest.summary import document as backtest_document
from planner.backtest.summary import headline as backtest_headline
from planner.explain.explanation import explain_plan
from planner.interrupt import Stop
from planner.reports.comparison_text import comparison_json
from planner.reports.plan.rows import filled_tables
from planner.reports.plan.text import saving_parts, saving_words
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.reports.terminal import summary_lines
from planner.results.base_case import BaseCase, parts_of
from planner.run import deterministic
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving import held_rows
from planner.solving.problem import Outcome, SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.stress.samples import draw_from_scenarios
from planner.stress.simulation import Commitment
from planner.stress.stress_test import stress_test
from planner.stress.summary import lines as stress_lines
from planner.stress.tables import stress_json
from planner.stress.workbook import stress_workbook


def _told(monkeypatch: pytest.MonkeyPatch, module: Any, search: Search, **asked: Any) -> tuple[RunResult, Any, str]:
    """The result, run.json and terminal of a solve of which one search goes as `search` does."""
    search_with(monkeypatch, module, search)
    keep = asked.pop("keep", None)
    result = solve_dataset(three_leases(), PlanOptions(gap=0.0, **asked), keep=keep)
    return result, run_json(result), "\n".join(summary_lines(result))


@SEARCHES
def test_a_base_case_that_is_not_proven_is_no_number(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """No saving is claimed: a plan that signs nothing bounds it from above; what is proven of its parts is told."""
    _, document, lines = _told(monkeypatch, base_case, search)
    saved = 2 * 744 * 9 - 2001
    true = {"base_case_usd": saved + 2001, "saving_usd": saved, "cash_saved_usd": saved, "shortage_avoided_usd": 0.0}
    for key, figure in true.items():
        low, high = (document["estimates"][key][end] for end in ("at_least", "at_most"))
        assert low is None or low <= figure * (1 + 1e-6)
        assert high is None or high >= figure * (1 - 1e-6)
    for key in ("base_case_usd", "saving_usd"):
        assert document[key] is None
        assert document["estimates"][key]["at_least"] is None
    told = document["estimates"]["saving_usd"]["at_most"]
    assert told == (pytest.approx(2 * 744 * 9 - 2001) if search is lucky else None)
    assert ("cash saved" in lines) is (search is lucky)  # from two ends that the relaxation proves
    assert ("value at stake at most" in lines) is (search is lucky)


@SEARCHES
def test_a_search_free_to_depart_that_proves_nothing_bounds_nothing(
    monkeypatch: pytest.MonkeyPatch, search: Search
) -> None:
    """With a plan to keep, no bound of the cost is told, and what departing would save is at least what was found."""
    earlier = b.solved(_dearer())
    result, document, _ = _told(monkeypatch, plan_stability, search, keep=earlier, change_cost=1e6)
    assert (document["status"], document["bound_usd"], document["gap"]) == ("optimal", None, None)
    assert document["kept"]["saving_usd"] is None
    assert document["kept"]["minimised_bound_usd"] == pytest.approx(document["kept"]["minimised_usd"])
    assert document["estimates"]["kept.saving_usd"]["at_most"] is None
    found = document["estimates"]["kept.saving_usd"]["at_least"]
    assert found == pytest.approx(2.0 if search is lucky else 0.0)
    assert result.objective_usd == pytest.approx(2003.0)


def _dearer() -> Dataset:
    """The same where a asks more, so that b and c are signed."""
    data = three_leases()
    first, *others = data.lease_terms
    return replace(data, lease_terms=(replace(first, usd_per_unit_month=5000.0), *others))


@SEARCHES
def test_alternatives_that_are_not_found_are_not_said_not_to_exist(
    monkeypatch: pytest.MonkeyPatch, search: Search
) -> None:
    """Three pairs of leases are within 1 %: where a search proves nothing it is not said that no more exist."""
    _, document, lines = _told(monkeypatch, alternatives, search, alternatives=3)
    searched = document["alternatives_searched"]
    assert searched["none_exists"] is (False if search is lucky else None)
    assert "not known" in searched["words"]
    assert "(proven)" not in lines
    assert len(document.get("alternatives", [])) == (2 if search is lucky else 0)


def test_what_rounding_leaves_of_a_shortage_is_none() -> None:
    """Where neither plan falls short, no part of the saving is shortage avoided, whatever rounding leaves."""
    base = BaseCase(Estimate.exactly(3e6), parts_of({"shortfall": 3e-6, "revenue_forgone": 0.0, "lease": 3e6}))
    assert base.shortage_avoided({"shortfall": 0.0, "revenue_forgone": 0.0, "lease": 2e6}) == Estimate.exactly(0.0)
    assert base.shortage_avoided({"shortfall": -5.0, "revenue_forgone": 0.0, "lease": 2e6}).value(0.0) == pytest.approx(
        5
    )


@SEARCHES
@pytest.mark.parametrize("stage", ["Decisions held", "Foresight"])
def test_the_cost_of_myopia_is_a_number_only_where_both_sides_are_proven(
    monkeypatch: pytest.MonkeyPatch, search: Search, stage: str
) -> None:
    """A backtest of which one search in hindsight proves nothing tells the ends that there are, and no number."""
    data = three_leases()
    followed = b.solved(_dearer())
    asked = {"Decisions held": 0, "Foresight": 1}[stage]
    calls = count()
    search_with(monkeypatch, looking_back, lambda *a, **k: (search if next(calls) == asked else solve)(*a, **k))
    found = looking_back.hindsight(
        data, followed, 0, SolveOptions(0.0), Stop(), lambda what: ProgressLines(what, "USD")
    )
    request = BacktestRequest(Path("f.xlsx"), Path("a.xlsx"), gap=0.0)
    result = BacktestResult(request, Inputs(data, data, 0, ("", ""), ""), [], found, [])
    document = backtest_document(result)
    assert (document["myopia_usd"], document["myopia_share"]) == (None, None)
    told = document["estimates"]["myopia_usd"]
    assert told["at_least"] is None or told["at_least"] <= 2.0  # which b and c cost more than a and b
    assert (told["at_most"] is None) or stage == "Decisions held"
    assert "✔" not in backtest_headline(result)


def test_the_cost_of_myopia_is_a_number_where_both_sides_are_proven() -> None:
    """Leases b and c in place of a and b cost 2 USD more."""
    found = looking_back.hindsight(
        three_leases(), b.solved(_dearer()), 0, SolveOptions(0.0), Stop(), lambda what: ProgressLines(what, "USD")
    )
    assert found.myopia.value(0.0) == pytest.approx(2.0)


@SEARCHES
def test_a_stress_test_tells_a_cost_only_where_every_sample_is_proven(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path
) -> None:
    """Samples that end with a plan and no proof give what the cost is at most; those without a plan count nowhere."""
    data = replace(three_leases(), scenarios=(scenario("s", 1.0),))
    plan = b.solved(three_leases())
    commitment = Commitment(plan, 0, plan.objective_usd)
    proven = stress_test(data, commitment, draw_from_scenarios(data, 2, 1), gap=0.0)
    assert stress_json(proven)["cost_usd"]["expected"]["value"] == pytest.approx(2001.0)
    assert proven.tone == "good"
    search_with(monkeypatch, held_rows, search)
    report = stress_test(data, commitment, draw_from_scenarios(data, 2, 1), gap=0.0)
    document, words = stress_json(report), " ".join(stress_lines(report))
    assert report.tone != "good"
    if search is not lucky:
        assert (document["cost_usd"], document["samples"]["undecided"]) == (None, 2)
        assert "Expected cost" not in words
        return
    cost = document["cost_usd"]
    assert (cost["expected"]["value"], cost["expected"]["low"], cost["most"]) == (None, None, None)
    assert cost["expected"]["high"] == pytest.approx(2001.0)
    assert (document["largest_gap"], [each["gap"] for each in document["results"]]) == (None, [None, None])
    assert "Expected cost at most 2,001 USD" in words
    (tmp_path / "stress.xlsx").write_bytes(stress_workbook(report))
    page = load_workbook(tmp_path / "stress.xlsx")["Stress test"]
    rows = {row[0]: row[1:5] for row in page.iter_rows(values_only=True) if isinstance(row[0], str)}
    assert [each for each in rows["Expected cost"] if each is not None] == [pytest.approx(2001.0)]


def _poor(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
    """Ends with b and c, a USD a month dearer than a and b, and with the bound of the best."""
    model = build_model(
        replace(three_leases(), leases=three_leases().leases[1:], lease_terms=three_leases().lease_terms[1:])
    )
    outcome = solve(model, options)
    assert outcome.values is not None
    start = start_values(problem, model.plan(outcome.values))
    found = solve(fixed_problem(problem, start), options)
    return replace(found, status="stopped", bound_usd=solve(problem, options).bound_usd)


@pytest.mark.parametrize("asked", [{"alternatives": 1}, {"keep": 0.5}, {"keep": 5.0}])
def test_a_better_plan_found_for_another_question_is_published(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    """A search ends with b and c at 2003: what the next one finds at 2001 takes its place, and is within the gap.

    With a plan of b and c to keep, a and b are better as long as the two units departed cost less than the 2 saved.
    """
    monkeypatch.setattr(deterministic, "solve", _poor)
    price = asked.pop("keep", None)
    keep = None if price is None else b.solved(_dearer())
    result = solve_dataset(three_leases(), PlanOptions(gap=0.0, change_cost=price, **asked), keep=keep)
    departs = price != 5.0
    assert result.objective_usd == pytest.approx(2001 if departs else 2003)
    assert {each.name for each in result.plan_set.only.plan.signings} == ({"a", "b"} if departs else {"b", "c"})
    assert result.audit is not None
    assert result.audit.passed
    if price is None:
        assert (result.status, result.gap) == ("optimal", pytest.approx(0.0))
        assert [each.cost_usd for each in result.alternatives] == [pytest.approx(2003)]
    elif result.kept is not None:
        assert result.kept.minimised.at_most == pytest.approx(2001 + 2 * price if departs else 2003)
        assert result.kept.saving(result.plan_set.only.plan.objective_usd).at_most == pytest.approx(
            0.0 if departs else 2.0
        )


def test_signing_nothing_is_published_where_it_costs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search ends with a dear lease where the base case buys on demand: the base case is the plan."""

    def poor(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        plan = Plan(signings=(Signing(LEASE, "dear", 0, 1, 1, 0, 0),))
        found = solve(fixed_problem(problem, start_values(problem, plan)), options)
        return replace(found, status="stopped", bound_usd=None)

    data = b.dataset(b.demand(1.0), b.lease("dear", b.term(1, hourly=9.0)), b.on_demand(2.0), months=1)
    monkeypatch.setattr(deterministic, "solve", poor)
    result = solve_dataset(data, PlanOptions(gap=0.0))
    assert result.objective_usd == pytest.approx(744 * 2.0)
    assert result.plan_set.only.plan.signings == ()
    assert (result.status, result.bound_usd) == ("stopped", None)
    assert result.saving.at_most == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ((2001.0, 0.0), ""),
        ((2001.0 + 1e-7, 1e-7), ""),
        ((2001.0 + 1e-4, 0.0), ""),
        ((3001.0, 0.0), "cash saved 1,000 USD"),
        ((3001.0, 400.0), "cash saved 600 USD, shortage avoided (a penalty, which nobody pays) 400 USD"),
        ((3001.0, -400.0), "cash saved 1,400 USD, shortage added (a penalty, which nobody pays) 400 USD"),
    ],
)
def test_the_parts_of_what_is_at_stake_are_told_where_there_are_any(base: tuple[float, float], words: str) -> None:
    """Nothing saved has no parts, and a shortage that the plan adds is not called one that it avoids."""
    result = solve_dataset(three_leases(), PlanOptions(gap=0.0))
    cost, shortfall = base
    costs = dict.fromkeys(result.plan_set.costs_usd, 0.0) | {"shortfall": shortfall}
    result.base_case = BaseCase(Estimate.exactly(cost), parts_of(costs))
    assert saving_parts(result) == words


@pytest.mark.parametrize(
    ("limit", "stopped", "words"),
    [
        (9.0, False, "not known within the time; a longer --time-limit gives its search more"),
        (None, False, "not known within the time"),
        (9.0, True, "not known: the run was stopped"),
    ],
)
def test_what_is_at_stake_is_not_told_by_a_bound_that_says_nothing(
    limit: float | None, stopped: bool, words: str
) -> None:
    """Of a base case that costs at least 30 USD, less than the plan, neither text nor figures tell a value at stake."""
    result = solve_dataset(three_leases(), PlanOptions(gap=0.0))
    result.base_case = BaseCase(Estimate(30.0, None))
    result.options, result.interrupted = {"time_limit": limit}, stopped
    [line] = [line for line in summary_lines(result) if "Signing nothing" in str(line)]
    assert line == f"  Signing nothing   at least 30 USD; value at stake {words}"
    document = run_json(result)
    nothing = {"at_least": None, "at_most": None, "known_by": "unknown"}
    assert document["estimates"]["saving_usd"] == document["estimates"]["cash_saved_usd"] == nothing
    assert document["estimates"]["base_case_usd"] == {"at_least": 30.0, "at_most": None, "known_by": "solves"}
    [summary] = [each for each in filled_tables(result) if each.table.sheet == "Summary"]
    told = {row[0]: row[1] for row in summary.rows if "base case" in row[0] and row[1] is not None}
    assert told == {"base case, signing nothing new, at least": 30.0}
    assert words in saving_words(result, "net present cost", 2001.0)


def test_a_range_below_zero_is_told_as_what_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cash of which both ends are known to be spent is not called a negative saving."""
    result = solve_dataset(three_leases(), PlanOptions(gap=0.0))
    monkeypatch.setattr(type(result), "cash_saved", Estimate(-400.0, -300.0))
    monkeypatch.setattr(type(result), "shortage_avoided", Estimate.exactly(0.0))
    monkeypatch.setattr(type(result), "revenue_kept", Estimate.exactly(0.0))
    assert saving_parts(result) == "additional cash spent between 300 USD and 400 USD"


def test_a_little_of_an_offer_is_told_apart_from_a_unit_of_it() -> None:
    """Half an accelerator of work on demand at 2 an hour: one leased at 1.5 would save 1, so a unit costs 0.5 more.

    A little of it is worth 2 an hour. The plan's sheet says no more than that; `explain` solves with the unit signed.
    """
    data = b.dataset(b.demand(0.5), b.lease("whole", b.term(1, hourly=1.5)), b.on_demand(2.0), months=1)
    result = solve_dataset(data, PlanOptions(gap=0.0))
    [table] = [each for each in filled_tables(result) if each.table.sheet == "Offers not taken"]
    [row] = [dict(zip(table.table.headers, each, strict=True)) for each in table.rows]
    assert (row["extra_at_least_usd"], row["extra_at_most_usd"]) == (0.0, None)
    assert (row["break_even_at_least"], row["break_even_at_most"]) == (None, None)
    assert "a small part of a unit is worth more" in row["in_words"]
    assert "whether a whole unit pays is not known" in row["in_words"]
    plan = result.plan_set.only.plan
    explained = explain_plan(data, plan, Estimate.exactly(plan.objective_usd), seconds=60.0, gap=0.0, workers=1)
    [offer] = explained.offers
    assert offer.difference.value(1e-6) == pytest.approx(0.5 * 744)
    assert offer.break_even.value(1e-6) == pytest.approx(2 / 3)


def test_an_offer_without_accelerators_of_its_own_is_not_told_as_one_that_cannot_be_signed() -> None:
    """A commitment to the provider of the hours and a site can be signed; a lease that begins too late cannot."""
    promise = SpendCommitment(
        commitment="promise", provider="spot", usd=1e6, from_month=b.JAN, until_month=b.JAN, status="offer"
    )
    site = OwnSite(build="site", region="us", block_mw=1.0, capex_usd_per_mw=1e7)
    late = b.lease("late", b.term(1, hourly=1.5), sign_from=b.JAN + 1)
    data = b.dataset(b.demand(0.5), promise, site, late, b.on_demand(2.0), months=1)
    result = solve_dataset(data, PlanOptions(gap=0.0))
    [table] = [each for each in filled_tables(result) if each.table.sheet == "Offers not taken"]
    rows = {row["offer"]: row for row in (dict(zip(table.table.headers, each, strict=True)) for each in table.rows)}
    assert "cannot be signed in this horizon" in rows["late"]["in_words"]
    for name in ("promise", "site"):
        assert "marginal values do not tell whether it pays" in rows[name]["in_words"]
        assert (rows[name]["extra_at_least_usd"], rows[name]["known_by"]) == (0.0, "bound")


@SEARCHES
def test_a_plan_that_is_not_proven_is_not_called_the_best(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path
) -> None:
    """No sheet, key, line or attribute speaks of a gap or of other plans where the search for the plan proves nothing.

    Compared with a proven plan of the same input, the least costs do not differ, whatever is proven of either.
    """
    problem = planner.read(workbook(tmp_path / "problem.xlsx", decision()))
    proven = planner.solve(problem, gap=0.0)
    monkeypatch.setattr(deterministic, "solve", search)
    found = planner.solve(problem, gap=0.0)
    if search is not lucky:
        assert (found.status, found.objective_usd, found.document["bound_usd"]) == ("no_plan", None, None)
        return
    assert (found.status, found.gap, found.bound_usd) == ("stopped", None, None)
    assert found.base_case_usd == proven.base_case_usd
    assert found.document["base_case_usd"] == found.base_case_usd
    found.to_excel(tmp_path / "lucky.xlsx")
    proven.to_excel(tmp_path / "proven.xlsx")
    book = load_workbook(tmp_path / "lucky.xlsx")
    page = " ".join(str(cell) for row in book["Plan"].iter_rows(values_only=True) for cell in row if cell is not None)
    assert "how far this plan is from the best one is not known" in page
    assert "no other plan" not in page
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    for metric in ("lower bound on net present cost", "gap", "most that any other plan could save"):
        assert summary[metric] is None
    assert "Gap" not in str(found)
    compared = comparison_json(compare([tmp_path / "proven.xlsx", tmp_path / "lucky.xlsx"]))
    [other] = compared["against_first"]
    assert other["difference_usd"] == pytest.approx(0.0)
    ends = [other["least_cost_difference_usd"][end] for end in ("at_least", "at_most")]
    assert ends == [0.0, 0.0]  # the input is the same, so the least cost is
    assert compared["plans"][1]["bound_usd"] is None


@pytest.mark.parametrize("protected", [True, False])
def test_a_stop_without_a_plan_says_that_those_told_before_may_not_survive_a_loss(protected: bool) -> None:
    """Progress tells of plans that break `resilience`, so that the end speaks of plans that survive what it names."""
    rows = [Resilience(segment="chat", against="site", protected_share=0.5)] * protected
    data = b.dataset(b.demand(1.0, months=2), b.on_demand(3.0), b.lease("A", b.term(2, 1.0)), *rows, months=2)
    line, *_ = summary_lines(RunResult(status="no_plan", dataset=data))
    ending = "before any plan was found" + " that survives what resilience names" * protected
    assert line.endswith(f"Stopped early, {ending}.")
