"""The cash account by hand: balance, credit line, interest. A billion tokens a day: 31 bn in January, 28 in February.

A yearly rate of 4095 doubles what is owed in a month: (1 + 4095)^(1/12) = 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    costs,
    dataset,
    demand,
    fleet,
    lease,
    lease_out,
    on_demand,
    present,
    segment,
    solved,
    solved_or_none,
    term,
)
from sheets import errors_of, tables, workbook

from models.audit import audit
from models.checks import check
from models.dataset import Dataset
from models.plan import Plan
from models.policy.cash_account import account_of
from models.roll import roll_forward
from models.schema import Cap, Funding, Limit, OwnSite, Run, Scenario, ScenarioFactor
from models.variants.elastic import RelaxableRule
from planner.analysis.infeasibility import explain_infeasible
from planner.problem_reader import read

DOUBLES = 2.0**12 - 1
HALVES = 2.0**12 - 1
"""A discount rate at which a month later money counts half."""


def bank(opening: float, line: float = 1e6, **settings: Any) -> dict[str, Any]:
    """Settings of an account."""
    return {"opening_cash_usd": opening, "credit_line_usd": line, **settings}


def running(usd_per_hour: float = 1.0, *rows: Any, months: int = 2, **settings: Any) -> Dataset:
    """A fleet of one that costs 744 in January and 672 in February at 1 USD an hour, and earns nothing."""
    return dataset(fleet(usd_per_accelerator_hour=usd_per_hour), *rows, months=months, **settings)


def closings(data: Dataset, plan: Plan) -> list[float]:
    return [each.closing for each in account_of(data, plan)]


def test_what_is_paid_leaves_the_bank() -> None:
    """2000 less 744 less 672; without an overdraft no interest is due."""
    data = running(**bank(2000.0, 0.0))
    plan = solved(data)
    assert closings(data, plan) == pytest.approx([1256, 584])
    assert costs(plan) == pytest.approx({"fleet": 1416})


def test_interest_is_due_a_month_after_it_is_drawn_and_once_more_after_the_last() -> None:
    """Of 500 in January 744 is paid: 244 drawn, as much due in February; then 244 + 672 + 244 = 1160, due in March."""
    data = running(**bank(500.0, credit_interest=DOUBLES))
    plan = solved(data)
    assert cash(plan, "interest") == pytest.approx({1: 244, 2: 1160})
    assert closings(data, plan) == pytest.approx([-244, -1160])
    assert costs(plan) == pytest.approx({"fleet": 1416, "interest": 1404})


def test_interest_is_discounted_beyond_the_horizon_too() -> None:
    """January's 744 from nothing: the same again in February, month 1 of a horizon of one, counts half."""
    plan = solved(running(months=1, discount_rate=HALVES, **bank(0.0, credit_interest=DOUBLES)))
    assert present(plan, "interest") == pytest.approx({1: 372})


def test_what_was_drawn_before_month_0_costs_interest_in_it() -> None:
    """100 drawn before January cost 100 in it; 100 + 744 + 100 = 944 are drawn then, and cost 944."""
    plan = solved(running(months=1, **bank(-100.0, credit_interest=DOUBLES)))
    assert cash(plan, "interest") == pytest.approx({0: 100, 1: 944})


def test_no_more_is_drawn_than_the_credit_line() -> None:
    """744 + 672 less 400: with a line of 1016 there is a plan, with 1015 there is none."""
    assert solved_or_none(running(**bank(400.0, 1016.0))) is not None
    assert solved_or_none(running(**bank(400.0, 1015.0))) is None


def test_funding_comes_in_in_its_month() -> None:
    """700 in February are too late for January's 744: nothing in the bank, 700 of credit."""
    rows = [Funding(source="owners", month=JAN + 1, usd=700.0), Funding(source="owners", month=JAN - 1, usd=9e9)]
    assert solved_or_none(running(1.0, rows, **bank(0.0, 743.0))) is None
    data = running(1.0, rows, **bank(0.0, 744.0))
    assert closings(data, solved(data)) == pytest.approx([-744, -716])


def test_revenue_earned_fills_the_account_less_other_costs() -> None:
    """31,000 million tokens at 0.02 earn 620, of which 0.25 goes elsewhere: 465 - 744 = -279."""
    chat = segment(revenue_usd_per_mtok=0.02)
    data = running(1.0, chat, demand(1), months=1, **bank(0.0, other_cost_share=0.25))
    assert closings(data, solved(data)) == pytest.approx([-279])


def test_tokens_short_and_limits_earn_nothing() -> None:
    """Of two billion a limit leaves 1.5 and one is served: 620 of 1240."""
    chat = segment(revenue_usd_per_mtok=0.02, shortfall_usd_per_mtok=0.1)
    tight = Limit(segment="chat", limit="tight", demand_multiplier=0.75)
    data = running(0.0, chat, tight, demand(2), months=1, **bank(0.0))
    assert closings(data, solved(data)) == pytest.approx([620])


def test_credit_decides_what_is_signed() -> None:
    """Two months leased at 1 USD with 900 upfront cost 2316 and 1644 in January; on demand at 2 USD 2832 and 1488.

    With 1600 of credit the cheaper lease, of January only, is out of reach.
    """
    rows = [lease("lease", term(2, 1.0, upfront_usd_per_unit=900), sign_until=JAN), on_demand(2.0), demand(1, 1)]
    rows.append(Funding(source="bank", month=JAN + 1, usd=9e3))
    assert costs(solved(dataset(rows, months=2, **bank(0.0, 1644.0)))) == pytest.approx({"lease": 2316})
    assert costs(solved(dataset(rows, months=2, **bank(0.0, 1600.0)))) == pytest.approx({"on_demand": 2832})


