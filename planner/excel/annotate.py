"""`planner check --annotate`: a copy of a workbook with its faulty cells marked, and a list of them in front.

The original is never touched. Of the copy only the marked cells are written anew, so that it looks like the original
in every viewer, and can itself be mended and solved.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from models.faults import Fault
from models.parsing.raw_tables import column_letter, fold
from planner.errors import WrongUsage
from planner.excel.problem_bytes import workbook_bytes
from planner.excel.style_edit import Look
from planner.excel.workbook_edit import WorkbookEdit
from planner.files.atomic import atomic_write
from planner.files.outputs import ANNOTATED_SHEET, check_replaceable, check_writable, same_file
from planner.files.package import MAIN
from planner.files.reading import UnreadableFile
from planner.formatting import count_of_faults, escaped

FILLS = {"error": "FDE2DC", "warning": "FFF2CC"}
DARK = "1F1F1F"
COLUMNS = {"severity": 11, "cell": 20, "column": 22, "row": 22, "found": 30, "expected": 38, "what to do": 60}
TITLE = "What to correct"
FIRST_ROW = 5
"""The first row of the list."""


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
        book = WorkbookEdit(workbook_bytes(source))
        lost = _own_list(book)
        _mark(book, faults)
        _write_issues(book, faults)
    except (UnreadableFile, OSError):
        raise WrongUsage(f"{source} cannot be opened as a workbook, so there is no copy to annotate.") from None
    with atomic_write(target) as temporary:
        book.save(temporary)
    return [*lost, *book.losses()]


def check_target(source: Path, target: Path) -> None:
    """Raises when the annotated copy may not go to `target`."""
    if target.suffix.lower() != ".xlsx":
        raise WrongUsage(f"The annotated copy is an .xlsx file; {target} is not.")
    if same_file(source, target):
        raise WrongUsage(f"The annotated copy would be written over {source} itself. Give it another name.")
    check_writable(target)
    check_replaceable(target, {ANNOTATED_SHEET}, "an annotated copy")


def _own_list(book: WorkbookEdit) -> list[Fault]:
    """A warning where the workbook has a sheet of its own in the place of the list."""
    sheet = book.sheet(fold(ANNOTATED_SHEET))
    if sheet is None or any(sheet.text(cell) == TITLE for cell in sheet.line(1).cells.values()):
        return []
    found, expected = "a sheet with the name of the list of faults", "another name"
    fix = "The copy has the list in its place; the workbook itself has the sheet."
    return [Fault(ANNOTATED_SHEET, "", "", found, expected, fix, "part-not-kept")]


def _mark(book: WorkbookEdit, faults: Sequence[Fault]) -> None:
    by_cell: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        sheet = book.sheet(fold(fault.sheet)) if re.fullmatch(r"[A-Z]{1,3}[1-9]\d{0,6}", fault.cell) else None
        if sheet is not None:
            letters = fault.cell.rstrip("0123456789")
            row, letter = sheet.shown_by(int(fault.cell.removeprefix(letters)), letters)
            by_cell[fold(fault.sheet), f"{letter}{row}"].append(fault)
    notes: dict[str, dict[str, str]] = defaultdict(dict)
    for (name, address), found in by_cell.items():
        worst = min(fault.severity for fault in found)
        told = (f"{each.severity.upper()}: found {each.found}; expected {each.expected}. {each.fix}" for each in found)
        notes[name][address] = escaped("\n\n".join(told))
        letters = address.rstrip("0123456789")
        row = int(address.removeprefix(letters))
        sheet = book.sheet(name)
        assert sheet is not None
        # White text of a dark header would vanish on the light fill.
        look = Look(fill=FILLS[worst], bold=True, colour=DARK)
        sheet.dress(row, letters, book.style(sheet.style(row, letters), look))
    for name, texts in notes.items():
        book.comment(name, texts, "planner check")


def _write_issues(book: WorkbookEdit, faults: Sequence[Fault]) -> None:
    ordered = sorted(faults, key=lambda fault: fault.severity != "error")
    sheet = book.put_sheet(ANNOTATED_SHEET, _issues_page(book, ordered), first=True)
    count = count_of_faults(tuple(faults)).capitalize()
    sheet.set(1, "A", TITLE, book.style("", Look(size=16, bold=True)))
    sheet.set(2, "A", f"{count}. Errors stop a run, warnings do not. Cells are marked and carry a note.")
    heading = book.style("", Look(bold=True, colour="FFFFFF", fill="1F3A5F"))
    for position, title in enumerate(COLUMNS):
        sheet.set(FIRST_ROW - 1, column_letter(position), title, heading)
    plain = book.style("", Look(wrapped=True, colour=DARK))
    link = book.style(plain, Look(underlined=True, colour="0563C1"))
    for row, fault in enumerate(ordered, start=FIRST_ROW):
        place = f"{fault.sheet}!{fault.cell}" if fault.cell else fault.sheet
        texts = (fault.severity, place, fault.column, fault.row_key, fault.found, fault.expected, fault.fix)
        for position, text in enumerate(texts):
            sheet.set(row, column_letter(position), escaped(text) or None, plain)
        sheet.dress(row, "A", book.style(plain, Look(fill=FILLS[fault.severity])))
        if book.name_of(fold(fault.sheet)):
            sheet.dress(row, "B", link)
        lines = max(1 + len(text) // int(width * 1.15) for text, width in zip(texts, COLUMNS.values(), strict=True))
        sheet.line(row).attributes.update(ht=str(15 * lines), customHeight="1")


def _issues_page(book: WorkbookEdit, faults: Sequence[Fault]) -> str:
    """The part of the list without its cells: how it is shown and printed, and links to the cells."""
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(COLUMNS.values(), start=1)
    )
    links = ""
    for row, fault in enumerate(faults, start=FIRST_ROW):
        if name := book.name_of(fold(fault.sheet)):
            cell = fault.cell if re.fullmatch(r"[A-Z]{1,3}\d+(:[A-Z]{1,3}\d+)?", fault.cell) else "A1"
            place = "'{}'!{}".format(name.replace("'", "''"), cell)
            links += f'<hyperlink ref="B{row}" location={quoteattr(place)}/>'
    pane = f'<pane ySplit="{FIRST_ROW - 1}" topLeftCell="A{FIRST_ROW}" activePane="bottomLeft" state="frozen"/>'
    return (
        f'<worksheet xmlns="{MAIN[0]}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData></sheetData>"
        f"{f'<hyperlinks>{links}</hyperlinks>' if links else ''}"
        '<pageSetup orientation="landscape" fitToHeight="0"/></worksheet>'
    )
