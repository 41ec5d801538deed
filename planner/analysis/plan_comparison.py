"""Compares plans: what each decides, costs, serves and owes against the first, and what in their inputs differs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.columns import Row
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.schema import SHEETS, Sheet, sheet_of
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree
from models.supply.kind import OfferKind
from models.supply.registry import KINDS
from models.variants.plan_changes import Change, LimitChange, differences, limit_differences
from planner.analysis.plan_audit import measure_of
from planner.analysis.scenario_comparison import scenario_changes
from planner.excel.input_sheet import read_input
from planner.excel.plan_reader import read_written_plan
from planner.excel.scenario_plan_reader import read_written_plans
from planner.results.scenario_set import ScenarioSetResult, measure_words


@dataclass(frozen=True, slots=True)
class ComparedPlan:
    """A plan, or the plans of all scenarios, with figures; `label` tells it from the others.

    `bound_usd`: what was minimised is at least this for every plan; None where that is not known.
    """

    label: str
    path: Path
    plans: ScenarioSetResult
    bound_usd: float | None = None

    @property
    def dataset(self) -> Dataset:
        """What the plan was made from."""
        return self.plans.dataset

    @property
    def expected_usd(self) -> float:
        """Net present cost, with scenarios the expected one."""
        return self.plans.solution.expected_usd

    @property
    def objective_usd(self) -> float:
        """What was minimised: without risk the expected cost."""
        return self.plans.solution.objective_usd

    @property
    def minimised(self) -> str:
        """What was minimised, in words; without scenarios there is no risk."""
        return measure_words(self.plans.solution.measure if self.dataset.scenarios else Measure())

    @property
    def gap(self) -> float | None:
        """(objective - bound) / |objective|, a share."""
        if self.bound_usd is None or not self.objective_usd:
            return None
        return max(0.0, self.objective_usd - self.bound_usd) / abs(self.objective_usd)


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
    """One plan against the first: months are those of the first plan's horizon.

    `difference_usd`: of the (expected) costs. `least_cost_difference`: what is proven of the difference between the
    least costs that the two inputs allow. `first_stage_months`: of plans for scenarios; None where no plan has any.
    """

    side: ComparedPlan
    changes: tuple[Change, ...]
    limits: tuple[LimitChange, ...]
    inputs: tuple[InputChange, ...]
    notes: tuple[str, ...]
    difference_usd: float
    least_cost_difference: Estimate
    first_stage_months: int | None

    def within_gaps(self, first: ComparedPlan) -> bool:
        """Whether the plans' objectives are no further apart than the larger gap in money: neither is the cheaper."""
        if self.inputs or first.minimised != self.side.minimised:
            return False
        apart = abs(self.side.objective_usd - first.objective_usd)
        widths = [each.objective_usd - each.bound_usd for each in (first, self.side) if each.bound_usd is not None]
        return len(widths) == 2 and 0.0 < apart <= max(widths)

    @property
    def now(self) -> tuple[Change, ...]:
        """Those of the first stage, which scenarios have in common; all of them where no plan has scenarios."""
        first = self.first_stage_months
        return tuple(each for each in self.changes if first is None or each.month < first)


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
    if not dataset.scenarios:
        written = read_written_plan(path, dataset)
        return ComparedPlan(path.stem, path, ScenarioSetResult.of_plan(dataset, written.plan), written.bound_usd)
    plans = read_written_plans(path, dataset)
    probability = ScenarioTree(dataset).probability
    scenarios = tuple(ScenarioPlan(name, probability[name], plan) for name, plan in plans.plans.items())
    measure = measure_of(dataset, plans) or Measure("regret")
    objective = plans.objective_usd
    if objective is None:
        objective = measure.value({each.name: each.cost_usd for each in scenarios}, probability)
    bound = -math.inf if plans.bound_usd is None else plans.bound_usd
    solution = StochasticSolution(measure, scenarios, objective, bound)
    return ComparedPlan(path.stem, path, ScenarioSetResult.of(dataset, solution), plans.bound_usd)


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
    label = first.dataset.label
    limits: tuple[LimitChange, ...] = ()
    stages = [
        months + side.dataset.settings.first_stage_months
        for side, months in ((first, 0), (other, shift))
        if side.dataset.scenarios
    ]
    if stages:
        found = scenario_changes(first.plans, other.plans, shift, label)
        changes = tuple(sorted(found, key=lambda each: each.month >= min(stages)))
    else:
        before, after = first.plans.only.plan, shifted(other.plans.only.plan, shift)
        begun = max(0, shift)
        changes = differences(_still_open(before, after, begun), _still_open(after, before, begun), label)
        limits = limit_differences(_within(before, first, other), _within(after, first, other), label)
    inputs = input_changes(first.dataset, other.dataset)
    return PlanDifference(
        other,
        changes,
        limits,
        inputs,
        _notes(first, other, shift),
        other.expected_usd - first.expected_usd,
        _least_cost_difference(first, other, inputs),
        min(stages, default=None),
    )


