"""What the checks look at: a Dataset, or as much of one as could be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.dataset import Dataset
from models.entries import Entry, entries_of
from models.schema import SHEETS


@dataclass(frozen=True)
class Material:
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
    def nameless(self) -> frozenset[str]:
        """The sheets that may define a name we could not read."""
        return frozenset(
            sheet.name
            for sheet in SHEETS
            if sheet.key
            and sheet.name in self.broken
            and not all(sheet.key[0] in entry.values for entry in self.entries[sheet.name] or (Entry(sheet, 0, {}),))
        )

    def all_entries(self) -> Iterator[Entry]:
        for entries in self.entries.values():
            yield from entries


def material_of(dataset: Dataset) -> Material:
    """All of a Dataset."""
    rows: dict[str, Any] = {"settings": (dataset.settings,)}
    rows |= {sheet.name: getattr(dataset, sheet.name) for sheet in SHEETS if sheet.name != "settings"}
    return Material(dataset, {name: tuple(entries_of({name: typed})) for name, typed in rows.items()})
