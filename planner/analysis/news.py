"""Plans for scenarios rolled by the news: the scenario that came true, or what was seen of uncertain quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook, closest
from models.plan import Plan
from models.roll import Rolled
from models.roll.news import Exclusion, excluded
from models.roll.scenarios import disagreement, roll_scenarios
from models.stochastic.tree import ScenarioTree
from planner.errors import WrongUsage
from planner.excel.observed import read_observed
from planner.excel.scenario_plan_reader import read_plans


def read_plans_to_roll(plan_path: Path, dataset: Dataset) -> Mapping[str, Plan]:
    """The plans of all scenarios of a problem.

    Raises
    ------
    FaultyWorkbook
        The problem has no scenarios, or the file is no plan for them.
    """
    if not dataset.scenarios:
        fix = "Leave out --branch and --observed, and name a plan made without scenarios."
        raise FaultyWorkbook([Fault("scenarios", "", "", "no rows", "scenarios, as news is about them", fix)])
    return read_plans(plan_path, dataset)


def roll_with_news(
    dataset: Dataset, plans: Mapping[str, Plan], to: int, branch: str | None, observed: Path | None
) -> Rolled:
    """The next round of a problem with scenarios.

    Parameters
    ----------
    dataset
        The problem of now.
    plans
        A plan for each scenario.
    to
        The month t that becomes month 0.
    branch
        The scenario that came true; what could not be told apart from it by month `to` stays possible.
    observed
        A file of what was seen; scenarios that differ from it go.

    Raises
    ------
    WrongUsage
        There is no such scenario, none is left, or those left decided differently before month `to`.
    FaultyWorkbook
        The file of what was seen is faulty.
    """
    names = [each.scenario for each in dataset.scenarios]
    gone: list[Exclusion] = []
    if branch is not None:
        if branch not in names:
            raise WrongUsage(f"--branch {branch} is none of the scenarios. {closest(branch, names)}")
        followed, left = branch, ScenarioTree(dataset).alike(branch, to)
    elif observed is not None:
        gone = excluded(dataset, read_observed(observed, dataset))
        left = tuple(name for name in names if name not in {each.scenario for each in gone})
        if not left:
            told = "; ".join(_words(dataset, each) for each in gone)
            raise WrongUsage(f"What was seen leaves no scenario: {told}. Correct it, or sample new scenarios.")
        followed = max(left, key=lambda name: ScenarioTree(dataset).probability[name])
        if other := disagreement(dataset, plans, left, to):
            raise WrongUsage(
                f"What was seen leaves {other[0]} and {other[1]}, which decide differently before {dataset.label(to)}. "
                "Name the one that came true with --branch, or roll month by month."
            )
    else:
        raise WrongUsage(
            "With scenarios say what happened: --branch names the scenario that came true, or --observed a file of "
            "what was seen."
        )
    rolled = roll_scenarios(dataset, plans, followed, left, to)
    by_news = [f"scenario {_words(dataset, each)}: it goes" for each in gone]
    others = [f"scenario {name}: told apart from {branch}, it goes" for name in names if branch and name not in left]
    return replace(rolled, done=(*rolled.done, *by_news, *others))


def _words(dataset: Dataset, each: Exclusion) -> str:
    seen = each.seen
    month = dataset.label(dataset.t(seen.month))
    value = "gone" if seen.value is None else f"{seen.value:g}"
    return f"{each.scenario} has {seen.quantity} {seen.name} at {each.expected:g} in {month}, seen was {value}"
