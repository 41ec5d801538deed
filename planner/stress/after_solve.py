"""A solve that ends with a stress test: the plan just found tried on samples, for its first page and `run.json`."""

from __future__ import annotations

import logging

from models.dataset import Dataset
from models.faults import NamedWarning
from models.sampling import ALL, DELAY_PRIORS, HISTORY, Uncertainty, uncertainty_faults
from models.sampling.uncertainty import offers_to_be_delivered
from models.stochastic.estimates import probability
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.reports.run_result import RunResult
from planner.results.tried_plan import QUANTILES, TriedPlan
from planner.solving.progress import LiveText
from planner.stress.commitment import commitment_of
from planner.stress.stress_test import RejectedPlan, committed_until, draw_samples, stress_test
from planner.stress.summary import StressReport

log = logging.getLogger("planner")
STEP, PRIOR = 0.05, "energised_site"
"""What is assumed where neither workbook nor person says what is uncertain: a month's step of demand, and delays."""


def assumed(dataset: Dataset) -> tuple[Uncertainty, str]:
    """What is taken to be uncertain about a workbook without scenarios, and the same in words.

    The steps of demand are those of its history, where it has enough of one for every segment.
    """
    late = {ALL: DELAY_PRIORS[PRIOR][0]} if offers_to_be_delivered(dataset) else {}
    found = Uncertainty(demand_volatility={ALL: HISTORY}, delays=late)
    steps = "as its history has"
    if uncertainty_faults(dataset, found):
        found, steps = Uncertainty(demand_volatility={ALL: STEP}, delays=late), f"{STEP:.0%} a month".replace("%", " %")
    delays = f", deliveries late by the prior {PRIOR}" if late else ""
    return found, f"assumed: steps of demand {steps}{delays}; planner stress takes other priors"


def try_plan(result: RunResult, count: int, seconds: float | None, stop: Stop, live: LiveText | None) -> None:
    """Tries the plan of a result on so many samples, within so many seconds, and notes in it what came of that.

    With scenarios samples are drawn from them, else from what `assumed` says. A stopped run leaves it out.
    """
    dataset = result.dataset
    if dataset is None or not result.has_plan or stop.requested:
        return
    plans = {each.name: each.plan for each in result.plan_set.solution.scenarios}
    what, words = (None, "") if dataset.scenarios else assumed(dataset)
    samples = draw_samples(dataset, what, count, seed=1)
    commitment = commitment_of(plans, dataset, committed_until(dataset, None), all_of_it=False)
    try:
        report = stress_test(dataset, commitment, samples, time_limit=seconds, stop=stop, live=live)
    except (RejectedPlan, OutOfTime) as reason:
        text = f"The plan was not tried on samples: {reason}"
        result.warnings = (*result.warnings, NamedWarning("stress-left-out", text))
        log.info("warning: %s", text)
        return
    held = commitment.until
    until = f"those before {dataset.label(held)}" if held in dataset.horizon else "all"
    how = f"{samples.how} ({words})" if words else samples.how
    result.tried = told(report, f"{how}. Of the plan's decisions {until} are held, later ones are optimised in each.")


def told(report: StressReport, how: str) -> TriedPlan:
    """The figures of a stress test that the first page of a plan has."""
    found, results = report.figures, report.trial.results
    decided = [each for each in results if each.status != "undecided"]
    return TriedPlan(
        how,
        len(report.trial.samples),
        len(decided),
        report.commitment.forecast_usd,
        {} if found.cost is None else {name: found.cost.quantiles[level] for name, level in QUANTILES.items()},
        found.cost is not None and found.cost.proven,
        found.no_plan,
        {
            cap: probability(sum(cap in each.caps for each in decided), len(decided))
            for cap in dict.fromkeys(each.cap for each in report.dataset.caps)
            if decided
        },
        found.short,
    )
