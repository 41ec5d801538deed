"""`planner check --annotate`: a copy of a workbook with its faulty cells marked, and a list of them in front.

The original is never touched. openpyxl keeps formulas but forgets what they came to, so the values
are put back into the copy: it looks like the original in every viewer, and can itself be mended and solved.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from models.faults import Fault
from models.parsing.raw_tables import column_index, fold
from planner.errors import WrongUsage
from planner.excel.problem_workbook import problem_book, workbook_bytes
from planner.excel.workbook_reader import workbook_tables
from planner.files.atomic import atomic_write
from planner.files.outputs import ANNOTATED_SHEET, check_replaceable, check_writable, same_file
from planner.files.package import Package, package_of
from planner.files.reading import UnreadableFile
from planner.formatting import count_of_faults

FONT = "Calibri"
FILLS = {"error": "FDE2DC", "warning": "FFF2CC"}
DARK = "1F1F1F"
COLUMNS = {"severity": 11, "cell": 20, "column": 22, "row": 22, "found": 30, "expected": 38, "what to do": 60}
ERRORS_SHOWN = ("#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")

Stored = tuple[str, str]
"""How a value stands in the file: its type mark ('' for a number) and its text."""


MOST_AREA = 1_000_000
"""Ranges of merged cells, links and notes over more cells would take the library's memory."""
MOST_NAMES = 50_000
"""Bytes of the part that names sheets and ranges, of which the library takes longer to read than they are worth."""
REDRAWN = Fault(
    "copy",
    "",
    "",
    "a workbook that cannot be copied as it is",
    "a workbook whose parts the copy can have",
    "The marked copy has the values of the sheets that are read, not their formats, nor other sheets.",
    "part-not-kept",
)


def annotate(source: Path, target: Path, faults: Sequence[Fault]) -> list[Fault]:
    """Writes the marked copy of `source`, a workbook or a folder of CSV files, to `target`.

    Returns
    -------
    list of Fault
        Warnings of what of the workbook the copy does not have.

    Raises
    ------
    WrongUsage
        The target is the source, or the source is no workbook.
    CannotWrite
        The target cannot be written, or is a file that is no annotated copy.
    """
    check_target(source, target)
    try:
        content = workbook_bytes(source)
        package, redrawn = package_of(content), False
        try:
            _refuse_heavy(package)
            workbook = load_workbook(io.BytesIO(content))
            values = load_workbook(io.BytesIO(content), data_only=True)
        except Exception:  # whatever the library makes of a workbook that it cannot read whole
            workbook = values = problem_book(workbook_tables(content)[0])
            redrawn = True
    except (UnreadableFile, OSError):
        raise WrongUsage(f"{source} cannot be opened as a workbook, so there is no copy to annotate.") from None
    cached = {sheet.title: _formula_values(sheet, values[sheet.title]) for sheet in workbook.worksheets}
    sheets = {fold(sheet.title): sheet for sheet in workbook.worksheets}
    by_cell: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        sheet = sheets.get(fold(fault.sheet))
        if sheet is not None and re.fullmatch(r"[A-Z]{1,3}[1-9]\d*", fault.cell):
            by_cell[sheet.title, fault.cell].append(fault)
    for (title, address), found in by_cell.items():
        _mark(workbook[title][address], found)
    _write_issues(workbook, faults, sheets)
    workbook.calculation.fullCalcOnLoad = package.calculates_on_load  # the values are put back
    with atomic_write(target) as temporary:
        workbook.save(temporary)
        _put_values_back(temporary, cached, workbook)
        return [REDRAWN] if redrawn else list(_losses(package, package_of(temporary.read_bytes())))


