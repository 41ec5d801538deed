"""Checks within one row, on whatever of the row could be read."""

from __future__ import annotations

from collections.abc import Iterator

from models import months
from models.checks.context import CheckContext, fault_in
from models.faults import WARNINGS, Fault, closest
from models.parsing.row_parser import Entry
from models.schema import MEASURES
from models.supply.registry import KINDS

RANGES = (
    ("sign_from", "sign_until"),
    ("start_from", "start_until"),
    ("from_month", "until_month"),
    ("buy_from", "buy_until"),
    ("min_blocks", "max_blocks"),
)
"""Columns of which the second must not lie before the first, in every sheet that has both."""

PRICES = {
    "lease_terms": ("usd_per_accelerator_hour", "usd_per_unit_month"),
    "contract_tiers": ("usd_per_accelerator_hour", "usd_per_kw_month"),
}


def reversed_ranges(context: CheckContext) -> Iterator[Fault]:
    """Windows end after they begin, and offers have at least as many blocks as they ask for."""
    for entries in context.entries.values():
        columns = {column.name: column for column in entries[0].sheet.columns} if entries else {}
        for low, high in RANGES:
            if low in columns and high in columns:
                for entry in entries:
                    yield from _reversed(entry, low, high, columns[low].kind == "month")


def _reversed(entry: Entry, low: str, high: str, dated: bool) -> Iterator[Fault]:
    first, last = entry.values.get(low), entry.values.get(high)
    if first is None or last is None or first <= last:
        return
    if low == "min_blocks" and entry.values.get("status") == "signed":
        return  # signed_blocks says how many; what could be had no longer matters
    shown = [months.label(each) if dated else str(each) for each in (first, last)]
    found = f"{shown[1]}, {'before' if dated else 'below'} {low} {shown[0]}"
    yield fault_in(entry, high, found, f"{low} or {'later' if dated else 'more'}", "Correct one of the two.")


def one_price(context: CheckContext) -> Iterator[Fault]:
    """Exactly one of the two ways to price a term or tier is filled in."""
    for sheet, (first, second) in PRICES.items():
        for entry in context.entries[sheet]:
            if not {first, second} <= entry.values.keys():
                continue
            filled = [name for name in (first, second) if entry.values[name] is not None]
            if len(filled) != 1:
                found = f"both {first} and {second}" if filled else "no price"
                fix = "Keep the one that the contract states; clear the other." if filled else "Fill in one of the two."
                yield fault_in(entry, first, found, f"exactly one of {first} and {second}", fix)


def lease_rights(context: CheckContext) -> Iterator[Fault]:
    """Renewals have a length; warns of a right to cancel that the term never reaches."""
    for entry in context.entries["lease_terms"]:
        get = entry.values.get
        if get("renewals_max") and "renewal_months" in entry.values and get("renewal_months") is None:
            fix = "Fill in how many months each renewal adds."
            yield fault_in(entry, "renewal_months", "an empty cell", "a length, as renewals_max is above 0", fix)
        fix = "As it is the lease cannot be cancelled; clear the cell if that is meant."
        yield from _right_within_term(entry, "cancel_after_months", "notice_months", fix)


def recall_rights(context: CheckContext) -> Iterator[Fault]:
    """Warns of a right to recall that the term never reaches."""
    for entry in context.entries["lease_outs"]:
        fix = "As it is the units cannot be recalled; clear the cell if that is meant."
        yield from _right_within_term(entry, "recall_after_months", "recall_notice_months", fix)


def _right_within_term(entry: Entry, right: str, notice_column: str, fix: str) -> Iterator[Fault]:
    term, after, notice = (entry.values.get(name) for name in ("term_months", right, notice_column))
    if term is not None and after is not None and notice is not None and after + notice >= term:
        found = f"{after} months and {notice} of notice, in a term of {term}"
        yield fault_in(entry, right, found, "less than term_months together", fix, "cancel-out-of-reach")


