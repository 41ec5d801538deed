"""Stochastic programs of the literature as problems of ours, with their published optima; LandS is in the cases.

Whole units of capacity are such parts of a unit of the paper that its published decisions are whole numbers of them, so
that the optimum in units is the optimum of the continuous problem. A period is a month from January 2026, of DCAP from
June; one accelerator serves a billion tokens a day, of DCAP 27, so that a unit of demand is a unit of capacity, and
operating costs are network costs.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import floor, prod
from pathlib import Path
from typing import Any

from builders import dataset, demand, fleet, lease, segment, term
from stochastic import factor, scenario

from models.dataset import Dataset
from models.schema import Cap, Network, OnDemand
from planner.problem_reader import read

BN_IN_JANUARY = 31.0
"""Billions of tokens in a month of a billion a day."""


Outcomes = list[tuple[float, float]]
"""Values of a random figure, each with its probability."""


def operating(costs: list[list[float]]) -> list[Network]:
    """What a unit of each technology's capacity costs while it serves a unit of each mode of demand."""
    return [
        Network(capacity_region=f"at{i}", demand_region=f"to{j}", usd_per_mtok=cost / BN_IN_JANUARY / 1000)
        for i, row in enumerate(costs)
        for j, cost in enumerate(row)
    ]


Figure = tuple[str, tuple[str, ...]]
"""A quantity, and the names it acts on alike."""


def realizations(figures: dict[Figure, Outcomes]) -> list[Any]:
    """A scenario for every combination of independent outcomes."""
    rows: list[Any] = []
    for k, outcomes in enumerate(product(*figures.values())):
        name = f"s{k}"
        rows.append(scenario(name, prod(probability for _, probability in outcomes)))
        rows += [
            factor(name, quantity, value, of)
            for (quantity, names), (value, _) in zip(figures, outcomes, strict=True)
            for of in names
        ]
    return rows


PGP2, APL1P, DCAP = 447.324, 24_642.32, 2322.494
"""The published optima; that of DCAP to a digit more, of its extensive form written out."""


def pgp2() -> Dataset:
    """PGP2, power generation planning in 576 scenarios (Higle and Sen, Stochastic Decomposition, 1996).

    Four technologies, three modes of demand, all uncertain; what is short is bought at a penalty. A unit of a lease is
    half a unit of capacity.
    """
    invest = [10.0, 7.0, 16.0, 6.0]
    costs = [[40.0, 24.0, 4.0], [45.0, 27.0, 4.5], [32.0, 19.2, 3.2], [55.0, 33.0, 5.5]]
    rare = [0.02150, 0.28570, 0.38300, 0.28570, 0.02150, 0.00125, 0.00005]
    amounts = [
        [0.5, 1.0, 2.5, 3.5, 5.0, 6.5, 7.5, 9.0, 9.5],
        [0.0, 1.5, 2.5, 4.0, 5.5, 6.5, 8.0, 8.5],
        [0.0, 0.5, 1.5, 3.0, 4.5, 5.5, 7.0, 7.5],
    ]
    odds = [[0.00005, 0.00125, *rare], [0.00130, *rare], [0.00130, *rare]]
    techs, modes = range(4), range(3)
    figures: dict[Figure, Outcomes] = {
        ("demand", (f"mode{j}",)): list(zip(amounts[j], odds[j], strict=True)) for j in modes
    }
    hours = BN_IN_JANUARY * 24
    return dataset(
        [lease(f"tech{i}", term(1, monthly=invest[i] / 2), holds=0.5, region=f"at{i}", units_max=80) for i in techs],
        [segment(f"mode{j}") for j in modes],
        [demand(1.0, segment=f"mode{j}", region=f"to{j}") for j in modes],
        operating(costs),
        [
            OnDemand(provider="penalty", region=f"at{i}", hardware="H100", usd_per_accelerator_hour=1000.0 / hours)
            for i in techs
        ],
        Cap(cap="budget", measure="cash_usd", scope="provider", name="neo", sense="max", value=220.0),
        Cap(cap="least", measure="capacity_mw", scope="total", sense="min", value=15.0 / 1000),
        realizations(figures),
        months=1,
        first_stage_months=1,
    )


