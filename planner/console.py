"""What a command says and where: results on standard output, messages and progress on standard error.

All of it goes into the log too.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from planner.errors import CannotWrite, InternalFault, WrongUsage, why_not

log = logging.getLogger("planner")


class _StandardError(logging.Handler):
    """Messages as they are; finds standard error anew each time, for a live line may have taken it over."""

    def emit(self, record: logging.LogRecord) -> None:
        # a terminal that has gone away is no reason to lose a plan
        with suppress(OSError, ValueError):
            print(record.getMessage(), file=sys.stderr, flush=True)


class LiveLine:
    """One line on a terminal that is drawn over and over; messages appear above it."""

    def __init__(self) -> None:
        from rich.console import Console as Terminal
        from rich.live import Live

        self._live = Live(console=Terminal(stderr=True), auto_refresh=False, transient=True)

    def show(self, text: str) -> None:
        """Replaces the text of the live line."""
        from rich.text import Text

        if not self._live.is_started:
            self._live.start()
        self._live.update(Text(text, overflow="ellipsis", no_wrap=True), refresh=True)

    def stop(self) -> None:
        """Takes the live line off the terminal."""
        self._live.stop()


@dataclass
class Console:
    """The terminal of one command."""

    as_json: bool = False
    quiet: bool = False
    lines: list[LiveLine] = field(default_factory=list)

    def tell(self, lines: Iterable[str], *, urgent: bool = False) -> None:
        """The result in words: on standard output, or on standard error where that holds JSON."""
        for line in lines:
            log.debug("%s", line)
            if urgent or not self.quiet:
                click.echo(line, err=self.as_json)

    def give(self, result: Mapping[str, Any]) -> None:
        """The result as one JSON object, where one was asked for."""
        if self.as_json:
            click.echo(json.dumps(result, allow_nan=False, indent=2))

    @contextmanager
    def live_line(self) -> Iterator[LiveLine | None]:
        """A live line where there is a terminal to draw it on; None elsewhere."""
        if self.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield None
            return
        line = LiveLine()
        try:
            yield line
        finally:
            line.stop()


@contextmanager
def messages_to(common: Mapping[str, Any]) -> Iterator[Console]:
    """The console of a command with the common options --json, --quiet and --log-file.

    Raises
    ------
    CannotWrite
        The log file cannot be written.
    """
    log.setLevel(logging.DEBUG)
    log.propagate = False
    shown = _StandardError()
    shown.setLevel(logging.ERROR if common["quiet"] else logging.INFO)
    log.addHandler(shown)
    try:
        if common["log_file"] is None:
            yield Console(common["as_json"], common["quiet"])
        else:
            with log_to(common["log_file"]):
                yield Console(common["as_json"], common["quiet"])
    finally:
        log.removeHandler(shown)


@contextmanager
def log_to(path: Path, *, afresh: bool = False) -> Iterator[None]:
    """Adds every message to a file, with UTC time; `afresh` drops what an earlier run wrote there.

    Raises
    ------
    WrongUsage
        The file is a workbook.
    CannotWrite
        It cannot be written.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm", ".json", ".toml"):
        raise WrongUsage(f"{path} is no name for a log. Try {path.with_suffix('.log')}.")
    try:
        handler = logging.FileHandler(path, mode="w" if afresh else "a", encoding="utf-8")
    except OSError as error:
        raise CannotWrite(path, why_not(error)) from None
    formatter = logging.Formatter("%(asctime)sZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def keep_traceback(error: Exception) -> InternalFault:
    """Puts the traceback of an unforeseen error where it can be found, and says where."""
    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="planner-fault-", suffix=".log", delete=False
    ) as file:
        file.write(text)
    return InternalFault(f"{type(error).__name__}: {error}".splitlines()[0], file.name)
