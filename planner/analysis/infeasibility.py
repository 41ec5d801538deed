"""What to change in a workbook that admits no plan: the smallest sets of changes, each tried out.

A set is found by relaxing every rule at the least penalty (`models.variants.elastic`), then taken apart until
no rule of it can be left out. Others are found by holding one rule of a known set at a time, the smallest sets
first. Each set is written as edits, applied to the workbook's data, and the result solved: a repair reported as proven
has a plan.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

from models.build import build_model
from models.core.scaling import ModelUnits
from models.dataset import Dataset
from models.variants.elastic import Elastic, RelaxableRule, Violation
from models.variants.repairs import RuleChange, change_of, repaired
from planner.interrupt import Stop
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions
from planner.solving.search import solve

ALTERNATIVES = 5
ENLARGED = (1.0, 1.02, 1.1, 1.5)
"""What amounts are multiplied by until the repaired workbook has a plan."""
NARROWED = 6
"""Halvings by which an amount that need not be exact at first is narrowed down."""
TRIAL_GAP = 0.02


@dataclass(frozen=True, slots=True)
class Repair:
    """Changes that together make a plan possible, none of them needless.

    `penalty` sums up how far they go, as shares of what is written. `cost_usd` is the net present cost of a plan
    for the repaired workbook; `proven` whether one was found.
    """

    changes: tuple[RuleChange, ...]
    penalty: float
    cost_usd: float | None
    proven: bool

    @property
    def words(self) -> str:
        """Its changes as one clause."""
        return " and ".join(each.words for each in self.changes)


@dataclass(frozen=True, slots=True)
class Infeasibility:
    """Repairs, the smallest first, and rules that cannot hold together (None when not asked for, or not found).

    `complete`: nothing was cut short by the time.
    """

    repairs: tuple[Repair, ...]
    conflict: tuple[RelaxableRule, ...] | None
    complete: bool
    seconds: float


def explain_infeasible(
    dataset: Dataset,
    *,
    seconds: float,
    stop: Stop | None = None,
    alternatives: int = ALTERNATIVES,
    conflict: bool = False,
) -> Infeasibility:
    """Looks for up to `alternatives` repairs, and for a conflict when asked to, for at most so many seconds."""
    search = _RepairSearch(dataset, seconds * (0.75 if conflict else 1.0), stop)
    repairs = search.repairs(alternatives)
    rules = None
    if conflict:
        search.deadline = search.began + seconds
        rules = search.conflict()
    return Infeasibility(repairs, rules, not search.cut_short, time.monotonic() - search.began)


class _RepairSearch:
    def __init__(self, dataset: Dataset, seconds: float, stop: Stop | None) -> None:
        self.began = time.monotonic()
        self.dataset, self.stop = dataset, stop
        self.deadline = self.began + seconds
        self.elastic = Elastic(dataset)
        self.cut_short = False

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.deadline or (self.stop is not None and self.stop.requested)

    def repairs(self, most: int) -> tuple[Repair, ...]:
        """Sets of rules by a hitting-set tree, breadth first: each branch holds one rule of a known set more."""
        found: dict[frozenset[RelaxableRule], Repair | None] = {}
        branches: deque[frozenset[RelaxableRule]] = deque([frozenset()])
        seen: set[frozenset[RelaxableRule]] = set()
        while branches and len([each for each in found.values() if each]) < most:
            if self.over:
                self.cut_short = True
                break
            kept = branches.popleft()
            known = next((rules for rules in found if not rules & kept), None)
            if known is None:
                violations = self._violations(set(self.elastic.relaxable) - kept)
                if not violations:  # with these kept there is no repair, or none is needed
                    continue
                violations = self._irreducible(violations)
                known = frozenset(each.rule for each in violations)
                found[known] = self._tried(violations)
            for rule in sorted(known, key=lambda each: (each.kind, each.name)):
                further = kept | {rule}
                if further not in seen:
                    seen.add(further)
                    branches.append(further)
        return tuple(sorted(filter(None, found.values()), key=lambda each: (not each.proven, each.penalty)))

    def conflict(self) -> tuple[RelaxableRule, ...] | None:
        """Rules that cannot hold together with what is on offer, none of them needless; None when time ran out."""
        rules = [each for each in self.elastic.relaxable if each.kind != "capacity"]
        core = list(rules)
        for each in rules:
            rest = [rule for rule in core if rule != each]
            outcome = self._relaxed(set(rules) - set(rest))
            if outcome.status == "infeasible":
                core = rest
            elif outcome.values is None:
                return None
        return tuple(core)

    def _violations(self, allowed: Collection[RelaxableRule]) -> tuple[Violation, ...] | None:
        """How the allowed rules are violated at the least penalty; None where relaxing them is not enough."""
        outcome = self._relaxed(allowed)
        return None if outcome.values is None else self.elastic.violations(outcome.values)

    def _relaxed(self, allowed: Collection[RelaxableRule]) -> Outcome:
        """The least penalty for violating the allowed rules."""
        options = SolveOptions(gap=0.001, time_limit=max(0.5, self.deadline - time.monotonic()))
        outcome = solve(
            ArrayProblem(self.elastic.arrays(allowed), ModelUnits()), options, should_stop=lambda: self.over
        )
        if outcome.status in ("stopped", "no_plan"):
            self.cut_short = True
        return outcome

    def _irreducible(self, violations: tuple[Violation, ...]) -> tuple[Violation, ...]:
        """The violations without any that the others can do without, the smallest tried first."""
        for each in sorted(violations, key=lambda each: each.penalty):
            rest = {other.rule for other in violations if other.rule != each.rule}
            if each.rule not in {other.rule for other in violations} or not rest or self.over:
                continue
            without = self._violations(rest)
            if without:
                violations = without
        return violations

    def _tried(self, violations: tuple[Violation, ...]) -> Repair | None:
        """The repair, its amounts enlarged until the repaired workbook has a plan, then narrowed down.

        None when it is proven not to help: power that is missing is held by caps once it is there.
        """
        penalty = sum(each.penalty for each in violations)
        changes = tuple(change_of(self.dataset, each) for each in violations)
        refuted = True
        for factor in ENLARGED:
            tried = tuple(change_of(self.dataset, _scaled(each, factor)) for each in violations)
            status, cost = self._cost(tried)
            if cost is not None:
                return self._narrowed(violations, factor, Repair(tried, penalty * factor, cost, True))
            refuted = refuted and status == "infeasible"
            if self.over:
                return Repair(changes, penalty, None, False)
        return None if refuted else Repair(changes, penalty, None, False)

    def _narrowed(self, violations: tuple[Violation, ...], factor: float, repair: Repair) -> Repair:
        """A single share is measured against what the elastic plan happens to have: less of it may do."""
        if len(violations) > 1 or violations[0].rule.kind not in ("cap", "shortfall", "max_shortfall_share"):
            return repair
        if not any(change.unit == "share" or change.column == "max_shortfall_share" for change in repair.changes):
            return repair
        low, high = 0.0, factor
        for _ in range(NARROWED):
            middle = (low + high) / 2.0
            tried = (change_of(self.dataset, _scaled(violations[0], middle)),)
            cost = None if self.over else self._cost(tried)[1]
            if cost is None:
                low = middle
            else:
                high, repair = middle, Repair(tried, repair.penalty * middle / high, cost, True)
        return repair

    def _cost(self, changes: tuple[RuleChange, ...]) -> tuple[str, float | None]:
        """How solving the repaired workbook ends, and the net present cost of the plan found, if any."""
        model = build_model(repaired(self.dataset, changes))
        options = SolveOptions(gap=TRIAL_GAP, time_limit=max(1.0, (self.deadline - time.monotonic()) / 2.0))
        outcome = solve(model, options, should_stop=lambda: self.over)
        return outcome.status, outcome.objective_usd


def _scaled(violation: Violation, factor: float) -> Violation:
    return replace(violation, by_month={t: amount * factor for t, amount in violation.by_month.items()})
