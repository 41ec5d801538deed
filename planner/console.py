"""Output of a command: results on standard output, messages and progress on standard error, all of it in the log."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from planner.errors import InternalFault, WrongUsage, refuse_link, writing
from planner.files.atomic import put, temporary_beside
from planner.formatting import escaped
from planner.interrupt import Stop
from planner.terminal import LiveLine, PhaseHandler, drawn, is_terminal
from planner.text_table import Line, plain

log = logging.getLogger("planner")


class OutputClosed(Exception):
    """Standard output takes no more: its reader has gone, or its disk is full."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line, with what would act on a terminal escaped.

    Raises
    ------
    OutputClosed
        Standard output takes it not; a line that standard error does not take is lost.
    """
    _echo(escaped(line), err=err)


def say_lines(lines: Iterable[Line], *, err: bool = False) -> None:
    """Print lines as `say` does; on a terminal in columns and colours.

    Raises
    ------
    OutputClosed
        As of `say`.
    """
    if is_terminal(err=err):
        _echo(drawn(lines), err=err, color=True)
    else:
        for line in plain(lines):
            say(line, err=err)


def _echo(text: str, *, err: bool, color: bool | None = None) -> None:
    try:
        click.echo(text, err=err, color=color)
    except (OSError, ValueError) as error:
        if not err:
            raise OutputClosed(getattr(error, "strerror", None) or str(error)) from None


def open_standard_streams() -> None:
    """Make sure that standard input, output and error exist: files of ours never get their numbers.

    A standard output that is closed stays one that takes nothing: what is printed there is told as not written.
    What standard output cannot show, such as bytes of a file name that are no text, is escaped.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_RDWR), number)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def only_ours_on_stdout() -> Iterator[None]:
    """Keep standard output for what this program prints: what libraries write there goes to standard error.

    A solver's banner, written from C, would make a JSON document none.
    """
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    ours, before = None, sys.stdout
    if isinstance(before, io.TextIOWrapper) and _number(before) == 1:
        ours = sys.stdout = os.fdopen(os.dup(real), "w", encoding=before.encoding, errors=before.errors)
    try:
        yield
    finally:
        if ours is not None:
            with suppress(OSError):
                ours.close()
        sys.stdout = before
        os.dup2(real, 1)
        os.close(real)


def _number(stream: io.TextIOWrapper) -> int | None:
    """The file descriptor of a stream; None of one in memory."""
    with suppress(OSError):
        return stream.fileno()
    return None


def flush_standard_streams() -> str:
    """Write out what is still to be written; return why standard output did not take it, "" where it did."""
    why = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            why = why or (getattr(error, "strerror", None) or str(error) if stream is sys.stdout else "")
            with suppress(OSError, ValueError):  # or Python tries again at its end, and complains
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return why


class _StandardErrorHandler(logging.Handler):
    """Prints messages as they are; looks up standard error each time, because a live line may have replaced it."""

    def emit(self, record: logging.LogRecord) -> None:
        say_lines([record.getMessage()], err=True)


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal of one command.

    Parameters
    ----------
    as_json : bool
        Standard output is for one JSON object; lines for people go to standard error.
    quiet : bool
        Only errors are shown.
    stop : Stop
        Whether somebody asked the command to stop.
    live : LiveLine, optional
        A line for progress that is redrawn in place; None where there is no terminal for it.
    """

    as_json: bool = False
    quiet: bool = False
    stop: Stop = field(default_factory=Stop)
    live: LiveLine | None = None

    def print_lines(self, lines: Iterable[Line], *, always: bool = False) -> None:
        """Print lines for people and log them; with `always` they are printed in spite of --quiet."""
        shown = list(lines)
        for line in plain(shown):
            log.debug("%s", line)
        if self.quiet and not always:
            return
        if self.live is not None:
            self.live.stop()
        say_lines(shown, err=self.as_json)

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Print the result as one JSON object, if --json asks for it."""
        if self.as_json:
            say(json.dumps(document, allow_nan=False, indent=2))


@contextmanager
def open_console(
    as_json: bool = False, quiet: bool = False, log_file: Path | None = None, stop: Stop | None = None
) -> Iterator[Console]:
    """Show the messages of a command on standard error, and append them to a log file if one is given.

    Parameters
    ----------
    as_json, quiet, stop
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
        with nullcontext() if log_file is None else log_to(log_file), _live_line(quiet) as live:
            yield Console(as_json, quiet, stop or Stop(), live)
    finally:
        log.removeHandler(handler)


@contextmanager
def _live_line(quiet: bool) -> Iterator[LiveLine | None]:
    """Yield a line for progress, which shows each phase that a message begins; None where it cannot be drawn."""
    if quiet or not is_terminal(err=True):
        yield None
        return
    line = LiveLine()
    handler = PhaseHandler(line)
    log.addHandler(handler)
    try:
        yield line
    finally:
        log.removeHandler(handler)
        line.stop()


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append every message to a file as well, with its time in UTC.

    Raises
    ------
    WrongUsage
        The name is that of a workbook, JSON or TOML file.
    CannotWrite
        The file cannot be written.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm", ".json", ".toml"):
        raise WrongUsage(f"{path} is not a name for a log file. Try {path.with_suffix('.log')}.")
    handler = _log_handler(path, "a")
    try:
        yield
    finally:
        _close(handler)


@contextmanager
def run_log(path: Path) -> Iterator[Callable[[], None]]:
    """Write every message of a run to its log, in place of that of an earlier run.

    An earlier run's log stays until the end of the block, or until the function is called that this yields.

    Raises
    ------
    CannotWrite
        The log cannot be written, or a link is in its place.
    """
    refuse_link(path)
    handlers = [_log_handler(temporary_beside(path) if path.exists() else path, "w")]

    def place() -> None:
        written = Path(handlers[0].baseFilename)
        if written.name != path.name:
            _close(handlers.pop())
            with writing(path):
                put(written, path)
            handlers.append(_log_handler(path, "a"))

    try:
        yield place
    finally:
        place()
        _close(handlers.pop())


def _log_handler(path: Path, mode: str) -> logging.FileHandler:
    with writing(path):
        handler = logging.FileHandler(path, mode=mode, encoding="utf-8", errors="backslashreplace")
    formatter = _LogFormatter("%(asctime)sZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    return handler


class _LogFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))


def _close(handler: logging.Handler) -> None:
    log.removeHandler(handler)
    handler.close()


def save_traceback(error: Exception) -> InternalFault:
    """Write the traceback of an unforeseen error to a temporary file and return the error that names it.

    Where no file can be written, the traceback goes to standard error.
    """
    text, path = "".join(traceback.format_exception(error)), None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="planner-fault-", suffix=".log", delete=False
        ) as file:
            file.write(text)
        path = file.name
    except OSError:  # the disk is full, say, which may be why there is a fault
        say(text, err=True)
    return InternalFault(f"{type(error).__name__}: {error}".splitlines()[0], path)
