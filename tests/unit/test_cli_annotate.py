"""The annotated copy of `planner check --annotate`: what is marked, what is kept, what is never touched."""

from __future__ import annotations

import base64
import datetime as dt
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from package_parts import sheet_xml, valid_sheets, workbook_of

from models.faults import Fault
from planner.errors import CannotWrite, WrongUsage
from planner.excel.annotate import annotate
from planner.files.package import names_of_sheets
from planner.problem_reader import read

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
FAULTS = (
    Fault("throughput", "gain", "medium", "a typo", "a number", "Mend it.", "number-as-text", row=3, cell="C3"),
    Fault("leases", "units_max", "West 1", "'many'", "a whole number", "Write a number.", row=2, cell="B2"),
    Fault("leases", "site", "West 1", "=1+1", "a name", "Write a name.", row=2, cell="B2"),
    Fault("demand", "", "", "no sheet", "the sheet", "Add it."),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A workbook with a dark header, a note, and formulas of each kind with the values Excel saved."""
    path = tmp_path / "mine.xlsx"
    with xlsxwriter.Workbook(path) as book:
        dark = book.add_format({"bg_color": "#1F3A5F", "font_color": "#FFFFFF"})
        date = book.add_format({"num_format": "yyyy-mm"})
        leases = book.add_worksheet("Leases")
        leases.write_row(0, 0, ["lease", "units max"], dark)
        leases.write_row(1, 0, ["West 1", "many"])
        leases.write_comment(1, 1, "ask procurement")
        sums = book.add_worksheet("throughput")
        sums.write_formula("A1", "=20*2", value=40)
        sums.write_formula("A2", '="Wes"&"t"', value="West & <East>")
        sums.write_formula("A3", "=1=1", value=True)
        sums.write_formula("A4", "=1/0", value="#DIV/0!")
        sums.write_formula("A5", "=DATE(2026,9,1)", date, 46266)
        sums.write_formula("A6", "=A1*2.5", value=100.25)
        sums.write(2, 2, 0.2)
    return path


def opened(path: Path, **options: Any) -> Any:
    return openpyxl.load_workbook(path, **options)


def test_the_original_is_never_touched(source: Path, tmp_path: Path) -> None:
    """Not a byte of the workbook that is checked changes, nor its time."""
    before = source.read_bytes(), source.stat().st_mtime_ns
    annotate(source, tmp_path / "marked.xlsx", FAULTS)
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before


def test_the_copy_may_not_be_the_original(source: Path, tmp_path: Path) -> None:
    """Writing over the workbook itself is refused under every spelling of its name."""
    (tmp_path / "other.xlsx").symlink_to(source)
    for name in ("mine.xlsx", "./mine.xlsx", "other.xlsx"):
        with pytest.raises(WrongUsage, match="itself"):
            annotate(source, tmp_path / name, FAULTS)


def test_another_workbook_is_not_replaced_but_an_earlier_copy_is(source: Path, tmp_path: Path) -> None:
    """The copy replaces a copy, and never a workbook somebody else made."""
    precious = tmp_path / "precious.xlsx"
    precious.write_bytes(source.read_bytes())
    with pytest.raises(CannotWrite, match="would be lost"):
        annotate(source, precious, FAULTS)
    assert precious.read_bytes() == source.read_bytes()
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, FAULTS)
    annotate(source, marked, FAULTS[:1])
    assert opened(marked)["Issues"].max_row == 5


def test_faulty_cells_are_filled_in_words_and_colour(source: Path, tmp_path: Path) -> None:
    """Each faulty cell has a light fill, dark bold text, and a note with found, expected and what to do."""
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, FAULTS)
    cell = opened(marked)["Leases"]["B2"]
    assert cell.fill.fgColor.rgb.endswith("FDE2DC")
    assert cell.font.color.rgb.endswith("1F1F1F")
    note = cell.comment.text
    assert "ask procurement" in note
    assert "ERROR: found 'many'; expected a whole number. Write a number." in note
    assert "found =1+1; expected a name" in note
    warned = opened(marked)["throughput"]["C3"]
    assert warned.fill.fgColor.rgb.endswith("FFF2CC")
    assert warned.comment.text.startswith("WARNING")


def test_comments_go_beside_those_of_another_program(source: Path, tmp_path: Path) -> None:
    """A drawing of comments whose namespaces have other names stays well-formed, and the new comments are hidden."""
    other, marked = tmp_path / "other.xlsx", tmp_path / "marked.xlsx"
    opened(source).save(other)
    annotate(other, marked, [Fault("leases", "", "", "a", "b", "c", row=9, cell="C9")])
    with zipfile.ZipFile(marked) as archive:
        drawings = [name for name in archive.namelist() if name.endswith(".vml")]
        (shapes,) = [ElementTree.fromstring(archive.read(name)) for name in drawings]
    boxes = [each for each in shapes if each.tag == "{urn:schemas-microsoft-com:vml}shape"]
    assert len({box.get("id") for box in boxes}) == len(boxes) == 2
    assert all("visibility:hidden" in str(box.get("style")) for box in boxes)


def test_a_dark_header_stays_readable_when_marked(source: Path, tmp_path: Path) -> None:
    """The white text of a header turns dark on the light fill of a fault."""
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, [Fault("leases", "unitsmax", "", "a", "b", "c", row=1, cell="B1")])
    assert opened(marked)["Leases"]["B1"].font.color.rgb.endswith("1F1F1F")


def test_the_issues_sheet_comes_first_with_a_row_and_a_link_for_each_fault(source: Path, tmp_path: Path) -> None:
    """Errors come before warnings; a link leads to the cell; what was found stays text, never a formula."""
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, FAULTS)
    book = opened(marked)
    assert book.sheetnames == ["Issues", "Leases", "throughput"]
    issues = book["Issues"]
    assert issues["A2"].value.startswith("3 errors, 1 warning.")
    rows = [[cell.value for cell in row] for row in issues.iter_rows(min_row=5)]
    assert [row[0] for row in rows] == ["error", "error", "error", "warning"]
    assert rows[0][1:] == ["leases!B2", "units_max", "West 1", "'many'", "a whole number", "Write a number."]
    assert issues["B5"].hyperlink.location == "'Leases'!B2"
    assert issues["E6"].data_type == "s"
    assert issues["E6"].value == "=1+1"
    assert issues["B7"].hyperlink is None  # the sheet is missing, so there is no place to go to


def test_formulas_keep_what_they_came_to(source: Path, tmp_path: Path) -> None:
    """In the copy every formula is still a formula, and its saved value can be read without Excel."""
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, FAULTS)
    formulas, values = opened(marked)["throughput"], opened(marked, data_only=True)["throughput"]
    assert formulas["A1"].value == "=20*2"
    assert formulas["A2"].value == '="Wes"&"t"'
    found = [values[f"A{row}"].value for row in range(1, 7)]
    assert found == [40, "West & <East>", True, "#DIV/0!", dt.datetime(2026, 9, 1), 100.25]


def test_the_copy_has_the_same_faults_as_the_original(source: Path, tmp_path: Path) -> None:
    """A copy that is mended can be checked and solved in place of the original: it reads the same."""
    marked = tmp_path / "marked.xlsx"
    before = read(source)
    annotate(source, marked, before.faults)
    assert [str(fault) for fault in read(marked).faults] == [str(fault) for fault in before.faults]


def test_a_clean_workbook_gives_a_copy_that_says_so(source: Path, tmp_path: Path) -> None:
    """With nothing found an earlier copy is not left with faults that are mended."""
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, ())
    assert opened(marked)["Issues"]["A2"].value.startswith("No faults.")


def test_marks_on_merged_cells_go_to_the_cell_that_shows(source: Path, tmp_path: Path) -> None:
    """Of merged cells only the first can be seen, so it carries the note."""
    book = opened(source)
    book["Leases"].merge_cells("A2:B3")
    book.save(source)
    marked = tmp_path / "marked.xlsx"
    annotate(source, marked, [Fault("leases", "x", "", "a part of merged cells", "b", "c", row=3, cell="B3")])
    assert "a part of merged cells" in opened(marked)["Leases"]["A2"].comment.text


def test_a_file_that_is_no_workbook_has_no_copy(tmp_path: Path) -> None:
    """A CSV with the name of a workbook is said to be none, and nothing is written."""
    source = tmp_path / "mine.xlsx"
    source.write_text("lease,units\nWest 1,2\n")
    with pytest.raises(WrongUsage, match="cannot be opened as a workbook"):
        annotate(source, tmp_path / "marked.xlsx", ())
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("sheet", ["remarks", "demand"])
def test_ranges_over_whole_sheets_cost_nothing(sheet: str, tmp_path: Path) -> None:
    """A workbook with merged cells over a whole sheet is marked like any other, and nothing of it is lost."""
    whole = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    rows = valid_sheets().get(sheet, "")
    path, target = tmp_path / "a.xlsx", tmp_path / "marked.xlsx"
    path.write_bytes(workbook_of({sheet: sheet_xml(rows, whole)}, hardware="<row/>"))
    result = read(path)
    assert annotate(path, target, result.faults) == []
    assert names_of_sheets(target) >= {"Issues", sheet}


def test_a_sheet_of_its_own_in_the_place_of_the_list_is_told(source: Path, tmp_path: Path) -> None:
    """A person's sheet Issues is left out of the copy with a warning; the list of an earlier copy without."""
    book = opened(source)
    book.create_sheet("issues")["A1"] = "what we talked about"
    book.save(source)
    marked = tmp_path / "marked.xlsx"
    assert [(each.sheet, each.warning) for each in annotate(source, marked, ())] == [("Issues", "part-not-kept")]
    again = tmp_path / "again.xlsx"
    assert annotate(marked, again, FAULTS) == []


def test_all_but_the_marked_cells_stays_as_it_was(tmp_path: Path) -> None:
    """Pictures, charts, rules, filters, comments and formulas stay; parts change only where cells are marked."""
    source, marked = tmp_path / "mine.xlsx", tmp_path / "marked.xlsx"
    picture = tmp_path / "dot.png"
    picture.write_bytes(PICTURE)
    with xlsxwriter.Workbook(source) as book:
        for name in ("leases", "summary", "fleet"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["lease", "units max"])
            sheet.write_row(1, 0, ["West", 3])
            sheet.write_formula("C2", "=B2*2", value=6)
            sheet.write_comment("A2", f"of {name}")
            sheet.insert_image("E2", picture)
            chart = book.add_chart({"type": "column"})
            chart.add_series({"values": f"={name}!$B$2:$B$2"})
            sheet.insert_chart("E9", chart)
            sheet.data_validation("B2:B9", {"validate": "integer", "criteria": ">", "value": 0})
            sheet.conditional_format("B2:B9", {"type": "data_bar"})
            sheet.autofilter("A1:B2")
            sheet.print_area("A1:B9")
        book.get_worksheet_by_name("summary").activate()
    faults = [Fault("leases", "", "", "3", "more", "Ask.", row=2, cell=cell) for cell in ("A2", "B2", "XFD1048576")]
    assert annotate(source, marked, faults) == []
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(marked) as after:
        assert set(before.namelist()) < set(after.namelist())
        changed = {name for name in before.namelist() if before.read(name) != after.read(name)}
        for name in after.namelist():
            assert name.endswith(".png") or ElementTree.fromstring(after.read(name)) is not None  # well-formed
    of_the_book = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
    of_the_sheet = {"xl/worksheets/sheet1.xml", "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"}
    chosen = {"xl/worksheets/sheet2.xml"}  # it was chosen; now the list is
    assert changed == of_the_book | of_the_sheet | chosen
    book = opened(marked)
    sheet = book["leases"]
    assert [sheet[cell].comment.text.split("\n\n")[-1] for cell in ("A2", "B2", "XFD1048576")] == [
        "ERROR: found 3; expected more. Ask."
    ] * 3
    assert sheet["A2"].comment.text.startswith("of leases\n\n")
    assert (sheet["C2"].value, opened(marked, data_only=True)["leases"]["C2"].value) == ("=B2*2", 6)
    assert (len(sheet._charts), sheet.print_area) == (1, "'leases'!$A$1:$B$9")
    assert sheet.data_validations.count == 1
    assert [bool(each.sheet_view.tabSelected) for each in book] == [True, False, False, False]
