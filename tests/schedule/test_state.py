"""When a runner that begins starts its first batch."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import pytest

from planner.schedule.calendar import calendar
from planner.schedule.state import RunnerState, first_start, read_state, write_state

MONDAYS = calendar("0 6 * * MON", "UTC")
NOW = dt.datetime(2026, 5, 13, 12, tzinfo=dt.UTC)  # a Wednesday
LAST, NEXT = "2026-05-11T06:00:00+00:00", "2026-05-18T06:00:00+00:00"
DONE = "2026-05-11T06:20:00+00:00"


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (None, NEXT),
        (RunnerState(LAST, DONE, 0), NEXT),
        (RunnerState(LAST, DONE, 9), NEXT),
        (RunnerState(LAST, None, None), LAST),
        (RunnerState("2026-05-04T06:00:00+00:00", DONE, 0), LAST),
        (RunnerState("2026-01-05T06:00:00+00:00", DONE, 0), LAST),
        (RunnerState("2026-01-05T06:00:00+00:00", None, None), LAST),
        (RunnerState("2026-05-13T12:30:00+00:00", DONE, 0), NEXT),
        (RunnerState("2031-05-12T06:00:00+00:00", DONE, 0), NEXT),
    ],
    ids=[
        "never ran",
        "ran",
        "failed: the next try is the next start",
        "broke off",
        "missed one",
        "missed many: made up for once",
        "broke off long ago",
        "the clock was set back a little",
        "the clock had been wrong by years",
    ],
)
def test_what_was_missed_is_made_up_for_once(state: RunnerState | None, first: str) -> None:
    """A start that was missed or broke off comes at once, the last of them only; nothing is started twice."""
    assert first_start(MONDAYS, state, NOW) == dt.datetime.fromisoformat(first)


def test_a_start_is_not_made_twice_when_the_clock_goes_back(tmp_path: Path) -> None:
    """With the clock ten minutes back, the start that was made is not made again."""
    made = RunnerState(LAST, DONE, 0)
    before_it = dt.datetime(2026, 5, 11, 5, 50, tzinfo=dt.UTC)
    assert first_start(MONDAYS, made, before_it) == dt.datetime.fromisoformat(NEXT)


def test_the_state_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """What one process writes, the next one knows."""
    path = tmp_path / "state.json"
    assert read_state(path) is None
    for state in (RunnerState(LAST), RunnerState(LAST, DONE, 9)):
        write_state(path, state)
        assert read_state(path) == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"due": 5, "finished": null, "exit_code": null}', '{"due": "soon"}'])
def test_a_state_that_cannot_be_understood_is_none(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file is told of, and nothing is caught up because of it."""
    monkeypatch.setattr(logging.getLogger("planner"), "propagate", True)
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")
    assert read_state(path) is None
    assert "when the last batch ran is not known" in caplog.text