def _refuse_heavy(package: Package) -> None:
    """Raises ValueError for ranges of which the library would make a cell each."""
    if len(package.read(package.main)) > MOST_NAMES:
        raise ValueError("names without end")
    for sheet in package.sheets:
        notes = [part for kind, part in _parts(package, sheet.part) if kind == "comments"]
        for part in (sheet.part, *notes) if sheet.part else ():
            area = 0
            for match in re.finditer(rb'\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"', package.read(part)):
                left, top, right, bottom = (each.decode() for each in match.groups())
                area += (column_index(right) - column_index(left) + 1) * (int(bottom) - int(top) + 1)
            if area > MOST_AREA:
                raise ValueError("ranges over whole sheets")


def _losses(before: Package, after: Package) -> Iterator[Fault]:
    """A warning for each part of a sheet that the library did not write again, such as pictures and pivots."""
    written = {sheet.name: Counter(kind for kind, _ in _parts(after, sheet.part)) for sheet in after.sheets}
    for sheet in before.sheets:
        for kind, part in _parts(before, sheet.part):
            if kind in ("printerSettings", "vmlDrawing"):
                continue
            written.get(sheet.name, Counter()).subtract([kind])
            if written.get(sheet.name, Counter())[kind] < 0:
                found, expected = f"a part that the marked copy does not have, {part}", "parts that can be copied"
                yield Fault(sheet.name, "", "", found, expected, "The workbook itself has it.", "part-not-kept")


def _parts(package: Package, part: str) -> list[tuple[str, str]]:
    """The kinds and names of the parts that a sheet leads to, those of its drawings among them."""
    own = [each for each in package.related(part).values() if each[1] in package] if part else []
    drawings = [name for kind, name in own if kind == "drawing" and b"Anchor" in package.read(name)]
    drawn = [each for name in drawings for each in package.related(name).values()]
    return [*(each for each in own if each[0] != "drawing" or each[1] in drawings), *drawn]


def check_target(source: Path, target: Path) -> None:
    """Raises when the annotated copy may not go to `target`."""
    if target.suffix.lower() != ".xlsx":
        raise WrongUsage(f"The annotated copy is an .xlsx file; {target} is not.")
    if same_file(source, target):
        raise WrongUsage(f"The annotated copy would be written over {source} itself. Give it another name.")
    check_writable(target)
    check_replaceable(target, {ANNOTATED_SHEET}, "an annotated copy")


