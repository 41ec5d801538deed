"""Earlier runs taken away, so that a folder of outputs does not grow for ever: whole runs of ours, and nothing else."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from planner.errors import CannotWrite, Locked
from planner.files.atomic import put, temporary_beside
from planner.files.lock import folder_lock

log = logging.getLogger("planner")

RUN_FILES = re.compile(
    r"(plan(\.[\w-]+)*|explanation)\.xlsx|run(\.previous)?\.json|run\.log(\.\d+)?|run\.(model|scaled)\.mps|record\.json|"
    r"said(\.previous)?\.txt|planner-fault-\w+\.log"
)
"""What runs of `solve` leave in a folder of their own, also as jobs of a batch."""
_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?")
_BACKTEST = re.compile(r"rolling-[0-9a-f]{8}")
_BACKTEST_FILES = re.compile(
    r"\.lock|rolling\.(json|xlsx|log)|month_by_month\.xlsx|foresight\.xlsx|steps/[\w-]+/(step\.json|plan\.xlsx)"
)


def remove_old_runs(folder: Path, keep: int) -> None:
    """Remove from the folder of a workbook's runs of `solve` all but the newest, the oldest first.

    A run without its report is at work, or broke off, and stays; so does one with a file that no run writes.
    """
    _remove(_runs(folder, _RUN, "run.json", "objective_usd", RUN_FILES), keep)


def remove_old_backtests(folder: Path, keep: int) -> None:
    """Remove of the runs of `batch --rolling` of a workbook all but the newest, as `remove_old_runs` does."""
    _remove(_runs(folder, _BACKTEST, "rolling.json", "myopia_usd", _BACKTEST_FILES), keep)


def is_whole(folder: Path, ours: re.Pattern[str]) -> bool:
    """Whether a folder is a folder and holds files of these names only; they are seen from the folder."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    inside = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    names = (path.relative_to(folder).as_posix() for path in inside)
    return all(ours.fullmatch(name) for name in names) and not any(path.is_symlink() for path in inside)


def take_away(folder: Path) -> None:
    """Remove a folder in one step to whoever looks; one that cannot be removed stays, and is told."""
    aside = temporary_beside(folder)
    try:
        put(folder, aside)
    except FileNotFoundError:  # another run was faster
        return
    except OSError as error:
        log.warning("warning: the old run %s cannot be removed (%s).", folder, error.strerror)
        return
    shutil.rmtree(aside, ignore_errors=True)
    log.info("Old run removed: %s", folder)


def _runs(folder: Path, name: re.Pattern[str], report: str, key: str, ours: re.Pattern[str]) -> list[Path]:
    """Whole runs of one kind, the newest first: by their report, which has that key."""
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            if name.fullmatch(path.name) and is_whole(path, ours):
                with suppress(OSError, ValueError, RecursionError):
                    document = json.loads((path / report).read_text(encoding="utf-8"))
                    if isinstance(document, dict) and key in document:
                        found.append(((path / report).stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(found, reverse=True)]


def _remove(runs: Sequence[Path], keep: int) -> None:
    for path in reversed(runs[keep:]):
        with suppress(Locked, CannotWrite):  # a run that is taken up again
            with folder_lock(path):
                pass
            take_away(path)
