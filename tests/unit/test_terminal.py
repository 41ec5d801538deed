"""What a terminal shows beyond plain lines: columns, colours and the phase at work."""

from __future__ import annotations

import logging

import pytest

from planner.terminal import PHASE, LiveLine, PhaseHandler, drawn

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
    """A line with a path or a command stays one line, so that it can be copied."""
    line = f"Written: {'folder/' * 20}plan.xlsx"
    assert line in drawn([line]).replace("\x1b[32m", "").replace("\x1b[0m", "")


def test_a_name_cannot_drive_the_terminal() -> None:
    """An escape sequence in a name is shown, not obeyed."""
    assert "\\x1b[2J" in drawn(["error: found \x1b[2J"])


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
