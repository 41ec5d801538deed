"""`planner solve`: the main job, from workbook to plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.console import Console
from planner.errors import ExitCode, WrongUsage


def solve_workbook(console: Console, file: Path, values: Mapping[str, Any], sources: Mapping[str, str]) -> int:
    """One run of the main job."""
    from planner.reports.terminal import summary_lines
    from planner.run import RunRequest, run

    if not file.is_file():
        raise WrongUsage(f"There is no workbook {file}. Check the path; `planner init {file}` writes one to fill in.")
    if (values["keep"] is None) != (values["change_cost"] is None):
        raise WrongUsage("--keep PLAN.xlsx and --change-cost X go together: a plan, and the price of departing.")
    request = RunRequest(
        input_path=file,
        plan_path=values["output"],
        gap=values["gap"],
        time_limit=values["time_limit"],
        threads=values["threads"],
        seed=values["seed"],
        overrides=tuple(values["overrides"]),
        start=values["start"],
        keep=values["keep"],
        change_cost=values["change_cost"],
        alternatives=values["alternatives"],
        within=values["within"],
        risk=values["risk"],
        engine=values["engine"],
        accept_stopped=values["accept_stopped"],
        option_sources={**sources, "set": sources["overrides"]},
    )
    with console.live_line() as live:
        finished = run(request, live=live)
    failed = finished.exit_code not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN)
    console.tell(summary_lines(finished.report, finished.dataset), urgent=failed)
    if failed:
        console.tell([f"  Log               {finished.outputs.log}"], urgent=True)
    console.give(finished.document)
    return finished.exit_code
