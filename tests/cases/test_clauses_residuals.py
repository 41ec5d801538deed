"""What hours bound beyond the horizon are worth with end_of_horizon = residual, worked out by hand.

January 744 h, February 672 h, March 744 h, April 720 h.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    contract,
    costs,
    dataset,
    demand,
    hardware,
    lease,
    on_demand,
    present,
    ramp,
    solved,
    term,
    throughput,
)

from models.checks import check
from models.dataset import Dataset
from models.plan import Plan
from models.roll import roll_forward
from models.schema import Residual, Scenario, ScenarioFactor

TPU = [hardware("TPU", kw=0.5), throughput(hardware="TPU"), hardware(), throughput()]


def worth(usd: float, hardware: str = "H100", **columns: Any) -> Residual:
    return Residual(hardware=hardware, usd_per_accelerator_hour=usd, **columns)


def residual(*rows: Any, **settings: Any) -> Dataset:
    """These rows over January, what comes after counted with residual values."""
    return dataset(*rows, **{"months": 1, "end_of_horizon": "residual"} | settings)


def deducted(plan: Plan, category: str) -> dict[int, float]:
    """What is deducted of the fees, by month; no cash is paid or received for it."""
    rows = [each for each in plan.payments if each.category == category and not each.cash_usd]
    return {each.month: each.present_value_usd for each in rows}


def test_fees_beyond_the_horizon_count_less_what_their_hours_are_worth() -> None:
    """Three months at 2 USD, worth 0.5 USD beyond January: 1488 + 672 x 1.5 + 744 x 1.5 = 3612."""
    plan = solved(residual(lease("lease", term(3, 2.0)), demand(1), on_demand(9.0), worth(0.5)))
    assert costs(plan) == pytest.approx({"lease": 3612})
    assert deducted(plan, "lease") == pytest.approx({1: -336, 2: -372})
    assert cash(plan, "lease") == pytest.approx({0: 1488, 1: 1344, 2: 1488})


def test_the_worth_falls_by_the_year_and_is_discounted() -> None:
    """A lease of 14 months at 1 USD, worth 1 in month 1 and half of that a year later; so does money count.

    January 2027, month 12, counts 744 / 2 less 744 x 0.5^(11/12) / 2; February 2027, month 13, 672 x 0.5^(13/12)
    less half of that.
    """
    rows = [lease("lease", term(14, 1.0)), demand(1), on_demand(99.0), worth(1.0, decline_per_year=0.5)]
    plan = solved(residual(rows, discount_rate=1.0))
    by_month = present(plan, "lease")
    assert by_month[12] == pytest.approx(744 / 2 * (1 - 0.5 ** (11 / 12)))
    assert by_month[13] == pytest.approx(672 * 0.5 ** (13 / 12) * 0.5)


def test_nothing_earns_beyond_the_horizon() -> None:
    """A worth above the fee lets the fee off and no more: January alone is left, 744."""
    plan = solved(residual(lease("lease", term(3, 1.0)), demand(1), on_demand(9.0), worth(5.0)))
    assert costs(plan) == pytest.approx({"lease": 744})


def test_what_is_prepaid_for_later_is_worth_something_too() -> None:
    """All of 744 + 672 prepaid in January counts; February's hours at 0.75 are worth 504 of its fee: 912."""
    rows = [lease("lease", term(2, 1.0, prepay_share=1.0)), demand(1), on_demand(9.0), worth(0.75)]
    plan = solved(residual(rows))
    assert costs(plan) == pytest.approx({"lease": 912})
    assert cash(plan, "lease") == pytest.approx({0: 1416})


def test_upfronts_count_as_with_prorate() -> None:
    """Of an upfront of 400 for four months one quarter counts: 100 + 744 + (672 + 744 + 720) x 0.5 = 1912."""
    rows = [lease("lease", term(4, 1.0, upfront_usd_per_unit=400)), demand(1), on_demand(9.0), worth(0.5)]
    assert costs(solved(residual(rows))) == pytest.approx({"lease": 1912})


