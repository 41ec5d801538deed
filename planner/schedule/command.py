"""`planner schedule`: batches on a calendar."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from planner.command import CommandResult, command
from planner.console import Console
from planner.errors import MissingLibrary, WrongUsage
from planner.options.shared import COMMON_OPTIONS, budget_option, force_option, option, output_option
from planner.options.values import PATH, Duration

if TYPE_CHECKING:
    from planner.batch.jobs.files import JobSet
    from planner.schedule.request import ScheduleRequest
    from planner.schedule.schedule import Schedule

log = logging.getLogger("planner")
COMMON = {each.name for each in COMMON_OPTIONS}
"""Options that every command takes."""


class ScheduleCommand(click.Command):
    """Says of an option of `batch` where it goes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            batch = _batch_command(ctx)
            name = error.option_name
            if batch is None or not any(name in each.opts for each in batch.params):
                raise
            raise click.UsageError(f"{name} is an option of `planner batch`: give it after --.", ctx) from None


def _batch_command(ctx: click.Context) -> click.Command | None:
    root = ctx.find_root().command
    return root.get_command(ctx, "batch") if isinstance(root, click.Group) else None


@command(short_help="Start batches on a calendar.", cls=ScheduleCommand)
@click.argument("jobs")
@click.argument("batch_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS OF BATCH]")
@option("--cron", required=True, metavar="EXPRESSION", help="When to start: '0 6 * * MON', or @weekly and the like.")
@option(
    "--as",
    "kind",
    type=click.Choice(["cron", "systemd", "kubernetes", "airflow", "github", "windows"]),
    help="Write files for this scheduler.",
)
@option("--run", is_flag=True, help="Start the batches from here, until stopped.")
@output_option("output", "FOLDER", "outputs/schedule/<name>/")
@option("--tz", metavar="ZONE", help="Time zone of EXPRESSION, such as Europe/Berlin [default: the scheduler's own].")
@option(
    "--into",
    type=PATH,
    metavar="FOLDER",
    help="Folder of the batch [default: outputs/batch/<jobs>/, <jobs>-2 where others have it].",
)
@budget_option(default="6h")
@option("--name", help="Name of units, pods and workflows [default: planner-<jobs>, numbered alike].")
@option("--grace", type=Duration(), help="With --run: make up for a missed start within this time [default: always].")
@option("--on-failure", metavar="UNIT", help="systemd: start this unit when a batch fails.")
@option("--image", help="kubernetes, github: container image with the planner.")
@option("--claim", help="kubernetes: claim of the volume with the workbooks [default: <name>].")
@force_option("Replace files that this command did not write.")
def schedule(console: Console, **values: Any) -> CommandResult:
    """Write the files that start `planner batch JOBS` on a calendar, or start it from here with --run.

    JOBS, and options after -- such as -- --workers 2, are what `planner batch` takes: both are checked now.
    """
    from planner.schedule.request import ScheduleRequest
    from planner.schedule.write import write_schedule

    request = ScheduleRequest(**values)
    batch = _check_batch(request)
    if (request.kind is None) != request.run:
        raise WrongUsage(
            "Say what starts the batches: --as with the name of a scheduler, such as --as systemd; or --run."
        )
    if request.kind is not None:
        return write_schedule(request, request.schedule(batch), request.kind)
    return _run(console, request.schedule(batch), request.grace)


def _check_batch(request: ScheduleRequest) -> JobSet | None:
    """Let `batch` read its options and jobs now, as a schedule is to start it when nobody is there.

    Jobs of another machine are not read, as its paths mean nothing here, nor is the problem of a backtest: then None.

    Raises
    ------
    UsageError, WrongUsage
        `batch` does not take the options.
    FaultyWorkbook
        `batch` does not take the jobs; with everything that is wrong with them.
    """
    from planner.batch.command import batch_request
    from planner.batch.run import jobs_of

    batch = _batch_command(click.get_current_context())
    if batch is None:
        return None
    with batch.make_context("planner batch", [request.jobs, *request.batch_options]) as context:
        values = {name: value for name, value in context.params.items() if name not in COMMON}
        jobs = values.pop("jobs")
        if values.pop("actuals") is not None:
            return None
        wanted = batch_request(jobs, values)
        return None if request.is_remote else jobs_of(wanted)[0]


def _run(console: Console, schedule: Schedule, grace_seconds: float | None) -> CommandResult:
    """Start the batches from this process until it is stopped."""
    from planner.schedule.calendar import Calendar, local_zone
    from planner.schedule.write import clock_notes

    try:
        from planner.schedule.runner import Runner
    except ImportError as error:
        raise MissingLibrary(f"--run needs the library APScheduler ({error})", "schedule") from None
    if schedule.calendar.zone is None:
        schedule = replace(schedule, calendar=Calendar(schedule.calendar.text, local_zone()))
    for note in clock_notes(schedule.calendar, dt.datetime.now(dt.UTC)):
        log.warning("warning: %s", note)
    if console.quiet:
        schedule = replace(schedule, options=(*schedule.options, "--quiet"))
    state_path = schedule.folder / f"{schedule.name}.schedule.json"
    counts = Runner(schedule, state_path, grace_seconds).run()
    line = f"{counts.started} started: {counts.good} good, {counts.failed} failed; {counts.skipped} skipped."
    return CommandResult([line], {"name": schedule.name, "state_path": str(state_path), **asdict(counts)})
