"""Plans for scenarios rolled by the news: the scenario that came true, or what was seen of uncertain quantities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook, closest
from models.plan import Plan
from models.roll import Rolled
from models.roll.news import Exclusion, Observation, excluded
from models.roll.scenarios import disagreement, roll_scenarios
from models.stochastic.contingencies import Case, case_name, cases, contingencies, in_cases, open_cases
from models.stochastic.tree import ScenarioTree
from planner.analysis.held_decisions import hold
from planner.errors import WrongUsage
from planner.excel.scenario_plan_reader import cases_at_once, problem_of_plan, read_plans
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions

HELD_GAP, SECONDS = 0.05, 60.0
"""How well, and how long, later decisions are looked for that only what was served and paid until then hangs on."""


def read_plans_to_roll(
    plan_path: Path, dataset: Dataset, to: int, branch: str | None, news: Sequence[Observation] | None
) -> tuple[Dataset, Mapping[str, Plan], Collection[str]]:
    """The problem that a plan for scenarios is of, their plans, and the scenarios that can still come with a branch.

    The scenarios of a plan made with `--risk budget:K` are the cases that it was prepared for; what was seen may be
    another of at most K delays and exits, as long as decisions are common to all. The cases of one delay or exit more
    than what happened join them, so that all that may still come stays listed. They are decided alike.

    Parameters
    ----------
    plan_path
        The plan.
    dataset
        The problem of now.
    to
        The month t that becomes month 0.
    branch, news
        The scenario that came true, or what was seen; None for the other.

    Raises
    ------
    FaultyWorkbook
        The problem has no scenarios, or the file is no plan for them.
    WrongUsage
        Neither says what happened, or what was seen is none of the cases, or one that the plan has no decisions for.
    """
    if not dataset.scenarios:
        asked = branch is not None or news is not None
        fix = f"{'Leave out --branch and --observed, and name' if asked else 'Name'} a plan made without scenarios."
        raise FaultyWorkbook([Fault("scenarios", "", "", "no rows", "scenarios, as news is about them", fix)])
    if branch is None and news is None:
        raise WrongUsage(
            "With scenarios say what happened: --branch names the scenario that came true, or --observed a file of "
            "what was seen."
        )
    problem = problem_of_plan(plan_path, dataset)
    plans, most = read_plans(plan_path, problem), cases_at_once(plan_path)
    if most is None:
        return problem, plans, ()
    listed = {case_name(case): case for case in cases(contingencies(dataset), most)}
    if not listed.keys() >= plans.keys() or (branch is not None and branch not in plans):
        return problem, plans, ()
    happened = [listed[branch]] if branch is not None else _happened(dataset, listed, plans, news or (), to)
    known = {case_name(case): _plan_in(case, dataset, plans, to) for case in happened}
    may_come = {each: plan for name, plan in known.items() for each in open_cases(dataset, listed[name], to)}
    prepared = (case for name, case in listed.items() if name in plans or name in known)
    also = {case_name(each): plan for each, plan in may_come.items()}
    return in_cases(dataset, [*prepared, *may_come]), also | known | plans, also.keys()


def _happened(
    dataset: Dataset, listed: Mapping[str, Case], plans: Collection[str], news: Sequence[Observation], to: int
) -> list[Case]:
    """The cases that what was seen allows, but those that hold another: nothing went wrong that was not seen.

    Once cases part, only those with a plan of their own.
    """
    gone = {each.scenario for each in excluded(in_cases(dataset, listed.values()), news)}
    left = {name: case for name, case in listed.items() if name not in gone}
    if not left:
        raise WrongUsage(
            f"What was seen is none of the {len(listed):,} cases that the plan was held against. Correct it, or add "
            "what happened to scenario_factors and solve again."
        )
    parted = dataset.settings.first_stage_months
    decided = [case for name, case in left.items() if name in plans or to <= parted]
    if not decided:
        raise WrongUsage(
            f"What was seen is {next(iter(left))}, for which the plan decides nothing from {dataset.label(parted)} on: "
            f"another case was worse. Roll with --to {dataset.label(parted)}, solve again, and roll on with that plan."
        )
    return [case for case in decided if not any(set(other) < set(case) for other in decided)]


def _plan_in(case: Case, dataset: Dataset, plans: Mapping[str, Plan], to: int) -> Plan:
    """The plan of a case; of one that has none of its own what is decided before month `to`, which is common to all."""
    name = case_name(case)
    if name in plans:
        return plans[name]
    problem, common = in_cases(dataset, [case]).in_scenario(name), next(iter(plans.values()))
    found = hold(problem, common, SolveOptions(gap=HELD_GAP, time_limit=SECONDS), Stop(), lambda: False, to - 1)
    if found.plan is None:
        raise WrongUsage(f"The plan cannot be carried out in what was seen, {name}: {found.why_not}.")
    return found.plan


def roll_with_news(
    dataset: Dataset,
    plans: Mapping[str, Plan],
    to: int,
    branch: str | None,
    news: Sequence[Observation] | None,
    also: Collection[str] = (),
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
    news
        What was seen; scenarios that differ from it go.
    also
        Scenarios that stay possible with the branch, though the plans tell them apart.

    Raises
    ------
    WrongUsage
        There is no such scenario, none is left, or those left decided differently before month `to`.
    """
    names = [each.scenario for each in dataset.scenarios]
    gone: list[Exclusion] = []
    if branch is not None:
        if branch not in names:
            raise WrongUsage(f"--branch {branch} is none of the scenarios. {closest(branch, names)}")
        alike = ScenarioTree(dataset).alike(branch, to)
        followed, left = branch, tuple(name for name in names if name in alike or name in also)
    else:
        gone = excluded(dataset, news or ())
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
    rolled = roll_scenarios(dataset, plans, followed, left, to)
    by_news = [f"scenario {_words(dataset, each)}: it goes" for each in gone]
    others = [f"scenario {name}: told apart from {branch}, it goes" for name in names if branch and name not in left]
    return replace(rolled, done=(*rolled.done, *by_news, *others))


def _words(dataset: Dataset, each: Exclusion) -> str:
    seen = each.seen
    month = dataset.label(dataset.t(seen.month))
    value = "gone" if seen.value is None else f"{seen.value:g}"
    return f"{each.scenario} has {seen.quantity} {seen.name} at {each.expected:g} in {month}, seen was {value}"
