"""What the checks look at: a Dataset, or as much of one as could be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.columns import Row
from models.dataset import Dataset
from models.faults import Fault
from models.parsing.row_parser import Entry, entries_of
from models.schema import SHEETS, Sheet, sheet_of


@dataclass(frozen=True)
class CheckContext:
    """The rows that could be read whole, as a Dataset; all rows as entries; and the sheets not to be trusted.

    `broken` names the sheets of which something could not be read: what they seem to lack may be there.
    """

    dataset: Dataset
    entries: Mapping[str, tuple[Entry, ...]]
    broken: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> dict[str, frozenset[str]]:
        """The names each sheet defines, in rows with other faults too."""
        return {
            sheet.name: frozenset(
                entry.values[sheet.key[0]] for entry in self.entries[sheet.name] if sheet.key[0] in entry.values
            )
            for sheet in SHEETS
            if sheet.key
        }

    @cached_property
    def sheets_hiding_names(self) -> frozenset[str]:
        """The sheets that may define a name we could not read."""
        return frozenset(sheet.name for sheet in SHEETS if sheet.key and self._may_hide_names(sheet))

    def _may_hide_names(self, sheet: Sheet) -> bool:
        entries = self.entries[sheet.name]
        return sheet.name in self.broken and not (entries and all(sheet.key[0] in entry.values for entry in entries))

    def all_entries(self, *sheets: str) -> Iterator[Entry]:
        """The entries of these sheets, of every sheet without any."""
        for name in sheets or self.entries:
            yield from self.entries[name]

    def used(self, column: str, *sheets: str) -> frozenset[str]:
        """The values of a column in these sheets, blanks left out."""
        values = (entry.values.get(column) for entry in self.all_entries(*sheets))
        return frozenset(value for value in values if value)


def check_context_of(dataset: Dataset) -> CheckContext:
    """All of a Dataset."""
    rows: dict[str, Any] = {"settings": (dataset.settings,)}
    rows |= {sheet.name: dataset.rows(sheet.name) for sheet in SHEETS if sheet.name != "settings"}
    return CheckContext(dataset, {name: tuple(entries_of({name: typed})) for name, typed in rows.items()})


def fault_in(
    place: Entry | Row,
    column: str,
    found: str,
    expected: str,
    fix: str,
    warning: str = "",
) -> Fault:
    """The fault of one row.

    Parameters
    ----------
    place
        The row, as an entry or as a row of the Dataset.
    column
        The column at fault.
    found, expected, fix
        What the cell holds, what it should hold, and what to do.
    warning
        The short name of a warning, one of `models.faults.WARNINGS`; none: an error, which stops a run.
    """
    if isinstance(place, Row):
        which = sheet_of(type(place))
        place = Entry(which, place.row, {name: getattr(place, name) for name in which.key})
    return Fault(place.sheet.name, column, place.label, found, expected, fix, warning, place.row)


def quoted(names: Iterable[str], most: int = 6) -> str:
    """The names, quoted, the first few of many."""
    each = list(names)
    return ", ".join(f"'{name}'" for name in each[:most]) + (", …" if len(each) > most else "")
