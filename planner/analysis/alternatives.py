"""Near-optimal alternatives: other plans that cost nearly the same, and the decisions common to all of them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from models.audit import AuditReport, audit
from models.build import build_model
from models.dataset import Dataset
from models.kinds import OPTION, Kind
from models.plan import Plan
from models.supply.registry import signing_families
from models.variants.distance import distance_mw, maximise_distance
from models.variants.plan_changes import differences
from models.warm_start import start_values
from planner.results.plan_figures import PlanFigures
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines
from planner.solving.search import solve

LEAST_SECONDS = 20.0
DISTANCE_GAP = 0.05
"""A distance is called the largest when it is proven within this share."""

log = logging.getLogger("planner")


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


def alternatives(
    dataset: Dataset,
    plan: Plan,
    count: int,
    within: float,
    options: SolveOptions,
    seconds: float,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
) -> tuple[Alternative, ...]:
    """Up to `count` plans that cost at most the share `within` more and are as far apart as that allows.

    Fewer where no further plan differs, or where `seconds` for each are over before one is found. A plan is left
    out when its audit does not pass.
    """
    known, found = [plan], []
    most_usd = plan.objective_usd + within * abs(plan.objective_usd)
    for number in range(1, count + 1):
        if stop.requested:
            break
        model = build_model(dataset, objective=maximise_distance(known, most_usd))
        lines = watch(f"Alternative {number}")
        limited = replace(options, gap=DISTANCE_GAP, time_limit=max(LEAST_SECONDS, seconds))
        start = start_values(model, known[-1])
        outcome = solve(model, limited, should_stop=partial(lines.stopped_by, stop), start=start)
        if outcome.values is None:
            break
        signed = _cheapest(dataset, model.plan(outcome.values), options, lines, stop, seconds)
        distance = min(distance_mw(dataset, signed, each) for each in known)
        report = audit(dataset, signed)
        if distance <= 1e-9 or not report.passed:
            log.info("No other plan within %.3g %% of the cost signs anything else.", 100 * within)
            break
        changes = differences(plan, signed, dataset.label)
        words = tuple(each.words for each in changes if each.change != "same")
        figures = PlanFigures(dataset, signed)
        found.append(Alternative(figures, report, distance, outcome.status == "optimal", words))
        known.append(signed)
    return tuple(found)


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
