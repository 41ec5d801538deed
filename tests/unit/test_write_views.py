"""What a plan amounts to: service, use of the pools, months, years."""

from __future__ import annotations

import pytest
from builders import dataset, demand, fleet, hardware, lease_out, segment

from models.kinds import FLEET
from models.plan import LimitChoice, OnDemandUse, Online, Payment, Plan, Serving, Shortfall, Signing, SourceUse
from models.schema import LoadBlock
from models.supply.lease_out_kind import LEASE_OUT
from planner.results.plan_figures import PlanFigures
from planner.results.views import cash_by_year, limit_changes, service, use


def test_service_is_per_day() -> None:
    """Tokens of a month's load blocks add up and are told per day; after limits = served + shortfall."""
    data = dataset(
        demand(10.0, months=2),
        LoadBlock(block="peak", hours_per_day=6.0, peak=True),
        LoadBlock(block="off", hours_per_day=18.0),
        months=2,
    )
    plan = Plan(
        serving=(
            Serving(1, "peak", "chat", "us", "us", "H100", "", 28 * 2.0),
            Serving(1, "off", "chat", "us", "eu", "H100", "", 28 * 5.0),
        ),
        shortfalls=(Shortfall(1, "peak", "chat", "us", 28 * 0.5),),
    )
    row = list(service(data, plan))[1]
    assert (row.demand, row.after_limits, row.served, row.shortfall) == pytest.approx((10.0, 7.5, 7.0, 0.5))


def test_use_of_a_pool() -> None:
    """Available is what is online less leased out, times what the reserve margin leaves; overage counts as used.

    10 online, 2 leased out in February only, a margin of 25 %: 7.5 in January, 6 in February.
    """
    data = dataset(fleet("own", 10.0), lease_out("out", accelerators=2.0, lead_months=1), reserve_margin=0.25, months=2)
    plan = Plan(
        signings=(Signing(LEASE_OUT, "out", 0, 1, 1, 1, 1),),
        online=tuple(Online(t, FLEET, "own", 0, "us-inc", "us", "own", "H100", 10.0, 0.01) for t in range(2)),
        source_use=(SourceUse(1, "day", FLEET, "own", 0, "H100", 6.0, 0.5),),
        on_demand=(OnDemandUse(1, "day", "spot", "eu", "H100", 3.0),),
    )
    rows = [(row.month, row.region, row.available, row.used, row.on_demand) for row in use(data, plan)]
    assert rows == [(0, "us", 7.5, 0.0, 0.0), (1, "eu", 0.0, 0.0, 3.0), (1, "us", 6.0, 6.5, 0.0)]


def test_months_show_their_busiest_block() -> None:
    """MW at work and on demand are those of the load block with most work; 2 kW an accelerator."""
    data = dataset(
        hardware(kw=2.0),
        LoadBlock(block="peak", hours_per_day=6.0, peak=True),
        LoadBlock(block="off", hours_per_day=18.0),
        fleet("own", 1000.0),
        months=1,
    )
    plan = Plan(
        online=(Online(0, FLEET, "own", 0, "us-inc", "us", "own", "H100", 1000.0, 2.0),),
        source_use=(
            SourceUse(0, "peak", FLEET, "own", 0, "H100", 900.0),
            SourceUse(0, "off", FLEET, "own", 0, "H100", 950.0),
        ),
        on_demand=(OnDemandUse(0, "peak", "spot", "us", "H100", 100.0),),
    )
    (row,) = PlanFigures(data, plan).months
    assert (row.committed_mw, row.on_demand_mw, row.at_work_mw) == pytest.approx((2.0, 0.2, 2.0))


def test_cash_by_calendar_year() -> None:
    """Cash falls in its calendar year, none of it beyond the horizon; shortfall is no cash."""
    data = dataset(months=13)
    plan = Plan(
        payments=(
            Payment(0, "lease", "neo", "A", 5.0, 5.0),
            Payment(11, "network", "", "us eu", 1.0, 1.0),
            Payment(12, "lease", "neo", "A", 7.0, 7.0),
            Payment(13, "lease", "neo", "A", 8.0, 8.0),
            Payment(1, "shortfall", "", "chat", 0.0, 9.0),
        )
    )
    years = cash_by_year(data, plan)
    assert {year: sum(row.values()) for year, row in years.items()} == {2026: 6.0, 2027: 7.0}
    assert years[2026]["other"] == 1.0


def test_limit_changes() -> None:
    """The first month's limit of each segment is listed, then only changes."""
    limits = ("a", "a", "b", "a")
    plan = Plan(limits=tuple(LimitChoice("chat", t, limit) for t, limit in enumerate(limits)))
    assert list(limit_changes(plan)) == [
        (0, "chat", "limit", "a"),
        (2, "chat", "limit", "b"),
        (3, "chat", "limit", "a"),
    ]


def test_totals_of_an_empty_plan() -> None:
    """A plan of nothing has zero figures, and the demand of the data."""
    figures = PlanFigures(dataset(segment(), demand(1.0, months=3)), Plan()).totals
    assert (figures.demand_bn, figures.served_bn, figures.peak_mw, figures.peak_month) == (90.0, 0.0, 0.0, 0)
