"""`planner stress`: the command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner.console import messages_to
from planner.options import (
    PATH,
    Duration,
    Gap,
    Month,
    common_options,
    option,
    override_option,
    sources,
    uncertainty_options,
)


@click.command(short_help="Try PLAN on samples of what may come.")
@click.argument("plan", type=PATH)
@click.argument("file", type=PATH)
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
@override_option
@option("-o", "--output", type=PATH, metavar="STRESS.xlsx", help="Else outputs/<input>/<UTC time>/stress.xlsx.")
@option("--accept-stopped", is_flag=True, help="Exit with 0, not 4, when a limit ends the test early.")
@common_options
@click.pass_context
def stress(ctx: click.Context, /, plan: Path, file: Path, **values: Any) -> int:
    """Try PLAN, a plan of FILE, on samples of what may come: what it costs, how likely demand falls short
    and where, how sure that is. The decisions it is committed to are held.

    Samples are drawn from what you say is uncertain, as by planner scenarios; with none of these
    options, from the scenarios in FILE.
    """
    from planner.stress.run import stress_plan

    with messages_to(values) as console:
        return stress_plan(console, plan, file, values, sources(ctx))
