"""Scenarios of a dataset: paths sampled from what is uncertain, reduced to a few with probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.checks.demand import said_of_next_to_nothing
from models.checks.factors import is_idle
from models.core.vector import Array
from models.dataset import Dataset
from models.sampling import Paths, Reduction, Uncertainty, reduce_to, sample, vectors
from models.schema import Scenario
from planner.errors import WrongUsage
from planner.sampling.moments import moments, not_kept
from planner.sampling.text import loss_words, reduction_words, scenario_words

MOST_ROWS = 1_000_000
"""Excel's sheets end a little further down."""


@dataclass(frozen=True, slots=True)
class SampledScenarios:
    """Scenarios of a dataset, and how they were made.

    Parameters
    ----------
    dataset
        The dataset with the scenarios in it, and their factors.
    words
        What happens in each scenario, in the order of `dataset.scenarios`.
    reduction
        Which paths were kept, and what that lost.
    moments
        Means and standard deviations of the paths drawn and of those kept, a row a quantity and name; see `moments`.
    made
        How the scenarios were made, in sentences.
    lost
        What of the spread drawn they do not keep, and how many would, in a sentence; blank where they keep it.
    """

    dataset: Dataset
    words: tuple[str, ...]
    reduction: Reduction
    moments: pd.DataFrame
    made: tuple[str, ...]
    lost: str = ""


def sample_scenarios(
    dataset: Dataset,
    uncertainty: Uncertainty,
    *,
    count: int,
    paths: int,
    seed: int,
    branch: int | None = None,
    nodes: int | None = None,
) -> SampledScenarios:
    """Draws paths, and keeps those that stand best for all of them.

    Parameters
    ----------
    dataset
        The problem; scenarios that it has are left behind.
    uncertainty
        What is uncertain, and how much.
    count
        Scenarios kept.
    paths
        Paths drawn.
    seed
        Of the paths; the same seed draws the same ones.
    branch
        The month number in which scenarios of one node are told apart; None where they are in the first stage's end.
    nodes
        With `branch`: how many nodes; None for the square root of the scenarios.

    Raises
    ------
    WrongUsage
        The uncertainty does not fit the dataset, a scenario would have demand that the solver cannot tell from nothing,
        or there would be more rows than a sheet holds.
    """
    try:
        drawn = sample(dataset, uncertainty, paths, seed)
    except ValueError as error:
        raise WrongUsage(f"Scenarios cannot be made as asked: {error}.") from None
    points = vectors(dataset, drawn)
    reduction = reduce_to(points, count)
    order, scenarios = _scenarios(dataset, drawn, reduction, branch, nodes)
    factors = [drawn.factors(path, each.scenario) for path, each in zip(order, scenarios, strict=True)]
    made = replace(dataset, scenarios=scenarios, scenario_factors=tuple(row for rows in factors for row in rows))
    met = tuple(each for each in made.scenario_factors if not is_idle(made, each))
    made = replace(made, scenario_factors=met)
    if len(made.scenario_factors) > MOST_ROWS:
        raise WrongUsage(
            f"{len(scenarios)} scenarios take {len(made.scenario_factors):,} rows, more than a sheet holds; "
            "ask for fewer, or make fewer quantities uncertain."
        )
    if little := said_of_next_to_nothing(made):
        raise WrongUsage(f"Scenarios cannot be made as asked: {little}")
    found = moments(dataset, drawn, reduction)
    lost = not_kept(found)
    return SampledScenarios(
        made,
        tuple(scenario_words(dataset, drawn, order)),
        reduction,
        found,
        tuple(reduction_words(drawn, reduction, count, seed)),
        "" if lost.empty else loss_words(lost, len(scenarios), _enough(dataset, drawn, points, count)),
    )


def _enough(dataset: Dataset, drawn: Paths, points: Array, count: int) -> int | None:
    """A count above this one, half as many more each time, that keeps the spread drawn; None where none was found."""
    while count < len(points):
        count = min(len(points), math.ceil(1.5 * count))
        if not_kept(moments(dataset, drawn, reduce_to(points, count))).empty:
            return count
    return None


def check_tree(dataset: Dataset, *, count: int, paths: int, branch: int | None, nodes: int | None) -> Iterator[str]:
    """A sentence for each thing asked of `sample_scenarios` that cannot be."""
    if count > paths:
        yield f"{count} scenarios cannot be chosen from {paths} paths; lower --count or raise --sample."
    if branch is None and nodes is not None:
        yield "--nodes needs --branch MONTH, the month from which scenarios of one node differ."
    if branch is not None:
        first = dataset.settings.first_stage_months
        if first + 1 >= len(dataset.horizon):
            yield (
                "--branch needs months after the first stage, and it lasts to the end of the horizon; lower "
                "first_stage_months in the settings."
            )
        elif not first < dataset.t(branch) < len(dataset.horizon):
            yield (
                f"--branch: choose a month after {dataset.label(first)}, when the first stage ends "
                f"(first_stage_months), and up to {dataset.label(len(dataset.horizon) - 1)}."
            )


def _scenarios(
    dataset: Dataset, paths: Paths, reduction: Reduction, branch: int | None, wanted: int | None
) -> tuple[tuple[int, ...], tuple[Scenario, ...]]:
    """The paths kept in the order in which they are written, and their rows; likelier ones first.

    With a branch the scenarios are put into nodes by what is seen of them before the first stage ends, since that
    is when nodes are told apart; the others of a node follow the one that stands for it until the branch.
    """
    leader = list(range(len(reduction.kept)))
    if branch is not None:
        seen = vectors(dataset, paths, before=dataset.settings.first_stage_months)[list(reduction.kept)]
        if not seen.shape[1]:
            raise WrongUsage(
                "Scenarios cannot be made as asked: --branch needs something that shows before the first stage ends: "
                "uncertain demand, prices or exits; delays and shares delivered show later."
            )
        nodes = wanted or math.ceil(math.sqrt(len(leader)))
        node = reduce_to(seen, nodes, np.array(reduction.probabilities))
        leader = [node.kept[place] for place in node.stands_for]
    shares = reduction.probabilities
    of_node = {i: math.fsum(share for share, each in zip(shares, leader, strict=True) if each == i) for i in leader}
    places = sorted(
        range(len(leader)),
        key=lambda i: (-of_node[leader[i]], leader[i], i != leader[i], -shares[i], reduction.kept[i]),
    )
    digits = max(2, len(str(len(places))))
    name = {place: f"s{number:0{digits}d}" for number, place in enumerate(places, start=1)}
    rows = tuple(
        Scenario(scenario=name[i], probability=shares[i])
        if leader[i] == i
        else Scenario(scenario=name[i], probability=shares[i], follows=name[leader[i]], branches_at=branch)
        for i in places
    )
    return tuple(reduction.kept[i] for i in places), rows
