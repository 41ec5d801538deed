"""Rolling forward, clause by clause: what a decision of the past looks like in the next round's rows."""

import builders as b
import pytest

from models.checks import check
from models.demand.baseline import baseline_demand
from models.plan import LimitChoice, OptionPurchase, Payment, Plan, Shortfall, Signing
from models.roll import roll_forward
from models.roll.scenarios import roll_scenarios
from models.schema import Cap, Limit, Option, OwnSite, Rule, Scenario, ScenarioFactor, SpendCommitment
from models.supply.registry import kind_named


def _signed(kind, name, month, term, units=1, end=None, **facts):
    last = month + term - 1 if end is None else end
    return Signing(kind_named(kind), name, month, term, units, month, last, **facts)


def test_part_of_an_offer_signed_leaves_the_rest_on_the_table():
    """Three of five units signed in February stand as a signed row of their own; two stay on offer."""
    data = b.dataset(b.lease("big", b.term(12, hourly=1.0), units_max=5), months=6)
    rolled = roll_forward(data, Plan(signings=(_signed("lease", "big", 1, 12, units=3),)), 2).dataset
    assert [(each.lease, each.status, each.units_max, each.signed_units) for each in rolled.leases] == [
        ("big", "offer", 2, None),
        ("big 2026-02", "signed", 5, 3),
    ]
    assert {each.lease for each in rolled.lease_terms} == {"big", "big 2026-02"}
    assert {each.lease for each in rolled.lease_hardware} == {"big", "big 2026-02"}
    assert rolled.settings.first_month == b.JAN + 2
    assert rolled.settings.months == 6


def test_an_offer_taken_whole_keeps_its_name():
    """All units signed at once turn the row itself into a signed one."""
    data = b.dataset(b.lease("all", b.term(12, hourly=1.0), units_max=2))
    rolled = roll_forward(data, Plan(signings=(_signed("lease", "all", 0, 12, units=2),)), 1).dataset
    assert [(each.lease, each.status, each.signed_month, each.signed_units) for each in rolled.leases] == [
        ("all", "signed", b.JAN, 2)
    ]


def test_notice_given_shortens_the_term_and_leaves_its_fee_to_pay():
    """A lease cancelled with notice before month 0 ends where it must, and half of a month's fee falls due after."""
    terms = b.term(4, monthly=100.0, cancel_after_months=0, notice_months=2, termination_fee_share=0.5)
    data = b.dataset(b.lease("short", terms), months=6)
    # signed in month 0, stops before month 3: notice in month 1; one month of 100 is not served, half of it is owed
    plan = Plan(signings=(_signed("lease", "short", 0, 4, end=2, cancelled=True),))
    rolled = roll_forward(data, plan, 2).dataset
    found = {each.lease: each for each in rolled.lease_terms}
    assert (found["short"].term_months, found["short"].cancel_after_months) == (3, None)
    assert found["short termination fee"].usd_per_unit_month == pytest.approx(50.0)
    fee = next(each for each in rolled.leases if each.lease == "short termination fee")
    assert (fee.signed_month, fee.lead_months, fee.signed_units) == (b.JAN, 3, 1)


def test_notice_that_is_not_yet_due_stays_a_decision():
    """A lease whose plan is to give notice later keeps its whole term and its right to cancel."""
    terms = b.term(6, monthly=100.0, cancel_after_months=0, notice_months=1)
    data = b.dataset(b.lease("long", terms), months=8)
    plan = Plan(signings=(_signed("lease", "long", 0, 6, end=3, cancelled=True),))
    rolled = roll_forward(data, plan, 2).dataset
    assert [(each.term_months, each.cancel_after_months) for each in rolled.lease_terms] == [(6, 0)]


def test_what_is_over_goes_with_all_that_spoke_of_it():
    """An expired lease, its terms, hardware, ramp, option and cap are gone; a closed window closes an offer."""
    data = b.dataset(
        b.lease("old", b.term(1, hourly=1.0, ramp="slow")),
        b.lease("late", b.term(1, hourly=1.0), sign_until=b.JAN),
        b.ramp("slow", (1, 1.0, 1.0)),
        Option(option="right", offer="late", premium_usd=1.0),
        Cap(cap="on old", measure="capacity_mw", scope="offer", name="old", sense="max", value=1.0),
    )
    rolled = roll_forward(data, Plan(signings=(_signed("lease", "old", 0, 1),)), 1).dataset
    gone = rolled.leases, rolled.lease_terms, rolled.lease_hardware, rolled.ramps, rolled.options, rolled.caps
    assert gone == ((), (), (), (), (), ())


