"""Workbooks of odd form: read as any program reads them, or refused in words, and never something in between."""

import os
import re
import time
import warnings
from pathlib import Path

import pytest
from package_parts import MAIN, OFFICE, parts_of, rows_xml, sheet_xml, valid_sheets, workbook_of, zipped

from models.faults import Fault
from models.parsing.raw_tables import Unreadable
from planner.excel.cells import cells_of
from planner.excel.workbook_reader import workbook_tables
from planner.files.package import names_of_sheets
from planner.files.reading import UnreadableFile, read_regular, read_toml
from planner.problem_reader import read

HARDWARE = '<row r="1"><c r="A1" t="str"><v>hardware</v></c><c r="B1" t="str"><v>kw</v></c></row>'
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def problem(tmp_path: Path, content: bytes) -> Path:
    """A file with these bytes."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    return path


def faults(tmp_path: Path, content: bytes) -> list[Fault]:
    """All faults of a file with these bytes."""
    return list(read(problem(tmp_path, content)).faults)


def refusal(content: bytes) -> str:
    """What a file is said to be that is not read."""
    with pytest.raises(UnreadableFile) as refused:
        workbook_tables(content)
    return refused.value.found


def test_cells_without_addresses_follow_one_another(tmp_path: Path) -> None:
    """Rows and cells without addresses are numbered as every program numbers them."""
    assert faults(tmp_path, workbook_of()) == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("<c><f>1+1</f></c>", "a formula without a saved value"),
        ("<c><f>1+1</f><v></v></c>", "a formula without a saved value"),
        ('<c t="str"><f>A1</f></c>', "a formula without a saved value"),
        ('<c r="B2"><f>1+1</f></c>', "a formula without a saved value"),
        ('<c r="b2"><f>1+1</f></c>', "a formula without a saved value"),
        ("<c><v>NaN</v></c>", "NaN"),
        ("<c><v>1e999</v></c>", "1e999"),
        ("<c><v>5,3</v></c>", "5,3"),
        ("<c><v>1_000</v></c>", "1_000"),
        ('<c t="e"><v>#N/A</v></c>', "#N/A, an error of the spreadsheet"),
        ('<c t="e"><v></v></c>', "an error without its name"),
        ('<c t="b"><v>2</v></c>', "'2' for yes or no"),
        ('<c t="d"><v>soon</v></c>', "'soon' as a date"),
        ('<c t="x"><v>1</v></c>', "a cell of the unknown kind 'x'"),
    ],
)
def test_a_cell_that_no_reader_can_know_is_told_at_its_place(cell: str, found: str, tmp_path: Path) -> None:
    """A formula without value, a number that is none and the like are errors of their cell, whatever its address."""
    row = f'<row r="2"><c r="A2" t="str"><v>H100</v></c>{cell}</row>'
    (fault,) = faults(tmp_path, workbook_of(hardware=HARDWARE + row))
    assert (fault.sheet, fault.cell, fault.found) == ("hardware", "B2", found)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c><v> 1.5 </v></c>", 1.5),
        ("<c><f>1+1</f><v>2</v></c>", 2),
        ('<c t="inlineStr"><is><r><t>ab</t></r><r><t>c</t></r><rPh><t>x</t></rPh></is></c>', "abc"),
        ('<c t="str"><v>a_x0042_c_x200B_</v></c>', "aBc"),
        ('<c t="str"><v>a_x005F_x0042_c</v></c>', "a_x0042_c"),
        ('<c><v>1</v><extLst><ext><v xmlns="other">7</v></ext></extLst></c>', 1),
        ('<c t="n"><v>5</v><is><t>6</t></is></c>', 5),
        ('<c t="b"><v>1</v></c>', True),
        ('<c t="str"><f>A1</f><v></v></c>', None),
        ("<c><v>  </v></c>", None),
    ],
)
def test_what_a_cell_holds(cell: str, value: object) -> None:
    """A cell is read as what its element says, escapes decoded, unseen characters left out."""
    workbook = cells_of(zipped(parts_of({"x": sheet_xml(f"<row>{cell}</row>")})))
    assert workbook.cells(workbook.sheets[0]).rows.get(1, {}).get("A") == value


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"/><row r="1"/>',
        '<row r="2"/><row r="2"/>',
        '<row r="1000000000000"/>',
        '<row r="-1"/>',
        '<row><c r="B1"/><c r="A1"/></row>',
        '<row><c r="A1"/><c r="A1"/></row>',
        '<row r="1"><c r="A2"/></row>',
        '<row><c r="XFE1"/></row>',
        '<row><c r="$A$1"/></row>',
        "<row><row/></row>",
        "<c/>",
        "<row><c><c/></c></row>",
        "<row><c><v>1</v><v>2</v></c></row>",
        '<row><x:c xmlns:x="urn:another"><x:v>1</x:v></x:c></row>',
        "<row><cell/></row>",
        '<row><c t="s"><v>0</v></c></row>',
        "</sheetData><sheetData>",
        "<row><c>",
    ],
)
def test_a_table_of_another_form_is_refused(rows: str) -> None:
    """Rows out of order, cells beside their row, or twice: programs read them differently, so nobody does."""
    found = refusal(workbook_of({"hardware": sheet_xml(rows)}))
    assert found.startswith("a damaged workbook (")


def test_the_form_of_the_workbook_itself(tmp_path: Path) -> None:
    """Two workbooks in a file, a part twice and a sheet without a part are refused."""
    parts = parts_of({name: sheet_xml(rows) for name, rows in valid_sheets().items()})
    second = parts["[Content_Types].xml"].replace("/xl/workbook.xml", "/xl/other.xml")
    assert "several workbooks" in refusal(zipped(parts | {"[Content_Types].xml": second}))
    one = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    two = one.replace("rId1", "rId2").replace("workbook.xml", "other.xml")
    both = parts["_rels/.rels"].replace(one, one + two)
    assert "several workbooks" in refusal(zipped(parts | {"_rels/.rels": both}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = zipped(parts, [("xl/worksheets/sheet2.xml", parts["xl/worksheets/sheet2.xml"])])
    assert "twice" in refusal(twice)
    assert "twice" in refusal(zipped(parts, [("XL/Worksheets/Sheet2.xml", "")]))
    del parts["xl/worksheets/sheet2.xml"]
    assert "no part of the sheet 'hardware'" in refusal(zipped(parts))


def test_other_spellings_of_the_same_form_are_read(tmp_path: Path) -> None:
    """Prefixes, UTF-16, `./` in a target and the Strict namespaces change nothing of what a workbook says."""
    parts = parts_of({name: sheet_xml(rows) for name, rows in valid_sheets().items()})
    relations = parts["xl/_rels/workbook.xml.rels"].replace('"worksheets/', '"./worksheets/')
    sheet = parts["xl/worksheets/sheet2.xml"]
    prefixed = re.sub(r"<(/?)(\w)", r"<\1x:\2", sheet).replace("xmlns=", "xmlns:x=")
    strict = {name: text.replace(MAIN, STRICT) for name, text in parts.items()}
    for changed in (
        {"xl/_rels/workbook.xml.rels": relations},
        {"xl/worksheets/sheet2.xml": prefixed},
        {"xl/worksheets/sheet2.xml": f'<?xml version="1.0" encoding="UTF-16"?>{sheet}'.encode("utf-16")},
        strict,
    ):
        assert faults(tmp_path, zipped(parts | changed)) == []


def test_a_document_type_is_refused_in_every_encoding() -> None:
    """Entities could grow without end or read other files; no spreadsheet program writes them."""
    sheet = '<!DOCTYPE worksheet [<!ENTITY a "b">]>' + sheet_xml("")
    parts = parts_of({"settings": ""})
    for content in (sheet, f'<?xml version="1.0" encoding="UTF-16"?>{sheet}'.encode("utf-16")):
        assert refusal(zipped(parts | {"xl/worksheets/sheet1.xml": content})) == "a document type declaration"


def test_what_is_not_read_harms_nobody(tmp_path: Path) -> None:
    """Merged cells, links and comments over whole sheets, styles and names without end are passed over."""
    links = '<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>'
    whole = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>' + links
    name = '<definedName name="_xlnm.Print_Area" localSheetId="0">'
    names = f"<definedNames>{name}{chr(39) * 100_000}</definedName></definedNames>"
    remarks = sheet_xml('<row r="1048576"><c r="XFD1048576" s="7"/></row>', whole)
    started = time.process_time()
    found = faults(tmp_path, workbook_of({"remarks": remarks}, names, hardware=valid_sheets()["hardware"]))
    assert [fault.warning for fault in found] == ["unknown-sheet"]
    assert time.process_time() - started < 2


def test_merged_cells_over_a_whole_sheet_are_told_where_they_are_read(tmp_path: Path) -> None:
    """A merged range costs no more than the filled cells in it; ranges that overlap are damage."""
    whole = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    rows = valid_sheets()["hardware"]
    found = faults(tmp_path, workbook_of({"hardware": sheet_xml(rows, whole)}))
    assert {fault.sheet for fault in found} == {"hardware"}
    twice = whole.replace("</mergeCells>", '<mergeCell ref="A2:B3"/></mergeCells>')
    assert "over others" in refusal(workbook_of({"hardware": sheet_xml(rows, twice)}))


def test_floods_are_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements beyond a number, a piece without end, and unpacked bytes beyond a size are refused as they come."""
    assert "a piece of XML of more than 1 MB" in refusal(
        workbook_of({"hardware": sheet_xml(f'<row a="{"A" * 2_000_000}"/>')})
    )
    monkeypatch.setattr("planner.files.package.MOST_ELEMENTS", 600)
    assert "million pieces of XML" in refusal(workbook_of({"hardware": sheet_xml("<row\t/>" * 301)}))
    monkeypatch.setattr("planner.files.package.MOST_BYTES", 30_000)
    assert "unpacks to" in refusal(workbook_of({"hardware": sheet_xml(" " * 30_000)}))


