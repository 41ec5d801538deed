"""The summary workbook of a batch: a page to read, then the jobs, what changed since the previous batch, and why."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.core.noise import NOISE
from models.dataset import Dataset
from models.estimate import UNKNOWN
from models.schema import Settings
from planner.batch.manifest import JobRecord, Manifest
from planner.batch.reporting.changes import JobChange
from planner.batch.reporting.estimates import cost_usd, estimate_of, gap_of, minimised
from planner.batch.reporting.status import counts, headline, status_label, tone, why_not_good
from planner.excel.book import Cell
from planner.excel.report_page import Page, Picture, Section, first_rows, heads, write_report
from planner.formatting import money, money_scale, over, range_words
from planner.results.tables import Filled, report_table

SHEET = "Batch"
LISTED = 60
"""Jobs on the page, and in its charts; the sheet Jobs has all of them."""
WIDTHS = (30, 27, 17, 12, 17, 17, 12, 60)


JOBS = report_table(
    "Jobs",
    "every job: how it ended, what its plan costs and serves, what the run took",
    "job:text",
    "status:text",
    "good:text",
    "plan:text",
    "cost_usd:money",
    "bound_usd:money",
    "gap:gap",
    "minimised_usd:money",
    "minimised_bound_usd:money",
    "base_case_usd:money",
    "base_case_at_least_usd:money",
    "base_case_at_most_usd:money",
    "saving_usd:money",
    "saving_at_least_usd:money",
    "saving_at_most_usd:money",
    "demand_bn_tokens:amount",
    "served_bn_tokens:amount",
    "shortfall_bn_tokens:amount",
    "seconds:amount",
    "solve_seconds:amount",
    "peak_mb:amount",
    "attempts:whole",
    "exit_code:text",
    "reused:text",
    "started:text",
    "finished:text",
    "input:text",
    "message:text",
)
DIFFERENCES = report_table(
    "Differences",
    "what became of each job since the previous batch, and why",
    "job:text",
    "what_changed:text",
    "why:text",
    "status_before:text",
    "status:text",
    "cost_before_usd:money",
    "cost_usd:money",
    "difference_usd:money",
    "least_cost_difference_at_least_usd:money",
    "least_cost_difference_at_most_usd:money",
    "gap_before:gap",
    "gap:gap",
)
DECISIONS = report_table(
    "Decision changes",
    "every offer, option or limit that is decided differently from the previous batch",
    "job:text",
    "kind:text",
    "name:text",
    "change:text",
    "units_before:whole",
    "units:whole",
    "in_words:text",
)
INPUTS = report_table(
    "Input changes",
    "every value of the inputs that differs from the previous batch",
    "job:text",
    "sheet:text",
    "row:text",
    "column:text",
    "before:any",
    "after:any",
)


def write_summary(path: Path, manifest: Manifest, previous: Manifest | None, changed: Sequence[JobChange]) -> None:
    """Writes the workbook; links to plans are relative to its folder, which stands beside `jobs`.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    no_months = Dataset(Settings(plan_name=manifest.batch, first_month=0, months=1))
    write_report(path, no_months, _page(manifest, previous, changed), _tables(manifest, changed))


def _page(manifest: Manifest, previous: Manifest | None, changed: Sequence[JobChange]) -> Page:
    tones = {tone(each) for each in manifest.records}
    worst = next((each for each in ("bad", "careful") if each in tones), "good")
    until = f" to {_when(manifest.finished)}" if manifest.finished else ", not finished"
    return Page(
        SHEET,
        f"Batch {manifest.batch}",
        f"{_when(manifest.started)}{until} UTC · planner {manifest.planner_version}",
        f"{headline(manifest.records)}. {_differences_in_a_sentence(previous, changed)}",
        worst,  # type: ignore[arg-type]
        (_figures(manifest), *_attention(manifest), _jobs(manifest), *_changes(previous, changed)),
        WIDTHS,
    )


def _when(moment: str | None) -> str:
    return dt.datetime.fromisoformat(moment).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M") if moment else "?"


def _differences_in_a_sentence(previous: Manifest | None, changed: Sequence[JobChange]) -> str:
    if previous is None:
        return "There is no previous batch to compare it with."
    count = sum(1 for each in changed if each.differs)
    what = f"{count} job{'s' if count != 1 else ''} ended differently than" if count else "Every job ended as"
    return f"{what} in the batch of {_when(previous.started)}."


def _figures(manifest: Manifest) -> Section:
    records = manifest.records
    found = counts(records)
    costs = [cost for each in records if (cost := cost_usd(each)) is not None]
    rows: list[tuple[Any, ...]] = [
        ("Jobs", len(records), ""),
        ("Good", found["good"], "plan accepted"),
        ("Failed", found["failure"], "no plan, a faulty workbook, or a plan that is not accepted"),
        ("Broken off", found["error"], "a crash, no place to write, a budget that was over, or an interruption"),
        ("Not run", found["skipped"], "left out, no time left, or a job it needs is not good"),
        ("Reused", sum(1 for each in records if each.reused), "an earlier run of the same input and options"),
        ("Plans", len(costs), _span(costs)),
        ("Seconds of all runs", round(sum(each.seconds for each in records if not each.reused)), ""),
    ]
    return Section("At a glance", heads("Figure:text", "Value:whole", ":spill"), rows)


def _span(costs: Sequence[float]) -> str:
    """Between which net present costs plans lie; a sum over variants of one plan would mean nothing."""
    if not costs:
        return ""
    least, most = money(min(costs)), money(max(costs))
    return f"net present cost {least}" if least == most else f"net present cost {least} to {most}"


