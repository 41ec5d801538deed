"""The `planner` command. Heavy libraries load inside the commands, so that `--help` is instant."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from planner import __version__
from planner.console import messages_to
from planner.errors import ExitCode, PlannerError
from planner.explain.options import VariationType
from planner.options import (
    Duration,
    Gap,
    Memory,
    Month,
    Override,
    common_options,
    option,
    sources,
    uncertainty_options,
)

log = logging.getLogger("planner")

WORKBOOK = click.Path(path_type=Path)
EPILOG = """\b
Options come from the flag, else from the environment (PLANNER_ and the option's
name: PLANNER_TIME_LIMIT=15m), else from the --config file (time-limit = "15m").

\b
Exit codes:
  0  done: plan within the gap asked for; check, audit: nothing wrong
  1  internal fault        2  wrong usage, or a faulty workbook
  3  no plan exists        4  stopped early, best plan written
  5  stopped, no plan      6  the audit rejects the plan
  7  cannot write          8  another run holds the lock
  9  some jobs failed      130, 143  interrupted, no plan
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="planner")
def cli() -> None:
    """Finds the least-cost mix of leased clusters, cloud contracts, on-demand capacity and usage
    limits that serves a projected token demand, from one workbook to another.

    Begin with: planner init my.xlsx, then planner solve my.xlsx.
    """


set_option = option(
    "--set", "overrides", type=Override(), multiple=True, help="Stands in for a cell in this run; may be repeated."
)


@cli.command()
@click.argument("file", type=WORKBOOK)
@option("--example", metavar="NAME", help="An example: starter, frontier_lab, lessor, frontier_lab_scenarios.")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
@common_options
def init(file: Path, example: str | None, force: bool, **common: Any) -> int:
    """Write FILE, a workbook to fill in: sheets, notes, worked rows."""
    from planner.commands.init import init_workbook

    with messages_to(common) as console:
        return init_workbook(console, file, example, force)


@cli.command()
@click.argument("file", type=WORKBOOK)
@option("--annotate", type=WORKBOOK, metavar="OUT.xlsx", help="Write a copy with the faulty cells marked.")
@common_options
def check(file: Path, annotate: Path | None, **common: Any) -> int:
    """List everything that is wrong with FILE; solves nothing."""
    from planner.commands.check import check_workbook

    with messages_to(common) as console:
        return check_workbook(console, file, annotate)


@cli.command(short_help="Find the cheapest plan for FILE and write it.")
@click.argument("file", type=WORKBOOK)
@option(
    "-o", "--output", type=WORKBOOK, metavar="PLAN.xlsx", help="The plan; else outputs/<input>/<UTC time>/plan.xlsx."
)
@option("--gap", type=Gap(), default="0.001", show_default=True, help="Stop at this relative gap: 0.001 or 0.1%.")
@option("--time-limit", type=Duration(), help="Stop after this time: seconds, or 90s, 15m, 1h30m.")
@option("--threads", type=click.IntRange(0, 1024), default=0, show_default=True, help="Of the solver; 0: it chooses.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the solver.")
@set_option
@option("--start", type=WORKBOOK, metavar="PLAN.xlsx", help="Begin from an earlier plan.")
@option("--keep", type=WORKBOOK, metavar="PLAN.xlsx", help="Keep to an earlier plan, at a price on departing from it.")
@option("--change-cost", type=click.FloatRange(0), metavar="X", help="That price: per unit, block or option departed.")
@option(
    "--alternatives", type=click.IntRange(0, 20), default=0, metavar="K", help="Also find K plans that sign otherwise."
)
@option(
    "--within", type=Gap(), default="0.01", show_default=True, help="What an alternative may cost more: 1% or 0.01."
)
@option(
    "--risk",
    type=click.Choice(["expected", "worst", "regret"]),
    default="expected",
    show_default=True,
    help="With scenarios: expected cost (with CVaR by the settings), the worst cost, or the worst regret.",
)
@option(
    "--engine",
    type=click.Choice(["auto", "extensive", "decomposition"]),
    default="auto",
    show_default=True,
    help="With scenarios: all in one problem, or taken apart; auto takes apart what is large.",
)
@option("--accept-stopped", is_flag=True, help="Exit with 0, not 4, when a limit ends the search with a plan.")
@common_options
@click.pass_context
def solve(ctx: click.Context, /, file: Path, **values: Any) -> int:
    """Find the cheapest plan for FILE and write it: check, build, solve, audit, write.

    Without -o the plan goes to outputs/<name of FILE>/<UTC time>/plan.xlsx, with run.json and
    run.log; with -o PLAN.xlsx these stand beside it, as PLAN.run.json and PLAN.run.log.
    """
    from planner.commands.solve import solve_workbook

    with messages_to(values) as console:
        return solve_workbook(console, file, values, sources(ctx))


