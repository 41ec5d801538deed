"""`planner explain`: from a workbook, and its plan where there is one, to the answer to every why."""

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
from models.plan import Plan
from planner import __version__
from planner.analysis.marginal_values import marginal_values
from planner.console import Console, LiveLine, log_to
from planner.errors import ExitCode
from planner.excel.plan_reader import read_plan, run_record
from planner.explain.breakeven import Range
from planner.explain.offers import OfferAnswer, explain_offers
from planner.explain.report import Explanation, explanation_json, offer_words, write_explanation
from planner.formatting import fault_lines, money
from planner.outputs import EXPLANATION_SHEET, Outputs, name_of, outputs_of
from planner.problem_reader import read
from planner.reports.run_json import faults_json, write_run_json
from planner.reports.terminal import audit_lines
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.solving.worker_pool import WorkerPool, default_workers

FIRST_SOLVE = 0.4
"""Share of the time that finding a plan may take where none is given."""
LEAST_SECONDS = 4.0
"""A question gets at least this long."""

log = logging.getLogger("planner")


class _Refused(Exception):
    """There is nothing to explain: an exit code, and what to say."""

    def __init__(self, code: ExitCode, lines: list[str], document: dict[str, Any]) -> None:
        super().__init__()
        self.code, self.lines, self.document = code, lines, document


def explain_workbook(console: Console, file: Path, plan_path: Path | None, values: Mapping[str, Any]) -> int:
    """Explains; exit 0 when done, 3 when no plan exists (what to change is told), 4 when interrupted."""
    outputs = outputs_of(file, values["output"], Path("outputs"), name="explanation", sheets={EXPLANATION_SHEET})
    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan_path or ""), "planner_version": __version__}
    stop = Stop()
    with log_to(outputs.log, afresh=True), console.live_line() as live, stop:
        try:
            code, lines, document = _Run(file, plan_path, values, outputs, stop, live).explain()
        except _Refused as refused:
            code, lines, document = refused.code, refused.lines, refused.document
        told |= document
        write_run_json(outputs.json, told)
    console.tell(lines, urgent=code not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN))
    console.give(told)
    return code


