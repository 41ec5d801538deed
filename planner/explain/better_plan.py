"""A plan found on the way that costs less than the one explained: what it saves, its words, and its workbook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.plan_problem import Plans
from planner.analysis.questions import audited
from planner.explain.searches import Search
from planner.files.outputs import PLAN_SHEETS, free_name
from planner.files.package import names_of_sheets
from planner.formatting import estimate_json, estimate_words, money
from planner.reports.plan_report import plan_workbook
from planner.reports.run_result import RunResult
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.exactness import PRECISION


@dataclass(frozen=True, slots=True)
class BetterPlan:
    """A plan that the audit accepts; `saving`: what the best plan costs less than the one explained, USD."""

    plan: Plans
    saving: Estimate
    bound_usd: float | None

    def words(self, currency: str, gap: float) -> str:
        """What is known of it, in sentences."""
        saved = estimate_words(self.saving, lambda usd: money(usd, currency), gap)
        return (
            f"A better plan was found on the way: {saved} can be saved. All figures compare with it; it is written "
            "beside this explanation as a plan of its own, from which `planner solve --start` begins."
        )


def better_plan_json(better: BetterPlan | None) -> dict[str, Any]:
    """The same as plain values; null where none was found."""
    if better is None:
        return dict.fromkeys(("better_plan_cost_usd", "better_plan_saving_usd"))
    return {
        "better_plan_cost_usd": better.plan.objective_usd,
        "better_plan_saving_usd": estimate_json(better.saving),
    }


def better_plan(explained: Plans, base: Search) -> BetterPlan | None:
    """The cheapest plan known of the problem as it is; None where that is the plan explained."""
    found, cost = base.plan, explained.objective_usd
    if found is None or found.objective_usd >= cost - PRECISION * abs(cost):
        return None
    least = base.least_cost
    return BetterPlan(found, Estimate.exactly(cost).minus(least).not_below(0.0), least.at_least)


def better_plan_workbook(dataset: Dataset, better: BetterPlan, explanation: Path) -> tuple[Path, bytes]:
    """The path of its plan workbook, beside the explanation, and what is to be written there."""
    path = explanation.with_name(f"{explanation.stem}.better-plan.xlsx")
    if path.exists() and not names_of_sheets(path) >= PLAN_SHEETS:
        path = free_name(path)  # somebody else's workbook
    plan = better.plan
    result = RunResult(
        dataset=dataset,
        plan_name=f"{dataset.settings.plan_name}, better plan".removeprefix(", "),
        status="stopped",
        objective_usd=plan.objective_usd,
        solution=ScenarioSetResult.of_plans(dataset, plan),
        audit=audited(dataset, plan),
        plan_path=str(path),
    )
    result.note_bound(better.bound_usd)
    return path, plan_workbook(path, result)
