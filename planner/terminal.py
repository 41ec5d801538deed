"""What a terminal shows beyond plain lines, drawn by rich: a live line, columns that wrap, and colours."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from planner.formatting import escaped

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

PHASE = {"phase": True}
"""What a message carries (`extra`) that begins a phase of the work: the live line shows it while it lasts."""
DRAWN_PER_SECOND = 5
_LABELLED = re.compile(r"(?P<indent> +)(?P<label>(?:\S+ )*\S+ {2,}|\s{6,})(?P<words>\S.*)")
"""A line of a result: a label, in a column of its own or blank as that of the line before, and words."""
_STYLES = (
    (re.compile(r"(error|BROKEN|planner)\b"), "bold red"),
    (re.compile(r"(warning|Note):"), "yellow"),
    (re.compile(r"Written:|.*\bPlan found\b"), "green"),
    (re.compile(r"\S.*\b(Stopped early|No plan exists|failed its audit|is rejected)\b"), "bold red"),
)
"""What a line that begins so, or says so, is shown in."""


def is_terminal(*, err: bool = False) -> bool:
    """Whether a standard stream is a terminal that more than plain lines can be drawn on."""
    return (sys.stderr if err else sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def drawn(lines: Iterable[str]) -> str:
    """Lines as a terminal shows them: labels and words in columns of its width, in colours unless NO_COLOR is set."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True, highlight=False)
    with console.capture() as captured:
        for each in _columns(lines):
            console.print(each, soft_wrap=isinstance(each, Text))  # a path or command in it is copied whole
    return captured.get().rstrip("\n")


def _columns(lines: Iterable[str]) -> Iterator[RenderableType]:
    """Each line as it is drawn; the words of a labelled line wrap beside its label."""
    from rich.table import Table

    for line in map(escaped, lines):
        found = _LABELLED.fullmatch(line)
        if found is None:
            yield _styled(line)
            continue
        grid = Table.grid(padding=0)
        label = found["indent"] + found["label"]
        grid.add_column(width=len(label), no_wrap=True)
        grid.add_column()
        grid.add_row(_plain(label, "bold cyan"), _styled(found["words"]))
        yield grid


def _styled(line: str) -> Text:
    return _plain(line, next((style for pattern, style in _STYLES if pattern.match(line.lstrip(" "))), ""))


def _plain(text: str, style: str) -> Text:
    """Text without markup: a workbook's names may have brackets."""
    from rich.text import Text

    return Text(text, style)


class LiveLine:
    """One line on a terminal that is redrawn in place; messages appear above it.

    It shows what a search tells of itself, and between searches the phase at work and how long it has lasted.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._text, self._since = "", time.monotonic()
        self._in_phase = False
        self._live = Live(
            get_renderable=self._drawn,
            console=Console(stderr=True),
            refresh_per_second=DRAWN_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )

    def show(self, text: str) -> None:
        """Draw the line with this text, which tells its own time."""
        self._put(text, in_phase=False)

    def begin_phase(self, text: str) -> None:
        """Draw the line with the name of a phase, and from now on how long it has lasted."""
        self._since = time.monotonic()
        self._put(text, in_phase=True)

    def stop(self) -> None:
        """Remove the line."""
        self._live.stop()

    def _put(self, text: str, *, in_phase: bool) -> None:
        self._text, self._in_phase = text, in_phase
        self._live.start()
        self._live.refresh()

    def _drawn(self) -> Text:
        lasted = f", {time.monotonic() - self._since:.0f} s" if self._in_phase else ""
        line = _plain(escaped(self._text) + lasted, "")
        line.overflow, line.no_wrap = "ellipsis", True
        return line


class PhaseHandler(logging.Handler):
    """Hands the messages that begin a phase to the live line."""

    def __init__(self, line: LiveLine) -> None:
        super().__init__(logging.DEBUG)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """Begin the phase of a message that names one."""
        if getattr(record, "phase", False):
            self._line.begin_phase(record.getMessage())
