"""The schema: what a cell may hold, and what it then means."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sheets import errors_of, tables

from models.columns import CellError, parse
from models.loading import dataset_from
from models.months import month_of
from models.schema import SHEETS, referred, sheet


def parsed(place: str, value: object) -> tuple[Any, str]:
    """The typed value and warning of a cell of `sheet.column`."""
    name, _, column = place.partition(".")
    return parse(sheet(name).column(column), value)


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("hardware.kw", 1.4, 1.4),
        ("hardware.kw", 2, 2.0),
        ("hardware.availability", 1, 1.0),
        ("leases.units_max", 3.0, 3),
        ("leases.sublet", "Yes", True),
        ("leases.sublet", "n", False),
        ("leases.sublet", 1, True),
        ("leases.sublet", False, False),
        ("leases.status", " SIGNED ", "signed"),
        ("contracts.tier_mode", "All units", "all_units"),
        ("leases.sign_from", dt.datetime(2026, 9, 30), month_of(2026, 9)),
        ("hardware.hardware", "  GB300\u00a0 NVL72 ", "GB300 NVL72"),
        ("hardware.hardware", 100.0, "100"),
        ("rules.offers", "a; b ;c;", ("a", "b", "c")),
        ("throughput.gain_per_year", -0.5, -0.5),
    ],
)
def test_a_fitting_cell_is_typed_without_a_word(place: str, value: object, expected: object) -> None:
    """A cell that fits its column is typed as the contract says and gives no warning."""
    assert parsed(place, value) == (expected, "")


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        ("hardware.kw", "1.4", 1.4),
        ("contracts.upfront_usd", "1234567.5", 1234567.5),
        ("settings.discount_rate", "10%", 0.1),
        ("hardware.kw", "\u00a02 ", 2.0),
        ("segments.price_elasticity", "\u22121.5", -1.5),
        ("hardware.availability", "95%", 0.95),
        ("hardware.availability", "95 %", 0.95),
    ],
)
def test_text_that_spells_a_number_counts_with_a_warning(place: str, text: str, expected: float) -> None:
    """Text that spells a number is read as that number, and the person is told."""
    value, warning = parsed(place, text)
    assert value == pytest.approx(expected)
    assert warning


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("hardware.kw", 0),
        ("hardware.kw", -1),
        ("hardware.kw", "abc"),
        ("hardware.kw", "1,5"),
        ("hardware.kw", "1.234,5"),
        ("hardware.kw", "1,400"),
        ("hardware.kw", "1\u00a0400"),
        ("leases.units_max", "10%"),
        ("hardware.kw", "$1.2m"),
        ("hardware.kw", "NaN"),
        ("hardware.kw", "inf"),
        ("hardware.kw", float("nan")),
        ("hardware.kw", float("inf")),
        ("hardware.kw", 1e308),
        ("hardware.kw", 1e16),
        ("hardware.kw", True),
        ("hardware.kw", dt.date(2026, 1, 1)),
        ("hardware.kw", dt.time(1, 2)),
        ("hardware.availability", 95),
        ("hardware.availability", -0.1),
        ("segments.headroom_share", 1),
        ("settings.risk_alpha", 1),
        ("settings.months", 0),
        ("settings.months", 241),
        ("settings.months", 1.5),
        ("throughput.gain_per_year", -1),
        ("leases.units_max", -1),
        ("leases.sublet", "maybe"),
        ("leases.sublet", 2),
        ("leases.status", "singed"),
        ("leases.sign_from", 46143),
        ("leases.sign_from", "01/02/2026"),
        ("hardware.hardware", dt.date(2026, 1, 1)),
        ("hardware.hardware", True),
        ("rules.offers", " ; "),
    ],
)
def test_what_fits_no_rule_is_refused_with_advice(place: str, value: object) -> None:
    """A value outside its column's rules is refused, and the message says what to write."""
    with pytest.raises(CellError, match=r"\w{4,}"):
        parsed(place, value)


def test_a_percentage_written_as_a_whole_number_is_named() -> None:
    """A share of 60 is taken for a slip, and the message gives the number to write."""
    with pytest.raises(CellError, match=r"60% or 0\.6"):
        parsed("leases.delivered_share", 60)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("leases.delivered_share", 1.1, "1.1 is 110 %"),
        ("on_demand.usd_per_accelerator_hour", -4.5, "at least 0, without the minus sign"),
    ],
)
def test_what_is_out_of_range_is_told_as_it_was_meant(place: str, value: object, told: str) -> None:
    """A share above 1 is told as the percentage that its cell shows, a price below 0 by its sign."""
    with pytest.raises(CellError, match=told):
        parsed(place, value)


def test_keys_are_columns_of_their_sheets() -> None:
    """Every key column and every sheet that a column refers to exists."""
    names = {each.name for each in SHEETS}
    for each in SHEETS:
        columns = {column.name for column in each.columns}
        assert set(each.key) <= columns
        assert {refers for column in each.columns for refers in referred(column)} <= names


def test_defaults_fit_their_columns() -> None:
    """A column's default is a value the column itself would accept."""
    for each in SHEETS:
        for column in each.columns:
            if not column.required and not column.defaults_to_nothing:
                assert parse(column, column.default)[0] == column.default, (each.name, column.name)


def test_every_column_says_what_fits() -> None:
    """Every column has a meaning and can say in words what it expects."""
    for each in SHEETS:
        for column in each.columns:
            assert column.meaning
            assert column.expected()


def test_a_row_of_a_sheet_is_compared_by_what_it_says() -> None:
    """Two rows that say the same are equal wherever they stand in the sheet."""
    row = sheet("hardware").row(row=2, hardware="H100", kw=1.0)  # type: ignore[call-arg]
    assert row == dataclasses.replace(row, row=9)


def test_blanks_mean_what_the_contract_says() -> None:
    """An asset without a provider is our own, and a cap without a scope holds the total."""
    asset = {"asset": "hall", "region": "us", "hardware": "H100", "accelerators": 1}
    cap = {"cap": "most", "measure": "capacity_mw", "sense": "max", "value": 9}
    data = dataset_from(**tables(fleet=[asset], caps=[cap]))
    assert data.fleet[0].provider == "own"
    assert data.caps[0].scope == "total"
    of_own = cap | {"scope": "provider", "name": "own"}
    assert not errors_of(tables(fleet=[asset], caps=[of_own]))
