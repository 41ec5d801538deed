"""Random scenarios of a random small workbook: every quantity, two or three scenarios, sometimes a tree."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from random import Random

from builders import JAN
from stochastic import factor, scenario

from models.dataset import Dataset
from models.schema import ScenarioFactor


def with_scenarios(data: Dataset, random: Random, quantities: tuple[str, ...] = ()) -> Dataset:
    """The workbook with scenarios; of the given quantities only, where some are given."""
    months = data.settings.months
    names = ["low", "high", "late"][: random.choice([2, 2, 3])]
    weights = [random.choice([1, 2, 3]) for _ in names]
    rows = [scenario(name, weight / sum(weights)) for name, weight in zip(names, weights, strict=True)]
    if len(names) == 3 and random.random() < 0.5:
        rows[2] = scenario("late", rows[2].probability, "high", random.randrange(0, months + 1))
    factors = [each for name in names for each in _factors(data, random, name, quantities)]
    factors += _of_seldom_offers(data, Random(copy(random).random()), names) if not quantities else []
    unique = {
        (each.scenario, each.quantity, each.name, each.from_month or data.settings.first_month): each
        for each in factors
    }
    settings = replace(data.settings, first_stage_months=random.randrange(0, months + 1))
    first = data.settings.first_month - JAN
    return replace(
        data,
        settings=settings,
        scenarios=tuple(
            replace(each, branches_at=None if each.branches_at is None else each.branches_at + first) for each in rows
        ),
        scenario_factors=tuple(unique.values()),
    )


def _of_seldom_offers(data: Dataset, random: Random, names: list[str]) -> list[ScenarioFactor]:
    """What scenarios make of lease-outs, own sites and chip orders, which few workbooks have."""
    seldom = [*map(list, filter(None, (data.lease_out_of, data.named("own_sites"), data.named("chip_orders"))))]
    values = {"price": [0.1, 2.0], "delivery_delay_months": [1.0, 2.0], "supplier_exit": [1.0]}
    found = []
    for _ in range(random.choice([0, 3, 4]) if seldom else 0):
        quantity = random.choice(["price", "supplier_exit", *values])
        begins = random.choice([None, data.month(random.randrange(0, data.settings.months))])
        row = factor(
            random.choice(names), quantity, random.choice(values[quantity]), random.choice(random.choice(seldom))
        )
        found.append(replace(row, from_month=begins))
    return found


def _factors(data: Dataset, random: Random, name: str, quantities: tuple[str, ...]) -> list[ScenarioFactor]:
    derated = [*data.lease_of, *data.contract_of, *data.named("chip_orders")]
    offers = [*derated, *data.named("own_sites"), *data.lease_out_of]
    sellers = (*data.leases, *data.contracts, *data.on_demand, *data.own_sites, *data.chip_orders, *data.lease_outs)
    providers = [each.provider for each in sellers if each.provider]
    hardware = [each.hardware for each in data.hardware]
    segments = [each.segment for each in data.segments]
    acts_on = {
        "demand": segments,
        "demand_growth": segments,
        "throughput": [each.workload for each in data.throughput] + hardware,
        "on_demand_price": hardware,
        "on_demand_cap": hardware,
        **dict.fromkeys(("revenue", "shortfall_cost", "elasticity", "churn", "rival_generosity"), segments),
        "usage_price": hardware,
        "fleet_share": [name for each in data.fleet for name in (each.asset, each.provider, each.region)],
        "price": offers,
        "delivered_share": derated,
        "delivery_delay_months": offers,
        "supplier_exit": offers + providers,
    }
    values = {
        "demand": [0.5, 1.5, 0.0],
        "demand_growth": [0.5, -0.25],
        "throughput": [0.5, 2.0, 1.0],
        "on_demand_price": [0.5, 2.0],
        "on_demand_cap": [0.0, 0.5],
        "price": [0.5, 1.5],
        "revenue": [0.5, 2.0],
        "shortfall_cost": [0.5, 2.0],
        "elasticity": [0.5, 2.0],
        "churn": [0.0, 0.5, 2.0],
        "rival_generosity": [-0.5, 0.5],
        "usage_price": [0.5, 2.0],
        "fleet_share": [0.0, 0.5, 1.5],
        "delivered_share": [0.5, 0.0, 1.5],
        "delivery_delay_months": [1.0, 2.0],
        "supplier_exit": [1.0],
    }
    first = data.settings.first_month - JAN
    found = []
    for _ in range(random.choice([0, 1, 2, 3])):
        quantity = random.choice(quantities or tuple(acts_on))
        acted_on = random.choice([*acts_on[quantity], "*"])
        begins = random.choice([None, random.randrange(0, data.settings.months)])
        month = None if begins is None else begins + first
        found.append(factor(name, quantity, random.choice(values[quantity]), acted_on, month))
    return found
