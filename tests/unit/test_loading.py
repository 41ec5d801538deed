"""Intake: names matched, cells typed, defaults filled in, every fault with its cell."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, brief, faults_of, row, tables

from models.columns import CellError, parse
from models.faults import FaultyWorkbook
from models.loading import dataset_from, load_tables, plain_table
from models.months import month_of
from models.parsing.raw_tables import RawTable, Record, Unreadable
from models.schema import sheet

NUMBER = replace(sheet("settings").column("discount_rate"), low=None)
"""A column of numbers of either sign, which may be written as percentages."""


def test_the_valid_workbook_is_read_without_a_word() -> None:
    """A workbook without faults gives a Dataset and not one warning."""
    assert faults_of() == []
    assert faults_of(LEASE, CONTRACT) == []


def test_blank_cells_and_absent_columns_have_their_defaults() -> None:
    """A default holds for a blank cell as for an absent column."""
    hardware = [{"hardware": "H100", "kw": 1.4, "vendor": None, "availability": "  "}]
    data = dataset_from(**tables(hardware=hardware))
    assert (data.hardware[0].vendor, data.hardware[0].availability) == ("", 1.0)
    assert data.settings.discount_rate == 0.10
    assert data.leases == ()


def test_names_of_sheets_columns_and_settings_match_loosely() -> None:
    """Case, blanks around and underscores in names of sheets, columns and settings do not matter."""
    sheets = tables(LEASE, settings=None, lease_terms=None)
    sheets[" SETTINGS "] = [{"Key": "First Month", " VALUE": dt.date(2026, 1, 31)}, {"Key": " months", " VALUE": 6}]
    sheets["Lease terms"] = [{"LEASE": "L", "Term Months ": 3, "usd per_accelerator hour": 2}]
    data = dataset_from(**sheets)
    assert data.settings.first_month == month_of(2026, 1)
    assert data.lease_terms[0].usd_per_accelerator_hour == 2.0


def test_remarks_are_never_read() -> None:
    """Columns named note, notes, source or comment hold what they like, without a warning."""
    hardware = [{"hardware": "H100", "kw": 1, "Note": "?", "notes": "?", "SOURCE": "?", "comment": "?"}]
    assert faults_of(hardware=hardware) == []


def test_rows_with_only_remarks_are_blank_rows() -> None:
    """A row without anything but a remark is skipped."""
    hardware = [{"hardware": "H100", "kw": 1, "note": ""}, {"note": "from here on planned"}]
    assert len(dataset_from(**tables(hardware=hardware)).hardware) == 1


def test_unknown_columns_and_sheets_are_warnings() -> None:
    """An unknown column, sheet or setting is a warning that names the closest known one."""
    data = tables(row("hardware", VALID, vendor="NVIDIA", vendr="x", colour="red"), flet=[{"asset": "x"}])
    data["settings"] |= {"discount_rate": 0.08, "discount_rat": 0.08}
    faults = faults_from(data)
    places = ["settings!discount_rat 5", "hardware!vendr 1", "hardware!colour 1", "flet! 0"]
    assert brief(faults) == [f"warning {place}" for place in places]
    fixes = " ".join(fault.fix for fault in faults)
    assert all(f"'{name}'" in fixes for name in ("vendor", "fleet", "discount_rate"))


@pytest.mark.parametrize(
    ("known", "slip"),
    [
        ("lead_months", "lead_month"),
        ("lead_months", "laed_months"),
        ("lead_months", "leadmnths"),
        ("delivered_share", "Delivered  Shares"),
        ("site", "sites"),
    ],
)
def test_a_slip_of_an_absent_column_is_an_error(known: str, slip: str) -> None:
    """A heading one or two letters from a column that is not there would leave that column to its default."""
    faults = faults_from(tables(LEASE, row("leases", LEASE, **{slip: 1})))
    assert [(fault.severity, fault.cell) for fault in faults] == [("error", "D1")]
    assert f"'{known}'" in faults[0].fix


@pytest.mark.parametrize(
    "name",
    ["note2", "colour", "lead", "xleadmonthsx", "sute"],
)
def test_a_name_unlike_any_absent_one_is_a_warning(name: str) -> None:
    """Columns for remarks may be named as people like; names that are never read are no slips' originals."""
    faults = faults_from(tables(LEASE, row("leases", LEASE, site="x", **{name: 1})))
    assert [fault.severity for fault in faults] == ["warning"]


