"""What each decision costs: payments of an offer find the signings that owe them."""

from __future__ import annotations

import pytest
from builders import contract, dataset, fleet, lease, lease_out, term

from models.dataset import Dataset
from models.kinds import FLEET
from models.plan import OptionPurchase, Payment, Plan, Signing, SourceUse
from models.schema import Option
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE
from models.supply.lease_out_kind import LEASE_OUT
from planner.results.decisions import decisions, signing_costs


def pay(*amounts: float, category: str = "lease", offer: str = "A", first: int = 0) -> tuple[Payment, ...]:
    return tuple(Payment(t, category, "neo", offer, usd, usd) for t, usd in enumerate(amounts, start=first))


def hourly(months: int, rate: float, prepay_share: float = 0.0, **columns: float) -> Dataset:
    return dataset(lease("A", term(months, rate, prepay_share=prepay_share, **columns), units_max=9), months=6)


def test_one_signing_owns_all_payments() -> None:
    """All that is paid for an offer with one signing is the cost of that signing, usage included."""
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 3, 1, 0, 2),), payments=(*pay(10.0, 20.0, 30.0), *pay(5.0, category="usage"))
    )
    assert signing_costs(hourly(3, 1.0), plan) == [65.0]


def test_fees_follow_units_in_service() -> None:
    """Of a month's fees, two units in service owe twice what one owes, and one not in service nothing."""
    data = hourly(2, 1.0)
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 2, 2, 0, 1), Signing(LEASE, "A", 1, 2, 1, 1, 2)),
        payments=pay(2.0, 3.0, 1.0),
    )
    assert signing_costs(data, plan) == pytest.approx([4.0, 2.0])


def test_prepayment_belongs_to_who_signs() -> None:
    """Prepaid in full, what is paid in a month belongs to the signing of that month, not to who is in service."""
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 3, 1, 0, 2), Signing(LEASE, "A", 1, 3, 1, 1, 3)), payments=pay(100.0, 90.0)
    )
    assert signing_costs(hourly(3, 1.0, prepay_share=1.0), plan) == pytest.approx([100.0, 90.0])


def test_termination_fee_belongs_to_who_stops() -> None:
    """The fee of the month after a stop is split off from the fees of those who stay.

    One H100 at 1 USD/h, 3 months: a unit stops after January and owes half the fees of February and
    March, (672 + 744)/2 = 708, in February, while the other pays February's 672.
    """
    data = hourly(3, 1.0, cancel_after_months=1, termination_fee_share=0.5)
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 3, 1, 0, 0, cancelled=True), Signing(LEASE, "A", 0, 3, 1, 0, 2)),
        payments=pay(2 * 744.0, 708.0 + 672.0, 744.0),
    )
    assert signing_costs(data, plan) == pytest.approx([744.0 + 708.0, 744.0 + 672.0 + 744.0])


def test_usage_follows_the_hours_of_a_term() -> None:
    """Usage charges go to the terms by hours used times rate, and within a term by units in service.

    January: the 3-month term works 2 accelerators at 1 USD, the 6-month term 1 at 4 USD: a third and two thirds.
    """
    terms = (term(3, 1.0, usage_usd_per_accelerator_hour=1.0), term(6, 1.0, usage_usd_per_accelerator_hour=4.0))
    data = dataset(lease("A", *terms, units_max=9), months=6)
    plan = Plan(
        signings=(
            Signing(LEASE, "A", 0, 3, 1, 0, 2),
            Signing(LEASE, "A", 0, 3, 3, 0, 5, renewals=1),
            Signing(LEASE, "A", 0, 6, 1, 0, 5),
        ),
        source_use=(
            SourceUse(0, "day", LEASE, "A", 3, "H100", 2.0),
            SourceUse(0, "day", LEASE, "A", 6, "H100", 1.0),
        ),
        payments=pay(744.0 * 6, category="usage"),
    )
    assert signing_costs(data, plan) == pytest.approx([744.0 * 2 / 4, 744.0 * 2 * 3 / 4, 744.0 * 4])


def test_usage_of_a_fleet_asset_of_the_same_name() -> None:
    """An asset named like a lease keeps its part of the usage charges."""
    data = dataset(
        fleet("A", 3.0, usage_usd_per_accelerator_hour=1.0),
        lease("A", term(3, 1.0, usage_usd_per_accelerator_hour=1.0)),
    )
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 3, 1, 0, 2),),
        source_use=(
            SourceUse(0, "day", FLEET, "A", 0, "H100", 3.0),
            SourceUse(0, "day", LEASE, "A", 3, "H100", 1.0),
        ),
        payments=pay(744.0 * 4, category="usage"),
    )
    assert signing_costs(data, plan) == pytest.approx([744.0])


def test_what_no_signing_explains_is_split_by_units() -> None:
    """A payment of a month in which no signing owes anything is split by units, so that costs still add up."""
    plan = Plan(
        signings=(Signing(LEASE, "A", 0, 2, 3, 0, 1), Signing(LEASE, "A", 1, 2, 1, 1, 2)),
        payments=pay(8.0, first=5),
    )
    assert signing_costs(hourly(2, 1.0), plan) == pytest.approx([6.0, 2.0])


def test_costs_add_up_to_the_offers_payments() -> None:
    """Over every kind of offer, the costs of decisions add up to the payments that name an offer."""
    data = dataset(
        lease("A", term(3, 2.0, prepay_share=0.3, upfront_usd_per_unit=7.0), units_max=5),
        contract("B"),
        lease_out("C", units_max=2),
        Option(option="D", offer="B", premium_usd=11.0),
        months=4,
    )
    plan = Plan(
        signings=(
            Signing(LEASE, "A", 0, 3, 2, 0, 2),
            Signing(LEASE, "A", 2, 3, 1, 2, 4),
            Signing(CONTRACT, "B", 1, 3, 1, 1, 3),
            Signing(LEASE_OUT, "C", 0, 1, 1, 0, 0),
            Signing(LEASE_OUT, "C", 2, 1, 1, 2, 2),
        ),
        options=(OptionPurchase("D", 0),),
        payments=(
            *pay(13.0, 17.0, 19.0, 23.0),
            *pay(29.0, 31.0, offer="B", category="contract", first=1),
            *pay(-37.0, 0.0, -41.0, offer="C", category="lease_out_income"),
            *pay(43.0, 47.0, category="usage"),
            *pay(11.0, offer="D", category="option"),
        ),
    )
    found = decisions(data, plan)
    assert sum(each.cost_usd for each in found) == pytest.approx(plan.objective_usd)
    assert [each.cost_usd for each in found if each.kind == LEASE_OUT] == [-37.0, -41.0]


def test_capacity_of_decisions() -> None:
    """Accelerators and MW are those of all units at their most, after derate: 2 units of 10 at 90 % and 1 kW."""
    data = dataset(
        lease("A", term(3, 1.0), holds=10.0, units_max=2, delivered_share=0.9), contract("B", blocks=4), months=4
    )
    plan = Plan(signings=(Signing(LEASE, "A", 0, 3, 2, 0, 2), Signing(CONTRACT, "B", 1, 3, 4, 1, 3)))
    assert [(each.accelerators, each.mw) for each in decisions(data, plan)] == [
        (pytest.approx(18.0), pytest.approx(0.018)),
        (pytest.approx(4.0), pytest.approx(0.004)),
    ]
