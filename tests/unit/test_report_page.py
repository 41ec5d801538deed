"""Charts of a report's page: where their axis begins."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import builders as b
import pytest
from openpyxl import load_workbook

from planner.excel.report_page import Page, Picture, Section, heads, write_report
from planner.results.tables import Filled, report_table


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


@pytest.mark.parametrize(("share", "shown"), [(0.000999, "0.000%"), (0.25, "0.0%"), (0.0, "0.0%")])
def test_a_share_is_a_percentage_in_a_table(tmp_path: Path, share: float, shown: str) -> None:
    """The cell keeps its plain number, so that other programs read it, and shows a percentage."""
    table = report_table("Gaps", "one gap", "name:text", "gap:share")
    page = Page("Sheet", "Title", "", "", "good", ())
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [Filled(table, [("a", share)])])
    cell = load_workbook(tmp_path / "page.xlsx")["Gaps"]["B2"]
    assert (cell.value, cell.number_format) == (pytest.approx(share), shown)


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
