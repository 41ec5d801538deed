"""What a batch leaves for people, build servers, monitoring and chats, once its jobs are done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from planner.batch.manifest import Manifest
from planner.batch.reporting.changes import changes
from planner.batch.reporting.junit import write_junit
from planner.batch.reporting.prometheus import write_metrics
from planner.batch.reporting.store import write_batch_store
from planner.batch.reporting.summary_workbook import write_summary
from planner.batch.reporting.webhook import send
from planner.errors import CannotWrite, make_folder
from planner.reports.plan_store import STORE

log = logging.getLogger("planner")

FOLDER = "reports"


def write_reports(
    folder: Path,
    manifest: Manifest,
    previous: Manifest | None,
    *,
    whole: bool = True,
    webhook: str | None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Writes `results.sqlite`, `reports/summary.xlsx`, `junit.xml` and `metrics.prom`, and calls the webhook.

    Each is tried whatever becomes of the others.

    Parameters
    ----------
    folder
        The batch's folder.
    manifest, previous
        Of this batch, and of the one before it, where there was one.
    whole
        Whether no job was left out (`--only`): only then can the batch count as a success.
    webhook
        The address that is sent a summary; None for none.
    stopping
        Whether the batch is to stop; the webhook is not waited for long then.

    Returns
    -------
    list of Path
        The reports that were written.

    Raises
    ------
    CannotWrite
        One or more could not be written; it names the first of them, warnings name the others.
    """
    reports = folder / FOLDER
    make_folder(reports)
    changed = changes(folder, manifest, previous)
    written: list[Path] = []
    refused: list[CannotWrite] = []
    writers: tuple[tuple[Path, Callable[[Path], None]], ...] = (
        (reports / "metrics.prom", lambda path: write_metrics(path, manifest, previous, whole=whole)),
        (reports / "junit.xml", lambda path: write_junit(path, folder, manifest)),
        (reports / "summary.xlsx", lambda path: write_summary(path, manifest, previous, changed)),
        (folder / STORE, lambda path: write_batch_store(path, folder, manifest)),
    )
    for path, write in writers:
        try:
            write(path)
            written.append(path)
        except CannotWrite as error:
            refused.append(error)
    if webhook:
        send(webhook, manifest, changed, stopping=stopping)
    for each in refused[1:]:
        log.warning("warning: %s", each)
    if refused:
        raise refused[0]
    return written