def test_a_bought_option_is_an_option_no_more():
    """Once the option is bought its offer stands without it; one not bought still guards its offer."""
    data = b.dataset(
        b.lease("guarded", b.term(1, hourly=1.0)),
        Option(option="bought", offer="guarded", premium_usd=1.0),
        Option(option="open", offer="guarded", premium_usd=1.0),
    )
    rolled = roll_forward(data, Plan(options=(OptionPurchase("bought", 0),)), 1).dataset
    assert [each.option for each in rolled.options] == ["open"]


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Rule(rule="r", kind="requires", offers=("b", "a")), None),
        (Rule(rule="r", kind="requires", offers=("a", "b")), ("requires", ("a", "b"), None)),
        (Rule(rule="r", kind="requires", offers=("b", "shut")), ("at_most", ("b",), 0)),
        (Rule(rule="r", kind="excludes", offers=("a", "b", "c")), ("at_most", ("b", "c"), 0)),
        (Rule(rule="r", kind="at_most", offers=("a", "b", "c"), count=2), ("at_most", ("b", "c"), 1)),
        (Rule(rule="r", kind="at_least", offers=("a", "b", "c"), count=2), ("at_least", ("b", "c"), 1)),
        (Rule(rule="r", kind="at_least", offers=("a", "b"), count=1), None),
        (Rule(rule="r", kind="at_most", offers=("b", "c"), count=1), ("at_most", ("b", "c"), 1)),
    ],
)
def test_rules_count_off_what_is_signed(rule, left):
    """With a signed, b and c open and shut past its window, each kind of rule asks for what is left of it."""
    data = b.dataset(
        *(b.lease(name, b.term(12, hourly=1.0)) for name in "abc"),
        b.lease("shut", b.term(12, hourly=1.0), sign_until=b.JAN),
        rule,
    )
    rolled = roll_forward(data, Plan(signings=(_signed("lease", "a", 0, 12),)), 1).dataset
    assert [(each.kind, each.offers, each.count) for each in rolled.rules] == ([left] if left else [])


def test_a_limit_changed_lately_stays_and_churn_stays_lost():
    """A limit set last month with three months to stay keeps the others out for two; what churned is lost."""
    data = b.dataset(
        b.demand(1.0),
        b.segment(min_months_between_changes=3, current_limit="free"),
        Limit(segment="chat", limit="free", churn_per_month=0.01),
        Limit(segment="chat", limit="tight", demand_multiplier=0.8, churn_per_month=0.02, revenue_multiplier=0.9),
    )
    limits = (LimitChoice("chat", 0, "free"), LimitChoice("chat", 1, "tight"), LimitChoice("chat", 2, "tight"))
    rolled = roll_forward(data, Plan(limits=limits), 2).dataset
    assert rolled.segments[0].current_limit == "tight"
    free, tight = rolled.limits
    # lost before month 2: 0.01 + 0.02; the change of month 1 holds until month 3
    assert rolled.segments[0].lost_share == pytest.approx(0.03)
    assert (free.demand_multiplier, tight.demand_multiplier) == (None, 0.8)
    assert (free.from_month, tight.from_month) == (b.JAN + 4, None)


def test_throughput_keeps_what_software_gained():
    """A rate that gains 44 % a year has gained 20 % after six months."""
    data = b.dataset(b.throughput(bn_per_day=1.0, gain_per_year=0.44), months=12)
    rolled = roll_forward(data, Plan(), 6).dataset
    assert rolled.throughput[0].tokens_per_second == pytest.approx(1.2 * b.ONE_BN_A_DAY)


def test_a_lease_out_runs_on_for_its_last_months():
    """A lease-out of four months agreed in month 0 has three left, as a signed row."""
    data = b.dataset(
        b.fleet(accelerators=4.0),
        b.lease_out("out", hourly=1.0, term_months=4, units_max=2),
        b.demand(0.0, months=9),
        months=6,
    )
    rolled = roll_forward(data, Plan(signings=(_signed("lease_out", "out", 0, 4, units=2),)), 1).dataset
    [out] = rolled.lease_outs
    assert (out.lease_out, out.status, out.signed_month, out.signed_units, out.term_months) == (
        "out", "signed", b.JAN, 2, 4,
    )  # fmt: skip
    assert b.costs(b.solved(rolled)) == {"lease_out_income": pytest.approx(-2 * 24 * (28 + 31 + 30))}


