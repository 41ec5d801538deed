"""How a plan workbook looks: fonts, colours, number formats, and a tidy table drawn on a sheet.

Numbers are stored in full and only shown rounded. Colours are those of Okabe and Ito, which people
who see few colours can distinguish.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from models import months
from models.dataset import Dataset
from models.parsing.raw_tables import column_letter
from planner.results.tables import Filled, Percent, Sum, Table, TableColumn

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
PAGE = 250
"""Characters that still can be read across a landscape page; wider tables take two pages or more."""
FIGURES = ("whole", "amount", "money", "rate", "share", "gap")
SHEET_ROWS = 1_048_575
"""Rows a sheet has below its header."""
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

    def __init__(self, workbook: Any, dataset: Dataset, footer: str) -> None:
        self.workbook = workbook
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

    def sheet(self, name: str, *, portrait: bool = False) -> Any:
        """A new sheet, set up to print one page wide with the plan's name, the sheet's and the page below."""
        sheet = self.workbook.add_worksheet(name)
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


class TooManyRows(Exception):
    """More rows than a sheet has; the message is a clause that names the sheet."""


def workbook_bytes(title: str, dataset: Dataset, draw: Callable[[Book], None], tables: Sequence[Filled]) -> bytes:
    """The bytes of an .xlsx file: first what `draw` puts in it, then a sheet for each of the tables.

    Text is never taken for a formula, a link or a number.

    Raises
    ------
    TooManyRows
        A table has more rows than a sheet.
    """
    import xlsxwriter

    for each in tables:
        if len(each.rows) > SHEET_ROWS:
            raise TooManyRows(f"the sheet {each.table.sheet} would need {len(each.rows):,} rows, more than a sheet has")
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }
    with xlsxwriter.Workbook(buffer, options) as workbook:
        workbook.set_properties({"title": title, "author": "planner"})
        book = Book(workbook, dataset, footer_text(title))
        draw(book)
        for each in tables:
            draw_table(book, each)
    return buffer.getvalue()


def footer_text(plan_name: str) -> str:
    """A plan's name as a footer shows it: `&` doubled, no longer than a footer may be."""
    return plan_name[:60].replace("&", "&&")


def number_format(kind: str, figures: Iterable[float]) -> str:
    """A number format with the digits that matter for the largest of these figures; zero is a dash.

    >>> number_format("amount", [250_000.0]), number_format("amount", [0.4]), number_format("whole", [3])
    ('#,##0;-#,##0;"–"', '0.0000;-0.0000;"–"', '#,##0;-#,##0;"–"')
    """
    shown = [abs(figure) for figure in figures]
    largest = max(shown, default=0.0)
    if kind == "gap":
        return "0.0####%"  # 2.014 % is not shown as the 2 % that was asked for
    if kind == "share":
        return "0.000%" if 0.0 < largest < 0.01 else "0.0%"
    if all(float(figure).is_integer() for figure in shown):
        return '#,##0;-#,##0;"–"'
    if 0 < largest < 1e-3:
        return '0.00E+00;-0.00E+00;"–"'
    decimals = 3 if kind == "rate" and largest < 1000 else 0
    if kind in ("amount", "money"):
        thresholds = (10_000, 100, 10, 1, 0) if kind == "amount" else (1000, 10, 1, 0.01, 0)
        decimals = next(i for i, least in enumerate(thresholds) if largest >= least)
    body = "#,##0" if decimals == 0 else f"{'#,##' if largest >= 1000 else ''}0.{'0' * decimals}"
    return f'{body};-{body};"–"'


def draw_table(book: Book, filled: Filled) -> None:
    """A sheet of one table: header in row 1, frozen, with filters; columns as wide as what they hold."""
    table, rows = filled.table, filled.rows
    sheet = book.sheet(table.sheet)
    across = 0.0
    formulas = {each.header: _formula(table, each) for each in table.sums}
    units = next((c for c, column in enumerate(table.columns) if column.header == "unit"), None)
    for c, column in enumerate(table.columns):
        values = [row[c] for row in rows]
        style, width = _look(book, column, values)
        sheet.set_column(c, c, width)
        across += width
        sheet.write_string(0, c, column.header, _header(book, column))
        for r, value in enumerate(values, start=1):
            kind, look = column.kind, style
            if column.header in formulas and isinstance(value, (int, float)):
                sheet.write_formula(r, c, formulas[column.header].format(row=r + 1), look, value)
                continue
            if kind == "any" and units is not None and rows[r - 1][units] == "share" and value is not None:
                kind, look = "share", book.format(num_format=number_format("gap", [value]), align="right", indent=1)
            write_value(book, sheet, r, c, kind, value, look)
    for r, row in enumerate(rows, start=1):
        lines = max(math.ceil(len(value) / (WIDEST + 4)) if isinstance(value, str) else 1 for value in row)
        if lines > 1:
            sheet.set_row(r, min(13.0 * lines + 2.0, 400.0))
    sheet.set_row(0, 20)
    sheet.fit_to_pages(math.ceil(across / PAGE), 0)
    sheet.repeat_columns(0)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _name_table(book, sheet, filled)


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
    if isinstance(value, Cell):
        write_cell(book, sheet, r, c, value)
    elif kind == "month":
        sheet.write_datetime(r, c, months.first_day(book.dataset.month(value)), style)
    elif kind == "flag":
        sheet.write_string(r, c, "yes" if value else "no", style)
    elif isinstance(value, str) or not math.isfinite(value):  # a cell knows no infinity
        sheet.write_string(r, c, str(value)[:CELL_TEXT].encode(errors="backslashreplace").decode(), style)
    else:
        sheet.write_number(r, c, value, style if kind != "any" else _any_number(book, value))


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
    return book.format(num_format=number_format(shown, [value]), align="right", indent=1)


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
        widest = max((len(f"{value:,.{len(decimals)}f}") for value in figures), default=0)
        return book.format(num_format=shown, align="right", indent=1), max(least, widest + 4.5)
    longest = max((len(_text(value)) for value in values), default=0)
    wrap = {"text_wrap": True} if longest > WIDEST else {}
    return book.format(align="left", indent=1, **wrap), max(least, min(longest, WIDEST) * 1.1 + 3.0)


def _text(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,.2f}"
    return str(value)
