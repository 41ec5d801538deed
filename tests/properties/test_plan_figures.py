"""Figures of the first page agree with each other, whatever a plan signs: random workbooks, and scenarios of them."""

from __future__ import annotations

from random import Random

import builders as b
import pytest
from properties.comparison import random_workbook

from models.dataset import Dataset
from models.plan import Plan
from planner.results.plan_figures import PlanFigures


def plans(seeds: range, with_stages: bool) -> list[tuple[Dataset, Plan]]:
    """The cheapest plans of the workbooks of these seeds that have one, of the last scenario where there are any."""
    found = []
    for seed in seeds:
        data = random_workbook(seed, Random(seed), with_stages)
        data = data.in_scenario(data.scenarios[-1].scenario) if data.scenarios else data
        plan = b.solved_or_none(data)
        found += [] if plan is None else [(data, plan)]
    return found


def check(data: Dataset, plan: Plan) -> None:
    found = PlanFigures(data, plan)
    size = sum(abs(each.cash_usd) for each in plan.payments) + sum(row.baseline for row in found.profit) + 1.0
    near = {"rel": 1e-6, "abs": 1e-6 * size}
    (whole,) = found.by("horizon")
    for month in found.profit:
        cost = dict.fromkeys(("source", "segment", "run", "leased_out"), 0.0)
        for row in found.unit_costs:
            cost[row.by] += row.cost_usd if row.month == month.month else 0.0
        gross = month.cost - month.cash["lease_out_income"] - month.cash["run_value"]
        assert cost["source"] + cost["run"] + cost["leased_out"] == pytest.approx(gross, **near)
        assert not plan.serving or cost["segment"] == pytest.approx(cost["source"], **near)
    assert whole.margin == pytest.approx(sum(month.margin for month in found.profit), **near)
    assert whole.utilisation is None or whole.utilisation <= 1.0 + 1e-6
    for by in ("quarter", "year"):
        assert sum(row.cash_usd for row in found.by(by)) == pytest.approx(whole.cash_usd, **near)
    for by in ("source", "segment"):
        tokens = sum(row.tokens_bn for row in found.unit_costs if row.by == by)
        assert tokens == pytest.approx(whole.served_bn, rel=1e-6, abs=1e-3)
    assert found.months[-1].owed_usd == pytest.approx(found.horizon_end.owed_usd, **near)
    assert found.cash_at_signing_usd <= found.contract_value_usd + 1e-6 * size
    assert all(row.online_mw <= row.signed_mw * (1.0 + 1e-9) + 1e-9 for row in found.power)


@pytest.mark.parametrize(
    ("seeds", "with_stages"),
    [
        (range(105, 113), False),
        (range(105, 113), True),
        pytest.param(range(113, 400), False, marks=pytest.mark.slow),
        pytest.param(range(113, 300), True, marks=pytest.mark.slow),
    ],
)
def test_figures_agree(seeds: range, with_stages: bool) -> None:
    """Costs by source, by segment and by month add up, quarters to the horizon; no more is online than is signed."""
    found = plans(seeds, with_stages)
    assert len(found) > len(seeds) / 20
    for data, plan in found:
        check(data, plan)
