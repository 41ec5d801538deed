"""`planner explain`: the command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner.console import messages_to
from planner.explain.options import VariationType
from planner.options import PATH, Duration, Gap, common_options, option, override_option


@click.command(short_help="Why this plan, or what to change where there is none.")
@click.argument("file", type=PATH)
@click.argument("plan", type=PATH, required=False)
@option("-o", "--output", type=PATH, metavar="WHY.xlsx", help="Else outputs/<input>/<UTC time>/explanation.xlsx.")
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
@override_option
@common_options
def explain(file: Path, plan: Path | None, **values: Any) -> int:
    """Answer every why of PLAN, or of the plan found for FILE: what one more token or MW is worth,
    what each offer left out would have to cost, what each one taken is worth, what caps cost.

    Where no plan exists: the smallest changes that make one possible.
    """
    from planner.explain.run import explain_workbook

    with messages_to(values) as console:
        return explain_workbook(console, file, plan, values)
