"""Near-optimal alternatives: other plans that cost nearly the same, and the decisions common to all of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from models.audit import AuditReport, audit
from models.build import Model, build_model
from models.core.vector import Vector
from models.dataset import Dataset
from models.kinds import OPTION, Kind
from models.plan import Plan
from models.supply.registry import signing_families
from models.variants.distance import cheapest_apart, distance_mw, maximise_distance
from models.variants.plan_changes import differences
from models.warm_start import start_values
from planner.formatting import percent
from planner.interrupt import Stop
from planner.results.plan_figures import PlanFigures
from planner.solving.problem import Outcome, SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines
from planner.solving.search import PRECISION, solve

LEAST_SECONDS = 20.0
DISTANCE_GAP = 0.05
"""A distance is called the largest when it is proven within this share."""
CHEAPEST_SHARE = 0.5
"""Of the time for an alternative, what the search for the cheapest may take."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan with its figures and its audit.

    `distance_mw`: to the nearest of the plans before it; `furthest`: whether no plan within the cost is further away.
    `words` say how it differs from the best plan.
    """

    figures: PlanFigures
    audit: AuditReport
    distance_mw: float
    furthest: bool
    words: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.figures.plan

    @property
    def cost_usd(self) -> float:
        """Net present cost."""
        return self.plan.objective_usd

    def extra_share(self, best: Plan) -> float:
        """What it costs more than the best plan, as a share of that plan's cost."""
        return (self.cost_usd - best.objective_usd) / abs(best.objective_usd or 1.0)


@dataclass(frozen=True, slots=True)
class CommonDecision:
    """An offer and a month in which plans sign: the units that each of the plans signs."""

    kind: Kind
    name: str
    month: int
    units: tuple[int, ...]

    @property
    def all_agree(self) -> bool:
        """Whether every plan signs the same units."""
        return len(set(self.units)) == 1


@dataclass(frozen=True, slots=True)
class AlternativesFound:
    """What the search for alternatives came to.

    `asked`: how many were asked for, within the share `within` of the cost; `seconds`: what the search took.
    `no_more`: whether it is proven that no other plan within the cost signs anything else than the plan and these.
    """

    plans: tuple[Alternative, ...]
    asked: int
    within: float
    seconds: float
    no_more: bool

    @property
    def none_exists(self) -> bool | None:
        """Whether no alternative exists; None where that is not known."""
        if self.plans:
            return False
        return True if self.no_more else None

    @property
    def words(self) -> str:
        """Why there are fewer than were asked for; "" where there are not."""
        if len(self.plans) >= self.asked:
            return ""
        further = "further" if self.plans else "other"
        plan = f"{further} plan within {percent(self.within)} of the cost"
        if self.no_more:
            return f"No {plan} exists (proven): every other one signs the same or costs more."
        return f"No {plan} was found in {self.seconds:.0f} s; whether one exists is not known."


def alternatives(
    dataset: Dataset,
    plan: Plan,
    count: int,
    within: float,
    options: SolveOptions,
    seconds: float,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
) -> AlternativesFound:
    """Up to `count` plans that cost at most the share `within` more and are as far apart as that allows.

    Of each first the cheapest that signs anything else is looked for, which finds one or proves that none exists, then
    one further away. Fewer are found where no further plan exists, or where `seconds` for each are over before; a plan
    that its audit rejects is none.
    """
    began = time.monotonic()
    budget = max(LEAST_SECONDS, seconds)
    if options.time_limit is not None:
        budget = min(budget, options.time_limit)
    search = _Search(dataset, plan.objective_usd + within * abs(plan.objective_usd), options, budget, stop)
    known, found = [plan], list[Alternative]()
    while len(found) < count and not stop.requested:
        another = search.another(known, watch(f"Alternative {len(found) + 1}"))
        if another is None:
            break
        changes = differences(plan, another.plan, dataset.label)
        words = tuple(each.words for each in changes if each.change != "same")
        found.append(replace(another, words=words))
        known.append(another.plan)
    return AlternativesFound(tuple(found), count, within, time.monotonic() - began, search.no_more)


class _Candidate(NamedTuple):
    plan: Plan
    audit: AuditReport
    distance_mw: float
    furthest: bool


