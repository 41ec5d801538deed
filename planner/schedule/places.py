"""The name and the folder of a schedule, so that two of them do not take each other's by default.

The files of a schedule say, by hashes in their heading, which jobs they start and in which folder.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from planner.batch.manifest import other_source

MARK = "Written by `planner schedule`"
"""A file that says so in one of its first lines may be replaced."""
READ = 1000
"""Characters of a file in which it says so."""
SUFFIXES = (".crontab", ".service", ".timer", ".yaml", ".yml", ".py", ".xml")
"""Of the files of schedules."""
_PLACE = re.compile(rf"{MARK}: (\S+), .*? Jobs ([0-9a-f]{{12}}) in ([0-9a-f]{{12}})\.")


@dataclass(frozen=True, slots=True)
class SchedulePlace:
    """What a schedule takes: its name, and hashes of its jobs and of its batch's folder."""

    name: str
    jobs: str
    into: str

    @classmethod
    def of(cls, name: str, jobs: str, into: str) -> SchedulePlace:
        """Of paths as seen from the working folder, for batches elsewhere too; of a pattern its folder counts."""
        pattern = Path(jobs)
        return cls(name, _hash(str(pattern.parent) if glob.has_magic(pattern.name) else jobs), _hash(into))

    @property
    def words(self) -> str:
        """How a heading tells of it, after the name."""
        return f"Jobs {self.jobs} in {self.into}."


def _hash(path: str) -> str:
    return hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:12]


def numbers() -> Iterator[str]:
    """What names end in, one after the other: "", `-2`, `-3` and so on."""
    return itertools.chain([""], (f"-{number}" for number in itertools.count(2)))


def start_of(path: Path) -> str:
    """The beginning of a file, in which it says whose it is; "" where there is none that can be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(READ)
    except OSError:
        return ""


class Others:
    """What schedules and batches of other jobs than these have taken.

    `source` is where the jobs come from, as a batch records it, None where that is not known here; `folders` are those
    in which files of schedules may stand.
    """

    def __init__(self, jobs: str, source: Path | None, folders: Iterable[Path]) -> None:
        self._source = source
        mine = SchedulePlace.of("", jobs, "").jobs
        told = {place for folder in folders for place in _places(folder)}
        self._names = {each.name for each in told if each.jobs != mine}
        self._folders = {each.into for each in told if each.jobs != mine}

    def have_name(self, name: str) -> bool:
        """Whether a schedule of other jobs goes by a name."""
        return name in self._names

    def have_folder(self, into: str) -> bool:
        """Whether batches of other jobs are kept in a folder, or will be."""
        kept = self._source is not None and other_source(Path(into), self._source) is not None
        return kept or _hash(into) in self._folders


def _places(folder: Path) -> Iterator[SchedulePlace]:
    """Of the files of schedules in a folder."""
    for path in folder.glob("*"):
        if path.suffix in SUFFIXES and path.is_file() and (found := _PLACE.search(start_of(path))):
            yield SchedulePlace(*found.groups())
