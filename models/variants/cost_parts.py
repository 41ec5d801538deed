"""Parts of the least cost: the net present cost of some categories, by column, to be minimised or maximised alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from models.core.compiled import Compiled
from models.core.linear import Linear
from models.core.model import Model
from models.core.vector import Vector
from models.stochastic.extensive_form import ExtensiveForm


def part_of_cost(model: Model, categories: Collection[str]) -> tuple[Vector, float]:
    """The net present cost of some categories: by column of the compiled model and a constant, in units of money."""
    total = Linear()
    for charge in model.costs.charges:
        if charge.category in categories:
            total.plus(charge.amount, charge.counted * model.costs.discount(charge.t) / model.units.usd)
    place = {id(variable): i for i, variable in enumerate(model.compiled.columns)}
    cost = np.zeros(len(place))
    terms = total.collect_terms()
    for coefficient, variable in zip(terms.coefficients, terms.variables, strict=True):
        cost[place[id(variable)]] += coefficient
    return cost, total.constant


def part_of_expected_cost(
    form: ExtensiveForm, probability: Mapping[str, float], categories: Collection[str]
) -> tuple[Vector, float]:
    """The same of the joint problem of scenarios, in expectation."""
    cost, constant = np.zeros(len(form.compiled.columns)), 0.0
    for scenario in form.scenarios:
        own, offset = part_of_cost(scenario.model, categories)
        np.add.at(cost, scenario.joint_columns, probability[scenario.name] * own)
        constant += probability[scenario.name] * offset
    return cost, constant


def minimising(arrays: Compiled, part: tuple[Vector, float], least: float, most: float) -> Compiled:
    """The problem that minimises a part of its cost, the cost itself between two ends, in units of money."""
    from scipy.sparse import csc_array, vstack

    return replace(
        arrays,
        cost=part[0],
        offset=part[1],
        matrix=csc_array(vstack([arrays.matrix, csc_array(arrays.cost[np.newaxis, :])])),
        row_lower=np.append(arrays.row_lower, least - arrays.offset),
        row_upper=np.append(arrays.row_upper, most - arrays.offset),
        rows=(*arrays.rows, None),
    )
