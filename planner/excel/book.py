"""How a plan workbook looks: fonts, colours, number formats, and a tidy table drawn on a sheet.

Numbers are stored in full and only shown rounded. Colours are those of Okabe and Ito, which people
who see few colours can distinguish.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from models import months
from models.dataset import Dataset
from models.parsing.raw_tables import column_letter
from planner.excel.printed_pages import PORTRAIT, table_scale
from planner.results.tables import NO_END, Filled, NoEnd, Percent, Sum, Table, TableColumn

FONT = "Arial"
"""Every office program has it, or a font of the same widths."""
INK, GREY, HEADER, BAND, LINE = "#1A1A1A", "#5F6B7A", "#1F3A5F", "#F3F6FA", "#C9D3DF"
BLUE, SKY, ORANGE, GREEN, PURPLE = "#0072B2", "#56B4E9", "#E69F00", "#009E73", "#CC79A7"
YELLOW, SILVER, RED = "#F0E442", "#999999", "#D55E00"
WHITE = "#FFFFFF"
HEAD = {"bold": True, "font_color": WHITE, "bg_color": HEADER}
"""The look of a table's headers."""
PALETTE = (BLUE, ORANGE, SKY, PURPLE, GREEN, SILVER, RED, YELLOW)
"""Colours of the series of a chart, in order."""
WIDEST = 60
"""Columns are as wide as what they hold, up to this many characters; longer text wraps."""
NOTHING = 1e-9
"""What is smaller is what arithmetic with many digits leaves of zero: no figure of a plan is of that size."""
DASH = '"–";"–";"–"'
"""The number format of what is as good as nothing."""
FIGURES = ("whole", "amount", "money", "rate", "share", "gap")
LONG = 2_000
"""Tables of more rows are written row by row, through files; charts show shorter ones."""
HEADER_LETTERS = 255
"""A table's header holds no longer text."""
CELL_TEXT = 32_000
"""A cell holds no longer text."""


TONES = {"good": ("#E3F2EC", "#14553C"), "careful": ("#FFF4D6", "#6B4A00"), "bad": ("#FDE2DC", "#9A3412")}
"""Fill and ink of how a thing stands; words say it too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in the colours of a tone, or leading to `link`, the path of a file relative to the workbook."""

    text: str
    tone: str = ""
    link: str = ""

    def __str__(self) -> str:
        return self.text


class Book:
    """A workbook under way: `dataset` gives its months, `format` its cell formats, each made once."""

    def __init__(self, workbook: Any, dataset: Dataset, footer: str, *, through_files: bool = False) -> None:
        self.workbook = workbook
        self.through_files = through_files
        self.dataset = dataset
        self.footer = footer
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        """The cell format of these properties, in the workbook's font."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(
                {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"} | properties
            )
        return self._formats[key]

    def sheet(self, name: str, *, portrait: bool = False, rows: int = 0) -> Any:
        """A new sheet, set up to print one page wide with the plan's name, the sheet's and the page below.

        A sheet of more than `LONG` rows is to be written row by row, where they go through files.
        """
        from planner.excel.long_sheet import LongSheet, PlainSheet  # loads XlsxWriter, which reading does without

        sheet = self.workbook.add_worksheet(name, LongSheet if self.through_files and rows > LONG else PlainSheet)
        sheet.set_portrait() if portrait else sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # a name or a version may look like a number
        sheet.set_footer(f"&L&8{self.footer}&C&8&A&R&8Page &P of &N")
        return sheet

    def titled_sheet(self, name: str, title: str, how_to_read: str) -> Any:
        """A new sheet with a title, how to read it, and the way back to the page `Plan`."""
        sheet = self.sheet(name)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=14, font_color=HEADER))
        sheet.set_row(0, 22)
        sheet.write_string(1, 0, how_to_read, self.format(italic=True, font_color=GREY))
        sheet.write_url(2, 0, "internal:'Plan'!A1", self.format(font_color=BLUE, underline=1, font_size=9), "← Plan")
        return sheet


def footer_text(plan_name: str) -> str:
    """A plan's name as a footer shows it: `&` doubled, no longer than a footer may be."""
    return plan_name[:60].replace("&", "&&")


