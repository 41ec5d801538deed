"""The scenario tree: which scenarios cannot be told apart in which month.

Before first_stage_months all are one. After it a scenario is as the one it follows until branches_at, and from
then on by itself. Scenarios once told apart stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from models.dataset import Dataset
from models.grouping import groups
from models.schema import Scenario


@dataclass(frozen=True)
class ScenarioTree:
    """The scenarios of a dataset, by name in the order of the sheet."""

    dataset: Dataset

    @cached_property
    def rows(self) -> dict[str, Scenario]:
        """The rows of the sheet by scenario."""
        return {row.scenario: row for row in self.dataset.scenarios}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The scenarios in the order of the sheet."""
        return tuple(self.rows)

    @cached_property
    def probability(self) -> dict[str, float]:
        """Probabilities; the sheet's, made to sum to 1 exactly."""
        total = sum(row.probability for row in self.rows.values())
        return {name: row.probability / total for name, row in self.rows.items()}

    def _branch(self, name: str) -> int:
        """The first month in which a scenario differs from the one it follows."""
        first = self.dataset.settings.first_stage_months
        month = self.rows[name].branches_at
        return first if month is None else max(first, self.dataset.t(month))

    def node(self, scenario: str, t: int) -> str:
        """The name of the first of the scenarios that cannot be told apart from this one in month t."""
        if t < self.dataset.settings.first_stage_months:
            return self.names[0]
        follows = self.rows[scenario].follows
        while follows is not None and t < self._branch(scenario):
            scenario = follows
            follows = self.rows[scenario].follows
        return scenario

    def alike(self, scenario: str, t: int) -> tuple[str, ...]:
        """The scenarios that cannot be told apart from this one in month t, itself among them."""
        return self.nodes(t)[self.node(scenario, t)]

    def parting(self, one: str, other: str, since: int) -> int:
        """The first month t from `since` on, inside the horizon or not, in which two scenarios can be told apart."""
        first = self.dataset.settings.first_stage_months
        months = sorted({since, first, *(self._branch(name) for name in self.names)})
        return next(t for t in months if t >= since and self.node(one, t) != self.node(other, t))

    @cached_property
    def branch_months(self) -> tuple[int, ...]:
        """Months of the horizon in which scenarios part, in order."""
        horizon = self.dataset.horizon
        nodes = [tuple(self.node(name, t) for name in self.names) for t in horizon]
        return tuple(t for t in horizon[1:] if nodes[t] != nodes[t - 1])

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The scenarios, those of a node side by side."""
        position = {name: i for i, name in enumerate(self.names)}
        months = (0, *self.branch_months)
        return tuple(sorted(self.names, key=lambda name: [position[self.node(name, t)] for t in months]))

    def nodes(self, t: int) -> dict[str, tuple[str, ...]]:
        """The groups of scenarios told apart in month t, by the name of their first in the sheet's order."""
        if t not in self._nodes:
            found = groups((self.node(name, t), name) for name in self.names)
            self._nodes[t] = {node: tuple(members) for node, members in found.items()}
        return self._nodes[t]

    @cached_property
    def _nodes(self) -> dict[int, dict[str, tuple[str, ...]]]:
        return {}


def first_unshared_month(tree: ScenarioTree, scenario: str) -> int:
    """The first month t from which a scenario's decisions are its own alone; the horizon's length if never."""
    horizon = tree.dataset.horizon
    return next((t for t in horizon if tree.alike(scenario, t) == (scenario,)), len(horizon))


def is_two_stage(tree: ScenarioTree) -> bool:
    """Whether scenarios share what is decided before first_stage_months and nothing after."""
    first = tree.dataset.settings.first_stage_months
    horizon = len(tree.dataset.horizon)
    return first >= horizon or all(len(members) == 1 for members in tree.nodes(first).values())