def test_a_mixed_cluster_is_worth_the_sum_over_its_hardware() -> None:
    """One H100 at 0.25 and two TPUs at 0.5 are worth 1.25 an hour, of a fee of 3: 2232 + 672 x 1.75 = 3408."""
    cluster = lease("lease", term(2, 1.0), holds={"H100": 1.0, "TPU": 2.0})
    plan = solved(residual(TPU, cluster, demand(3), on_demand(99.0), worth(0.25), worth(0.5, "TPU")))
    assert costs(plan) == pytest.approx({"lease": 3408})


def test_only_what_is_online_is_worth_something() -> None:
    """Half arrives in February by the ramp at the full rate: fee 672 x 0.5 x 2, worth 672 x 0.5 x 0.5."""
    half = ramp("half", (1, 1.0, 1.0), (2, 0.5, 2.0))
    rows = [lease("lease", term(2, 1.0, ramp="half")), half, demand(1), on_demand(99.0), worth(0.5)]
    assert present(solved(residual(rows)), "lease") == pytest.approx({0: 744, 1: 672 - 168})


@pytest.mark.parametrize(("usd", "left"), [(0.9, {1: 67.2, 2: 74.4}), (0.25, {1: 504 + 372})])
def test_a_right_to_cancel_is_used_where_that_is_cheapest(usd: float, left: dict[int, float]) -> None:
    """A lease of three months at 1 USD may stop after February for half of March's fee, 372.

    Worth 0.9, March costs 744 x 0.1 = 74.4 and is kept; worth 0.25, it would cost 558: service stops, with February
    at 672 x 0.75 = 504. Stopping after January, with notice given in it, is not possible.
    """
    terms = term(3, 1.0, cancel_after_months=1, notice_months=1, termination_fee_share=0.5)
    plan = solved(residual(lease("lease", terms), demand(1), on_demand(9.0), worth(usd)))
    found = present(plan, "lease")
    assert sum(found.values()) - 744 == pytest.approx(sum(left.values()))
    assert plan.signings[0].cancelled == (usd == 0.25)


def test_a_renewal_that_outlasts_the_horizon_counts_alike() -> None:
    """One month renewed for two at 0.5 x 1 USD, worth 0.25: 744 + 336 in February, (744 x 0.25) in March."""
    terms = term(1, 1.0, renewals_max=1, renewal_months=2, renewal_price_multiple=0.5)
    plan = solved(residual(lease("lease", terms), demand(1, 1), on_demand(9.0), worth(0.25), months=2))
    assert present(plan, "lease") == pytest.approx({0: 744, 1: 336, 2: 186})


def test_a_contract_counts_its_minimum_less_what_it_is_worth() -> None:
    """Half of the hours are due at 1 USD: 0.5 an hour, less 0.25 worth of each hour online: 744 + 672 x 0.25 = 912."""
    half = contract(tiers=1.0, term_months=2, take_or_pay_share=0.5)
    plan = solved(residual(half, demand(1), on_demand(9.0), worth(0.25)))
    assert costs(plan) == pytest.approx({"contract": 912})
    assert deducted(plan, "contract") == pytest.approx({1: -168})


def test_each_block_of_an_incremental_contract_is_let_off_by_itself() -> None:
    """Blocks at 1 USD and 0.4, worth 0.6: the second earns nothing, 672 x (0.4 + 0) = 268.8 in February."""
    blocks = contract(tiers={1: 1.0, 2: 0.4}, term_months=2, blocks=2, tier_mode="incremental", min_blocks=2)
    plan = solved(residual(blocks, demand(2), on_demand(9.0), worth(0.6)))
    assert present(plan, "contract") == pytest.approx({0: 744 * 1.4, 1: 268.8})