def signed_rows(context: CheckContext) -> Iterator[Fault]:
    """A signed row says when and how much; warns where a row that is not signed says so."""
    for kind in KINDS:
        columns = [each.name for each in kind.sheet.columns if each.name.startswith("signed_")]
        for entry in context.entries[kind.sheet.name]:
            status = entry.values.get("status")
            for name in columns:
                if name not in entry.values or status is None:
                    continue
                value = entry.values[name]
                if status == "signed" and value is None:
                    yield fault_in(entry, name, "an empty cell", "a value, as the status is signed", "Fill it in.")
                elif status == "offer" and value is not None:
                    shown = months.label(value) if name == "signed_month" else str(value)
                    fix = "It is not used; set the status to signed, or clear the cell."
                    yield fault_in(
                        entry, name, shown, "an empty cell, as the status is offer", fix, "signed-column-unused"
                    )


def cap_rows(context: CheckContext) -> Iterator[Fault]:
    """A cap's measure has its scope, and its scope its name."""
    for entry in context.entries["caps"]:
        get = entry.values.get
        measure, scope, value = get("measure"), get("scope"), get("value")
        if measure and scope and scope not in MEASURES[measure]:
            expected = f"for {measure} one of {', '.join(MEASURES[measure])}"
            yield fault_in(entry, "scope", scope, expected, "Choose one of these, or another measure.")
        if scope and scope != "total" and "name" in entry.values and not get("name"):
            yield fault_in(entry, "name", "an empty cell", f"the {scope} that is capped", "Fill it in.")
        if scope == "total" and get("name"):
            fix = "It is not used; clear it, or choose the scope it belongs to."
            yield fault_in(
                entry, "name", f"'{get('name')}'", "an empty cell, as the scope is total", fix, "cap-name-unused"
            )
        if measure and measure.startswith(("capacity", "obligation")) and get("per") not in (None, "month"):
            fix = f"It is not used: {measure} holds in each month."
            yield fault_in(entry, "per", str(get("per")), "month or an empty cell", fix, "cap-per-unused")
        if measure and value is not None and value < 0 and not measure.startswith("cash"):
            yield fault_in(entry, "value", f"{value:g}", f"at least 0 for {measure}", "Write a value of at least 0.")
        if measure in ("capacity_share", "shortfall_share") and value is not None and value > 1:
            fix = f"If {value:g} percent is meant, write {value / 100:g}."
            yield fault_in(entry, "value", f"{value:g}", "a share from 0 to 1", fix, "share-above-1")


def accepted_warnings(context: CheckContext) -> Iterator[Fault]:
    """Warnings are accepted by the short names they have."""
    for entry in context.entries["settings"]:
        for name in entry.values.get("accept_warnings", ()):
            if name not in WARNINGS:
                expected = "short names of warnings, as `planner check` prints them"
                yield fault_in(entry, "accept_warnings", f"'{name}'", expected, closest(name, WARNINGS))


def rule_rows(context: CheckContext) -> Iterator[Fault]:
    """A rule names as many offers as its kind needs, each once, and a count that can be."""
    for entry in context.entries["rules"]:
        kind, offers, count = (entry.values.get(name) for name in ("kind", "offers", "count"))
        if kind is None or offers is None:
            continue
        found = "; ".join(offers)
        if len(set(offers)) < len(offers):
            yield fault_in(entry, "offers", found, "each offer once", "Delete the second mention.")
        if kind == "requires" and len(offers) != 2:
            expected = "two names: the first is signed only if the second is"
            yield fault_in(entry, "offers", found, expected, "Write one rule for each pair.")
        if kind == "excludes" and len(offers) < 2:
            yield fault_in(entry, "offers", found, "at least two names", "Name the offers that exclude each other.")
        if kind in ("requires", "excludes"):
            if count is not None:
                yield fault_in(
                    entry, "count", str(count), "an empty cell", f"{kind} uses no count.", "rule-count-unused"
                )
        elif count is None and "count" in entry.values:
            yield fault_in(entry, "count", "an empty cell", f"how many for {kind}", "Fill it in.")
        elif count is not None and count > len(offers):
            expected, fix = f"at most the {len(offers)} offers named", "Lower the count, or name more offers."
            yield fault_in(
                entry, "count", str(count), expected, fix, "" if kind == "at_least" else "rule-count-above-offers"
            )
