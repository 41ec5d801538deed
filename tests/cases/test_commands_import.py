"""`planner import`: the page's examples run, what comes out reads as was meant, and faulty records are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Run
from pages_that_run import run_page
from sheets import VALID, Tables, workbook

import planner
from models import months
from planner.problem_reader import read

PAGE = Path(__file__).resolve().parents[2] / "planner/pages/imports.md"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "book.xlsx", VALID)


def rate(path: Path, sheet: str, segment: str, month: str) -> float:
    """The rate of a segment in a month, bn tokens a day."""
    number = months.parse(month)
    (found,) = [
        each.tokens_bn_per_day
        for each in read(path).valid_dataset().rows(sheet)
        if (each.segment, each.month) == (segment, number)
    ]
    return float(found)


def test_a_workbook_is_no_csv_file(here: Run, book: Path) -> None:
    """A workbook in the place of the CSV file is told to be none, without the words of a decoder."""
    ran = here("import", "bills", book, book, "-o", "out.xlsx")
    assert ran.code == 2
    assert "book.xlsx is no CSV file in UTF-8. Save it as one" in ran.err


@pytest.mark.slow
def test_the_page_runs(here: Run, tmp_path: Path) -> None:
    """Each example prints what the page shows, its figures are those it works out, and its inputs are unchanged."""
    ran = run_page(PAGE, tmp_path, here)
    assert (ran.commands, ran.lines) == (7, 16)
    assert rate(tmp_path / "july.xlsx", "history", "assistant", "2026-07") == pytest.approx(9)
    assert rate(tmp_path / "july.xlsx", "demand", "assistant", "2026-08") == pytest.approx(10)
    assert rate(tmp_path / "vllm.xlsx", "history", "assistant", "2026-08") == pytest.approx(315 / 31)
    assert rate(tmp_path / "spans.xlsx", "history", "assistant", "2026-08") == pytest.approx(10)
    prices = {each.hardware: each for each in read(tmp_path / "prices.xlsx").valid_dataset().on_demand[3:]}
    assert prices["H100"].usd_per_accelerator_hour == pytest.approx(98.32 / 8)
    assert prices["B200"].usd_per_accelerator_hour == pytest.approx(113.9 / 8)
    (promised,) = read(tmp_path / "spent.xlsx").valid_dataset().spend_commitments
    assert (promised.usd, promised.spent_usd) == (2_000_000, 750_000.5)
    assert months.label(promised.until_month) == "2027-02"
    starter = planner.read(tmp_path / "starter.xlsx")
    assert "history" not in starter.sheets
    assert planner.solve(planner.read(tmp_path / "july.xlsx")).objective_usd == planner.solve(starter).objective_usd


def test_running_totals(here: Run, book: Path, tmp_path: Path) -> None:
    """Totals of two servers are added up, a restart loses nothing, and what crosses a month's end is shared by time."""
    rows = ["time,model,tokens,instance"]
    rows += ["2025-12-22T00:00:00Z,chat,0,a", "2026-01-11T00:00:00Z,chat,20e9,a", "2026-01-12T00:00:00Z,chat,3e9,a"]
    rows += ["2025-12-22T00:00:00Z,chat,5e9,b", "2026-01-12T00:00:00Z,chat,5e9,b"]
    (tmp_path / "totals.csv").write_text("\n".join(rows), encoding="utf-8")
    said = here("import", "tokens", "totals.csv", book, "-o", "out.xlsx", "--counter")
    assert said.code == 0
    assert rate(tmp_path / "out.xlsx", "history", "chat", "2025-12") == pytest.approx(10 / 10)
    assert rate(tmp_path / "out.xlsx", "history", "chat", "2026-01") == pytest.approx((10 + 3) / 11)
    assert rate(tmp_path / "out.xlsx", "demand", "chat", "2026-01") == pytest.approx(13 / 11)
    assert "2025-12: 10 of 31 days are counted" in said.out


def test_a_row_that_is_there_changes(here: Run, tmp_path: Path) -> None:
    """Demand of a month and a price in force are changed where they stand; what else their rows say stays."""
    tables: Tables = VALID | {
        "on_demand": [
            {
                "provider": "aws",
                "region": "us",
                "hardware": "H100",
                "usd_per_accelerator_hour": 5,
                "max_accelerators": 9,
            }
        ]
    }
    book = workbook(tmp_path / "book.xlsx", tables)
    (tmp_path / "vms.csv").write_text("AcceleratorName,AcceleratorCount,Price,Region\nH100,8,16,us\n", encoding="utf-8")
    assert here("import", "prices", "vms.csv", book, "-o", "out.xlsx", "--provider", "aws").code == 0
    (row,) = read(tmp_path / "out.xlsx").valid_dataset().on_demand
    assert (row.usd_per_accelerator_hour, row.max_accelerators) == (2, 9)
    (tmp_path / "day.csv").write_text(
        "date,segment,tokens\n2026-01-02,chat,4e9\n2026-01-31,chat,2e9\n", encoding="utf-8"
    )
    assert here("import", "tokens", "day.csv", book, "-o", "two.xlsx").code == 0
    assert rate(tmp_path / "two.xlsx", "demand", "chat", "2026-01") == pytest.approx(6 / 30)


