"""A plan against what happened: its decisions are held on the actuals, serving is worked out anew at least cost.

Of a plan for scenarios the planned figures are expected values, and what is held is what all scenarios decide alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.dataset import Dataset
from models.grouping import sums
from models.stochastic.fixed_decisions import common_decisions
from planner.analysis.held_decisions import hold
from planner.analysis.plan_comparison import ComparedPlan, read_side
from planner.errors import WrongUsage
from planner.interrupt import Stop
from planner.problem_reader import read
from planner.results.plan_figures import PlanFigures
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines

SECONDS = 300.0
Rows = list[tuple[int, str, str, float, float]]
"""Month t, category or kind, offer, planned, actual."""
MONTHLY = ("demand", "after_limits", "served", "shortfall", "signed_mw", "owed_usd")
MONEY = ("baseline", "forgone", "lost", "earned", "cost", "margin")


@dataclass(frozen=True)
class ActualsComparison:
    """A plan and the same decisions on what happened; `months` are those that both have.

    `actual` is None where the decisions cannot be held, for the reason `why_not`; `left_out` are signings whose service
    came to begin after the horizon, in words.
    """

    planned: ComparedPlan
    dataset: Dataset
    actual: PlanFigures | None
    months: range
    why_not: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def held(self) -> PlanFigures:
        """The plan on the actuals.

        Raises
        ------
        ValueError
            There is none.
        """
        if self.actual is None:
            raise ValueError(self.why_not)
        return self.actual

    def cash(self) -> Rows:
        """USD paid by month, category and offer."""
        return self._rows(
            lambda of: ((each.month, each.category, each.offer, each.cash_usd) for each in of.plan.payments)
        )

    def power(self) -> Rows:
        """MW online by month, kind and source."""
        return self._rows(lambda of: ((row.month, row.kind.name, row.offer, row.online_mw) for row in of.power))

    def figures(self) -> Rows:
        """Figures of the whole plan by month: tokens in bn a day, MW, and USD of the month."""

        def rows(of: PlanFigures) -> Iterator[tuple[int, str, str, float]]:
            for month in of.months:
                yield from ((month.month, name, "", getattr(month, name)) for name in MONTHLY)
            for profit in of.profit:
                yield from ((profit.month, name, "", getattr(profit, name)) for name in MONEY)

        return self._rows(rows)

    def _rows(self, rows: Callable[[PlanFigures], Iterator[tuple[int, str, str, float]]]) -> Rows:
        planned = sums(
            ((t, of, name), each.probability * value)
            for each in self.planned.plans.scenarios
            for t, of, name, value in rows(each.figures)
        )
        actual = sums(((t, of, name), value) for t, of, name, value in rows(self.held))
        keys = {key: None for found in (planned, actual) for key in found if found[key]}
        known = sorted((key for key in keys if key[0] in self.months), key=lambda key: key[0])
        return [(*key, planned[key], actual[key]) for key in known]


def against_actuals(plan_path: Path, actuals_path: Path) -> ActualsComparison:
    """Holds the decisions of a written plan on what happened.

    Raises
    ------
    FaultyWorkbook
        The plan or the actuals cannot be read.
    WrongUsage
        The actuals begin in another month, or are in another currency.
    """
    planned, actuals = read_side(plan_path), read(actuals_path).valid_dataset()
    ours, theirs = planned.dataset.settings, actuals.settings
    if ours.first_month != theirs.first_month:
        raise WrongUsage(
            f"The plan begins in {planned.dataset.label(0)}, the actuals in {actuals.label(0)}. "
            "Give actuals that begin with the plan: the workbook of the plan, with what happened in its months."
        )
    if ours.currency != theirs.currency:
        raise WrongUsage(f"The plan is in {ours.currency}, the actuals in {theirs.currency}.")
    if actuals.scenarios:
        raise WrongUsage("The actuals have scenarios; what happened is one course. Delete the sheet scenarios.")
    plans = [each.figures.plan for each in planned.plans.scenarios]
    until = ours.first_stage_months - 1 if planned.dataset.scenarios else None
    decisions = plans[0] if until is None else common_decisions(plans, until + 1)
    lines, stop = ProgressLines("Decisions held", theirs.currency), Stop()
    options = SolveOptions(time_limit=SECONDS)
    found = hold(actuals, decisions, options, stop, lambda: lines.stopped_by(stop), until, leave_out=True)
    months = range(min(ours.months, theirs.months))
    actual = None if found.plan is None else PlanFigures(actuals, found.plan)
    return ActualsComparison(planned, actuals, actual, months, found.why_not, found.left_out)
