"""A file of records as a DataFrame: which of its columns is what, times, numbers and names, and what was not read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from models.parsing.raw_tables import fold
from models.text import seen
from planner.errors import WrongUsage
from planner.files.package import unescaped

MOST = 8
"""Of many names, or lines at fault, this many are told."""
_EPOCH = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (float("inf"), "ns"))
"""Up to which number a time counts since 1970 in which unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import, from where, into what.

    Parameters
    ----------
    source, input_path, output : Path
        The records, the workbook or folder, and the copy of it with the records in it.
    columns : mapping
        Columns of the source by what they hold; several joined by `+` are added up.
    names : mapping
        Names of the workbook by those of the source; "" leaves what is called so out.
    region, provider : str, optional
        Of all records, where no column says so.
    counter : bool
        Whether numbers of tokens are running totals.
    force : bool
        Replace the output if it exists.
    """

    source: Path
    input_path: Path
    output: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    provider: str | None = None
    counter: bool = False
    force: bool = False

    def renamed(self, names: pd.Series[str]) -> pd.Series[str]:
        """Names as the workbook has them; those left out become ""."""
        return names.map(lambda name: self.names.get(name, name))


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a file: `frame` has a column for each thing found, `rest` holds the other columns, as texts."""

    frame: pd.DataFrame
    rest: pd.DataFrame

    @property
    def unread(self) -> tuple[str, ...]:
        """The headings of the other columns."""
        return tuple(map(str, self.rest.columns))


def read_source(request: ImportRequest, fields: Mapping[str, Sequence[str]], needed: Collection[str] = ()) -> Records:
    """The columns of a CSV file, by what they hold.

    Parameters
    ----------
    request : ImportRequest
        Names the file, and columns that are called otherwise.
    fields : mapping
        For each thing the headings it may have, the best first; `a+b` stands for two columns that are added up.
    needed : collection of str
        Of these, what has to be there.

    Raises
    ------
    WrongUsage
        The file cannot be read, or lacks a column.
    """
    path = request.source
    if unknown := sorted(request.columns.keys() - fields.keys()):
        raise WrongUsage(f"--column {unknown[0]}=…: there is no such thing to import; there are {', '.join(fields)}.")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeError:
        raise WrongUsage(f"{path} is no CSV file in UTF-8. Save it as one, then name it as SOURCE.") from None
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise WrongUsage(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None
    headings = {fold(str(each)): str(each) for each in frame.columns}
    places = {name: _place(name, headings, fields[name], request) for name in fields}
    if missing := [name for name in needed if not places[name]]:
        told = "; ".join(f"{name} ({', '.join(fields[name])})" for name in missing)
        raise WrongUsage(f"{path} has no column for {told}. Its columns: {', '.join(headings.values())}. Use --column.")
    found = {name: _column(path, frame, columns) for name, columns in places.items() if columns}
    read = {each for columns in places.values() for each in columns}
    return Records(pd.DataFrame(found, index=frame.index), frame[[each for each in frame.columns if each not in read]])


def _place(name: str, headings: Mapping[str, str], known: Sequence[str], request: ImportRequest) -> list[str]:
    """The headings of the columns that hold a thing; none where there are none."""
    asked = request.columns.get(name)
    for each in [asked] if asked else known:
        parts = [fold(part) for part in ([each] if fold(each) in headings else each.split("+"))]
        if all(part in headings for part in parts):
            return [headings[part] for part in parts]
    if asked:
        raise WrongUsage(f"{request.source} has no column '{asked}'. Its columns: {', '.join(headings.values())}.")
    return []


def _column(path: Path, frame: pd.DataFrame, headings: Sequence[str]) -> pd.Series[str]:
    if len(headings) == 1:
        return frame[headings[0]].map(lambda text: seen(unescaped(text)).strip())  # as a workbook is read
    return sum(numbers(path, frame[each], each).fillna(0.0) for each in headings).astype(str)


def numbers(path: Path, texts: pd.Series[str], what: str) -> pd.Series[float]:
    """Numbers of texts; blank ones are NaN.

    Raises
    ------
    WrongUsage
        A text spells no number, or one below 0.
    """
    found = pd.to_numeric(texts.replace("", None), errors="coerce").astype(float)
    return found[_good(path, texts, ((found >= 0) & (found < float("inf"))) | (texts == ""), what, "a number >= 0")]


def times(path: Path, texts: pd.Series[str], what: str) -> pd.Series[pd.Timestamp]:
    """Times in UTC of texts: ISO 8601, or seconds (milli-, micro-, nanoseconds) since 1970.

    Raises
    ------
    WrongUsage
        A text spells no time.
    """
    count = pd.to_numeric(texts, errors="coerce")
    long = (texts.str.len() > 6) & count.notna()
    found = pd.to_datetime(texts.where(~long), utc=True, format="ISO8601", errors="coerce")
    for lower, (upper, unit) in zip([0.0, *(each for each, _ in _EPOCH)], _EPOCH, strict=False):
        here = long & (count >= lower) & (count < upper)
        found = found.where(~here, pd.to_datetime(count.where(here), unit=unit, utc=True))
    return found[_good(path, texts, found.notna(), what, "a time such as 2026-05-31T12:00:00Z")]


def _good(path: Path, texts: pd.Series[str], good: pd.Series[bool], what: str, expected: str) -> pd.Series[bool]:
    """All rows, if all are good."""
    if not good.all():
        lines = [f"line {int(row) + 2}: {texts[row]!r}" for row in texts.index[~good][:MOST]]
        raise WrongUsage(f"{path}, {what}: {expected} is expected; {few(lines, int((~good).sum()))}.")
    return good


def few(names: Collection[str], count: int | None = None) -> str:
    """Names in a sentence, of many the first."""
    more = (len(names) if count is None else count) - MOST
    return ", ".join([*list(names)[:MOST], *([f"and {more} more"] if more > 0 else [])])