def test_a_slip_of_an_absent_sheet_or_setting_is_an_error() -> None:
    """What a sheet or a setting with a slip in its name says would be lost."""
    assert brief(faults_from(tables(fleet=None, flet=VALID["fleet"]))) == ["error flet! 0"]
    settings = {**VALID["settings"], "discount_rat": 0.2}
    assert brief(faults_from(tables(settings=settings))) == ["error settings!discount_rat 4"]


def faults_from(sheets: dict[str, Any]) -> list[Any]:
    """Everything found in plain tables, also when there is no error."""
    return list(load_tables([plain_table(name, rows) for name, rows in sheets.items()]).faults)


@pytest.mark.parametrize("missing", ["settings", "hardware", "throughput", "segments", "demand"])
def test_a_missing_sheet_is_the_only_thing_said(missing: str) -> None:
    """A required sheet that is absent is one fault, without what would only follow from it."""
    faults = faults_of(**{missing: None})
    assert brief(faults) == [f"error {missing}! 0"]
    assert "Add a sheet" in faults[0].fix


@pytest.mark.parametrize(
    ("sheet", "column"),
    [
        (name, column)
        for name in ("hardware", "throughput", "segments", "demand", "fleet")
        for column in VALID[name][0]
        if (name, column) != ("fleet", "provider")
    ],
)
def test_a_missing_column_is_the_only_thing_said(sheet: str, column: str) -> None:
    """A required column that is absent is one fault at the head of its sheet, and nothing that follows from it."""
    rows = [{name: value for name, value in each.items() if name != column} for each in VALID[sheet]]
    assert brief(faults_of(**{sheet: rows})) == [f"error {sheet}!{column} 1"]


def test_an_empty_required_sheet_is_a_fault_and_an_empty_optional_one_is_not() -> None:
    """A sheet that may not be absent may not be empty either."""
    assert brief(faults_of(segments=[])) == [
        "error segments!segment 1",
        "error segments!workload 1",
    ]
    assert faults_of(leases=[], caps=[]) == []
    assert "error hardware!" in brief(faults_of(hardware=[{"hardware": None, "kw": None}]))[0]


def test_an_optional_sheet_with_strange_columns_is_not_passed_over() -> None:
    """Records under column names we do not know are a fault, in an optional sheet too."""
    faults = faults_of(leases=[{"our leases of 2026": "lease"}, {"our leases of 2026": "L"}])
    assert {"error leases!lease 1", "error leases!provider 1", "error leases!region 1"} <= set(brief(faults))


def test_two_columns_of_a_name_are_a_fault() -> None:
    """A column may head only one column of cells, however its name is written."""
    faults = faults_of(hardware=[{"hardware": "H100", "kw": 1, " KW": 2}])
    assert brief(faults) == ["error hardware!kw 1"]
    assert faults[0].cell == "C1"


def test_two_sheets_of_a_name_are_a_fault() -> None:
    """Two sheets whose names match are not read as one."""
    faults = faults_of(**{"Fleet ": VALID["fleet"]})
    assert brief(faults) == ["error Fleet ! 0"]


def test_every_bad_cell_is_named_at_once() -> None:
    """All cells that do not fit are listed together, each with address, what was found and what to do."""
    faults = faults_of(
        hardware=[{"hardware": "H100", "kw": "lots"}, {"hardware": "B200", "kw": None}],
        throughput=[{"workload": "chat", "hardware": "H100", "tokens_per_second": -5}],
        segments=[{"segment": "chat", "workload": "chat", "growth_per_month": "1,5", "timing": "sometimes"}],
        settings={"first_month": "01/02/2026", "months": 6.5},
    )
    assert [f"{fault.sheet}!{fault.cell}" for fault in faults] == [
        "settings!B2",
        "settings!B3",
        "hardware!B2",
        "hardware!B3",
        "throughput!C2",
        "segments!C2",
        "segments!D2",
    ]
    assert [fault.found for fault in faults] == [
        "'01/02/2026'",
        "6.5",
        "'lots'",
        "an empty cell",
        "-5",
        "'1,5'",
        "'sometimes'",
    ]
    assert all(fault.expected and fault.fix and fault.severity == "error" for fault in faults)
    assert faults[2].row_key == "H100"


