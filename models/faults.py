"""What is wrong with an input, for the person who can correct it."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from models.text import difference, likeness

WARNINGS = {
    "base-case-left-out": "the run was stopped, or the solver hung, before what the plan is compared with was sought",
    "base-case-unknown": "the plan that signs nothing new was not found, or nothing is known of what it costs",
    "branches-at-unused": "a scenario that follows none has a month in which it branches off",
    "broken-rule": "the audit found a rule that the plan does not keep",
    "commitment-without-services": "a spend commitment to a provider of whom nothing is bought",
    "cancel-out-of-reach": "a right to cancel or to recall that the term never reaches",
    "cap-name-unused": "a cap on the total has a name",
    "cap-per-unused": "a cap that holds in each month has a longer period",
    "contradiction": "two answers of the solver contradict each other",
    "dispatch-unproven": "whether the dispatch is the best for the plan's decisions is not proven",
    "factor-beyond-horizon": "a scenario's factor begins after the horizon",
    "factor-without-effect": "a scenario's factor of a price or a delay meets no signing",
    "formula-replaced": "a copy of a workbook has a value where the workbook has a formula",
    "generosity-by-row": "limits that may not tighten are ranked by their rows, those that allow less as more generous",
    "hidden-content": "a hidden sheet, row or column is read",
    "nearly-same-name": "a name that another is nearly the same as: case, blanks or look-alike letters apart",
    "network-row-unused": "a row of the network names a region without capacity or demand",
    "no-marginal-values": "marginal values could not be worked out",
    "no-plan": "the search ended without a plan",
    "number-as-text": "a number is written as text",
    "offer-of-nothing": "a lease, or what is online, of no accelerators, or of which nothing is delivered",
    "offer-out-of-reach": "an offer can never be signed with service inside the horizon",
    "offer-without-units": "an offer of which nothing can be signed",
    "option-too-late": "an option that cannot be bought before its offer is signed",
    "option-unneeded": "an option on what is no offer",
    "funding-without-account": "money that comes in while no cash account is kept",
    "part-not-kept": "a part of a workbook, such as its macros, that a copy made of it does not have",
    "positive-elasticity": "demand that grows with the price",
    "ramp-starts-late": "a ramp begins after the first service month",
    "ramp-unused": "a ramp that nothing names",
    "ramp-without-capacity": "a ramp that brings nothing online within the term",
    "region-without-capacity": "a region of demand or lease-outs that no capacity is in or can serve",
    "region-without-demand": "capacity in a region from which it can serve no demand",
    "rivals-unused": "rivals of a segment that wins nothing by generosity",
    "rule-count-above-offers": "a rule counts to more than the offers it names",
    "rule-count-unused": "a rule that uses no count has one",
    "run-without-capacity": "a run that nothing can do in any month it may start in",
    "scenario-option-unused": "a risk measure or an engine is asked for where there are no scenarios",
    "scenarios-never-told-apart": "scenarios that are told apart only after the last month",
    "segment-without-demand": "a segment of which no demand is given",
    "share-above-1": "a share of a cap above 1",
    "shortfall-below-revenue": "tokens whose loss costs less than the revenue lost with them",
    "signed-column-unused": "an offer says when or how much was signed",
    "single-site-unprotected": "resilience of a single-site segment, which is left out",
    "single-site-without-site": "a single-site segment that no site can ever run",
    "stress-left-out": "the plan was not tried on samples: the audit rejected the plan of one, or there was no time",
    "sum-of-others": "a region or segment called total, sum or all, which may hold what others hold already",
    "tier-out-of-reach": "a tier that begins after the most blocks",
    "unlikely-demand": "demand of a month a hundred times that of the months beside it, or more than anybody serves",
    "unlikely-price": "a price that may be in the unit of another column",
    "unlikely-rate": "a yearly rate or a growth above 1, 100 %",
    "unlikely-size": "accelerators or blocks of a power that none has",
    "uncalculated-formula": "a formula of a workbook that asks to be calculated when opened",
    "unknown-column": "a column the planner does not know",
    "unknown-file": "a file of a folder that is no sheet",
    "unknown-setting": "a setting the planner does not know",
    "unknown-sheet": "a sheet the planner does not know",
    "value-without-name": "a value under no column's name",
}
"""The short name of every warning, and what it is of; `accept_warnings` and `warning_names` use them."""


class NamedWarning(NamedTuple):
    """A warning of a run: its short name, one of `WARNINGS`, and a sentence or more."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing found in a workbook: where, what was found, what was expected, how to mend it.

    `row` is the row of the sheet as the person sees it (row 1 holds the column names; 0 where the
    fault belongs to the whole sheet), `column` the column's name, or the month that heads a wide
    demand column. `cell` is filled in by whoever knows the addresses. `warning` is the short name of a
    warning, one of `WARNINGS`, and "" for an error, which stops a run. `file` is the CSV file that is the
    sheet, "" for a sheet of a workbook: `row` then counts its lines.
    """

    sheet: str
    column: str
    row_key: str
    found: str
    expected: str
    fix: str
    warning: str = ""
    row: int = 0
    cell: str = ""
    file: str = ""

    @property
    def severity(self) -> Literal["error", "warning"]:
        """Whether it stops a run."""
        return "warning" if self.warning else "error"

    def __str__(self) -> str:
        place = self.sheet + (f"!{self.cell}" if self.cell else "")
        if self.file:
            letter = self.cell.rstrip("0123456789")
            line, column = f", line {self.row}" * bool(self.row), f", column {letter}" * bool(letter)
            place = f"{self.file}{line}{column}"
        what = " · ".join(part for part in (self.column, self.row_key) if part)
        return f"{place}{f' ({what})' if what else ''}: found {self.found}; expected {self.expected}. {self.fix}"


SHOWN = 20
"""So many faults are told in the message of an exception."""


class FaultyWorkbook(Exception):
    """Raised once, with everything that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [fault for fault in self.faults if fault.severity == "error"]
        lines = [f"{len(errors)} fault{'s' if len(errors) != 1 else ''} in the workbook", *map(str, errors[:SHOWN])]
        super().__init__("\n  ".join([*lines, "…"] if len(errors) > SHOWN else lines))


COMPARED, MOST_COMPARED = 80, 200
"""Characters of names, and names, that are compared to find the closest: enough for names that people write."""


def closest(name: str, known: Iterable[str]) -> str:
    """A sentence that names the closest known name, or lists a few of them.

    >>> closest("H10O", ["H100", "TPU"])
    "Did you mean 'H100'?"
    """
    names = list(dict.fromkeys(known))
    likely = heapq.nsmallest(MOST_COMPARED, names, key=lambda each: abs(len(each) - len(name)))
    alike = likeness(name)
    for candidate in likely:
        if candidate != name and likeness(candidate) == alike:
            return f"Did you mean '{candidate[:COMPARED]}'? Of what was found {difference(name, candidate)}."
    folded = {candidate.lower()[:COMPARED]: candidate for candidate in likely}
    near = difflib.get_close_matches(name.lower()[:COMPARED], folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{folded[near[0]][:COMPARED]}'?"
    if not names:
        return "No such name is defined in the workbook."
    shown = ", ".join(f"'{candidate[:COMPARED]}'" for candidate in names[:6])
    return f"Known names: {shown}{', …' if len(names) > 6 else ''}."
