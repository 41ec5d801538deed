"""One batch, from its jobs to their results and reports."""

from __future__ import annotations

import itertools
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.faults import closest
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord, Manifest, other_source, read_manifest
from planner.command import CommandResult
from planner.errors import ExitCode, WrongUsage, make_folder
from planner.text_table import Line, TextTable
from planner.version import __version__

if TYPE_CHECKING:
    from planner.batch.execution.engine import Engine
    from planner.batch.jobs.files import JobSet
    from planner.interrupt import Stop
    from planner.solving.progress import LiveText


log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """Jobs to run, and how.

    Parameters
    ----------
    jobs : tuple of str
        Workbooks, folders, patterns or job files.
    folder : Path, optional
        Where results go; without it `outputs/batch/<name of the jobs>`, or `<name>-2` and so on where others of that
        name have theirs.
    dry_run : bool
        Only list what would run.
    only : tuple of str
        Names or patterns of the jobs to run, with the jobs that they depend on; empty for all.
    force : bool
        Also run jobs whose last result is still valid.
    workers : int
        Jobs in parallel; 0 for one per core.
    budget : float, optional
        Seconds for the whole batch.
    retries : int
        How often a job is tried again after a failure that may pass.
    engine : {"local", "dask"}
        Where jobs run.
    scheduler : str, optional
        Address of the Dask cluster.
    tls : Path, optional
        Folder of `ca.pem`, `cert.pem` and `key.pem` with which the cluster is spoken to.
    keep_runs : int, optional
        How many runs of a workbook stay in the folder, those of jobs in the batch counted first; None for all.
    webhook : str, optional
        URL that a summary is sent to.
    job_options : mapping
        Values by the fields of `Job`, which override those of a job file.
    """

    jobs: tuple[str, ...]
    folder: Path | None = None
    dry_run: bool = False
    only: tuple[str, ...] = ()
    force: bool = False
    workers: int = 0
    budget: float | None = None
    retries: int = 2
    engine: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    tls: Path | None = None
    keep_runs: int | None = None
    webhook: str | None = None
    job_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.engine == "dask") != (self.scheduler is not None):
            raise WrongUsage("Give --engine dask and --scheduler ADDRESS together, such as tcp://127.0.0.1:8786.")
        if (self.tls is not None) != (self.scheduler or "").startswith("tls://"):
            raise WrongUsage("Give --tls FOLDER and --scheduler tls://HOST:PORT together.")
        if self.webhook is not None:
            from planner.batch.reporting.webhook import public_address  # loaded where there is one only

            if not public_address(self.webhook):
                raise WrongUsage("--webhook: write an address that begins with https:// or http://.")


def run_batch(request: BatchRequest, live: LiveText | None = None) -> CommandResult:
    """Run the jobs of a request, or list what would run.

    Raises
    ------
    WrongUsage
        The options do not fit the jobs.
    FaultyWorkbook
        A job file has faults.
    CannotWrite, Locked
        The folder cannot be used.
    """
    found, chosen = jobs_of(request)
    folder, name = _folder(request.folder, found), found.name
    if request.folder is None:
        name = folder.name
    if request.dry_run:
        return _dry_run(name, folder, chosen, force=request.force)
    return _run(request, name, folder, found, chosen, live)


def jobs_of(request: BatchRequest) -> tuple[JobSet, list[Job]]:
    """All jobs of a request, and those of them that it runs.

    Raises
    ------
    WrongUsage
        There is no job of a name that it asks for.
    FaultyWorkbook
        A job file has faults.
    """
    from planner.batch.jobs.files import read_jobs

    found = read_jobs(request.jobs, request.job_options)
    return found, _select_jobs(found.jobs, request.only)


def _folder(given: Path | None, found: JobSet) -> Path:
    """The folder that is given, which is told of where it is another batch's; else the first that is not."""
    if given is not None:
        if other := other_source(given, found.source):
            log.warning("warning: %s holds the batch of %s; its reports are replaced.", given, other.resolve())
        return given
    numbered = (f"{found.name}-{number}" for number in itertools.count(2))
    folders = (Path("outputs", "batch", name) for name in itertools.chain([found.name], numbered))
    return next(folder for folder in folders if not other_source(folder, found.source))


def _select_jobs(jobs: Sequence[Job], only: Sequence[str]) -> list[Job]:
    """Return the jobs that are named or match, and those they depend on; all jobs when none is named."""
    if not only:
        return list(jobs)
    by_name = {job.name: job for job in jobs}
    wanted: list[str] = []
    for pattern in only:
        matching = [name for name in by_name if name == pattern or fnmatchcase(name, pattern)]
        if not matching:
            raise WrongUsage(f"--only {pattern}: no job has that name. {closest(pattern, by_name)}")
        wanted += matching
    names: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in names:
            names.add(name)
            wanted += by_name[name].dependencies
    return [job for job in jobs if job.name in names]


