"""Reads a plan for scenarios back: the same plan of every scenario that was written, and the figures recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import shown
from models.plan import OptionPurchase, Plan, Signing
from models.schema import Scenario
from models.stochastic.contingencies import problem_of_cases
from models.stochastic.risk import kind_and_radius
from planner.excel.plan_file import MOST_FAULTS
from planner.excel.plan_reader import Reader, Sheets, for_scenarios, read_plan
from planner.results.plan_tables import DECISIONS, PLAN_TABLES, SUMMARY
from planner.results.scenario_tables import SCENARIO, SCENARIOS
from planner.results.tables import Table

RECORDED = ("scenario", "cost_usd", "certain_usd")
"""Columns of the sheet Scenarios that are read back."""


@dataclass(frozen=True, slots=True)
class WrittenPlans:
    """Plans by scenario as their workbook has them, and what it records: costs in USD, None where there is none.

    `costs` and `certain` (the least cost if certain) are by scenario; `risk` is what was minimised, `bound_usd` on it.
    """

    plans: Mapping[str, Plan]
    costs: Mapping[str, float]
    certain: Mapping[str, float | None]
    risk: str
    objective_usd: float | None
    expected_usd: float | None
    bound_usd: float | None


def read_plans(path: Path, dataset: Dataset) -> dict[str, Plan]:
    """The plan of every scenario of a dataset, in the order of its sheet.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook for these scenarios, or cells hold what no plan can.
    """
    return dict(read_written_plans(path, dataset).plans)


def read_earlier_plans(path: Path, dataset: Dataset) -> Mapping[str, Plan]:
    """The plans of a workbook by the names of its own scenarios; the one plan of one for one forecast under "".

    To begin from or to keep to, a plan need not be one for the scenarios of now.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, cells hold what no plan can, or it is for scenarios and the problem has none.
    """
    if not dataset.scenarios or not for_scenarios(path):
        return {"": read_plan(path, dataset)}
    problem, names = problem_of_plan(path, dataset), _scenarios_of(path, dataset)
    if {each.scenario for each in problem.scenarios} != set(names):
        own = (Scenario(scenario=name, probability=1.0 / len(names)) for name in names)
        problem = replace(dataset, scenarios=tuple(own))
    return read_plans(path, problem)


def _scenarios_of(path: Path, dataset: Dataset) -> list[str]:
    """The names of a plan's own scenarios, in their order."""
    reader = Reader(dataset, Sheets(path))
    names = [values["scenario"] for _, values in reader.records(_part(SCENARIOS, RECORDED[:1]))]
    if not names:
        reader.fault(SCENARIOS, "scenario", 2, "no rows", "a row for each scenario of the plan")
    if reader.faults:
        raise FaultyWorkbook(reader.faults[:MOST_FAULTS])
    return names


def problem_of_plan(path: Path, dataset: Dataset) -> Dataset:
    """The problem that a plan is of: of one made with `--risk budget:K` the workbook's with the cases found.

    Of every other plan, and where the workbook's scenarios are those cases, the workbook's as it is.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook.
    """
    most = cases_at_once(path) if dataset.scenarios else None
    if most is None:
        return dataset
    names = _scenarios_of(path, dataset)
    if {each.scenario for each in dataset.scenarios} == set(names):
        return dataset
    return problem_of_cases(dataset, most, names) or dataset


def cases_at_once(path: Path) -> int | None:
    """How many delays and exits a plan made with `--risk budget:K` counts at once; None of every other plan."""
    sheets = Sheets(path)
    if not sheets.for_scenarios:
        return None
    risk = next((row.get("B") for _, row in sheets.rows(SUMMARY.sheet) if row.get("A") == "risk"), None)
    try:
        kind, most = kind_and_radius(str(risk))
    except ValueError:  # a word of another planner
        return None
    return int(most) if kind == "budget" else None


def read_written_plans(path: Path, dataset: Dataset) -> WrittenPlans:
    """The plans of all scenarios, and the figures recorded beside them.

    Raises
    ------
    FaultyWorkbook
        As `read_plans`.
    """
    sheets = Sheets(path)
    names = tuple(each.scenario for each in dataset.scenarios)
    if not sheets.for_scenarios:
        fix = "The workbook has scenarios, and this plan was made without: solve the workbook, and name that plan."
        raise sheets.fault("a plan without scenarios", fix, "a plan for the scenarios of the workbook")
    reader = Reader(dataset, sheets)
    recorded = {values["scenario"]: values for _, values in reader.records(_part(SCENARIOS, RECORDED))}
    if not reader.faults and set(recorded) != set(names):
        found = f"the scenarios {', '.join(map(str, recorded))}"
        fix = "Give the workbook that the plan was made for, or solve this one again."
        raise FaultyWorkbook([Fault("Scenarios", "scenario", "", found, f"the scenarios {', '.join(names)}", fix)])
    reading = _Reading(reader, names)
    tables = {table.plan_field: reading.rows(table) for table in PLAN_TABLES}
    decided = reading.decided()
    risk = reader.recorded("risk", "text")
    figures = ("objective", "net present cost, expected", "lower bound on the objective")
    objective, expected, bound = map(reader.recorded, figures)
    if reader.faults:
        raise FaultyWorkbook(reader.faults[:MOST_FAULTS])
    plans = {
        name: Plan(
            signings=tuple(each for each in decided[name] if isinstance(each, Signing)),
            options=tuple(each for each in decided[name] if isinstance(each, OptionPurchase)),
            **{field: tuple(rows[name]) for field, rows in tables.items()},
        )
        for name in names
    }
    return WrittenPlans(
        plans,
        {name: recorded[name]["cost_usd"] for name in names},
        {name: recorded[name]["certain_usd"] for name in names},
        str(risk or "expected"),
        objective,
        expected,
        bound,
    )


def _part(table: Table, headers: tuple[str, ...]) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if column.header in headers))


class _Reading:
    """The rows of tables by the scenario in their last column."""

    def __init__(self, reader: Reader, names: tuple[str, ...]) -> None:
        self.reader, self.names = reader, names

    def rows(self, table: Table) -> dict[str, list[Any]]:
        """The rows of a table as each scenario's Plan has them."""
        assert table.row is not None
        found: dict[str, list[Any]] = defaultdict(list)
        for name, _, values in self._records(table):
            found[name].append(table.row(**values))
        return found

    def decided(self) -> dict[str, list[Signing | OptionPurchase]]:
        """Signings and purchases of options."""
        found: dict[str, list[Signing | OptionPurchase]] = defaultdict(list)
        for name, number, values in self._records(DECISIONS):
            each = self.reader.decided(number, values)
            if each is not None:
                found[name].append(each)
        return found

    def _records(self, table: Table) -> Iterator[tuple[str, int, dict[str, Any]]]:
        table = replace(table, columns=(*table.columns, SCENARIO))
        for number, values in self.reader.records(table):
            name = values.pop(SCENARIO.attribute)
            if name in self.names:
                yield name, number, values
            else:
                self.reader.fault(table, SCENARIO.header, number, shown(name), f"one of {', '.join(self.names)}")
