"""How a job stands, in words and colours, and what kind of ending each status is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from planner.batch.manifest import JobRecord
from planner.formatting import gap_percent, money
from planner.text_table import Line, TextTable

Tone = Literal["good", "careful", "bad"]
Ending = Literal["good", "failure", "error", "skipped"]
ENDINGS: tuple[Ending, ...] = ("good", "failure", "error", "skipped")

STATUS_LABELS = {
    "queued": "waiting",
    "running": "running",
    "optimal": "plan within the gap",
    "stopped": "plan, stopped early",
    "infeasible": "no plan exists",
    "no_plan": "no plan found in time",
    "invalid": "faulty workbook",
    "rejected": "plan fails its audit",
    "failed": "broken off",
    "killed_time": "ended: over its time",
    "killed_memory": "ended: over its memory",
    "interrupted": "interrupted",
    "not_started": "not started",
    "skipped_dependency": "skipped, needs another job",
}
LISTED = 40
"""Jobs that a terminal shows."""
_FAILURES = ("stopped", "infeasible", "no_plan", "invalid", "rejected")
_SKIPPED = ("queued", "not_started", "skipped_dependency")


def ending(record: JobRecord) -> Ending:
    """What the status means to whoever counts: `failure` is the job's own answer, `error` a fault on the way to one.

    >>> from planner.batch.manifest import STATUSES
    >>> set(STATUSES) == set(STATUS_LABELS)
    True
    """
    if record.good:
        return "good"
    if record.status in _FAILURES:
        return "failure"
    return "skipped" if record.status in _SKIPPED else "error"


def tone(record: JobRecord) -> Tone:
    """The colour of a job: good, careful for what has no fault of its own, bad for the rest."""
    if record.good:
        return "good"
    return "careful" if record.status in (*_SKIPPED, "stopped", "interrupted", "running") else "bad"


def status_label(record: JobRecord) -> str:
    """The status with a mark that can be told without colour."""
    mark = {"good": "✔", "careful": "●", "bad": "✘"}[tone(record)]
    return f"{mark} {STATUS_LABELS[record.status]}"


def why_not_good(record: JobRecord) -> str:
    """What to say of a job that is not good: its message, else its status in words."""
    return record.message or STATUS_LABELS[record.status]


def counts(records: Sequence[JobRecord]) -> dict[Ending, int]:
    """How many jobs ended in each way."""
    endings = [ending(each) for each in records]
    return {each: endings.count(each) for each in ENDINGS}


def headline(records: Sequence[JobRecord]) -> str:
    """How a batch stands, in a clause: `11 of 14 jobs good, 2 failed, 1 not run`."""
    found = counts(records)
    words = [f"{found['good']} of {len(records)} job{'' if len(records) == 1 else 's'} good"]
    if failed := found["failure"] + found["error"]:
        words.append(f"{failed} failed")
    if found["skipped"]:
        words.append(f"{found['skipped']} not run")
    if reused := sum(1 for each in records if each.reused):
        words.append(f"{reused} reused from an earlier batch")
    return ", ".join(words)


def jobs_lines(records: Sequence[JobRecord]) -> list[Line]:
    """A table of the jobs, of the first of those that are not good where they are too many, and what went wrong."""
    bad = [record for record in records if not record.good]
    shown = list(records) if len(records) <= LISTED else bad[:LISTED]
    rows = [
        (
            record.name,
            STATUS_LABELS[record.status],
            money(record.report.get("objective_usd")),
            gap_percent(record.report.get("gap")),
            "reused" if record.reused else f"{record.seconds:,.1f}",
        )
        for record in shown
    ]
    lines: list[Line] = [TextTable(("Job", "Status", ">Cost", ">Gap", ">Seconds"), rows)] if rows else []
    lines += [f"  {record.name}: {record.message}" for record in bad[:LISTED] if record.message]
    if len(shown) < len(records):
        lines.append(f"  {len(records) - len(shown)} more jobs are in reports/summary.xlsx")
    return lines
