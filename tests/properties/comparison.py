"""One random workbook compared: the planner against brute force, a relation between optima, and what mattered.

A workbook is drawn from its seed alone, so that a disagreement can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from random import Random

from builders import solved_or_none
from properties.brute_force import cheapest
from properties.brute_scenarios import cheapest_together
from properties.coverage import Place, changes, concerns, items, kinds, kinds_taken, pairs, used
from properties.relations import RELATIONS, TOLERANCE, Related
from properties.scenario_rows import with_scenarios
from properties.sprinkled import sprinkled
from properties.themes import THEMES
from stochastic import solved_together_or_none

from models.build import build_model
from models.checks import check
from models.dataset import Dataset
from models.faults import Fault
from models.stochastic.extensive_form import ExtensiveForm
from planner.solving.problem import CompiledProblem, Outcome, SolveOptions
from planner.solving.search import solve

CHANGES = 4
"""So many changes of an item are tried until one gives another optimum."""
ROUNDING_USD = 10.0
"""Less money counts as so much: a linear program may use a billionth of an accelerator less than none, or more."""

FAULTY_SHEETS = {"demand", "limits"}
"""Where a random workbook may be found faulty: demand that nothing can serve, months without a limit."""


LOST = {"demand_multiplier", "peak_demand_multiplier", "revenue_multiplier"}
"""Columns of limits whose faults are no lack of a plan: churn that some plan could take below 0 is one for all."""


@dataclass(frozen=True)
class Answer:
    """The planner's answer: the least cost in USD (None: no plan), the money that moves, kinds and names used."""

    cost_usd: float | None
    size_usd: float = 0.0
    taken: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass
class Comparison:
    """What came of one workbook."""

    seed: int
    kind: str
    relation: str = ""
    infeasible: bool = False
    disagreement: str = ""
    held: list[str] = field(default_factory=list)
    bound: dict[str, bool] = field(default_factory=dict)
    pairs: list[str] = field(default_factory=list)
    pairs_taken: list[str] = field(default_factory=list)


INFEASIBLE = 0.05
"""How many of the workbooks without a plan are compared; of the others enough is at stake."""


@dataclass(frozen=True)
class Drawn:
    """The workbook of a seed: its kind, its optimum by brute force, and the numbers that follow in its stream."""

    kind: str
    data: Dataset
    cost_usd: float | None
    random: Random


def drawn(seed: int) -> Drawn:
    """Draws the workbook of a seed; anew where it has no plan, but for a few."""
    found = _drawn(seed)
    return replace(found, random=copy(found.random))


@lru_cache(maxsize=400)
def _drawn(seed: int) -> Drawn:
    random = Random(seed)
    with_stages = random.choice([False, True])
    while True:
        data = random_workbook(seed, random, with_stages)
        cost = cheapest_together(data) if data.scenarios else cheapest(data)
        if cost is not None or random.random() < INFEASIBLE:
            break
    stages = "no scenarios"
    if data.scenarios:
        stages = "multi-stage" if any(row.follows for row in data.scenarios) else "two-stage"
    return Drawn(f"{_theme(seed)}, {stages}", data, cost, random)


def _theme(seed: int) -> str:
    return list(THEMES)[seed % len(THEMES)]


def random_workbook(seed: int, random: Random, with_stages: bool) -> Dataset:
    """A workbook of the seed's theme whose rows fit together."""
    while True:
        data = sprinkled(THEMES[_theme(seed)](random), random, 150 if with_stages else 1500)
        data = _at_risk(with_scenarios(data, random), random) if with_stages else data
        if not _faulty(data):
            return data


def solved_workbook(seed: int) -> tuple[CompiledProblem, Outcome]:
    """The problem of a seed's first workbook that has a plan, now and then of one that has none, solved."""
    random = Random(seed)
    with_stages, infeasible_too = random.choice([False, True]), random.random() < 0.1
    while True:
        data = random_workbook(seed, random, with_stages)
        problem = ExtensiveForm(data) if data.scenarios else build_model(data)
        found = solve(problem, SolveOptions(gap=0.0, threads=1, second_look=False))
        if infeasible_too or found.status != "infeasible":
            return problem, found


def _at_risk(data: Dataset, random: Random) -> Dataset:
    """The workbook with risk in its objective, now and then."""
    weight, alpha = random.choice([0.0, 0.0, 0.3, 0.9, 1.0]), random.choice([0.5, 0.8, 0.95])
    return replace(data, settings=replace(data.settings, risk_weight=weight, risk_alpha=alpha))


def _errors(data: Dataset) -> list[Fault]:
    return [fault for fault in check(data) if fault.severity == "error"]


