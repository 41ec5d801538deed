"""What the first page of a plan tells a CFO, by hand, for a plan that signs an offer of every kind.

January 2026 has 744 hours, February 672, March 744, April 720, May 744, June 720, July 744, the year 8760. An
accelerator serves a billion tokens a day of `chat` or of `training`, half a billion of `code`, and draws 1 kW.
"""

from __future__ import annotations

from pathlib import Path

import builders as b
import openpyxl
import pytest
from unit.plans import write

from models.dataset import Dataset
from models.schema import ChipOrder, Limit, Option, OwnSite, Rule, Run, Scenario, ScenarioFactor, SpendCommitment
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from planner.reports.plan.money import period_table
from planner.reports.plan.rows import summary_rows
from planner.reports.plan.text import contract_figures
from planner.reports.run_result import RunResult
from planner.results.plan_figures import PlanFigures
from planner.results.scenario_set import ScenarioSetResult

HOURS = (744, 672, 744, 720)
JANUARY = {"sign_until": b.JAN}
ALL = ("rent", "cloud", "hall", "chips", "out")
INSTALMENT = 2000 * (1.12 ** (1 / 12) - 1) / (1 - 1.12 ** (-6 / 12))
"""Of each of two parts of capex 2000 USD are borrowed at 12 % a year and paid back in 6 months."""


def every_kind(*more: object, **settings: object) -> Dataset:
    """January to April; all offers signed in January, the run in February, what is missing on demand at 4 USD."""
    return b.dataset(
        b.segment(revenue_usd_per_mtok=1.0),
        b.segment("code", workload="code", revenue_usd_per_mtok=2.0),
        *(b.throughput(name, bn_per_day=rate) for name, rate in (("chat", 1.0), ("code", 0.5), ("training", 1.0))),
        b.demand(20, months=4),
        b.demand(3, segment="code", months=4),
        b.fleet("own", 4, usd_per_accelerator_hour=1.0, usage_usd_per_accelerator_hour=0.1),
        b.ramp("slow", (1, 0.5, 0.5), (5, 1, 1)),
        b.lease(
            "rent",
            b.term(6, 2.0, upfront_usd_per_unit=300, prepay_share=0.25, ramp="slow"),
            holds=10,
            lead_months=1,
            **JANUARY,
        ),
        b.contract(
            "cloud",
            3.0,
            term_months=12,
            blocks=4,
            min_blocks=4,
            upfront_usd=1000,
            take_or_pay_share=0.5,
            prepay_share=0.1,
            min_spend_usd_per_year=100_000,
            **JANUARY,
        ),
        OwnSite(
            build="hall",
            region="us",
            block_mw=0.008,
            capex_usd_per_mw=1e6,
            capex_months=2,
            rent_usd_per_mw_month=1e4,
            energy_usd_per_mwh=50,
            financed_share=0.5,
            interest=0.12,
            tenor_months=6,
            **JANUARY,
        ),
        ChipOrder(
            order="chips",
            provider="maker",
            site="hall",
            hardware="H100",
            lot=4,
            usd_per_accelerator=3000,
            deposit_share=0.3,
            support_usd_per_accelerator_month=100,
            life_months=48,
            lead_months=1,
            **JANUARY,
        ),
        SpendCommitment(
            commitment="pledge",
            provider="hyper",
            usd=150_000,
            from_month=b.JAN,
            until_month=b.JAN + 11,
            status="offer",
            on_demand_multiple=0.1,
        ),
        b.lease_out("out", 1.5, 6, upfront_usd_per_unit=100, prepay_share=0.5, provider="taker", **JANUARY),
        Option(option="right", offer="rent", premium_usd=50, buy_from=b.JAN, buy_until=b.JAN),
        Run(
            run="model",
            workload="training",
            region="us",
            tokens_bn_per_day=2,
            months=2,
            value_usd=90_000,
            single_site=False,
            start_from=b.JAN + 1,
            start_until=b.JAN + 1,
        ),
        b.on_demand(4.0),
        b.on_demand(40.0, provider="hyper"),
        Rule(rule="all", kind="at_least", offers=ALL, count=len(ALL)),
        *more,
        months=4,
        fiscal_year_start=2,
        **settings,
    )


@pytest.fixture(scope="module")
def result() -> RunResult:
    """The cheapest plan."""
    data = every_kind()
    plan = b.solved(data)
    plans = ScenarioSetResult.of_plan(data, plan)
    return RunResult(
        plan_name="Every kind",
        status="optimal",
        objective_usd=plan.objective_usd,
        gap=0.0,
        dataset=data,
        solution=plans,
    )


