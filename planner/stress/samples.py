"""The samples of a stress test: new paths, or draws from the workbook's own scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.checks.demand import next_to_nothing
from models.checks.factors import OF_DEMAND
from models.dataset import Dataset
from models.sampling import Uncertainty, sample
from models.stochastic.fixed_decisions import dataset_in_sample, dataset_in_scenario
from models.stochastic.tree import ScenarioTree
from planner.errors import WrongUsage
from planner.sampling.text import scenario_words

IN_SAMPLE = 0x57AE55
"""Sets the draws from the workbook's scenarios apart from all other uses of a seed."""


@dataclass(frozen=True)
class Samples:
    """Samples in the order drawn, and the problems behind them; samples that are alike share one.

    `problem_of[i]` is the problem of sample i, numbered in the order in which they were first drawn; `words(n)` says
    what is drawn in each of the first n. `problem` makes a problem's Dataset. `how` tells where they come from.
    """

    problem_of: tuple[int, ...]
    words: Callable[[int], list[str]]
    problem: Callable[[int], Dataset]
    in_sample: bool
    how: str

    def __len__(self) -> int:
        return len(self.problem_of)

    @property
    def problems(self) -> int:
        """How many different problems there are."""
        return max(self.problem_of) + 1


def draw_new_samples(dataset: Dataset, uncertainty: Uncertainty, count: int, seed: int) -> Samples:
    """New paths of what is uncertain.

    Parameters
    ----------
    dataset
        The problem.
    uncertainty
        What is uncertain.
    count
        How many paths.
    seed
        The same seed draws the same paths.

    Raises
    ------
    WrongUsage
        The uncertainty does not fit the workbook, or a sample has demand that the solver cannot tell from nothing.
    """
    try:
        paths = sample(dataset, uncertainty, count, seed)
    except ValueError as error:
        raise WrongUsage(f"Samples cannot be drawn as asked: {error}") from None
    alike = pd.Series([b"".join(values[path].tobytes() for values in paths.values.values()) for path in range(count)])
    first = alike.drop_duplicates().index
    samples = Samples(
        tuple(pd.factorize(alike)[0].tolist()),
        lambda n: list(scenario_words(dataset, paths, tuple(range(n)))),
        lambda k: dataset_in_sample(dataset, paths.factors(int(first[k]), "")),
        in_sample=False,
        how=f"{count} new paths drawn with seed {seed}",
    )
    for k in range(samples.problems) if any(quantity in OF_DEMAND for quantity, _ in paths.values) else ():
        for little in next_to_nothing(samples.problem(k)):
            raise WrongUsage(f"Samples cannot be drawn as asked: sample {first[k] + 1} has {little.said}")
    return samples


def draw_from_scenarios(dataset: Dataset, count: int, seed: int) -> Samples:
    """Draws from the workbook's own scenarios, each with its probability."""
    tree = ScenarioTree(dataset)
    shares = np.array(list(tree.probability.values()))
    draws = np.random.default_rng([IN_SAMPLE, seed]).choice(len(shares), size=count, p=shares)
    problem_of, drawn = pd.factorize(draws)
    return Samples(
        tuple(problem_of.tolist()),
        lambda n: [f"scenario {tree.names[each]}" for each in draws[:n].tolist()],
        lambda k: dataset_in_scenario(dataset, tree.names[drawn[k]]),
        in_sample=True,
        how=(
            f"{count} draws with seed {seed} from the workbook's own {len(shares)} scenarios (in sample: a plan made "
            "for them looks better here than on new samples)"
        ),
    )
