"""Output of a command: results on standard output, messages and progress on standard error, all of it in the log."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from planner.errors import InternalFault, WrongUsage, writing

log = logging.getLogger("planner")


class _StandardErrorHandler(logging.Handler):
    """Prints messages as they are; looks up standard error each time, because a live line may have replaced it."""

    def emit(self, record: logging.LogRecord) -> None:
        # a plan is not lost because its terminal is closed
        with suppress(OSError, ValueError):
            print(record.getMessage(), file=sys.stderr, flush=True)


class LiveLine:
    """One line on a terminal that is redrawn in place; messages appear above it."""

    def __init__(self) -> None:
        from rich.console import Console as Terminal
        from rich.live import Live

        self._live = Live(console=Terminal(stderr=True), auto_refresh=False, transient=True)

    def show(self, text: str) -> None:
        """Draw the line with this text."""
        from rich.text import Text

        if not self._live.is_started:
            self._live.start()
        self._live.update(Text(text, overflow="ellipsis", no_wrap=True), refresh=True)

    def stop(self) -> None:
        """Remove the line."""
        self._live.stop()


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal of one command.

    Parameters
    ----------
    as_json : bool
        Standard output is for one JSON object; lines for people go to standard error.
    quiet : bool
        Only errors are shown.
    """

    as_json: bool = False
    quiet: bool = False

    def print_lines(self, lines: Iterable[str], *, always: bool = False) -> None:
        """Print lines for people and log them; with `always` they are printed in spite of --quiet."""
        for line in lines:
            log.debug("%s", line)
            if always or not self.quiet:
                click.echo(line, err=self.as_json)

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Print the result as one JSON object, if --json asks for it."""
        if self.as_json:
            click.echo(json.dumps(document, allow_nan=False, indent=2))

    @contextmanager
    def live_line(self) -> Iterator[LiveLine | None]:
        """Yield a line for progress that is redrawn in place, or None where there is no terminal for it."""
        if self.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield None
            return
        line = LiveLine()
        try:
            yield line
        finally:
            line.stop()


@contextmanager
def open_console(as_json: bool = False, quiet: bool = False, log_file: Path | None = None) -> Iterator[Console]:
    """Show the messages of a command on standard error, and append them to a log file if one is given.

    Parameters
    ----------
    as_json, quiet : bool
        As in `Console`.
    log_file : Path, optional
        A file to append all messages to.

    Raises
    ------
    CannotWrite
        The log file cannot be written.
    """
    log.setLevel(logging.DEBUG)
    log.propagate = False
    handler = _StandardErrorHandler()
    handler.setLevel(logging.ERROR if quiet else logging.INFO)
    log.addHandler(handler)
    try:
        with nullcontext() if log_file is None else log_to(log_file):
            yield Console(as_json, quiet)
    finally:
        log.removeHandler(handler)


@contextmanager
def log_to(path: Path, *, replace: bool = False) -> Iterator[None]:
    """Write every message to a file as well, with its time in UTC.

    Parameters
    ----------
    path : Path
        The log file.
    replace : bool
        Replace the log of an earlier run instead of appending to it.

    Raises
    ------
    WrongUsage
        The name is that of a workbook, JSON or TOML file.
    CannotWrite
        The file cannot be written.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm", ".json", ".toml"):
        raise WrongUsage(f"{path} is not a name for a log file. Try {path.with_suffix('.log')}.")
    with writing(path):
        handler = logging.FileHandler(path, mode="w" if replace else "a", encoding="utf-8")
    formatter = logging.Formatter("%(asctime)sZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def save_traceback(error: Exception) -> InternalFault:
    """Write the traceback of an unforeseen error to a temporary file and return the error that names it."""
    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="planner-fault-", suffix=".log", delete=False
    ) as file:
        file.write(text)
    return InternalFault(f"{type(error).__name__}: {error}".splitlines()[0], file.name)
