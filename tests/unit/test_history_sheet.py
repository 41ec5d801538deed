"""The sheet history: read long or wide as demand is, its region optional, checked, and of no weight in a plan."""

from __future__ import annotations

from typing import Any

import pytest
from sheets import VALID, tables

from models.loading import load_tables, plain_table
from models.months import month_of
from models.parsing.raw_tables import RawTable
from planner.excel.overrides import override

LONG = [
    {"segment": "chat", "region": "us", "month": "2025-01", "tokens_bn_per_day": 1},
    {"segment": "chat", "region": "us", "month": "2025-02", "tokens_bn_per_day": 2},
]
WIDE = [{"segment": "chat", "region": "us", "2025-01": 1, "Feb 2025": 2}]


def as_tables(history: list[dict[str, Any]]) -> list[RawTable]:
    return [plain_table(name, rows) for name, rows in tables(history=history).items()]


@pytest.mark.parametrize("rows", [LONG, WIDE], ids=["long", "wide"])
def test_history_is_read_long_and_wide(rows: list[dict[str, Any]]) -> None:
    """Both forms give the same rows, without a fault, and the rest of the dataset is as without history."""
    taken = load_tables(as_tables(rows))
    assert taken.faults == ()
    assert taken.dataset is not None
    found = [(row.segment, row.region, row.month, row.tokens_bn_per_day) for row in taken.dataset.history]
    assert found == [("chat", "us", month_of(2025, 1), 1.0), ("chat", "us", month_of(2025, 2), 2.0)]
    plain = load_tables([plain_table(name, rows) for name, rows in VALID.items()]).dataset
    assert plain is not None
    assert plain.history == ()
    assert taken.dataset.demand == plain.demand


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"segment": "chta", "2025-01": 1}], "'chta'"),
        ([{"segment": "chat", "2025-01": -1}], "-1"),
        ([{"segment": "chat", "2025-01": 1}, {"segment": "chat", "2025-01": 2}], "'chat/2025-01' a second time"),
        ([{"segment": "chat", "09/2025": 1, "2025-01": 1}], "'09/2025'"),
        ([{**LONG[0], "2025-03": 4}], "month columns beside the long form"),
    ],
)
def test_faults_of_history_name_it(rows: list[dict[str, Any]], found: str) -> None:
    """An unknown segment, a negative figure, a figure twice, a doubtful month and mixed forms are errors of history."""
    faults = [fault for fault in load_tables(as_tables(rows)).faults if fault.severity == "error"]
    assert [(fault.sheet, found in fault.found) for fault in faults] == [("history", True)]


def test_a_figure_of_history_can_be_set() -> None:
    """`--set history.chat/2025-01.tokens_bn_per_day=5` reaches a wide history without regions."""
    changed, faults = override(
        as_tables([{"segment": "chat", "2025-01": 1, "2025-02": 2}]), ["history.chat/2025-01.tokens_bn_per_day=5"]
    )
    assert faults == []
    data = load_tables(changed).dataset
    assert data is not None
    assert [row.tokens_bn_per_day for row in data.history] == [5.0, 2.0]


def test_notes_on_scenarios_are_no_unknown_sheet() -> None:
    """A sheet scenario_notes gives no fault; a sheet of any other strange name gives its warning."""
    notes = plain_table("Scenario notes", [{"topic": "made", "what": "by hand"}])
    strange = plain_table("scenario_note", [{"topic": "made"}])
    faults = load_tables([*(plain_table(name, rows) for name, rows in VALID.items()), notes, strange]).faults
    assert [fault.sheet for fault in faults] == ["scenario_note"]
