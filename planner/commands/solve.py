"""`planner solve`: from workbook to plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.command import CommandResult, command, subject, take
from planner.console import Console
from planner.errors import WrongUsage
from planner.formatting import quoted
from planner.options.shared import (
    accept_stopped_option,
    gap_option,
    input_argument,
    keep_runs_option,
    option,
    option_sources,
    output_option,
    override_option,
    seed_option,
    threads_option,
    time_limit_option,
)
from planner.options.values import PATH, Gap, Risk

if TYPE_CHECKING:
    from planner.run.command import RunRequest, TryPlan


@command(short_help="Find the least-cost plan for FILE and write it.")
@input_argument
@output_option("plan_path", "PLAN.xlsx", "outputs/<input>/<UTC time>/plan.xlsx")
@gap_option("the search")
@time_limit_option("the whole run, from reading to the plan written")
@threads_option("the search")
@seed_option("the solver")
@override_option
@option("--start", type=PATH, metavar="PLAN.xlsx", help="Warm-start the search from an earlier plan.")
@option("--keep", type=PATH, metavar="PLAN.xlsx", help="Stay close to an earlier plan; departing costs --change-cost.")
@option("--change-cost", type=click.FloatRange(0), metavar="X", help="Charge in USD per unit, block or option changed.")
@option(
    "--alternatives",
    type=click.IntRange(0, 20),
    default=0,
    metavar="K",
    help="Also find K plans of nearly the same cost with different decisions.",
)
@option(
    "--within",
    type=Gap(),
    default="0.01",
    show_default=True,
    help="How much more than the plan an alternative may cost: 1% or 0.01.",
)
@option(
    "--risk",
    type=Risk(),
    default="expected",
    show_default=True,
    help="With scenarios, what is minimised: expected cost (with CVaR as in settings), the worst cost or worst regret; "
    "the worst case of at most K listed delays and exits at once (budget:K); "
    "or, by tv:R and wasserstein:R, the worst expected cost over probabilities within R of the given ones.",
)
@option(
    "--engine",
    type=click.Choice(["auto", "extensive", "decomposition"]),
    default="auto",
    show_default=True,
    help="With scenarios: solve one problem of all, or decompose it; auto decomposes large problems.",
)
@option(
    "--scheduler",
    metavar="ADDRESS",
    help="With --engine decomposition: scheduler of a Dask cluster whose workers solve the scenarios, such as "
    "tcp://127.0.0.1:8786.",
)
@option(
    "--tls", type=PATH, metavar="FOLDER", help="With --scheduler tls://...: folder of ca.pem, cert.pem and key.pem."
)
@option(
    "--stress",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="N",
    help="Then try the plan on N samples: of its scenarios, or without them of demand and delays as is then said. "
    "The plan's first page has P10, P50 and P90 of cost and the probability that each cap fails.",
)
@option("--write-model", type=PATH, metavar="OUT.mps", help="Also write the model as an .mps or .lp file.")
@option("--build-only", is_flag=True, help="Build the model and print its size and ranges; search for no plan.")
@keep_runs_option(" from outputs/<input>/")
@accept_stopped_option("Exit with 0 instead of 4 when a limit stops the search with a plan.")
def solve(console: Console, **values: Any) -> CommandResult:
    """Find the least-cost plan for FILE and write it: check, build, solve, audit, write.

    Without -o the plan goes to outputs/<name of FILE>/<UTC time>/plan.xlsx, with run.json and
    run.log; with -o PLAN.xlsx they are written beside it, as PLAN.run.json and PLAN.run.log.
    """
    began = time.monotonic()  # before the libraries are loaded
    from planner.reports.terminal import summary_lines
    from planner.run.command import RunRequest, run
    from planner.run.options import PlanOptions

    request = RunRequest(options=take(PlanOptions, values), **values, option_sources=option_sources())
    _check(request.input_path, request.keep, request.options.change_cost)
    if request.keep_runs is not None and request.plan_path is not None:
        raise WrongUsage("--keep-runs is for runs that have folders of their own: leave out -o.")
    if request.build_only:
        return _build(request)
    finished = run(request, console.stop, console.live, _trial(request.options.stress), began)
    lines = list(summary_lines(finished.result))
    if finished.exit_code.is_failure:
        lines.append(f"  Log               {finished.outputs.log}")
    return CommandResult(lines, finished.document, finished.exit_code)


def _build(request: RunRequest) -> CommandResult:
    """Build the model of the run, write it where that is asked for, and describe it."""
    from planner.run.command import build_alone

    model = build_alone(request)
    document = {**subject(input_path=request.input_path), **model.found, "model_path": str(request.write_model or "")}
    return CommandResult(model.lines, document)


def _check(file: Path, keep: Path | None, change_cost: float | None) -> None:
    if not file.exists():
        fresh = file.with_suffix(".xlsx")
        raise WrongUsage(
            f"There is no workbook '{file}'. Check the path; `planner init {quoted(fresh)}` writes one to fill in."
        )
    if (keep is None) != (change_cost is None):
        raise WrongUsage("Give --keep PLAN.xlsx and --change-cost X together: a plan, and the charge for changing it.")


def _trial(samples: int) -> TryPlan | None:
    """What tries the plan on samples, where some are asked for: a plain solve does not load its libraries."""
    if not samples:
        return None
    from planner.stress.after_solve import try_plan

    return try_plan