@pytest.fixture
def figures(result: RunResult) -> PlanFigures:
    return result.plan_set.only


def test_contract_value_and_cash_at_signing(result: RunResult) -> None:
    """Minimum spend counts, of a pledge what the contract leaves; support and the rent of what is kept do not."""
    fees = 2 * 10 * ((672 + 744 + 720 + 744) / 4 + 720 + 744)
    told = contract_figures(result)
    assert told["contract value signed"] == pytest.approx(
        (300 + fees) + (1000 + 100_000) + (4000 + 12 * INSTALMENT) + 12_000 + (150_000 - 101_000) + 50
    )
    take_or_pay = 0.5 * 3 * 4
    cloud = 1000 + take_or_pay * (0.1 * 8760 + 0.9 * 744)
    assert told["paid at signing"] == pytest.approx(300 + fees / 4 + cloud + 2000 + 3600 + 50)
    rents = 1.5 * (744 + 672 + 744 + 720 + 744 + 720)
    assert told["contract value of lease-outs"] == pytest.approx(100 + rents)
    assert told["received from takers at signing"] == pytest.approx(100 + rents / 2 + 1.5 * 744 / 2)


def test_owed_at_the_end_of_the_horizon(figures: PlanFigures) -> None:
    """Three fees less what is prepaid, eight months of take-or-pay, three and four instalments."""
    fees = 0.75 * 20 * (744 / 4 + 720 + 744)
    minimum = 0.9 * 0.5 * 12 * (8760 - sum(HOURS))
    assert figures.horizon_end.owed_usd == pytest.approx(fees + minimum + 7 * INSTALMENT)
    assert figures.months[-1].owed_usd == pytest.approx(figures.horizon_end.owed_usd)


def test_power_signed_and_online(figures: PlanFigures) -> None:
    """The lease is at its most in May, beyond the horizon; of the hall's 8 kW the chips have 4."""
    kw = {(row.offer, row.month): (1e3 * row.signed_mw, 1e3 * row.online_mw) for row in figures.power}
    told = [kw[key] for key in (("rent", 0), ("rent", 3), ("chips", 0), ("chips", 1), ("hall", 3), ("cloud", 0))]
    assert told == [pytest.approx(pair) for pair in ((10, 0), (10, 5), (4, 0), (4, 4), (4, 0), (4, 4))]
    assert [1e3 * row.signed_mw for row in figures.months] == pytest.approx([26] * 4)
    assert [1e3 * row.committed_mw for row in figures.months] == pytest.approx([8, 17, 17, 17])


def test_quarters_of_the_fiscal_year(result: RunResult) -> None:
    """January ends the year 2026; revenue, income, cost and cash of both quarters, and what is at work."""
    table = period_table(result.plan_set)
    assert table.headers == ("2026 Q4", "2027 Q1", "In total")
    told = {name.strip(): values for name, _, values in table.rows}
    days = (31, 89, 120)
    assert told["Revenue earned"] == pytest.approx([26_000 * each for each in days])
    assert told["Lease-out income"][:2] == pytest.approx([3916, 0.75 * (672 + 744 + 720)])
    assert told["Value of runs"] == pytest.approx([0, 90_000, 90_000])
    january = {
        "rent": 300 + 20 * ((672 + 744 + 720 + 744) / 4 + 720 + 744) / 4,
        "cloud": 1000 + 12 * 744 + 0.1 * 6 * (8760 - 744),
        "hall": 2000 + 80,
        "chips": 3600,
        "fleet": 4 * 744 + 3 * 744 * 0.1,
        "on_demand": (26 - 3 - 4) * 744 * 4,
    }
    assert told["Cost of computing, as paid"][0] == pytest.approx(sum(january.values()))
    assert told["Margin"][0] == pytest.approx(26_000 * 31 + 3916 - sum(january.values()))
    assert told["Cash paid less income"][0] == pytest.approx(sum(january.values()) - 3916 + 50)
    assert told["Utilisation"] == pytest.approx([1.0] * 3)