def test_a_round_rolls_forward_only():
    """Rolling to the first month or before it is refused, and so is rolling past what the plan decides."""
    with pytest.raises(ValueError, match="2026-01 is not after"):
        roll_forward(b.dataset(), Plan(), 0)
    with pytest.raises(ValueError, match="the plan ends in 2026-03"):
        roll_forward(b.dataset(months=3), Plan(), 4)


def _paid(month, usd, category="on_demand", offer="spot us H100"):
    return Payment(month, category, "spot", offer, usd, usd)


def test_money_paid_comes_off_what_a_cap_leaves_of_the_year():
    """Of 100 a year 30 were paid before April: 70 are left until December, and 100 a year from then on."""
    data = b.dataset(
        b.on_demand(1.0),
        Cap(cap="money", measure="cash_usd", scope="total", sense="max", value=100.0, per="year"),
        months=24,
    )
    rolled = roll_forward(data, Plan(payments=(_paid(0, 10.0), _paid(2, 20.0), _paid(3, 5.0))), 3).dataset
    assert [(each.cap, each.value, each.from_month, each.until_month) for each in rolled.caps] == [
        ("money", 100.0, b.JAN + 12, None),
        ("money, until 2026-12", 70.0, b.JAN + 3, b.JAN + 11),
    ]


def test_a_cap_counts_off_only_what_it_speaks_of():
    """A cap on a provider leaves out what others were paid; one that begins later leaves out what was before."""
    data = b.dataset(
        b.fleet(),
        b.on_demand(1.0),
        Cap(cap="spot", measure="cash_usd", scope="provider", name="spot", sense="max", value=9.0, per="quarter"),
        Cap(cap="late", measure="cash_usd", scope="total", sense="max", value=9.0, per="year", from_month=b.JAN + 1),
        Cap(cap="over", measure="cash_usd", scope="total", sense="max", value=9.0, per="year", until_month=b.JAN + 1),
    )
    plan = Plan(payments=(_paid(0, 4.0), _paid(1, 2.0), Payment(1, "fleet", "us-inc", "own", 1.0, 1.0)))
    rolled = roll_forward(data, plan, 2, months=1).dataset
    assert {each.cap: each.value for each in rolled.caps if each.from_month == b.JAN + 2} == {
        "spot, until 2026-03": 3.0,
        "late, until 2026-12": 6.0,
    }
    assert "over" not in {each.cap for each in rolled.caps}


def test_what_cannot_be_counted_off_is_told():
    """A shortfall share by the year, a budget of a horizon that moves on, and a contract year under way get a note."""
    data = b.dataset(
        b.contract("c", min_spend_usd_per_year=1.0, term_months=12),
        Cap(cap="share", measure="shortfall_share", scope="total", sense="max", value=0.1, per="year"),
        Cap(cap="budget", measure="cash_usd", scope="total", sense="max", value=9.0, per="horizon"),
    )
    notes = roll_forward(data, Plan(signings=(_signed("contract", "c", 0, 12),)), 1).notes
    assert [word for word in ("c:", "share", "budget") if any(word in note for note in notes)] == [
        "c:",
        "share",
        "budget",
    ]


def test_factors_of_a_scenario_keep_their_first_month():
    """A factor that held from the first month still comes before one of a later month."""
    factor = ScenarioFactor(scenario="s", quantity="demand", name="*", value=2.0)
    data = b.dataset(Scenario(scenario="s", probability=1.0), factor)
    assert [each.from_month for each in roll_forward(data, Plan(), 1).dataset.scenario_factors] == [b.JAN]


def test_ranks_stay_when_a_limit_goes():
    """Where a limit's window closes, the ranks that the others had by their place are written out."""
    data = b.dataset(
        b.segment(min_months_between_changes=3, current_limit="a"),
        Limit(segment="chat", limit="a"),
        Limit(segment="chat", limit="short", until_month=b.JAN + 2),
        Limit(segment="chat", limit="c"),
        months=6,
    )
    limits = (LimitChoice("chat", 0, "a"), LimitChoice("chat", 1, "c"))
    rolled = roll_forward(data, Plan(limits=limits), 2).dataset
    assert [(each.limit, each.generosity) for each in rolled.limits] == [("a", 1.0), ("c", 3.0)]


def test_a_share_of_the_quarter_remembers_what_fell_short_before():
    """Half of a quarter's 90 bn tokens may fall short: after 31 in January, 14 are left for February and March."""
    data = b.dataset(
        b.demand(1.0, months=3),
        b.segment(shortfall_usd_per_mtok=0.001),
        b.on_demand(3.0),
        Cap(cap="most", measure="shortfall_share", scope="total", sense="max", value=0.5, per="quarter"),
    )
    plan = Plan(shortfalls=(Shortfall(0, "day", "chat", "us", 31.0),))
    rest = b.solved(roll_forward(data, plan, 1, months=2).dataset)
    assert sum(each.tokens_bn for each in rest.shortfalls) == pytest.approx(14.0)


