"""Checks of demand: load blocks, shapes, and a figure for every month."""

import pytest
from sheets import VALID, Tables, brief, errors_of, faults_of, row

BLOCKS: Tables = {
    "load_blocks": [{"block": "day", "hours_per_day": 8, "peak": "yes"}, {"block": "night", "hours_per_day": 16}]
}


@pytest.mark.parametrize(("night", "fits"), [(16, True), (15, False), (16.00001, False), (17, False)])
def test_load_blocks_make_a_day(night: float, fits: bool) -> None:
    """The hours of all load blocks sum to 24."""
    blocks = [BLOCKS["load_blocks"][0], {"block": "night", "hours_per_day": night}]
    assert brief(faults_of(load_blocks=blocks)) == ([] if fits else ["error load_blocks!hours_per_day 3"])


@pytest.mark.parametrize(
    ("day", "night", "fits"),
    [
        (1, 1, True),
        (2, 0.5, True),
        (2, 0.514, True),
        (2, 0.52, False),
        (1.5, 0.5, False),
        (1, None, True),
        (3, None, False),
    ],
)
def test_multipliers_average_to_one(day: float, night: float | None, fits: bool) -> None:
    """The hours-weighted mean of a segment's multipliers is 1 within 1 %; a block without a row counts 1."""
    shape = [{"segment": "chat", "block": "day", "multiplier": day}]
    if night is not None:
        shape.append({"segment": "chat", "block": "night", "multiplier": night})
    expected = [] if fits else [f"error load_shape!multiplier {len(shape) + 1}"]
    assert brief(faults_of(BLOCKS, load_shape=shape)) == expected


def demand(*months: str, figure: float = 1) -> Tables:
    """Demand of the same size in the months given."""
    rows = [{"segment": "chat", "region": "us", "month": month, "tokens_bn_per_day": figure} for month in months]
    return {"demand": rows}


@pytest.mark.parametrize(
    ("months", "growth", "expected"),
    [
        (("2026-01", "2026-06"), None, []),
        (("2026-06", "2026-01"), None, []),
        (("2025-06", "2027-06"), None, []),
        (("2026-02", "2026-06"), None, ["error demand!month 2"]),
        (("2026-01", "2026-05"), None, ["error demand!month 3"]),
        (("2026-01",), 0, []),
        (("2025-01",), 0.1, []),
        (("2025-01",), None, ["error demand!month 2"]),
        (("2027-01",), 0.1, ["error demand!month 2"]),
        (("2026-03",), None, ["error demand!month 2", "error demand!month 2"]),
    ],
)
def test_every_month_has_demand(months: tuple[str, ...], growth: float | None, expected: list[str]) -> None:
    """Demand is given from the first month on, and up to the last unless it grows."""
    faults = faults_of(demand(*months), row("segments", VALID, growth_per_month=growth))
    assert brief(faults) == expected


def test_the_missing_months_are_named() -> None:
    """The message says which month is there and which is needed, in row and cell."""
    fault = faults_of(demand("2026-02", "2026-06"))[0]
    assert (fault.row_key, fault.cell) == ("chat/us/2026-02", "C2")
    assert "2026-02" in fault.found
    assert "2026-01" in fault.expected


def test_growth_beyond_all_bounds_is_an_error() -> None:
    """Growth that outgrows every number the planner computes with is taken for a slip."""
    settings = {"settings": {"first_month": "2026-01", "months": 120}}
    fast = row("segments", VALID, growth_per_month=30)
    assert brief(errors_of(settings, fast, demand("2026-01"))) == ["error demand!tokens_bn_per_day 2"]
    assert errors_of(settings, fast, demand("2026-01", figure=0)) == []


def test_a_segment_without_demand_is_a_warning() -> None:
    """A segment that nobody wants anything of is a warning."""
    segments = [*VALID["segments"], {"segment": "batch", "workload": "chat"}]
    assert brief(faults_of(segments=segments)) == ["warning segments!segment 3"]


def test_demand_beyond_the_horizon_is_no_fault() -> None:
    """Months outside the horizon may be given."""
    assert faults_of(demand("2020-01", "2026-01", "2026-06", "2040-01")) == []


@pytest.mark.parametrize(
    ("bn_a_day", "accelerators", "fits"),
    [(8.0, 100.0, True), (0.0, 100.0, True), (1e-7, 100.0, True), (1e-8, 100.0, False), (8.0, 1e12, False)],
)
def test_demand_that_the_solver_takes_for_nothing_is_an_error(bn_a_day: float, accelerators: float, fits: bool) -> None:
    """A month's demand of next to nothing, by itself or beside blocks of immense size, is told at once."""
    rows = [
        {"segment": "chat", "region": "us", "month": f"2026-{m:02d}", "tokens_bn_per_day": bn_a_day} for m in (1, 6)
    ]
    found = errors_of(row("fleet", VALID, accelerators=accelerators), demand=rows)
    assert [(each.sheet, each.column) for each in found] == ([] if fits else [("demand", "tokens_bn_per_day")])


def test_a_small_segment_beside_others_is_no_fault() -> None:
    """What little one segment asks for is no fault where others ask for more in the same month."""
    small = {"segment": "tiny", "workload": "chat", "growth_per_month": 0}
    asked = {"segment": "tiny", "region": "us", "month": "2026-01", "tokens_bn_per_day": 1e-9}
    assert errors_of(segments=[*VALID["segments"], small], demand=[*VALID["demand"], asked]) == []
