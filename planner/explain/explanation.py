"""The answers to every why of a plan, without files, terminal and signals."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from models.dataset import Dataset
from models.plan import Plan
from models.supply.registry import offers_on_the_table
from planner.analysis.marginal_values import marginal_values
from planner.explain.breakeven import Range
from planner.explain.offers import OfferAnswer, explain_offers
from planner.explain.report import Explanation
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import WorkerPool, default_workers

LEAST_SECONDS = 4.0
"""Least time limit of one solve."""

log = logging.getLogger("planner")


def explain_plan(
    dataset: Dataset,
    plan: Plan,
    cost: Range,
    *,
    seconds: float,
    gap: float = 0.001,
    seed: int = 0,
    workers: int = 0,
    stop: Stop | None = None,
    on_progress: Callable[[int, int], None] = lambda done, count: None,
) -> Explanation:
    """Finds out what more demand or power is worth, and what each offer is worth or would have to cost.

    Parameters
    ----------
    dataset
        The problem, as if its plain figures were certain.
    plan
        A plan of it.
    cost
        What the plan costs, and what is proven of the least cost; USD of present value.
    seconds
        For everything together.
    gap
        Relative gap of every solve.
    seed
        Of the solver.
    workers
        Solves at a time; 0 for as many as cores.
    stop
        Asked again and again whether to stop; what is known by then is reported.
    on_progress
        Told how many solves are done, and how many there are.
    """
    began = time.monotonic()
    log.info("Marginal values of %s", dataset.settings.plan_name)
    marginal = marginal_values(dataset, plan)
    offers: tuple[OfferAnswer, ...] = ()
    if count := len(offers_on_the_table(dataset)):
        workers = workers or default_workers()
        left = 0.97 * max(1.0, seconds - (time.monotonic() - began))
        # as many solves again for prices, after one for each offer
        each = max(LEAST_SECONDS, left * workers / (2.0 * count))
        log.info("Offers: %d, each solved with and without, up to %.0f s at a time on %d workers", count, each, workers)
        with WorkerPool(workers, left, stop or Stop()) as pool:
            offers = explain_offers(dataset, plan, cost, pool, SolveOptions(gap, each, 1, seed), on_progress)
    complete = all(
        each.infeasible or (each.break_even is not None and (each.break_even.is_known or each.break_even.never()))
        for each in offers
    )
    return Explanation(dataset.settings.plan_name, cost, marginal, offers, complete, time.monotonic() - began)
