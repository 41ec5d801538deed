"""A workbook changed part by part: only the sheets that change are written anew, all else stays as it was.

Pictures, charts, pivots, formulas and formats of other sheets are kept because nobody takes them apart.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import quoteattr

from models.faults import Fault
from models.parsing.raw_tables import fold
from planner.excel.cells import WorkbookCells
from planner.excel.sheet_edit import SheetEdit, in_utf8
from planner.files.package import DAMAGES, MAIN, OFFICE, Package, escaped

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACROS = re.compile(r"application/vnd\.ms-excel\.(sheet|template)\.macroEnabled\.main\+xml")
MONTH, SHARE = "yyyy-mm", "0.0%"
"""Formats of numbers."""


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
        related = dict(package.related(package.main).values())
        self._styles = related.get("styles", "")
        self._package, self._texts = package, self._cells.texts()
        self._edits: dict[str, SheetEdit] = {}
        self._changed: dict[str, bytes] = {}
        self._formats: dict[tuple[str, str], str] = {}
        self._lost: list[str] = []

    def sheet(self, name: str) -> SheetEdit | None:
        """The sheet of a folded name, None where there is none."""
        part = self._sheets.get(name, "")
        if part and part not in self._edits:
            self._edits[part] = SheetEdit(self._package.read(part), self._texts)
        return self._edits.get(part)

    def new_sheet(self, name: str, columns: list[str], widths: list[int] | None = None) -> SheetEdit:
        """A sheet with the names of its columns and nothing else, at the end; one that is there is emptied."""
        wide = enumerate(widths or [max(11, len(each) + 3) for each in columns], start=1)
        cols = "".join(f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>' for i, width in wide)
        pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        xml = f'<worksheet xmlns="{MAIN[0]}">{views}<cols>{cols}</cols><sheetData></sheetData></worksheet>'
        part = self._sheets.get(name) or self._add_part(name)
        sheet = self._edits[part] = SheetEdit(xml.encode())
        sheet.append(columns, self.style("", bold=True))
        return sheet

    def style(self, base: str, number_format: str = "", *, bold: bool = False) -> str:
        """The number of the style that is another with a format for numbers, or in bold; "" without styles."""
        if not self._styles:
            return base
        key = base, number_format or str(bold)
        if key not in self._formats:
            self._formats[key] = self._derived(base, number_format, bold=bold)
        return self._formats[key]

    @property
    def date1904(self) -> bool:
        """Whether dates are counted from 1904."""
        return self._package.date1904

    def is_date(self, style: str) -> bool:
        """Whether numbers of a style are shown as dates."""
        return self._cells.time_format(style) == "date"

    def save(self, target: str | Path | BinaryIO) -> None:
        """Writes the workbook."""
        parts = dict(self._changed)
        for part, edit in self._edits.items():
            parts[part] = edit.part()
        lost = []
        drop = self._dropped(parts)
        written = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(io.BytesIO(self._content)) as source, written as out:
            for info in source.infolist():
                name = posixpath.normpath(info.filename.replace("\\", "/")).lstrip("/")
                if info.is_dir() or name.lower() in drop:
                    continue
                try:
                    out.writestr(name, parts.pop(name) if name in parts else source.read(info))
                except DAMAGES:
                    lost.append(name)
            for name, content in parts.items():
                out.writestr(name, content)
        self._lost = [*(name for name in drop if "vba" in name), *lost]

    def losses(self) -> list[Fault]:
        """Warnings of the parts that could not be kept when it was written."""
        fix = "The rest was written; copy it over by hand where it is needed."
        found, expected = "a part that the copy does not have", "parts that can be copied into an .xlsx file"
        return [Fault(part, "", "", found, expected, fix, "part-not-kept") for part in self._lost]

    def _text(self, part: str) -> str:
        content = self._changed[part] if part in self._changed else self._package.read(part)
        return in_utf8(content).decode("utf-8-sig")

    def _keep(self, part: str, text: str) -> None:
        self._changed[part] = text.encode()

    def _relations(self) -> str:
        folder, name = posixpath.split(self._main)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def _dropped(self, parts: dict[str, bytes]) -> list[str]:
        """Parts that say nothing true any more: the order of calculation, and macros, which an .xlsx may not have."""
        types, relations = self._text("[Content_Types].xml"), self._text(self._relations())
        drop = [p for kind, p in self._package.related(self._main).values() if kind in ("calcChain", "vbaProject")]
        for part in drop:
            named = rf"<([\w.-]+:)?(Override|Relationship)\b[^>]*{re.escape(posixpath.basename(part))}[^>]*/>"
            types, relations = (re.sub(named, "", text) for text in (types, relations))
        parts |= {"[Content_Types].xml": _MACROS.sub(_BOOK_TYPE, types).encode(), self._relations(): relations.encode()}
        return [part.lower() for part in drop]

    def _add_part(self, name: str) -> str:
        folder = posixpath.join(posixpath.dirname(self._main), "worksheets")
        number = next(n for n in range(1, 100_000) if not self._has(f"{folder}/planner{n}.xml"))
        part, key = f"{folder}/planner{number}.xml", f"planner{number}"
        self._insert("[Content_Types].xml", "Types", f'Override PartName="/{part}" ContentType="{_SHEET_TYPE}"')
        related = f'Relationship Id="{key}" Type="{OFFICE[0]}/worksheet" Target="/{part}"'
        self._insert(self._relations(), "Relationships", related)
        book = self._text(self._main)
        numbers = [int(each) for each in re.findall(r'\bsheetId="(\d+)"', book)]
        entry = f'sheet name={quoteattr(escaped(name))} sheetId="{max(numbers, default=0) + 1}"'
        self._insert(self._main, "sheets", f'{entry} xmlns:related="{OFFICE[0]}" related:id="{key}"')
        self._sheets[name] = part
        return part

    def _has(self, part: str) -> bool:
        return part in self._package or part in self._edits

    def _insert(self, part: str, parent: str, element: str) -> None:
        """Puts an element last into the only one of that name."""
        text = self._text(part)
        end = re.search(rf"</([\w.-]+:)?{parent}\s*>", text)
        assert end is not None
        self._keep(part, f"{text[: end.start()]}<{end[1] or ''}{element}/>{text[end.start() :]}")

    def _derived(self, base: str, number_format: str, *, bold: bool) -> str:
        text = self._text(self._styles)
        formats = re.search(r"<([\w.-]+:)?cellXfs\b[^>]*>(.*?)</(?:[\w.-]+:)?cellXfs\s*>", text, re.DOTALL)
        if formats is None:
            return base
        p = formats[1] or ""
        known = re.findall(rf"<{p}xf\b[^>]*?(?:/>|>.*?</{p}xf>)", formats[2], re.DOTALL)
        xf = known[int(base or 0)] if int(base or 0) < len(known) else f'<{p}xf numFmtId="0"/>'
        if number_format:
            numbers = [int(each) for each in re.findall(r'\bnumFmtId="(\d+)"', text)]
            number = max(164, *(each + 1 for each in numbers))
            code = quoteattr(number_format)
            text = _with_child(text, p, "numFmts", f'<{p}numFmt numFmtId="{number}" formatCode={code}/>')
            xf = _with_attributes(xf, numFmtId=str(number), applyNumberFormat="1")
        if bold and (fonts := re.search(rf"<{p}fonts\b.*?</{p}fonts>", text, re.DOTALL)):
            number = len(re.findall(rf"<{p}font\b", fonts[0]))
            font = f'<{p}font><{p}b/><{p}sz val="11"/><{p}name val="Calibri"/></{p}font>'
            text = _with_child(text, p, "fonts", font)
            xf = _with_attributes(xf, fontId=str(number), applyFont="1")
        text = re.sub(rf'(<{p}cellXfs\b[^>]*?)\s+count="\d+"', r"\1", text, count=1)
        end = re.search(rf"</{p}cellXfs\s*>", text)
        assert end is not None
        self._keep(self._styles, text[: end.start()] + xf + text[end.start() :])
        return str(len(known))


def _with_child(text: str, p: str, parent: str, child: str) -> str:
    """The styles with one more element in a list, which is made where there is none; its count is left out."""
    text = re.sub(rf'(<{p}{parent}\b[^>]*?)\s+count="\d+"', r"\1", text, count=1)
    text = re.sub(rf"<({p}{parent}\b[^>]*?)\s*/>", rf"<\1></{p}{parent}>", text, count=1)
    if (end := re.search(rf"</{p}{parent}\s*>", text)) is not None:
        return text[: end.start()] + child + text[end.start() :]
    root = re.search(rf"<{p}styleSheet\b[^>]*>", text)
    assert root is not None
    return f"{text[: root.end()]}<{p}{parent}>{child}</{p}{parent}>{text[root.end() :]}"


def _with_attributes(element: str, **values: Any) -> str:
    for name, value in values.items():
        element = re.sub(rf'\s{name}="[^"]*"', "", element, count=1)
        element = re.sub(r"^<([\w.:-]+)", rf'<\1 {name}="{value}"', element)
    return element
