"""`results.sqlite`: every tidy table of many plans in one file that SQL and pandas read.

A sheet is a table of the same name, lower case with underscores, with a column `job` before its own; months are texts
such as 2026-09. The table `jobs` has a row for each of them, with or without a plan. Plans that are as they were are
not read again. The file is written beside its place and moved there.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from models.faults import FaultyWorkbook
from models.parsing.raw_tables import Unreadable, column_letter
from planner.errors import CannotWrite, os_error_reason
from planner.excel.plan_file import PlanSheets
from planner.files.atomic import write_durably

log = logging.getLogger("planner")
STORE = "results.sqlite"
JOBS = "jobs"
MOST_BYTES = 1 << 30
"""An earlier store that is larger is made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A row of the table `jobs`.

    Parameters
    ----------
    job
        Its name, which the rows of its plan have in every table.
    status, good
        How its search ended, and whether that counts as good.
    objective_usd, bound_usd, gap, seconds
        What its plan costs, any at least, how far apart they are, and the time that was spent.
    input, plan, plan_sha256
        The problem; the plan, relative to the folder, "" without one; and the hash of its bytes.
    started
        When, in UTC; None where that is not known.
    """

    job: str
    status: str
    good: bool
    objective_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    seconds: float = 0.0
    input: str = ""
    plan: str = ""
    plan_sha256: str = ""
    started: str | None = None


COLUMNS = tuple(each.name for each in fields(StoredPlan))
"""Of the table `jobs`."""


def write_store(path: Path, folder: Path, plans: Sequence[StoredPlan]) -> None:
    """Writes the store of these plans.

    Parameters
    ----------
    path
        Where; what it holds already is kept, where it is a store of plans that are as they were.
    folder
        What the paths of the plans are relative to.
    plans
        What it is to hold.

    Raises
    ------
    CannotWrite
        The store cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory() as temporary:
            made = Path(temporary) / STORE
            with closing(_opened(path, made)) as store, store:
                _fill(store, folder, plans)
            with closing(sqlite3.connect(made)) as store:
                store.execute("VACUUM")
            content = made.read_bytes()
    except (OSError, sqlite3.Error) as error:
        reason = os_error_reason(error) if isinstance(error, OSError) else str(error)
        made_in = f"it is made in {tempfile.gettempdir()}, and TMPDIR names another folder"
        raise CannotWrite(path, f"{reason} ({made_in})") from None
    write_durably(path, content)


def _opened(path: Path, made: Path) -> sqlite3.Connection:
    """A copy of the earlier store, or an empty one where there is none that can be read."""
    if path.is_file() and path.stat().st_size <= MOST_BYTES:
        made.write_bytes(path.read_bytes())
        store = sqlite3.connect(made)
        try:
            if store.execute("PRAGMA quick_check").fetchone() == ("ok",) and _columns(store, JOBS) == list(COLUMNS):
                return store
        except sqlite3.Error:
            log.debug("%s is no store of ours, and is made anew", path)
        store.close()
        made.unlink()
    store = sqlite3.connect(made)
    store.execute(f"CREATE TABLE {JOBS} ({', '.join(map(_quoted, COLUMNS))})")
    return store


def _fill(store: sqlite3.Connection, folder: Path, plans: Sequence[StoredPlan]) -> None:
    known = dict(store.execute(f"SELECT job, plan_sha256 FROM {JOBS} WHERE plan_sha256 != ''"))
    for each in plans:
        if each.job in known and known.pop(each.job) == each.plan_sha256:
            continue
        _forget(store, each.job)
        if each.plan:
            _add_plan(store, each.job, folder / each.plan)
    for name in known:
        _forget(store, name)
    store.execute(f"DELETE FROM {JOBS}")
    _insert(store, JOBS, COLUMNS, map(astuple, plans))


def _forget(store: sqlite3.Connection, job: str) -> None:
    for table in _tables(store):
        store.execute(f"DELETE FROM {_quoted(table)} WHERE job = ?", (job,))


def _add_plan(store: sqlite3.Connection, job: str, path: Path) -> None:
    """Adds the tidy sheets of a plan; one that cannot be read is told and left out."""
    try:
        sheets = PlanSheets(path)
        for sheet in sheets.by_name.values():
            rows = sheets.rows(sheet.name)
            _, first = next(rows, (0, {}))
            if headers := _headers(first):
                table = re.sub(r"[\s-]+", "_", sheet.name.lower())
                _make_room(store, table, ["job", *headers.values()])
                values = ((job, *(_value(cells.get(letter)) for letter in headers)) for _, cells in rows)
                _insert(store, table, ["job", *headers.values()], values)
    except FaultyWorkbook as error:
        log.warning("warning: the plan of job %s is not in %s: %s", job, STORE, error.faults[0])


def _headers(cells: Mapping[str, object]) -> dict[str, str]:
    """The headers of a tidy sheet by column letter; none where its first row is something else."""
    letters = [column_letter(position) for position in range(len(cells))]
    texts = {letter: text for letter in letters if isinstance(text := cells.get(letter), str)}
    return texts if len(texts) > 1 and len(set(map(str.lower, texts.values()))) == len(cells) else {}


def _make_room(store: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """Makes the table, or adds the columns that it lacks."""
    there = {name.lower() for name in _columns(store, table)}
    if not there:
        store.execute(f"CREATE TABLE {_quoted(table)} ({', '.join(map(_quoted, columns))})")
        return
    for column in columns:
        if column.lower() not in there:
            store.execute(f"ALTER TABLE {_quoted(table)} ADD COLUMN {_quoted(column)}")


def _insert(store: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterator[tuple[object, ...]]) -> None:
    names, places = ", ".join(map(_quoted, columns)), ", ".join("?" * len(columns))
    store.executemany(f"INSERT INTO {_quoted(table)} ({names}) VALUES ({places})", rows)


def _value(cell: object) -> object:
    """A cell's value as SQLite has it: months as text, what cannot be read as nothing."""
    if isinstance(cell, (dt.datetime, dt.date)):
        return f"{cell:%Y-%m}" if cell.day == 1 else f"{cell:%Y-%m-%d}"
    return None if isinstance(cell, Unreadable) else cell


def _tables(store: sqlite3.Connection) -> list[str]:
    found = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for (name,) in found]


def _columns(store: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in store.execute(f"PRAGMA table_info({_quoted(table)})")]


def _quoted(name: str) -> str:
    """A name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