def _faulty(data: Dataset) -> bool:
    """Whether rows do not fit together; what cannot be served is no fault of theirs."""
    return any(fault.sheet not in FAULTY_SHEETS or fault.column in LOST for fault in _errors(data))


def planned(data: Dataset) -> Answer:
    """The proven optimum of the planner, audited.

    Raises
    ------
    AssertionError
        The plan does not pass the audit, or its costs do not add up.
    """
    if data.scenarios:
        found = solved_together_or_none(data)
        plans = [] if found is None else list(found.plans.values())
        cost = None if found is None else found.objective_usd
    else:
        plan = solved_or_none(data)
        plans = [] if plan is None else [plan]
        cost = None if plan is None else plan.objective_usd
    sizes = [sum(abs(each.present_value_usd) for each in plan.payments) for plan in plans]
    taken = frozenset[str]().union(*(kinds_taken(plan) for plan in plans))
    return Answer(cost, max(sizes, default=0.0), taken, frozenset[str]().union(*(used(data, plan) for plan in plans)))


def compared(seed: int, probes: int = 1, known: Mapping[str, float] | None = None) -> Comparison:
    """Compares the workbook of a seed, and tries whether so many of its items are bound: those least known to be."""
    workbook = drawn(seed)
    data, least, random = workbook.data, workbook.cost_usd, workbook.random
    found = Comparison(seed, workbook.kind, held=list(items(data)), pairs=pairs(kinds(data)))

    def disagree(what: str) -> Comparison:
        found.disagreement = what
        return found

    found.infeasible = least is None
    errors = _errors(data)
    if errors and (least is not None or not {fault.sheet for fault in errors} <= FAULTY_SHEETS):
        return disagree(f"refused: {errors[0]}")
    try:
        answer = planned(data)
    except Exception as error:
        return disagree(f"{type(error).__name__}: {error}")
    found.pairs_taken = pairs(set(answer.taken))
    if not _equal(answer.cost_usd, least, TOLERANCE * max(answer.size_usd, abs(least or 0.0), ROUNDING_USD)):
        return disagree(f"planner {answer.cost_usd}, brute force {least}")
    made = ((name, RELATIONS[name](data, random)) for name in random.sample(list(RELATIONS), len(RELATIONS)))
    found.relation, related = next((name, related) for name, related in made if related is not None)
    told = _broken(related, {id(data): answer})
    if told:
        return disagree(f"{found.relation}: {told}")
    places = {} if errors else items(data)
    rarest = sorted(random.sample(sorted(places), len(places)), key=lambda item: (known or {}).get(item, 0.0))
    for item in rarest[:probes]:
        try:
            bound = _bound(answer, data, places[item], random)
        except Exception as error:
            return disagree(f"{item} changed: {type(error).__name__}: {error}")
        if bound is not None:
            found.bound[item] = bound
    return found


def _bound(answer: Answer, data: Dataset, places: list[Place], random: Random) -> bool | None:
    """Whether one of some changes of an item gives another optimum; None where no change fits the other rows."""
    places = sorted(random.sample(places, len(places)), key=lambda place: not concerns(data, place, answer.names))
    others = (each for place in places for each in changes(data, place, random) if not _errors(each))
    bound = None
    for other in islice(others, CHANGES):
        bound = _matters(answer, other)
        if bound:
            break
    return bound


def _equal(one: float | None, other: float | None, slack_usd: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= slack_usd + 1e-300


def _broken(related: Related, known: dict[int, Answer]) -> str:
    """How a relation does not hold; blank where it does."""
    try:
        left, right = (
            [known.get(id(each)) or planned(each) for each in side] for side in (related.left, related.right)
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    mine, theirs = _total(left), _total(right)
    theirs = None if theirs is None else theirs * related.factor
    size = related.factor * sum(max(each.size_usd, abs(each.cost_usd or 0.0)) for each in right)
    slack = related.tolerance * size
    holds = _equal(mine, theirs, slack)
    if related.at_most:
        holds = theirs is None or (mine is not None and mine <= theirs + slack)
    return "" if holds else f"{mine} for {theirs}"


def _total(answers: list[Answer]) -> float | None:
    costs = [each.cost_usd for each in answers if each.cost_usd is not None]
    return sum(costs) if len(costs) == len(answers) else None


def _matters(answer: Answer, other: Dataset) -> bool:
    """Whether the changed workbook has another optimum; solved once and not audited."""
    problem = ExtensiveForm(other) if other.scenarios else build_model(other)
    cost = solve(problem, SolveOptions(gap=0.0, threads=1, second_look=False)).objective_usd
    return not _equal(answer.cost_usd, cost, 1e-7 * max(1.0, answer.size_usd))
