"""Plans for all scenarios in figures: each scenario's by itself, and what they come to in expectation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from models.dataset import Dataset
from models.plan import CATEGORIES, Plan
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from planner.results.monthly import MonthRow, Totals, by_month, totals
from planner.results.noise import without_noise
from planner.results.views import service

RISK = "risk"
"""The category of what is minimised on top of the expected cost."""
ROUNDING = 1e-9
"""Of a cost, what is rounding and no regret."""
SHORT = 1e-6
"""Tokens short below this share of what is asked for are the solver's rounding."""


@dataclass(frozen=True)
class Scene:
    """One scenario: its own problem, its plan, and what that amounts to."""

    of: ScenarioPlan
    dataset: Dataset
    plan: Plan

    @property
    def name(self) -> str:
        return self.of.name

    @cached_property
    def months(self) -> list[MonthRow]:
        return by_month(self.dataset, self.plan)

    @cached_property
    def totals(self) -> Totals:
        return totals(self.dataset, self.plan, self.months)

    @property
    def regret_usd(self) -> float | None:
        """What the scenario costs more than if it were certain: never less than nothing; None where unknown."""
        if self.of.wait_and_see is None:
            return None
        beyond = self.of.cost_usd - self.of.wait_and_see.cost_usd
        return beyond if beyond > ROUNDING * abs(self.of.cost_usd) else 0.0

    @property
    def short_share(self) -> float:
        """Of the tokens asked for after limits, over the horizon; rounding of the solver is none."""
        asked = self.totals.after_limits_bn
        share = self.totals.shortfall_bn / asked if asked else 0.0
        return share if share > SHORT else 0.0

    @cached_property
    def short_by_segment(self) -> dict[str, float]:
        """Share of the tokens asked for of each segment that falls short over the horizon."""
        asked: dict[str, float] = defaultdict(float)
        short: dict[str, float] = defaultdict(float)
        for row in service(self.dataset, self.plan):
            days = self.dataset.hours(row.month) / 24.0
            asked[row.segment] += row.after_limits * days
            short[row.segment] += row.shortfall * days
        shares = {name: short[name] / tokens if tokens else 0.0 for name, tokens in asked.items()}
        return {name: share if share > SHORT else 0.0 for name, share in shares.items()}


@dataclass(frozen=True)
class Figures:
    """All scenarios of a dataset, in the order of the sheet."""

    dataset: Dataset
    best: StochasticSolution
    scenes: tuple[Scene, ...]

    @classmethod
    def of(cls, dataset: Dataset, best: StochasticSolution) -> Figures:
        scenes = (Scene(each, dataset.in_scenario(each.name), without_noise(each.plan)) for each in best.scenarios)
        return cls(dataset, best, tuple(scenes))

    def mean(self, figure: str) -> float:
        """Expected value of one of the `Totals`, by its name."""
        return sum((each.of.probability * float(getattr(each.totals, figure)) for each in self.scenes), 0.0)

    @property
    def worst(self) -> Scene:
        return max(self.scenes, key=lambda each: each.of.cost_usd)

    @property
    def cheapest(self) -> Scene:
        return min(self.scenes, key=lambda each: each.of.cost_usd)

    @property
    def std_usd(self) -> float:
        """Standard deviation of the cost."""
        mean = self.best.expected_usd
        variance = sum(each.of.probability * (each.of.cost_usd - mean) ** 2 for each in self.scenes)
        return float(variance**0.5)

    @property
    def short_probability(self) -> float:
        """Probability that anything falls short in the horizon."""
        return sum(each.of.probability for each in self.scenes if each.short_share)

    def costs_usd(self) -> dict[str, float]:
        """Expected present value by category, and as `risk` what is minimised on top; sums to the objective."""
        costs = self.best.costs_usd()
        plain = self.best.measure.kind == "expected" and self.best.measure.weight == 0.0
        return costs if plain else costs | {RISK: self.best.objective_usd - sum(costs[name] for name in CATEGORIES)}
