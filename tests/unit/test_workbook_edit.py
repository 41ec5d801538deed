"""Workbooks changed part by part: what does not change stays byte for byte, what changes reads as meant."""

import datetime as dt
import io
import time
import zipfile

import openpyxl
import pytest
from package_parts import MAIN, PACKAGE, parts_of, rows_xml, sheet_xml, zipped

from planner.excel.cells import cells_of
from planner.excel.sheet_edit import SheetEdit
from planner.excel.workbook_edit import MONTH, WorkbookEdit

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/></font></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0"/><xf numFmtId="17" fontId="0"/></cellXfs></styleSheet>'
)


def package(**more: str) -> bytes:
    """A workbook of a table, a sheet nobody reads with a picture and a formula, and more parts."""
    table = rows_xml([["name", "month"], ["a", 46023], ["b", 46054], ["c", 46082]])
    remarks = sheet_xml('<row r="1048576"><c r="XFD1048576" s="1"><f>table!A1</f><v>7</v></c></row>', "<drawing/>")
    parts = parts_of({"table": sheet_xml(table, before='<dimension ref="A1"/>'), "remarks": remarks})
    style = '<Relationship Id="s" Type="x/styles" Target="styles.xml"/></Relationships>'
    relations = parts["xl/_rels/workbook.xml.rels"].replace("</Relationships>", style)
    picture = {"xl/media/image1.png": "\x89PNG", "xl/styles.xml": STYLES, "xl/_rels/workbook.xml.rels": relations}
    return zipped(parts | picture | more)


def saved(book: WorkbookEdit) -> bytes:
    """The bytes of a workbook as it is written."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table_of(content: bytes, name: str = "table") -> dict[int, dict[str, object]]:
    """The filled cells of a sheet."""
    workbook = cells_of(content)
    return workbook.cells(next(sheet for sheet in workbook.sheets if sheet.name == name)).rows


def test_only_what_changes_is_written_anew() -> None:
    """Every part but that of the changed sheet is the same, byte for byte, a picture and formulas among them."""
    book = WorkbookEdit(package())
    sheet = book.sheet("table")
    assert sheet is not None
    sheet.set(2, "A", "a & <b> _x0041_")
    sheet.delete({3})
    content = saved(book)
    before, after = parts(package()), parts(content)
    assert {name for name in before if before[name] != after[name]} == {"xl/worksheets/sheet1.xml"}
    assert {row: cells["A"] for row, cells in table_of(content).items()} == {1: "name", 2: "a & <b> _x0041_", 4: "c"}
    assert book.losses() == []


@pytest.mark.parametrize("formats", ["", "<numFmts/>", '<numFmts count="0"></numFmts>'])
def test_months_are_written_as_dates_and_new_sheets_are_read_by_others(formats: str) -> None:
    """A style is derived with the format of a month; a new sheet stands at the end, its names in bold."""
    book = WorkbookEdit(package(**{"xl/styles.xml": STYLES.replace("<fonts", f"{formats}<fonts")}))
    sheet = book.sheet("table")
    assert sheet is not None
    assert (book.is_date("1"), book.is_date("")) == (True, False)
    sheet.set(2, "B", dt.date(2026, 9, 1), book.style("", MONTH))
    book.new_sheet("more", ["x", "y"]).append(["1", 2.5])
    content = saved(book)
    assert table_of(content)[2]["B"] == dt.datetime(2026, 9, 1)
    assert table_of(content, "more") == {1: {"A": "x", "B": "y"}, 2: {"A": "1", "B": 2.5}}
    read = openpyxl.load_workbook(io.BytesIO(content))
    assert read.sheetnames == ["table", "remarks", "more"]
    assert (read["table"]["B2"].number_format, read["more"]["A1"].font.b) == ("yyyy-mm", True)
    again = WorkbookEdit(content)
    again.new_sheet("more", ["z"])
    assert table_of(saved(again), "more") == {1: {"A": "z"}}


def test_macros_are_left_out_of_a_workbook_and_told() -> None:
    """An .xlsx may hold no macros: the copy has none, and says what it lost."""
    original = parts(package())
    types = original["[Content_Types].xml"].decode()
    macros = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    types = types.replace("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", macros)
    relation = '<Relationship Id="v" Type="x/vbaProject" Target="vbaProject.bin"/></Relationships>'
    relations = original["xl/_rels/workbook.xml.rels"].decode().replace("</Relationships>", relation)
    book = WorkbookEdit(
        package(**{"[Content_Types].xml": types, "xl/_rels/workbook.xml.rels": relations, "xl/vbaProject.bin": "x"})
    )
    after = parts(saved(book))
    assert [(fault.sheet, fault.warning) for fault in book.losses()] == [("xl/vbaproject.bin", "part-not-kept")]
    assert "xl/vbaProject.bin" not in after
    assert b"macroEnabled" not in after["[Content_Types].xml"]
    assert b"vbaProject" not in after["xl/_rels/workbook.xml.rels"]


def test_formulas_survive_beside_the_cells_that_change() -> None:
    """A formula that cells share goes on in those left; one that fills a range becomes values when it is cut."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c>'
        '<c r="C1" cm="1"><f t="array" ref="C1:C3">A1:A3</f><v>1</v></c></row>'
        '<row r="2"><c r="B2"><f t="shared" si="0"/><v>4</v></c><c r="C2"><v>2</v></c></row>'
        '<row r="3"><c r="B3"><f t="shared" si="0"/><v>6</v></c><c r="C3"><v>3</v></c></row>'
    )
    sheet = SheetEdit(sheet_xml(rows).encode())
    assert sheet.part().decode().replace("></f>", "/>") == sheet_xml(rows)
    assert sheet.formulas() == {(1, 1): "A1*2", (2, 1): "A2*2", (3, 1): "A3*2", (1, 2): "A1:A3"}
    sheet.set(1, "B", 7)
    sheet.delete({3})
    assert sheet.replaced == ["B1", "C1"]
    assert sheet.changed == {(1, 1), (3, 1), (3, 2)}
    assert sheet.formulas() == {(2, 1): "A2*2"}
    assert '<c r="B2"><f>A2*2</f><v>4</v></c><c r="C2"><v>2</v></c>' in sheet.part().decode()
    assert '<c r="C1" cm="1"><v>1</v></c>' not in sheet.part().decode()