def number_format(kind: str, figures: Iterable[float]) -> str:
    """A number format with the digits that matter for the largest of these figures; zero is a dash, and so is a trace.

    >>> number_format("amount", [250_000.0]), number_format("amount", [0.4]), number_format("amount", [3 + 1e-14])
    ('#,##0;-#,##0;"–"', '0.0000;-0.0000;"–"', '#,##0;-#,##0;"–"')
    >>> number_format("money", [-3.39e-5]), number_format("money", [-9.31e-16])
    ('0.000000;-0.000000;"–"', '"–";"–";"–"')
    """
    shown = [abs(figure) for figure in figures]
    largest = max(shown, default=0.0)
    if kind == "gap":
        return "0.0####%"  # 2.014 % is not shown as the 2 % that was asked for
    if kind == "share":
        return "0.000%" if 0.0 < largest < 0.01 else "0.0%"
    if all(abs(figure - round(figure)) <= 1e-9 * largest for figure in shown):  # a sum may miss a whole number by a bit
        return '#,##0;-#,##0;"–"'
    if largest < NOTHING:
        return DASH
    if largest < 1e-3:
        body = f"0.{'0' * (1 - math.floor(math.log10(largest)))}"
        return f'{body};-{body};"–"'
    decimals = 3 if kind == "rate" and largest < 1000 else 0
    if kind in ("amount", "money"):
        thresholds = (10_000, 100, 10, 1, 0) if kind == "amount" else (1000, 10, 1, 0.01, 0)
        decimals = next(i for i, least in enumerate(thresholds) if largest >= least)
    body = "#,##0" if decimals == 0 else f"{'#,##' if largest >= 1000 else ''}0.{'0' * decimals}"
    return f'{body};-{body};"–"'


def draw_table(book: Book, filled: Filled) -> None:
    """A sheet of one table: header in row 1, frozen, with filters; columns as wide as what they hold."""
    table, rows = filled.table, filled.rows
    sheet = book.sheet(table.sheet, rows=len(rows))
    _name_table(book, sheet, filled)
    across = 0.0
    formulas = {each.header: _formula(table, each) for each in table.sums}
    units = next((c for c, column in enumerate(table.columns) if column.header == "unit"), None)
    looks: list[tuple[str, Any, float, str | None]] = []
    for c, column in enumerate(table.columns):
        style, width = _look(book, column, [row[c] for row in rows])
        rounded = column.kind in ("amount", "money", "rate")
        least = 0.5 * 10.0 ** -len(style.num_format.split(";")[0].partition(".")[2]) if rounded else 0.0
        looks.append((column.kind, style, least, formulas.get(column.header)))
        sheet.set_column(c, c, width)
        across += width
        sheet.write_string(0, c, column.header, _header(book, column))
    sheet.set_row(0, 20)
    for r, row in enumerate(rows, start=1):
        lines = 1
        for c, (value, (kind, look, least, formula)) in enumerate(zip(row, looks, strict=True)):
            if formula is not None and isinstance(value, (int, float)):
                sheet.write_formula(r, c, formula.format(row=r + 1), look, value)
                continue
            if kind == "any" and units is not None and row[units] == "share" and value is not None:
                kind, look = "share", book.format(num_format=number_format("gap", [value]), align="right", indent=1)
            if least and value and abs(value) < least:  # not as -0.00
                look = book.format(num_format=DASH, align="right", indent=1)
            if isinstance(value, str) and len(value) > WIDEST + 4:
                lines = max(lines, math.ceil(len(value) / (WIDEST + 4)))
            write_value(book, sheet, r, c, kind, value, look)
        if lines > 1:
            sheet.set_row(r, min(13.0 * lines + 2.0, 400.0))
    paper, scale = table_scale(7.0 * across + 5.0 * len(table.columns), len(rows))
    if paper is PORTRAIT:
        sheet.set_portrait()
    sheet.set_print_scale(int(100 * scale))
    sheet.repeat_columns(0)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)


def _formula(table: Table, total: Sum) -> str:
    """The formula of a sum, its row to be filled in."""

    def cells(headers: Sequence[str], sign: str) -> str:
        return "".join(f"{sign}{column_letter(table.headers.index(each))}{{row}}" for each in headers)

    return "=" + cells(total.plus, "+").lstrip("+") + cells(total.minus, "-")


def _name_table(book: Book, sheet: Any, filled: Filled) -> None:
    """Makes the rows a table with filters, named after its sheet; only filters where headers are no table's."""
    columns, headers = filled.table.columns, filled.table.headers
    last = max(1, len(filled.rows))  # a table has a row, be it blank
    plain = all(each.isprintable() and 0 < len(each) <= HEADER_LETTERS for each in headers)
    if not plain or len({each.casefold() for each in headers}) < len(headers):
        sheet.autofilter(0, 0, last, len(headers) - 1)
        return
    named = [{"header": each.header, "header_format": _header(book, each)} for each in columns]
    options = {"name": public_name("tbl", filled.table.sheet), "style": None, "columns": named}
    sheet.add_table(0, 0, last, len(headers) - 1, options)