def test_cells_are_counted_over_all_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on filled cells is one for the workbook, however they lie in its sheets."""
    filled = sum(rows.count("<v>") + rows.count("<t>") for rows in valid_sheets().values())
    monkeypatch.setattr("planner.excel.cells.MOST_CELLS_SMALL", filled)
    workbook_tables(workbook_of())
    monkeypatch.setattr("planner.excel.cells.MOST_CELLS_SMALL", filled - 1)
    assert "filled cells" in refusal(workbook_of())


def test_hidden_columns_beyond_any_sheet_are_those_that_are_read(tmp_path: Path) -> None:
    """A range of hidden columns costs no more than the columns of a sheet, whatever it says."""
    before = '<cols><col min="1" max="100000000" hidden="1"/></cols>'
    (fault,) = faults(tmp_path, workbook_of({"hardware": sheet_xml(valid_sheets()["hardware"], before=before)}))
    assert fault.found == "hidden columns: A, B"


def test_formulas_that_were_never_calculated_are_told(tmp_path: Path) -> None:
    """A workbook that asks to be calculated when opened may hold placeholders: a warning names their cells."""
    row = '<row r="2"><c r="A2" t="str"><v>H100</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
    asks = '<calcPr fullCalcOnLoad="1"/>'
    (fault,) = faults(tmp_path, workbook_of(book=asks, hardware=HARDWARE + row))
    assert (fault.warning, fault.cell) == ("uncalculated-formula", "B2")
    assert faults(tmp_path, workbook_of(hardware=HARDWARE + row)) == []


def test_a_title_above_the_names_of_columns_is_told_with_their_row(tmp_path: Path) -> None:
    """Where the names stand below row 1, the one fault of the sheet says where."""
    rows = '<row><c t="str"><v>Our hardware</v></c></row><row/>' + valid_sheets()["hardware"]
    (fault,) = faults(tmp_path, workbook_of(hardware=rows))
    assert fault.found == "'Our hardware' in row 1, and the names of columns in row 3"


def test_dates_of_either_calendar_head_columns(tmp_path: Path) -> None:
    """Numbers of dates over columns of demand are months, counted from 1900 or from 1904."""
    for book, first in (("", 46023), ('<workbookPr date1904="1"/>', 46023 - 1462)):
        wide = rows_xml([["segment", "region", first, first + 151], ["chat", "us", 1, 2]])
        assert faults(tmp_path, workbook_of(book=book, demand=wide)) == []


def test_texts_too_long_for_a_cell_are_told() -> None:
    """A text that no cell can hold could not be written into a plan."""
    row = f'<row><c t="str"><v>{"x" * 32_768}</v></c></row>'
    workbook = cells_of(zipped(parts_of({"x": sheet_xml(row)})))
    held = workbook.cells(workbook.sheets[0]).rows[1]["A"]
    assert isinstance(held, Unreadable)
    assert held.found == "a text of 32,768 characters"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A pipe, a device, a circle of links and a file of holes are refused at once, wherever a file is read."""
    pipe, loop, holes = tmp_path / "pipe.xlsx", tmp_path / "loop.xlsx", tmp_path / "holes.xlsx"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    with holes.open("wb") as file:
        file.truncate(10**12)
    started = time.monotonic()
    for path in (pipe, loop, holes, Path("/dev/zero")):
        assert len(read(path).errors) == 1
        assert names_of_sheets(path) == frozenset()
        with pytest.raises(OSError, match=r"pipe|file of more|link"):
            read_regular(path)
    assert time.monotonic() - started < 2


def test_toml_of_any_depth_is_told_as_such(tmp_path: Path) -> None:
    """Lists within lists without end are no fault of this software."""
    path = tmp_path / "a.toml"
    path.write_text("a=" + "[" * 100_000, encoding="utf-8")
    with pytest.raises(ValueError, match="nested too deeply"):
        read_toml(path)
