"""Compares plans: what each decides, costs, serves and owes against the first, and what in their inputs differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.columns import Row
from models.dataset import Dataset
from models.plan import Plan
from models.schema import SHEETS, Sheet
from models.variants.plan_changes import Change, LimitChange, differences, limit_differences
from planner.excel.input_sheet import read_input
from planner.excel.plan_reader import read_plan
from planner.results.input_rows import shown
from planner.results.plan_figures import PlanFigures


@dataclass(frozen=True, slots=True)
class ComparedPlan:
    """A plan with its figures; `label` tells it from the others."""

    label: str
    path: Path
    figures: PlanFigures

    @property
    def dataset(self) -> Dataset:
        """What the plan was made from."""
        return self.figures.dataset

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.figures.plan


@dataclass(frozen=True, slots=True)
class InputChange:
    """A value of the input that is not the same: sheet, key of the row, column, and both values ("" where absent)."""

    sheet: str
    key: tuple[str, ...]
    column: str
    before: Any
    after: Any

    @property
    def row(self) -> str:
        """The key as people write it."""
        return "/".join(self.key)


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """One plan against the first: months are those of the first plan's horizon."""

    side: ComparedPlan
    changes: tuple[Change, ...]
    limits: tuple[LimitChange, ...]
    inputs: tuple[InputChange, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first plan, and every other against it."""

    first: ComparedPlan
    others: tuple[PlanDifference, ...]

    @property
    def sides(self) -> tuple[ComparedPlan, ...]:
        """The first plan and those compared with it."""
        return (self.first, *(each.side for each in self.others))


def compare(paths: Sequence[Path]) -> Comparison:
    """Reads and compares plan workbooks.

    Raises
    ------
    FaultyWorkbook
        One of them is no plan workbook that carries its input.
    """
    return compare_sides([read_side(path) for path in paths])


def read_side(path: Path) -> ComparedPlan:
    """Reads a plan workbook to compare it, its label the name of the file.

    Raises
    ------
    FaultyWorkbook
        It is no plan workbook that carries its input.
    """
    dataset = read_input(path)
    return ComparedPlan(path.stem, path, PlanFigures(dataset, read_plan(path, dataset)))


def compare_sides(plans: Sequence[ComparedPlan]) -> Comparison:
    """Holds plans against the first of them; those of one label are numbered."""
    sides: list[ComparedPlan] = []
    for each in plans:
        label, number = each.label, 2
        while label in [side.label for side in sides]:
            label, number = f"{each.label} ({number})", number + 1
        sides.append(replace(each, label=label))
    first = sides[0]
    return Comparison(first, tuple(against(first, each) for each in sides[1:]))


def against(first: ComparedPlan, other: ComparedPlan) -> PlanDifference:
    """What one plan decides differently from the first."""
    shift = other.dataset.settings.first_month - first.dataset.settings.first_month
    plan = shifted(other.plan, shift)
    return PlanDifference(
        other,
        differences(first.plan, plan, first.dataset.label),
        limit_differences(_within(first.plan, first, other), _within(plan, first, other), first.dataset.label),
        input_changes(first.dataset, other.dataset),
        _notes(first, other, shift),
    )


def shifted(plan: Plan, months: int) -> Plan:
    """The plan's decisions with month t of its own horizon counted as month t + months."""
    return replace(
        plan,
        signings=tuple(
            replace(each, month=each.month + months, start=each.start + months, end=each.end + months)
            for each in plan.signings
        ),
        options=tuple(replace(each, month=each.month + months) for each in plan.options),
        limits=tuple(replace(each, month=each.month + months) for each in plan.limits),
    )


def _within(plan: Plan, first: ComparedPlan, other: ComparedPlan) -> Plan:
    """Limits of the months that both horizons have; elsewhere there is nothing to compare."""
    shift = other.dataset.settings.first_month - first.dataset.settings.first_month
    low, high = max(0, shift), min(first.dataset.settings.months, other.dataset.settings.months + shift)
    return replace(plan, limits=tuple(each for each in plan.limits if low <= each.month < high))


def _notes(first: ComparedPlan, other: ComparedPlan, shift: int) -> tuple[str, ...]:
    found, ours, theirs = [], first.dataset.settings, other.dataset.settings
    if ours.currency != theirs.currency:
        found.append(f"Money is in {theirs.currency}, in the first plan in {ours.currency}: amounts do not compare.")
    if shift:
        there, here = other.dataset.label(0), first.dataset.label(0)
        found.append(f"It begins in {there}, the first plan in {here}: present values are of different dates.")
    if ours.months != theirs.months:
        found.append(f"It plans {theirs.months} months, the first plan {ours.months}: totals are of different lengths.")
    return tuple(found)


def input_changes(before: Dataset, after: Dataset) -> tuple[InputChange, ...]:
    """Every value that differs, row by row of every sheet; a row that is not in both is named by its key."""
    found: list[InputChange] = []
    for sheet in SHEETS:
        if sheet.name == "settings":
            named_alike = replace(after.settings, plan_name=before.settings.plan_name)  # the name decides nothing
            found += _values(sheet, (), before.settings, named_alike)
            continue
        old, new = _by_key(sheet, before.rows(sheet.name)), _by_key(sheet, after.rows(sheet.name))
        for key in dict.fromkeys([*old, *new]):
            if key not in new:
                found.append(InputChange(sheet.name, key, "", "a row", ""))
            elif key not in old:
                found.append(InputChange(sheet.name, key, "", "", "a row"))
            else:
                found += _values(sheet, key, old[key], new[key])
    return tuple(found)


def _by_key(sheet: Sheet, rows: Sequence[Row]) -> dict[tuple[str, ...], Row]:
    return {key_of(sheet, row): row for row in rows}


def key_of(sheet: Sheet, row: Row) -> tuple[str, ...]:
    """The key of a row as it is shown."""
    return tuple(str(shown(column, getattr(row, column.name))) for column in map(sheet.column, sheet.key))


def _values(sheet: Sheet, key: tuple[str, ...], before: Row, after: Row) -> list[InputChange]:
    return [
        InputChange(
            sheet.name,
            key,
            column.name,
            shown(column, getattr(before, column.name)),
            shown(column, getattr(after, column.name)),
        )
        for column in sheet.columns
        if getattr(before, column.name) != getattr(after, column.name)
    ]
