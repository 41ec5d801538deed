"""`planner solve`: the main job, from workbook to plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from planner.console import Console, messages_to
from planner.errors import ExitCode, WrongUsage
from planner.options import PATH, Duration, Gap, common_options, option, override_option, sources


@click.command(short_help="Find the cheapest plan for FILE and write it.")
@click.argument("file", type=PATH)
@option("-o", "--output", type=PATH, metavar="PLAN.xlsx", help="The plan; else outputs/<input>/<UTC time>/plan.xlsx.")
@option("--gap", type=Gap(), default="0.001", show_default=True, help="Stop at this relative gap: 0.001 or 0.1%.")
@option("--time-limit", type=Duration(), help="Stop after this time: seconds, or 90s, 15m, 1h30m.")
@option("--threads", type=click.IntRange(0, 1024), default=0, show_default=True, help="Of the solver; 0: it chooses.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the solver.")
@override_option
@option("--start", type=PATH, metavar="PLAN.xlsx", help="Begin from an earlier plan.")
@option("--keep", type=PATH, metavar="PLAN.xlsx", help="Keep to an earlier plan, at a price on departing from it.")
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
    help="With scenarios: all in one problem (the extensive form), or decomposition; auto decomposes what is large.",
)
@option("--accept-stopped", is_flag=True, help="Exit with 0, not 4, when a limit ends the search with a plan.")
@common_options
@click.pass_context
def solve(ctx: click.Context, /, file: Path, **values: Any) -> int:
    """Find the cheapest plan for FILE and write it: check, build, solve, audit, write.

    Without -o the plan goes to outputs/<name of FILE>/<UTC time>/plan.xlsx, with run.json and
    run.log; with -o PLAN.xlsx these stand beside it, as PLAN.run.json and PLAN.run.log.
    """
    with messages_to(values) as console:
        return solve_workbook(console, file, values, sources(ctx))


def solve_workbook(console: Console, file: Path, values: Mapping[str, Any], sources: Mapping[str, str]) -> int:
    """One run of the main job."""
    from planner.reports.terminal import summary_lines
    from planner.run.command import RunRequest, run
    from planner.run.options import PlanOptions

    if not file.exists():
        raise WrongUsage(f"There is no workbook {file}. Check the path; `planner init {file}` writes one to fill in.")
    if (values["keep"] is None) != (values["change_cost"] is None):
        raise WrongUsage("--keep PLAN.xlsx and --change-cost X go together: a plan, and the price of departing.")
    request = RunRequest(
        input_path=file,
        options=PlanOptions(**{each.name: values[each.name] for each in fields(PlanOptions)}),
        plan_path=values["output"],
        overrides=tuple(values["overrides"]),
        start=values["start"],
        keep=values["keep"],
        accept_stopped=values["accept_stopped"],
        option_sources={**sources, "set": sources["overrides"]},
    )
    with console.live_line() as live:
        finished = run(request, live=live)
    failed = finished.exit_code not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN)
    console.tell(summary_lines(finished.result), urgent=failed)
    if failed:
        console.tell([f"  Log               {finished.outputs.log}"], urgent=True)
    console.give(finished.document)
    return finished.exit_code