def apl1p() -> Dataset:
    """APL1P, power expansion in 1,280 scenarios (Infanger 1992), with the costs of Bailey, Jensen and Morton (1999).

    Two generators of uncertain availability, three demands, all independent. Of each at least 1,000 units of capacity
    are built, which are signed here; a unit of a lease is 100/7 units, for the published plan is 1,800 and 11,000/7.
    Capacity is paid when signed, delivered or not.
    """
    least, part = 1000.0, 100.0 / 7.0
    invest = [4.0, 2.5]
    odds = {900.0: 0.15, 1000.0: 0.45, 1100.0: 0.25, 1200.0: 0.15}
    available = [
        [(1.0, 0.2), (0.9, 0.3), (0.5, 0.4), (0.1, 0.1)],
        [(1.0, 0.1), (0.9, 0.2), (0.7, 0.5), (0.1, 0.1), (0.0, 0.1)],
    ]
    costs = [[4.3, 2.0, 0.5], [8.7, 4.0, 1.0]]
    plants, modes = range(2), range(3)
    figures: dict[Figure, Outcomes] = {("delivered_share", (f"least{i}", f"more{i}")): available[i] for i in plants}
    figures |= {("demand", (f"mode{j}",)): [(each / least, p) for each, p in odds.items()] for j in modes}
    capital = [term(1, monthly=0.0, upfront_usd_per_unit=invest[i] * part) for i in plants]
    places = [{"holds": part, "region": f"at{i}", "site": f"at{i}"} for i in plants]
    return dataset(
        [lease(f"least{i}", capital[i], signed=0, signed_units=70, **places[i]) for i in plants],
        [lease(f"more{i}", capital[i], units_max=200, **places[i]) for i in plants],
        [segment(f"mode{j}", shortfall_usd_per_mtok=10.0 / BN_IN_JANUARY / 1000) for j in modes],
        [demand(least, segment=f"mode{j}", region=f"to{j}") for j in modes],
        operating(costs),
        realizations(figures),
        months=1,
        first_stage_months=1,
    )


DCAP_DECIDED = {
    "res1_from1": 1.0,
    "res1_from2": 0.999629,
    "res1_from3": 0.596352,
    "res2_from1": 0.990803,
    "res2_from2": 1.0,
    "res2_from3": 0.941231,
}
"""The best capacities, of at most 1 each."""
DCAP_PARTS = 100
"""Blocks that make the best capacity."""


def dcap() -> Dataset:
    """DCAP 243 (SIPLIB; Ahmed and Garcia 2003), capacity bought and tasks assigned in 200 scenarios.

    Two resources, each a site, and four tasks in each of three periods. A task runs whole at one site, or at a penalty
    nowhere, which is a site too. What it takes of a resource is uncertain, what it costs there is not: its tokens are
    certain and their throughput is not. Of each resource at most a unit is bought in a period, at a fixed and a linear
    cost. The figures are those of the folder, whose tasks may be split: its tokens are uncertain, and a unit of
    capacity is 20 accelerators, which serve 540 billion tokens a day.
    """
    split = read(Path(__file__).parent / "data" / "dcap_243").valid_dataset()
    units = {each.segment: each.tokens_bn_per_day / 540.0 for each in split.demand if each.tokens_bn_per_day}
    [rate], penalty = split.throughput, {each.segment: each.shortfall_usd_per_mtok or 0.0 for each in split.segments}
    costs = [replace(each, usd_per_mtok=each.usd_per_mtok / units[each.demand_region]) for each in split.network]
    costs += [Network(capacity_region="nowhere", demand_region=j, usd_per_mtok=penalty[j] / units[j]) for j in units]
    parts = {name: amount / DCAP_PARTS for name, amount in DCAP_DECIDED.items()}
    return replace(
        split,
        contracts=tuple(
            replace(each, site=each.region, block_mw=20.0 * size, max_blocks=floor(1.0 / size + 1e-9))
            for each in split.contracts
            for size in [parts[each.contract]]
        ),
        fleet=(fleet("nowhere", 1000.0, rate.hardware, region="nowhere"),),
        throughput=tuple(replace(rate, workload=name) for name in units),
        segments=tuple(
            replace(each, workload=each.segment, single_site=True, shortfall_usd_per_mtok=None)
            for each in split.segments
        ),
        network=tuple(costs),
        scenario_factors=tuple(
            replace(each, quantity="throughput", value=1.0 / (each.value or 1.0)) for each in split.scenario_factors
        ),
    )