@cli.command(short_help="Work out every cost and rule of PLAN again.")
@click.argument("file", type=WORKBOOK)
@click.argument("plan", type=WORKBOOK)
@set_option
@common_options
def audit(file: Path, plan: Path, overrides: tuple[str, ...], **common: Any) -> int:
    """Work out every cost and rule of PLAN again from FILE, without the model that found it.

    A plan solved with --set is audited with the same --set.
    """
    from planner.commands.audit import audit_plan

    with messages_to(common) as console:
        return audit_plan(console, file, plan, overrides)


@cli.command(short_help="Why this plan, or what to change where there is none.")
@click.argument("file", type=WORKBOOK)
@click.argument("plan", type=WORKBOOK, required=False)
@option("-o", "--output", type=WORKBOOK, metavar="WHY.xlsx", help="Else outputs/<input>/<UTC time>/explanation.xlsx.")
@option(
    "--vary",
    type=VariationType(),
    multiple=True,
    help="Solve along a range, such as demand=-20%..+40%; may be repeated.",
)
@option("--conflict", is_flag=True, help="Where no plan exists, also name rules that cannot hold together.")
@option("--gap", type=Gap(), default="0.001", show_default=True, help="Of every solve.")
@option("--time-limit", type=Duration(), default="9m", show_default=True, help="For everything together.")
@option(
    "--workers",
    type=click.IntRange(0, 256),
    default=0,
    show_default=True,
    help="Solves at a time; 0: as many as cores.",
)
@option(
    "--threads", type=click.IntRange(0, 1024), default=0, show_default=True, help="Of the first solve, without PLAN."
)
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the solver.")
@set_option
@common_options
def explain(file: Path, plan: Path | None, **values: Any) -> int:
    """Answer every why of PLAN, or of the plan found for FILE: what one more token or MW is worth,
    what each offer left out would have to cost, what each one taken is worth, what caps cost.

    Where no plan exists: the smallest changes that make one possible.
    """
    from planner.explain.command import explain_workbook

    with messages_to(values) as console:
        return explain_workbook(console, file, plan, values)


@cli.command(short_help="Hold plans side by side.")
@click.argument("plans", type=WORKBOOK, nargs=-1, required=True, metavar="PLAN PLAN...")
@option(
    "-o", "--output", type=WORKBOOK, metavar="COMPARISON.xlsx", help="Else outputs/compare/<UTC time>/comparison.xlsx."
)
@common_options
def compare(plans: tuple[Path, ...], output: Path | None, **common: Any) -> int:
    """Hold plans against the first of them: decisions, costs, service, limits, lock-in, and what in
    their inputs differs.
    """
    from planner.commands.compare import compare_plans

    with messages_to(common) as console:
        return compare_plans(console, plans, output)