def public_name(prefix: str, words: str) -> str:
    """The name by which other workbooks find something.

    >>> public_name("tbl", "P&L by quarter"), public_name("kpi", "cost: lease")
    ('tbl_p_l_by_quarter', 'kpi_cost_lease')
    """
    return f"{prefix}_{re.sub('[^a-z0-9]+', '_', words.lower()).strip('_')}"


def name_figures(book: Book, filled: Filled) -> None:
    """Names the values of a sheet of metrics and values, one `kpi_` each."""
    for row, (metric, *_) in enumerate(filled.rows, start=2):
        book.workbook.define_name(public_name("kpi", metric), f"='{filled.table.sheet}'!$B${row}")


def write_value(book: Book, sheet: Any, r: int, c: int, kind: str, value: Any, style: Any) -> None:
    """One cell: text as text even where it looks like a formula, months as dates, None and "" left empty."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(r, c, _cell_text(value), style)
    elif isinstance(value, Cell):
        write_cell(book, sheet, r, c, value)
    elif kind == "month":
        sheet.write_number(r, c, months.serial(book.dataset.month(value)), _ending(book, value, style, kind))
    elif kind == "flag":
        sheet.write_string(r, c, "yes" if value else "no", style)
    elif not math.isfinite(value):  # a cell knows no infinity
        sheet.write_string(r, c, str(value), style)
    else:
        look = _any_number(book, value) if kind == "any" else _ending(book, value, style, kind)
        sheet.write_number(r, c, value or 0, look)  # which is no "-0" either


def _cell_text(text: str) -> str:
    """What a cell can hold of a text."""
    if text.isascii() and len(text) <= CELL_TEXT:
        return text
    return text[:CELL_TEXT].encode(errors="backslashreplace").decode()


def write_cell(book: Book, sheet: Any, r: int, c: int, cell: Cell, **look: Any) -> None:
    """A coloured or leading cell; `look` are further properties of its format."""
    look = {"align": "left", "indent": 1} | look
    if cell.link:
        style = book.format(**look | {"underline": 1, "font_color": BLUE})
        sheet.write_url(r, c, f"external:{quote(cell.link)}", style, cell.text[:CELL_TEXT])
        return
    if cell.tone:
        fill, ink = TONES[cell.tone]
        look |= {"bg_color": fill, "font_color": ink}
    sheet.write_string(r, c, cell.text[:CELL_TEXT], book.format(**look))


def _any_number(book: Book, value: float) -> Any:
    if isinstance(value, Percent):
        return book.format(num_format=number_format("gap", [value]), align="right", indent=1)
    shown = "whole" if float(value).is_integer() else "amount" if abs(value) < 1e6 else "whole"
    return book.format(num_format=number_format(shown, [value]) if value else "0", align="right", indent=1)


def _ending(book: Book, value: Any, style: Any, kind: str) -> Any:
    """The format of a figure; of an end that never comes one that says so, and is a date's where it is one."""
    if not isinstance(value, NoEnd):
        return style
    shown, place = ("yyyy-mm", "left") if kind == "month" else ("0", "right")
    return book.format(num_format=f'[<1]{shown};"{NO_END}"', align=place, indent=1)


def _header(book: Book, column: TableColumn) -> Any:
    """The format of a header: above figures to the right, clear of the filter's button."""
    place = {"align": "right", "indent": 2} if column.kind in FIGURES else {"align": "left", "indent": 1}
    return book.format(**HEAD, **place)


def _look(book: Book, column: TableColumn, values: Sequence[Any]) -> tuple[Any, float]:
    """The cell format of a column and its width in characters."""
    least = len(column.header) * 1.15 + 4.0  # bold, with room for the filter's button
    if column.kind == "month":
        return book.format(num_format="yyyy-mm", align="left", indent=1), max(least, 11.0)
    if column.kind in FIGURES:
        figures = [value for value in values if value is not None and math.isfinite(value)]
        shown = number_format(column.kind, figures)
        decimals = shown.split(";")[0].partition(".")[2]
        ends = (min(figures), max(figures)) if figures else ()
        widest = max((len(f"{value:,.{len(decimals)}f}") for value in ends), default=0)
        return book.format(num_format=shown, align="right", indent=1), max(least, widest + 4.5)
    longest = max((len(_text(value)) for value in values), default=0)
    wrap = {"text_wrap": True} if longest > WIDEST else {}
    return book.format(align="left", indent=1, **wrap), max(least, min(longest, WIDEST) * 1.1 + 3.0)


def _text(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:z,.2f}"
    return str(value)