class _Search:
    """Looks for plans that cost at most `most_usd` and sign anything else than those known."""

    def __init__(self, dataset: Dataset, most_usd: float, options: SolveOptions, seconds: float, stop: Stop) -> None:
        self.dataset, self.most_usd, self.options, self.stop = dataset, most_usd, options, stop
        self.seconds, self.no_more = seconds, False

    def another(self, known: Sequence[Plan], lines: ProgressLines) -> Alternative | None:
        """A further plan; None where none was found, and then `no_more` says whether none exists."""
        ends = time.monotonic() + self.seconds
        near = self._cheapest_apart(known, lines)
        if self.no_more:
            return None
        model = build_model(self.dataset, objective=maximise_distance(known, self.most_usd))
        limit = max(1.0, ends - time.monotonic())
        start = start_values(model, known[-1] if near is None else near.plan)
        outcome = self._solve(model, replace(self.options, gap=DISTANCE_GAP, time_limit=limit), lines, start)
        far = None
        if outcome.values is not None:
            plan = _cheapest(self.dataset, model.plan(outcome.values), self.options, lines, self.stop, self.seconds)
            far = self._accepted(known, plan, furthest=outcome.status == "optimal")
        found = far if near is None or (far is not None and far.distance_mw >= near.distance_mw) else near
        if found is None:
            return None
        return Alternative(PlanFigures(self.dataset, found.plan), found.audit, found.distance_mw, found.furthest, ())

    def _cheapest_apart(self, known: Sequence[Plan], lines: ProgressLines) -> _Candidate | None:
        """The cheapest plan that signs anything else, as far as it is found; notes where none is cheap enough."""
        model = build_model(self.dataset, objective=cheapest_apart(known))
        outcome = self._solve(model, replace(self.options, time_limit=CHEAPEST_SHARE * self.seconds), lines)
        bound = outcome.bound_usd
        too_dear = bound is not None and bound > self.most_usd + PRECISION * abs(self.most_usd)
        self.no_more = outcome.status == "infeasible" or too_dear
        return None if outcome.values is None else self._accepted(known, model.plan(outcome.values))

    def _solve(self, model: Model, options: SolveOptions, lines: ProgressLines, start: Vector | None = None) -> Outcome:
        return solve(model, options, should_stop=partial(lines.stopped_by, self.stop), start=start)

    def _accepted(self, known: Sequence[Plan], plan: Plan, *, furthest: bool = False) -> _Candidate | None:
        """The plan, where it is an alternative: cheap enough, none of those known, and accepted by the audit."""
        distance = min(distance_mw(self.dataset, plan, each) for each in known)
        if distance <= 1e-9 or plan.objective_usd > self.most_usd + PRECISION * abs(self.most_usd):
            return None
        report = audit(self.dataset, plan)
        return _Candidate(plan, report, distance, furthest) if report.passed else None


def _cheapest(
    dataset: Dataset, plan: Plan, options: SolveOptions, lines: ProgressLines, stop: Stop, seconds: float
) -> Plan:
    """The cheapest plan with the same signings: the search for distance left the rest at any cost allowed."""
    model = build_model(dataset)
    values = start_values(model, plan)
    for i, variable in enumerate(model.compiled.columns):
        if variable.parent_component().name not in signing_families():
            values[i] = float("nan")
    outcome = solve(
        fixed_problem(model, values),
        replace(options, time_limit=max(LEAST_SECONDS, seconds)),
        on_progress=lines.update,
        should_stop=lambda: lines.stopped_by(stop),
    )
    if outcome.values is None:
        return plan
    cheaper = model.plan(outcome.values)
    return cheaper if cheaper.objective_usd < plan.objective_usd else plan


def common_decisions(plans: tuple[Plan, ...]) -> tuple[CommonDecision, ...]:
    """Every offer and month in which any of the plans signs, with what each of them signs there."""
    units: dict[tuple[int, Kind, str], list[int]] = defaultdict(lambda: [0] * len(plans))
    for position, plan in enumerate(plans):
        for each in plan.signings:
            if not each.signed:
                units[each.month, each.kind, each.name][position] += each.units
        for option in plan.options:
            units[option.month, OPTION, option.name][position] += 1
    return tuple(CommonDecision(kind, name, month, tuple(each)) for (month, kind, name), each in sorted(units.items()))
