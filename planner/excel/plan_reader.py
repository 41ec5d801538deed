"""Reads a plan workbook back: the same Plan that was written, for the audit and for a warm start.

Only what the plan decides and pays is read; what follows from it (service, use, the first sheet) is
not. Rows come back in the order of the sheet. Names are not compared with the input workbook: that
is the audit's business.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import months
from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import Unreadable, column_letter, fold, shown
from models.plan import OptionPurchase, Plan, Signing
from models.supply.kind import OfferKind
from models.supply.registry import decided_kinds, kind_named
from planner.excel.input_sheet import input_records
from planner.excel.plan_file import MEND, MOST_FAULTS, PlanSheets
from planner.results.plan_tables import DECISIONS, PLAN_TABLES, SUMMARY
from planner.results.tables import Table, TableColumn
from planner.version import __version__

if TYPE_CHECKING:
    from models.dataset import Dataset

EXPECTED = {
    "text": "text",
    "month": "a month",
    "whole": "a whole number",
    "amount": "a number",
    "money": "a number",
    "flag": "yes or no",
}
FOR_SCENARIOS = (
    "A plan for scenarios goes with a workbook that has the same scenarios: give that workbook, or solve this one and "
    "name its plan."
)
VERSION = ("version", "planner")
"""Where the sheet Run says which planner wrote a plan."""


@dataclass(frozen=True, slots=True)
class WrittenPlan:
    """A plan as its workbook has it; the net present cost and its lower bound recorded with it, None where not."""

    plan: Plan
    objective_usd: float | None
    bound_usd: float | None


def for_scenarios(path: Path) -> bool:
    """Whether a workbook is a plan for scenarios.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook.
    """
    return Sheets(path).for_scenarios


def read_plan(path: Path, dataset: Dataset) -> Plan:
    """The Plan in a plan workbook; `dataset` says which month is month 0.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, or cells hold what no plan can.
    """
    return read_written_plan(path, dataset).plan


def read_written_plan(path: Path, dataset: Dataset) -> WrittenPlan:
    """The Plan in a plan workbook and the objective recorded beside it.

    Raises
    ------
    FaultyWorkbook
        As `read_plan`.
    """
    sheets = Sheets(path)
    if sheets.for_scenarios:
        raise sheets.fault("a plan for scenarios", FOR_SCENARIOS, "a plan without scenarios")
    reader = Reader(dataset, sheets)
    tables = {table.plan_field: reader.rows(table) for table in PLAN_TABLES}
    decided = list(reader.decisions())
    objective, bound = reader.recorded("net present cost"), reader.recorded("lower bound on net present cost")
    if reader.faults:
        raise FaultyWorkbook(reader.faults[:MOST_FAULTS])
    plan = Plan(
        signings=tuple(each for each in decided if isinstance(each, Signing)),
        options=tuple(each for each in decided if isinstance(each, OptionPurchase)),
        **{field: tuple(rows) for field, rows in tables.items()},
    )
    return WrittenPlan(plan, objective, bound)


def run_record(path: Path) -> dict[tuple[str, str], Any]:
    """What a plan workbook's sheet Run says, by section and key; empty where there is no such sheet.

    Raises
    ------
    FaultyWorkbook
        The file is no workbook that can be read.
    """
    rows = PlanSheets(path).rows("Run")
    return {(str(row.get("A")), str(row.get("B"))): row.get("C") for _, row in rows}


class Sheets(PlanSheets):
    """The sheets of a plan workbook that has all those which a plan is read from.

    Raises
    ------
    FaultyWorkbook
        The file is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        missing = [table.sheet for table in (SUMMARY, DECISIONS, *PLAN_TABLES) if fold(table.sheet) not in self.by_name]
        if missing:
            found = f"a workbook without the sheet{'s' * (len(missing) > 1)} {', '.join(missing)}"
            raise self.fault(found, self.mend_missing())
        input_records(self)

    def mend_missing(self) -> str:
        """What to do about a sheet or column that is missing: a plan of another planner is solved again."""
        rows = (row for _, row in self.rows("Run"))
        written_by = next((str(row.get("C", "")) for row in rows if (row.get("A"), row.get("B")) == VERSION), "")
        if written_by in ("", __version__):
            return MEND
        return (
            f"Planner {written_by} wrote this plan, this is planner {__version__}: solve it again with `planner solve`."
        )

    @property
    def for_scenarios(self) -> bool:
        """Whether it is a plan for all scenarios of a workbook."""
        return fold("Scenarios") in self.by_name


LATER = {("Limits", "lever")}
"""Columns that plans of earlier versions lack: what is blank then is the default."""