def test_no_cap_on_cash_counts_interest() -> None:
    """A cap of 744 on January and 672 on February holds, though interest is paid besides."""
    most = Cap(cap="most", measure="cash_usd", scope="total", sense="max", value=744.0)
    plan = solved(running(1.0, most, **bank(0.0, credit_interest=DOUBLES)))
    assert cash(plan, "interest") == pytest.approx({1: 744, 2: 744 + 672 + 744})


def test_the_audit_finds_interest_and_credit_that_are_not_as_agreed() -> None:
    """A plan made for cheaper credit pays too little, and a smaller line is overdrawn."""
    data = running(**bank(0.0, 3000.0, credit_interest=0.1))
    plan = solved(data)
    dearer = audit(running(**bank(0.0, 3000.0, credit_interest=0.2)), plan)
    assert "payments_in_cash" in [each.rule for each in dearer.failed]
    smaller = audit(running(**bank(0.0, 1000.0, credit_interest=0.1)), plan)
    assert [each.rule for each in smaller.failed] == ["credit_is_enough"]


def test_the_next_round_opens_with_what_is_in_the_bank() -> None:
    """After January's 744 of 500 a month of 244 drawn is left to begin with, and what is owed for it is due then."""
    data = running(months=3, **bank(500.0, credit_interest=DOUBLES))
    plan = solved(data)
    rolled = roll_forward(data, plan, 1, months=2).dataset
    assert rolled.settings.opening_cash_usd == pytest.approx(-244)
    after = solved(rolled)
    assert cash(after, "interest") == pytest.approx({t - 1: usd for t, usd in cash(plan, "interest").items()})


def test_a_larger_credit_line_is_told_where_there_is_no_plan() -> None:
    """Nothing in the bank and no credit: 1416 of it, rounded up, make a plan possible."""
    found = explain_infeasible(running(**bank(0.0, 0.0)), seconds=20.0)
    (change,) = found.repairs[0].changes
    assert change.rule == RelaxableRule("credit_line_usd", "credit line")
    assert change.words == "raise credit_line_usd from 0 to 1,420 USD"


def test_funding_without_an_account_is_a_warning() -> None:
    """Money that comes in changes nothing while no account is kept."""
    faults = check(running(1.0, demand(1), Funding(source="bank", month=JAN, usd=1.0)))
    assert [fault.severity for fault in faults if fault.sheet == "funding"] == ["warning"]


def test_the_source_of_funding_is_a_column_that_is_read(tmp_path: Path) -> None:
    """Elsewhere a column called source is for people; here it names a row, with the month."""
    rows = [{"source": "bank", "month": "2026-01", "usd": 5}, {"source": "bank", "month": "2026-02", "usd": -5}]
    path = workbook(tmp_path / "a.xlsx", settings=tables()["settings"] | {"opening_cash_usd": 9}, funding=rows)
    data = read(path).dataset
    assert data is not None
    assert [(each.source, each.usd) for each in data.funding] == [("bank", 5.0), ("bank", -5.0)]
    assert [each.column for each in errors_of(tables(), funding=[rows[0], rows[0]])] == ["month"]


def test_funding_outside_the_horizon_is_no_fault_and_that_of_a_month_adds_up() -> None:
    """Of a million in December and next year nothing is seen; 300 and 400 in January leave 44 of 744 to draw."""
    sources = [(-1, 1e6), (0, 300.0), (0, 400.0), (9, 1e6)]
    rows = [Funding(source=f"{n}", month=JAN + t, usd=usd) for n, (t, usd) in enumerate(sources)]
    data = running(1.0, *rows, demand(0), months=1, **bank(0.0, 44.0))
    assert not [fault for fault in check(data) if fault.severity == "error"]
    assert closings(data, solved(data)) == pytest.approx([-44])


def test_lease_outs_runs_and_what_is_borrowed_are_cash_of_the_account() -> None:
    """744 from a taker and 500 for a run come in; of capex of 1000 the 600 that are not borrowed go out."""
    built = OwnSite(
        build="plant", region="us", status="signed", signed_month=JAN, signed_blocks=1, block_mw=0.002,
        capex_usd_per_mw=5e5, financed_share=0.4, tenor_months=4,
    )  # fmt: skip
    work = Run(run="train", workload="chat", region="us", tokens_bn_per_day=1.0, months=1, value_usd=500.0)
    data = dataset(fleet(accelerators=2), lease_out(signed=0), work, built, months=1, **bank(0.0))
    assert closings(data, solved(data)) == pytest.approx([744 + 500 - 600])


def test_each_scenario_draws_for_itself() -> None:
    """Half of a fleet that costs 744 is paid of 400; all of it leaves 344 drawn, doubled a month later."""
    factor = ScenarioFactor(scenario="half", quantity="fleet_share", name="own", from_month=JAN, value=0.5)
    scenarios = [Scenario(scenario=each, probability=0.5) for each in ("all", "half")]
    data = running(1.0, scenarios, factor, months=1, **bank(400.0, credit_interest=DOUBLES))
    assert costs(solved(data.in_scenario("all"))) == pytest.approx({"fleet": 744, "interest": 344})
    assert costs(solved(data.in_scenario("half"))) == pytest.approx({"fleet": 372})
