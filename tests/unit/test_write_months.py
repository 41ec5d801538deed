"""A plan month by month: where tokens are served from, what is idle, how long it is locked in."""

from __future__ import annotations

import pytest
from builders import dataset, demand, fleet, hardware, lease, lease_out, segment, term, throughput

from models.kinds import FLEET
from models.plan import OnDemandUse, Online, Plan, Serving, Signing, SourceUse
from models.schema import LoadBlock
from models.supply.lease_kind import LEASE
from models.supply.lease_out_kind import LEASE_OUT
from planner.results.plan_figures import PlanFigures


def test_tokens_are_shared_as_the_work_is() -> None:
    """Of 31 days' 30 tokens a day in one pool, served by 6 of the fleet, 3 leased and 1 bought, a tenth each is 3."""
    data = dataset(demand(30.0), fleet("own", 6.0), lease("deal", term(3, 1.0), holds=3.0), months=1)
    plan = Plan(
        serving=(Serving(0, "day", "chat", "us", "us", "H100", "", 30.0 * 31),),
        source_use=(
            SourceUse(0, "day", FLEET, "own", 0, "H100", 6.0),
            SourceUse(0, "day", LEASE, "deal", 3, "H100", 2.0, 1.0),
        ),
        on_demand=(OnDemandUse(0, "day", "spot", "us", "H100", 1.0),),
    )
    (row,) = PlanFigures(data, plan).months
    assert row.served_from == pytest.approx(
        {"fleet": 18.0, "lease": 9.0, "contract": 0.0, "chips": 0.0, "on_demand": 3.0}
    )
    assert sum(row.served_from.values()) == pytest.approx(row.served)


def test_idle_accelerators_serve_the_mix_of_demand() -> None:
    """Half of two blocks of 12 hours, 4 accelerators are free; of equal demand at rates 1 and 3 each serves 1.5.

    A token of each takes 1 + 1/3 days, so a day serves 2 / (4/3); a segment the hardware cannot run does not count.
    """
    data = dataset(
        [segment("chat"), segment("code", "code"), segment("film", "film")],
        [throughput(), throughput("code", bn_per_day=3.0), throughput("film", "TPU", bn_per_day=9.0)],
        [hardware(), hardware("TPU")],
        [demand(2.0, segment=each) for each in ("chat", "code", "film")],
        [LoadBlock(block="day", hours_per_day=12.0), LoadBlock(block="night", hours_per_day=12.0)],
        fleet("own", 10.0),
        months=1,
    )
    plan = Plan(
        online=(Online(0, FLEET, "own", 0, "us-inc", "us", "own", "H100", 10.0, 0.01),),
        source_use=(
            SourceUse(0, "day", FLEET, "own", 0, "H100", 10.0),
            SourceUse(0, "night", FLEET, "own", 0, "H100", 6.0),
        ),
    )
    (row,) = PlanFigures(data, plan).months
    assert row.idle == pytest.approx(4.0 * 0.5 * 1.5)


def test_power_leased_out_and_months_locked_in() -> None:
    """Two of 3 kW are leased out in February; a lease of 3 months from January binds for 2 and then 1 month more."""
    data = dataset(
        hardware(kw=3.0),
        fleet("own", 5.0),
        lease("deal", term(3, 1.0), signed=0),
        lease_out("out", accelerators=2.0, lead_months=1),
    )
    plan = Plan(
        signings=(
            Signing(LEASE, "deal", 0, 3, 1, 0, 2, signed=True),
            Signing(LEASE_OUT, "out", 0, 1, 1, 1, 1),
        )
    )
    rows = PlanFigures(data, plan).months
    assert [row.leased_out_mw for row in rows] == pytest.approx([0.0, 0.006, 0.0])
    assert [row.locked_months for row in rows] == [2, 1, 0]
    assert [row.owed_usd for row in rows] == pytest.approx([672.0 + 744.0, 744.0, 0.0])
