"""Names that a person may have meant otherwise: nearly the same as another, or of a sum of others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from models.checks.context import CheckContext, fault_in
from models.faults import Fault
from models.parsing.row_parser import Entry
from models.realization import ALL
from models.text import difference, likeness

UNDECLARED = {
    "provider": "provider",
    "region": "region",
    "capacity_region": "region",
    "demand_region": "region",
    "site": "site",
    "vendor": "vendor",
}
"""Columns of names that no sheet declares, and what they are names of."""
SUMS = frozenset(("total", "sum", "all", "grandtotal", "subtotal"))


def nearly_same_names(context: CheckContext) -> Iterator[Fault]:
    """Warns of a provider, region, site or vendor named in two ways: apart they are two, and a cap holds for one."""
    places: dict[tuple[str, str], dict[str, tuple[Entry, str]]] = defaultdict(dict)
    for entry, column, kind in _uses(context):
        name = entry.values[column]
        places[kind, likeness(name)].setdefault(name, (entry, column))
    for (kind, _), names in places.items():
        first, *others = names
        for name in others:
            entry, column = names[name]
            elsewhere, _ = names[first]
            found = f"'{name}', while row {elsewhere.row} of {elsewhere.sheet.name} has '{first}'"
            fix = f"Write both alike if they are one {kind}: {difference(name, first)}."
            yield fault_in(entry, column, found, f"one way to write each {kind}", fix, "nearly-same-name")


def sums_of_others(context: CheckContext) -> Iterator[Fault]:
    """Warns of a region or segment whose name is that of a sum: its demand may be that of others once more."""
    told: set[tuple[str, str]] = set()
    for entry in context.entries["demand"]:
        for column in ("segment", "region"):
            name = entry.values.get(column)
            if name and likeness(name) in SUMS and (column, name) not in told:
                told.add((column, name))
                expected = f"the name of a {column}"
                fix = "Delete the row if it sums others; rename it if not."
                yield fault_in(entry, column, f"'{name}'", expected, fix, "sum-of-others")


def _uses(context: CheckContext) -> Iterator[tuple[Entry, str, str]]:
    """Each use of a name that no sheet declares: its row, its column, and what it is the name of."""
    for sheet, entries in context.entries.items():
        if entries:
            columns = [each.name for each in entries[0].sheet.columns if each.name in UNDECLARED]
            yield from (
                (entry, name, UNDECLARED[name]) for entry in entries for name in columns if entry.values.get(name)
            )
        if sheet == "caps":
            named = (entry for entry in entries if entry.values.get("name") not in (None, ALL))
            scoped = (entry for entry in named if entry.values.get("scope") in UNDECLARED.values())
            yield from ((entry, "name", entry.values["scope"]) for entry in scoped)