def test_a_name_whose_row_is_faulty_is_still_known() -> None:
    """A row with a bad cell still defines its name, so nothing else is reported for it."""
    faults = faults_of(hardware=[{"hardware": "H100", "kw": -1}])
    assert brief(faults) == ["error hardware!kw 2"]


def test_a_name_that_cannot_be_read_makes_no_other_name_unknown() -> None:
    """Where a key cannot be read, names that may be it are not called unknown."""
    faults = faults_of(hardware=[{"hardware": Unreadable("#REF!", "Mend it."), "kw": 1}])
    assert brief(faults) == ["error hardware!hardware 2"]


def test_an_unreadable_cell_is_reported_once_and_only_where_it_is_needed() -> None:
    """A cell the reader could not read is one fault in a column that is read, and none in a remark."""
    bad = Unreadable("#REF!", "Mend it.")
    faults = faults_of(row("hardware", VALID, kw=bad, note=bad))
    assert [(fault.found, fault.fix, fault.cell) for fault in faults] == [("#REF!", "Mend it.", "B2")]


def test_text_that_spells_a_number_is_a_warning() -> None:
    """A number typed as text counts, with a warning at its cell."""
    taken = load_tables([plain_table(name, rows) for name, rows in tables(row("hardware", VALID, kw="1.4")).items()])
    assert taken.dataset is not None
    assert taken.dataset.hardware[0].kw == 1.4
    assert [(fault.severity, fault.cell) for fault in taken.faults] == [("warning", "B2")]


@pytest.mark.parametrize(("text", "value"), [("-9", -9.0), ("9.", 9.0), (".5", 0.5), ("\u22129", -9.0), ("10 %", 0.1)])
def test_text_that_counts_as_a_number(text: str, value: float) -> None:
    """An optional minus sign, digits and at most one point count, and a percentage where the unit is a share."""
    assert parse(NUMBER, text)[0] == pytest.approx(value)
    assert parse(NUMBER, text)[1]


@pytest.mark.parametrize(
    "text", ["1e3", "1.5E-3", "+9", "+9%", "1e3%", "1.2.3", ".", "-", "--9", "1_000", "0x10", "inf"]
)
def test_text_that_is_no_plain_number_is_an_error(text: str) -> None:
    """A plus sign or an exponent is none of what may be in a number kept as text; nothing is guessed."""
    with pytest.raises(CellError):
        parse(NUMBER, text)


def test_settings_are_checked_as_cells_are() -> None:
    """A setting given twice, without a key, or missing is a fault in its row."""
    rows = [
        {"key": "first_month", "value": "2026-01"},
        {"key": "First Month", "value": "2026-02"},
        {"key": None, "value": 3},
        {"key": Unreadable("#N/A", "Mend it."), "value": 3},
    ]
    faults = faults_of(settings=rows)
    assert sorted(brief(faults)) == [
        "error settings!first_month 3",
        "error settings!key 4",
        "error settings!key 5",
        "error settings!months 0",
    ]


def test_a_blank_setting_has_its_default() -> None:
    """A setting without a value is as one not given."""
    data = dataset_from(**tables(settings={"first_month": "2026-01", "months": 6, "end_of_horizon": None}))
    assert data.settings.end_of_horizon == "prorate"


