"""`planner stress`: from a plan and its workbook to what becomes of the plan on samples of what may come."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.audit import audit
from models.build import build_model
from models.dataset import Dataset
from models.faults import FaultyWorkbook
from models.parsing.raw_tables import RawTable
from models.sampling import uncertainty_faults
from planner import __version__
from planner.console import Console, LiveLine, log_to
from planner.errors import ExitCode, WrongUsage
from planner.excel.plan_reader import provenance_warnings
from planner.formatting import fault_lines
from planner.outputs import STRESS_SHEET, Outputs, name_of, outputs_of, same_file
from planner.problem_reader import ReadResult, read
from planner.reports.run_json import faults_json, write_run_json
from planner.reports.terminal import audit_lines
from planner.run.versions import versions
from planner.sampling.options import UncertaintyTexts
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.stress.commitment import committed, seed_of_scenarios
from planner.stress.progress import StressLines
from planner.stress.samples import Samples, draw_from_scenarios, draw_new_samples
from planner.stress.simulation import Commitment, SimulatedPlan, simulate_plan
from planner.stress.statistics import figures
from planner.stress.summary import StressReport, lines
from planner.stress.tables import stress_json
from planner.stress.workbook import write_stress

WRITING = 0.03
"""Of a time limit, what is left for figures and writing."""

log = logging.getLogger("planner")


class _Refused(Exception):
    """There is nothing to try: an exit code, and what to say."""

    def __init__(self, code: ExitCode, told: list[str], document: dict[str, Any]) -> None:
        super().__init__()
        self.code, self.told, self.document = code, told, document


def stress_plan(
    console: Console, plan_path: Path, file: Path, values: Mapping[str, Any], sources: Mapping[str, str]
) -> int:
    """Tries a plan; exit 0 when every sample was, 4 when stopped after some, 5 before any, 6 when the plan is none."""
    if values["later"] == "held" and values["committed_until"] is not None:
        raise WrongUsage("--committed-until says nothing with --later held: all decisions are held. Leave one out.")
    outputs = outputs_of(file, values["output"], Path("outputs"), name="stress", sheets={STRESS_SHEET})
    if values["output"] is not None and same_file(values["output"], plan_path):
        raise WrongUsage(f"The stress test would be written over the plan {plan_path}. Give -o another name.")
    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan_path), "planner_version": __version__}
    stop = Stop()
    with log_to(outputs.log, afresh=True), console.live_line() as live, stop:
        try:
            code, said, document = _Run(file, plan_path, values, sources, outputs, stop, live).go()
        except _Refused as refused:
            code, said, document = refused.code, refused.told, refused.document
        told |= document
        write_run_json(outputs.json, told)
    console.tell(said, urgent=code not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN))
    console.give(told)
    return code


class _Run:
    """One stress test under way."""

    def __init__(
        self,
        file: Path,
        plan_path: Path,
        values: Mapping[str, Any],
        sources: Mapping[str, str],
        outputs: Outputs,
        stop: Stop,
        live: LiveLine | None,
    ) -> None:
        self.file, self.plan_path, self.values, self.sources = file, plan_path, values, sources
        self.outputs, self.stop, self.live = outputs, stop, live
        self.began = time.monotonic()
        self.notes: list[str] = []

    def go(self) -> tuple[ExitCode, list[str], dict[str, Any]]:
        result = self._read()
        dataset = result.dataset
        assert dataset is not None
        until, samples = self._until(dataset), self._samples(dataset, result.tables)
        commitment = self._commitment(dataset, until)
        self.notes += [each.removeprefix("Note: ") for each in provenance_warnings(
            self.plan_path, result.sha256, tuple(self.values["overrides"])
        )]  # fmt: skip
        nonzeros = build_model(dataset).size.nonzeros
        self.stop.draining = True
        log.info("Trying the plan on %s", samples.how)
        on_results = StressLines(samples, dataset.settings.currency, self.live)
        trial = simulate_plan(
            dataset,
            commitment,
            samples,
            self._options(),
            nonzeros=nonzeros,
            workers=self.values["workers"],
            stop=self.stop,
            on_results=on_results.show,
        )
        report = self._report(dataset, commitment, trial, result.sha256)
        write_stress(self.outputs.plan, report)
        document = stress_json(report) | {
            "seconds": time.monotonic() - self.began,
            "input_sha256": result.sha256,
            "stress_path": str(self.outputs.plan),
            "options": self._given(),
        }
        return self._code(trial), [*lines(report), f"  Stress test  {self.outputs.plan}"], document

    def _read(self) -> ReadResult:
        log.info("Reading %s", self.file)
        result = read(self.file, self.values["overrides"])
        if result.dataset is None:
            raise _invalid(result.faults)
        return result

    def _commitment(self, dataset: Dataset, until: int) -> Commitment:
        """The plan's decisions, audited first: what is no plan of this workbook cannot be tried on it."""
        try:
            found = committed(self.plan_path, dataset, until, all_of_it=self.values["later"] == "held")
        except FaultyWorkbook as faulty:
            raise _invalid(faulty.faults) from None
        for scenario, plan in found.made.items():
            report = audit(dataset.in_scenario(scenario), plan)
            if not report.passed:
                told = f"{self.plan_path} is no plan of {self.file} as it stands, so it is not tried."
                raise _Refused(ExitCode.REJECTED_BY_AUDIT, [*audit_lines(report), told], {"status": "rejected"})
        return found

    def _until(self, dataset: Dataset) -> int:
        horizon = len(dataset.horizon)
        if self.values["committed_until"] is None:
            return min(dataset.settings.first_stage_months, horizon)
        until = dataset.t(self.values["committed_until"])
        if not 0 < until < horizon:
            raise WrongUsage(
                f"--committed-until: choose a month from {dataset.label(1)} to {dataset.label(horizon - 1)}; "
                "with --later held all decisions are held."
            )
        return until

    def _samples(self, dataset: Dataset, tables: tuple[RawTable, ...]) -> Samples:
        count, seed = self.values["count"], self.values["seed"]
        texts = UncertaintyTexts.of(self.values)
        if not any(texts.texts.values()) and texts.bootstrap_block is None:
            if not dataset.scenarios:
                raise WrongUsage(
                    "Nothing is uncertain: give --demand-volatility, --delay-prior or another of these options, or a "
                    "workbook with scenarios to draw from."
                )
            samples = draw_from_scenarios(dataset, count, seed)
            self.notes.append(f"{samples.how}.")
            return samples
        uncertainty = texts.read()
        found = [*texts.faults, *uncertainty_faults(dataset, uncertainty)]
        if found:
            raise WrongUsage("\n  ".join(["Samples cannot be drawn as asked:", *found]))
        if dataset.scenarios and seed_of_scenarios(tables) == seed:
            self.notes.append(
                f"The workbook's scenarios were drawn with seed {seed} too: where their options were the same, the "
                "samples are the very paths they were chosen from. Take another --seed."
            )
        return draw_new_samples(dataset, uncertainty, count, seed)

    def _options(self) -> SolveOptions:
        limit = self.values["time_limit"]
        left = None if limit is None else max(0.1, (1.0 - WRITING) * limit - (time.monotonic() - self.began))
        return SolveOptions(self.values["gap"], left, 1, 0)

    def _report(self, dataset: Dataset, commitment: Commitment, trial: SimulatedPlan, sha256: str) -> StressReport:
        for problem, plan in trial.most_expensive.items():
            found = audit(trial.samples.problem(problem), plan)
            if not found.passed:
                told = [*audit_lines(found), "The audit rejects the plan of a sample: nothing is published."]
                raise _Refused(ExitCode.REJECTED_BY_AUDIT, told, {"status": "rejected"})
        run = {"plan_path": str(self.plan_path), "input_path": str(self.file), "input_sha256": sha256}
        record: list[tuple[str, str, Any, str]] = [("run", *each, "") for each in run.items()]
        record.append(("run", "samples", trial.samples.how, ""))
        record += [
            ("option", name, self._said(value), self.sources.get("overrides" if name == "set" else name, ""))
            for name, value in self._given().items()
        ]
        record += [("version", "planner", __version__, ""), *(("version", *each, "") for each in versions().items())]
        record.append(("seconds", "trying", trial.seconds, ""))
        record += [("note", str(i), text, "") for i, text in enumerate(self.notes, start=1)]
        return StressReport(
            dataset.settings.plan_name or name_of(self.file),
            dataset,
            commitment,
            trial,
            figures(dataset, trial, self.values["seed"]),
            self.values["later"],
            self.values["gap"],
            len(trial.most_expensive),
            tuple(self.notes),
            tuple(record),
        )

    def _given(self) -> dict[str, Any]:
        """The options with a value, by the names they have on the command line."""
        names = {"overrides": "set"}
        kept = {name: value for name, value in self.values.items() if value not in (None, (), False)}
        common = ("as_json", "quiet", "log_file", "config", "output")
        return {names.get(name, name): _plain(value) for name, value in kept.items() if name not in common}

    @staticmethod
    def _said(value: Any) -> Any:
        return "; ".join(map(str, value)) if isinstance(value, list) else value

    def _code(self, trial: SimulatedPlan) -> ExitCode:
        if trial.complete:
            return ExitCode.OK
        if not trial.results:
            return ExitCode.STOPPED_WITHOUT_PLAN
        return ExitCode.OK if self.values["accept_stopped"] else ExitCode.STOPPED_WITH_PLAN


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _invalid(faults: Any) -> _Refused:
    return _Refused(
        ExitCode.WRONG_INPUT, list(fault_lines(tuple(faults))), {"status": "invalid", "faults": faults_json(faults)}
    )
