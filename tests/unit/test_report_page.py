"""Charts of a report's page: where their axis begins."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import builders as b
import pytest
from openpyxl import load_workbook
from xlsxwriter import Workbook

from planner.excel.book import Book
from planner.excel.first_sheet import FirstSheet
from planner.excel.report_page import Page, Picture, Section, heads, write_report
from planner.results.tables import Filled, report_table


def test_of_tables_side_by_side_the_tallest_head_counts(tmp_path: Path) -> None:
    """A head of one line beside one of two leaves the row as high as the two lines need."""
    with Workbook(tmp_path / "page.xlsx") as workbook:
        sheet = FirstSheet(Book(workbook, b.dataset(b.demand(1.0)), "footer"), "Sheet", (6.0, 9.0))
        sheet.head(["On demand"], ["money"])
        sheet.row -= 1
        sheet.head(["Year"], ["year"], at=1)
    with zipfile.ZipFile(tmp_path / "page.xlsx") as archive:
        [height] = re.findall(r'<row r="1"[^>]* ht="([^"]+)"', archive.read("xl/worksheets/sheet1.xml").decode())
    assert float(height) > 18.0


@pytest.mark.parametrize(
    ("kind", "figure", "from_zero"), [("bar", 5.0, True), ("bar", -5.0, False), ("line", 5.0, False)]
)
def test_bars_of_what_is_not_below_zero_begin_there(tmp_path: Path, kind: str, figure: float, from_zero: bool) -> None:
    """A program that chooses its axis by the figures would draw a single bar from its own end, with no length."""
    picture = Picture("One", (1,), kind)  # type: ignore[arg-type]
    section = Section("One", heads("Offer:text", "Value:money"), [("a", figure)], picture=picture)
    page = Page("Sheet", "Title", "", "", "good", (section,))
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [])
    with zipfile.ZipFile(tmp_path / "page.xlsx") as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert ('<c:min val="0"/>' in chart) is from_zero


@pytest.mark.parametrize(("figures", "drawn"), [((0.0, None), False), ((0.0, 2.0), True)])
def test_nothing_is_drawn_of_nothing(tmp_path: Path, figures: tuple[float | None, ...], drawn: bool) -> None:
    """A chart of zeros is an empty frame, and is left out."""
    rows = [(f"row {position}", figure) for position, figure in enumerate(figures)]
    section = Section("One", heads("Offer:text", "Value:money"), rows, picture=Picture("One", (1,)))
    page = Page("Sheet", "Title", "", "", "good", (section,))
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [])
    with zipfile.ZipFile(tmp_path / "page.xlsx") as archive:
        assert any(name.startswith("xl/charts/") for name in archive.namelist()) is drawn


def test_totals_are_told_and_not_drawn(tmp_path: Path) -> None:
    """A total beside its parts would be the tallest bar: the chart ends above it, the table does not."""
    rows = [("leases", 5.0), ("contracts", 2.0), ("Total", 7.0), ("Any plan costs at least", 6.0)]
    section = Section("One", heads("Category:text", "Cost:money"), rows, picture=Picture("One", (1,), stop=-2))
    write_report(
        tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), Page("Sheet", "Title", "", "", "good", (section,)), []
    )
    with zipfile.ZipFile(tmp_path / "page.xlsx") as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    (first, last) = re.search(r"<c:val>.*?\$(\d+):.*?\$(\d+)</c:f>", chart).groups()
    sheet = load_workbook(tmp_path / "page.xlsx")["Sheet"]
    names = [sheet.cell(row, 1).value for row in range(int(first), int(last) + 3)]
    assert names == ["leases", "contracts", "Total", "Any plan costs at least"]
    assert int(last) - int(first) == 1


@pytest.mark.parametrize(("share", "shown"), [(0.000999, "0.000%"), (0.25, "0.0%"), (0.0, "0.0%")])
def test_a_share_is_a_percentage_in_a_table(tmp_path: Path, share: float, shown: str) -> None:
    """The cell keeps its plain number, so that other programs read it, and shows a percentage."""
    table = report_table("Gaps", "one gap", "name:text", "gap:share")
    page = Page("Sheet", "Title", "", "", "good", ())
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [Filled(table, [("a", share)])])
    cell = load_workbook(tmp_path / "page.xlsx")["Gaps"]["B2"]
    assert (cell.value, cell.number_format) == (pytest.approx(share), shown)


def test_nothing_is_written_without_a_sign(tmp_path: Path) -> None:
    """A zero that arithmetic left a minus sign is 0 in the cell, in tables short and long."""
    table = report_table("Bills", "amounts", "amount:amount", "any:any")
    page = Page("Sheet", "Title", "", "", "good", ())
    for count in (1, 5_000):
        path = tmp_path / f"{count}.xlsx"
        write_report(path, b.dataset(b.demand(1.0)), page, [Filled(table, [(-0.0, -0.0)] * count)])
        with zipfile.ZipFile(path) as package:
            sheets = [package.read(name) for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any(b"<v>-0" in sheet for sheet in sheets)
        assert load_workbook(path)["Bills"]["A2"].value == 0


def test_a_range_is_drawn_as_one_bar(tmp_path: Path) -> None:
    """The half transparent bars of both ends lie over each other; hatched is that of which one end is not known."""
    rows = [
        ("known", 5.0, 5.0),
        ("open", 2.0, 6.5),
        ("at least", 3.0, None),
        ("below 0", -4.0, -1.0),
        ("none", None, 2.0),
    ]
    picture = Picture("One", (1, 2), "range")
    section = Section("One", heads("Offer:text", "Value at least:money", "Value at most:money"), rows, picture=picture)
    page = Page("Sheet", "Title", "", "", "good", (section,))
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [])
    with zipfile.ZipFile(tmp_path / "page.xlsx") as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert chart.count("<c:ser>") == 2
    assert chart.count('<a:alpha val="40000"/>') == 2
    assert '<c:overlap val="100"/>' in chart
    assert re.findall(r'<c:dPt><c:idx val="(\d)"/>', chart) == ["2", "4"]
    assert "<c:legend>" not in chart


def _parts(path: Path, *sections: Section) -> tuple[str, str]:
    """The first chart and the sheet of a page with these sections."""
    page = Page("Sheet", "Title", "", "", "good", sections)
    write_report(path, b.dataset(b.demand(1.0)), page, [])
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/charts/chart1.xml").decode(), archive.read("xl/worksheets/sheet1.xml").decode()


def test_a_curve_stands_over_its_figures(tmp_path: Path) -> None:
    """Points of a curve lie as far apart as their figures, and a mark is a line of its own at its figure."""
    rows = [(-0.2, 1.0), (0.0, 2.0), (1.0, 3.0)]
    picture = Picture("Curve", (1,), "curve", mark=("here", 1.25))
    chart, sheet = _parts(tmp_path / "page.xlsx", Section("One", heads("x:change", "y:money"), rows, picture=picture))
    assert "<c:scatterChart>" in chart
    assert re.findall(r"<c:xVal>.*?<c:f>(.*?)</c:f>", chart) == ["Sheet!$A$8:$A$10", "Sheet!$I$12:$I$13"]
    assert re.findall(r'<c:(min|max) val="(.*?)"/>', chart) == [("max", "1.25"), ("min", "-0.2")]
    assert sheet.count("<v>1.25</v>") == 2


def test_pages_end_between_tables_and_charts(tmp_path: Path) -> None:
    """A page begins with a section or a chart that fits on the one before no more, and never within one."""
    rows = [(f"row {n}", float(n)) for n in range(30)]
    section = Section("One", heads("Offer:text", "Value:money"), rows, picture=Picture("One", (1,)))
    _, sheet = _parts(tmp_path / "page.xlsx", section, section)
    rows_of = load_workbook(tmp_path / "page.xlsx")["Sheet"]
    heads_at = [row for row in range(1, rows_of.max_row + 1) if rows_of.cell(row, 1).value == "One"]
    breaks = [int(each) for each in re.findall(r'<brk id="(\d+)"', sheet)]
    assert len(breaks) == 2
    assert not any(first <= at < first + 32 for at in breaks for first in heads_at)
    assert "fitToPage" not in sheet