def _attention(manifest: Manifest) -> list[Section]:
    rows = [
        (each.name, Cell(status_label(each), tone(each)), why_not_good(each))
        for each in manifest.records
        if not each.good
    ]
    if not rows:
        return []
    columns = heads("Job:text", "Status:text", "What happened:spill")
    return [Section("What needs attention", columns, *first_rows(rows, LISTED, "Jobs"))]


def _jobs(manifest: Manifest) -> Section:
    size, word = money_scale(map(cost_usd, manifest.records[:LISTED]))
    unit = f"USD {word}".strip()
    columns = heads(
        "Job:text",
        "Status:text",
        f"Cost, {unit}:money",
        "Gap:gap",
        f"Saving, {unit}:money",
        "Shortfall, bn tokens:amount",
        "Seconds:amount",
        "Plan:text",
    )
    rows = [
        (
            each.name,
            Cell(status_label(each), tone(each)),
            over(cost_usd(each), size),
            gap_of(each),
            _saving(each, size),
            _figure(each, "shortfall_bn_tokens"),
            each.seconds,
            _plan(each),
        )
        for each in manifest.records
    ]
    pictures = (
        Picture(f"Net present cost by job, {unit}", (2,), "bar", "#,##0.0"),
        Picture("Gap by job", (3,), "bar", "0.0##%"),
        Picture("Seconds by job", (6,), "bar", "#,##0"),
    )
    listed = first_rows(rows, LISTED, "Jobs")
    return Section("Jobs", columns, *listed, pictures=pictures, if_empty="The batch has no jobs.")


def _changes(previous: Manifest | None, changed: Sequence[JobChange]) -> list[Section]:
    if previous is None:
        return []
    rows: list[tuple[Any, ...]] = [
        (each.name, "; ".join(each.what), None, None, each.difference_usd, None, None, "; ".join(each.why))
        for each in changed
        if each.differs
    ]
    columns = heads(
        "Job:text", "What changed:text", ":text", ":text", "Difference, USD:money", ":text", ":text", "Why:text"
    )
    title = f"What changed since the batch of {_when(previous.started)}, and why"
    return [Section(title, columns, *first_rows(rows, LISTED, "Differences"), if_empty="Nothing.")]


def _figure(record: JobRecord | None, key: str) -> float | None:
    """A figure of a job's plan, 0 where it is rounding only; None where there is no plan."""
    value = record.report.get(key) if record is not None and record.plan_path else None
    if not isinstance(value, (int, float)):
        return None
    size = abs(cost_usd(record) or 1.0) if key.endswith("_usd") else 1.0
    return 0.0 if abs(value) <= NOISE * size else float(value)


def _ends(record: JobRecord, key: str) -> tuple[float | None, ...]:
    """The value of a figure of a search where it is told, and both ends."""
    known = estimate_of(record, key)
    return _figure(record, key), known.at_least, known.at_most


def _minimised(record: JobRecord) -> tuple[float | None, float | None]:
    """What was minimised and its lower bound: what the gap is of."""
    known = minimised(record.report) if record.plan_path else UNKNOWN
    return known.at_most, known.at_least


def _saving(record: JobRecord, size: float) -> float | str | None:
    """In units of a size: the value where it is told, else what is proven of it."""
    value, known = _figure(record, "saving_usd"), estimate_of(record, "saving_usd")
    if value is not None:
        return value / size
    return range_words(known, lambda usd: f"{usd / size:z,.1f}") if known.known_by != "unknown" else None


def _plan(record: JobRecord) -> Cell | str:
    """A link from `reports/summary.xlsx` to the plan."""
    return Cell(record.plan_path, link=f"../{record.plan_path}") if record.plan_path else ""


def _tables(manifest: Manifest, changed: Sequence[JobChange]) -> list[Filled]:
    decided: list[tuple[Any, ...]] = []
    inputs: list[tuple[Any, ...]] = []
    for job in changed:
        decided += [
            (job.name, each.kind.name, each.name, each.change, each.units_before, each.units_after, each.words)
            for each in job.decisions
        ]
        decided += [(job.name, "limit", each.segment, "changed", None, None, each.words) for each in job.limits]
        inputs += [(job.name, each.sheet, each.row, each.column, each.before, each.after) for each in job.inputs]
    filled = [
        Filled(JOBS, [_job(each) for each in manifest.records]),
        Filled(DIFFERENCES, [_compared(each) for each in changed]),
        Filled(DECISIONS, decided),
        Filled(INPUTS, inputs),
    ]
    return [each for each in filled if each.rows]


def _job(record: JobRecord) -> tuple[Any, ...]:
    seconds = record.report.get("seconds")
    return (
        record.name,
        Cell(status_label(record), tone(record)),
        "yes" if record.good else "no",
        _plan(record),
        cost_usd(record),
        _figure(record, "bound_usd"),
        gap_of(record),
        *_minimised(record),
        *_ends(record, "base_case_usd"),
        *_ends(record, "saving_usd"),
        *(_figure(record, key) for key in ("demand_bn_tokens", "served_bn_tokens", "shortfall_bn_tokens")),
        record.seconds,
        seconds.get("solve") if isinstance(seconds, dict) else None,
        record.peak_mb,
        record.attempts,
        "" if record.exit_code is None else str(record.exit_code),
        "yes" if record.reused else "no",
        record.started,
        record.finished,
        os.path.basename(record.input_path),
        record.message,
    )


def _compared(change: JobChange) -> tuple[Any, ...]:
    before, after = change.before, change.after
    return (
        change.name,
        "; ".join(change.what) or "nothing",
        "; ".join(change.why),
        Cell(status_label(before), tone(before)) if before else "",
        Cell(status_label(after), tone(after)) if after else "",
        cost_usd(before),
        cost_usd(after),
        change.difference_usd,
        change.least_cost_difference.at_least,
        change.least_cost_difference.at_most,
        gap_of(before),
        gap_of(after),
    )
