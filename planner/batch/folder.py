"""The folder of a batch: where a job works, and how what it made comes to its place.

    manifest.json            every job's record (manifest.previous.json: those of the last batch that finished)
    events.jsonl             what happens, line by line, while it runs
    jobs/NAME/               plan.xlsx, run.json, run.log of a job, and record.json, its record
    .attempts/               where jobs work; nothing in it counts

A job works in a folder of its own that no later batch uses, so that a process left over from a batch that was
killed can write nothing that anyone reads. What it made is moved to its place only when it is known to be whole,
the record last: it holds the plan's hash, and a plan that does not match its record is not done.
"""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from planner.batch.job_logs import OUTPUT_FILE, keep_previous_plan, rotate
from planner.batch.manifest import MANIFEST, JobRecord, Manifest, record_from_json, record_to_json, write_manifest
from planner.errors import refuse_link, writing
from planner.files.atomic import put, read_kept, sweep, write_durably
from planner.files.old_runs import RUN_FILES, is_whole, take_away

PLAN, REPORT, LOG, RECORD = "plan.xlsx", "run.json", "run.log", "record.json"
PUBLISHED_NAMES = {"plan.run.json": REPORT, "plan.run.log": LOG, OUTPUT_FILE: OUTPUT_FILE}
"""What an attempt calls them, and what they are called in a job's folder."""
LOGS_KEPT = 5
"""Logs of earlier runs of a job."""


class BatchFolder:
    """The folder of a batch. Used while it is locked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / MANIFEST
        self.previous_manifest = path / "manifest.previous.json"
        self.events = path / "events.jsonl"
        self.attempts = path / ".attempts"

    def job_folder(self, name: str) -> Path:
        """The folder of a job's files."""
        return self.path / "jobs" / name

    def open(self, last: Manifest | None) -> None:
        """Makes the folder ready; keeps the manifest of the last batch if that came to its end.

        Raises
        ------
        CannotWrite
            It cannot be written.
        """
        for path in (self.attempts, self.path / "jobs", self.events):
            refuse_link(path)
        sweep(self.path)
        with writing(self.path):
            shutil.rmtree(self.attempts, ignore_errors=True)
            self.attempts.mkdir(exist_ok=True)
            (self.path / "jobs").mkdir(exist_ok=True)
            if self.events.exists():
                put(self.events, self.path / "events.previous.jsonl")
        if last is not None and last.finished is not None:
            write_manifest(self.previous_manifest, last)

    def close(self) -> None:
        """Leaves nothing of the attempts behind."""
        shutil.rmtree(self.attempts, ignore_errors=True)

    def new_attempt(self) -> Path:
        """Makes a folder for one attempt.

        Raises
        ------
        OSError
            It cannot be made.
        """
        folder = self.attempts / secrets.token_hex(8)
        folder.mkdir()
        return folder

    def record(self, name: str) -> JobRecord | None:
        """What is recorded of a job; None where there is nothing that can be understood."""
        record = read_kept(self.job_folder(name) / RECORD, record_from_json, "the job counts as new")
        return record if record is not None and record.name == name else None

    def has_plan(self, record: JobRecord) -> bool:
        """Whether the plan of a record is there as it was written."""
        from planner.results.fingerprints import file_sha256

        if not record.plan_path or not record.report.get("plan_sha256"):
            return False
        try:
            return bool(file_sha256(self.path / record.plan_path) == record.report["plan_sha256"])
        except OSError:
            return False

    def publish(self, record: JobRecord, attempt: Path | None) -> None:
        """Moves what an attempt made to its place, then records it.

        Should the power fail in between and the record be all that lasts, its hash fits no plan: the job runs again.

        Raises
        ------
        CannotWrite
            It cannot be written; the job is then not recorded as done.
        """
        folder = self.job_folder(record.name)
        refuse_link(folder)
        files = () if attempt is None else attempt.iterdir()
        made = {path: name for path in files if (name := _published_name(path))}
        if not record.plan_path:
            made = {path: name for path, name in made.items() if name != PLAN}
        with writing(folder):
            folder.mkdir(exist_ok=True)
            sweep(folder)
            keep_previous_plan(folder / PLAN)
            for path in list(folder.iterdir()):  # what is no longer true goes out of the way
                if path.name == LOG and LOG in made.values():
                    rotate(path, LOGS_KEPT + 1)
                elif _is_result(path) and path.name not in made.values():
                    put(path, path.with_name(f"{path.stem}.previous{path.suffix}"))
            for path, name in made.items():
                put(path, folder / name)
        write_durably(folder / RECORD, record_to_json(record) + "\n")

    def remove_old_jobs(self, names: Sequence[str], keep: int) -> None:
        """Takes away folders of jobs that are no longer in the batch, where their workbook has more than `keep` runs.

        Those of the batch's own jobs, `names`, are counted first, then the newest; a folder with files of others stays.
        """
        folders = [path for path in (self.path / "jobs").iterdir() if is_whole(path, RUN_FILES)]
        records = [record for path in folders if (record := self.record(path.name)) is not None]
        runs = Counter(record.input_path for record in records if record.name in names)
        old = [record for record in records if record.name not in names]
        for record in sorted(old, key=lambda each: each.finished or "", reverse=True):
            runs[record.input_path] += 1
            if runs[record.input_path] > keep:
                take_away(self.job_folder(record.name))

    def discard(self, attempt: Path | None) -> None:
        """Takes an attempt's folder away."""
        if attempt is not None:
            shutil.rmtree(attempt, ignore_errors=True)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files, by relative path, into a folder.

    Raises
    ------
    OSError
        One of them cannot be written.
    """
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _published_name(path: Path) -> str:
    """What a file of an attempt is called in its job's folder; "" when it stays behind."""
    if path.name in PUBLISHED_NAMES:
        return PUBLISHED_NAMES[path.name] if path.stat().st_size else ""
    return path.name if _is_result(path) or path.name.startswith("planner-fault-") else ""


def _is_result(path: Path) -> bool:
    """Whether it is something a job found: a plan, an alternative, an explanation, a report, what its process wrote."""
    if path.stem.endswith(".previous"):
        return False
    return path.name in (REPORT, OUTPUT_FILE) or (path.suffix == ".xlsx" and path.stem.split(".")[0] == "plan")
