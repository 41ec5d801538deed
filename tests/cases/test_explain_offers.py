"""What offers are worth and would have to cost, worked out by hand on small problems."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import builders as b
import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook
from told_documents import InThisProcess

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Residual, Rule, SpendCommitment
from planner.explain.breakeven import FURTHEST, KNOWN_WIDTH, BreakEven, Point
from planner.explain.explanation import answer_questions
from planner.explain.offers import OfferAnswer
from planner.explain.words import offer_words
from planner.solving import worker_pool
from planner.solving.problem import SolveOptions

HOURS = 744
EXACT = SolveOptions(gap=0.0, threads=1)


def _explained(data: Dataset) -> dict[str, OfferAnswer]:
    plan = b.solved(data)
    with worker_pool.WorkerPool(1) as workers:
        found = answer_questions(data, plan, Estimate.exactly(plan.objective_usd), workers, EXACT)
    return {each.name: each for each in found.offers}


def _about(figure: float) -> Estimate:
    """A figure of which both ends are known, but for rounding."""
    return Estimate(pytest.approx(figure), pytest.approx(figure))


def _promise(usd: float) -> SpendCommitment:
    return SpendCommitment(commitment="promise", provider="neo", usd=usd, from_month=b.JAN, until_month=b.JAN)


def _data(*rows: object) -> Dataset:
    return b.dataset(b.demand(2.0), *rows, months=1)


def test_an_offer_too_dear_by_half() -> None:
    """A lease at 4 USD against on-demand at 2: forcing it in costs 2 an hour, and at half its price it is even."""
    found = _explained(_data(b.lease("dear", b.term(1, hourly=4.0)), b.on_demand(2.0)))["dear"]
    assert not found.taken
    assert found.difference == _about(2.0 * HOURS)
    assert found.break_even == _about(0.5)
    assert found.complete


BENT = {
    # to its provider 1,000 USD are owed at least: max(744 f, 1,000) against 1,488 on demand and 1,000 topped up
    "a promise to its provider": (
        [b.lease("bent", b.term(1, hourly=1.0), provider="neo"), _promise(1000.0)], {}, 2488 / 744
    ),
    # of February's 672 f no more is counted than is above what the hours are worth, 336
    "what its hours are worth beyond the horizon": (
        [b.lease("bent", b.term(2, hourly=1.0)), Residual(hardware="H100", usd_per_accelerator_hour=0.5)],
        {"end_of_horizon": "residual"}, (1488 + 336) / 1416
    ),
    # beyond the 1,000 in the bank interest is due, with the lease as on demand
    "interest on what is drawn": (
        [b.lease("bent", b.term(1, hourly=1.0))],
        {"opening_cash_usd": 1000.0, "credit_line_usd": 1e6, "credit_interest": 1.0}, 2.0
    ),
}  # fmt: skip
"""Bills that bend along an offer's price, with the break-even worked out."""


@pytest.mark.parametrize("what", BENT)
def test_a_break_even_holds_where_bills_bend_along_the_price(what: str) -> None:
    """No line or chord over the price bounds a cost that bends upwards: both ends are on their side of the truth."""
    rows, settings, true = BENT[what]
    data = b.dataset(b.demand(1.0), b.on_demand(2.0), *rows, months=1, discount_rate=0.0, **settings)
    plan = b.solved(data)
    found = answer_questions(data, plan, Estimate.exactly(plan.objective_usd), InThisProcess(), EXACT)  # type: ignore[arg-type]
    [even] = [each.break_even for each in found.offers if each.name == "bent"]
    assert even.at_least is not None
    assert even.at_most is not None
    assert even.at_least <= true + 1e-6
    assert even.at_most >= true - 1e-6
    assert even.at_most - even.at_least <= KNOWN_WIDTH * even.at_most


