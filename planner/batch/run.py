"""`planner batch`: what the command does, once its options are known."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.faults import FaultyWorkbook, closest
from planner import __version__
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord, Manifest, read_manifest
from planner.console import Console
from planner.errors import CannotWrite, ExitCode, WrongUsage, why_not

if TYPE_CHECKING:
    from planner.batch.execution.engine import Engine
    from planner.solving.interrupt import Stop


def batch(
    console: Console, sources: Sequence[str], values: Mapping[str, Any], option_sources: Mapping[str, str]
) -> int:
    """Runs the jobs of `sources`, or lists what would run.

    Raises
    ------
    WrongUsage
        The options do not go together.
        CannotWrite, Locked: as they say.
    """
    from planner.batch.jobs.files import read_jobs
    from planner.formatting import fault_lines
    from planner.reports.run_json import faults_json

    if os.name != "posix":
        raise WrongUsage("Batches need Linux or macOS, for their signals and locks. On Windows, run them in WSL.")
    if (values["engine"] == "dask") != (values["scheduler"] is not None):
        raise WrongUsage("--engine dask and --scheduler ADDRESS go together, such as --scheduler tcp://10.0.0.5:8786.")
    try:
        found = read_jobs(sources, _job_options(values, option_sources))
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give({"faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    folder = values["output"] or Path("outputs") / "batch" / found.name
    chosen = _select_jobs(found.jobs, values["only"])
    if values["dry_run"]:
        return _dry_run(console, found.name, folder, chosen, values)
    return _run(console, found.name, folder, found.jobs, chosen, values)


def _job_options(values: Mapping[str, Any], option_sources: Mapping[str, str]) -> dict[str, Any]:
    """Options that somebody gave, by the fields of Job: they beat what a job file says."""
    known = {each.name for each in fields(Job)} - {"name", "input"}
    names = {"memory": "memory_mb"}
    return {
        names.get(option, option): values[option]
        for option, source in option_sources.items()
        if source != "default" and names.get(option, option) in known
    }


def _select_jobs(jobs: Sequence[Job], only: Sequence[str]) -> list[Job]:
    """The jobs named, or that match, and those they wait for; all when none is named."""
    if not only:
        return list(jobs)
    by_name = {job.name: job for job in jobs}
    wanted: list[str] = []
    for pattern in only:
        matching = [name for name in by_name if name == pattern or fnmatchcase(name, pattern)]
        if not matching:
            raise WrongUsage(f"--only {pattern}: no job of that name. {closest(pattern, by_name)}")
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


def _dry_run(console: Console, name: str, folder: Path, jobs: Sequence[Job], values: Mapping[str, Any]) -> int:
    from planner.batch.dry_run import plan
    from planner.batch.folder import BatchFolder

    planned = plan(jobs, BatchFolder(folder), _versions(), force=values["force"])
    width = max(len(each.name) for each in planned)
    console.tell(f"  {each.name:<{width}}  {each.action:<6}  {each.why}" for each in planned)
    counts = Counter(each.action for each in planned)
    listed = ", ".join(f"{count} {action}" for action, count in counts.items())
    console.tell([f"{name}: {len(planned)} jobs ({listed}); nothing was run. Results would be in {folder}"])
    console.give({"batch": name, "folder": str(folder), "dry_run": True, "jobs": [asdict(each) for each in planned]})
    return ExitCode.OK


def _run(
    console: Console, name: str, folder: Path, jobs: Sequence[Job], chosen: Sequence[Job], values: Mapping[str, Any]
) -> int:
    from planner.batch.events import Events
    from planner.batch.folder import BatchFolder
    from planner.batch.scheduler import BatchRules, BatchScheduler
    from planner.lock import FolderLock
    from planner.solving.interrupt import Stop

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(folder, why_not(error)) from None
    batch_folder, stop, names = BatchFolder(folder), Stop(), {job.name for job in chosen}
    stop.draining = True  # the first signal is noted, and everything under way is asked to stop
    with stop, FolderLock(folder) as lock:
        last = read_manifest(batch_folder.manifest)
        batch_folder.open(last)
        previous = read_manifest(batch_folder.previous_manifest)
        others = [record for job in jobs if job.name not in names and (record := batch_folder.record(job.name))]
        rules = BatchRules(_versions(), values["budget"], values["retries"], values["force"])
        engine = _engine(values)
        try:
            with Events(batch_folder.events) as events:
                events.write("batch_started", batch=name, jobs=len(chosen), planner_version=__version__)
                scheduler = BatchScheduler(name, chosen, batch_folder, engine, rules, stop, events, lock.check, others)
                manifest = scheduler.run()
                records = [scheduler.records[job.name] for job in chosen]
                code = _exit_code(records, stop)
                events.write("batch_finished", batch=name, exit_code=int(code))
        finally:
            engine.close()
            batch_folder.close()
        reports = _write_reports(folder, manifest, previous, values["webhook"])
    _print_result(console, name, folder, manifest, records, reports, code)
    return code


def _engine(values: Mapping[str, Any]) -> Engine:
    if values["engine"] == "dask":
        from planner.batch.execution.dask_engine import DaskEngine

        return DaskEngine(values["scheduler"], values["workers"])
    from planner.batch.execution.engine import LocalEngine
    from planner.solving.worker_pool import default_workers

    cores = default_workers()
    return LocalEngine(values["workers"] or cores, cores)


def _exit_code(records: Sequence[JobRecord], stop: Stop) -> ExitCode:
    if all(record.good for record in records):
        return ExitCode.OK
    if stop.requested:
        from planner.errors import Interrupted

        return Interrupted(stop.signal_number).exit_code
    return ExitCode.JOBS_FAILED


def _write_reports(folder: Path, manifest: Manifest, previous: Manifest | None, webhook: str | None) -> list[Path]:
    from planner.batch.reporting.write import write_reports

    return write_reports(folder, manifest, previous, webhook=webhook)


def _print_result(
    console: Console,
    name: str,
    folder: Path,
    manifest: Manifest,
    records: Sequence[JobRecord],
    reports: Sequence[Path],
    code: ExitCode,
) -> None:
    from planner.batch.scheduler import summary_line

    failed = [record for record in records if not record.good]
    console.tell((f"  {summary_line(record)}" for record in failed), urgent=True)
    counts = Counter("reused" if record.reused else record.status for record in records)
    listed = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    console.tell([f"{name}: {len(records)} jobs ({listed}); results in {folder}"], urgent=bool(failed))
    console.tell([f"  Report  {path}" for path in reports])
    jobs = [{key: value for key, value in asdict(record).items() if key != "report"} for record in records]
    console.give(
        {
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
    )