def test_what_a_million_tokens_cost(figures: PlanFigures) -> None:
    """In March a quarter of the fleet is leased out; the run has two of 28 accelerators at work of every source."""
    march = {(row.by, row.name): row for row in figures.unit_costs if row.month == 2}
    h = 744
    serving = {"fleet": (3 + 3 * 0.1) * h, "lease": 0.75 * 20 * h / 4, "contract": 12 * h - 0.1 * 6 * h}
    serving |= {"chips": 400 + 4 * h * 0.05, "on_demand": (28 - 3 - 5 - 4 - 4) * 4 * h, "other": 80 + 2 * INSTALMENT}
    at_work = {"fleet": 3, "lease": 5, "contract": 4, "chips": 4, "on_demand": 12, "other": 0}
    for name, usd in serving.items():
        assert march["source", name].cost_usd == pytest.approx(usd * 26 / 28), name
        assert march["source", name].tokens_bn == pytest.approx(31 * 23 * at_work[name] / 28)
    whole = sum(serving.values())
    assert march["segment", "chat"].cost_usd == pytest.approx(whole * 20 / 28)
    assert march["segment", "code"].usd_per_mtok == pytest.approx(whole * 6 / 28 / (3 * 31e3))
    assert march["run", "model"].cost_usd == pytest.approx(whole * 2 / 28)
    assert march["leased_out", "leased_out"].cost_usd == pytest.approx(h)


def test_unit_costs_add_up_to_the_cost_of_computing(figures: PlanFigures) -> None:
    """By source as by segment, with runs and what is leased out: what `Profit and loss` has without income."""
    for month in figures.profit:
        cost = dict.fromkeys(("source", "segment", "run", "leased_out"), 0.0)
        for row in figures.unit_costs:
            cost[row.by] += row.cost_usd if row.month == month.month else 0.0
        gross = month.cost - month.cash["lease_out_income"] - month.cash["run_value"]
        assert cost["segment"] == pytest.approx(cost["source"])
        assert cost["source"] + cost["run"] + cost["leased_out"] == pytest.approx(gross)


def test_a_supplier_that_goes_takes_what_has_not_arrived() -> None:
    """The seller of chips and the hyperscaler leave in March: the chips stay, the contract is over."""
    gone = [
        ScenarioFactor(scenario="gone", quantity="supplier_exit", name=name, from_month=b.JAN + 2, value=1)
        for name in ("maker", "hyper")
    ]
    data = every_kind(Scenario(scenario="gone", probability=1.0), gone).in_scenario("gone")
    found = PlanFigures(data, b.solved(data))
    kw = {(row.offer, row.month): (1e3 * row.signed_mw, 1e3 * row.online_mw) for row in found.power}
    assert kw["chips", 3] == pytest.approx((4, 4))
    assert kw["cloud", 1] == pytest.approx((4, 4))
    assert ("cloud", 2) not in kw
    (cloud,) = (each.total_usd for each in found.contract_values if each.signing.name == "cloud")
    assert cloud == pytest.approx(1000 + 6 * (0.1 * 8760 + 0.9 * (744 + 672)))


def test_with_scenarios_figures_are_expected_values() -> None:
    """Two fifths for an exit of the hyperscaler in March: its contract is cut, and nothing is pledged to it.

    Pledging would cost the same then, so that the plan for the exit is one of a problem without.
    """
    gone = ScenarioFactor(scenario="gone", quantity="supplier_exit", name="hyper", from_month=b.JAN + 2, value=1)
    chances = {"plain": 0.6, "gone": 0.4}
    data = every_kind([Scenario(scenario=name, probability=share) for name, share in chances.items()], gone)
    views = {name: data.in_scenario(name) for name in chances}
    views["gone"] = views["gone"].with_rows(spend_commitments=())
    parts = tuple(ScenarioPlan(name, share, b.solved(views[name])) for name, share in chances.items())
    plans = ScenarioSetResult.of(data, StochasticSolution(Measure(), parts, 0.0, 0.0))
    told = contract_figures(RunResult(dataset=data, solution=plans))
    others = (300 + 2 * 10 * (2880 / 4 + 720 + 744)) + (4000 + 12 * INSTALMENT) + 12_000 + 50
    cut = 1000 + 6 * (0.1 * 8760 + 0.9 * (744 + 672))
    assert told["contract value signed"] == pytest.approx(others + 0.6 * 150_000 + 0.4 * cut)
    (whole,) = plans.periods("horizon")
    assert whole.of("earned") == pytest.approx(26_000 * 120)
    assert 1e3 * whole.signed_mw == pytest.approx(0.6 * 26 + 0.4 * 22)