def test_a_promise_that_is_met_today_is_topped_up_at_a_higher_one() -> None:
    """Two accelerators on demand cost 2 x 2 x 744 = 2,976, a tenth less with 1,000 promised; 2,976 are worth it."""
    promise = replace(_promise(1000.0), status="offer", on_demand_multiple=0.9)
    found = _explained(_data(promise, b.on_demand(2.0, provider="neo")))["promise"]
    assert found.taken
    assert found.difference == _about(297.6)
    assert found.break_even.at_least is not None
    assert found.break_even.at_most is not None
    assert found.break_even.at_least <= 2.976 <= found.break_even.at_most <= found.break_even.at_least + 3 * KNOWN_WIDTH


def test_an_offer_without_a_price_has_none_that_matters() -> None:
    """Nothing that a price is multiplied with is paid for a lease at 0, whatever else is promised to its provider."""
    found = _explained(_data(_promise(1000.0), b.lease("free", b.term(1, hourly=0.0)), b.on_demand(2.0)))["free"]
    assert not found.price_matters


def test_a_price_says_of_which_term_or_tier_it_is() -> None:
    """Of a lease for 1 month at 3 or 2 at 1.5 that of the longest, of tiers that of the first."""
    two = b.lease("two", b.term(1, hourly=3.0), b.term(2, hourly=1.5))
    tiered = b.contract("tiered", tiers={1: 5.0, 2: 4.0}, term_months=2, blocks=2)
    data = b.dataset(b.demand(1.0, 1.0), two, b.lease("one", b.term(1, hourly=3.0)), tiered, b.on_demand(2.0), months=2)
    said = {name: offer_words(each, data, 0.0) for name, each in _explained(data).items()}
    assert "USD an accelerator-hour for 2 months (" in said["two"]
    assert "USD an accelerator-hour of the first tier (" in said["tiered"]
    assert "USD an accelerator-hour (" in said["one"]


def test_an_offer_taken_is_worth_what_it_saves() -> None:
    """A lease at 1 USD saves 1 an hour against on-demand at 2, and could be twice as dear."""
    found = _explained(_data(b.lease("cheap", b.term(1, hourly=1.0)), b.on_demand(2.0)))["cheap"]
    assert (found.taken, found.units) == (True, 1)
    assert found.difference == _about(1.0 * HOURS)
    assert found.break_even == _about(2.0)


def test_a_cheaper_price_calls_for_more_of_it() -> None:
    """A contract forced in with one block at 5 USD breaks even with two at the lower tier: Newton finds it."""
    # one block at 5, two at 4.2 each; on-demand is 3. At f of the price: one block 5f + 3, two 8.4f, none 6
    contract = b.contract("frame", {1: 5.0, 2: 4.2}, term_months=1, max_blocks=2)
    found = _explained(_data(contract, b.on_demand(3.0)))["frame"]
    assert found.difference == _about(2.0 * HOURS)
    # with one block it is even at 0.6; there two cost 5.04, and the chord from there to 8 at today's price meets 6
    assert found.break_even == Estimate(pytest.approx(6 / 8.4), pytest.approx(0.6 + 0.4 * 0.96 / 2.96))


def test_what_an_offer_would_displace_is_named() -> None:
    """Of two leases only one is needed: forcing in the dearer one displaces the cheaper one."""
    data = b.dataset(
        b.demand(1.0), b.lease("one", b.term(1, hourly=1.0)), b.lease("two", b.term(1, hourly=1.5)), months=1
    )
    found = _explained(data)
    assert found["two"].displaces == ("one: no longer 1 unit from 2026-01",)
    assert found["two"].difference == _about(0.5 * HOURS)
    assert found["two"].break_even == _about(2 / 3)
    assert found["one"].displaces == ("two: newly 1 unit from 2026-01",)
    assert found["one"].break_even == _about(1.5)


