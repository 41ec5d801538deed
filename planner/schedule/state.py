"""What a runner remembers from one process to the next: which start came last, and whether it was seen through."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from planner.files.atomic import fits, read_kept, write_durably
from planner.schedule.calendar import Calendar

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RunnerState:
    """The last start: when it was due (UTC, ISO 8601), when its batch ended, with which exit code, and of which jobs.

    `finished` is None while the batch runs and where it broke off or was stopped; `jobs` is a hash of their path, ""
    where it is not known.
    """

    due: str
    finished: str | None = None
    exit_code: int | None = None
    jobs: str = ""

    @property
    def moment(self) -> dt.datetime:
        """The moment it was due."""
        return dt.datetime.fromisoformat(self.due)


def read_state(path: Path) -> RunnerState | None:
    """The state in a file; None where there is none, or none that can be understood: it is told and set aside."""
    return read_kept(path, _state_from_json, "when the last batch ran is not known, and missed starts are left out")


def _state_from_json(document: Any) -> RunnerState:
    state = RunnerState(document["due"], document["finished"], document["exit_code"], document.get("jobs", ""))
    known = fits(state.finished, str | None) and fits(state.exit_code, int | None) and fits(state.jobs, str)
    if state.moment.tzinfo is None or not known:
        raise ValueError("no state of a runner")
    return state


def write_state(path: Path, state: RunnerState) -> None:
    """Writes the state, whole or not at all.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    write_durably(path, json.dumps(asdict(state), indent=1) + "\n")


def first_start(calendar: Calendar, state: RunnerState | None, now: dt.datetime) -> dt.datetime | None:
    """When a runner that begins now starts its first batch: in the past where a start was missed or broke off.

    Of several missed starts it is the last. A runner that never ran has missed nothing. A last start in the future
    means that the clock was set back: by less than a day the same start is not made twice.

    Parameters
    ----------
    calendar
        When batches start.
    state
        What the last runner remembered; None where none ran.
    now
        An aware moment.

    Returns
    -------
    datetime, optional
        None when there never is a start again.
    """
    if state is None:
        return calendar.after(now)
    if state.moment > now:
        return calendar.after(state.moment if state.moment - now < ONE_DAY else now)
    due = calendar.latest(now)
    if state.finished is None:
        return max(due, state.moment) if due else state.moment
    return due if due is not None and due > state.moment else calendar.after(now)