def _mark(cell: Any, faults: list[Fault]) -> None:
    worst = "error" if any(fault.severity == "error" for fault in faults) else "warning"
    text = "\n\n".join(
        f"{each.severity.upper()}: found {each.found}; expected {each.expected}. {each.fix}" for each in faults
    )
    anchor = cell.parent.cell(cell.row, cell.column)
    for merged in cell.parent.merged_cells.ranges:
        if cell.coordinate in merged:  # only the first cell of a merged range can hold a note
            anchor = cell.parent.cell(merged.min_row, merged.min_col)
    before = anchor.comment.text + "\n\n" if anchor.comment else ""
    lines = sum(1 + len(line) // 48 for line in (before + text).splitlines())
    anchor.comment = Comment(before + text, "planner check", width=340, height=30 + 17 * lines)
    anchor.fill = PatternFill("solid", fgColor=FILLS[worst])
    # White text of a dark header would vanish on the light fill.
    anchor.font = Font(name=anchor.font.name or FONT, size=anchor.font.size, bold=True, color=DARK)


def _write_issues(workbook: Workbook, faults: Sequence[Fault], sheets: dict[str, Worksheet]) -> None:
    if ANNOTATED_SHEET in workbook.sheetnames:  # a copy that is mended and checked again
        workbook.remove(workbook[ANNOTATED_SHEET])
    issues = workbook.create_sheet(ANNOTATED_SHEET, 0)
    issues["A1"] = "What to correct"
    issues["A1"].font = Font(name=FONT, size=16, bold=True)
    count = count_of_faults(tuple(faults)).capitalize()
    issues["A2"] = f"{count}. Errors stop a run, warnings do not. Cells are marked and carry a note."
    issues["A2"].font = Font(name=FONT)
    for position, (title, width) in enumerate(COLUMNS.items(), start=1):
        cell = issues.cell(4, position, title)
        cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F3A5F")
        issues.column_dimensions[cell.column_letter].width = width
    ordered = sorted(faults, key=lambda fault: fault.severity != "error")
    for row, fault in enumerate(ordered, start=5):
        place = f"{fault.sheet}!{fault.cell}" if fault.cell else fault.sheet
        texts = (fault.severity, place, fault.column, fault.row_key, fault.found, fault.expected, fault.fix)
        for position, text in enumerate(texts, start=1):
            cell = issues.cell(row, position)
            cell.value, cell.data_type = text, "s"  # a found text such as =1+1 stays a text
            cell.font = Font(name=FONT, color=DARK)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        issues.cell(row, 1).fill = PatternFill("solid", fgColor=FILLS[fault.severity])
        lines = max(1 + len(text) // int(width * 1.15) for text, width in zip(texts, COLUMNS.values(), strict=True))
        issues.row_dimensions[row].height = 15 * lines
        if (sheet := sheets.get(fold(fault.sheet))) is not None:
            link = issues.cell(row, 2)
            quoted = sheet.title.replace("'", "''")
            address = fault.cell if re.fullmatch(r"[A-Z]{1,3}\d+(:[A-Z]{1,3}\d+)?", fault.cell) else "A1"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{quoted}'!{address}")
            link.font = Font(name=FONT, color="0563C1", underline="single")
    issues.freeze_panes = "A5"
    issues.sheet_view.showGridLines = False
    issues.page_setup.orientation = "landscape"
    issues.page_setup.fitToHeight = 0
    issues.sheet_properties.pageSetUpPr.fitToPage = True
    for sheet in workbook.worksheets:
        sheet.sheet_view.tabSelected = sheet is issues
    workbook.active = 0


def _formula_values(formulas: Worksheet, values: Worksheet) -> dict[str, Stored]:
    """What each formula cell of a sheet had come to, by address; without those that never had a value."""
    found = {}
    for row, column in list(formulas._cells):
        cell = formulas._cells[row, column]
        if cell.data_type == "f":
            value = values.cell(row, column).value
            if value is not None:
                found[cell.coordinate] = _stored(value, formulas.parent.epoch)
    return found


def _put_values_back(path: Path, cached: dict[str, dict[str, Stored]], workbook: Workbook) -> None:
    """Fills the `<v>` of each formula cell in the saved file; openpyxl names the parts by sheet position."""
    parts = {f"xl/worksheets/sheet{n}.xml": sheet.title for n, sheet in enumerate(workbook.worksheets, start=1)}
    with zipfile.ZipFile(path) as archive:
        contents = [(item, archive.read(item)) for item in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in contents:
            if cells := cached.get(parts.get(item.filename, "")):
                content = _with_values(content.decode("utf-8"), cells).encode("utf-8")
            archive.writestr(item, content)


def _with_values(xml: str, cells: dict[str, Stored]) -> str:
    def fill(match: re.Match[str]) -> str:
        attributes, formula = match[1], match[2]
        address = re.search(r'\br="([A-Z]+\d+)"', attributes)
        if address is None or address[1] not in cells:
            return match[0]
        kind, text = cells[address[1]]
        attributes = re.sub(r'\s+t="[^"]*"', "", attributes)
        mark = f' t="{kind}"' if kind else ""
        return f"<c{attributes}{mark}>{formula}<v>{escape(text)}</v></c>"

    return re.sub(r"<c\b([^>]*)>(<f\b[^>]*?(?:/>|>.*?</f>))<v\s*(?:/>|></v>)</c>", fill, xml, flags=re.DOTALL)


def _stored(value: Any, epoch: dt.datetime) -> Stored:
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, (dt.datetime, dt.date, dt.time, dt.timedelta)):
        return "", repr(to_excel(value, epoch))
    if isinstance(value, (int, float)):
        return "", repr(value)
    return ("e" if value in ERRORS_SHOWN else "str"), str(value)
