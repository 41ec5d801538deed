"""What `planner schedule` is asked for, and the schedule that it describes."""

from __future__ import annotations

import glob
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import WrongUsage
from planner.schedule.calendar import calendar
from planner.schedule.places import Others, numbers
from planner.schedule.schedule import Schedule, slug

if TYPE_CHECKING:
    from planner.batch.jobs.files import JobSet

Kind = Literal["cron", "systemd", "kubernetes", "airflow", "github", "windows"]
log = logging.getLogger("planner")
SCHEDULES = Path("outputs", "schedule")
"""Where the files of a schedule are written, each in a folder of its name."""
REMOTE: tuple[Kind, ...] = ("kubernetes", "github")
"""Schedulers that run batches on another machine, where the paths of this one mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """A batch, its calendar, and what is to start it.

    Parameters
    ----------
    jobs : str
        A folder of workbooks, a pattern or a job file.
    batch_options : tuple of str
        Options handed on to `planner batch`.
    cron : str
        The calendar, as a cron expression.
    budget : float
        Time limit of one batch, in seconds.
    kind : str, optional
        The scheduler to write files for.
    run : bool
        Start the batches from here instead.
    output : Path, optional
        Folder of the files.
    tz : str, optional
        Time zone of the expression; without it the scheduler's own.
    into : Path, optional
        Folder of the batch.
    name : str, optional
        Name of units, pods and workflows.
    grace : float, optional
        With `run`: a missed start is made up for within this time, in seconds; without it always.
    on_failure : str, optional
        systemd: unit started when a batch fails.
    image, claim : str, optional
        kubernetes, github: container image; kubernetes: claim of the volume with the workbooks.
    force : bool
        Replace files that this command did not write.
    """

    jobs: str
    batch_options: tuple[str, ...]
    cron: str
    budget: float
    kind: Kind | None = None
    run: bool = False
    output: Path | None = None
    tz: str | None = None
    into: Path | None = None
    name: str | None = None
    grace: float | None = None
    on_failure: str | None = None
    image: str | None = None
    claim: str | None = None
    force: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether batches run on another machine."""
        return self.kind in REMOTE

    def schedule(self, batch: JobSet | None = None) -> Schedule:
        """Return the schedule described, with absolute paths where batches run on this machine.

        Parameters
        ----------
        batch : JobSet, optional
            The jobs as a batch reads them; None where they are not read here.

        Raises
        ------
        WrongUsage
            An option of the batch is one of this command, or its folder is a file.
        """
        remote = self.is_remote
        when = calendar(self.cron, self.tz)
        _check_options(self.batch_options)
        path = Path(self.jobs.rstrip("/\\") or self.jobs)
        stem = path.parent.name if glob.has_magic(path.name) else path.stem
        if self.into is not None and self.into.exists() and not self.into.is_dir() and not remote:
            raise WrongUsage(f"--into {self.into}: a file of that name is there; name a folder.")
        name, into = self._place(stem, batch)
        return Schedule(
            name=name,
            calendar=when,
            zone=self.tz,
            command=_command(),
            jobs=self.jobs if remote else os.path.abspath(self.jobs),
            into=into.replace(os.sep, "/") if remote else os.path.abspath(into),
            folder=Path.cwd(),
            options=self.batch_options,
            budget_seconds=self.budget,
            image=self.image or "",
            claim=self.claim or "",
            on_failure=self.on_failure or "",
            output=self.output or SCHEDULES / name,
        )

    def _place(self, stem: str, batch: JobSet | None) -> tuple[str, str]:
        """The name and the batch's folder, that of a batch by hand: as given, else the first that no others have."""
        kept = slug(stem) if batch is None else batch.name
        others = Others(
            self.jobs,
            None if batch is None else batch.source,
            (*SCHEDULES.glob("*"), *([self.output] if self.output else [])),
        )
        for number in numbers():
            name = slug(self.name) if self.name else f"{slug(f'planner-{stem}')[: 50 - len(number)]}{number}"
            into = str(self.into or Path("outputs", "batch", f"{kept}{number}"))
            name_is_free = self.name is not None or not others.have_name(name)
            if name_is_free and (self.into is not None or not others.have_folder(into)):
                break
        if self.name is not None and others.have_name(name):
            log.warning("warning: %s is the name of a schedule of other jobs too; what is written replaces it.", name)
        if self.into is not None and others.have_folder(into):
            log.warning("warning: %s is the folder of other jobs too; each batch replaces the other's reports.", into)
        return name, into


def _check_options(options: tuple[str, ...]) -> None:
    instead = {"-o": "--into FOLDER", "--output": "--into FOLDER", "--budget": "--budget TIME"}
    for each in options:
        if own := instead.get(each.partition("=")[0]):
            raise WrongUsage(f"Give {own} before the --, not {each} after it.")


def _command() -> tuple[str, ...]:
    """How this planner is started, by an absolute path."""
    for name in ("planner", "planner.exe"):
        script = Path(sys.executable).with_name(name)
        if script.is_file():
            return (str(script.absolute()),)
    return (sys.executable, "-m", "planner")