@pytest.mark.parametrize("demand", [None, "segment,region,month,tokens_bn_per_day\n", "segment,region,2026-01\n"])
def test_into_a_sheet_still_to_be_filled(here: Run, book: Path, tmp_path: Path, demand: str | None) -> None:
    """A workbook without demand gets its rows: into a new sheet, a long one and a wide one, in its only region."""
    assert here("convert", book, "folder").code == 0
    (tmp_path / "folder" / "demand.csv").unlink()
    if demand is not None:
        (tmp_path / "folder" / "demand.csv").write_text(demand, encoding="utf-8")
    text = "month,segment,tokens\n2025-12,chat,31e9\n2026-01,chat,62e9\n2026-06,chat,30e9\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    for out in ("filled", "filled.xlsx"):
        ran = here("import", "tokens", "t.csv", "folder", "-o", out)
        assert ran.code == 0, ran.out + ran.err
        assert [rate(tmp_path / out, "demand", "chat", f"2026-0{month}") for month in (1, 6)] == pytest.approx([2, 1])
    assert here("check", "folder").code == 2


def test_into_a_folder(here: Run, book: Path, tmp_path: Path) -> None:
    """A folder of CSV files gets the rows as a workbook does."""
    assert here("convert", book, "folder").code == 0
    (tmp_path / "t.csv").write_text("month,segment,tokens\n2025-12,chat,31e9\n", encoding="utf-8")
    assert here("import", "tokens", "t.csv", "folder", "-o", "other").code == 0
    assert rate(tmp_path / "other", "history", "chat", "2025-12") == pytest.approx(1)


def test_names_as_a_workbook_is_read(here: Run, book: Path, tmp_path: Path) -> None:
    """Names with what nobody sees, escapes or the look of a formula are texts, as they are where a workbook is read."""
    text = "ContractCommitmentId,ContractCommitmentCost,ContractCommitmentPeriodStart,ContractCommitmentPeriodEnd\n"
    names = ("=1+1", "_x0041_", "Mar\u200bket ", "a\x01b", "Gru\u0308n")
    text += "".join(f"{each},5,2026-01-01,2027-01-01\n" for each in names)
    (tmp_path / "source.csv").write_text(text, encoding="utf-8")
    assert here("import", "bills", "source.csv", book, "-o", "out.xlsx", "--provider", "us-inc").code == 0
    found = read(tmp_path / "out.xlsx").valid_dataset().spend_commitments
    assert [each.commitment for each in found] == ["=1+1", "A", "Market", "ab", "Gr\u00fcn"]


def test_commitments_of_older_bills_are_told(here: Run, book: Path, tmp_path: Path) -> None:
    """A file of costs that names commitments of money has neither size nor term of them: their names are told."""
    text = "ProviderName,ChargePeriodStart,BilledCost,CommitmentDiscountId,CommitmentDiscountCategory\n"
    text += "us-inc,2025-12-01,7,plan-1,Spend\nus-inc,2025-12-01,7,reserved-1,Usage\n"
    (tmp_path / "source.csv").write_text(text, encoding="utf-8")
    said = here("import", "bills", "source.csv", book, "-o", "out.xlsx")
    assert "commitments of money that the workbook does not have: plan-1;" in said.out
    assert "reserved-1" not in said.out


def test_wide_history_without_regions(here: Run, tmp_path: Path) -> None:
    """A wide sheet gets months, rows and a column for regions where it lacks them."""
    book = workbook(tmp_path / "book.xlsx", VALID | {"history": [{"segment": "chat", "2025-11": 0.5}]})
    (tmp_path / "t.csv").write_text("month,segment,region,tokens\n2025-12,chat,us,31e9\n", encoding="utf-8")
    assert here("import", "tokens", "t.csv", book, "-o", "out.xlsx").code == 0
    rows = read(tmp_path / "out.xlsx").valid_dataset().history
    assert [(each.region, each.tokens_bn_per_day) for each in rows] == [(None, 0.5), ("us", 1.0)]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("tokens", "month,segment\n2026-01,chat\n", "no column for tokens"),
        ("tokens", "month,segment,tokens\n2026-01,chat,many\n", "line 2: 'many'"),
        ("tokens", "month,segment,tokens\nlast May,chat,1\n", "line 2: 'last May'"),
        ("tokens", "month,segment,tokens\n2026-01,chat,-1\n", "line 2: '-1'"),
        ("tokens", "month,segment,tokens\n2026-01,chat,inf\n", "line 2: 'inf'"),
        ("tokens", "month,segment,tokens\n2026-01,chats,1\n", "has no segment chats"),
        ("prices", "AcceleratorName,AcceleratorCount,Price,Region\nA10G,8,16,us\n", "Nothing in the catalogue"),
        ("bills", "BilledCost,BillingCurrency,ChargePeriodStart\n1,EUR,2026-01-01\n", "is in EUR"),
        ("bills", "Amount\n1\n", "neither a file of contract commitments"),
    ],
)
def test_faulty_records(here: Run, book: Path, tmp_path: Path, kind: str, text: str, told: str) -> None:
    """What cannot be read is told with its line, nothing is written, and the workbook is never the output."""
    (tmp_path / "source.csv").write_text(text, encoding="utf-8")
    provider = [] if kind == "tokens" else ["--provider", "aws"]
    said = here("import", kind, "source.csv", book, "-o", "out.xlsx", *provider)
    assert (said.code, told in said.err) == (2, True), said.err
    assert not (tmp_path / "out.xlsx").exists()
    before = book.read_bytes()
    assert here("import", kind, "source.csv", book, "-o", book, "--force", *provider).code == 2
    assert book.read_bytes() == before