def test_the_plan_is_named_after_the_file_unless_it_has_a_name() -> None:
    """plan_name is the file's name where the settings leave it blank."""
    sheets = [plain_table(name, rows) for name, rows in tables().items()]
    named = load_tables(sheets, plan_name="budget").dataset
    assert named is not None
    assert named.settings.plan_name == "budget"
    sheets[0] = plain_table("settings", {"first_month": "2026-01", "months": 6, "plan_name": "Q3"})
    named = load_tables(sheets, plan_name="budget").dataset
    assert named is not None
    assert named.settings.plan_name == "Q3"


def test_wide_demand_says_the_same_as_long() -> None:
    """A column a month gives the same rows as a row a month; blank is not given and 0 is zero."""
    wide = [{"segment": "chat", "region": "us", "2026-01": 1, "Feb 2026": None, "2026-03-01": 0, "Jun 2026": 2}]
    long = [
        {"segment": "chat", "region": "us", "month": month, "tokens_bn_per_day": figure}
        for month, figure in (("2026-01", 1), ("2026-03", 0), ("2026-06", 2))
    ]
    assert dataset_from(**tables(demand=wide)).demand == dataset_from(**tables(demand=long)).demand


def test_faults_of_wide_demand_are_at_their_cells() -> None:
    """In wide demand a fault is at the cell of its row and month."""
    wide = [
        {"segment": "chat", "region": "us", "2026-01": 1, "2026-02": "much", "2026-06": 2},
        {"segment": "chat", "region": "us", "2026-01": 1, "2026-02": None, "2026-06": None},
        {"segment": None, "region": "us", "2026-01": 1, "2026-02": None, "2026-06": None},
    ]
    faults = faults_of(demand=wide)
    assert [(fault.cell, fault.column) for fault in faults] == [("D2", "2026-02"), ("C3", "month"), ("A4", "segment")]


def test_two_columns_for_one_month_are_a_fault() -> None:
    """A month heads one column of wide demand, however it is written."""
    faults = faults_of(demand=[{"segment": "chat", "region": "us", "2026-01": 1, "Jan 2026": 1, "2026-06": 2}])
    assert [(fault.severity, fault.cell) for fault in faults] == [("error", "D1")]


@pytest.mark.parametrize("heading", ["02/2026", "Feb-26", "4605", "1930-01", "total", "2026-01-31 22:00"])
def test_a_heading_that_may_mean_a_month_is_not_passed_over(heading: str) -> None:
    """A column of numbers in wide demand whose name is no month is an error, for its demand would be lost."""
    faults = faults_of(demand=[{"segment": "chat", "region": "us", "2026-01": 1, heading: 5, "2026-06": 2}])
    assert [(fault.severity, fault.cell) for fault in faults] == [("error", "D1")]


def test_demand_both_long_and_wide_is_a_fault() -> None:
    """Month columns beside a month column are not silently left out."""
    demand = [{**VALID["demand"][0], "2026-02": 3}]
    assert "error demand! 1" in brief(faults_of(demand=demand))


def test_rows_keep_their_place_in_the_sheet() -> None:
    """A row of the Dataset knows its row in the sheet, blank rows counted."""
    table = RawTable("hardware", {"A": "hardware", "B": "kw"}, (Record(4, {"A": "H100", "B": 1.0}),))
    sheets = [plain_table(name, rows) for name, rows in tables(hardware=None).items()]
    data = load_tables([*sheets, table]).dataset
    assert data is not None
    assert data.hardware[0].row == 4


def test_errors_come_first_in_the_order_of_the_sheets() -> None:
    """Faults are listed errors first, then by sheet and row."""
    data = tables(row("hardware", VALID, kw="1.4"), row("fleet", VALID, accelerators=-1))
    data["segments"][0]["growth_per_month"] = "x"
    assert brief(faults_from(data)) == [
        "error segments!growth_per_month 2",
        "error fleet!accelerators 2",
        "warning hardware!kw 2",
    ]


def test_faulty_tables_raise_once_with_everything() -> None:
    """`dataset_from` raises one exception that carries every fault."""
    with pytest.raises(FaultyWorkbook, match="2 faults") as raised:
        dataset_from(**tables(hardware=[{"hardware": "H100", "kw": -1, "availability": 2}]))
    assert len(raised.value.faults) == 2
