"""One stress test: a plan simulated on samples of what is uncertain, from files to files."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.parsing.raw_tables import RawTable
from models.sampling import uncertainty_faults
from planner.command import CommandResult, Refused, run_and_record, subject
from planner.errors import ExitCode, WrongUsage
from planner.excel.plan_reader import provenance_warnings
from planner.excel.scenario_plan_reader import cases_at_once, problem_of_plan
from planner.files.outputs import STRESS_SHEET, Outputs, name_of, outputs_of, same_file
from planner.interrupt import Stop
from planner.problem_reader import read
from planner.reports.terminal import audit_lines
from planner.run.versions import versions
from planner.solving.progress import LiveText
from planner.solving.time_limit import TimeLimit
from planner.stress.commitment import committed, seed_of_scenarios
from planner.stress.request import StressRequest
from planner.stress.samples import Samples
from planner.stress.simulation import Commitment, SimulatedPlan
from planner.stress.stress_test import RejectedPlan, committed_until, draw_samples, stress_test
from planner.stress.summary import StressReport, lines
from planner.stress.tables import stress_json
from planner.stress.workbook import stress_workbook
from planner.terminal import PHASE
from planner.version import __version__

log = logging.getLogger("planner")


def stress(request: StressRequest, live: LiveText | None = None) -> CommandResult:
    """Simulate a plan on samples, write the report and return the result.

    The exit code is 0 when all samples were simulated, 4 when the test was stopped after some of them, 5 before any,
    and 6 when the plan breaks a rule of the workbook.

    Raises
    ------
    WrongUsage
        The options do not fit the workbook or one another.
    CannotWrite
        The report cannot be written.
    """
    outputs = outputs_of(request.input_path, request.output, Path("outputs"), name="stress", sheets={STRESS_SHEET})
    if request.output is not None and same_file(request.output, request.plan_path):
        raise WrongUsage(f"The stress test would be written over the plan {request.plan_path}. Give -o another name.")
    with Stop() as stop:
        test = _StressTest(request, outputs, stop, live)
        files = subject(input_path=request.input_path, plan_path=request.plan_path)
        return run_and_record(outputs, files, test.run)


class _StressTest:
    """One stress test."""

    def __init__(self, request: StressRequest, outputs: Outputs, stop: Stop, live: LiveText | None) -> None:
        self.request, self.outputs, self.stop, self.live = request, outputs, stop, live
        self.began = time.monotonic()
        self.notes: list[str] = []

    def run(self) -> CommandResult:
        """Run the test."""
        log.info("Reading %s", self.request.input_path, extra=PHASE)
        with cancelled_by(TimeLimit(self.request.time_limit, self.began).check):
            result = read(self.request.input_path, self.request.overrides)
        dataset = problem_of_plan(self.request.plan_path, result.valid_dataset())
        until = committed_until(dataset, self.request.committed_until)
        if not self.request.anything_uncertain and cases_at_once(self.request.plan_path) is not None:
            raise WrongUsage(
                "The plan was made with --risk budget:K, whose cases have no probabilities to draw by. Say what is "
                "uncertain: --delay-prior, --exit-hazard, --demand-volatility or another of these options."
            )
        samples = self._samples(dataset, result.tables)
        commitment = committed(self.request.plan_path, dataset, until, all_of_it=self.request.later == "held")
        self.notes += provenance_warnings(self.request.plan_path, result.sha256, self.request.overrides)
        self.stop.draining = True
        report = self._report(self._test(dataset, commitment, samples), result.sha256)
        document = stress_json(report) | {
            "seconds": time.monotonic() - self.began,
            "input_sha256": result.sha256,
            "stress_path": str(self.outputs.plan),
            "options": self.request.recorded_options(),
        }
        text = [*lines(report), f"  Stress test  {self.outputs.plan}"]
        files = {self.outputs.plan: stress_workbook(report)}
        return CommandResult(text, document, self._exit_code(report.trial), files)

    def _test(self, dataset: Dataset, commitment: Commitment, samples: Samples) -> StressReport:
        request, limit = self.request, self.request.time_limit
        try:
            return stress_test(
                dataset,
                commitment,
                samples,
                later=request.later,
                gap=request.gap,
                time_limit=None if limit is None else max(0.1, limit - (time.monotonic() - self.began)),
                seed=request.seed,
                workers=request.workers,
                stop=self.stop,
                live=self.live,
            )
        except RejectedPlan as rejected:
            ours = f"{request.plan_path} is not a plan of {request.input_path}"
            reason = str(rejected).replace("It is not a plan of the problem", ours)
            lines = [*audit_lines(rejected.report), reason]
            raise Refused(CommandResult(lines, {"status": "rejected"}, ExitCode.REJECTED_BY_AUDIT)) from None

    def _samples(self, dataset: Dataset, tables: tuple[RawTable, ...]) -> Samples:
        count, seed = self.request.count, self.request.seed
        if not self.request.anything_uncertain:
            samples = draw_samples(dataset, None, count, seed)
            self.notes.append(f"{samples.how}.")
            return samples
        uncertainty, unread = self.request.uncertainty()
        if unread:
            found = [*unread, *uncertainty_faults(dataset, uncertainty)]
            raise WrongUsage("\n  ".join(["Samples cannot be drawn as asked:", *found]))
        if dataset.scenarios and seed_of_scenarios(tables) == seed:
            self.notes.append(
                f"The workbook's scenarios were drawn with seed {seed} too: where their options were the same, the "
                "samples are the very paths that they were chosen from. Choose another --seed."
            )
        return draw_samples(dataset, uncertainty, count, seed)

    def _report(self, report: StressReport, sha256: str) -> StressReport:
        """The report with the plan's name, the notes, and the record of the run."""
        trial = report.trial
        files = {"plan_path": str(self.request.plan_path), "input_path": str(self.request.input_path)}
        run = {**files, "input_sha256": sha256}
        record: list[tuple[str, str, Any, str]] = [("run", *each, "") for each in run.items()]
        record.append(("run", "samples", trial.samples.how, ""))
        record += [
            ("option", name, _cell(value), self.request.option_sources.get(name, ""))
            for name, value in self.request.recorded_options().items()
        ]
        record += [("version", "planner", __version__, ""), *(("version", *each, "") for each in versions().items())]
        record.append(("seconds", "trying", trial.seconds, ""))
        record += [("note", str(i), text, "") for i, text in enumerate(self.notes, start=1)]
        name = report.plan_name or name_of(self.request.input_path)
        return replace(report, plan_name=name, notes=tuple(self.notes), record=tuple(record))

    def _exit_code(self, trial: SimulatedPlan) -> ExitCode:
        if trial.complete:
            return ExitCode.OK
        if not trial.results:
            return ExitCode.STOPPED_WITHOUT_PLAN
        return ExitCode.OK if self.request.accept_stopped else ExitCode.STOPPED_WITH_PLAN


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