def test_a_lease_out_needs_a_better_price() -> None:
    """An accelerator at work instead of on-demand at 3 would have to bring 3 an hour; a taker pays 2."""
    data = b.dataset(b.demand(1.0), b.fleet(), b.on_demand(3.0), b.lease_out("out", hourly=2.0), months=1)
    found = _explained(data)["out"]
    assert not found.taken
    assert found.difference == _about(1.0 * HOURS)
    assert found.break_even == _about(1.5)


def test_a_lease_out_taken_may_pay_less() -> None:
    """An idle accelerator is leased out at any price above nothing."""
    data = b.dataset(b.fleet(), b.lease_out("out", hourly=2.0), months=1)
    found = _explained(data)["out"]
    assert found.taken
    assert found.break_even == Estimate(pytest.approx(0.0, abs=1e-9), pytest.approx(0.0, abs=1e-9))
    assert offer_words(found, data, 0.0).startswith(
        "Worth 1,488 USD; it drops out below its break-even price, 0 USD an accelerator-hour (0 %"
    )


def test_a_break_even_of_no_price_is_told_as_one() -> None:
    """What is leased out would else be idle: the price down to which that is worth it is 0, not a last digit of costs.

    0.1 + 0.2 is no 0.3 in binary: the line of the plan known met the cost without at -1e-16 of the price.
    """
    even = BreakEven(Estimate.exactly(0.3), buys=False, points=[Point(1.0, 0.1 + 0.2, -0.5, -0.2)])
    even.points.append(Point(0.0, 0.1 + 0.2, -0.5, 0.1 + 0.2))
    assert (even.known().at_least, even.known().at_most) == (0.0, 0.0)


def test_a_lease_out_that_stays_even_unpaid() -> None:
    """It brings another of 5 USD with it by a rule, and could cost as much itself: -5 is -250 % of its price."""
    data = b.dataset(
        b.fleet(accelerators=2.0),
        b.lease_out("lure", hourly=2.0),
        b.lease_out("prize", hourly=5.0),
        Rule(rule="together", kind="requires", offers=("prize", "lure")),
        months=1,
    )
    found = _explained(data)["lure"]
    assert found.break_even.at_most == pytest.approx(-2.5)
    assert found.complete
    assert offer_words(found, data, 0.0).endswith("It stays even unpaid.")


def test_what_no_plan_can_do_without_or_with() -> None:
    """The only offer there is cannot be left out; one that a rule excludes cannot be forced in."""
    data = b.dataset(
        b.demand(1.0),
        b.lease("only", b.term(1, hourly=1.0)),
        b.lease("barred", b.term(1, hourly=0.5), sign_until=b.JAN, lead_months=0),
        Rule(rule="house", kind="at_most", offers=("barred",), count=0),
        months=1,
    )
    found = _explained(data)
    assert (found["only"].taken, found["only"].infeasible) == (True, True)
    assert (found["barred"].taken, found["barred"].infeasible) == (False, True)
    assert found["only"].break_even == Estimate.unknown()


def test_an_offer_that_is_not_worth_taking_even_for_nothing() -> None:
    """A lease whose use costs more than on-demand, forced in with an upfront that stays, is not worth it when free."""
    # usage stays when the price falls; it need not be used, so a running cost is what is needed: a lease-free fee
    data = b.dataset(
        b.demand(1.0),
        b.lease("burden", b.term(1, hourly=1.0)),
        b.on_demand(2.0),
        Rule(rule="comes with", kind="requires", offers=("burden", "ballast")),
        b.lease("ballast", b.term(1, monthly=9000.0), holds=0.0),
        months=1,
    )
    found = _explained(data)["burden"]
    assert found.never
    assert offer_words(found, data, 0.0).endswith("; it is not worth accepting even free of charge.")