def test_a_share_of_revenue_remembers_what_was_paid_and_earned():
    """After 31 USD earned and 10 paid, half of what the quarter earns may be paid.

    A bn earns 1 and costs 2.40 on demand: 10 + 2.4 y <= (31 + y) / 2 for y bn served, so y = 5.5 / 1.9.
    """
    data = b.dataset(
        b.demand(1.0, months=3),
        b.segment(revenue_usd_per_mtok=0.001, shortfall_usd_per_mtok=1.0),
        b.on_demand(0.1),
        Cap(cap="most", measure="cash_share_of_revenue", scope="total", sense="max", value=0.5, per="quarter"),
    )
    rest = b.solved(roll_forward(data, Plan(payments=(_paid(0, 10.0),)), 1, months=2).dataset)
    assert sum(b.cash(rest, "on_demand").values()) == pytest.approx(2.4 * 5.5 / 1.9)


def test_a_contract_year_remembers_what_it_was_billed():
    """Of 1,200 USD a year 600 are due over six months: the top-up of the last is the same after two have passed."""
    data = b.dataset(
        b.contract(
            "c", 0.06, term_months=6, min_spend_usd_per_year=1200.0, prepay_share=0.5, upfront_usd=7.0, sign_until=b.JAN
        ),
        Rule(rule="take it", kind="at_least", offers=("c",), count=1),
        months=6,
    )
    plan = b.solved(data)
    rest = b.solved(roll_forward(data, plan, 2, months=4).dataset)
    hours = 744 + 672 + 744 + 720 + 744 + 720
    # in service month 6: half the fee of June, and 600 less all six months' bills
    assert b.cash(rest, "contract")[3] == pytest.approx(0.5 * 0.06 * 720 + 600.0 - 0.06 * hours)
    assert b.cash(rest, "contract")[3] == pytest.approx(b.cash(plan, "contract")[5])


@pytest.mark.parametrize(("to", "left"), [(2, [(b.JAN + 2, 1.0)]), (3, []), (5, [])])
def test_a_delay_that_is_over_is_no_row_of_the_next_round(to, left):
    """Of an offer signed, due in month 1 and two months late, one row of delay at most is left, none once it serves."""
    factor = ScenarioFactor(scenario="s", quantity="delivery_delay_months", name="late", value=2.0)
    lease = b.lease("late", b.term(12, hourly=1.0), lead_months=1)
    data = b.dataset(lease, Scenario(scenario="s", probability=1.0), factor, months=8)
    plan = Plan(signings=(_signed("lease", "late", 0, 12),))
    rolled = roll_scenarios(data, {"s": plan}, "s", ["s"], to).dataset
    assert [(each.from_month, each.value) for each in rolled.scenario_factors] == left


@pytest.mark.parametrize("name", ["*", "late"])
def test_a_delay_that_postpones_nothing_is_left_out_and_told(name):
    """Once all it acts on is online a delay is no row of the next round, which is said; before it stays."""
    factor = ScenarioFactor(scenario="s", quantity="delivery_delay_months", name=name, value=2.0)
    leases = (b.lease("late", b.term(12, hourly=1.0), lead_months=1, sign_until=b.JAN + 1),)
    data = b.dataset(*leases, Scenario(scenario="s", probability=1.0), factor, months=8)
    plan = Plan(signings=(_signed("lease", "late", 0, 12),))
    for to, left in ((1, 1), (4, 0)):
        rolled = roll_scenarios(data, {"s": plan}, "s", ["s"], to)
        assert len(rolled.dataset.scenario_factors) == left
        assert any("postpones nothing" in each for each in rolled.notes) == (left == 0 and name == "*")


