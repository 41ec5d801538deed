"""`planner schedule`: the command and its options."""

from __future__ import annotations

from typing import Any

import click

from planner.console import messages_to
from planner.options import PATH, Duration, common_options, option


@click.command("schedule", short_help="Start batches on a calendar.")
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
@option("-o", "--output", type=PATH, metavar="FOLDER", help="Of the files; else outputs/schedule/<name>/.")
@option("--tz", metavar="ZONE", help="Time zone of EXPRESSION, such as Europe/Berlin; else the scheduler's own.")
@option("--into", type=PATH, metavar="FOLDER", help="The batch's folder; else outputs/batch/<jobs>/.")
@option("--budget", type=Duration(), default="6h", show_default=True, help="For one batch as a whole.")
@option("--name", help="Of units, pods and workflows; else planner-<jobs>.")
@option("--grace", type=Duration(), help="With --run: a missed start is made up for within this time; else always.")
@option("--on-failure", metavar="UNIT", help="systemd: start this unit when a batch fails.")
@option("--image", help="kubernetes, github: a container image that has the planner.")
@option("--claim", help="kubernetes: the claim of the volume with the workbooks; else <name>.")
@option("--force", is_flag=True, help="Replace files that this command did not write.")
@common_options
def schedule(jobs: str, batch_options: tuple[str, ...], **values: Any) -> int:
    """Write what starts `planner batch JOBS` on a calendar, or start it from here with --run.

    What follows -- goes to every batch, such as: -- --workers 2.
    """
    from planner.schedule.write import schedule_batch

    with messages_to(values) as console:
        return schedule_batch(console, jobs, batch_options, values)
