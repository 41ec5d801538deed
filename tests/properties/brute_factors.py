"""What a scenario makes of a figure, read from the rows of `scenario_factors` by the workbook's contract alone."""

from __future__ import annotations

from math import prod

from models.dataset import Dataset
from models.schema import ScenarioFactor


def _values(data: Dataset, quantity: str, t: int, names: tuple[str, ...]) -> list[float]:
    """Values in force in month t for the names, those of `*` where no name has one; none without a scenario."""
    if not data.scenario:
        return []
    rows = [row for row in _rows(data, quantity) if _first(data, row) <= t]
    begun = {row.name: row.value for row in sorted(rows, key=lambda each: _first(data, each))}
    return [begun[name] for name in names if name in begun] or [begun[name] for name in "*" if name in begun]


def _rows(data: Dataset, quantity: str) -> list[ScenarioFactor]:
    return [row for row in data.scenario_factors if (row.scenario, row.quantity) == (data.scenario, quantity)]


def _first(data: Dataset, row: ScenarioFactor) -> int:
    return 0 if row.from_month is None else data.t(row.from_month)


def times(data: Dataset, quantity: str, t: int, *names: str) -> float:
    """What a figure of month t is multiplied by."""
    return prod(_values(data, quantity, t, names))


def plus(data: Dataset, quantity: str, t: int, name: str) -> float:
    """What is added to a figure of month t."""
    return sum(_values(data, quantity, t, (name,)))


def gone(data: Dataset, t: int, *names: str) -> bool:
    """Whether a supplier, of an offer's name or its own, has left by month t."""
    rows = _rows(data, "supplier_exit")
    named = [row for row in rows if row.name in names] or [row for row in rows if row.name == "*"]
    return any(_first(data, row) <= t for row in named)
