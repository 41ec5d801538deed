"""A workbook changed part by part: only the sheets that change are written anew, all else stays as it was.

Pictures, charts, pivots, formulas and formats of other sheets are kept because nobody takes them apart.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from string import ascii_uppercase
from typing import BinaryIO
from xml.sax.saxutils import quoteattr, unescape

from models.faults import Fault
from models.parsing.raw_tables import column_letter, fold
from models.schema import sheet_names
from planner.excel import comment_edit, style_edit
from planner.excel.cells import WorkbookCells
from planner.excel.formulas import Place, outdated, sheets_named_in
from planner.excel.part_text import in_utf8, prefix_of, with_last
from planner.excel.sheet_edit import SheetEdit
from planner.excel.style_edit import Look, StyleEdit
from planner.excel.workbook_reader import few
from planner.files.package import DAMAGES, MAIN, OFFICE, Package, escaped
from planner.files.reading import UnreadableFile

_TYPES = "[Content_Types].xml"
_OFFICE_TYPE = "application/vnd.openxmlformats-officedocument"
_PLACES = {
    "worksheet": ("worksheets/planner{}.xml", f"{_OFFICE_TYPE}.spreadsheetml.worksheet+xml"),
    "styles": ("planner_styles{}.xml", f"{_OFFICE_TYPE}.spreadsheetml.styles+xml"),
    "comments": ("planner_comments{}.xml", f"{_OFFICE_TYPE}.spreadsheetml.comments+xml"),
    "vmlDrawing": ("drawings/planner{}.vml", f"{_OFFICE_TYPE}.vmlDrawing"),
}
"""Where new parts of a kind stand beside the workbook's, and what they are called."""
_NO_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACROS = re.compile(r"application/vnd\.ms-excel\.(sheet|template)\.macroEnabled\.main\+xml")
MONTH, SHARE = Look(number_format="yyyy-mm"), Look(number_format="0.0%")
BOLD = Look(bold=True)
_LONG = 5_000_000
"""Bytes of a sheet beyond which its formulas, where it is not read, may speak of any other."""


