"""What a terminal shows beyond plain lines: columns, colours and the phase at work."""

from __future__ import annotations

import logging
import re

import pytest

from planner.console import Console
from planner.terminal import PHASE, LiveLine, PhaseHandler, drawn
from planner.text_table import TextTable

LINES = [
    "Lumen: Plan found, proven within the requested gap.",
    "  Signing nothing   143.85 m USD; value at stake 70.57 m USD; cash saved 57.27 m USD, revenue loss avoided",
    "                    and [more] of it",
]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_words_wrap_beside_their_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, and what wraps stands under the words, not under the label."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").rstrip() for line in drawn(LINES).splitlines()]
    assert shown[0] == LINES[0]
    assert all(len(line) <= 60 for line in shown)
    assert shown[1].startswith("  Signing nothing   143.85 m USD;")
    assert all(line.startswith(" " * 20) and line[20] != " " for line in shown[2:])
    assert shown[-1].endswith("[more] of it")


def test_colours_unless_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault is red on a terminal, and has no colour where NO_COLOR is set."""
    assert "31m" in drawn(["error: demand B2: found -1"])
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in drawn(["error: demand B2: found -1"])


def test_a_path_is_not_broken() -> None:
    """A line with a path or a command stays one line, so that it can be copied; a sentence wraps between words."""
    path = "folder/" * 20 + "plan.xlsx"
    for line in (
        f"Written: {path}",
        f"  Plan              {path}",
        f"Next, run: planner solve {'a' * 60}.xlsx --gap 1%",
    ):
        assert line in re.sub(r"\x1b\[[0-9;]*m", "", drawn([line]))
    words = "A planner without foresight: what is not known within the gap is a range, which time narrows, in USD/h."
    shown = drawn([words]).splitlines()
    assert max(map(len, shown)) <= 60
    assert " ".join(each.strip() for each in shown) == words
    assert all(each.startswith("  ") for each in drawn([f"  {words}"]).splitlines())


def test_a_name_cannot_drive_the_terminal() -> None:
    """An escape sequence in a name is shown, not obeyed."""
    assert "\\x1b[2J" in drawn(["error: found \x1b[2J"])


def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is as narrow as the terminal: words wrap in their column, figures stay whole and in line."""
    monkeypatch.setenv("NO_COLOR", "1")
    words = "nexus [old] " * 12
    table = TextTable(("Job", ">Cost of the plan", "In words"), [("west", "151.78 bn USD", words), ("b", "-4", "ok")])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", drawn([table])).splitlines()
    assert all(len(line.rstrip()) <= 60 for line in shown)
    assert set(shown[1].strip()) == {"─"} or set(shown[2].strip()) == {"─"}
    first, last = (next(line for line in shown if line.strip().startswith(name)) for name in ("west", "b "))
    assert first.index("151.78 bn USD") + len("151.78 bn USD") == last.index("-4") + 2
    assert sum(line.count("nexus") for line in shown) == sum(line.count("[old]") for line in shown) == 12


def test_a_table_has_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The head of a table and a job that failed are coloured on a terminal, and not with NO_COLOR."""
    table = TextTable(("Job", "Status"), [("west", "no plan exists")])
    assert {"36m", "31m"} <= set(re.findall(r"3\dm", drawn([table])))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.findall(r"3\dm", drawn([table]))


def test_a_table_without_rows_is_its_head() -> None:
    """A table of nothing is drawn, on a terminal and elsewhere."""
    table = TextTable(("Job", ">Cost"), [])
    assert "Cost" in drawn([table])
    assert list(table.plain()) == ["  Job  Cost"]


def test_a_table_is_plain_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no terminal reads it, a table is a row a line, without a rule, colours or breaks."""
    Console().print_lines([TextTable(("Job", ">Cost"), [("west", "3.02 m"), ("with \x1b[2J", "-")])])
    assert capsys.readouterr().out.splitlines() == [
        "  Job             Cost",
        "  west          3.02 m",
        "  with \\x1b[2J       -",
    ]


def test_a_message_begins_a_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a message that says so becomes the live line, and the line tells how long the phase has lasted."""
    line = LiveLine()
    began: list[str] = []
    monkeypatch.setattr(line, "begin_phase", began.append)
    log = logging.getLogger("test-phases")
    log.setLevel(logging.DEBUG)
    log.addHandler(PhaseHandler(line))
    log.info("Marginal values", extra=PHASE)
    log.info("warning: something")
    assert began == ["Marginal values"]
