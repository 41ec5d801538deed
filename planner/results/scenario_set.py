"""Plans as a set of scenarios: the figures of each scenario, and what they come to in expectation.

A plan made without scenarios is a set of one, whose scenario has no name and probability 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from models.dataset import Dataset
from models.plan import Plan, categories
from models.stochastic.plan_problem import Plans
from models.stochastic.risk import NEAR, TILT, Measure
from models.stochastic.solution import ROUNDING, BoundedValue, ScenarioPlan, StochasticSolution
from planner.formatting import percent
from planner.results.decision_tree import Node, decision_tree
from planner.results.horizon_end import CONVENTIONS, HorizonEnd
from planner.results.periods import PeriodFigures, expected
from planner.results.plan_figures import PlanFigures
from planner.results.scenario_decisions import ScenarioDecision, SharedDecision, decisions_of

RISK = "risk"
"""The category of what is minimised on top of the expected cost."""
SHORT = 1e-6
"""Tokens short below this share of what is asked for are the solver's rounding."""


def measure_words(measure: Measure) -> str:
    """What is minimised."""
    tilted = f" (with a weight of {percent(TILT)} on the expected cost, to break ties)"
    if measure.kind == "budget":
        most = "1 delay or exit" if measure.radius == 1 else f"{measure.radius:.0f} delays and exits at once"
        return f"the cost of the worst case of at most {most}{tilted}"
    if measure.kind == "worst":
        return f"the cost of the worst scenario{tilted}"
    if measure.kind == "regret":
        return f"the worst regret, the most that a scenario costs above its cost if it were certain{tilted}"
    if measure.kind in NEAR:
        of = {"tv": "in total variation", "wasserstein": "in the Wasserstein distance"}[measure.kind]
        return f"the worst expected cost over probabilities within {measure.radius:g} of the given ones {of}"
    if measure.weight:
        rest = percent(1.0 - measure.weight)
        tail = percent(1.0 - measure.alpha)
        return f"{rest} of the expected cost and {percent(measure.weight)} of its mean over the worst {tail}"
    return "the expected cost"


def change_words(measure: Measure, count: int) -> str:
    """How to read figures for another problem than the plan's own by a measure of so many scenarios; "" where plain."""
    if measure.kind == "budget":
        return (
            f"These figures are of the {count} cases that the plan is prepared for: after a change another case may be "
            "the worst, so that a change may cost more, or save less, than is told."
        )
    if measure.kind == "regret":
        return "After a change too, regret is measured from what each scenario would cost in the workbook as it is."
    return ""


def _share_short(shortfall: float, after_limits: float) -> float:
    """Of the tokens asked for after limits; rounding of the solver is none."""
    share = shortfall / after_limits if after_limits else 0.0
    return share if share > SHORT else 0.0


@dataclass(frozen=True)
class ScenarioResult:
    """The plan of one scenario, and its figures in the problem as that scenario has it."""

    scenario: ScenarioPlan
    figures: PlanFigures

    @property
    def name(self) -> str:
        """Name of the scenario; "" where the problem has none."""
        return self.scenario.name

    @property
    def probability(self) -> float:
        """Between 0 and 1."""
        return self.scenario.probability

    @property
    def cost_usd(self) -> float:
        """Net present cost."""
        return self.scenario.cost_usd

    @property
    def shortfall_share(self) -> float:
        """Of the tokens asked for after limits over the horizon, what falls short."""
        return _share_short(self.figures.totals.shortfall_bn, self.figures.totals.after_limits_bn)

    @cached_property
    def shortfall_by_segment(self) -> dict[str, float]:
        """The same by segment."""
        tokens = self.figures.segment_tokens
        return {name: _share_short(each.shortfall, each.after_limits) for name, each in tokens.items()}

    @cached_property
    def decisions(self) -> list[ScenarioDecision]:
        """What is decided in this scenario, by month."""
        return decisions_of(self.figures)


