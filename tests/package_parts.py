"""A workbook written part by part from text, so that tests can say what no program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from sheets import VALID

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def cell(value: object) -> str:
    """The element of a cell, without an address."""
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, (int, float)):
        return f"<c><v>{value}</v></c>"
    return "<c/>" if value is None else f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def sheet_xml(rows: str, after: str = "", before: str = "", namespace: str = MAIN) -> str:
    """The part of a sheet with these elements of rows."""
    return f'<worksheet xmlns="{namespace}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def rows_xml(lines: Iterable[Iterable[object]]) -> str:
    """The elements of rows of values."""
    return "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)


def valid_sheets() -> dict[str, str]:
    """The rows of the sheets of the small valid workbook, as elements, by name."""
    made = {}
    for name, rows in VALID.items():
        if isinstance(rows, Mapping):
            rows = [{"key": key, "value": value} for key, value in rows.items()]
        headings = list(dict.fromkeys(column for row in rows for column in row))
        made[name] = rows_xml([headings, *([row.get(column) for column in headings] for row in rows)])
    return made


def parts_of(sheets: Mapping[str, str], book: str = "") -> dict[str, str]:
    """The parts of a workbook with these sheets, each the whole text of its part; `book` goes to the workbook's."""
    listed, related = "", ""
    for number, name in enumerate(sheets, start=1):
        listed += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        target = f'Target="worksheets/sheet{number}.xml"'
        related += f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" {target}/>'
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}"/></Types>',
        "_rels/.rels": f'{relations}<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets>{book}</workbook>',
        "xl/_rels/workbook.xml.rels": f"{relations}{related}</Relationships>",
        **{f"xl/worksheets/sheet{n}.xml": text for n, text in enumerate(sheets.values(), start=1)},
    }


def zipped(parts: Mapping[str, str | bytes], more: Iterable[tuple[str, str | bytes]] = ()) -> bytes:
    """The bytes of an archive of these parts, and more of them, perhaps under names that are there."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*parts.items(), *more):
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook_of(sheets: Mapping[str, str] | None = None, book: str = "", **changed: str) -> bytes:
    """The valid workbook; `changed` are elements of rows, `sheets` whole parts, that take the place of its own."""
    made = {name: sheet_xml(rows) for name, rows in (valid_sheets() | changed).items()}
    return zipped(parts_of(made | dict(sheets or {}), book))