class WorkbookEdit:
    """The sheets of a workbook, to be changed.

    Raises
    ------
    UnreadableFile
        The bytes are no workbook that can be read.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        package = Package(io.BytesIO(content))
        self._cells = WorkbookCells(package)
        self._main = package.main
        self._sheets = {fold(sheet.name): sheet.part for sheet in package.sheets if sheet.part}
        self._names = {part: name for name, part in self._sheets.items()}
        self._written = {fold(sheet.name): sheet.name for sheet in package.sheets}
        self._package, self._texts = package, self._cells.texts()
        self._edits: dict[str, SheetEdit] = {}
        self._changed: dict[str, bytes] = {}
        self._styles: StyleEdit | None = None
        self._style_part = dict(package.related(package.main).values()).get("styles", "")
        self._lost: list[str] = []
        self._stale: dict[str, set[Place]] = {}

    def sheet(self, name: str) -> SheetEdit | None:
        """The sheet of a folded name, None where there is none."""
        part = self._sheets.get(name, "")
        if part and part not in self._edits:
            self._edits[part] = SheetEdit(self._changed.get(part) or self._package.read(part), self._texts)
        return self._edits.get(part)

    def name_of(self, name: str) -> str:
        """The name of a sheet as it stands, of its folded one; "" where there is none."""
        return self._written.get(name, "")

    def new_sheet(
        self, name: str, columns: list[str], widths: list[int] | None = None, *, first: bool = False
    ) -> SheetEdit:
        """A sheet with the names of its columns and nothing else, at the end or before the others.

        One that is there is emptied.
        """
        wide = enumerate(widths or [max(11, len(each) + 3) for each in columns], start=1)
        cols = "".join(f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>' for i, width in wide)
        pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        xml = f'<worksheet xmlns="{MAIN[0]}">{views}<cols>{cols}</cols><sheetData></sheetData></worksheet>'
        sheet = self.put_sheet(name, xml, first=first)
        sheet.append(columns, self.style("", BOLD))
        return sheet

    def put_sheet(self, name: str, xml: str, *, first: bool = False) -> SheetEdit:
        """A sheet of a part's XML, at the end or before the others, or in the place of one that is there."""
        part = self._sheets.get(fold(name)) or self._add_part(name, first=first)
        if first:
            self._unselect()
        sheet = self._edits[part] = SheetEdit(xml.encode())
        return sheet

    def style(self, base: str, look: Look) -> str:
        """The number of the style that is another but for its look."""
        if self._styles is None:
            if not self._style_part:
                _, self._style_part = self._new_part("styles", style_edit.EMPTY, self._main)
            self._cells.time_format("0")  # reads the styles, which no cell may have asked for
            self._styles = StyleEdit(self._text(self._style_part))
        return self._styles.style(base, look)

    def comment(self, name: str, notes: Mapping[str, str], author: str) -> None:
        """Adds comments to the cells of a sheet, by their addresses; what a cell has goes before."""
        sheet, part = self.sheet(name), self._sheets[name]
        assert sheet is not None
        related = dict(self._package.related(part).values())
        comments = related.get("comments", "")
        if comments in self._package:
            self._package.parse(comments, lambda *_: None)  # one that is damaged is not edited
        else:
            _, comments = self._new_part("comments", comment_edit.EMPTY, part)
        text = self._text(comments)
        own = comment_edit.commented(text)
        self._keep(comments, comment_edit.with_comments(text, notes, author))
        drawing = self._package.related(part).get(sheet.drawing, ("", ""))[1]
        if drawing not in self._package:
            sheet.drawing, drawing = self._new_part("vmlDrawing", comment_edit.EMPTY_DRAWING, part)
        boxes = {address: note for address, note in notes.items() if address not in own}
        self._keep(drawing, comment_edit.with_shapes(self._text(drawing), boxes))

    @property
    def date1904(self) -> bool:
        """Whether dates are counted from 1904."""
        return self._package.date1904

    def is_date(self, style: str) -> bool:
        """Whether numbers of a style are shown as dates."""
        return self._cells.time_format(style) == "date"

    def save(self, target: str | Path | BinaryIO) -> None:
        """Writes the workbook, so that programs calculate it when they open it if it has formulas of before."""
        self._stale = self._outdated()
        if self._stale:
            self._ask_to_calculate()
        if self._styles is not None:
            self._keep(self._style_part, self._styles.text)
        parts = self._changed | {part: edit.part() for part, edit in self._edits.items()}
        drop = self._dropped(parts)
        by_name = {part.lower(): part for part in parts}
        lost = []
        written = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(io.BytesIO(self._content)) as source, written as out:
            for info in source.infolist():
                name = posixpath.normpath(info.filename.replace("\\", "/")).lstrip("/")
                if info.is_dir() or name.lower() in drop:
                    continue
                try:
                    changed = by_name.get(name.lower())
                    out.writestr(name, source.read(info) if changed is None else parts.pop(changed))
                except DAMAGES:
                    lost.append(name)
            for name, content in parts.items():
                out.writestr(name, content)
        self._lost = [*(name for name in drop if "vba" in name), *lost]

    def losses(self) -> list[Fault]:
        """Warnings of what was not kept when it was written: parts, formulas of cells that change, values of others."""
        fix = "The rest was written; copy it over by hand where it is needed."
        found, expected = "a part that the copy does not have", "parts that can be copied into an .xlsx file"
        lost = [Fault(part, "", "", found, expected, fix, "part-not-kept") for part in self._lost]
        for part, edit in self._edits.items():
            if edit.replaced:
                fix = "The copy has the new values; write the formulas anew where they are to go on."
                found = f"formulas in cells that change: {few(edit.replaced)}"
                lost.append(_at(self._names.get(part, ""), edit.replaced[0], found, fix, "formula-replaced"))
        for name, places in self._stale.items():
            cells = [f"{column_letter(column)}{row}" for row, column in sorted(places)]
            fix = "Open the copy in Excel, or have LibreOffice recalculate it (Ctrl+Shift+F9), and save it."
            found = f"formulas that cells which changed decide, with values of before: {few(cells)}"
            lost.append(_at(name, cells[0], found, fix, "uncalculated-formula"))
        return lost

    def _outdated(self) -> dict[str, set[Place]]:
        """The formulas of sheets that are read whose saved values may be of before the changes."""
        changed = {self._names[part]: edit.changed for part, edit in self._edits.items() if part in self._names}
        formulas: dict[str, dict[Place, str]] = {}
        spoken_of: dict[str, frozenset[str]] = {}
        for part, name in self._names.items() if any(changed.values()) else ():
            with suppress(UnreadableFile):  # what is damaged is a loss of the copy
                content = in_utf8(self._package.read(part))
                if not re.search(rb"<([\w.-]+:)?f[ />]", content):
                    continue
                if name not in sheet_names() and len(content) > _LONG:
                    spoken_of[name] = frozenset(self._written)
                elif name not in sheet_names():
                    spoken_of[name] = sheets_named_in(unescape(content.decode(), {"&apos;": "'"}))
                elif (sheet := self.sheet(name)) is not None:
                    formulas[name] = sheet.formulas()
        book = self._text(self._main)
        entries = re.findall(rf'<{prefix_of(book)}definedName\s[^<>]*?\bname="([^"]*)"[^<>]*>([^<]*)<', book)
        names = {name.lower(): unescape(meaning) for name, meaning in entries}
        doubtful: set[str] = set()
        while True:
            found = outdated(changed, formulas, names, doubtful)
            moving = {*doubtful, *(name for places in (changed, found) for name, each in places.items() if each)}
            more = {name for name, others in spoken_of.items() if others & moving} - doubtful
            if not more:
                return found
            doubtful |= more

    def _ask_to_calculate(self) -> None:
        book = self._text(self._main)
        p = prefix_of(book)
        book = re.sub(rf'(<{p}calcPr\b[^<>]*?)\sfullCalcOnLoad="[^"]*"', r"\1", book)
        if re.search(rf"<{p}calcPr\b", book):
            book = re.sub(rf"<{p}calcPr\b", f'<{p}calcPr fullCalcOnLoad="1"', book, count=1)
        else:
            before = "sheets|functionGroups|externalReferences|definedNames"
            ends = [each.end() for each in re.finditer(rf"</{p}(?:{before})\s*>|<{p}(?:{before})\b[^<>]*/>", book)]
            book = f'{book[: max(ends)]}<{p}calcPr fullCalcOnLoad="1"/>{book[max(ends) :]}'
        self._keep(self._main, book)

    def _text(self, part: str) -> str:
        content = self._changed[part] if part in self._changed else self._package.read(part)
        return in_utf8(content).decode("utf-8-sig")

    def _keep(self, part: str, text: str) -> None:
        self._changed[part] = text.encode()

    def _dropped(self, parts: dict[str, bytes]) -> list[str]:
        """Parts that say nothing true any more: the order of calculation, and macros, which an .xlsx may not have."""
        types, relations = self._text(_TYPES), self._text(_relations_of(self._main))
        drop = [p for kind, p in self._package.related(self._main).values() if kind in ("calcChain", "vbaProject")]
        gone = tuple(posixpath.basename(part) for part in drop)

        def kept(entry: re.Match[str]) -> str:
            return "" if any(each in entry[0] for each in gone) else entry[0]

        entry = r"<([\w.-]+:)?(Override|Relationship)\b[^<>]*/>"
        types, relations = (re.sub(entry, kept, text) for text in (types, relations))
        parts |= {_TYPES: _MACROS.sub(_BOOK_TYPE, types).encode(), _relations_of(self._main): relations.encode()}
        return [part.lower() for part in drop]

    def _add_part(self, name: str, *, first: bool = False) -> str:
        key, part = self._new_part("worksheet", "", self._main)
        book = self._text(self._main)
        numbers = [int(each) for each in re.findall(r'\bsheetId="(\d+)"', book)]
        p = prefix_of(book)
        attributes = f'name={quoteattr(escaped(name))} sheetId="{max(numbers, default=0) + 1}"'
        entry = f'<{p}sheet {attributes} xmlns:related="{OFFICE[0]}" related:id="{key}"/>'
        if first:
            book = re.sub(r'\blocalSheetId="(\d+)"', lambda found: f'localSheetId="{int(found[1]) + 1}"', book)
            book = re.sub(rf"<{p}sheets\b[^<>]*>", lambda found: found[0] + entry, book, count=1)
        else:
            book = with_last(book, p, "sheets", entry)
        self._keep(self._main, book)
        self._sheets[fold(name)] = part
        return part

    def _unselect(self) -> None:
        """Lets programs open the workbook at its first sheet, and choose no other beside it."""
        self._keep(self._main, re.sub(r'\s(activeTab|firstSheet)="\d*"', "", self._text(self._main)))
        for kind, part in self._package.related(self._main).values():
            if part in self._edits:
                self._edits[part].unselect()
            elif kind.endswith("sheet") and part in self._package:
                # a sheet that is damaged and not read is a loss of the copy
                with suppress(*() if self._names.get(part, "") in sheet_names() else (UnreadableFile,)):
                    if "tabSelected" in (text := self._text(part)):
                        self._keep(part, re.sub(r'(<[\w.:-]*sheetView\b[^<>]*?)\stabSelected="[^"]*"', r"\1", text))

    def _new_part(self, kind: str, text: str, source: str) -> tuple[str, str]:
        """A new part that another leads to: the key of the relation, and its name."""
        place, called = _PLACES[kind]
        folder = posixpath.dirname(self._main)
        part = next(
            each
            for n in range(1, 1_000_000)
            if (each := posixpath.join(folder, place.format(n))) not in self._package and each not in self._changed
        )
        self._keep(part, text)
        types = self._text(_TYPES)
        p = prefix_of(types)
        if part.endswith(".xml"):
            declared = f'<{p}Override PartName="/{part}" ContentType="{called}"/>'
        else:
            extension = posixpath.splitext(part)[1][1:]
            known = re.search(rf'<{p}Default\b[^<>]*Extension="{extension}"', types, re.IGNORECASE)
            declared = "" if known else f'<{p}Default Extension="{extension}" ContentType="{called}"/>'
        self._keep(_TYPES, with_last(types, p, "Types", declared))
        relations = _relations_of(source)
        if relations not in self._changed and relations not in self._package:
            self._keep(relations, _NO_RELATIONS)
        text, number = self._text(relations), 1
        while f'"planner{number}"' in text:
            number += 1
        p, key = prefix_of(text), f"planner{number}"
        added = f'<{p}Relationship Id="{key}" Type="{OFFICE[0]}/{kind}" Target="/{part}"/>'
        self._keep(relations, with_last(text, p, "Relationships", added))
        return key, part


def _at(sheet: str, cell: str, found: str, fix: str, warning: str) -> Fault:
    """A warning at the first of the cells it is about."""
    row = int(cell.lstrip(ascii_uppercase))
    return Fault(sheet, "", "", found, "formulas and values that agree", fix, warning, row, cell)


def _relations_of(part: str) -> str:
    """The part that says what a part leads to."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")