@dataclass(frozen=True)
class ScenarioSetResult:
    """The plans of all scenarios of a problem, in the order of its sheet, and their figures."""

    dataset: Dataset
    solution: StochasticSolution
    scenarios: tuple[ScenarioResult, ...]

    @classmethod
    def of(cls, dataset: Dataset, solution: StochasticSolution) -> ScenarioSetResult:
        """The set of a solution; `dataset` is the whole problem, of no scenario."""
        plans = {each.name: each for each in solution.scenarios}
        in_sheet_order = (plans[each.scenario] for each in dataset.scenarios)
        parts = (
            ScenarioResult(each, PlanFigures(dataset.in_scenario(each.name), each.plan)) for each in in_sheet_order
        )
        return cls(dataset, solution, tuple(parts))

    @classmethod
    def of_plans(cls, dataset: Dataset, plans: Plans) -> ScenarioSetResult:
        """The set of a plan, or of the plans of all scenarios."""
        return cls.of(dataset, plans) if isinstance(plans, StochasticSolution) else cls.of_plan(dataset, plans)

    @classmethod
    def of_plan(cls, dataset: Dataset, plan: Plan) -> ScenarioSetResult:
        """The set of one of a plan for a problem without scenarios; its bound is not known here."""
        return cls.of_figures(PlanFigures(dataset, plan))

    @classmethod
    def of_figures(cls, figures: PlanFigures) -> ScenarioSetResult:
        """The same where the figures of the plan are there already."""
        only = ScenarioResult(ScenarioPlan("", 1.0, figures.plan), figures)
        measure, cost = Measure.of(figures.dataset), figures.plan.objective_usd
        return cls(figures.dataset, StochasticSolution(measure, (only.scenario,), cost, -math.inf), (only,))

    @property
    def only(self) -> PlanFigures:
        """The figures of the plan of a set of one.

        Raises
        ------
        ValueError
            There are several scenarios.
        """
        (single,) = self.scenarios
        return single.figures

    def mean(self, of: Callable[[PlanFigures], float]) -> float:
        """Expected value of a figure of a plan."""
        return sum((each.probability * float(of(each.figures)) for each in self.scenarios), 0.0)

    def periods(self, per: str) -> list[PeriodFigures]:
        """Expected figures by fiscal `quarter` or `year`, or over the `horizon`."""
        return expected([(each.probability, each.figures.by(per)) for each in self.scenarios])

    @property
    def horizon_end(self) -> HorizonEnd:
        """Expected values of what is owed and worth beyond the last month, and of the cost by each convention."""
        ends = [(each.probability, each.figures.horizon_end) for each in self.scenarios]
        known = [name for name in CONVENTIONS if all(name in end.cost_usd for _, end in ends)]
        return HorizonEnd(
            owed_usd=sum(weight * end.owed_usd for weight, end in ends),
            worth_usd=sum(weight * (end.worth_usd or 0.0) for weight, end in ends) if self.dataset.residuals else None,
            cost_usd={name: sum(weight * end.cost_usd[name] for weight, end in ends) for name in known},
        )

    def expected(self, figure: str) -> float:
        """Expected value of one of the `Totals`, by its name."""
        return self.mean(lambda figures: getattr(figures.totals, figure))

    @property
    def worst(self) -> ScenarioResult:
        """The scenario that costs most."""
        return max(self.scenarios, key=lambda each: each.cost_usd)

    @property
    def cheapest(self) -> ScenarioResult:
        """The scenario that costs least."""
        return min(self.scenarios, key=lambda each: each.cost_usd)

    @cached_property
    def std_usd(self) -> float:
        """Standard deviation of the cost."""
        mean = self.solution.expected_usd
        variance = sum(each.probability * (each.cost_usd - mean) ** 2 for each in self.scenarios)
        spread = float(variance**0.5)
        return spread if spread > ROUNDING * abs(mean) else 0.0

    @property
    def cost_of_risk_usd(self) -> float:
        """What is minimised less the expected cost."""
        more = self.solution.objective_usd - self.solution.expected_usd
        return more if abs(more) > ROUNDING * abs(self.solution.expected_usd) else 0.0

    @property
    def shortfall_probability(self) -> float:
        """Probability that anything falls short in the horizon."""
        return sum(each.probability for each in self.scenarios if each.shortfall_share)

    @cached_property
    def expected_costs_usd(self) -> dict[str, float]:
        """Expected present value by category; sums to the expected cost."""
        return {
            category: sum((each.probability * each.figures.costs_usd[category] for each in self.scenarios), 0.0)
            for category in categories()
        }

    @cached_property
    def costs_usd(self) -> dict[str, float]:
        """The same, and as `risk` what is minimised on top; sums to the objective."""
        costs, solution = self.expected_costs_usd, self.solution
        plain = solution.measure.kind == "expected" and solution.measure.weight == 0.0
        return costs if plain else costs | {RISK: solution.objective_usd - sum(costs[name] for name in categories())}

    @cached_property
    def cvar_usd(self) -> float:
        """Mean cost of the worst cases, by the measure's alpha."""
        return self.solution.cvar_usd(self.solution.measure.alpha)

    @cached_property
    def evpi(self) -> BoundedValue | None:
        """Expected value of perfect information; None where a scenario was not solved by itself."""
        return self.solution.evpi()

    @cached_property
    def vss(self) -> BoundedValue | None:
        """Value of the stochastic solution; None where it was not worked out."""
        return self.solution.vss()

    @cached_property
    def decision_tree(self) -> Node:
        """What is decided while scenarios cannot be distinguished, and what in each branch after that."""
        decisions = {each.name: each.decisions for each in self.scenarios}
        return decision_tree(self.dataset, self.solution.probability, decisions)

    @cached_property
    def decisions_now(self) -> list[SharedDecision]:
        """Decisions of the first stage, the same in every scenario."""
        first = self.dataset.settings.first_stage_months
        return [each for each in self.decision_tree.decisions if each.what.month < first]
