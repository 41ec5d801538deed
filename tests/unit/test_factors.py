"""Factors: what each quantity does to a small problem, number by number."""

import builders as b
import pytest

from models.demand.baseline import baseline_demand
from models.schema import Cap
from models.variants.factors import with_factor


def _data():
    return b.dataset(
        b.demand(10.0, 20.0, 20.0),
        b.segment(),
        b.lease("L", b.term(2, hourly=1.0, upfront_usd_per_unit=5.0), lead_months=1, delivered_share=0.8),
        b.contract("C", {1: 2.0}),
        b.lease("old", b.term(9, hourly=1.0), signed=-4),
        b.on_demand(3.0, max_accelerators=4.0),
        Cap(cap="cap", measure="capacity_mw", scope="total", sense="max", value=2.0),
    )


def test_demand_is_multiplied():
    """Half the demand is half of every month."""
    assert baseline_demand(with_factor(_data(), "demand", "chat", 0.5))["chat", "us"] == (5.0, 10.0, 10.0)


def test_growth_is_added_month_by_month():
    """Ten points more of growth: 10, then 10 x (2 + 0.1) = 21, then 21 x (1 + 0.1) = 23.1."""
    found = baseline_demand(with_factor(_data(), "demand_growth", "*", 0.1))["chat", "us"]
    assert found == pytest.approx((10.0, 21.0, 23.1))


def test_throughput_goes_by_workload_or_hardware():
    """A rate doubles under the name of its workload and of its hardware."""
    for name in ("chat", "H100", "*"):
        assert with_factor(_data(), "throughput", name, 2.0).throughput[0].tokens_per_second == 2 * b.ONE_BN_A_DAY


def test_on_demand_price_and_cap():
    """Price and cap of on-demand are multiplied by hardware; no cap stays none."""
    assert with_factor(_data(), "on_demand_price", "H100", 1.5).on_demand[0].usd_per_accelerator_hour == 4.5
    assert with_factor(_data(), "on_demand_cap", "*", 0.5).on_demand[0].max_accelerators == 2.0


def test_price_moves_one_offer_or_all():
    """A price factor on one lease leaves the contract alone; on all it moves both."""
    one, every = with_factor(_data(), "price", "L", 2.0), with_factor(_data(), "price", "*", 2.0)
    assert (one.lease_terms[0].usd_per_accelerator_hour, one.lease_terms[0].upfront_usd_per_unit) == (2.0, 10.0)
    assert one.contract_tiers[0].usd_per_accelerator_hour == 2.0
    assert every.contract_tiers[0].usd_per_accelerator_hour == 4.0


def test_a_name_of_two_offers_is_refused_with_both_sheets():
    """The price of `X` could be the lease's or the lease-out's; its share delivered is the lease's."""
    data = b.dataset(b.lease("X", b.term(2, hourly=1.0)), b.lease_out("X"))
    with pytest.raises(ValueError, match=r"sheet leases.*sheet lease_outs.*Rename one of the two"):
        with_factor(data, "price", "X", 2.0)
    assert [each.delivered_share for each in with_factor(data, "delivered_share", "X", 0.5).leases] == [0.5]
    dearer = with_factor(data, "price", "*", 2.0)
    assert [each.usd_per_accelerator_hour for each in (*dearer.lease_terms, *dearer.lease_outs)] == [2.0, 2.0]


def test_delivered_share_never_exceeds_all():
    """Twice 80 % is all; half is 40 %."""
    assert with_factor(_data(), "delivered_share", "L", 2.0).lease_of["L"].delivered_share == 1.0
    assert with_factor(_data(), "delivered_share", "L", 0.5).lease_of["L"].delivered_share == pytest.approx(0.4)


def test_a_delay_lengthens_lead_times_of_what_is_not_in_service():
    """Two months late: the lease on offer waits three months, the one in service goes on."""
    late = with_factor(_data(), "delivery_delay_months", "*", 2.0)
    assert (late.lease_of["L"].lead_months, late.lease_of["old"].lead_months) == (3, 0)
    assert late.contract_of["C"].lead_months == 2


def test_settings_and_caps():
    """Discount rate and reserve margin are set, a cap's value is multiplied."""
    assert with_factor(_data(), "discount_rate", "*", 0.2).settings.discount_rate == 0.2
    assert with_factor(_data(), "reserve_margin", "*", 0.3).settings.reserve_margin == 0.3
    assert with_factor(_data(), "cap", "cap", 1.5).caps[0].value == 3.0


@pytest.mark.parametrize(("quantity", "name"), [("demnad", "*"), ("demand", "nobody"), ("price", "H100")])
def test_what_is_not_there_is_refused(quantity, name):
    """An unknown quantity or name is an error that names the closest."""
    with pytest.raises(ValueError, match=r"There is no quantity|no such name"):
        with_factor(_data(), quantity, name, 1.0)