def _versions() -> dict[str, str]:
    from planner.run.versions import versions

    return {"planner": __version__, **versions()}


def _dry_run(name: str, folder: Path, jobs: Sequence[Job], *, force: bool) -> CommandResult:
    from planner.batch.folder import BatchFolder
    from planner.batch.reuse import plan

    planned = plan(jobs, BatchFolder(folder), _versions(), force=force)
    lines: list[Line] = [TextTable(("Job", "Action", "Why"), [(each.name, each.action, each.why) for each in planned])]
    counts = Counter(each.action for each in planned)
    listed = ", ".join(f"{count} {action}" for action, count in counts.items())
    lines.append(f"{name}: {_number_of_jobs(len(planned))} ({listed}); nothing was run. Results would be in {folder}")
    document = {"batch": name, "folder": str(folder), "dry_run": True, "jobs": [asdict(each) for each in planned]}
    return CommandResult(lines, document, ExitCode.WRONG_INPUT if counts["fail"] else ExitCode.OK)


def _run(
    request: BatchRequest,
    name: str,
    folder: Path,
    found: JobSet,
    chosen: Sequence[Job],
    live: LiveText | None,
) -> CommandResult:
    from planner.batch.events import Events
    from planner.batch.folder import BatchFolder
    from planner.batch.reporting.write import write_reports
    from planner.batch.scheduler import BatchRules, BatchScheduler
    from planner.files.lock import folder_lock
    from planner.interrupt import Stop

    make_folder(folder)
    batch_folder, stop, names = BatchFolder(folder), Stop(), {job.name for job in chosen}
    stop.draining = True  # the first signal is noted, and everything under way is asked to stop
    with stop, folder_lock(folder) as lock:
        last = read_manifest(batch_folder.manifest)
        batch_folder.open(last)
        previous = read_manifest(batch_folder.previous_manifest)
        left_out = [job for job in found.jobs if job.name not in names]
        source = _relative(found.source, folder.resolve())
        rules = BatchRules(_versions(), request.budget, request.retries, request.force)
        engine = _engine(request)
        try:
            with Events(batch_folder.events) as events:
                events.write("batch_started", batch=name, jobs=len(chosen), planner_version=__version__)
                scheduler = BatchScheduler(
                    name, chosen, batch_folder, engine, rules, stop, events, lock.check, left_out, live, source
                )
                manifest = scheduler.run()
                records = [scheduler.records[job.name] for job in chosen]
                code = _exit_code(records, stop)
                events.write("batch_finished", batch=name, exit_code=int(code))
        finally:
            engine.close()
            batch_folder.close()
        if request.keep_runs is not None:
            batch_folder.remove_old_jobs([job.name for job in found.jobs], request.keep_runs)
        reports = write_reports(
            folder,
            manifest,
            previous,
            whole=not left_out,
            webhook=request.webhook,
            stopping=lambda: stop.requested,
        )
    return _result(name, folder, manifest, records, reports, code)


def _relative(path: Path, start: Path) -> str:
    try:
        return os.path.relpath(path, start)
    except ValueError:  # on another drive of Windows
        return str(path)


def _engine(request: BatchRequest) -> Engine:
    if request.scheduler is not None:
        from planner.batch.execution.dask_engine import DaskEngine
        from planner.solving.dask_cluster import DaskCluster

        return DaskEngine(DaskCluster(request.scheduler, request.tls), request.workers)
    from planner.batch.execution.engine import LocalEngine
    from planner.solving.worker_pool import default_workers

    cores = default_workers()
    return LocalEngine(request.workers or cores, cores)


def _exit_code(records: Sequence[JobRecord], stop: Stop) -> ExitCode:
    if all(record.good for record in records):
        return ExitCode.OK
    if stop.requested:
        from planner.errors import Interrupted

        return Interrupted(stop.signal_number).exit_code
    return ExitCode.JOBS_FAILED


def _result(
    name: str,
    folder: Path,
    manifest: Manifest,
    records: Sequence[JobRecord],
    reports: Sequence[Path],
    code: ExitCode,
) -> CommandResult:
    from planner.batch.reporting.status import jobs_lines

    counts = Counter("reused" if record.reused else record.status for record in records)
    listed = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    lines = [
        *jobs_lines(records),
        f"{name}: {_number_of_jobs(len(records))} ({listed}); results in {folder}",
        *(f"  Report  {path}" for path in reports),
    ]
    jobs = [{key: value for key, value in asdict(record).items() if key != "report"} for record in records]
    document = {
        "batch": name,
        "folder": str(folder),
        "manifest_path": str(folder / "manifest.json"),
        "started": manifest.started,
        "finished": manifest.finished,
        "jobs": jobs,
        "counts": dict(counts),
        "reports": [str(path) for path in reports],
        "exit_code": int(code),
        "planner_version": __version__,
    }
    return CommandResult(lines, document, code)


def _number_of_jobs(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'}"
