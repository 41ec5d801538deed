"""`planner.solve`: a problem to its plan."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from models.faults import NamedWarning
from models.plan import Plan
from planner.api.arguments import as_options_of
from planner.api.problem import Problem, ProblemLike, read
from planner.api.result import Result
from planner.commands.solve import solve as solve_command
from planner.errors import WrongUsage
from planner.reports.run_result import RunResult
from planner.version import __version__


@as_options_of(solve_command)
def solve(
    problem: ProblemLike,
    *,
    gap: float = 0.001,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
    start: Result | str | os.PathLike[str] | None = None,
    keep: Result | str | os.PathLike[str] | None = None,
    change_cost: float | None = None,
    alternatives: int = 0,
    within: float = 0.01,
    risk: str = "expected",
    engine: Literal["auto", "extensive", "decomposition"] = "auto",
    scheduler: str | None = None,
    tls: str | os.PathLike[str] | None = None,
    stress: int = 0,
) -> Result:
    """Finds the plan of least net present cost; with scenarios, the best plan for all of them.

    Prints nothing and writes no file; messages go to the logger `planner`.

    Parameters
    ----------
    problem
        The problem, or the path of a workbook or folder of CSV files.
    gap
        Relative gap at which a plan counts as optimal: 0.001 is 0.1 %.
    time_limit
        Seconds for the search; None for no limit.
    threads
        Of the solver; 0 lets it choose.
    seed
        Of the solver.
    start
        An earlier plan to begin from: a result, or a plan workbook.
    keep
        A plan to keep to, at `change_cost` for each unit departed.
    change_cost
        Money for each unit departed from `keep`; in no cost that is reported.
    alternatives
        How many other plans of nearly the same cost to look for, each at most `within` dearer.
    within
        Share of the cost that an alternative may cost more.
    risk
        With scenarios: `expected` cost (with the CVaR of the settings), `worst` cost, worst `regret`; `budget:2`, the
        worst case of at most 2 of the listed delays and exits at once, whose cases are then the result's scenarios; or
        `tv:0.1` and `wasserstein:0.1`, the worst expected cost over probabilities so near the given ones.
    engine
        With scenarios: all in one problem, decomposed, or what pays.
    scheduler
        With decomposition: address of the scheduler of a Dask cluster whose workers solve the scenarios.
    tls
        Folder of `ca.pem`, `cert.pem` and `key.pem` for a scheduler at `tls://`.
    stress
        On how many samples the plan is tried in the end; `Result.stress` is told what is uncertain.

    Returns
    -------
    Result
        Status, cost, bound and tables; also where no plan exists or was found.

    Raises
    ------
    FaultyWorkbook
        The problem, or a plan workbook given, has faults.
    WrongUsage
        The options do not fit one another or the problem.

    Examples
    --------
    >>> import planner
    >>> problem = planner.read("inputs/starter.xlsx")
    >>> result = planner.solve(problem, gap=0.001, time_limit=60)
    >>> result.status, result.gap <= 0.001
    ('optimal', True)
    """
    from models.parsing.sources import sources_of
    from models.stochastic.fixed_decisions import kept_decisions
    from planner.api.comparison import compared_plan
    from planner.interrupt import Stop
    from planner.results.fingerprints import data_sha256
    from planner.run.bridge import note_bridge
    from planner.run.options import PlanOptions
    from planner.run.solve import before_stress, left_for_stress, solve_dataset
    from planner.run.versions import versions

    given = problem if isinstance(problem, Problem) else read(problem)
    if (keep is None) != (change_cost is None):
        raise WrongUsage("keep and change_cost go together: a plan, and the price of departing from it.")
    files = None if tls is None else Path(tls)
    options = PlanOptions(
        gap, time_limit, threads, seed, change_cost, alternatives, within, risk, engine, stress, scheduler, files
    )
    where = ("scheduler", "tls")
    recorded = {name: getattr(options, name) for name in PlanOptions.__slots__ if name not in where}
    found = RunResult(
        plan_name=given.name or "Plan",
        input_path=given.path,
        input_sha256=given.sha256,
        planner_version=__version__,
        versions=versions(),
        options=recorded | {"set": list(given.changes)},
        sources=sources_of(given.tables),
        faults=given.warnings,
        warnings=tuple(NamedWarning(each.warning, str(each)) for each in given.warnings),
    )
    kept = None if keep is None else _plans_of(keep, given)
    plans = kept if start is None else _plans_of(start, given)
    began = time.monotonic()
    with found.timed("total"):
        solve_dataset(
            given.dataset,
            before_stress(options),
            start=plans,
            keep=None if kept is None else kept_decisions(given.dataset, kept),
            result=found,
        )
        before = start if keep is None else keep
        if before is not None:
            note_bridge(found, lambda: compared_plan(before), before_stress(options), Stop(), None, began)
        if stress:
            from planner.stress.after_solve import try_plan

            try_plan(found, stress, left_for_stress(options, began), Stop(), None)
    found.data_sha256 = data_sha256(found.input_rows)
    if found.cases_tried and found.dataset is not None:  # it is a plan of the cases that were found
        given = replace(given, dataset=found.dataset)
    return Result(given, found)


def _plans_of(plan: Result | str | os.PathLike[str], problem: Problem) -> Mapping[str, Plan]:
    """The plans of a result or a plan workbook, by scenario."""
    from planner.excel.plan_reader import FOR_SCENARIOS
    from planner.excel.scenario_plan_reader import read_earlier_plans

    if isinstance(plan, Result):
        plans = plan.plans()
        if not problem.dataset.scenarios and "" not in plans:
            raise WrongUsage(FOR_SCENARIOS)
        return plans

    return read_earlier_plans(Path(plan), problem.dataset)
