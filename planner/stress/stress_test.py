"""A stress test: a plan simulated on samples, in figures, without files, terminal and signals."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from statistics import fmean

from models.audit import AuditReport, audit
from models.build import build_model
from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.sampling import Uncertainty, uncertainty_faults
from planner.errors import ExitCode, PlannerError, WrongUsage
from planner.formatting import money
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import LINE_SECONDS, LiveText
from planner.solving.time_limit import TimeLimit
from planner.stress.samples import Samples, draw_from_scenarios, draw_new_samples
from planner.stress.simulation import Commitment, SampleResult, simulate_plan
from planner.stress.statistics import figures
from planner.stress.summary import Later, StressReport
from planner.terminal import PHASE

log = logging.getLogger("planner")


class StressLines:
    """Takes the results there are, and shows what they come to."""

    def __init__(self, samples: Samples, currency: str, live: LiveText | None) -> None:
        self._samples, self._currency, self._live = samples, currency, live
        self._began = self._logged_at = time.monotonic()

    def show(self, results: Mapping[int, SampleResult]) -> None:
        """Shows what the results so far come to."""
        now = time.monotonic()
        due = now - self._logged_at >= LINE_SECONDS
        if self._live is None and not due:
            return
        line = self._line(results, now - self._began)
        if self._live is not None:
            self._live.show(line)
        if due:
            self._logged_at = now
            log.log(logging.DEBUG if self._live is not None else logging.INFO, "%s", line)

    def _line(self, results: Mapping[int, SampleResult], seconds: float) -> str:
        costs = [each.cost_usd for each in results.values() if each.solved]  # all of it fits 80 columns
        without = len(results) - len(costs)
        words = f"{len(results):,}/{self._samples.problems:,} samples"
        words += f", mean {money(fmean(costs), self._currency)}" if costs else ""
        words += f", {without:,} no plan" if without else ""
        left = seconds / len(results) * (self._samples.problems - len(results))
        return f"{words}, {seconds:.0f} s, {left:.0f} s left"


WRITING = 0.03
"""Of a time limit, what is left for figures and writing."""


class RejectedPlan(PlannerError):
    """The audit rejects a plan: the one to be tried, or that of a sample; `report` says why."""

    exit_code = ExitCode.REJECTED_BY_AUDIT

    def __init__(self, report: AuditReport, message: str) -> None:
        super().__init__(message)
        self.report = report


def committed_until(dataset: Dataset, month: int | None) -> int:
    """The month t before which decisions are held: that of a month number, else where the first stage ends.

    Raises
    ------
    WrongUsage
        The month lies outside the horizon.
    """
    horizon = len(dataset.horizon)
    if month is None:
        return min(dataset.settings.first_stage_months, horizon)
    until = dataset.t(month)
    if not 0 < until < horizon:
        raise WrongUsage(
            f"--committed-until: choose a month from {dataset.label(1)} to {dataset.label(horizon - 1)}; "
            "--later held fixes all decisions."
        )
    return until


def draw_samples(dataset: Dataset, uncertainty: Uncertainty | None, count: int, seed: int) -> Samples:
    """Samples of what is uncertain; where that is None, of the dataset's scenarios.

    Raises
    ------
    WrongUsage
        Nothing is uncertain, or the uncertainty does not fit the dataset.
    """
    if uncertainty is not None:
        if found := uncertainty_faults(dataset, uncertainty):
            raise WrongUsage("\n  ".join(["Samples cannot be drawn as asked:", *found]))
        return draw_new_samples(dataset, uncertainty, count, seed)
    if not dataset.scenarios:
        raise WrongUsage(
            "Nothing is uncertain: give --demand-volatility, --delay-prior or another of these options, or a "
            "workbook with scenarios to draw from."
        )
    return draw_from_scenarios(dataset, count, seed)


def stress_test(
    dataset: Dataset,
    commitment: Commitment,
    samples: Samples,
    *,
    later: Later = "optimised",
    gap: float = 0.01,
    time_limit: float | None = None,
    seed: int = 1,
    workers: int = 0,
    stop: Stop | None = None,
    live: LiveText | None = None,
) -> StressReport:
    """Tries a plan on samples, and says what becomes of it.

    Parameters
    ----------
    dataset
        The problem that the plan is of.
    commitment
        The decisions that are held in every sample.
    samples
        What may come.
    later
        Whether decisions after the committed ones are optimised in each sample, or held too.
    gap
        Relative gap of the solve of each sample.
    time_limit
        Seconds for everything; the samples done by then are reported.
    seed
        Of the samples, and of the intervals around the figures.
    workers
        Solves at a time; 0 lets it choose.
    stop
        Asked again and again whether the test shall stop.
    live
        Shown a line of progress, again and again.

    Raises
    ------
    RejectedPlan
        The plan is not a valid plan of the dataset, or the audit rejects that of a sample.
    OutOfTime
        The time limit passed before the first sample.
    """
    for scenario, plan in commitment.made.items():
        found = audit(dataset.in_scenario(scenario), plan)
        if not found.passed:
            raise RejectedPlan(found, "It is not a plan of the problem as it is now.")
    limit = TimeLimit(time_limit)
    with cancelled_by(limit.check):
        nonzeros = build_model(dataset).size.nonzeros
    log.info("Simulating the plan on %s", samples.how, extra=PHASE)
    left = None if time_limit is None else max(0.1, limit.left() - WRITING * time_limit)
    trial = simulate_plan(
        dataset,
        commitment,
        samples,
        SolveOptions(gap, left, 1, 0),
        nonzeros=nonzeros,
        workers=workers,
        stop=stop or Stop(),
        on_results=StressLines(samples, dataset.settings.currency, live).show,
    )
    for problem, plan in trial.most_expensive.items():
        found = audit(samples.problem(problem), plan)
        if not found.passed:
            raise RejectedPlan(found, "The audit rejects the plan of a sample: nothing is published.")
    return StressReport(
        dataset.settings.plan_name,
        dataset,
        commitment,
        trial,
        figures(dataset, trial, seed),
        later,
        gap,
        len(trial.most_expensive),
        (),
        (),
    )
