"""`planner reproduce`: a plan solved again from its own sheets."""

from __future__ import annotations

from pathlib import Path

from planner.command import CommandResult, command, subject
from planner.console import Console
from planner.errors import ExitCode
from planner.options.shared import plan_argument, time_limit_option

EXIT_CODES = {
    "same": ExitCode.OK,
    "differs": ExitCode.REJECTED_BY_AUDIT,
    "unknown": ExitCode.STOPPED_WITH_PLAN,
}


@command(short_help="Solve a plan again from its own sheets.")
@plan_argument
@time_limit_option("the run [default: that of the plan's run]")
def reproduce(console: Console, plan_path: Path, time_limit: float | None) -> CommandResult:
    """Solve again from the sheets Input and Run of PLAN, and report what differs.

    Exit code 0: the same within the gaps; 6: decisions or cost differ beyond them; 4: stopped before that is known.
    """
    from planner.reports.comparison_text import comparison_json, comparison_lines
    from planner.reports.run_json import audit_json
    from planner.reports.terminal import audit_lines
    from planner.run.reproduce import reproduce as solve_again

    with console.stop:
        found = solve_again(plan_path, time_limit=time_limit, stop=console.stop, live=console.live)
    lines = [*audit_lines(found.audit), *(comparison_lines(found.comparison) if found.comparison else ())]
    lines += [f"  version  {name}: {then} became {now}" for name, (then, now) in found.changed_versions.items()]
    verdict = {"same": "is reproduced", "differs": "is not reproduced", "unknown": "may or may not be reproduced"}
    lines.append(f"{plan_path} {verdict[found.verdict]}: {found.why}.")
    document = {
        **subject(plan_path=plan_path),
        "verdict": found.verdict,
        "why": found.why,
        "status": found.result.status,
        "audit": audit_json(found.audit),
        "versions": {name: {"then": then, "now": now} for name, (then, now) in found.changed_versions.items()},
        **(comparison_json(found.comparison) if found.comparison else {}),
    }
    return CommandResult(lines, document, EXIT_CODES[found.verdict])
