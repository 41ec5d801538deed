"""Plans for all scenarios soon, whatever they cost, where the time is short for the extensive form.

By the first step of decomposition, which heeds no measure of risk: what the scenarios' relaxations decide on average,
signings rounded, and with them the first plan that is found of each scenario. Any plan is one by any measure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.risk import Measure
from planner.solving.problem import SolveOptions
from planner.stochastic.decomposition_search import DecompositionSearch, DecompositionTask
from planner.stochastic.lshaped import LShaped
from planner.stochastic.method import LARGE, cannot_decompose
from planner.stochastic.mpi import Ranks
from planner.stochastic.wait_and_see import WaitAndSee

HURRIED_BELOW = 15.0
"""With less time left than so many times what the relaxations of all scenarios take, these plans come first."""


@dataclass(frozen=True, slots=True)
class FirstPlans:
    """Plans by scenario, {} for none; and what is known of the scenarios by themselves: bounds of some."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    separate: WaitAndSee = field(default_factory=lambda: WaitAndSee({}))


def first_plans(
    dataset: Dataset,
    options: SolveOptions,
    models: Mapping[str, Model],
    nonzeros: int,
    should_stop: Callable[[], bool],
) -> FirstPlans:
    """Plans soon, where the time of the options is short for scenarios of so many nonzeros together; else none.

    Parameters
    ----------
    models
        Of all scenarios.
    """
    if options.time_limit is None or nonzeros < LARGE or cannot_decompose(dataset, Measure()):
        return FirstPlans()
    task = DecompositionTask(dataset, options, {})
    search = DecompositionSearch(task, Ranks(), None, should_stop, models=models)
    if not search.shares_decisions:
        return FirstPlans()
    began = time.monotonic()
    lshaped = LShaped(search.subproblems.master(), search.subproblems, search.solver)
    wanted = lshaped.relax_apart()
    search.note_relaxed(wanted, lshaped.lower, time.monotonic() - began, HURRIED_BELOW)
    if search.hurried:
        search.find_first()
    plans = {} if search.best is None else search.candidates.plans(search.best)
    alone_usd = {name: least * search.tracker.usd for name, least in lshaped.alone.items()}
    return FirstPlans(plans, WaitAndSee({}, bounds=alone_usd))
