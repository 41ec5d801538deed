"""Makes the example workbooks from the tables in `examples/*.md`.

Usage: python inputs/make_examples.py [FOLDER]

Each heading `## sheet` is followed by prose for people and one table, whose columns are the sheet's. The
same tables give the same bytes, so a changed workbook means changed figures.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from models import columns, months, schema
from models.parsing.raw_tables import column_letter
from planner.excel.problem_workbook import ACROSS, LAST_ROW, fits, names_below

EXAMPLES = Path(__file__).parent / "examples"
NAMES = ("starter", "frontier_lab", "lessor", "frontier_lab_scenarios")
BASE = re.compile(r"^Begins from (\w+):", re.MULTILINE)
"""The line by which an example is another one with some sheets of its own."""
WRITTEN = dt.datetime(2026, 5, 1)
"""The date in the workbooks' properties: fixed, so that the bytes are."""

FONT = {"font_name": "Calibri", "font_size": 10}
NAVY, GREY = "#1F3A5F", "#6B7280"
WIDEST = 60


@dataclass(frozen=True)
class Table:
    """A sheet as the markdown has it: column names and rows of cell texts."""

    sheet: schema.Sheet
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(text: str) -> list[Table]:
    """The tables of a markdown text, each under the heading that names its sheet.

    Raises
    ------
    ValueError
        A row has more or fewer cells than its header, or a heading has no table.
    """
    found = []
    for part in text.split("\n## ")[1:]:
        name, *lines = part.splitlines()
        cells = [
            tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
            for line in lines
            if line.startswith("|") and not set(line) <= set("|-: ")
        ]
        if not cells:
            raise ValueError(f"{name}: no table")
        headers, *rows = cells
        for row in rows:
            if len(row) != len(headers):
                raise ValueError(f"{name}: {len(row)} cells in the row of {row[0]}, {len(headers)} in the header")
        found.append(Table(schema.sheet(name.strip()), headers, tuple(rows)))
    return found


def kind_of(table: Table, header: str, row: tuple[str, ...]) -> tuple[str, columns.Column | None]:
    """What a column's cells hold, and its column of the schema; months across hold tokens."""
    columns = {column.name: column for column in table.sheet.columns}
    if table.sheet.name == "settings":
        column = columns[row[0]] if row and header == "value" else None
        return (column.kind if column else "text"), column
    if months.parse(header) is not None:
        return "number", columns["tokens_bn_per_day"]
    if header in schema.NEVER_READ:
        return "text", None
    return columns[header].kind, columns[header]


def value_of(kind: str, text: str) -> Any:
    """The cell's value; None for a blank one. Numbers may carry thousands separators, % or a power (2.4e9).

    Raises
    ------
    ValueError
        The text does not spell a value of that kind.
    """
    if not text:
        return None
    if kind == "month":
        month = months.parse(text)
        if month is None:
            raise ValueError(f"{text!r} is not a month")
        return months.first_day(month)
    if kind in ("share", "count", "number"):
        number = float(text.removesuffix("%").replace(",", ""))
        # Rounding takes away what dividing by 100 leaves behind: 7 % is 0.07.
        return round(number / 100, 12) if text.endswith("%") else number
    return text


def number_format(kind: str, column: columns.Column | None, texts: Iterable[str]) -> str:
    """How Excel shows a column's cells: with as many decimals as its figures have, so that all line up."""
    if kind == "month":
        return "mmm yyyy"
    if kind not in ("share", "count", "number"):
        return "General"
    values = [value for text in texts if isinstance(value := value_of(kind, text), float)]
    percent = kind == "share" or (column is not None and column.unit.startswith("share"))
    shown = [round(100 * value, 6) if percent else value for value in values]
    decimals = max((len(f"{value:.4f}".rstrip("0").partition(".")[2]) for value in shown), default=0)
    if column and column.unit.startswith("USD/") and decimals == 1:
        decimals = 2
    return "#,##0" + ("." + "0" * decimals if decimals else "") + ("%" if percent else "")


def text_of(name: str) -> str:
    """The markdown of an example."""
    return (EXAMPLES / f"{name}.md").read_text(encoding="utf-8")


def tables_of(name: str) -> list[Table]:
    """The tables of an example: its own, and those of the one it begins from that it does not replace."""
    text = text_of(name)
    own = {table.sheet.name: table for table in tables(text)}
    base = BASE.search(text)
    inherited = tables_of(base[1]) if base else []
    return [own.pop(table.sheet.name, table) for table in inherited] + list(own.values())