def _least_cost_difference(first: ComparedPlan, other: ComparedPlan, inputs: Sequence[InputChange]) -> Estimate:
    if first.minimised != other.minimised:
        return UNKNOWN
    if not inputs:
        return Estimate.exactly(0.0)
    least = [Estimate.optimum(each.bound_usd, each.objective_usd) for each in (other, first)]
    return least[0].minus(least[1])


def shifted(plan: Plan, months: int) -> Plan:
    """The plan's decisions with month t of its own horizon counted as month t + months."""
    return replace(
        plan,
        signings=tuple(each.moved(months) for each in plan.signings),
        options=tuple(replace(each, month=each.month + months) for each in plan.options),
        limits=tuple(replace(each, month=each.month + months) for each in plan.limits),
    )


def _still_open(plan: Plan, other: Plan, begun: int) -> Plan:
    """The plan without what another, which begins in month `begun`, has as signed before, perhaps by another name."""
    signed = {
        (each.kind, each.month, each.term_months) for each in other.signings if each.signed and each.month < begun
    }
    signings = (
        each for each in plan.signings if each.signed or (each.kind, each.month, each.term_months) not in signed
    )
    return replace(plan, signings=tuple(signings))


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
    if bool(first.dataset.scenarios) != bool(other.dataset.scenarios):
        one, none = ("It", "the first plan") if other.dataset.scenarios else ("The first plan", "it")
        found.append(f"{one} is made for scenarios, {none} for one forecast: expected figures stand beside plain ones.")
    elif first.minimised != other.minimised:
        found.append(f"It minimises {other.minimised}, the first plan {first.minimised}.")
    if ours.months != theirs.months:
        found.append(f"It plans {theirs.months} months, the first plan {ours.months}: totals are of different lengths.")
    renamed = _renamed(first.dataset, other.dataset)
    found += (f"{name} has all the terms that {before} had: another name, it seems." for before, name in renamed)
    return tuple(found)


def _renamed(before: Dataset, after: Dataset) -> Iterator[tuple[str, str]]:
    """Offers of which only the name is not the same in two problems: both names."""
    for kind in KINDS:
        old, new = kind.of(before), kind.of(after)
        names = {_terms(after, kind, name): name for name in new if name not in old}
        terms = ((name, _terms(before, kind, name)) for name in old if name not in new)
        yield from ((name, names[found]) for name, found in terms if found in names)


def _terms(dataset: Dataset, kind: OfferKind, name: str) -> tuple[Row, ...]:
    """The rows of an offer in all sheets of its kind, without its name."""
    sheets = [sheet_of(each) for each in (kind.row, *kind.parts)]
    keyed = ((row, sheet.key[0]) for sheet in sheets for row in dataset.rows(sheet.name))
    return tuple(replace(row, **{key: ""}) for row, key in keyed if getattr(row, key) == name)


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
    return tuple(str(column.shown(getattr(row, column.name))) for column in map(sheet.column, sheet.key))


def _values(sheet: Sheet, key: tuple[str, ...], before: Row, after: Row) -> list[InputChange]:
    return [
        InputChange(
            sheet.name,
            key,
            column.name,
            column.shown(getattr(before, column.name)),
            column.shown(getattr(after, column.name)),
        )
        for column in sheet.columns
        if getattr(before, column.name) != getattr(after, column.name)
    ]
