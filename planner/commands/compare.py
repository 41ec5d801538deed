"""`planner compare`: plans side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner import __version__
from planner.console import Console, messages_to
from planner.errors import ExitCode, WrongUsage
from planner.options import PATH, common_options, option
from planner.outputs import same_file


@click.command(short_help="Hold plans side by side.")
@click.argument("plans", type=PATH, nargs=-1, required=True, metavar="PLAN PLAN...")
@option("-o", "--output", type=PATH, metavar="COMPARISON.xlsx", help="Else outputs/compare/<UTC time>/comparison.xlsx.")
@common_options
def compare(plans: tuple[Path, ...], output: Path | None, **common: Any) -> int:
    """Hold plans against the first of them: decisions, costs, service, limits, lock-in, and what in
    their inputs differs.
    """
    with messages_to(common) as console:
        return compare_plans(console, plans, output)


def compare_plans(console: Console, plans: tuple[Path, ...], output: Path | None) -> int:
    """Holds plans side by side; exit 2 when one cannot be read."""
    from models.faults import FaultyWorkbook
    from planner.analysis.plan_comparison import compare
    from planner.formatting import fault_lines
    from planner.outputs import outputs_of
    from planner.reports.comparison import SHEET, comparison_json, comparison_lines, write_comparison
    from planner.reports.run_json import faults_json, write_run_json

    if len(plans) < 2:
        raise WrongUsage("Name two plans or more, the one to hold the others against first.")
    try:
        comparison = compare(plans)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give({"faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    outputs = outputs_of(Path("compare"), output, Path("outputs"), name="comparison", sheets={SHEET})
    for plan in plans:
        if output is not None and same_file(output, plan):
            raise WrongUsage(f"The comparison would be written over the plan {plan}. Give -o another name.")
    write_comparison(outputs.plan, comparison)
    document = comparison_json(comparison) | {"path": str(outputs.plan), "planner_version": __version__}
    write_run_json(outputs.json, document)
    console.tell([*comparison_lines(comparison), f"  Comparison  {outputs.plan}"])
    console.give(document)
    return ExitCode.OK
