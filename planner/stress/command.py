"""`planner stress`: a plan simulated on samples of what is uncertain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner.command import CommandResult, command
from planner.console import Console
from planner.options.shared import (
    accept_stopped_option,
    gap_option,
    input_argument,
    option,
    option_sources,
    output_option,
    override_option,
    plan_argument,
    seed_option,
    time_limit_option,
    workers_option,
)
from planner.options.values import Month
from planner.sampling.options import uncertainty_options


@command(short_help="Simulate PLAN on samples of what is uncertain.")
@plan_argument
@input_argument
@uncertainty_options
@option("--count", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Number of samples.")
@seed_option("the samples", default=1)
@option("--committed-until", type=Month(), help="Fix decisions before this month [default: the first stage].")
@option(
    "--later",
    type=click.Choice(["optimised", "held"]),
    default="optimised",
    show_default=True,
    help="Later decisions: optimised in each sample, or held as planned.",
)
@gap_option("the solve of each sample", default="0.01")
@time_limit_option("the whole test; the samples done by then are reported")
@workers_option("Solves")
@override_option
@output_option("output", "STRESS.xlsx", "outputs/<input>/<UTC time>/stress.xlsx")
@accept_stopped_option("Exit with 0 instead of 4 when a limit stops the test early.")
def stress(console: Console, input_path: Path, plan_path: Path, **values: Any) -> CommandResult:
    """Simulate PLAN, a plan of FILE, on samples of what is uncertain.

    What it costs, how likely demand is not met and where, and how precise these figures are. The
    decisions that PLAN is committed to are fixed.

    Samples are drawn from what the options say is uncertain, as by planner scenarios; without such
    options they are drawn from the scenarios in FILE.
    """
    from planner.excel.told_apart import problem_and_plan
    from planner.stress.request import StressRequest
    from planner.stress.run import stress as run_stress_test

    input_path, plan_path = problem_and_plan(input_path, plan_path)
    request = StressRequest(input_path=input_path, plan_path=plan_path, **values, option_sources=option_sources())
    return run_stress_test(request, console.live)
