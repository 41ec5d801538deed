"""Where figures come from: the column `source` that any sheet may have. No plan depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from models.columns import CellError, parse
from models.parsing.raw_tables import RawTable, Record, first_letters, fold, is_blank
from models.schema import SHEETS, Sheet, never_read

Sources = Mapping[tuple[str, str], str]
"""What stands in the column `source`, by sheet and key of the row (settings: the key)."""


def sources_of(tables: Iterable[RawTable]) -> dict[tuple[str, str], str]:
    """The sources that tables name; those of rows whose key cannot be read are left out."""
    known = {each.name: each for each in SHEETS}
    return {
        (which.name, key): text
        for table in tables
        if (which := known.get(fold(table.name))) is not None and never_read("source", which)
        for key, text in _rows(which, table)
    }


def _rows(which: Sheet, table: RawTable) -> Iterator[tuple[str, str]]:
    letters = first_letters(table)
    letter = letters.get("source")
    for record in table.records:
        text = None if letter is None else record.values.get(letter)
        key = "" if is_blank(text) else _key(which, letters, record)
        if key:
            yield key, str(text).strip()


def _key(which: Sheet, letters: Mapping[str, str], record: Record) -> str:
    """The key of a row as it is shown, its parts joined by /; "" where one cannot be read."""
    if which.name == "settings":
        return fold(str(record.values.get(letters.get("key", ""), "")))
    parts = []
    for column in map(which.column, which.key):
        value = record.values.get(letters.get(column.name, ""))
        if not is_blank(value):
            try:
                parts.append(str(column.shown(parse(column, value)[0])))
            except CellError:
                return ""
    return "/".join(parts)
