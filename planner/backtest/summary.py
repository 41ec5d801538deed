"""The result of a backtest and its summary: figures, a sentence, lines, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models import months
from models.dataset import Dataset
from models.estimate import UNKNOWN
from models.plan import categories
from models.variants.plan_changes import differences, limit_differences
from planner.backtest.checkpoints import BacktestStep
from planner.backtest.forecast_errors import ForecastError
from planner.backtest.hindsight import EvaluatedPlan, Hindsight
from planner.backtest.request import BacktestRequest, Inputs
from planner.formatting import estimate_json, estimate_words, finite, money, percent
from planner.text_table import Line, TextTable
from planner.version import __version__


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """The steps and all of them in hindsight (None where the first month had no plan)."""

    request: BacktestRequest
    inputs: Inputs
    steps: Sequence[BacktestStep]
    hindsight: Hindsight | None
    forecast_errors: Sequence[ForecastError]

    @property
    def actuals(self) -> Dataset:
        """The workbook of what really happened."""
        return self.inputs.actuals

    @property
    def rolling(self) -> EvaluatedPlan | None:
        """The decisions of the backtest, evaluated on the actuals; None where there is no such plan."""
        return None if self.hindsight is None else self.hindsight.rolling

    @property
    def foresight(self) -> EvaluatedPlan | None:
        """The plan with perfect foresight; None where there is none."""
        return None if self.hindsight is None else self.hindsight.foresight

    def paid_until(self, evaluated: EvaluatedPlan | None, step: BacktestStep) -> float | None:
        """Present value paid, on what really happened, up to the month before the next step."""
        if evaluated is None:
            return None
        last = min(step.month + self.request.every - 1, self.inputs.until)
        return sum(each.present_value_usd for each in evaluated.plan.payments if each.month <= last)


def headline(result: BacktestResult) -> str:
    """What came of it, in a sentence or three."""
    currency, found = result.actuals.settings.currency, result.hindsight
    if found is None:
        first = result.steps[0]
        return f"✘ The first month has no plan ({first.status}), so the backtest cannot begin. {' '.join(first.notes)}"
    if found.rolling is None and not found.violated:
        return "● No plan with these decisions was found in time; run the backtest again with a longer --time-limit."
    if found.rolling is None:
        return f"✘ The decisions break rules on what really happened: {'; '.join(found.violated)}."
    if found.foresight is None:
        cost = money(found.rolling.objective_usd, currency)
        return f"● Planned month by month it costs {cost}; no plan with foresight was found ({found.foresight_status})."
    costs = (
        f"{money(found.rolling.objective_usd, currency)} instead of {money(found.foresight.objective_usd, currency)}"
    )
    if found.myopia.at_most == 0.0:
        return f"✔ Planning month by month cost no more than foresight would have: {costs}."
    words = estimate_words(found.myopia, lambda usd: money(usd, currency), result.request.gap)
    value = found.myopia.value(result.request.gap)
    if value is None:
        return f"● Myopia cost {words}, by the bounds proven; the plans found cost {costs}."
    share = percent(_share(value, found.foresight.objective_usd))
    return f"✔ Myopia cost {words}, {share} of the cost with foresight: {costs}."


def lines(result: BacktestResult) -> list[Line]:
    """The run on a few lines: a sentence, and a table of what was done when."""
    label, currency = result.actuals.label, result.actuals.settings.currency
    done = [
        (label(step.month), money(step.objective_usd, currency), "; ".join(step.signed) or "nothing")
        for step in result.steps
    ]
    found: list[Line] = [headline(result), TextTable(("Month", ">Cost from here", "Done"), done)]
    for step in result.steps:
        notes = *step.notes, *(f"unserved: {each}" for each in step.short)
        found += [f"  {label(step.month)}   {note}" for note in notes]
    if result.hindsight is not None:
        found += [f"  Dropped   {each}" for each in result.hindsight.dropped]
    return found


def document(result: BacktestResult) -> dict[str, Any]:
    """The run as plain values; months as `2026-09`, money null where there is no plan."""
    label, found = result.actuals.label, result.hindsight
    rolling, foresight = result.rolling, result.foresight
    myopia = UNKNOWN if found is None else found.myopia
    value = myopia.value(result.request.gap)
    own, best = (None if each is None else each.plan.costs_usd() for each in (rolling, foresight))
    changes = differences(foresight.plan, rolling.plan, label) if rolling and foresight else ()
    limits = limit_differences(foresight.plan, rolling.plan, label) if rolling and foresight else ()
    return {
        "plan_name": result.inputs.forecast.settings.plan_name,
        "forecast_path": str(result.request.forecast),
        "actuals_path": str(result.request.actuals),
        "forecast_sha256": result.inputs.sha256[0],
        "actuals_sha256": result.inputs.sha256[1],
        "first_month": label(0),
        "until": label(result.inputs.until),
        "last_month": label(result.actuals.settings.months - 1),
        "rolling": _evaluated(rolling),
        "foresight": _evaluated(foresight),
        "myopia_usd": value,
        "myopia_least_usd": myopia.at_least,
        "myopia_most_usd": myopia.at_most,
        "myopia_share": None if value is None or foresight is None else _share(value, foresight.objective_usd),
        "estimates": {"myopia_usd": estimate_json(myopia)},
        "myopia_by_category_usd": None if own is None or best is None else {c: own[c] - best[c] for c in categories()},
        "broken": [] if found is None else list(found.violated),
        "not_had": [] if found is None else list(found.dropped),
        "steps": [
            {
                "month": label(step.month),
                "status": step.status,
                "objective_usd": step.objective_usd,
                "bound_usd": step.bound_usd,
                "gap": step.gap,
                "seconds": step.seconds,
                "done": list(step.signed),
                "notes": list(step.notes),
                "unserved": list(step.short),
                "cost_so_far_usd": result.paid_until(rolling, step),
                "foresight_so_far_usd": result.paid_until(foresight, step),
            }
            for step in result.steps
        ],
        "decisions": [
            {"kind": each.kind.name, "name": each.name, "change": each.change, "words": each.words} for each in changes
        ],
        "limits": [
            {"segment": each.segment, "from": label(each.first), "until": label(each.last), "words": each.words}
            for each in limits
        ],
        "surprises": [
            {
                "sheet": each.change.sheet,
                "row": each.change.row,
                "column": each.change.column,
                "forecast": each.change.before,
                "actual": each.change.after,
                "known": None if each.known is None else label(each.known),
            }
            for each in result.forecast_errors
        ],
        "options": result.request.options()
        | {"until": None if result.request.until is None else months.label(result.request.until)},
        "planner_version": __version__,
    }


def _share(part: float, whole: float) -> float:
    return part / abs(whole) if whole else 0.0


def _evaluated(evaluated: EvaluatedPlan | None) -> dict[str, Any] | None:
    if evaluated is None:
        return None
    return {
        "status": evaluated.status,
        "objective_usd": evaluated.objective_usd,
        "bound_usd": finite(evaluated.bound_usd),
        "gap": evaluated.gap if finite(evaluated.bound_usd) is not None else None,
        "seconds": evaluated.seconds,
        "costs_usd": evaluated.plan.costs_usd(),
    }
