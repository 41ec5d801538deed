"""What was seen excludes the scenarios in which it would have been otherwise, by whatever names they say so."""

from __future__ import annotations

from itertools import product
from random import Random

import builders as b
import pytest
from stochastic import factor, scenario

from models.dataset import Dataset
from models.roll.news import Observation, excluded
from models.schema import ScenarioFactor

NAMES = {
    "throughput": ("chat", "code", "H100", "B200"),
    "fleet_share": ("old", "new", "own", "us"),
    "supplier_exit": ("L", "M", "neo"),
}


def _data(*factors: ScenarioFactor) -> Dataset:
    """Two workloads on two sorts of hardware, two assets of one owner in one region, two leases of one provider."""
    pairs = [b.throughput(workload, hardware) for workload in ("chat", "code") for hardware in ("H100", "B200")]
    return b.dataset(
        b.hardware("B200"),
        pairs,
        b.segment("code", "code"),
        b.fleet("old", provider="own", region="us"),
        b.fleet("new", provider="own", region="us"),
        b.lease("L", b.term(1, 1.0), provider="neo"),
        b.lease("M", b.term(1, 1.0), provider="neo"),
        [scenario("s", 1.0), *factors],
        months=4,
        first_stage_months=1,
    )


def _goes(data: Dataset, *seen: tuple[str, str, float | None], t: int = 1) -> bool:
    month = data.settings.first_month + t
    news = [Observation(quantity=quantity, name=name, month=month, value=value) for quantity, name, value in seen]
    return bool(excluded(data, news))


@pytest.mark.parametrize(
    ("said", "seen", "goes"),
    [
        ({"chat": 0.5, "code": 0.5}, 0.5, False),  # each pair is halved, whatever the hardware is called
        ({"chat": 0.5, "H100": 0.5, "code": 0.5}, 0.5, True),  # chat on H100 is a quarter
        ({"H100": 0.25, "B200": 0.25, "chat": 2.0, "code": 2.0}, 0.5, False),
        ({"*": 0.5}, 0.5, False),
        ({"*": 0.5, "H100": 0.8}, 0.5, True),
    ],
)
def test_all_is_what_comes_of_all_factors_together(said: dict[str, float], seen: float, goes: bool) -> None:
    """Throughput of all (`*`) at a half is so where every workload has it on every hardware, by whichever factors."""
    data = _data(*(factor("s", "throughput", value, name) for name, value in said.items()))
    assert _goes(data, ("throughput", "*", seen)) is goes


def test_all_leaves_out_what_has_a_row_of_its_own() -> None:
    """A row of a workload takes its pairs out of what the row for all speaks of, and is the factor of that name."""
    data = _data(factor("s", "throughput", 0.5, "*"), factor("s", "throughput", 0.8, "chat"))
    assert _goes(data, ("throughput", "*", 0.5))
    assert not _goes(data, ("throughput", "*", 0.5), ("throughput", "chat", 0.8))
    assert _goes(data, ("throughput", "*", 0.5), ("throughput", "chat", 0.5))


def test_an_offer_leaves_with_its_provider() -> None:
    """Where the provider has left, its leases are gone, one by one and all together; none of them is still there."""
    data = _data(factor("s", "supplier_exit", name="neo", t=1))
    for name in ("L", "neo"):
        assert not _goes(data, ("supplier_exit", name, None))
        assert _goes(data, ("supplier_exit", name, 0.0))
        assert not _goes(data, ("supplier_exit", name, 0.0), t=0)
    alone = _data(factor("s", "supplier_exit", name="L", t=1))
    assert not _goes(alone, ("supplier_exit", "L", None), ("supplier_exit", "neo", 0.0), ("supplier_exit", "M", 0.0))
    assert _goes(alone, ("supplier_exit", "*", 0.0))


def test_an_asset_has_the_share_of_its_region() -> None:
    """An asset's share is what its own factor says, or what comes of those of its provider, site and region with it."""
    region = _data(factor("s", "fleet_share", 0.8, "us"))
    assert not _goes(region, ("fleet_share", "old", 0.8))
    assert not _goes(region, ("fleet_share", "old", 1.0))  # its own factor, which is neutral
    assert _goes(region, ("fleet_share", "old", 0.9))
    assert not _goes(region, ("fleet_share", "*", 0.8))
    both = _data(factor("s", "fleet_share", 0.8, "us"), factor("s", "fleet_share", 0.5, "old"))
    assert [_goes(both, ("fleet_share", "old", share)) for share in (0.5, 0.4, 0.8)] == [False, False, True]
    assert _goes(both, ("fleet_share", "*", 0.8))


@pytest.mark.parametrize("seed", range(40))
def test_a_scenario_agrees_with_its_own_rows(seed: int) -> None:
    """Seen just as a scenario's rows say, name by name and for all, nothing excludes it, in any month.

    Of a lease one sees that it is gone, whether by itself or with its provider.
    """
    random = Random(seed)
    rows = [
        factor("s", quantity, random.choice([0.5, 0.8, 1.25]), name, random.choice([0, 1, 2]))
        for quantity, names in NAMES.items()
        for name in random.sample((*names, "*"), random.randint(1, 3))
    ]
    data = _data(*rows)
    realization = data.in_scenario("s").realization
    for t, quantity in product(range(4), NAMES):
        named = {each.name for each in rows if each.quantity == quantity}
        speaks = {name: (name, "neo") if name in ("L", "M") else (name,) for name in sorted(named)}
        seen = [(quantity, name, realization.acting(quantity, names, t)) for name, names in speaks.items()]
        assert not _goes(data, *seen, t=t), (t, seen)