@pytest.mark.parametrize(
    ("formula", "asks"),
    [("table!B2*2", True), ("table!A2", False), ("remarks!A1", True), ("other!A1", False)],
)
def test_a_workbook_whose_formulas_are_of_before_asks_to_be_calculated(formula: str, asks: bool) -> None:
    """Where a changed cell may decide a formula that is read, through others too, programs work it out anew."""
    sheets = {
        "table": sheet_xml(rows_xml([["name", "price"], ["a", 2]])),
        "remarks": sheet_xml('<row r="1"><c r="A1"><f>table!B2</f><v>2</v></c></row>'),
        "other": sheet_xml('<row r="1"><c r="A1"><f>B7</f><v>2</v></c></row>'),
        "leases": sheet_xml(f'<row r="1"><c r="A1"><f>{formula}</f><v>4</v></c></row>'),
    }
    book = WorkbookEdit(zipped(parts_of(sheets, '<calcPr calcId="1"/>')))
    sheet = book.sheet("table")
    assert sheet is not None
    sheet.set(2, "B", 3)
    assert cells_of(saved(book)).package.calculates_on_load == asks


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_sheet_keeps_what_is_no_cell(encoding: str) -> None:
    """Formats of rows and columns, prefixes, formulas and what follows the cells stay."""
    xml = (
        f'<?xml version="1.0" encoding="{encoding}"?><x:worksheet xmlns:x="{MAIN}"><x:cols><x:col min="1" max="1"/>'
        '</x:cols><x:sheetData><x:row r="2" ht="30" spans="1:2"><x:c r="B2" s="4" t="str"><x:f>A1</x:f><x:v>é</x:v>'
        "</x:c></x:row></x:sheetData><x:pageMargins/></x:worksheet>"
    )
    sheet = SheetEdit(xml.encode(encoding))
    sheet.like(3, 2)
    sheet.set(3, "A", True)
    part = sheet.part().decode()
    assert '<x:cols><x:col min="1" max="1"/></x:cols><x:sheetData>' in part
    assert '<x:row r="2" ht="30"><x:c r="B2" s="4" t="str"><x:f>A1</x:f><x:v>é</x:v></x:c></x:row>' in part
    added = '<x:row r="3"><x:c r="A3" t="b"><x:v>1</x:v></x:c><x:c r="B3" s="4"/></x:row>'
    assert f"{added}</x:sheetData><x:pageMargins/>" in part


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("xl/comments1.xml", f'<comments xmlns="{MAIN}"><!-- {"<comment> " * 50_000} --><commentList/></comments>'),
        ("xl/comments1.xml", f'<comments xmlns="{MAIN}"><authors{" " * 500_000}x=""/><commentList/></comments>'),
        ("xl/styles.xml", STYLES.replace("<fonts", f"<!-- {'<xf> <fonts ' * 50_000} --><fonts")),
        ("xl/styles.xml", STYLES.replace("<cellXfs ", f"<cellXfs{' ' * 500_000}")),
        ("xl/worksheets/sheet2.xml", sheet_xml(f"<row><c><f>{chr(39) * 300_000}</f></c></row>")),
    ],
)
def test_parts_of_any_form_are_edited_at_once(name: str, text: str) -> None:
    """Parts that are well-formed but made to be slow are looked through once."""
    relation = '<Relationship Id="c" Type="x/comments" Target="../comments1.xml"/>'
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>'
    parts = {"xl/comments1.xml": "<comments/>", "xl/worksheets/_rels/sheet1.xml.rels": relations}
    before = time.process_time()
    book = WorkbookEdit(package(**(parts | {name: text})))
    sheet = book.sheet("table")
    assert sheet is not None
    sheet.set(2, "A", "b", book.style("", MONTH))
    book.comment("table", {"A2": "ask"}, "somebody")
    assert table_of(saved(book))[2]["A"] == "b"
    assert time.process_time() - before < 3
