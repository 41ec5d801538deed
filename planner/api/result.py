"""Results: plans of a problem as tables and figures, explained, tried on samples, written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Unpack

from models.plan import Plan
from planner.api.arguments import as_options_of, month_of
from planner.api.frames import Report, workbook_path
from planner.api.pictured import Pictured
from planner.api.problem import Problem
from planner.api.uncertainty import Uncertain, uncertainty_of
from planner.errors import WrongUsage
from planner.explain.command import explain as explain_command
from planner.files.outputs import PLAN_SHEETS, check_replaceable
from planner.reports.run_result import RunResult, Status
from planner.results.tables import Filled
from planner.stress.command import stress as stress_command


class NoPlan(WrongUsage):
    """A result without a plan was asked for figures of one."""


class Result(Pictured):
    """What a solve found; the tables of the plan workbook are attributes.

    `result.decisions`, `result.capacity`, `result.service`, `result.limits`, `result.spend`, `result.monthly` and so on
    are DataFrames with the columns of the sheets `Decisions`, `Capacity` and so on; `result.sheets` lists them all.
    Money is in the currency of the problem, costs in present values.

    Examples
    --------
    >>> import planner
    >>> result = planner.solve("inputs/starter.xlsx")
    >>> result.status
    'optimal'
    >>> round(result.objective_usd / result.spend["present_value_usd"].sum(), 6)
    np.float64(1.0)
    >>> result.service["served_bn_per_day"].dtype
    dtype('float64')
    """

    def __init__(self, problem: Problem, found: RunResult) -> None:
        super().__init__(problem.dataset, self._tables)
        self.problem = problem
        self.found = found

    def __repr__(self) -> str:
        cost = "no plan" if self.objective_usd is None else f"{self.objective_usd:,.2f} {self._currency}"
        return f"<Result of {self.problem.name or 'a problem'}: {self.status}, {cost}>"

    @property
    def status(self) -> Status:
        """How it ended: optimal (within the gap asked for), stopped (with a plan), infeasible, no_plan or rejected."""
        return self.found.status

    @property
    def objective_usd(self) -> float | None:
        """Net present cost of the plan, with scenarios of what is minimised; None without a plan."""
        return self.found.objective_usd if self.found.has_plan else None

    @property
    def bound_usd(self) -> float | None:
        """What every plan costs at least, as far as is proven; None where nothing is."""
        return self.found.bound_usd

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective, a share; None without a plan."""
        return self.found.gap if self.found.has_plan else None

    @property
    def base_case_usd(self) -> float | None:
        """Net present cost of the best plan that signs nothing; None where it is not known within the gap asked for."""
        return self.found.value(self.found.base_case.cost)

    @property
    def costs_usd(self) -> dict[str, float]:
        """Present value by category of cost; they add up to `objective_usd`, in expectation with scenarios."""
        return dict(self.document["costs_usd"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the plan should know."""
        return tuple(each.text for each in self.found.warnings)

    @property
    def document(self) -> dict[str, Any]:
        """What `planner solve --json` prints, and `run.json` holds; there is no file behind it yet."""
        from planner.reports.run_json import run_json

        return run_json(self.found)

    def __str__(self) -> str:
        from planner.reports.terminal import summary_lines

        return "\n".join(summary_lines(self.found))

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Writes the plan workbook, over an earlier one that is there.

        Parameters
        ----------
        path
            Where, a name that ends in .xlsx.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        CannotWrite
            Nothing can be written there, or a file that is no plan would be lost.
        NoPlan
            There is none.
        WrongUsage
            The name does not end in .xlsx.

        Examples
        --------
        >>> import tempfile
        >>> import planner
        >>> result = planner.solve("inputs/starter.xlsx")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = planner.solve("inputs/starter.xlsx", start=result.to_excel(f"{folder}/plan.xlsx"))
        >>> again.status
        'optimal'
        """
        from planner.reports.plan_report import write_plan

        self.plans()
        target = workbook_path(path)
        check_replaceable(target, PLAN_SHEETS, "a plan workbook")
        write_plan(target, replace(self.found, plan_path=str(target)))
        return target

    @as_options_of(explain_command)
    def explain(
        self, *, time_limit: float = 540.0, gap: float = 0.001, workers: int = 0, seed: int = 0, conflict: bool = False
    ) -> Report:
        """Says why the plan is as it is, or where none exists, what to change.

        Parameters
        ----------
        time_limit
            Seconds for everything together.
        gap
            Relative gap of every solve.
        workers
            Solves at a time, each in a process of its own; 0 for as many as cores.
        seed
            Of the solver.
        conflict
            Where no plan exists, also name rules that cannot hold together.

        Returns
        -------
        Report
            With a plan the tables `offers_taken`, `offers_not_taken` and `marginal_values`.

        Raises
        ------
        NoPlan
            There is neither a plan nor the knowledge that none exists.
        WrongUsage
            The plan minimises regret.

        Examples
        --------
        >>> import planner
        >>> report = planner.solve("inputs/starter.xlsx").explain(time_limit=20)
        >>> "marginal_values" in dir(report)
        True
        """
        if self.status == "infeasible":
            return self._repairs(time_limit, conflict=conflict)
        from models.estimate import Estimate
        from planner.explain.document import explanation_json
        from planner.explain.explanation import explain_plan
        from planner.explain.report import explanation_workbook
        from planner.explain.tables import tables
        from planner.explain.words import explanation_lines

        dataset = self.problem.dataset
        self.plans()
        solution = self.found.plan_set.solution
        plan = solution if dataset.scenarios else self.found.plan_set.only.plan
        cost = Estimate.optimum(self.bound_usd, plan.objective_usd)
        found = explain_plan(dataset, plan, cost, seconds=time_limit, gap=gap, seed=seed, workers=workers)
        lines, document = explanation_lines(found, dataset), explanation_json(found, dataset)
        return Report(
            dataset,
            lambda: tables(found, dataset),
            lines,
            document,
            lambda: explanation_workbook(dataset, found),
        )

    @as_options_of(stress_command)
    def stress(
        self,
        *,
        count: int = 1000,
        seed: int = 1,
        committed_until: Any = None,
        later: Literal["optimised", "held"] = "optimised",
        gap: float = 0.01,
        time_limit: float | None = None,
        workers: int = 0,
        **uncertain: Unpack[Uncertain],
    ) -> Report:
        """Tries the plan on samples of what may come.

        Parameters
        ----------
        count
            Samples.
        seed
            Of the samples; another than that of scenarios drawn for the plan.
        committed_until
            Decisions before this month (a Period or a text such as 2026-09) are held; None for the first stage's end.
        later
            Whether decisions after that are optimised in each sample, or held too.
        gap
            Relative gap of the solve of each sample.
        time_limit
            Seconds for everything; the samples done by then are reported.
        workers
            Solves at a time, each in a process of its own; 0 lets it choose.
        **uncertain
            What is uncertain, as for `planner.sample`; with none of these, samples come from the scenarios.

        Returns
        -------
        Report
            With the tables of the stress workbook.

        Raises
        ------
        WrongUsage
            Nothing is uncertain, or what is does not fit the problem.
        OutOfTime
            The time limit passed before the first sample.
        RejectedPlan
            The audit rejects the plan of a sample.
        NoPlan
            There is no plan to try.

        Examples
        --------
        >>> import planner
        >>> report = planner.solve("inputs/starter.xlsx").stress(count=3, demand_volatility=0.05, workers=1)
        >>> len(report.samples)
        3
        """
        from planner.stress.commitment import commitment_of
        from planner.stress.stress_test import committed_until as until_of
        from planner.stress.stress_test import draw_samples, stress_test
        from planner.stress.summary import lines
        from planner.stress.tables import stress_json, tables
        from planner.stress.workbook import stress_workbook

        dataset = self.problem.dataset
        until = until_of(dataset, month_of(committed_until))
        samples = draw_samples(dataset, uncertainty_of(uncertain), count, seed)
        commitment = commitment_of(self.plans(), dataset, until, all_of_it=later == "held")
        found = stress_test(
            dataset,
            commitment,
            samples,
            later=later,
            gap=gap,
            time_limit=time_limit,
            seed=seed,
            workers=workers,
        )
        return Report(dataset, lambda: tables(found), lines(found), stress_json(found), lambda: stress_workbook(found))

    def _repairs(self, time_limit: float, *, conflict: bool) -> Report:
        from planner.analysis.infeasibility import explain_infeasible
        from planner.interrupt import Stop
        from planner.reports.infeasibility import repair_lines, repairs_json, repairs_workbook

        dataset = self.problem.dataset.in_scenario(self.found.infeasible_scenario)
        found = explain_infeasible(dataset, seconds=time_limit, stop=Stop(), conflict=conflict)
        lines, document = repair_lines(found, dataset), repairs_json(found, dataset)
        return Report(dataset, list, lines, document, lambda: repairs_workbook(dataset, found))

    def _tables(self) -> Sequence[Filled]:
        from planner.reports.plan_report import report_of

        self.plans()
        return report_of(self.found).tables(self.found)

    def plans(self) -> Mapping[str, Plan]:
        """The plan under "", with scenarios that of each by its name.

        Raises
        ------
        NoPlan
            There is none.
        """
        found = self.found
        if not found.has_plan:
            raise NoPlan(f"There is no plan: the solve ended as {found.status}.")
        return {each.name: each.figures.plan for each in found.plan_set.scenarios}

    @property
    def _currency(self) -> str:
        return self.problem.dataset.settings.currency
