"""The batch as a textfile for the Prometheus node exporter: alerts go by age of the last success, and by failures.

Text exposition format 0.0.4. The file is put in place in one step, since the exporter may read at any moment.
`planner_batch_last_success_timestamp_seconds` is kept from the earlier file when this batch is not all good or left
jobs out.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from planner.batch.manifest import STATUSES, JobRecord, Manifest
from planner.batch.reporting.estimates import estimate_of, gap_of, least_cost
from planner.batch.reporting.status import counts
from planner.files.atomic import write_durably

LAST_SUCCESS = "planner_batch_last_success_timestamp_seconds"
Sample = tuple[dict[str, str], float]


def write_metrics(path: Path, manifest: Manifest, previous: Manifest | None = None, *, whole: bool = True) -> None:
    """Writes the metrics; `previous` is asked for the last success where the earlier file is gone.

    A batch that left jobs out (`whole` is False) is no success of the batch.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    batch = {"batch": manifest.batch}
    records = manifest.records
    finished = _timestamp(manifest.finished)
    success = finished if whole and _all_good(manifest) else _last_success(path, manifest.batch, previous)
    lines = [
        *_metric("planner_batch_jobs", "Jobs of the last batch by how they ended.", _by_ending(manifest)),
        *_metric(LAST_SUCCESS, "When a batch last ended with every job good.", [(batch, success)]),
        *_metric(
            "planner_batch_last_run_timestamp_seconds", "When the last batch ended, good or not.", [(batch, finished)]
        ),
        *_metric(
            "planner_batch_duration_seconds",
            "Wall time of the last batch.",
            [(batch, finished - _timestamp(manifest.started))],
        ),
        *_metric(
            "planner_batch_info", "The planner that ran it.", [(batch | {"version": manifest.planner_version}, 1)]
        ),
    ]
    for name, meaning, value in _JOB_METRICS:
        lines += _metric(name, meaning, ((batch | {"planner_job": each.name}, value(each)) for each in records))
    states = (
        (batch | {"planner_job": each.name, "status": status}, float(each.status == status))
        for each in records
        for status in STATUSES
    )
    lines += _metric("planner_job_status", "1 for the status the job ended with, 0 for the others.", states)
    write_durably(path, "\n".join(lines) + "\n")


def _of_plan(record: JobRecord, key: str) -> float:
    value = record.report.get(key) if record.plan_path else None
    return float(value) if isinstance(value, (int, float)) else math.nan


def _end(usd: float | None) -> float:
    return math.nan if usd is None else usd


_JOB_METRICS: tuple[tuple[str, str, Callable[[JobRecord], float]], ...] = (
    ("planner_job_good", "1 where the job's plan is accepted, else 0.", lambda each: float(each.good)),
    ("planner_job_duration_seconds", "Wall time of the job, all attempts together.", lambda each: each.seconds),
    ("planner_job_attempts", "Attempts the job took.", lambda each: float(each.attempts)),
    (
        "planner_job_peak_memory_bytes",
        "Most memory the job's process held.",
        lambda each: math.nan if each.peak_mb is None else each.peak_mb * 1e6,
    ),
    ("planner_job_cost_usd", "Net present cost of the job's plan.", lambda each: _of_plan(each, "objective_usd")),
    ("planner_job_bound_usd", "What any plan of the job costs at least.", lambda each: _end(least_cost(each).at_least)),
    ("planner_job_gap_ratio", "Relative gap of what the job's plan minimises.", lambda each: _end(gap_of(each))),
    (
        "planner_job_saving_usd",
        "Saving against signing nothing new, where it is proven.",
        lambda each: _of_plan(each, "saving_usd"),
    ),
    (
        "planner_job_saving_at_least_usd",
        "The least that the saving can be by what is proven.",
        lambda each: _end(estimate_of(each, "saving_usd").at_least),
    ),
    (
        "planner_job_saving_at_most_usd",
        "The most that the saving can be by what is proven.",
        lambda each: _end(estimate_of(each, "saving_usd").at_most),
    ),
    (
        "planner_job_shortfall_tokens",
        "Tokens not served over the horizon.",
        lambda each: _of_plan(each, "shortfall_bn_tokens") * 1e9,
    ),
)


def _metric(name: str, meaning: str, samples: Iterable[Sample]) -> list[str]:
    """HELP, TYPE and the samples that are known; nothing where none is."""
    lines = [f"{name}{_labels(labels)} {value!r}" for labels, value in samples if not math.isnan(value)]
    return [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *lines] if lines else []


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    r"""A label's value as the format wants it.

    >>> print(_escaped('a"b'))
    a\"b
    """
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _by_ending(manifest: Manifest) -> list[Sample]:
    return [
        ({"batch": manifest.batch, "ending": kind}, float(count)) for kind, count in counts(manifest.records).items()
    ]


def _all_good(manifest: Manifest) -> bool:
    return manifest.finished is not None and all(each.good for each in manifest.records)


def _timestamp(moment: str | None) -> float:
    """Seconds since 1970, UTC; NaN where the moment is not known."""
    if moment is None:
        return math.nan
    read = dt.datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).timestamp()


def _last_success(path: Path, batch: str, previous: Manifest | None) -> float:
    """Of the earlier file, else of the previous batch; NaN where there was none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    label = re.escape(_labels({"batch": batch}))
    if found := re.search(rf"^{LAST_SUCCESS}{label} (\S+)$", text, re.MULTILINE):
        try:
            return float(found[1])
        except ValueError:
            pass
    return _timestamp(previous.finished) if previous is not None and _all_good(previous) else math.nan
