"""The manifest of a batch: one record a job, what it was made from, how it ended.

It is written whole or not at all, so whoever reads it, at any moment, sees a state the batch was in.
A manifest that cannot be understood counts as none: every job then runs again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from models import months
from planner.files.atomic import fits, read_kept, write_durably

_REPORTED = {
    "decisions": ("kind", "name", "month"),
    "limits": ("segment", "month", "limit"),
    "faults": ("sheet", "fix"),
}
"""Tables of a run.json that are read again, and their columns that are text."""
MANIFEST = "manifest.json"
STATUSES = (
    "queued",
    "running",
    "optimal",
    "stopped",
    "infeasible",
    "no_plan",
    "invalid",
    "rejected",
    "failed",
    "killed_time",
    "killed_memory",
    "interrupted",
    "not_started",
    "skipped_dependency",
)
"""`optimal` to `rejected` as in run.json. `failed`: the process crashed or broke off; `killed_time`, `killed_memory`:
it was ended at its budget; `interrupted`: the batch was stopped meanwhile; `not_started`: the batch's time
was over, or it was left out of this run and what it depends on has changed, or it never ran."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is known of one job.

    Parameters
    ----------
    name
        Unique in the batch.
    input_path
        Of the job's workbook.
    status
        One of STATUSES.
    good
        Its plan is accepted: optimal, or stopped where that is accepted.
    exit_code
        Of its process, minus the signal's number where a signal ended it; None where nothing ran.
    attempts
        How often it was run.
    started, finished
        UTC in ISO 8601.
    seconds
        Wall time of all attempts.
    peak_mb
        The most memory its process held, in MB (10^6 bytes).
    input_sha256, data_sha256, output_sha256
        Of the input's bytes; of the data as read, overrides included ("" when unreadable); of the plan's decision
        tables ("" without a plan).
    options, versions
        Everything beside the input that the result depends on.
    plan_path
        Relative to the batch's folder.
    report
        The job's run.json.
    message
        What went wrong, in a line.
    reused
        Nothing was run, because an earlier record matched and was good.
    """

    name: str
    input_path: str
    status: str
    good: bool = False
    exit_code: int | None = None
    attempts: int = 0
    started: str | None = None
    finished: str | None = None
    seconds: float = 0.0
    peak_mb: float | None = None
    input_sha256: str = ""
    data_sha256: str = ""
    output_sha256: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    plan_path: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """All records of a batch, in the order of its jobs; `finished` is None while it runs or when it broke off.

    `source` is where its jobs come from, relative to its folder, so that both may move together; "" where not known.
    """

    batch: str
    started: str
    finished: str | None
    planner_version: str
    records: tuple[JobRecord, ...]
    source: str = ""


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in a file; None when there is none, or none that can be understood: it is told and set aside."""
    return read_kept(path, _manifest_from_json, "nothing is known of the last batch")


def _manifest_from_json(document: Any) -> Manifest:
    document.setdefault("source", "")  # of a batch from before it was recorded
    records = tuple(record_from_json(each) for each in document.pop("records"))
    return Manifest(records=records, **_known(Manifest, document, without="records"))


def source_of(folder: Path) -> Path | None:
    """Where the jobs of the batch in a folder come from; None where there is none, or it is not known."""
    try:
        source = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["source"]
        return folder / source if source else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def other_source(folder: Path, source: Path) -> Path | None:
    """Where the jobs of the batch in a folder come from, if that is still there and not this one; else None."""
    other = source_of(folder)
    return other if other is not None and other.exists() and not other.samefile(source) else None


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Puts the manifest in place of the last one, on the disk before anyone can see it.

    Raises
    ------
    CannotWrite
        It cannot be written; the last one stays.
    """
    head = json.dumps({name: value for name, value in _values(manifest).items() if name != "records"})
    records = ",\n".join(record_to_json(record) for record in manifest.records)
    write_durably(path, f'{head[:-1]}, "records": [\n{records}\n]}}\n')


def record_to_json(record: JobRecord) -> str:
    """A record as a line of JSON, which `record_from_json` takes back."""
    return json.dumps(_values(record), ensure_ascii=False, allow_nan=False)


def record_from_json(document: Any) -> JobRecord:
    """The record that JSON holds.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        It holds none.
    """
    record = JobRecord(**_known(JobRecord, document))
    if record.status not in STATUSES:
        raise ValueError(f"job '{record.name}' has the status '{record.status}'")
    _check_report(record.report)
    return record


def _check_report(report: Mapping[str, Any]) -> None:
    """Checks of a job's run.json what later batches compare with.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is not as a run writes it.
    """
    figures = [report.get(key) for key in ("objective_usd", "bound_usd", "gap", "months")]
    if not all(each is None or fits(each, float) for each in figures):
        raise ValueError("a figure of its report is no number")
    for key, names in _REPORTED.items():
        for row in report.get(key) or ():
            if not all(isinstance(row[name], str) for name in names):
                raise ValueError(f"{key} of its report are none")
    dated = [*(report.get("decisions") or ()), *(report.get("limits") or ())]
    if any(months.parse(row["month"]) is None for row in dated):
        raise ValueError("a month of its report is none")


def _values(record: JobRecord | Manifest) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _known(kind: type[Any], document: Mapping[str, Any], without: str = "") -> dict[str, Any]:
    hints = get_type_hints(kind)
    values = {each.name: document[each.name] for each in fields(kind) if each.name != without}
    for name, value in values.items():
        if not fits(value, hints[name]):
            raise ValueError(f"its {name} is {value!r:.50}")
        if name in ("started", "finished") and value:
            dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    return values
