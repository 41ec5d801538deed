"""`--set`: values that stand in for cells of one run."""

from pathlib import Path

import pytest
from sheets import LEASE, VALID, brief, row, tables, workbook

from models.dataset import Dataset
from models.loading import load_tables, plain_table
from planner.excel.overrides import override
from planner.problem_reader import read

NAMES = tables(LEASE, row("hardware", VALID, vendor="x"))
DOTTED = "GB200 v1.5=a/b"


def overridden(*texts: str, **sheets: object) -> Dataset:
    """The Dataset after overrides that must all fit."""
    found, faults = override([plain_table(name, rows) for name, rows in tables(NAMES, **sheets).items()], texts)
    assert faults == []
    taken = load_tables(found)
    assert taken.dataset is not None, taken.faults
    return taken.dataset


def test_a_cell_is_replaced() -> None:
    """The cell of a sheet, key and column has the new value, all others their own."""
    data = overridden("hardware.H100.kw=2.5")
    assert data.hardware[0].kw == 2.5
    assert data.hardware[0].vendor == "x"


def test_keys_of_several_parts_are_joined_by_a_slash() -> None:
    """A row with a key of several columns is found by all of them."""
    data = overridden("lease_terms.L/3.usd_per_accelerator_hour=7", "demand.chat/us/Jun 2026.tokens_bn_per_day=9")
    assert data.lease_terms[0].usd_per_accelerator_hour == 7
    assert [each.tokens_bn_per_day for each in data.demand] == [1, 9]


def test_a_key_that_joins_alike_for_two_rows_is_a_fault() -> None:
    """Where names with slashes give two rows one key, none is set, and the fault says so."""
    demand = [{**VALID["demand"][0], "segment": segment, "region": region}
              for segment, region in (("a/b", "c"), ("a", "b/c"))]  # fmt: skip
    given = [plain_table(name, rows) for name, rows in tables(demand=demand).items()]
    found, (fault,) = override(given, ["demand.a/b/c/2026-01.tokens_bn_per_day=9"])
    assert "two rows of demand" in fault.found
    assert found == given


def test_settings_are_set_whether_given_or_not() -> None:
    """A setting that the sheet leaves to its default can be set too."""
    data = overridden("settings.months=5", "settings.discount_rate=0.08", "settings.end_of_horizon=full")
    assert (data.settings.months, data.settings.discount_rate, data.settings.end_of_horizon) == (5, 0.08, "full")


def test_a_column_that_the_sheet_lacks_can_be_set() -> None:
    """A column left to its default can be set for one row; the others keep the default."""
    hardware = [*NAMES["hardware"], {"hardware": "B200", "kw": 2}]
    data = overridden("hardware.H100.availability=0.9", hardware=hardware)
    assert [each.availability for each in data.hardware] == [0.9, 1.0]


def test_names_may_hold_dots_slashes_and_equals_signs() -> None:
    """The sheet is matched first and the column last, so that a key may hold what it likes."""
    hardware = [*NAMES["hardware"], {"hardware": DOTTED, "kw": 2}]
    assert overridden(f"hardware.{DOTTED}.kw=3", hardware=hardware).hardware[1].kw == 3


def test_names_of_sheets_and_columns_match_loosely() -> None:
    """Sheet and column are matched as in the workbook; the key exactly."""
    assert overridden("Lease Terms.L/3.Prepay Share=0.5").lease_terms[0].prepay_share == 0.5


def test_nothing_after_the_equals_sign_leaves_the_cell_blank() -> None:
    """An empty value clears the cell, so that its default holds."""
    assert overridden("hardware.H100.vendor=").hardware[0].vendor == ""


def test_wide_demand_is_set_by_its_month() -> None:
    """A month of wide demand is found by segment, region and month."""
    wide = [{"segment": "chat", "region": "us", "2026-01": 1, "2026-06": 2}]
    assert overridden("demand.chat/us/2026-06.tokens_bn_per_day=9", demand=wide).demand[1].tokens_bn_per_day == 9


def test_a_blank_second_key_may_be_left_out() -> None:
    """An on-demand row from the first month on is found without a month."""
    on_demand = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}]
    data = overridden("on_demand.spot/us/H100.usd_per_accelerator_hour=4", on_demand=on_demand)
    assert data.on_demand[0].usd_per_accelerator_hour == 4


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("hardwar.H100.kw=1", "'hardware'"),
        ("hardware.H10.kw=1", "'H100'"),
        ("hardware.H100.kww=1", "'kw'"),
        ("settings.discont_rate=1", "'discount_rate'"),
        ("lease_terms.L/6.term_months=1", "'L/3'"),
        ("demand.chat/us/2026-07.tokens_bn_per_day=1", "'chat/us/2026-0"),
        ("caps.c.value=1", "Add the sheet"),
        ("hardware.H100.kw", "sheet.key.column=value"),
        ("hardware=1", "sheet.key.column=value"),
        ("hardware.kw=1", "hardware.HARDWARE.COLUMN=VALUE"),
        ("", "sheet.key.column=value"),
    ],
)
def test_an_override_that_names_nothing_is_a_fault(text: str, closest: str) -> None:
    """A sheet, key or column that is none is a fault that names the override and the closest known name."""
    _, faults = override([plain_table(name, rows) for name, rows in NAMES.items()], [text])
    assert len(faults) == 1
    assert closest in faults[0].fix
    assert text in str(faults[0])


def test_an_override_is_typed_and_checked_as_its_cell_is(tmp_path: Path) -> None:
    """A value that does not fit its column is the fault of that cell, and the file keeps its bytes."""
    path = workbook(tmp_path / "a.xlsx")
    before = path.read_bytes()
    for value in ("lots", "-1", "1e308", "nan"):
        result = read(path, [f"hardware.H100.kw={value}"])
        assert brief(list(result.faults)) == ["error hardware!kw 2"]
        assert f"(--set hardware.H100.kw={value})" in result.faults[0].found
    assert read(path, ["hardware.H100.kw=2"]).faults == ()
    assert path.read_bytes() == before


def test_a_bad_value_of_an_absent_column_is_shown_beside_the_table(tmp_path: Path) -> None:
    """A column that the sheet lacks is taken to stand in its first free column."""
    result = read(workbook(tmp_path / "a.xlsx"), ["hardware.H100.availability=7"])
    assert [(fault.sheet, fault.cell) for fault in result.faults] == [("hardware", "C2")]


def test_a_name_that_spells_a_number_stays_as_it_is_typed(tmp_path: Path) -> None:
    """Only columns of numbers take numbers: a provider 007 is not the provider 7."""
    result = read(workbook(tmp_path / "a.xlsx", LEASE), ["leases.L.provider=007", "leases.L.units_max=007"])
    assert result.dataset is not None
    assert [(each.provider, each.units_max) for each in result.dataset.leases] == [("007", 7)]
