"""What the steps of one solve share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from models.core.compiled import Compiled
from models.dataset import Dataset
from models.faults import NamedWarning
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.reports.run_result import RunResult
from planner.results.base_case import BaseCase
from planner.run.options import PlanOptions
from planner.solving.highs import abandoned_solver_alive
from planner.solving.problem import SolveOptions
from planner.solving.progress import LiveText, ProgressLines
from planner.solving.time_limit import LATE, TimeLimit
from planner.terminal import PHASE

log = logging.getLogger("planner")

DISPATCH_UNPROVEN = (
    "dispatch-unproven",
    "Whether the dispatch of this plan is the best for its decisions was not proven.",
)
"""The warning where no duals prove it."""
EXPLAIN_SECONDS = 60.0
"""How long a solve looks for what to change where there is no plan; `planner explain` takes longer."""
EXPLAIN_LEAST = 2.0
"""The same where the time limit has passed."""


@dataclass(frozen=True, slots=True)
class SolveContext:
    """The problem and how to solve it, who may stop the search and see it go on, and the result under way."""

    dataset: Dataset
    options: PlanOptions
    result: RunResult
    stop: Stop
    live: LiveText | None
    limit: TimeLimit
    before_building: Callable[[], None] = lambda: None
    """What is done once nothing more is refused."""

    def search_options(self) -> SolveOptions:
        """Those of the options that go to the solver, with the time that the search for the plan may take."""
        return replace(
            self.options.solver(), time_limit=self.limit.for_search(), without_plan=self.limit.without_plan()
        )

    def check(self) -> None:
        """Raises where what is being built would come too late.

        Raises
        ------
        OutOfTime
            The time limit has passed, or the run is to stop.
        """
        if self.stop.requested:
            raise OutOfTime("The run was stopped before a search could begin")
        self.limit.check(LATE)

    def progress(self, what: str) -> ProgressLines:
        """Where the progress of one search is shown; `what` names it."""
        return ProgressLines(what, self.dataset.settings.currency, self.live)

    def warn(self, name: str, text: str) -> None:
        """Adds a warning, by its short name of `models.faults.WARNINGS`, to the result and to the log."""
        self.result.warnings = (*self.result.warnings, NamedWarning(name, text))
        log.info("warning: %s", text)

    def dispute(self, contradiction: str, arrays: Compiled) -> None:
        """Notes that the solver contradicted itself on a problem, where it did."""
        if contradiction:
            self.result.disputed = arrays
            self.warn(
                "contradiction",
                f"The solver contradicted itself: {contradiction}. Of the plans it found the cheapest that passes the "
                "audit is written, with the lowest bound that any of its runs proved; the problem is saved beside the "
                "plan. Please report it.",
            )

    def explain_infeasible(self, scenario: str = "") -> None:
        """Looks for the smallest changes that make a plan possible, of one scenario where one is named."""
        from planner.analysis.infeasibility import explain_infeasible

        seconds = self.limit.for_last(EXPLAIN_LEAST, EXPLAIN_SECONDS)
        words = "No plan exists; looking for the smallest changes that make one possible, for up to %.0f s"
        log.info(words, seconds, extra=PHASE)
        with self.result.timed("solve"):
            dataset = self.dataset.in_scenario(scenario)
            self.result.repairs = explain_infeasible(dataset, seconds=seconds, stop=self.stop)
            self.result.infeasible_scenario = scenario

    def note_base_case(self, base: BaseCase) -> None:
        """Takes the base case into the result."""
        self.result.base_case = base
        if base.warning:
            self.warn("base-case-unknown", base.warning)

    def stopped(self) -> bool:
        """Whether analyses after the search are to be left out; a warning says so."""
        if self.stop.requested or abandoned_solver_alive():
            why = "the run was stopped" if self.stop.requested else "the solver did not stop when its time was over"
            self.warn("base-case-left-out", f"The base case was left out, because {why}.")
            return True
        return False
