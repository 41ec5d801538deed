"""`planner batch`: many solves, or one problem planned month by month."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.command import CommandResult, command, refuse_unused, take, take_given
from planner.console import Console
from planner.options.shared import (
    accept_stopped_option,
    budget_option,
    force_option,
    gap_option,
    keep_runs_option,
    option,
    output_option,
    override_option,
    seed_option,
    threads_option,
    time_limit_option,
    workers_option,
)
from planner.options.values import PATH, PATH_TEXT, Duration, Memory, Month

if TYPE_CHECKING:
    from planner.batch.run import BatchRequest

ROLLING = "--rolling ACTUALS.xlsx"


@command(short_help="Solve many, in parallel, unattended, resumable.")
@click.argument("jobs", nargs=-1, required=True, type=PATH_TEXT, metavar="JOBS")
@output_option("folder", "FOLDER", "outputs/batch/<name of JOBS>")
@option("--dry-run", is_flag=True, help="List what would run and why, and run nothing.")
@option("--only", multiple=True, metavar="NAME", help="Run this job, or those that match, and those they depend on.")
@force_option("Also run jobs whose last result is still valid.")
@workers_option("Jobs")
@budget_option("; jobs that have not started by then are left for the next run")
@option(
    "--retries",
    type=click.IntRange(0, 20),
    default=2,
    show_default=True,
    help="Retries after a failure that may pass, such as a killed process or a full disk.",
)
@gap_option("each job")
@time_limit_option("each job, from reading to the plan written", default="1h")
@option("--time-budget", type=Duration(), help="Time limit of each job's process [default: by its time limit].")
@option("--memory", "memory_mb", type=Memory(), help="Memory limit of each job's process: megabytes, or 4G.")
@threads_option("each job", default=1)
@seed_option("the solver")
@override_option
@accept_stopped_option("Accept a plan that a limit stopped.")
@option("--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True, help="Where jobs run.")
@option("--scheduler", metavar="ADDRESS", help="With --engine dask: address, such as tcp://127.0.0.1:8786.")
@option(
    "--tls", type=PATH, metavar="FOLDER", help="With --scheduler tls://...: folder of ca.pem, cert.pem and key.pem."
)
@keep_runs_option(": of jobs that are no longer in the batch; with --rolling, of its own folders")
@option("--webhook", metavar="URL", help="Send a summary to this URL at the end.")
@option(
    "--rolling", "actuals", type=PATH, metavar="ACTUALS.xlsx", help="Plan month by month: the problem as it turned out."
)
@option("--every", type=click.IntRange(1), default=1, show_default=True, help="Rolling: months between two plans.")
@option("--until", type=Month(), help="Rolling: last month simulated [default: the last of the horizon].")
@option(
    "--window", type=click.IntRange(1), metavar="MONTHS", help="Rolling: horizon of each plan [default: to the end]."
)
@option(
    "--update",
    type=click.Choice(["none", "level"]),
    default="level",
    show_default=True,
    help="Rolling: how forecasts follow observations: not at all, or shifted to the last level.",
)
@option("--keep-change-cost", type=click.FloatRange(0), metavar="X", help="Rolling: charge in USD per unit changed.")
def batch(console: Console, jobs: tuple[str, ...], actuals: Path | None, **values: Any) -> CommandResult:
    """Solve the jobs of JOBS, each in a process of its own with limits on its time and memory.

    JOBS are workbooks, a folder of them, a pattern, or a job file (TOML, or a workbook with a sheet jobs).

    When run again, only jobs that have changed or failed are run. Options override the job file.

    With --rolling JOBS is one workbook, the first forecast: it is planned month by month against what
    really happened, and the result is compared with the plan under perfect foresight.
    """
    if actuals is not None:
        return _rolling(console, jobs, actuals, values)
    from planner.batch.run import run_batch

    return run_batch(batch_request(jobs, values), console.live)


def batch_request(jobs: tuple[str, ...], values: dict[str, Any]) -> BatchRequest:
    """What `planner batch` is asked for without --rolling, in its context.

    Raises
    ------
    WrongUsage, UsageError
        The options do not fit one another.
    """
    from planner.batch.jobs.job import Job
    from planner.batch.run import BatchRequest

    request = take(BatchRequest, values, jobs=jobs, job_options=take_given(Job, values))
    refuse_unused(values, f"without {ROLLING}")
    return request


def _rolling(console: Console, jobs: tuple[str, ...], actuals: Path, values: dict[str, Any]) -> CommandResult:
    from planner.backtest.request import BacktestRequest
    from planner.backtest.run import run_rolling
    from planner.backtest.summary import lines

    if len(jobs) != 1:
        raise click.UsageError(f"--rolling takes one workbook: planner batch FILE.xlsx {ROLLING}.")
    request = take(BacktestRequest, values, forecast=Path(jobs[0]), actuals=actuals)
    refuse_unused(values, f"with {ROLLING}")
    finished = run_rolling(request, live=console.live)
    report = f"  Report    {finished.folder / 'rolling.xlsx'}"
    return CommandResult([*lines(finished.result), report], finished.document, finished.exit_code)