@cli.command("schedule", short_help="Start batches on a calendar.")
@click.argument("jobs")
@click.argument("batch_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS OF BATCH]")
@option("--cron", required=True, metavar="EXPRESSION", help="When: '0 6 * * MON', or @weekly and the like.")
@option(
    "--as",
    "kind",
    type=click.Choice(["cron", "systemd", "kubernetes", "airflow", "github"]),
    help="Write files for this scheduler.",
)
@option("--run", is_flag=True, help="Start the batches from here, until stopped.")
@option("-o", "--output", type=WORKBOOK, metavar="FOLDER", help="Of the files; else outputs/schedule/<name>/.")
@option("--tz", metavar="ZONE", help="Time zone of EXPRESSION, such as Europe/Berlin; else the scheduler's own.")
@option("--into", type=WORKBOOK, metavar="FOLDER", help="The batch's folder; else outputs/batch/<jobs>/.")
@option("--budget", type=Duration(), default="6h", show_default=True, help="For one batch as a whole.")
@option("--name", help="Of units, pods and workflows; else planner-<jobs>.")
@option("--grace", type=Duration(), help="With --run: a missed start is made up for within this time; else always.")
@option("--on-failure", metavar="UNIT", help="systemd: start this unit when a batch fails.")
@option("--image", help="kubernetes, github: a container image that has the planner.")
@option("--claim", help="kubernetes: the claim of the volume with the workbooks; else <name>.")
@option("--force", is_flag=True, help="Replace files that this command did not write.")
@common_options
def schedule_(jobs: str, batch_options: tuple[str, ...], **values: Any) -> int:
    """Write what starts `planner batch JOBS` on a calendar, or start it from here with --run.

    What follows -- goes to every batch, such as: -- --workers 2.
    """
    from planner.schedule.command import schedule_batch

    with messages_to(values) as console:
        return schedule_batch(console, jobs, batch_options, values)


@cli.command(short_help="Write the workbook of the next planning round.")
@click.argument("file", type=WORKBOOK)
@click.argument("plan", type=WORKBOOK)
@option("--to", "to_month", type=Month(), help="The new first month, such as 2026-09; else the month after the first.")
@option("-o", "--output", type=WORKBOOK, metavar="NEXT.xlsx", help="Else outputs/<name of FILE>/<name> <month>.xlsx.")
@option("--force", is_flag=True, help="Replace the output if it exists.")
@common_options
def roll(file: Path, plan: Path, to_month: int | None, output: Path | None, force: bool, **common: Any) -> int:
    """Write the workbook of the next planning round, as FILE looks once PLAN was followed until then.

    What was due before the new first month is signed, what is over or cancelled goes, the horizon
    keeps its length. Sheets, formats and notes of FILE stay; formulas stand as their values.
    """
    from planner.commands.roll import roll_workbook

    with messages_to(common) as console:
        return roll_workbook(console, file, plan, to_month, output, force)


@cli.command(short_help="Write FILE with sampled scenarios in it.")
@click.argument("file", type=WORKBOOK)
@uncertainty_options
@option("--sample", type=click.IntRange(1, 4000), default=1000, show_default=True, help="Paths drawn.")
@option("--count", type=click.IntRange(1, 1000), default=9, show_default=True, help="Scenarios kept of them.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the paths.")
@option("--branch", type=Month(), help="Two levels: scenarios of a node are told apart in this month.")
@option("--nodes", type=click.IntRange(1, 1000), help="So many nodes; else the square root of the scenarios.")
@set_option
@option(
    "-o",
    "--output",
    type=WORKBOOK,
    metavar="OUT.xlsx",
    help="Else outputs/<name of FILE>/<name of FILE> scenarios.xlsx.",
)
@option("--force", is_flag=True, help="Replace the output if it exists, and in it the scenarios FILE has.")
@common_options
def scenarios(file: Path, **values: Any) -> int:
    """Write a copy of FILE with the sheets scenarios and scenario_factors: paths sampled from what you
    say is uncertain, reduced to a few with probabilities. The sheet scenario_notes says how they were
    made and what the reduction lost.

    An option without a name holds for all; those with a name may be repeated.
    """
    from planner.commands.scenarios import scenarios_workbook

    with messages_to(values) as console:
        return scenarios_workbook(console, file, values)


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


