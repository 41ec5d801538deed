"""The first sheet of the template: which sheets are needed, how they hang together, what the others are for.

The planner never reads it.
"""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from models.schema import START_HERE
from models.schema import sheet as sheet_named
from planner.excel.problem_workbook import FONT, INPUT_FILL, OPTIONAL_FILL, REQUIRED_FILL

CHAIN = {
    "demand": "how many tokens are wanted, by segment, region and month",
    "segments": "what is sold, what it earns, and which workload serves it",
    "throughput": "tokens a second of a workload on a hardware",
    "hardware": "the accelerators: power, and how often they are available",
}
"""The needed sheets beside `settings`, each with what it says; neighbours share the column between them."""
SHARED = ("segment", "workload", "hardware")
"""The columns by which the rows of neighbours in `CHAIN` find each other."""
OTHERS = {
    "Where capacity comes from": (
        *("fleet", "leases", "lease_hardware", "lease_terms", "ramps", "contracts", "contract_tiers", "on_demand"),
        *("own_sites", "chip_orders", "options", "lease_outs", "lease_out_hardware"),
    ),
    "How demand behaves": (*("limits", "prices", "rivals", "load_blocks", "load_shape", "network", "runs", "history"),),
    "Money and policy": ("caps", "rules", "resilience", "spend_commitments", "funding", "residuals"),
    "What may come": ("scenarios", "scenario_factors"),
}
"""The sheets that may be absent, by what they are for."""
STEPS = (
    "1.  Write over the yellow cells of the five dark sheets. The note of a heading says what fits, and in which unit.",
    "2.  Say where capacity comes from: on_demand is the shortest sheet; leases and contracts are offers to be signed.",
    "3.  planner check this.xlsx  lists whatever is wrong, cell by cell.   planner solve this.xlsx  writes the plan.",
)
LINK_FILL = "DCE8F3"
"""Behind a link, which some programs draw in dark blue whatever its font says."""
BOXES, ARROWS = "BDFH", "CEG"
SETTINGS_ROW, CHAIN_ROW, SUPPLY_ROW, STEPS_ROW, OTHERS_ROW = 4, 7, 10, 13, 17


def draw_start_here(book: Workbook) -> None:
    """Puts the sheet before the others, and opens the workbook there."""
    sheet = book.create_sheet(START_HERE, 0)
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width = 2
    for letter in BOXES:
        sheet.column_dimensions[letter].width = 27
    for letter in ARROWS:
        sheet.column_dimensions[letter].width = 13
    _text(sheet, "B1", "Start here", Font(name=FONT, bold=True, size=18))
    needed = "Five sheets are needed (dark); the others (grey) may be left empty or deleted. This sheet is never read."
    _text(sheet, "B2", needed)
    _draw_chain(sheet)
    for row, words in enumerate(STEPS, start=STEPS_ROW):
        _text(sheet, f"B{row}", words)
    _draw_others(sheet)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_properties.tabColor = INPUT_FILL
    book.active = 0


def _draw_chain(sheet: Worksheet) -> None:
    """The needed sheets as boxes, arrows with the shared columns between them, and what supplies them below."""
    first, last = BOXES[0], BOXES[-1]
    _box(sheet, SETTINGS_ROW, first, last, "settings", "which months are planned, and at what discount rate", dark=True)
    for letter in BOXES:
        _arrow(sheet, f"{letter}{SETTINGS_ROW + 2}", "↓")
    for letter, (name, words) in zip(BOXES, CHAIN.items(), strict=True):
        _box(sheet, CHAIN_ROW, letter, letter, name, words, dark=True)
    for letter, column in zip(ARROWS, SHARED, strict=True):
        _arrow(sheet, f"{letter}{CHAIN_ROW}", f"{column} →")
    _arrow(sheet, f"{first}{SUPPLY_ROW - 1}", "↑ region")
    _arrow(sheet, f"{last}{SUPPLY_ROW - 1}", "↑ hardware")
    words = "fleet · leases · contracts · on_demand · own_sites and chip_orders: accelerators of a hardware in a region"
    _box(sheet, SUPPLY_ROW, first, last, "leases", words, dark=False, title="Where capacity comes from")


def _draw_others(sheet: Worksheet) -> None:
    """A column a purpose: its sheets by name, each leading there."""
    for letter, (what_for, names) in zip(BOXES, OTHERS.items(), strict=True):
        _text(sheet, f"{letter}{OTHERS_ROW}", what_for, Font(name=FONT, bold=True))
        for row, name in enumerate(names, start=OTHERS_ROW + 1):
            cell = _text(sheet, f"{letter}{row}", name, Font(name=FONT, color="0563C1", underline="single"))
            cell.hyperlink = Hyperlink(
                cell.coordinate, location=f"'{name}'!A1", tooltip=sheet_named(name).purpose[:255]
            )


def _box(
    sheet: Worksheet, row: int, left: str, right: str, name: str, words: str, *, dark: bool, title: str = ""
) -> None:
    """Two rows, each of merged cells: the name of a sheet, which leads there, and what it says."""
    dark_fill = REQUIRED_FILL if dark else OPTIONAL_FILL
    head, body = (title or name, "000000", LINK_FILL, True), (words, "FFFFFF" if dark else "000000", dark_fill, False)
    for below, (text, ink, fill, bold) in enumerate((head, body)):
        place = f"{left}{row + below}"
        _text(sheet, place, text, Font(name=FONT, bold=bold, color=ink))
        sheet[place].fill = PatternFill("solid", fgColor=fill)
        sheet[place].alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if left != right:
            sheet.merge_cells(f"{place}:{right}{row + below}")
    sheet.row_dimensions[row + 1].height = 18 if left != right else 50
    sheet[f"{left}{row}"].hyperlink = Hyperlink(f"{left}{row}", location=f"'{name}'!A1")


def _arrow(sheet: Worksheet, place: str, words: str) -> None:
    _text(sheet, place, words, Font(name=FONT, bold=True, color=REQUIRED_FILL))
    sheet[place].alignment = Alignment(horizontal="center", vertical="center")


def _text(sheet: Worksheet, place: str, words: str, font: Font | None = None) -> Any:
    cell = sheet[place]
    cell.value, cell.font = words, font or Font(name=FONT)
    return cell
