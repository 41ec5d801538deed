"""The decision tree: what is decided while scenarios cannot be distinguished, and what in each branch after that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.dataset import Dataset
from models.stochastic.tree import ScenarioTree
from planner.results.scenario_decisions import SIGNED, ScenarioDecision, SharedDecision, shared_decisions, why_not


@dataclass(frozen=True)
class Node:
    """Scenarios that cannot be distinguished in months `first` to `last`, and what is decided in them.

    `last` is before `first` for a root that nothing is decided in: the scenarios differ from the first month on.
    """

    first: int
    last: int
    scenarios: tuple[str, ...]
    probability: float
    decisions: tuple[SharedDecision, ...]
    children: tuple[Node, ...]

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Itself and all below it, with how deep each lies: a node before its children."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The nodes that never part again, in the order of the tree."""
        return tuple(node for _, node in self.walk() if not node.children)


def decision_tree(
    dataset: Dataset, probability: Mapping[str, float], decisions: Mapping[str, Sequence[ScenarioDecision]]
) -> Node:
    """The tree of the plans of all scenarios of a problem.

    Parameters
    ----------
    dataset
        The problem.
    probability, decisions
        By the names of the scenarios: how likely each is, and what its plan decides.
    """
    return _TreeBuilder(dataset, probability, decisions).root()


class _TreeBuilder:
    def __init__(
        self,
        dataset: Dataset,
        probability: Mapping[str, float],
        decisions: Mapping[str, Sequence[ScenarioDecision]],
    ) -> None:
        self.dataset, self.tree = dataset, ScenarioTree(dataset)
        self.probability, self.decisions = probability, decisions

    def root(self) -> Node:
        together = tuple(self.tree.nodes(0).values())
        if len(together) == 1:
            return self._node(0, together[0])
        children = tuple(self._node(0, members) for members in together)
        return Node(0, -1, self.tree.names, 1.0, (), children)

    def _node(self, first: int, members: tuple[str, ...]) -> Node:
        later = (t for t in self.dataset.horizon[first:] if set(self.tree.alike(members[0], t)) != set(members))
        parts = next(later, len(self.dataset.horizon))
        children: tuple[Node, ...] = ()
        if parts in self.dataset.horizon:
            groups = self.tree.nodes(parts).values()
            children = tuple(self._node(parts, group) for group in groups if set(group) <= set(members))
        return Node(
            first,
            parts - 1,
            members,
            sum(self.probability[name] for name in members),
            self._decided(first, parts, members),
            children,
        )

    def _decided(self, first: int, until: int, members: tuple[str, ...]) -> tuple[SharedDecision, ...]:
        of = {
            name: [each for each in self.decisions[name] if first <= each.month < until and each.do != SIGNED]
            for name in members
        }

        def why_cannot(name: str, what: ScenarioDecision) -> str:
            return why_not(self.dataset.in_scenario(name), self.decisions[name], what)

        return tuple(shared_decisions(of, self.probability, why_cannot))
