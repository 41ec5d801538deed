"""What a scenario makes of deliveries, in part and late: service and bills worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import JAN, cash, contract, costs, dataset, demand, lease, on_demand, ramp, solved, solved_or_none, term
from stochastic import factor, scenario, solved_in, solved_together

from models.plan import Plan
from models.schema import Cap, Rule


def arrived(plan: Plan) -> dict[int, float]:
    """Accelerators online by month, of all sources."""
    months: dict[int, float] = {}
    for each in plan.online:
        months[each.month] = months.get(each.month, 0.0) + each.accelerators
    return months


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_what_does_not_arrive_of_a_lease_is_not_billed(end: str) -> None:
    """The factor acts on delivered_share by service month, online and billed alike.

    Of 5, 0.8 are planned: 4. In February half of that arrives: 4 x 744 = 2976, 2 x 672 = 1344, 2976.
    """
    fixed = lease("neo1", term(3, 1.0), holds=5, signed=0, delivered_share=0.8)
    late = [factor("s", "delivered_share", 0.5, "neo1", t=1), factor("s", "delivered_share", 1.0, "neo1", t=2)]
    plan = solved_in(fixed, late, end_of_horizon=end)
    assert arrived(plan) == pytest.approx({0: 4, 1: 2, 2: 4})
    assert cash(plan, "lease") == pytest.approx({0: 2976, 1: 1344, 2: 2976})


def test_a_fee_by_unit_and_its_prepayment_follow_what_arrives() -> None:
    """usd_per_unit_month is billed for what is online; the upfront is not a fee.

    1000 a month, half prepaid, upfront 60; from February a quarter arrives: 1000, 250, 250. January: 60 + 750 +
    500 = 1310; then 125 and 125.
    """
    fixed = lease("neo1", term(3, monthly=1000, prepay_share=0.5, upfront_usd_per_unit=60), signed=0)
    plan = solved_in(fixed, factor("s", "delivered_share", 0.25, t=1))
    assert cash(plan, "lease") == pytest.approx({0: 1310, 1: 125, 2: 125})


def test_what_does_not_arrive_of_a_contract_is_not_billed() -> None:
    """Take-or-pay counts hours online: 4 blocks, half of them in February, of which half is owed unused.

    Demand 4, 0, 4 at rate 1, take_or_pay_share 0.5: 2976; 0.5 x 2 x 672 = 672; 2976.
    """
    deal = contract("deal", signed=0, blocks=4, take_or_pay_share=0.5)
    late = [factor("s", "delivered_share", 0.5, "deal", t=1), factor("s", "delivered_share", 1.0, "deal", t=2)]
    plan = solved_in(deal, demand(4, 0, 4), late)
    assert arrived(plan) == pytest.approx({0: 4, 1: 2, 2: 4})
    assert cash(plan, "contract") == pytest.approx({0: 2976, 1: 672, 2: 2976})


def test_minimum_spend_is_owed_though_less_arrives() -> None:
    """A block that arrives by half bills 0.5 x (744 + 672 + 744) = 1080; 3 months of 12000 a year are 3000."""
    deal = contract("deal", signed=0, term_months=12, min_spend_usd_per_year=12000)
    plan = solved_in(deal, factor("s", "delivered_share", 0.5))
    assert cash(plan, "contract") == pytest.approx({0: 372, 1: 336, 2: 372 + 1920})


def test_overage_is_a_share_of_what_arrives() -> None:
    """Half of 4 arrive, so overage is at most 0.25 x 2 = 0.5; the rest of 3 wanted is bought at 5.

    (2 + 0.5) x 744 = 1860 and 0.5 x 5 x 744 = 1860.
    """
    deal = contract("deal", signed=0, blocks=4, overage_share=0.25)
    plan = solved_in(deal, demand(3), on_demand(5.0), factor("s", "delivered_share", 0.5), months=1)
    assert costs(plan) == pytest.approx({"contract": 1860, "on_demand": 1860})


def test_a_signed_lease_not_yet_in_service_comes_late_with_its_whole_term() -> None:
    """Due in February, two months late: April and May, with the ramp and the escalator counted from there.

    Half at 0.5 of the rate in the first service month: 0.5 x 0.5 x 720 = 180; then 744. On time it would have
    been 168 and 744.
    """
    rows = [
        ramp("slow", (1, 0.5, 0.5), (2, 1.0, 1.0)),
        lease("neo1", term(2, 1.0, ramp="slow"), signed=0, lead_months=1),
    ]
    assert cash(solved_in(rows, months=5), "lease") == pytest.approx({1: 168, 2: 744})
    plan = solved_in(rows, factor("s", "delivery_delay_months", 2), months=5)
    assert [(each.start, each.end) for each in plan.signings] == [(3, 4)]
    assert arrived(plan) == pytest.approx({3: 0.5, 4: 1})
    assert cash(plan, "lease") == pytest.approx({3: 180, 4: 744})


@pytest.mark.parametrize(
    ("signed", "lead", "begins", "start"),
    [
        (-2, 0, None, -2),  # in service since November
        (-1, 1, None, 1),  # due in January: a month late
        (0, 1, 1, 2),  # due in February, from when deliveries are late
        (0, 1, 2, 1),  # due in February, deliveries late from March only
        (0, 2, 2, 3),
    ],
)
def test_only_what_is_not_yet_in_service_comes_late(signed: int, lead: int, begins: int | None, start: int) -> None:
    """A delay acts on a signed offer that is due in or after from_month, lease or contract."""
    late = factor("s", "delivery_delay_months", 1, t=begins)
    fixed = lease("neo1", term(9, 1.0), signed=signed, lead_months=lead)
    deal = contract("deal", signed=signed, lead_months=lead, term_months=9)
    for offer in (fixed, deal):
        plan = solved_in(offer, late, months=5)
        assert [(each.start, each.end) for each in plan.signings] == [(start, start + 8)]


@pytest.mark.parametrize(("delay", "start"), [(0, 3), (1, 4), (3, 6)])
def test_a_delay_counts_from_the_planned_start_whatever_gives_it(delay: int, start: int) -> None:
    """f = max(m + lead_months, service_not_before) + delay: signed in January, lead 1, not before April."""
    columns: dict[str, Any] = {"lead_months": 1, "service_not_before": JAN + 3, "signed": 0}
    for offer in (lease("neo1", term(2, 1.0), **columns), contract("deal", term_months=2, **columns)):
        plan = solved_in(offer, factor("s", "delivery_delay_months", delay), months=8)
        assert [each.start for each in plan.signings] == [start]


def test_a_delay_by_month_of_signing() -> None:
    """An offer signed in January is on time, one signed from February on is two months late.

    Lead 1, three months, demand 1 in March to May. On time a signing in February would serve all three, 2208; late
    it begins in May. January's serves March and April, 672 + 744 + 720 = 2136, and May is bought at 2: 1488.
    Signing both would cost 744 for May: only units_max 2 allows it.
    """
    late = factor("s", "delivery_delay_months", 2, t=1)
    offer = lease("neo1", term(3, 1.0), lead_months=1)
    rows = [demand(0, 0, 1, 1, 1), on_demand(2.0)]
    assert costs(solved_in(offer, rows, months=5)) == pytest.approx({"lease": 2208})
    assert costs(solved_in(offer, rows, late, months=5)) == pytest.approx({"lease": 2136, "on_demand": 1488})
    two = lease("neo1", term(3, 1.0), lead_months=1, units_max=2)
    plan = solved_in(two, rows, late, months=5)
    assert [(each.month, each.start) for each in plan.signings] == [(0, 1), (1, 4)]
    assert costs(plan) == pytest.approx({"lease": 2880})


def test_a_contract_signed_late_is_delivered_later() -> None:
    """Without a lead and a month late, March to May are served by a signing in February: 744 + 720 + 744 = 2208."""
    deal = contract("deal", term_months=3, lead_months=0)
    plan = solved_in(deal, demand(0, 0, 1, 1, 1), on_demand(9.0), factor("s", "delivery_delay_months", 1), months=5)
    assert [(each.month, each.start, each.end) for each in plan.signings] == [(1, 2, 4)]
    assert costs(plan) == pytest.approx({"contract": 2208})


def test_service_that_is_late_beyond_the_horizon() -> None:
    """Due in February, two months late, horizon to March: nothing with prorate, all of it with full.

    Two months at 1, upfront 50, half prepaid. Full: January 50 + 0.5 x (720 + 744) = 782, April 360, May 372;
    with prorate 782 is paid in cash and counts for nothing.
    """
    fixed = lease("neo1", term(2, 1.0, upfront_usd_per_unit=50, prepay_share=0.5), signed=0, lead_months=1)
    late = factor("s", "delivery_delay_months", 2)
    prorated = solved_in(fixed, late)
    assert costs(prorated) == {}
    assert cash(prorated, "lease") == pytest.approx({0: 782})
    full = solved_in(fixed, late, end_of_horizon="full")
    assert cash(full, "lease") == pytest.approx({0: 782, 3: 360, 4: 372})
    assert costs(full) == pytest.approx({"lease": 1514})


def test_blocks_that_come_after_the_horizon_still_fill_their_tiers_in_order() -> None:
    """With prorate nothing of them counts, and in cash the first block is billed at the first tier all the same.

    A rule asks for the contract, which is on offer as it comes in time in another scenario; two months late it
    serves March and April: half of 744 + 720 at 1 is prepaid, 732, and at 3 for a second block, 2196.
    """
    deal = contract("deal", {1: 1.0, 2: 3.0}, term_months=2, max_blocks=2, tier_mode="incremental", prepay_share=0.5)
    rule = Rule(rule="some", kind="at_least", offers=("deal",), count=1)
    late = [scenario("fine", 0.5), scenario("late", 0.5), factor("late", "delivery_delay_months", 2)]
    plan = solved(dataset(deal, rule, late, months=2).in_scenario("late"))
    assert costs(plan) == {}
    (signing,) = plan.signings
    assert cash(plan, "contract") == pytest.approx({0: {1: 732, 2: 732 + 2196}[signing.units]})


def test_the_upfront_of_late_service_is_prorated_by_the_months_it_serves() -> None:
    """Four months from January, a month late: of an upfront of 400 three quarters fall on months to April.

    With prorate 400 x 3/4 = 300, on time 400; fees 672 + 744 + 720 = 2136.
    """
    fixed = lease("neo1", term(4, 1.0, upfront_usd_per_unit=400), signed=0)
    plan = solved_in(fixed, factor("s", "delivery_delay_months", 1), months=4)
    assert costs(plan) == pytest.approx({"lease": 2436})
    deal = contract("deal", signed=0, term_months=4, upfront_usd=400)
    assert costs(solved_in(deal, factor("s", "delivery_delay_months", 1), months=4)) == pytest.approx(
        {"contract": 2436}
    )


def test_rights_to_cancel_count_from_the_service_that_comes_late() -> None:
    """Cancel after 1 month of service with a month's notice: service months 1 and 2 are February and March.

    A month late, nothing is wanted of it: 672 in February and 744 in March, and notice was given in March.
    """
    fixed = lease("neo1", term(4, 1.0, cancel_after_months=1, notice_months=1), signed=0)
    plan = solved_in(fixed, factor("s", "delivery_delay_months", 1), months=5)
    assert [(each.start, each.end, each.cancelled) for each in plan.signings] == [(1, 2, True)]
    assert cash(plan, "lease") == pytest.approx({1: 672, 2: 744})


def test_renewals_follow_the_late_term() -> None:
    """A month from January, a month late, renewed for March: 672 + 744, on demand would be 9 times that."""
    fixed = lease("neo1", term(1, 1.0, renewals_max=1, renewal_months=1), signed=0)
    plan = solved_in(fixed, demand(0, 1, 1), on_demand(9.0), factor("s", "delivery_delay_months", 1))
    assert [(each.start, each.end, each.renewals) for each in plan.signings] == [(1, 2, 1)]
    assert costs(plan) == pytest.approx({"lease": 1416})


def test_contract_years_begin_with_the_late_service() -> None:
    """A month late, two of three months are served: 2000 of 12000 a year, bills 672 + 744, top-up 584 in March."""
    deal = contract("deal", signed=0, term_months=12, min_spend_usd_per_year=12000)
    plan = solved_in(deal, factor("s", "delivery_delay_months", 1))
    assert cash(plan, "contract") == pytest.approx({1: 672, 2: 744 + 584})


def test_an_offer_that_comes_too_late_in_this_scenario_can_be_signed_for_another() -> None:
    """A signing is on offer where its service starts inside the horizon in one scenario.

    Two months late, March would be May, beyond the horizon. Signed for `s` all the same, the upfront of 90 counts
    for nothing there and 90 x 1/2 in the other, where the first of two months is served: with expected costs
    744 + 45 against on demand at 5 x 744, half of the time: it is signed, and `late` buys.
    """
    data = dataset(
        lease("neo1", term(2, 1.0, upfront_usd_per_unit=90), lead_months=2),
        demand(0, 0, 1),
        on_demand(5.0),
        [scenario("fine", 0.5), scenario("late", 0.5), factor("late", "delivery_delay_months", 2)],
    )
    found = solved_together(data)
    assert found.costs == pytest.approx({"fine": 789, "late": 3720})
    assert {name: [each.start for each in plan.signings] for name, plan in found.plans.items()} == {
        "fine": [2],
        "late": [4],
    }


def test_caps_hold_with_what_arrives_in_the_scenario() -> None:
    """A least capacity of 1 kW in every month cannot be kept where half of the only lease arrives."""
    cap = Cap(cap="least", measure="capacity_mw", scope="total", sense="min", value=0.001)
    data = dataset(
        lease("neo1", term(3, 1.0)),
        cap,
        [scenario("fine", 0.5), scenario("thin", 0.5), factor("thin", "delivered_share", 0.5)],
    )
    assert solved_or_none(data.in_scenario("fine")) is not None
    assert solved_or_none(data.in_scenario("thin")) is None
