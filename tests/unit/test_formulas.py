"""Which formulas a change leaves with values of before."""

import pytest

from planner.excel.formulas import moved, outdated

CHANGED = {"settings": {(3, 1)}}
"""The cell settings!B3."""


@pytest.mark.parametrize(
    "text",
    [
        "settings!B3",
        "SUM(Settings!$A$1:$C$9)",
        "SUM('settings'!B:B)*2",
        "settings!3:3",
        "1+start",
        "now_is",
        'INDIRECT("settings!B"&3)',
        "OFFSET(A1,2,3)",
        "prices[usd]",
        "[1]other!A1",
        "SUM(first:last!A1)",
        "assumptions!C7",
        "A2",
    ],
)
def test_what_a_changed_cell_may_decide_is_found(text: str) -> None:
    """By cells, areas, names, names of names, doubtful sheets, other formulas, and what nobody can follow."""
    formulas = {"leases": {(1, 0): text, (2, 0): "settings!B3+1"}}
    names = {"start": "settings!$B$3", "now_is": "start"}
    found = outdated(CHANGED, formulas, names, {"assumptions"})
    assert found == {"leases": {(1, 0), (2, 0)}}


@pytest.mark.parametrize(
    "text", ["B3", "settings!B4", "SUM(settings!C1:D9,settings!B4:B9)", '"settings!B3"', "1+TRUE", "rate", "other!B3"]
)
def test_what_it_cannot_decide_is_not(text: str) -> None:
    """Cells of the same address elsewhere, texts, constants and other names are no reason to doubt a value."""
    assert outdated(CHANGED, {"leases": {(1, 0): text}}, {"rate": "settings!$B$5"}) == {}


def test_long_chains_end() -> None:
    """A chain of a thousand formulas is followed in the order of the sheet, and against it counts as decided."""
    down = {(row, 0): f"A{row - 1}" for row in range(2, 1000)}
    up = {(row, 1): f"B{row + 1}" for row in range(1, 1000)}
    found = outdated({"leases": {(1, 0), (1000, 1)}}, {"leases": down | up}, {})
    assert found == {"leases": down.keys() | up.keys()}


def test_a_shared_formula_reads_as_in_its_own_cell() -> None:
    """Relative references move with the cell, fixed ones do not; what is no formula stays as it is."""
    assert moved("A1+$B$1", (1, 2), (4, 3)) == "B4+$B$1"
    assert moved("SUM((", (1, 2), (4, 3)) == "SUM(("
