"""Checks of single rows: windows, prices, rights, what is signed, caps and rules."""

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, brief, errors_of, faults_of, row

from models.checks.rows import RANGES
from models.schema import SHEETS

LEASE_OUT = {
    "lease_out": "O", "region": "us", "hardware": "H100", "accelerators": 1, "term_months": 1,
    "usd_per_accelerator_hour": 1,
}  # fmt: skip
OPTION = {"option": "P", "offer": "L", "premium_usd": 1}
LIMIT = {"segment": "chat", "limit": "open"}
CAP = {"cap": "c", "measure": "cash_usd", "scope": "total", "sense": "max", "value": 1}
RUN = {"run": "R", "workload": "chat", "region": "us", "tokens_bn_per_day": 1, "months": 1}


@pytest.mark.parametrize(
    ("sheet", "cells", "low", "high"),
    [
        ("fleet", VALID["fleet"][0], "from_month", "until_month"),
        ("leases", LEASE["leases"][0], "sign_from", "sign_until"),
        ("contracts", CONTRACT["contracts"][0], "sign_from", "sign_until"),
        ("lease_outs", LEASE_OUT, "sign_from", "sign_until"),
        ("options", OPTION, "buy_from", "buy_until"),
        ("limits", LIMIT, "from_month", "until_month"),
        ("caps", CAP, "from_month", "until_month"),
        ("runs", RUN, "start_from", "start_until"),
    ],
)
def test_a_window_that_ends_before_it_begins_is_an_error(
    sheet: str, cells: dict[str, Any], low: str, high: str
) -> None:
    """Months out of order are an error; a window of one month is none."""
    faults = faults_of(LEASE, CONTRACT, **{sheet: [{**cells, low: "2026-04", high: "2026-03"}]})
    errors = [fault for fault in faults if fault.severity == "error"]
    assert f"error {sheet}!{high} 2" in brief(errors)
    assert errors[0].found == f"2026-03, before {low} 2026-04"
    one_month = faults_of(LEASE, CONTRACT, **{sheet: [{**cells, low: "2026-04", high: "2026-04"}]})
    assert f"error {sheet}!{high} 2" not in brief(one_month)


def test_every_window_of_every_sheet_is_looked_at() -> None:
    """Where a sheet has a first and a last month of something, the order of the two is checked."""
    windows = set()
    for sheet in SHEETS:
        months = {column.name for column in sheet.columns if column.kind == "month"}
        ends = {name.replace("from", "until"): name for name in months if "from" in name}
        windows |= {(ends[name], name) for name in ends.keys() & months}
    assert windows
    assert windows <= set(RANGES)


def test_fewest_blocks_above_most_blocks_are_an_error() -> None:
    """An offer cannot ask for more blocks than it has; a signed one no longer asks."""
    blocks = {"min_blocks": 5, "max_blocks": 4}
    assert brief(faults_of(CONTRACT, row("contracts", CONTRACT, **blocks))) == ["error contracts!max_blocks 2"]
    signed = {**blocks, "status": "signed", "signed_month": "2026-01", "signed_blocks": 4}
    assert faults_of(CONTRACT, row("contracts", CONTRACT, **signed)) == []


@pytest.mark.parametrize(
    ("sheet", "other"), [("lease_terms", "usd_per_unit_month"), ("contract_tiers", "usd_per_kw_month")]
)
def test_exactly_one_of_two_prices(sheet: str, other: str) -> None:
    """Both prices or none are an error; a price of 0 is a price."""
    source = LEASE | CONTRACT
    for hourly, second, good in ((2, 3, False), (None, None, False), (None, 0, True), (0, None, True)):
        changed = row(sheet, source, **{"usd_per_accelerator_hour": hourly, other: second})
        expected = [] if good else [f"error {sheet}!usd_per_accelerator_hour 2"]
        assert brief(errors_of(source, changed)) == expected


def test_renewals_need_their_length() -> None:
    """renewals_max without renewal_months is an error."""
    assert brief(faults_of(LEASE, row("lease_terms", LEASE, renewals_max=2))) == ["error lease_terms!renewal_months 2"]
    assert faults_of(LEASE, row("lease_terms", LEASE, renewals_max=2, renewal_months=3)) == []


