"""`planner batch`: the command and its options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from planner.console import messages_to
from planner.options import PATH, Duration, Gap, Memory, Month, common_options, option, override_option, sources

ROLLING = ("every", "until", "window", "update", "keep_change_cost")
"""Options of a batch that mean something with --rolling only."""
NOT_ROLLING = (
    "dry_run", "only", "force", "workers", "budget", "retries", "time_budget", "memory", "overrides", "engine",
    "scheduler", "webhook",
)  # fmt: skip
"""Those that mean something without it only."""


def check_batch_options(given: Mapping[str, str]) -> None:
    """Raises UsageError for an option on the command line that would be passed over in silence."""
    rolling = given["rolling"] != "default"
    for name in NOT_ROLLING if rolling else ROLLING:
        if given[name] == "flag":
            flag = "--set" if name == "overrides" else f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{flag} has no meaning {'with' if rolling else 'without'} --rolling ACTUALS.xlsx.")


@click.command(short_help="Solve many, in parallel, unattended, resumable.")
@click.argument("jobs", nargs=-1, required=True, metavar="JOBS")
@option("-o", "--output", type=PATH, metavar="FOLDER", help="Else outputs/batch/<name of JOBS>.")
@option("--dry-run", is_flag=True, help="List what would run and why; run nothing.")
@option("--only", multiple=True, metavar="NAME", help="This job, or those that match, and what they wait for.")
@option("--force", is_flag=True, help="Run jobs whose last result is still good too.")
@option("--workers", type=click.IntRange(0, 256), default=0, show_default=True, help="Jobs at a time; 0: the cores.")
@option("--budget", type=Duration(), help="For the whole batch; what has not begun by then is left for the next run.")
@option("--retries", type=click.IntRange(0, 20), default=2, show_default=True, help="Of what may pass: a kill, a disk.")
@option("--gap", type=Gap(), default="0.001", show_default=True, help="Of each job.")
@option("--time-limit", type=Duration(), default="1h", show_default=True, help="Of the solver, each job.")
@option("--time-budget", type=Duration(), help="Of each job's process, which is ended then; else by its time limit.")
@option("--memory", type=Memory(), help="Of each job's process, which is ended beyond: megabytes, or 4G.")
@option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="Of the solver, each job.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the solver.")
@override_option
@option("--accept-stopped", is_flag=True, help="A plan that a limit stopped is good too.")
@option("--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True, help="Where jobs run.")
@option("--scheduler", metavar="ADDRESS", help="Of the cluster, with --engine dask: tcp://host:8786.")
@option("--webhook", metavar="URL", help="Is sent a summary at the end.")
@option("--rolling", type=PATH, metavar="ACTUALS.xlsx", help="Plan month by month: the same problem, as it went.")
@option("--every", type=click.IntRange(1), default=1, show_default=True, help="Rolling: months between two plans.")
@option("--until", type=Month(), help="Rolling: the last month lived through; else the horizon's last.")
@option("--window", type=click.IntRange(1), metavar="MONTHS", help="Rolling: how far a plan looks; else to the end.")
@option(
    "--update",
    type=click.Choice(["none", "level"]),
    default="level",
    show_default=True,
    help="Rolling: how the forecast follows what is seen: not at all, or shifted to the last level.",
)
@option("--keep-change-cost", type=click.FloatRange(0), metavar="X", help="Rolling: price of each unit departed in.")
@common_options
@click.pass_context
def batch(ctx: click.Context, /, jobs: tuple[str, ...], **values: Any) -> int:
    """Solve the jobs of JOBS: workbooks, a folder of them, a glob, or a job file (TOML, or a
    workbook with a sheet jobs). Each job is a process of its own, held to its time and memory.

    Run again, only what has changed or was not good runs. What stands here beats the job file.

    With --rolling JOBS is one workbook, what is believed at first: planned month by month against
    what really happened, and at the end against the plan of one who knew.
    """
    from planner.backtest.run import roll_through_command
    from planner.batch.run import batch as run_batch

    given = sources(ctx)
    check_batch_options(given)
    with messages_to(values) as console:
        if values["rolling"] is not None:
            if len(jobs) != 1:
                raise click.UsageError("--rolling takes one workbook: planner batch FILE.xlsx --rolling ACTUALS.xlsx.")
            return roll_through_command(console, Path(jobs[0]), values)
        return run_batch(console, jobs, values, given)