class _Run:
    """One explanation under way."""

    def __init__(
        self,
        file: Path,
        plan_path: Path | None,
        values: Mapping[str, Any],
        outputs: Outputs,
        stop: Stop,
        live: LiveLine | None,
    ) -> None:
        self.file, self.plan_path, self.values, self.outputs = file, plan_path, values, outputs
        self.stop, self.live = stop, live
        self.began = time.monotonic()
        self.workers = values["workers"] or default_workers()
        self._said_at = 0.0

    @property
    def seconds_left(self) -> float:
        return max(1.0, float(self.values["time_limit"]) - (time.monotonic() - self.began))

    def explain(self) -> tuple[ExitCode, list[str], dict[str, Any]]:
        dataset = self._dataset()
        self.stop.draining = True
        plan, cost = self._plan(dataset)
        if plan is None:
            return self._infeasible(dataset)
        if self.values["vary"]:
            return self._vary(dataset, plan, cost)
        log.info("Marginal values of %s", dataset.settings.plan_name)
        marginal = marginal_values(dataset, plan)
        offers = self._offers(dataset, plan, cost)
        complete = all(
            each.infeasible
            or (each.break_even is not None and each.break_even.is_known)
            or (each.break_even is not None and each.break_even.never())
            for each in offers
        )
        seconds = time.monotonic() - self.began
        explanation = Explanation(dataset.settings.plan_name, cost, marginal, offers, complete, seconds)
        write_explanation(self.outputs.plan, dataset, explanation)
        document = explanation_json(explanation, dataset) | {
            "status": "explained",
            "seconds": seconds,
            "explanation_path": str(self.outputs.plan),
        }
        code = ExitCode.STOPPED_WITH_PLAN if self.stop.requested else ExitCode.OK
        return code, self._lines(dataset, explanation), document

    def _dataset(self) -> Dataset:
        log.info("Reading %s", self.file)
        result = read(self.file, self.values["overrides"])
        if result.dataset is None:
            document = {"status": "invalid", "faults": faults_json(result.faults)}
            raise _Refused(ExitCode.WRONG_INPUT, list(fault_lines(result.faults)), document)
        if result.dataset.scenarios:
            log.info("warning: %s has scenarios; its plain figures are explained, as if they were certain", self.file)
        return result.dataset

    def _plan(self, dataset: Dataset) -> tuple[Plan | None, Range]:
        """The plan to explain and what is known of its cost; None when there is none."""
        if self.plan_path is None:
            return self._solved(dataset)
        try:
            plan = read_plan(self.plan_path, dataset)
        except FaultyWorkbook as faulty:
            document = {"status": "invalid", "faults": faults_json(faulty.faults)}
            raise _Refused(ExitCode.WRONG_INPUT, list(fault_lines(faulty.faults)), document) from None
        report = audit(dataset, plan)
        if not report.passed:
            lines = [
                *audit_lines(report),
                f"{self.plan_path} is no plan of {self.file} as it stands, so nothing is explained.",
            ]
            raise _Refused(ExitCode.REJECTED_BY_AUDIT, lines, {"status": "rejected"})
        bound = run_record(self.plan_path).get(("run", "bound_usd"))
        same = run_record(self.plan_path).get(("run", "objective_usd"))
        cost = plan.objective_usd
        trusted = (
            isinstance(bound, float) and isinstance(same, float) and abs(same - cost) <= 1e-6 * max(1.0, abs(cost))
        )
        return plan, Range(bound if trusted and isinstance(bound, float) else None, cost)

    def _solved(self, dataset: Dataset) -> tuple[Plan | None, Range]:
        model = build_model(dataset)
        lines = ProgressLines("Plan", dataset.settings.currency, self.live)
        options = self._options(FIRST_SOLVE * self.seconds_left, threads=self.values["threads"])
        log.info("Solving, as no plan is given")
        outcome = solve(model, options, on_progress=lines.update, should_stop=lambda: lines.stopped_by(self.stop))
        if outcome.values is None:
            if outcome.status == "infeasible":
                return None, Range(None, None)
            words = [
                "No plan was found in the time there was, so nothing is explained. Give --time-limit more, or a PLAN."
            ]
            raise _Refused(ExitCode.STOPPED_WITHOUT_PLAN, words, {"status": "no_plan"})
        plan = model.plan(outcome.values)
        return plan, Range(outcome.bound_usd, plan.objective_usd)

    def _options(self, seconds: float, threads: int = 1) -> SolveOptions:
        return SolveOptions(self.values["gap"], seconds, threads, self.values["seed"])

    def _offers(self, dataset: Dataset, plan: Plan, cost: Range) -> tuple[OfferAnswer, ...]:
        from models.dataset import offers_on_the_table

        count = len(offers_on_the_table(dataset))
        if not count:
            return ()
        seconds = 0.97 * self.seconds_left
        # as many again for prices, after one for each
        each = max(LEAST_SECONDS, seconds * self.workers / (2.0 * count))
        log.info(
            "Offers: %d, each solved with and without, up to %.0f s at a time on %d workers", count, each, self.workers
        )
        with WorkerPool(self.workers, seconds, self.stop) as workers:
            return explain_offers(dataset, plan, cost, workers, self._options(each), self._news)

    def _news(self, done: int, asked: int) -> None:
        """A live line, or a plain one every ten seconds."""
        seconds = time.monotonic() - self.began
        text = f"Explaining: {done} of {asked} questions answered, {seconds:.0f} s"
        if self.live is not None:
            self.live.show(text)
        elif seconds - self._said_at >= 10.0:
            self._said_at = seconds
            log.info("%s", text)

    def _lines(self, dataset: Dataset, explanation: Explanation) -> list[str]:
        cost = money(explanation.cost.high, dataset.settings.currency)
        lines = [f"{explanation.plan_name or name_of(self.file)}: {cost}, explained in {explanation.seconds:.0f} s."]
        lines += [f"  {each.name}: {offer_words(each, dataset)}" for each in explanation.offers]
        return [*lines, f"  Explanation  {self.outputs.plan}"]

    def _infeasible(self, dataset: Dataset) -> tuple[ExitCode, list[str], dict[str, Any]]:
        from planner.analysis.infeasibility import explain_infeasible
        from planner.reports.infeasibility import repair_lines, repairs_json, write_repairs

        log.info("No plan exists; looking for the smallest changes that make one possible")
        found = explain_infeasible(dataset, seconds=self.seconds_left, stop=self.stop, conflict=self.values["conflict"])
        write_repairs(self.outputs.plan, dataset, found)
        document = {"status": "infeasible", "explanation_path": str(self.outputs.plan)} | repairs_json(found, dataset)
        lines = [*repair_lines(found, dataset), f"  Explanation  {self.outputs.plan}"]
        return ExitCode.INFEASIBLE, lines, document

    def _vary(self, dataset: Dataset, plan: Plan, cost: Range) -> tuple[ExitCode, list[str], dict[str, Any]]:
        from planner.explain.sensitivity import vary
        from planner.explain.sensitivity_report import variation_lines, variations_json, write_variations

        with WorkerPool(self.workers, 0.97 * self.seconds_left, self.stop) as workers:
            found = vary(
                dataset, plan, cost, self.values["vary"], workers, self._options(self.seconds_left), self._news
            )
        write_variations(self.outputs.plan, dataset, found)
        document = {"status": "varied", "explanation_path": str(self.outputs.plan)} | variations_json(found, dataset)
        code = ExitCode.STOPPED_WITH_PLAN if self.stop.requested else ExitCode.OK
        return code, [*variation_lines(found, dataset), f"  Explanation  {self.outputs.plan}"], document