@cli.command(short_help="Solve many, in parallel, unattended, resumable.")
@click.argument("jobs", nargs=-1, required=True, metavar="JOBS")
@option("-o", "--output", type=WORKBOOK, metavar="FOLDER", help="Else outputs/batch/<name of JOBS>.")
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
@set_option
@option("--accept-stopped", is_flag=True, help="A plan that a limit stopped is good too.")
@option("--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True, help="Where jobs run.")
@option("--scheduler", metavar="ADDRESS", help="Of the cluster, with --engine dask: tcp://host:8786.")
@option("--webhook", metavar="URL", help="Is sent a summary at the end.")
@option("--rolling", type=WORKBOOK, metavar="ACTUALS.xlsx", help="Plan month by month: the same problem, as it went.")
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
    from planner.backtest.command import roll_through_command
    from planner.batch.command import batch as run_batch

    given = sources(ctx)
    check_batch_options(given)
    with messages_to(values) as console:
        if values["rolling"] is not None:
            if len(jobs) != 1:
                raise click.UsageError("--rolling takes one workbook: planner batch FILE.xlsx --rolling ACTUALS.xlsx.")
            return roll_through_command(console, Path(jobs[0]), values)
        return run_batch(console, jobs, values, given)


@cli.command(short_help="Try PLAN on samples of what may come.")
@click.argument("plan", type=WORKBOOK)
@click.argument("file", type=WORKBOOK)
@uncertainty_options
@option("--count", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Samples.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Of the samples.")
@option("--committed-until", type=Month(), help="Decisions before this month are held; else first_stage_months.")
@option(
    "--later",
    type=click.Choice(["optimised", "held"]),
    default="optimised",
    show_default=True,
    help="Decisions after that: made anew in each sample, or held too.",
)
@option("--gap", type=Gap(), default="0.01", show_default=True, help="Of the solve of each sample.")
@option("--time-limit", type=Duration(), help="For everything; the samples done by then are reported.")
@option("--workers", type=click.IntRange(0, 256), default=0, show_default=True, help="Solves at a time; 0: it chooses.")
@set_option
@option("-o", "--output", type=WORKBOOK, metavar="STRESS.xlsx", help="Else outputs/<input>/<UTC time>/stress.xlsx.")
@option("--accept-stopped", is_flag=True, help="Exit with 0, not 4, when a limit ends the test early.")
@common_options
@click.pass_context
def stress(ctx: click.Context, /, plan: Path, file: Path, **values: Any) -> int:
    """Try PLAN, a plan of FILE, on samples of what may come: what it costs, how likely demand falls short
    and where, how sure that is. The decisions it is committed to are held.

    Samples are drawn from what you say is uncertain, as by planner scenarios; with none of these
    options, from the scenarios in FILE.
    """
    from planner.stress.command import stress_plan

    with messages_to(values) as console:
        return stress_plan(console, plan, file, values, sources(ctx))


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code; never shows a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what a terminal cannot show
    as_json = "--json" in words or os.environ.get("PLANNER_JSON", "").lower() in ("1", "true", "yes", "on")
    try:
        code = cli.main(args=words, prog_name="planner", standalone_mode=False) or ExitCode.OK
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = _failed(as_json, error.format_message(), ExitCode.WRONG_INPUT)
    except PlannerError as error:
        click.echo(f"planner: {error}", err=True)
        code = _failed(as_json, str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("planner: interrupted", err=True)
        code = _failed(as_json, "interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:  # whoever read the output has gone, as in `planner check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.CANNOT_WRITE
    except Exception as error:
        from planner.console import keep_traceback

        told = keep_traceback(error)
        click.echo(f"planner: {told}", err=True)
        code = _failed(as_json, str(told), told.exit_code)
    return _leave(int(code))


def _failed(as_json: bool, message: str, code: int) -> int:
    if as_json:
        click.echo(json.dumps({"error": message, "exit_code": int(code)}))
    return code


def _leave(code: int) -> int:
    """Ends the process by force when a solver that cannot be stopped is still at work in it."""
    if any(each.daemon for each in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
