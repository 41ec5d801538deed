"""One random workbook compared: the planner against brute force, a relation between optima, and what mattered.

A workbook is drawn from its seed alone, so that a disagreement can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from builders import solved_or_none
from properties.brute_force import cheapest
from properties.brute_scenarios import cheapest_together
from properties.coverage import changed, items, kinds, kinds_taken, pairs
from properties.relations import RELATIONS, Related
from properties.scenario_rows import with_scenarios
from properties.sprinkled import sprinkled
from properties.themes import THEMES
from stochastic import solved_together_or_none

from models.checks import check
from models.dataset import Dataset

TOLERANCE = 1e-6
"""How far two costs may be apart, as a share of the money that moves."""

FAULTY_SHEETS = {"demand", "limits"}
"""Where a random workbook may be found faulty: demand that nothing can serve, months without a limit."""


@dataclass(frozen=True)
class Answer:
    """The planner's answer: the least cost in USD (None: no plan), the money that moves, and kinds of offers used."""

    cost_usd: float | None
    size_usd: float = 0.0
    taken: frozenset[str] = frozenset()


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


INFEASIBLE = 0.1
"""How many of the workbooks without a plan are compared; of the others enough is at stake."""


@dataclass(frozen=True)
class Drawn:
    """The workbook of a seed: its kind, its optimum by brute force, and the numbers that follow in its stream."""

    kind: str
    data: Dataset
    cost_usd: float | None
    random: Random


def drawn(seed: int) -> Drawn:
    """Draws the workbook of a seed; anew where its rows do not fit together."""
    random = Random(seed)
    theme = list(THEMES)[seed % len(THEMES)]
    stages = random.choice(["no scenarios", "scenarios"])
    while True:
        data = sprinkled(THEMES[theme](random), random, 1500 if stages == "no scenarios" else 150)
        data = data if stages == "no scenarios" else _at_risk(with_scenarios(data, random), random)
        if _faulty(data):
            continue
        cost = cheapest_together(data) if data.scenarios else cheapest(data)
        if cost is not None or random.random() < INFEASIBLE:
            break
    if data.scenarios:
        stages = "multi-stage" if any(row.follows for row in data.scenarios) else "two-stage"
    return Drawn(f"{theme}, {stages}", data, cost, random)


def _at_risk(data: Dataset, random: Random) -> Dataset:
    """The workbook with risk in its objective, now and then."""
    weight, alpha = random.choice([0.0, 0.0, 0.3, 0.9]), random.choice([0.5, 0.8, 0.95])
    return replace(data, settings=replace(data.settings, risk_weight=weight, risk_alpha=alpha))


def _faulty(data: Dataset) -> bool:
    """Whether rows do not fit together; what cannot be served is no fault of theirs."""
    return any(fault.severity == "error" and fault.sheet not in FAULTY_SHEETS for fault in check(data))


def planned(data: Dataset) -> Answer:
    """The proven optimum of the planner, audited.

    Raises
    ------
    AssertionError
        The plan does not pass the audit, or its costs do not add up.
    """
    if not data.scenarios:
        plan = solved_or_none(data)
        if plan is None:
            return Answer(None)
        size = sum(abs(each.present_value_usd) for each in plan.payments)
        return Answer(plan.objective_usd, size, frozenset(kinds_taken(plan)))
    found = solved_together_or_none(data)
    if found is None:
        return Answer(None)
    sizes = [sum(abs(each.present_value_usd) for each in plan.payments) for plan in found.plans.values()]
    taken = frozenset().union(*(kinds_taken(plan) for plan in found.plans.values()))
    return Answer(found.objective_usd, max(sizes), taken)


def compared(seed: int, probes: int = 1) -> Comparison:
    """Compares the workbook of a seed, and tries whether so many of the items it holds are bound."""
    workbook = drawn(seed)
    data, known, random = workbook.data, workbook.cost_usd, workbook.random
    found = Comparison(seed, workbook.kind, held=list(items(data)), pairs=pairs(kinds(data)))

    def disagree(what: str) -> Comparison:
        found.disagreement = what
        return found

    found.infeasible = known is None
    errors = [fault for fault in check(data) if fault.severity == "error"]
    if errors and (known is not None or not {fault.sheet for fault in errors} <= FAULTY_SHEETS):
        return disagree(f"refused: {errors[0]}")
    try:
        answer = planned(data)
    except Exception as error:
        return disagree(f"{type(error).__name__}: {error}")
    found.pairs_taken = pairs(set(answer.taken))
    if not _equal(answer.cost_usd, known, max(answer.size_usd, abs(known or 0.0))):
        return disagree(f"planner {answer.cost_usd}, brute force {known}")
    made = ((name, RELATIONS[name](data, random)) for name in random.sample(list(RELATIONS), len(RELATIONS)))
    found.relation, related = next((name, related) for name, related in made if related is not None)
    told = _broken(related, {id(data): answer})
    if told:
        return disagree(f"{found.relation}: {told}")
    for item in random.sample(found.held, 0 if errors else min(probes, len(found.held))):
        other = changed(data, random.choice(items(data)[item]), random)
        found.bound[item] = other is not None and _matters(answer, other)
    return found


def _equal(one: float | None, other: float | None, size: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE * size + 1e-300


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
    holds = _equal(mine, theirs, size)
    if related.at_most:
        holds = theirs is None or (mine is not None and mine <= theirs + TOLERANCE * size)
    return "" if holds else f"{mine} for {theirs}"


def _total(answers: list[Answer]) -> float | None:
    costs = [each.cost_usd for each in answers if each.cost_usd is not None]
    return sum(costs) if len(costs) == len(answers) else None


def _matters(answer: Answer, other: Dataset) -> bool:
    """Whether the changed workbook has another optimum; one that is faulty tells nothing."""
    try:
        if _faulty(other):
            return False
        found = planned(other)
    except Exception:
        return False
    return not _equal(answer.cost_usd, found.cost_usd, 0.1 * max(1.0, answer.size_usd))