def test_what_is_paid_in_a_month_without_work_is_shared_as_the_work_of_the_horizon_is() -> None:
    """A unit signed in January for February, half prepaid; two thirds of its hours serve `code`."""
    term = b.term(2, 1.0, prepay_share=0.5)
    rows = [b.segment(), b.segment("code"), b.demand(0, 1), b.demand(0, 2, segment="code")]
    data = b.dataset(rows, b.lease("late", term, holds=3, lead_months=1, sign_until=b.JAN), months=2)
    january = {row.name: row.cost_usd for row in PlanFigures(data, b.solved(data)).unit_costs if row.month == 0}
    prepaid = 3 * (672 + 744) / 2
    assert january == pytest.approx({"lease": prepaid, "chat": prepaid / 3, "code": prepaid * 2 / 3})


@pytest.mark.parametrize(
    ("multipliers", "name", "values"),
    [
        ((0.5, 0.5), "Forgone by limits and prices", (15.5, 14.0, 29.5)),
        ((1.5, 1.5), "Gained by limits and prices", (15.5, 14.0, 29.5)),
        ((0.5, 1.5), "Gained less forgone", (-15.5, 14.0, -1.5)),
    ],
)
def test_a_gain_is_no_negative_loss(multipliers: tuple[float, float], name: str, values: tuple[float, ...]) -> None:
    """A billion a day at 1 USD a million, in thousands of USD: January is one fiscal quarter, February the next."""
    limits = [
        Limit(segment="chat", limit=f"of {t}", revenue_multiplier=share, from_month=b.JAN + t, until_month=b.JAN + t)
        for t, share in enumerate(multipliers)
    ]
    data = b.dataset(
        b.segment(revenue_usd_per_mtok=1.0), b.demand(1, 1), limits, b.fleet(), months=2, fiscal_year_start=2
    )
    table = period_table(ScenarioSetResult.of_plan(data, b.solved(data)))
    (told,) = [row[2] for row in table.rows if row[0] == name]
    assert [usd / 1e3 for usd in told if usd is not None] == pytest.approx(values)


def test_cash_of_the_horizon_is_the_same_wherever_it_stands() -> None:
    """Of three fees that all count, two are paid in the horizon: by month, by year, by quarter and in all."""
    terms = b.term(3, 1.0)
    data = b.dataset(b.lease("lease", terms), b.demand(1, months=2), b.on_demand(9.0), months=2, end_of_horizon="full")
    plan = b.solved(data)
    found = PlanFigures(data, plan)
    plans = ScenarioSetResult.of_figures(found)
    assert sum(each.cash_usd for each in plan.payments) == pytest.approx(744 + 672 + 744)
    rows = summary_rows(RunResult(dataset=data, solution=plans), found)
    told = [sum(row.values()) for row in found.cash_by_year.values()]
    told += [value for metric, value, _ in rows if metric == "cash paid"]
    told += [sum(sum(month.cash.values()) for month in found.months), *(each.cash_usd for each in found.by("quarter"))]
    assert told == pytest.approx([744 + 672] * 4)


def test_use_above_what_is_online_is_no_utilisation() -> None:
    """A block of one accelerator and as much overage serve two billion a day: what is available is all at work."""
    blocks = b.contract(overage_share=1.0, overage_price_multiple=2.0)
    data = b.dataset(blocks, b.demand(2, months=3))
    (quarter,) = PlanFigures(data, b.solved(data)).by("quarter")
    assert quarter.utilisation == pytest.approx(1.0)


def test_the_first_page_shows_them(result: RunResult, figures: PlanFigures, tmp_path: Path) -> None:
    """Tiles have their figure below the label; sentences tell what takers commit to, power, and the fiscal year."""
    write(tmp_path / "plan.xlsx", figures.dataset, figures.plan, result)
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Plan"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    texts = {str(cell.value): cell for cell in reversed(cells)}
    told = contract_figures(result)
    tiles = {
        "Contract value signed, USD": told["contract value signed"],
        "Paid at signing, USD": told["paid at signing"],
        "Still owed at the end, USD": figures.horizon_end.owed_usd,
        "Margin, USD": sum(row.margin for row in figures.profit),
        "Per Mtok served, USD": sum(row.cost_usd for row in figures.unit_costs if row.by == "segment") / (23 * 120e3),
        "Utilisation": 1.0,
    }
    shown = {label: sheet.cell(texts[label].row + 1, texts[label].column).value for label in tiles}
    assert shown == pytest.approx(tiles)
    page = " ".join(texts)
    assert "Takers of lease-outs that this plan signs commit to 6,616 USD in total" in page
    assert "Of 0.026 MW signed 0.017 MW are online in 2026-04" in page
    assert "Fiscal years begin in February and are named by the year they end in." in page