@pytest.mark.parametrize(
    ("plain", "factors"),
    [
        ((4.0, 4.0, 0.0, 0.0), [(1, 1.5)]),
        ((4.0, 4.0, 0.0, 4.0), [(1, 1.5), (3, 1.0)]),
        ((4.0, 4.0, 0.0, 0.0, 4.0), [(1, 1.5), (4, 1.0)]),
    ],
)
def test_growth_before_the_round_counts_until_demand_begins_anew(plain, factors):
    """Demand grown by half before is half as much again, in a month whose plain figure is 0 too, until it begins anew.

    In March the month's growth of -100 % and 50 points more leave half of what there was: 4 x 1.5 x 0.5 = 3.
    """
    rows = (b.demand(*plain), Scenario(scenario="s", probability=1.0))
    growth = ScenarioFactor(scenario="s", quantity="demand_growth", name="chat", value=0.5)
    data = b.dataset(*rows, growth, months=len(plain))
    rolled = roll_scenarios(data, {"s": Plan()}, "s", ["s"], 1, months=len(plain) - 1)
    found = [
        (each.from_month - b.JAN, each.value) for each in rolled.dataset.scenario_factors if each.quantity == "demand"
    ]
    assert found == factors
    before = baseline_demand(data.in_scenario("s"))["chat", "us"]
    assert before[2] == pytest.approx(3.0)
    assert baseline_demand(rolled.dataset.in_scenario("s"))["chat", "us"] == pytest.approx(before[1:])
    assert not rolled.notes


def test_growth_that_begins_anew_in_one_region_alone_is_told():
    """A factor of a segment cannot be forgotten in one region and kept in another: the person is asked."""
    regions = (b.demand(4.0, 4.0, 0.0, 4.0), b.demand(4.0, months=4, region="eu"))
    growth = ScenarioFactor(scenario="s", quantity="demand_growth", name="chat", value=0.5)
    data = b.dataset(*regions, Scenario(scenario="s", probability=1.0), growth, months=4)
    rolled = roll_scenarios(data, {"s": Plan()}, "s", ["s"], 1, months=3)
    assert any("has grown by other shares in its regions" in each for each in rolled.notes)


@pytest.mark.parametrize(
    ("quantity", "name"),
    [("fleet_share", "old"), ("fleet_share", "us-inc"), ("fleet_share", "hall"), ("supplier_exit", "us-inc")],
)
def test_factors_of_what_is_over_are_no_rows_of_the_next_round(quantity, name):
    """Of an asset that has gone no factor stays, under its name, its provider's or its site's: nothing has the name."""
    rows = (b.fleet("old", site="hall", until_month=b.JAN), b.on_demand(1.0), b.demand(1.0, months=3))
    promise = SpendCommitment(
        commitment="past", provider="us-inc", usd=1.0, from_month=b.JAN, until_month=b.JAN + 2, status="excluded"
    )
    exit_or_share = ScenarioFactor(scenario="s", quantity=quantity, name=name, from_month=b.JAN + 2, value=1.0)
    of_all = ScenarioFactor(scenario="s", quantity="fleet_share", name="*", from_month=b.JAN, value=0.5)
    data = b.dataset(rows, promise, Scenario(scenario="s", probability=1.0), exit_or_share, of_all)
    assert not [each for each in check(data) if each.severity == "error"]
    rolled = roll_scenarios(data, {"s": Plan()}, "s", ["s"], 1).dataset
    assert rolled.scenario_factors == (of_all,)
    assert not [each for each in check(rolled) if each.severity == "error" and each.sheet == "scenario_factors"]


def test_a_build_whose_term_ended_before_still_meets_a_rule():
    """A hall signed and given back before month 0 was signed: what requires it may be, in the next round too."""
    hall = OwnSite(
        build="hall",
        region="us",
        block_mw=0.001,
        term_months=2,
        status="signed",
        signed_month=b.JAN - 2,
        signed_blocks=1,
    )
    lease = b.lease("big", b.term(2, hourly=1.0))
    data = b.dataset(hall, lease, Rule(rule="after", kind="requires", offers=("big", "hall")), months=4)
    rolled = roll_forward(data, Plan(), 1)
    assert rolled.dataset.rules == ()
    assert "hall: over, removed" in rolled.done


@pytest.mark.parametrize(("taker", "left"), [(None, []), ("out", [("least, until 2026-12", -30.0), ("least", 100.0)])])
def test_a_least_sum_that_income_may_undercut_stays(taker, left):
    """Of at least 100 a year 130 were paid: income of up to 30 is left to have, where a lease-out may bring any."""
    least = Cap(cap="least", measure="cash_usd", scope="total", sense="min", value=100.0, per="year", until_month=None)
    takers = () if taker is None else (b.lease_out(taker),)
    data = b.dataset(least, *takers, b.on_demand(1.0), months=12)
    rolled = roll_forward(data, Plan(payments=(_paid(0, 130.0),)), 3).dataset
    found = [(each.cap, each.value) for each in rolled.caps]
    assert sorted(found, key=lambda each: each[1]) == (left or [("least", 100.0)])
