"""Names: every name used is defined somewhere, keys are unique, and a site lies in one region."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from models import months
from models.checks.context import CheckContext, fault_in
from models.columns import Column
from models.faults import Fault, closest
from models.grouping import groups
from models.parsing.row_parser import Entry
from models.schema import OF_OFFERS, referred
from models.supply.kind import OfferKind
from models.supply.registry import KINDS, bought, ruled, uncertain
from models.text import and_list


def sources() -> tuple[str, ...]:
    """The sheets of committed capacity."""
    return ("fleet", *(kind.sheet.name for kind in bought()))


def names_of_sources() -> str:
    """The sheets of committed capacity in a sentence: `fleet, leases or contracts`."""
    *others, last = sources()
    return f"{', '.join(others)} or {last}"


SHOWN = 20
"""The same unknown name is reported in so many rows, then counted."""


def duplicated_keys(context: CheckContext) -> Iterator[Fault]:
    """Each key once; a blank from_month is the first month of the horizon."""
    first = None if "settings" in context.broken else context.dataset.settings.first_month
    for entries in context.entries.values():
        seen: dict[tuple[object, ...], int] = {}
        for entry in entries:
            names = entry.sheet.key
            if not names or not all(name in entry.values for name in names):
                continue
            key = tuple(
                first if name == "from_month" and entry.values[name] is None else entry.values[name] for name in names
            )
            if key in seen:
                label = "/".join(
                    months.label(part) if isinstance(part, int) and n in ("month", "from_month") else str(part)
                    for n, part in zip(names, key, strict=True)
                    if part is not None
                )
                found = f"'{label}' a second time (first in row {seen[key]})"
                fix = "Delete one of the two rows, or change its key."
                yield fault_in(entry, names[-1], found, f"each {and_list(names)} once", fix)
            seen.setdefault(key, entry.row)


def unknown_names(context: CheckContext) -> Iterator[Fault]:
    """Each name in a column that refers to other sheets is a key of one of them.

    A name is told in so many rows, and so many names in a column, then they are counted.
    """
    for sheet, entries in context.entries.items():
        columns = [column for column in entries[0].sheet.columns if column.refers] if entries else []
        for column in columns:
            if context.sheets_hiding_names.intersection(referred(column)):
                continue
            known = frozenset().union(*(context.names[refers] for refers in referred(column)))
            count: Counter[str] = Counter()
            first: dict[str, Fault] = {}
            last_row: dict[str, int] = {}
            for entry in entries:
                for name in _unknown(entry, column, known):
                    if entry.wide and last_row.get(name) == entry.row:
                        continue  # the row has an entry for each month
                    last_row[name] = entry.row
                    count[name] += 1
                    if count[name] <= SHOWN and (name in first or len(first) < SHOWN):
                        fix = first[name].fix if name in first else closest(name, sorted(known))
                        fault = fault_in(entry, column.name, f"'{name}'", _defined_in(column), fix)
                        first.setdefault(name, fault)
                        yield replace(fault, row_key=fault.row_key.rpartition("/")[0]) if entry.wide else fault
            for name, fault in first.items():
                if count[name] > SHOWN:
                    found = f"'{name}' in {count[name] - SHOWN} more rows"
                    yield Fault(sheet, column.name, "", found, fault.expected, fault.fix)
            if len(count) > len(first):
                found = f"{len(count) - len(first):,} more names that are not defined"
                yield Fault(sheet, column.name, "", found, _defined_in(column), "Correct those above first.")


def _defined_in(column: Column) -> str:
    return f"a name defined in the sheet {' or '.join(referred(column))}"


def _unknown(entry: Entry, column: Column, known: frozenset[str]) -> list[str]:
    return [name for name in _names(entry, column.name) if name not in known]


def _names(entry: Entry, column: str) -> tuple[str, ...]:
    """The names in a cell, of one or several."""
    value = entry.values.get(column)
    return value if isinstance(value, tuple) else (value,) if value else ()


def names_of_two_offers(context: CheckContext) -> Iterator[Fault]:
    """An offer that is named in another sheet is one offer, of the kinds that the cell can mean.

    An option never means a lease-out, a cap neither; scenario factors mean what they can act on.
    """
    caps = [entry for entry in context.entries["caps"] if entry.values.get("scope") == "offer"]
    factors = groups((str(entry.values.get("quantity")), entry) for entry in context.entries["scenario_factors"])
    capped = [kind for kind in KINDS if kind.is_offer]
    for entries, column, kinds in (
        (context.entries["rules"], "offers", ruled()),
        (context.entries["options"], "offer", bought()),
        (caps, "name", capped),
        *((factors.get(quantity, []), "name", uncertain(quantity)) for quantity in OF_OFFERS),
    ):
        for entry in entries:
            for name in _names(entry, column):
                homes = [home for kind in kinds if (home := _home(context, kind, name))]
                if len(homes) > 1:
                    fix = "Rename one of the two, in its own sheets and wherever it is named."
                    yield fault_in(entry, column, f"'{name}', {' and '.join(homes)}", "the name of one offer", fix)


def _home(context: CheckContext, kind: OfferKind, name: str) -> str:
    """Where a kind has an offer of that name, in words; blank where it has none."""
    sheet = kind.sheet
    if name not in context.names[sheet.name]:
        return ""
    rows = (entry.row for entry in context.entries[sheet.name] if entry.values.get(sheet.key[0]) == name)
    return f"a {kind.noun} (row {next(rows)} of {sheet.name})"


def unlikely_regions(context: CheckContext) -> Iterator[Fault]:
    """Warns of regions that look like slips: with a network, no way in; without, a name much like another's."""
    supply = context.used("region", *sources(), "on_demand")
    wanted = context.used("region", "demand")
    linked = context.used("demand_region", "network")
    open_to = context.used("capacity_region", "network")
    seen = set(supply | linked)
    for entry in context.entries["demand"]:
        region = entry.values.get("region")
        if not region or region in seen:
            continue
        seen.add(region)
        if context.entries["network"] or difflib.get_close_matches(region, supply, n=1, cutoff=0.8):
            found = f"'{region}', where there is no capacity{' and no network row' if linked else ''}"
            expected = f"a region named in {', '.join(sources())}, on_demand or network"
            yield fault_in(
                entry, "region", found, expected, closest(region, sorted(supply | linked)), "region-without-capacity"
            )
    for entry in context.all_entries(*sources(), "on_demand"):
        region = entry.values.get("region")
        if linked and region and region not in open_to | wanted:
            expected = "a region with demand, or one that network lets serve others"
            fix = f"{closest(region, sorted(open_to | wanted))} As it is, it serves no demand."
            yield fault_in(entry, "region", f"'{region}'", expected, fix, "region-without-demand")
    for entry in context.entries["lease_outs"]:
        region = entry.values.get("region")
        if region and region not in (ours := context.used("region", "fleet", "leases")):
            fix = f"{closest(region, sorted(ours))} As it is, there is nothing to lease out."
            yield fault_in(
                entry, "region", f"'{region}'", "a region of fleet or leases", fix, "region-without-capacity"
            )
    for entry in context.entries["network"]:
        for column, known, expected in (
            ("capacity_region", supply, f"a region with capacity in {', '.join(sources())} or on_demand"),
            ("demand_region", wanted, "a region with demand"),
        ):
            region = entry.values.get(column)
            if region and region not in supply | wanted:
                fix = f"{closest(region, sorted(known))} As it is, the row changes nothing."
                yield fault_in(entry, column, f"'{region}'", expected, fix, "network-row-unused")


def runs_and_segments(context: CheckContext) -> Iterator[Fault]:
    """Runs and segments have names of their own: work is told by them."""
    for entry in context.entries["runs"]:
        name = entry.values.get("run")
        if name in context.names["segments"]:
            yield fault_in(entry, "run", f"'{name}', which is a segment", "a name of its own", "Rename one of the two.")


def sites_in_two_regions(context: CheckContext) -> Iterator[Fault]:
    """A site lies in one region; a source without a site is one by itself."""
    first: dict[str, Entry] = {}
    for entry in context.all_entries(*sources()):
        values = entry.values
        if not {"site", "region", entry.sheet.key[0]} <= values.keys():
            continue
        site = values["site"] or values[entry.sheet.key[0]]
        other = first.setdefault(site, entry)
        if other.values["region"] != values["region"]:
            found = f"site '{site}' in region '{values['region']}'"
            elsewhere = f"{other.sheet.name} row {other.row} has it in '{other.values['region']}'"
            fix = "Give the site one region, or rename one of the two sites."
            yield fault_in(entry, "region", found, f"one region for each site; {elsewhere}", fix)
