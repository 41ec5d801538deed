"""`planner compare`: plans side by side."""

from __future__ import annotations

from pathlib import Path

import click

from planner.command import CommandResult, command
from planner.console import Console
from planner.errors import ExitCode, WrongUsage
from planner.files.atomic import json_bytes, written_together
from planner.files.lock import run_lock
from planner.files.outputs import outputs_of, same_file
from planner.options.shared import option, output_option
from planner.options.values import PATH
from planner.version import __version__


@command(short_help="Compare plans side by side.")
@click.argument("plans", type=PATH, nargs=-1, required=True, metavar="PLAN PLAN...")
@output_option("output", "COMPARISON.xlsx", "outputs/compare/<UTC time>/comparison.xlsx")
@option(
    "--actuals",
    type=PATH,
    metavar="FILE",
    help="What happened, a workbook as the plan was made from: one plan is compared with it, by offer and month.",
)
def compare(console: Console, plans: tuple[Path, ...], output: Path | None, actuals: Path | None) -> CommandResult:
    """Compare plans with the first of them, or a plan with what happened.

    Decisions, costs, service, limits, lock-in, and the differences between their inputs; with scenarios or without.
    """
    from planner.analysis.bridge import bridges
    from planner.analysis.plan_comparison import compare as compare_plans
    from planner.reports.comparison import SHEET, comparison_workbook
    from planner.reports.comparison_text import comparison_json, comparison_lines

    if actuals is not None:
        return _with_actuals(plans, actuals, output)
    if len(plans) < 2:
        raise WrongUsage("Name at least two plans; the first is the one that the others are compared with.")
    comparison = compare_plans(plans)
    outputs = outputs_of(Path("compare"), output, Path("outputs"), name="comparison", sheets={SHEET})
    for plan in plans:
        if output is not None and same_file(output, plan):
            raise WrongUsage(f"The comparison would be written over the plan {plan}. Give -o another name.")
    between = bridges(comparison)
    document = comparison_json(comparison, between) | {"path": str(outputs.plan), "planner_version": __version__}
    files = {outputs.plan: comparison_workbook(comparison, between), outputs.json: json_bytes(document)}
    with run_lock(outputs), written_together(files):
        pass
    return CommandResult([*comparison_lines(comparison, between), f"  Comparison  {outputs.plan}"], document)


def _with_actuals(plans: tuple[Path, ...], actuals: Path, output: Path | None) -> CommandResult:
    """One plan against what happened."""
    from planner.analysis.actuals import against_actuals
    from planner.reports.actuals import SHEET, actuals_json, actuals_lines, actuals_workbook

    if len(plans) != 1:
        raise WrongUsage("Name one plan with --actuals.")
    found = against_actuals(plans[0], actuals)
    outputs = outputs_of(Path("compare"), output, Path("outputs"), name="comparison", sheets={SHEET})
    if output is not None and any(same_file(output, each) for each in (*plans, actuals)):
        raise WrongUsage(f"The comparison would be written over {output}. Give -o another name.")
    document = actuals_json(found) | {"path": str(outputs.plan), "planner_version": __version__}
    files = {outputs.plan: actuals_workbook(found), outputs.json: json_bytes(document)}
    with run_lock(outputs), written_together(files):
        pass
    code = ExitCode.OK if found.actual is not None else ExitCode.INFEASIBLE
    return CommandResult([*actuals_lines(found), f"  Comparison  {outputs.plan}"], document, code)