def test_no_time_left_leaves_an_answer_for_every_offer() -> None:
    """With no time at all every offer is still told of, with nothing known."""
    data = _data(b.lease("dear", b.term(1, hourly=4.0)), b.on_demand(2.0))
    plan = b.solved(data)
    with worker_pool.WorkerPool(1, seconds=0.0) as workers:
        [found] = answer_questions(data, plan, Estimate(None, plan.objective_usd), workers, EXACT).offers
    assert (found.difference, found.break_even) == (Estimate(0.0, None, "bound"), Estimate.unknown())
    assert offer_words(found, data, 0.0) == "Not known: not searched: the time was over or the run was stopped."
    assert not found.complete


def test_from_the_command_line(here: Run, small: Path, tmp_path: Path) -> None:
    """`explain` writes a page and a table for each question, and says the same as JSON."""
    solved = here("solve", small, "-o", "plan.xlsx", "--json").json
    said = here("explain", small, "plan.xlsx", "-o", "why.xlsx", "--workers", "1", "--json")
    assert said.code == 0
    told, book = said.json, openpyxl.load_workbook(tmp_path / "why.xlsx")
    assert told["cost_usd"] == pytest.approx(solved["objective_usd"])
    assert book.sheetnames[0] == "Explanation"
    sheets = [book[name] for name in ("Offers taken", "Offers not taken") if name in book.sheetnames]
    listed = {row[0] for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert listed == {each["offer"] for each in told["offers"]} != set()
    marginal = told["marginal"]
    assert book["Marginal values"].max_row - 1 == sum(len(marginal[what]) for what in ("tokens", "power", "caps"))
    assert len({each["month"] for each in marginal["tokens"]}) == solved["months"]


@pytest.mark.parametrize("vary", [(), ("--vary", "demand=+0%..+50%/2")])
def test_a_better_plan_is_written_to_begin_from(here: Run, small: Path, tmp_path: Path, vary: tuple[str, ...]) -> None:
    """A plan that buys all on demand costs more than leasing: the plan found on the way is one to start from."""
    poor = here("solve", small, "-o", "poor.xlsx", "--set", "leases.L.units_max=0", "--json").json["objective_usd"]
    said = here("explain", small, "poor.xlsx", "-o", "why.xlsx", "--workers", "1", "--json", *vary)
    best = here("solve", small, "-o", "best.xlsx", "--json").json["objective_usd"]
    saving = said.json["better_plan_saving_usd"]
    assert said.json["better_plan_cost_usd"] == pytest.approx(best)
    assert saving["at_least"] == pytest.approx(poor - best)
    assert saving["at_most"] == pytest.approx(saving["at_least"], rel=0.002)
    assert said.json["better_plan_path"].endswith("why.better-plan.xlsx")
    assert here("audit", small, "why.better-plan.xlsx").code == 0
    page = openpyxl.load_workbook(tmp_path / "why.xlsx").worksheets[0]
    assert any("A better plan was found" in str(cell.value) for row in page.iter_rows() for cell in row if cell.value)
    assert here("solve", small, "-o", "next.xlsx", "--start", "why.better-plan.xlsx").code == 0


def test_a_bound_that_a_plan_records_counts_for_its_own_problem_only(here: Run, tmp_path: Path) -> None:
    """Where the lease left out has become cheap, a plan that buys on demand costs the same, and is not the best."""
    terms = {usd: [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": usd}] for usd in (50, 1)}
    dear, cheap = (workbook(tmp_path / f"{usd}.xlsx", decision(lease_terms=terms[usd])) for usd in terms)
    assert here("solve", dear, "-o", "plan.xlsx", "--gap", "0").code == 0
    own, other = (
        here(
            "explain", book, "plan.xlsx", "-o", "why.xlsx", "--vary", "demand=+0%,+1%", "--time-limit", "0.1", "--json"
        ).json
        for book in (dear, cheap)
    )
    assert own["bound_usd"] == pytest.approx(own["cost_usd"])
    assert other["bound_usd"] is None or other["bound_usd"] < 0.9 * own["cost_usd"]


def test_a_search_further_on_bounds_a_price_that_leaves_its_gap_open() -> None:
    """At the break-even of 1.5 a bound is 1 below what the best plan without it costs; at 4.5 it is far above that.

    The plans that take it cost 85 + 10 f, others 100. The chord from (1, 94.5) to (4.5, 125) meets 100 at 1.631, that
    from (1.5, 99) at 1.615.
    """
    even = BreakEven(Estimate.exactly(100.0), points=[Point(1.0, 85.0, 10.0, 94.5)])
    assert even.next_price() == pytest.approx(4.5)
    even.points.append(Point(4.5, 85.0, 10.0, 125.0))
    assert even.known() == Estimate(pytest.approx(1.5), pytest.approx(1.0 + 3.5 * 5.5 / 30.5))
    assert even.next_price() == pytest.approx(1.5)
    even.points.append(Point(1.5, 85.0, 10.0, 99.0))
    assert even.known() == Estimate(pytest.approx(1.5), pytest.approx(1.5 + 3.0 / 26.0))
    assert even.next_price() is None


def test_an_offer_that_is_not_taken_is_out_at_todays_price_already() -> None:
    """Plans that take it cost 99 + 2 f, others 100: it is looked for at the break-even of 0.5, not at dearer prices."""
    even = BreakEven(Estimate.exactly(100.0), points=[Point(1.0, 99.0, 2.0, 100.5)])
    assert even.known() == Estimate(pytest.approx(0.5), 1.0)
    assert even.next_price() == pytest.approx(0.5)


def test_what_is_left_next_to_no_price_is_tried_at_none() -> None:
    """Off lines, halving ends at prices of which little is left; worth it at none at all, both ends are known."""
    dearer = Point(KNOWN_WIDTH / 4.0, 100.5, 0.0, 100.5)
    even = BreakEven(Estimate.exactly(100.0), linear=False, points=[Point(1.0, 200.0, 0.0, 200.0), dearer])
    assert even.next_price() == 0.0
    assert not even.is_settled
    worth = replace(even, points=[*even.points, Point(0.0, 99.0, 0.0, 99.0)])
    assert worth.known() == Estimate(0.0, dearer.f)
    assert worth.is_settled
    not_worth = replace(even, points=[*even.points, Point(0.0, 100.5, 0.0, 100.5)])
    assert not_worth.never()


def test_where_a_rule_depends_on_the_price_both_sides_are_tried() -> None:
    """Without chords nothing leads back from far: a nearer price beyond, one where a plan known may do, the middle."""
    even = BreakEven(Estimate(98.0, 100.0), linear=False, points=[Point(1.0, 85.0, 10.0, 95.0)])
    assert even.next_price() == pytest.approx(1.5 + 0.25 * 1.5)
    even.points.append(Point(1.875, None, 0.0, math.inf))
    assert even.known() == Estimate(1.0, 1.875)
    assert even.next_price() == pytest.approx(1.29)
    even.points.append(Point(1.29, None, 0.0, math.inf))
    assert even.known() == Estimate(1.0, 1.29)
    assert even.next_price() == pytest.approx(1.145)
    dear = BreakEven(Estimate.exactly(100.0), linear=False, points=[Point(1.0, 95.0, 10.0, 105.0)])
    assert dear.known() == Estimate(None, 1.0)
    assert dear.next_price() == pytest.approx(0.49)


def test_an_offer_that_is_worth_it_at_any_price_is_not_asked_about_for_ever() -> None:
    """With risk an offer may be paid in scenarios that no cost counts of: prices rise to a thousand times today's."""
    even = BreakEven(Estimate.exactly(100.0), linear=False, points=[Point(1.0, 60.0, 10.0, 60.0)])
    asked = []
    while (price := even.next_price()) is not None:
        even.points.append(Point(price, 60.0, 0.0, 60.0))
        asked.append(price)
        assert len(asked) < 50
    assert 100.0 < max(asked) <= FURTHEST
    assert not even.is_settled
