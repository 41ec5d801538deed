"""What happens in a batch, as lines of JSON while it runs, for those who watch."""

from __future__ import annotations

import datetime as dt
import json
from io import RawIOBase
from pathlib import Path
from typing import Any

from planner.errors import writing


def now() -> str:
    """The time of day in UTC, for people: nothing is decided by it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Events:
    """Adds lines to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: RawIOBase | None = None

    def __enter__(self) -> Events:
        with writing(self._path):
            self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()

    def write(self, event: str, **facts: Any) -> None:
        """A line: the time, what happened, and facts.

        Raises
        ------
        CannotWrite
            It cannot be written.
        """
        assert self._file is not None
        line = json.dumps({"time": now(), "event": event, **facts}, ensure_ascii=False)
        with writing(self._path):
            self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")
