"""`planner init`: a workbook to fill in, made from the schema, with a worked example that solves.

Every sheet and column comes from `models.schema`, so the template, the reader and the checks never
disagree. Headers hold the exact column names; meaning, unit and what fits are in their cell notes.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from models import months
from models.columns import LARGEST, Column
from models.schema import SHEETS, Sheet
from planner.errors import WrongUsage
from planner.excel.template_rows import worked_rows
from planner.outputs import written_whole

LAST_ROW = 2000
"""Drop-downs and number formats reach down to here."""
EXAMPLES = ("starter", "frontier_lab", "lessor", "frontier_lab_scenarios")
FONT = "Calibri"
REQUIRED_FILL, OPTIONAL_FILL, NOTE_FILL, INPUT_FILL = "1F3A5F", "D9DEE4", "F2F2F2", "FFF9E5"
FORMATS = {"month": "yyyy-mm", "share": "0.0##%", "count": "0"}


def write_template(path: Path, today: dt.date) -> None:
    """Writes the template, its horizon beginning in the month after `today`.

    Raises
    ------
    CannotWrite
        The file cannot be written.
    """
    workbook = Workbook()
    workbook.remove(workbook.active)
    rows = worked_rows(months.month_of(today.year, today.month) + 1)
    for sheet in SHEETS:
        worksheet = workbook.create_sheet(sheet.name)
        worksheet.sheet_properties.tabColor = OPTIONAL_FILL if sheet.optional else REQUIRED_FILL
        if sheet.name == "settings":
            _fill_settings(worksheet, sheet, rows["settings"][0])
        else:
            _fill_table(worksheet, sheet, rows.get(sheet.name, []))
        _set_up_page(worksheet)
        if sheet.key:
            _name_the_keys(workbook, sheet)
    with written_whole(path) as temporary:
        workbook.save(temporary)


def examples() -> dict[str, Path]:
    """The whole examples by name: those packaged with the software, or those of a checkout's inputs/."""
    here = Path(__file__).parents[1]
    places = {name: (here / "examples" / f"{name}.xlsx", here.parent / "inputs" / f"{name}.xlsx") for name in EXAMPLES}
    return {name: next(filter(Path.is_file, paths)) for name, paths in places.items() if any(map(Path.is_file, paths))}


def copy_example(name: str, path: Path) -> None:
    """Copies a whole example.

    Raises
    ------
    WrongUsage
        There is no example of that name.
    CannotWrite
        The file cannot be written.
    """
    known = examples()
    if name not in known:
        raise WrongUsage(f"There is no example '{name}'; there are: {', '.join(known) or 'none'}.")
    with written_whole(path) as temporary:
        shutil.copyfile(known[name], temporary)


def _fill_settings(worksheet: Worksheet, sheet: Sheet, values: dict[str, Any]) -> None:
    for position, (title, note) in enumerate(
        (
            ("key", "Which setting: one row each. A row left out, or left blank, means the default."),
            ("value", "The setting's value; the note of each key says what fits."),
            ("note", "For people; never read by the planner."),
        ),
        start=1,
    ):
        fill = NOTE_FILL if title == "note" else REQUIRED_FILL
        _write_header(worksheet, position, title, note, required=title != "note", fill=fill)
    for row, column in enumerate(sheet.columns, start=2):
        key = worksheet.cell(row, 1, column.name)
        key.font = Font(name=FONT, bold=column.required)
        _annotate(key, _explain(column))
        value = worksheet.cell(row, 2, _cell_value(values.get(column.name, column.default)))
        value.font, value.fill = Font(name=FONT), PatternFill("solid", fgColor=INPUT_FILL)
        value.alignment = Alignment(horizontal="right")
        value.number_format = _format(column)
        remark = worksheet.cell(row, 3, _sentence(column) + (f" ({column.unit})" if column.unit else ""))
        remark.font, remark.alignment = (
            Font(name=FONT, italic=True, color="595959"),
            Alignment(horizontal="left", indent=1),
        )
        _add_drop_down(worksheet, column, f"B{row}")
    for letter, width in (("A", 22), ("B", 18), ("C", 96)):
        worksheet.column_dimensions[letter].width = width
    worksheet.freeze_panes = "A2"


