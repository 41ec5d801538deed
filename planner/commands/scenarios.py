"""`planner scenarios`: a copy of a workbook with sampled scenarios in it."""

from __future__ import annotations

from typing import Any

import click

from planner.command import CommandResult, command, problem_written
from planner.console import Console
from planner.options.shared import force_option, input_argument, option, output_option, override_option, seed_option
from planner.options.values import Month
from planner.sampling.options import uncertainty_options


@command(short_help="Write a copy of FILE with sampled scenarios.")
@input_argument
@uncertainty_options
@option("--sample", type=click.IntRange(1, 4000), default=1000, show_default=True, help="Number of paths drawn.")
@option("--count", type=click.IntRange(1, 1000), default=9, show_default=True, help="Number of scenarios kept of them.")
@seed_option("the paths")
@option("--branch", type=Month(), help="For trees of two levels: the month from which scenarios of a node differ.")
@option("--nodes", type=click.IntRange(1, 1000), help="Number of nodes [default: the square root of --count].")
@override_option
@output_option("output", "OUT.xlsx", "outputs/<name of FILE>/<name of FILE> scenarios.xlsx")
@force_option("Replace the output if it exists, and the scenarios that FILE has.")
def scenarios(console: Console, **values: Any) -> CommandResult:
    """Write a copy of FILE with the sheets scenarios and scenario_factors.

    Paths are sampled from what the options say is uncertain, and reduced to a few scenarios with
    probabilities. The sheet scenario_notes says how they were made and what the reduction lost.

    An option without a name holds for everything; with a name it may be repeated.
    """
    from planner.sampling.report import scenarios_json, scenarios_lines
    from planner.sampling.workbook import ScenariosRequest, write_scenarios

    request = ScenariosRequest(**values)
    written = write_scenarios(request)
    lines, document = scenarios_lines(written), scenarios_json(request, written)
    return problem_written(written.path, written.faults, lines, document, "solve")