def test_minimum_spend_counts_as_with_full() -> None:
    """A term of 12 months with 12,000 USD of minimum spend owes the rest of it in December, months beyond it counted.

    Hours of 2026: 8760, at 1 USD; worth 1 USD beyond January: 744 are left, and the top-up 12,000 - 8760 = 3240.
    """
    rows = [contract(tiers=1.0, term_months=12, min_spend_usd_per_year=12000.0), demand(1), on_demand(99.0)]
    assert costs(solved(residual(rows, worth(1.0)))) == pytest.approx({"contract": 744 + 3240})


def test_a_signed_lease_that_starts_later_costs_its_fees_less_their_worth() -> None:
    """Signed in January for February: 672 x (1 - 0.25), and nothing of its upfront."""
    late = lease("late", term(1, 1.0, upfront_usd_per_unit=500), signed=0, lead_months=1)
    plan = solved(residual(late, demand(0), worth(0.25)))
    assert costs(plan) == pytest.approx({"lease": 504})


def test_hardware_kept_without_a_worth_is_a_fault() -> None:
    """Every hardware that a lease or contract can keep beyond the horizon needs a row; others do not."""
    rows = [TPU, demand(1), on_demand(9.0), worth(0.5)]
    for offer in (lease("long", term(2, 1.0), holds={"TPU": 1.0}), contract(hardware="TPU", term_months=2)):
        (fault,) = [each for each in check(residual(rows, offer)) if each.severity == "error"]
        assert "'TPU'" in fault.found
    short = lease("short", term(1, 1.0), holds={"TPU": 1.0})
    assert not [each for each in check(residual(rows, short)) if each.severity == "error"]


def test_every_month_keeps_its_worth_when_the_horizon_moves_on() -> None:
    """A year later the first month beyond the horizon is a year further on: half of the worth is left."""
    data = residual(demand(1, months=24), on_demand(1.0), worth(0.8, decline_per_year=0.5), months=12)
    rolled = roll_forward(data, solved(data), 12).dataset
    assert [each.usd_per_accelerator_hour for each in rolled.residuals] == pytest.approx([0.4])
    kept = roll_forward(data, solved(data), 6, months=6).dataset
    assert kept.residuals == data.residuals
    assert rolled.settings.first_month == JAN + 12


def test_a_contract_counts_at_the_rate_of_the_tier_reached() -> None:
    """Two blocks reach 0.5 USD, worth 0.2 of it beyond January: 2 x (744 x 0.5 + 672 x 0.3)."""
    data = residual(contract(tiers={1: 1.0, 2: 0.5}, term_months=2, signed=0, blocks=2), demand(2), worth(0.2))
    assert costs(solved(data)) == pytest.approx({"contract": 2 * (744 * 0.5 + 672 * 0.3)})


@pytest.mark.parametrize(
    ("quantity", "name", "value", "t", "usd"),
    [
        ("price", "lease", 2.0, 0, 744 * 4 + 1416 * 3.5),
        ("delivered_share", "lease", 0.5, 0, 744 + 1416 * 0.75),
        ("delivery_delay_months", "lease", 1.0, 0, (672 + 744 + 720) * 1.5),
        ("supplier_exit", "neo", 1.0, 2, 744 * 2 + 672 * 1.5),
    ],
)
def test_in_a_scenario_what_is_billed_then_is_let_off(
    quantity: str, name: str, value: float, t: int, usd: float
) -> None:
    """Three months at 2 USD worth 0.5: dearer, half as much, a month later, or gone after February."""
    factor = ScenarioFactor(scenario="b", quantity=quantity, name=name, from_month=JAN + t, value=value)
    scenarios = [Scenario(scenario=each, probability=0.5) for each in "ab"]
    data = residual(lease("lease", term(3, 2.0), signed=0), worth(0.5), scenarios, factor)
    assert costs(solved(data.in_scenario("b"))) == pytest.approx({"lease": usd})