class Reader:
    """Turns rows of cells into rows of a Plan and collects what is wrong with them."""

    def __init__(self, dataset: Dataset, sheets: Sheets) -> None:
        self.dataset, self.sheets = dataset, sheets
        self.faults: list[Fault] = []

    def rows(self, table: Table) -> list[Any]:
        """The rows of a table as the Plan has them."""
        assert table.row is not None
        return [table.row(**values) for _, values in self.records(table)]

    def decisions(self) -> Iterator[Signing | OptionPurchase]:
        """Signings and purchases of options."""
        for number, values in self.records(DECISIONS):
            decided = self.decided(number, values)
            if decided is not None:
                yield decided

    def decided(self, number: int, values: dict[str, Any]) -> Signing | OptionPurchase | None:
        """The signing or purchase of a row of `DECISIONS`; None, with a fault told, where it is none."""
        kind, status = values["kind"], values["status"]
        blank = next((name for name in ("term_months", "start", "end") if values[name] is None), "")
        if kind not in decided_kinds():
            self.fault(DECISIONS, "kind", number, shown(kind.name), f"one of {', '.join(map(str, decided_kinds()))}")
        elif status not in ("offer", "signed"):
            self.fault(DECISIONS, "status", number, shown(status), "offer or signed")
        elif not isinstance(kind, OfferKind):
            return OptionPurchase(values["name"], values["month"])
        elif blank:
            header = next(column.header for column in DECISIONS.columns if column.attribute == blank)
            expected = f"a value for every {kind.noun}"
            self.fault(DECISIONS, header, number, "an empty cell", expected)
        else:
            fields = ("name", "month", "term_months", "units", "start", "end", "cancelled", "renewals")
            return Signing(kind=kind, **{name: values[name] for name in fields}, signed=status == "signed")
        return None

    def recorded(self, metric: str, kind: str = "amount") -> Any:
        """What the Summary says of a metric, a number or with `kind` text a word; None where it says nothing."""
        for number, values in self.sheets.rows(SUMMARY.sheet):
            if values.get("A") == metric:
                value = values.get("B")
                if value is None:
                    return None
                if kind == "text" and isinstance(value, str):
                    return value
                if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                    return float(value)
                self.fault(SUMMARY, "value", number, shown(value), EXPECTED[kind], cell=f"B{number}")
        return None

    def records(self, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each row as values by attribute; rows with a fault are reported and left out."""
        rows = self.sheets.rows(table.sheet)
        number, headings = next(rows, (1, {}))
        places = {fold(str(heading)): letter for letter, heading in headings.items()} if number == 1 else {}
        columns = [each for each in table.columns if each.header in places or (table.sheet, each.header) not in LATER]
        missing = [column.header for column in columns if column.header not in places]
        if missing:
            found = f"no column {', '.join(missing)}"
            self.faults.append(
                Fault(
                    table.sheet,
                    missing[0],
                    "",
                    found,
                    f"the columns {', '.join(table.headers)} in row 1",
                    self.sheets.mend_missing(),
                    row=1,
                )
            )
            return
        for number, cells in rows:
            values: dict[str, Any] = {}
            before = len(self.faults)
            for column in columns:
                place = places[column.header]
                value = cells.get(place)
                try:
                    values[column.attribute] = self._value(column, value)
                except ValueError:
                    expected = EXPECTED[column.kind] + (" or nothing" if column.blank else "")
                    self.fault(table, column.header, number, shown(value), expected, f"{place}{number}")
            if len(self.faults) == before:
                yield number, values | {"kind": kind_named(values["kind"])} if "kind" in values else values
            elif before >= MOST_FAULTS:
                return

    def _value(self, column: TableColumn, value: object) -> Any:
        """The value of a cell. Raises ValueError where it does not fit the column."""
        if value is None:
            if column.blank:
                return "" if column.kind == "text" else None
            raise ValueError(column.header)
        if column.kind == "text":
            return _text(value)
        if column.kind == "month":
            month = months.parse(value)
            if month is None:
                raise ValueError(value)
            return self.dataset.t(month)
        if column.kind == "flag":
            return {"yes": True, "no": False}[str(value)] if value in ("yes", "no") else _refuse(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(value)
        if column.kind == "whole":
            return int(value) if value == int(value) else _refuse(value)
        return float(value)

    def fault(self, table: Table, column: str, row: int, found: str, expected: str, cell: str = "") -> None:
        """Notes what is wrong with a cell."""
        if not cell:
            cell = f"{column_letter(table.headers.index(column))}{row}"
        self.faults.append(Fault(table.sheet, column, "", found, expected, MEND, row=row, cell=cell))


def _refuse(value: object) -> Any:
    raise ValueError(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, Unreadable, dt.date)) or not isinstance(value, (int, float)):
        raise ValueError(value)
    return str(int(value)) if float(value).is_integer() else str(value)


def provenance_warnings(plan_path: Path, input_sha256: str, overrides: tuple[str, ...]) -> list[str]:
    """Notes on a plan that was made from another workbook, or with other overrides, than it is read for.

    Parameters
    ----------
    plan_path
        The plan workbook; its sheet Run says what it was made from.
    input_sha256
        The hash of the workbook it is read for.
    overrides
        The overrides of this run.
    """
    recorded = {key: "" if value is None else str(value) for key, value in run_record(plan_path).items()}
    notes = []
    made_from = {recorded.get(("run", key)) for key in ("input_sha256", "cases_sha256")} - {None}
    if made_from and input_sha256 not in made_from:
        notes.append("The plan was made from another version of the workbook, which has changed since.")
    made_with, given = recorded.get(("option", "set"), ""), "; ".join(overrides)
    if made_with != given:
        made, used = (f"with --set '{each}'" if each else "without --set" for each in (made_with, given))
        notes.append(f"The plan was made {made}; it is used here {used}.")
    return notes
