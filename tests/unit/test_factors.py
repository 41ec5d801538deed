"""Factors: what each quantity does to a small problem, number by number."""

from dataclasses import replace

import builders as b
import pytest

from models.audit.scenario_factors import FactorPaths
from models.demand.baseline import baseline_demand
from models.realization import ADDED
from models.schema import QUANTITIES, Cap, Run, Scenario, ScenarioFactor
from models.supply.lease_kind import LEASE
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
        assert with_factor(_data(), "throughput", name, 2.0).realization.throughput("chat", "H100", 0) == 2.0


def test_on_demand_price_and_cap():
    """Price and cap of on-demand are multiplied by hardware; no cap stays none."""
    data = b.dataset(b.demand(3.0, 3.0), b.on_demand(3.0, max_accelerators=4.0), months=2)
    assert sum(b.costs(b.solved(with_factor(data, "on_demand_price", "H100", 1.5))).values()) == pytest.approx(
        3 * 4.5 * 1416
    )
    assert b.solved_or_none(with_factor(data, "on_demand_cap", "*", 0.5)) is None


def test_price_moves_one_offer_or_all():
    """A price factor on one lease leaves the contract alone; on all it moves both, not what was signed before."""
    one, every = with_factor(_data(), "price", "L", 2.0), with_factor(_data(), "price", "*", 2.0)
    prices = [each.realization.price(name, 0) for each in (one, every) for name in ("L", "C")]
    assert prices == [2.0, 1.0, 2.0, 2.0]
    assert every.realization.price("old", -4) == 1.0


def test_a_name_of_two_offers_is_refused_with_both_sheets():
    """The price of `X` could be the lease's or the lease-out's; its share delivered is the lease's."""
    data = b.dataset(b.lease("X", b.term(2, hourly=1.0)), b.lease_out("X"))
    with pytest.raises(ValueError, match=r"sheet leases.*sheet lease_outs.*Rename one of the two"):
        with_factor(data, "price", "X", 2.0)
    assert with_factor(data, "delivered_share", "X", 0.5).realization.delivered("X", 0) == 0.5


def test_prices_of_runs_and_promises_go_by_their_names():
    """What a run earns doubles under its name; a factor of all offers is that of the sheet, which has no runs."""
    data = b.dataset(
        b.demand(1.0),
        b.fleet(),
        Run(run="R", tokens_bn_per_day=0.5, months=1, workload="chat", region="us", value_usd=5.0),
        months=1,
    )
    values = [with_factor(data, "price", name, 2.0).runs[0].value_usd for name in ("R", "*")]
    assert values == [10.0, 5.0]


def test_a_delay_postpones_what_is_not_in_service():
    """Two months late: the lease on offer waits three months, the one in service goes on."""
    late = with_factor(_data(), "delivery_delay_months", "*", 2.0)
    starts = [LEASE.start(late, late.lease_of[name], signed) for name, signed in (("L", 0), ("old", -4))]
    assert starts == [3, -4]


@pytest.mark.parametrize("quantity", [each for each in QUANTITIES if each != "supplier_exit"])
def test_a_factor_of_no_scenario_acts_beside_those_of_each(quantity):
    """In a scenario it multiplies, or adds to, the scenario's own, whatever their names; the audit reads the same."""
    offers = (b.lease("L", b.term(2, hourly=1.0)), b.fleet(), b.on_demand(3.0))
    data = b.dataset(b.demand(1.0, 1.0), *offers, Scenario(scenario="s", probability=1.0), months=2)
    name = {"price": "L", "delivered_share": "L", "delivery_delay_months": "L"}.get(quantity, "chat")
    own = ScenarioFactor(scenario="s", quantity=quantity, name="*", value=3.0)
    data = with_factor(replace(data, scenario_factors=(own,)), quantity, "*", 2.0)
    there = data.in_scenario("s")
    together = 5.0 if quantity in ADDED else 6.0
    assert [each.realization.in_force(quantity, name, 1) for each in (data, there)] == [2.0, together]
    audited = FactorPaths(there)
    assert (audited.addend if quantity in ADDED else audited.product)(quantity, 1, name) == together


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
