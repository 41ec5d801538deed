"""The problems of the search for alternatives: the cheapest other plan, the one furthest away, and with signings given.

With scenarios plans are held side by side by what they sign in the first stage, which is the same in all scenarios:
what is signed later waits for what will be known then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import Model
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.fixed_decisions import kept_decisions
from models.stochastic.plan_problem import OnePlan, PlanProblem, Plans, PlansTogether, by_scenario
from models.stochastic.risk import Measure
from models.supply.registry import offers_on_the_table, signing_families
from models.variants.cost_parts import minimising
from models.variants.distance import APART, cheapest_apart, distance_mw, maximise_distance, measured_apart


@dataclass(frozen=True, slots=True)
class OtherPlans:
    """The problems beside one; `measure`: with scenarios what of their costs is minimised, else None."""

    dataset: Dataset
    measure: Measure | None

    def decided(self, plans: Plans) -> Plan:
        """What plans are held side by side by: a plan itself, of plans for scenarios their first stage."""
        return kept_decisions(self.dataset, by_scenario(plans))

    def distance_mw(self, one: Plans, other: Plans) -> float:
        """How far two plans are apart, MW averaged over the horizon."""
        return distance_mw(self.dataset, self.decided(one), self.decided(other))

    def cheapest_apart(self, known: Sequence[Plans]) -> PlanProblem:
        """The least cost among plans that sign anything else than each of the known ones."""
        decided = [self.decided(each) for each in known]
        if self.measure is None:
            return OnePlan(build_model(self.dataset, objective=cheapest_apart(decided)))
        return self._together(self.measure, decided, apart=True)

    def furthest(self, known: Sequence[Plans], most_usd: float) -> PlanProblem:
        """The largest distance to all known plans, at a cost of at most `most_usd`."""
        decided = [self.decided(each) for each in known]
        if self.measure is None:
            return OnePlan(build_model(self.dataset, objective=maximise_distance(decided, most_usd)))
        problem = self._together(self.measure, decided, apart=False)
        names = [None if each is None else each.parent_component().name for each in problem.compiled.columns]
        distance = -np.array([name == APART for name in names], dtype=float)
        most = most_usd / problem.units.usd
        return _Rearranged(problem, minimising(problem.compiled, (distance, 0.0), -np.inf, most))

    def signed(self, problem: PlanProblem, plans: Plans) -> Vector:
        """The values of a problem's columns that say what a plan signs; NaN for all others."""
        values, signed = problem.start_of(by_scenario(plans)), signing_families()
        until = len(self.dataset.horizon) if self.measure is None else self.dataset.settings.first_stage_months
        if isinstance(problem, PlansTogether):
            values = problem.form.integers_before(values, until)
        for i, variable in enumerate(problem.compiled.columns):
            if variable is None or variable.parent_component().name not in signed:
                values[i] = np.nan
        return values

    def _together(self, measure: Measure, decided: Sequence[Plan], *, apart: bool) -> PlansTogether:
        """All scenarios, the distance measured in the one that can sign most in the first stage."""
        ordered, until = self.dataset.in_order, self.dataset.settings.first_stage_months
        models = {each.scenario: build_model(ordered.in_scenario(each.scenario)) for each in ordered.scenarios}
        most = max(models, key=lambda name: _signings_before(models[name], until))
        objective = cheapest_apart(decided, until) if apart else measured_apart(decided, until)
        models[most] = build_model(ordered.in_scenario(most), objective=objective)
        return PlansTogether(self.dataset, measure, models)


def _signings_before(model: Model, until: int) -> int:
    offers = offers_on_the_table(model.dataset)
    return sum(each.t < until for offer in offers for each in model.signings.of(offer))


class _Rearranged:
    """A problem with its arrays changed."""

    def __init__(self, problem: PlanProblem, compiled: Compiled) -> None:
        self.problem, self.compiled = problem, compiled
        self.units: ModelUnits = problem.units

    def start_of(self, plans: Mapping[str, Plan]) -> Vector:
        """As `PlanProblem`."""
        return self.problem.start_of(plans)

    def plans_of(self, values: Vector) -> Plans:
        """As `PlanProblem`."""
        return self.problem.plans_of(values)