def write(name: str, folder: Path) -> Path:
    """Writes the workbook of that example into the folder, in place of the one there, and returns its path."""
    path = folder / f"{name}.xlsx"
    handle, temporary = tempfile.mkstemp(suffix=".xlsx", dir=folder)
    os.close(handle)
    try:
        book = xlsxwriter.Workbook(temporary, {"strings_to_formulas": False, "strings_to_urls": False})
        book.set_properties({"title": name, "author": "capacity-planner", "created": WRITTEN})
        found = tables_of(name)
        listed = {table.sheet.name: table for table in found}
        for table in found:
            write_sheet(book, table, listed)
        name_the_keys(book, found)
        book.close()
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def write_sheet(book: xlsxwriter.Workbook, table: Table, listed: Mapping[str, Table]) -> None:
    """One sheet: the header, with what each column means as its note, then the rows, ready to print.

    Cells have the drop-downs and bounds of the template; names come from the sheets that are `listed`.
    """
    sheet, across = book.add_worksheet(table.sheet.name), 0
    for at, header in enumerate(table.headers):
        texts = [row[at] for row in table.rows]
        longest = max(len(text) for text in (header + "  ", *texts))
        write_header(book, sheet, table, at)
        if header in schema.NEVER_READ:
            aside = book.add_format({**FONT, "font_color": GREY, "italic": True, "indent": 1})
            sheet.write_column(1, at, texts, aside)
        elif table.sheet.name == "settings":
            for line, row in enumerate(table.rows, start=1):
                kind, column = kind_of(table, header, row)
                write_cells(book, sheet, (line, at), [row[at]], kind, column)
                hold(sheet, column if header == "value" else None, (line, line), at, listed)
        else:
            kind, column = kind_of(table, header, ())
            write_cells(book, sheet, (1, at), texts, kind, column)
            hold(sheet, column, (1, LAST_ROW - 1), at, listed)
        width = min(longest + 2, WIDEST)
        sheet.set_column(at, at, width, book.add_format(FONT))
        across += width
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(table.rows), len(table.headers) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(math.ceil(across / ACROSS), 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&F · &A&RPage &P of &N")


def hold(
    sheet: Worksheet, column: columns.Column | None, rows: tuple[int, int], at: int, listed: Mapping[str, Table]
) -> None:
    """A drop-down or bounds for cells of a column, where it has any and the sheet that it names is there."""
    held = None if column is None else fits(column)
    if column is None or held is None or (held[1].startswith("list_") and held[1].removeprefix("list_") not in listed):
        return
    kind, first, second, strict = held
    limits = {"criteria": "between", "minimum": float(first), "maximum": float(second)} if second else {}
    source = first.strip('"').split(",") if first.startswith('"') else f"={first}"
    sheet.data_validation(
        rows[0],
        at,
        rows[1],
        at,
        {
            "validate": {"whole": "integer"}.get(kind, kind),
            **(limits or {"source": source}),
            "ignore_blank": not (strict == "stop" or column.refers),
            "error_type": strict,
            "error_title": column.name[:32],
            "error_message": f"Write {column.expected()}."[:255],
        },
    )


def name_the_keys(book: xlsxwriter.Workbook, found: Iterable[Table]) -> None:
    """A name for the keys of each sheet, for the drop-downs of others."""
    for table in found:
        if table.sheet.key and table.sheet.key[0] in table.headers:
            letter = column_letter(table.headers.index(table.sheet.key[0]))
            book.define_name(f"list_{table.sheet.name}", f"={names_below(table.sheet.name, letter)}")


def write_header(book: xlsxwriter.Workbook, sheet: Worksheet, table: Table, at: int) -> None:
    """A column's name; a month as a date; columns for people only in grey."""
    name = table.headers[at]
    month = months.parse(name)
    look = {**FONT, "bold": True, "font_color": "#FFFFFF", "bg_color": GREY if name in schema.NEVER_READ else NAVY}
    if month is not None:
        heading = dt.datetime.combine(months.first_day(month), dt.time())
        sheet.write_datetime(0, at, heading, book.add_format({**look, "num_format": "mmm yyyy", "align": "right"}))
        return
    sheet.write_string(0, at, name, book.add_format(look))
    column = kind_of(table, name, ())[1]
    if column:
        unit = f" [{column.unit}]" if column.unit else ""
        sheet.write_comment(0, at, f"{column.meaning}{unit}: {column.expected()}", {"x_scale": 2, "author": ""})


def write_cells(
    book: xlsxwriter.Workbook,
    sheet: Worksheet,
    start: tuple[int, int],
    texts: list[str],
    kind: str,
    column: columns.Column | None,
) -> None:
    """A column's cells downwards from `start`, typed and formatted; blank ones are left out."""
    line, at = start
    style = book.add_format({**FONT, "num_format": number_format(kind, column, texts)})
    for below, text in enumerate(texts):
        value = value_of(kind, text)
        if isinstance(value, dt.date):
            sheet.write_datetime(line + below, at, dt.datetime.combine(value, dt.time()), style)
        elif isinstance(value, float):
            sheet.write_number(line + below, at, value, style)
        elif value is not None:
            sheet.write_string(line + below, at, value, style)


def main(folder: Path = Path(__file__).parent) -> None:
    """Writes every example into the folder and says where."""
    for name in NAMES:
        print(write(name, folder))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
