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
from planner.text_table import INDENT, Line, TextTable

if TYPE_CHECKING:
    from rich.console import JustifyMethod, RenderableType
    from rich.text import Text

PHASE = {"phase": True}
"""What a message carries (`extra`) that begins a phase of the work: the live line shows it while it lasts."""
DRAWN_PER_SECOND = 5
_LABELLED = re.compile(r"(?P<indent> +)(?P<label>(?:\S+ )*\S+ {2,}|\s{6,})(?P<words>\S.*)")
"""A line of a result: a label, in a column of its own or blank as that of the line before, and words."""
_COPIED = re.compile(r"\S*[/\\]\S*\.\w+|\bplanner \w+ \S*\.\w+|\b(sudo|crontab|systemctl|schtasks|kubectl) ")
"""A path or a command: a line with one is not broken, so that it can be copied."""
_STYLES = (
    (re.compile(r"(error|BROKEN|planner)\b"), "bold red"),
    (re.compile(r"(warning|Note):"), "yellow"),
    (re.compile(r"Written:|.*\bPlan found\b"), "green"),
    (re.compile(r"(no plan|faulty workbook|plan fails|broken off|ended:)"), "red"),
    (re.compile(r"\S.*\b(Stopped early|No plan exists|failed its audit|is rejected)\b"), "bold red"),
)
"""What a line or a cell of a table that begins so, or says so, is shown in."""


def is_terminal(*, err: bool = False) -> bool:
    """Whether a standard stream is a terminal that more than plain lines can be drawn on."""
    return (sys.stderr if err else sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def drawn(lines: Iterable[Line]) -> str:
    """Lines as a terminal shows them: words and tables as wide as it is, in colours unless NO_COLOR is set."""
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, highlight=False)
    with console.capture() as captured:
        for each, whole in _columns(lines):
            console.print(each, soft_wrap=whole)
    return captured.get().rstrip("\n")


def _columns(lines: Iterable[Line]) -> Iterator[tuple[RenderableType, bool]]:
    """Each line as it is drawn, and whether it stays one: words wrap beside their label, or under their indent."""
    for each in lines:
        if isinstance(each, TextTable):
            yield _table(each), False
            continue
        line = escaped(each)
        if (found := _LABELLED.fullmatch(line)) is not None:
            first, words = _plain(found["indent"] + found["label"], "bold cyan"), _styled(found["words"])
        else:
            indent = len(line) - len(line.lstrip(" "))
            first, words = _plain(line[:indent], ""), _styled(line[indent:])
        whole = bool(_COPIED.search(line))
        yield first + words if whole else _beside(first, words), whole


def _beside(first: Text, words: Text) -> RenderableType:
    """Words that wrap in a column of their own."""
    from rich.table import Table

    if not first:
        return words
    grid = Table.grid(padding=0)
    grid.add_column(width=len(first), no_wrap=True)
    grid.add_column()
    grid.add_row(first, words)
    return grid


def _table(table: TextTable) -> RenderableType:
    """A table whose figures stay whole; its words wrap where the terminal is too narrow."""
    from rich import box
    from rich.padding import Padding
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold cyan")
    cells = table.cells
    for place, (title, right) in enumerate(zip(table.titles, table.at_right, strict=True)):
        longest = max((len(row[place]) for row in cells), default=0)
        justify: JustifyMethod = "right" if right else "left"
        shown.add_column(_plain(title, ""), justify=justify, min_width=longest if right else None, overflow="fold")
    for row in cells:
        shown.add_row(*map(_styled, row))
    return Padding(shown, (0, 0, 0, len(INDENT)))


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