def _fill_table(worksheet: Worksheet, sheet: Sheet, rows: list[dict[str, Any]]) -> None:
    for position, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(position)
        _write_header(worksheet, position, column.name, _explain(column), required=column.required)
        worksheet.column_dimensions[letter].number_format = _format(column)
        longest = max((len(_shown(each.get(column.name))) for each in rows), default=0)
        worksheet.column_dimensions[letter].width = max(11, len(column.name) + 3, longest + 2)
        _add_drop_down(worksheet, column, f"{letter}2:{letter}{LAST_ROW}")
        for row, record in enumerate(rows, start=2):
            cell = worksheet.cell(row, position, _cell_value(record.get(column.name)))
            cell.font, cell.fill = Font(name=FONT), PatternFill("solid", fgColor=INPUT_FILL)
            cell.number_format = _format(column)
    last = len(sheet.columns) + 1
    _write_header(worksheet, last, "note", "For people; never read by the planner.", required=False, fill=NOTE_FILL)
    worksheet.column_dimensions[get_column_letter(last)].width = 100
    for row, record in enumerate(rows, start=2):
        worksheet.cell(row, last, record.get("note")).font = Font(name=FONT, italic=True, color="595959")
    worksheet.freeze_panes = "B2"


def _write_header(
    worksheet: Worksheet, position: int, title: str, note: str, *, required: bool, fill: str | None = None
) -> None:
    cell = worksheet.cell(1, position, title)
    cell.font = Font(name=FONT, bold=True, color="FFFFFF" if required else "000000")
    cell.fill = PatternFill("solid", fgColor=fill or (REQUIRED_FILL if required else OPTIONAL_FILL))
    cell.alignment = Alignment(vertical="center")
    cell.border = Border(right=Side(style="thin", color="FFFFFF"))
    worksheet.row_dimensions[1].height = 22
    _annotate(cell, note)


def _annotate(cell: Any, text: str) -> None:
    lines = sum(1 + len(line) // 42 for line in text.splitlines())
    cell.comment = Comment(text, "planner", width=300, height=26 + 17 * lines)


def _format(column: Column) -> str:
    return FORMATS["share"] if column.unit.startswith("share") else FORMATS.get(column.kind, "General")


def _sentence(column: Column) -> str:
    """The meaning with a capital, unless it begins with a value to be written just so."""
    first, _, rest = column.meaning.partition(" ")
    return column.meaning if first.endswith(":") else f"{first[:1].upper()}{first[1:]} {rest}".strip()


def _explain(column: Column) -> str:
    """Meaning, unit, what fits and whether it may be left blank: the header's cell note."""
    lines = [_sentence(column) + "."]
    if column.unit:
        lines.append(f"Unit: {column.unit}.")
    lines.append(f"Write {column.expected()}.")
    if column.refers:
        lines.append(f"A name from {' or '.join(column.refers)}.")
    if column.required:
        lines.append("Required.")
    elif column.default in (None, ""):
        lines.append("May be left blank.")
    else:
        lines.append(f"Left blank: {_shown(column.default)}.")
    return "\n".join(lines)


def _cell_value(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _shown(value: Any) -> str:
    if isinstance(value, dt.date):
        return f"{value:%Y-%m}"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(_cell_value(value))


def _add_drop_down(worksheet: Worksheet, column: Column, cells: str) -> None:
    """A list for choices, flags and names of one other sheet; bounds for numbers.

    Pasting goes round them: `planner check` is the gate, these only help while typing.
    """
    choices = ("yes", "no") if column.kind == "flag" else column.choices
    if choices:
        rule = DataValidation("list", formula1=f'"{",".join(choices)}"', errorStyle="stop")
    elif len(column.refers) == 1 and column.kind == "name":
        rule = DataValidation("list", formula1=f"list_{column.refers[0]}", errorStyle="warning")
    elif column.kind in ("share", "count", "number") and column.low is not None:
        high = column.high if column.high is not None else LARGEST
        kind = "whole" if column.kind == "count" else "decimal"
        rule = DataValidation(kind, "between", f"{column.low:g}", f"{high:.0f}", errorStyle="warning")
    else:
        return
    rule.allow_blank = not choices and not column.refers
    rule.showErrorMessage = True
    rule.errorTitle, rule.error = column.name[:32], f"Write {column.expected()}."[:255]
    rule.add(cells)
    worksheet.add_data_validation(rule)


def _name_the_keys(workbook: Workbook, sheet: Sheet) -> None:
    """A name for the filled part of a sheet's first key column, for the drop-downs of other sheets."""
    if any(column.refers == (sheet.name,) for column in _all_columns()):
        position = [column.name for column in sheet.columns].index(sheet.key[0]) + 1
        letter = get_column_letter(position)
        cells = f"OFFSET({sheet.name}!${letter}$2,0,0,MAX(1,COUNTA({sheet.name}!${letter}$2:${letter}${LAST_ROW})),1)"
        workbook.defined_names[f"list_{sheet.name}"] = DefinedName(f"list_{sheet.name}", attr_text=cells)


def _all_columns() -> Iterable[Column]:
    return (column for sheet in SHEETS for column in sheet.columns)


def _set_up_page(worksheet: Worksheet) -> None:
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.fitToWidth, worksheet.page_setup.fitToHeight = 1, 0
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    worksheet.print_title_rows = "1:1"
