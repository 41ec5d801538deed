"""`planner explain`: why this plan, or what to change where none exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner.command import CommandResult, command
from planner.console import Console
from planner.explain.options import VariationType
from planner.options.shared import (
    gap_option,
    input_argument,
    option,
    output_option,
    override_option,
    seed_option,
    threads_option,
    time_limit_option,
    workers_option,
)
from planner.options.values import PATH


@command(short_help="Explain a plan, or what to change where none exists.")
@input_argument
@click.argument("plan_path", metavar="[PLAN]", type=PATH, required=False)
@output_option("output", "WHY.xlsx", "outputs/<input>/<UTC time>/explanation.xlsx")
@option(
    "--vary",
    type=VariationType(),
    multiple=True,
    help="Solve along a range, such as demand=-20%..+40%; may be repeated.",
)
@option("--conflict", is_flag=True, help="Where no plan exists, also name rules that cannot hold together.")
@gap_option("every solve")
@time_limit_option("everything together", default="9m")
@workers_option("Solves")
@threads_option("the first solve, without PLAN")
@seed_option("the solver")
@override_option
def explain(console: Console, input_path: Path, plan_path: Path | None, **values: Any) -> CommandResult:
    """Explain PLAN, or the plan found for FILE.

    The value of one more token or MW, the price at which each rejected offer would be accepted, the
    value of each accepted offer, the cost of caps.

    Where no plan exists: the smallest changes that make one possible.
    """
    from planner.excel.told_apart import problem_and_plan
    from planner.explain.run import ExplainRequest
    from planner.explain.run import explain as run_explanation

    if plan_path is not None:
        input_path, plan_path = problem_and_plan(input_path, plan_path)
    request = ExplainRequest(input_path=input_path, plan_path=plan_path, **values)
    return run_explanation(request, console.live)
