"""A linear program in parts that have nothing to do with each other."""

from __future__ import annotations

import builders as b
import numpy as np
import pytest

from models.build import build_model
from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.probes import TOKENS
from models.schema import Cap
from models.warm_start import start_values
from planner.solving import independent_parts as module
from planner.solving.dispatch import local_optimum
from planner.solving.independent_parts import Part, independent_parts
from planner.solving.problem import ArrayProblem, fixed_at

MONTHS = 6


def _parts(capped: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[Compiled, list[int], list[Part]]:
    """Six months with their signings held, whose months a cap on the cash of a quarter joins where there is one."""
    monkeypatch.setattr(module, "LEAST_COLUMNS", 1)
    monkeypatch.setattr(module, "FEW", 0)
    cap = Cap(cap="cash", measure="cash_usd", scope="total", sense="max", value=1e9, per="quarter")
    lease = b.lease("l", b.term(3, 1.0))
    rows = [b.fleet(accelerators=2.0), b.on_demand(4.0), b.segment(shortfall_usd_per_mtok=0.5), lease]
    data = b.dataset(b.demand(2.0, months=MONTHS), *rows, *([cap] if capped else []), months=MONTHS)
    model = build_model(data, probes=True)
    best = local_optimum(model, start_values(model, b.solved(data)))
    assert best is not None
    arrays = fixed_at(model.compiled, np.where(model.compiled.integer, best.values, np.nan))
    probes = [i for i, each in enumerate(arrays.columns) if each.parent_component().name == TOKENS]
    return arrays, probes, list(independent_parts(arrays, probes))


@pytest.mark.parametrize(("capped", "count"), [(False, MONTHS), (True, MONTHS // 3)])
def test_months_are_parts_unless_a_cap_joins_them(capped: bool, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row and each column that is not held is in one part, and the parts' optima are together the whole's."""
    arrays, probes, parts = _parts(capped, monkeypatch)
    assert len([each for each in parts if set(probes) & set(each.columns.tolist())]) == count
    rows = np.concatenate([each.rows for each in parts])
    columns = np.concatenate([each.columns for each in parts])
    free = arrays.lower < arrays.upper
    free[probes] = True
    assert sorted(rows) == list(range(arrays.matrix.shape[0]))
    assert sorted(columns) == np.flatnonzero(free).tolist()
    held = arrays.offset + float(arrays.cost[~free] @ arrays.lower[~free])
    optima = [_cost(each.arrays) for each in parts]
    assert held + sum(optima) == pytest.approx(_cost(arrays))


def _cost(arrays: Compiled) -> float:
    best = local_optimum(ArrayProblem(arrays, ModelUnits(1.0, 1.0, 1.0)), np.full(len(arrays.cost), np.nan))
    assert best is not None
    return arrays.objective(best.values)