def test_a_right_to_cancel_past_the_end_is_a_warning() -> None:
    """Cancelling that the term never reaches, notice included, is a warning."""
    late = row("lease_terms", LEASE, cancel_after_months=2, notice_months=1)
    assert brief(faults_of(LEASE, late)) == ["warning lease_terms!cancel_after_months 2"]
    assert faults_of(LEASE, row("lease_terms", LEASE, cancel_after_months=1, notice_months=1)) == []


def test_a_signed_row_says_when_and_how_much() -> None:
    """Each signed column that a signed row leaves blank is an error."""
    assert brief(faults_of(LEASE, row("leases", LEASE, status="signed"))) == [
        "error leases!signed_month 2",
        "error leases!signed_units 2",
        "error leases!signed_term_months 2",
    ]
    assert brief(faults_of(CONTRACT, row("contracts", CONTRACT, status="signed"))) == [
        "error contracts!signed_month 2",
        "error contracts!signed_blocks 2",
    ]


def test_signed_columns_of_an_offer_are_a_warning() -> None:
    """What is filled in of a signing that the status does not speak of is a warning."""
    faults = faults_of(LEASE, row("leases", LEASE, signed_month="2026-01"))
    assert brief(faults) == ["warning leases!signed_month 2"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({"scope": "hardware", "name": "H100"}, ["error caps!scope 2"]),
        ({"measure": "shortfall_share", "scope": "region", "name": "us"}, ["error caps!scope 2"]),
        ({"measure": "cash_share_of_revenue", "scope": "provider", "name": "us-inc"}, ["error caps!scope 2"]),
        ({"measure": "capacity_share", "scope": "total"}, ["error caps!scope 2"]),
        ({"scope": "provider"}, ["error caps!name 2"]),
        ({"name": "us-inc"}, ["warning caps!name 2"]),
        ({"measure": "capacity_mw", "per": "year"}, ["warning caps!per 2"]),
        ({"measure": "obligation_usd", "per": "quarter"}, ["warning caps!per 2"]),
        ({"per": "year"}, []),
        ({"measure": "capacity_mw", "value": -1}, ["error caps!value 2"]),
        ({"value": -1}, []),
        ({"measure": "shortfall_share", "value": 5}, ["warning caps!value 2"]),
        ({"measure": "cash_share_of_revenue", "value": 5}, []),
    ],
)
def test_a_cap_fits_its_measure(cells: dict[str, Any], expected: list[str]) -> None:
    """A cap has a scope its measure can have, a name unless it is of everything, and a value that can be."""
    assert brief(faults_of(LEASE, caps=[CAP | cells])) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"kind": "requires", "offers": "L; C"}, []),
        ({"kind": "requires", "offers": "L"}, ["error rules!offers 2"]),
        ({"kind": "requires", "offers": "L; C; O"}, ["error rules!offers 2"]),
        ({"kind": "requires", "offers": "L; L"}, ["error rules!offers 2"]),
        ({"kind": "requires", "offers": "L; C", "count": 1}, ["warning rules!count 2"]),
        ({"kind": "excludes", "offers": "L"}, ["error rules!offers 2"]),
        ({"kind": "excludes", "offers": "L; C; O"}, []),
        ({"kind": "at_most", "offers": "L; C", "count": 0}, []),
        ({"kind": "at_most", "offers": "L; C"}, ["error rules!count 2"]),
        ({"kind": "at_most", "offers": "L; C", "count": 3}, ["warning rules!count 2"]),
        ({"kind": "at_least", "offers": "L; C", "count": 2}, []),
        ({"kind": "at_least", "offers": "L; C"}, ["error rules!count 2"]),
        ({"kind": "at_least", "offers": "L; C", "count": 3}, ["error rules!count 2"]),
    ],
)
def test_a_rule_names_as_many_offers_as_its_kind_needs(cells: dict[str, Any], expected: list[str]) -> None:
    """requires takes two names, excludes two or more, at_most and at_least a count within the names."""
    assert brief(faults_of(LEASE, CONTRACT, lease_outs=[LEASE_OUT], rules=[{"rule": "r"} | cells])) == expected


def test_a_row_is_checked_beside_its_bad_cells() -> None:
    """A row with one bad cell is still checked for what its other cells say."""
    fleet = row("fleet", VALID, accelerators="many", from_month="2026-04", until_month="2026-03")
    assert brief(faults_of(fleet)) == ["error fleet!accelerators 2", "error fleet!until_month 2"]
