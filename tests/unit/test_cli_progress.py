"""What is shown while a search runs, and what a signal does to it."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest

from planner.errors import ExitCode, Interrupted
from planner.formatting import money, percent
from planner.interrupt import Stop
from planner.solving.problem import Progress
from planner.solving.progress import ALIVE_SECONDS, LINE_SECONDS, ProgressLines


class Screen:
    """Keeps what was drawn."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def show(self, text: str) -> None:
        self.drawn.append(text)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Kept(logging.Handler):
    """Keeps what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def messages() -> Iterator[list[logging.LogRecord]]:
    logger, kept = logging.getLogger("planner"), Kept()
    before = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(kept)
    yield kept.records
    logger.removeHandler(kept)
    logger.setLevel(before)


def test_the_live_line_has_incumbent_bound_gap_and_seconds() -> None:
    """On a terminal one line says where the search stands, in words and units."""
    screen, clock = Screen(), Clock()
    lines = ProgressLines("Plan", "EUR", screen, clock)
    lines.show()
    clock.now = 1.0
    lines.update(Progress(0.0, 12_340_000, 12_000_000, 0.0275))
    lines.show()
    assert screen.drawn == ["Plan: no plan yet, 0 s", "Plan: 12.34 m EUR, bound 12.00 m EUR, gap 2.75 %, 1 s"]


def test_plain_lines_come_on_change_and_not_too_often(messages: list[logging.LogRecord]) -> None:
    """The first plan is said at once; after that a line follows a change, at most one in ten seconds."""
    clock = Clock()
    lines = ProgressLines("Plan", "USD", None, clock)
    for second in range(100):
        clock.now = float(second)
        if second == 3:
            lines.update(Progress(0.0, 100.0, 50.0, 0.5))
        if second in (5, 6, 7):
            lines.update(Progress(0.0, 90.0 - second, 50.0, 0.4))
        lines.show()
    said = [record.getMessage().rpartition(", ")[2] for record in messages]
    assert said == ["3 s", f"{3 + LINE_SECONDS:.0f} s", f"{3 + LINE_SECONDS + ALIVE_SECONDS:.0f} s"]
    assert all(record.levelno == logging.INFO for record in messages)


def test_beside_a_live_line_plain_lines_go_to_the_log_only(messages: list[logging.LogRecord]) -> None:
    """The terminal is not told twice; the log still has every change."""
    clock = Clock()
    lines = ProgressLines("Plan", "USD", Screen(), clock)
    lines.update(Progress(0.0, 100.0, 50.0, 0.5))
    lines.show()
    assert [record.levelno for record in messages] == [logging.DEBUG]


def test_a_bound_without_a_plan_is_no_plan(messages: list[logging.LogRecord]) -> None:
    """As long as nothing was found the line says so, whatever the bound."""
    screen = Screen()
    lines = ProgressLines("Plan", "USD", screen, Clock())
    lines.update(Progress(0.0, None, 5e9, None))
    lines.show()
    assert screen.drawn == ["Plan: no plan yet, bound 5.00 bn USD, gap -, 0 s"]


def test_a_first_signal_asks_the_search_to_stop_and_says_so_once(messages: list[logging.LogRecord]) -> None:
    """While a plan is searched Ctrl-C does not end the run: the best plan is kept."""
    with Stop() as stop:
        stop.draining = True
        lines = ProgressLines("Plan", "USD", None, Clock())
        assert not lines.stopped_by(stop)
        signal.raise_signal(signal.SIGINT)
        assert lines.stopped_by(stop)
        assert lines.stopped_by(stop)
    assert sum("best plan found so far is kept" in record.getMessage() for record in messages) == 1


def test_a_signal_is_answered_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Where work goes on after a signal the answer is there when the signal is handled, once."""
    with Stop("Stopping; what is known is told.") as stop:
        stop.draining = True
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert capfd.readouterr().err == "\nStopping; what is known is told.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_with_nothing_in_hand_ends_the_run(number: signal.Signals, code: int) -> None:
    """Before the search there is nothing to keep; the exit code tells which signal it was."""
    with Stop(), pytest.raises(Interrupted) as raised:
        signal.raise_signal(number)
    assert raised.value.exit_code == ExitCode(code)


def test_a_second_interrupt_ends_the_run_at_once_and_a_second_termination_does_not() -> None:
    """A person who presses Ctrl-C twice means it; a supervisor that repeats itself does not."""
    with Stop() as stop:
        stop.draining = True
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)


def test_signals_are_given_back() -> None:
    """After a run Ctrl-C means what it meant before."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 USD"), (999_999, "999,999 USD"), (1.5e6, "1.50 m USD"), (-2e9, "-2.00 bn USD"), (float("inf"), "-")],
)
def test_money_is_said_in_a_suitable_size(amount: float, words: str) -> None:
    """Millions from a million on, billions from a billion on, and never inf."""
    assert money(amount) == words


def test_a_percentage_has_the_digits_that_matter() -> None:
    """A gap of 0.1 % is not shown as 0 %."""
    assert [percent(each) for each in (0.001, 0.0123456, None)] == ["0.1 %", "1.23 %", "-"]
