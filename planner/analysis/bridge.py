"""The bridge from an old plan to a new one: what of the change in cost is due to the inputs, what to the decisions.

inputs = the old decisions, at the best dispatch, in the new problem − the old plan; decisions = the new plan − that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.dataset import Dataset
from models.estimate import ROUNDING, UNKNOWN, Estimate
from models.stochastic.tree import ScenarioTree
from planner.analysis.held_decisions import hold
from planner.analysis.plan_comparison import ComparedPlan, Comparison, input_changes
from planner.formatting import money
from planner.interrupt import Stop
from planner.results.tables import Filled, report_table
from planner.solving.held_rows import with_time_left
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines, Watch

SECONDS = 60.0
"""How long old decisions are held in a new problem at most."""
LEAST_SECONDS = 2.0
BRIDGE = report_table(
    "Bridge",
    "from the old plan to the new: inputs, decisions",
    *("cause:text", "usd:money", "above_bound_usd:money", "why:text"),
)


@dataclass(frozen=True, slots=True)
class Bridge:
    """From an old plan to a new one, USD of what was minimised.

    Parameters
    ----------
    old, new
        The cost of each plan at most, and of any plan of its problem at least.
    held
        The cost of the old decisions in the new problem; unknown where they cannot be held.
    why
        Why not.
    """

    old: Estimate
    held: Estimate
    new: Estimate
    why: str = ""

    @property
    def inputs_usd(self) -> float | None:
        """What the inputs change."""
        return _difference(self.held.at_most, self.old.at_most)

    @property
    def decisions_usd(self) -> float | None:
        """What the decisions change."""
        return _difference(self.new.at_most, self.held.at_most)

    @property
    def rows(self) -> Iterator[tuple[str, float | None, float | None, str]]:
        """Cause, USD, distance to the bound in USD, and why there is none."""
        yield "old plan", self.old.at_most, _above(self.old), ""
        yield "inputs", self.inputs_usd, _above(self.held), self.why
        yield "decisions", self.decisions_usd, None, self.why
        yield "new plan", self.new.at_most, _above(self.new), ""

    def words(self, currency: str) -> Iterator[str]:
        """What the inputs and the decisions change, or why it is not known, and what the gaps leave open."""
        if self.inputs_usd is None or self.decisions_usd is None:
            yield f"the old decisions cannot be held with the new inputs: {self.why}"
            return
        known = f"inputs {_signed(self.inputs_usd, currency)}, decisions {_signed(self.decisions_usd, currency)}"
        gaps = [(_above(each), which) for each, which in ((self.old, "old"), (self.new, "new"))]
        left = [f"{money(usd, currency)} of the {which} plan" for usd, which in gaps if usd]
        yield f"{known}; the gaps leave open {' and '.join(left)}" if left else known

    @property
    def table(self) -> Filled:
        """The sheet."""
        return Filled(BRIDGE, list(self.rows))


def _difference(after: float | None, before: float | None) -> float | None:
    """What comes on top of an amount; what rounding leaves of it is nothing."""
    if after is None or before is None:
        return None
    return 0.0 if math.isclose(after, before, rel_tol=ROUNDING) else after - before


def _above(cost: Estimate) -> float | None:
    """How far a plan may be above the least cost."""
    found = _difference(cost.at_most, cost.at_least)
    return None if found is None else max(0.0, found)


def _signed(usd: float, currency: str) -> str:
    return f"{'+' if usd > 0.0 else ''}{money(usd, currency)}"


def bridges(comparison: Comparison) -> tuple[Bridge, ...]:
    """The bridge from the first plan of a comparison to each of the others."""

    def to(side: ComparedPlan) -> Bridge:
        new = Estimate.optimum(side.bound_usd, side.objective_usd)
        options = SolveOptions(time_limit=SECONDS)
        return bridge(comparison.first, side.dataset, new, side.minimised, options, Stop(), _unseen)

    return tuple(to(each.side) for each in comparison.others)


def _unseen(what: str) -> ProgressLines:
    return ProgressLines(what, "")


def bridge(
    old: ComparedPlan,
    dataset: Dataset,
    new: Estimate,
    minimised: str,
    options: SolveOptions,
    stop: Stop,
    watch: Watch,
) -> Bridge:
    """The bridge from an old plan to a new one of the problem `dataset`.

    Parameters
    ----------
    old
        The old plan with its problem.
    dataset, new, minimised
        The new problem; what the new plan costs, and any at least, in USD; and of what, in words.
    options, stop, watch
        How the old decisions are held in the new problem where it is another.
    """
    before = Estimate.optimum(old.bound_usd, old.objective_usd)
    why = _incomparable(old, dataset, minimised)
    if why:
        return Bridge(before, UNKNOWN, new, why)
    if not input_changes(old.dataset, dataset):
        return Bridge(before, replace(before, at_least=before.at_most), new)
    held: dict[str, Estimate] = {}
    began = time.monotonic()
    plans = {each.name: each.figures.plan for each in old.plans.scenarios}
    if dataset.scenarios and not old.dataset.scenarios:  # a plan for one forecast decides the same in every scenario
        plans = {each.scenario: old.plans.only.plan for each in dataset.scenarios}
    for name, plan in plans.items():
        lines = watch(f"Old decisions{', ' * bool(name)}{name}")
        found = hold(
            dataset.in_scenario(name),
            plan,
            with_time_left(options, began),
            stop,
            lambda shown=lines: shown.stopped_by(stop),  # type: ignore[misc]
        )
        if found.plan is None:
            return Bridge(before, UNKNOWN, new, f"{name}: {found.why_not}" if name else found.why_not)
        held[name] = found.least_cost
    most, least = (
        {name: end for name, known in held.items() if (end := getattr(known, side)) is not None}
        for side in ("at_most", "at_least")
    )
    if not dataset.scenarios:
        return Bridge(before, held[""], new)
    value, weights = old.plans.solution.measure.value, ScenarioTree(dataset).probability
    known = Estimate.optimum(value(least, weights) if len(least) == len(held) else None, value(most, weights))
    return Bridge(before, known, new)


def _incomparable(old: ComparedPlan, dataset: Dataset, minimised: str) -> str:
    """Why old decisions cannot be held in a problem; "" where they can."""
    ours, theirs = old.dataset.settings, dataset.settings
    if ours.first_month != theirs.first_month:
        return f"the old plan begins in {old.dataset.label(0)}, the new one in {dataset.label(0)}"
    if ours.currency != theirs.currency:
        return f"the old plan is in {ours.currency}, the new one in {theirs.currency}"
    if old.minimised != minimised:
        return f"the old plan minimises {old.minimised}, the new one {minimised}"
    if old.plans.solution.measure.kind == "regret" and old.dataset.scenarios:
        return "regret is measured by the least cost of each scenario, which the inputs change"
    of_old, of_new = ({each.scenario for each in side.scenarios} for side in (old.dataset, dataset))
    if of_old and of_old != of_new:
        return "the two are made for different scenarios"
    return ""
