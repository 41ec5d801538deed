"""Factors of scenarios that can change nothing are warned of, and no others; those that leave too little are errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, brief, errors_of, faults_of, row

from models.dataset import Dataset
from models.loading import dataset_from
from models.sampling import Uncertainty
from planner.errors import WrongUsage
from planner.explain.ranges import check_variations, parse
from planner.sampling.scenarios import sample_scenarios
from planner.stress.samples import draw_new_samples

SCENARIOS = [{"scenario": "s0", "probability": 1}, {"scenario": "s1", "probability": 0}]
SIGNED = {"status": "signed", "signed_units": 1, "signed_term_months": 3}


def warned(*factors: dict[str, Any], lease: dict[str, Any] | None = None, **sheets: Any) -> list[str]:
    """What is said of factors in a workbook of January to June 2026 with a lease L and a contract C."""
    rows = [{"scenario": "s0", "name": "L"} | each for each in factors]
    more = [row("leases", LEASE, **(lease or {}))]
    apart = {"settings": {**VALID["settings"], "first_stage_months": 1}} | sheets
    return brief(faults_of(LEASE, CONTRACT, *more, scenarios=SCENARIOS, scenario_factors=rows, **apart))


def late(months: int, **cells: Any) -> dict[str, Any]:
    return {"quantity": "delivery_delay_months", "value": months} | cells


def test_a_scenario_without_factors_or_probability_is_no_fault() -> None:
    """Things may go as the workbook says, and a case may be looked at that nobody expects."""
    assert warned() == []


@pytest.mark.parametrize(
    ("quantity", "name"),
    [
        ("demand", "chat"),
        ("demand_growth", "chat"),
        ("throughput", "H100"),
        ("on_demand_price", "H100"),
        ("on_demand_cap", "*"),
        ("price", "L"),
        ("delivery_delay_months", "L"),
        ("supplier_exit", "neo"),
    ],
)
def test_a_factor_that_begins_after_the_horizon_has_no_effect(quantity: str, name: str) -> None:
    """From July on, after the last month, it is warned of; from June on it is not."""
    factor = {"quantity": quantity, "name": name, "value": 2}
    assert warned(factor | {"from_month": "2026-07"}) == ["warning scenario_factors!from_month 2"]
    assert warned(factor | {"from_month": "2026-06"}) == []


@pytest.mark.parametrize("quantity", ["supplier_exit", "delivery_delay_months"])
def test_what_counts_beyond_the_horizon_may_have_an_effect_there(quantity: str) -> None:
    """With `full`, and where a cap counts what is owed, fees after the last month matter; shares delivered always."""
    factor = {"quantity": quantity, "value": 1, "from_month": "2026-09"}
    full = {"first_month": "2026-01", "months": 6, "end_of_horizon": "full", "first_stage_months": 1}
    cap = {"cap": "c", "measure": "obligation_usd", "scope": "total", "sense": "max", "value": 1}
    assert warned(factor) == ["warning scenario_factors!from_month 2"]
    assert warned(factor, settings=full) == []
    assert warned(factor, caps=[cap]) == []
    assert warned(factor | {"quantity": "delivered_share"}) == []


def test_a_delay_within_the_wait_for_the_agreed_month_has_an_effect() -> None:
    """Signed by February, lead 1, not before May: a month late is June."""
    window = {"sign_until": "2026-02", "lead_months": 1, "service_not_before": "2026-05"}
    assert warned(late(1), lease=window) == []


@pytest.mark.parametrize(
    ("lease", "factor", "idle"),
    [
        ({"sign_until": "2026-02"}, {"from_month": "2026-03"}, True),  # nothing is signed from March on
        ({"sign_until": "2026-03"}, {"from_month": "2026-03"}, False),
        (SIGNED | {"signed_month": "2025-11"}, {}, True),  # in service already
        (SIGNED | {"signed_month": "2025-12", "lead_months": 2}, {"from_month": "2026-02"}, False),
        (SIGNED | {"signed_month": "2025-12", "lead_months": 2}, {"from_month": "2026-03"}, True),
        ({"status": "excluded"}, {}, False),  # left out on purpose
    ],
)
def test_a_delay_that_nothing_meets_has_no_effect(lease: dict[str, Any], factor: dict[str, Any], idle: bool) -> None:
    """It acts on what is signed from its month on, and on what is signed and not in service by then."""
    assert warned(late(2, **factor), lease=lease) == (["warning scenario_factors!value 2"] if idle else [])


def test_a_delay_for_all_is_idle_only_where_no_offer_feels_it() -> None:
    """The lease is in service, but the contract can be signed; were that excluded nothing would be left."""
    lease = SIGNED | {"signed_month": "2025-11"}
    assert warned(late(2, name="*"), lease=lease) == []
    excluded = row("contracts", CONTRACT, status="excluded")
    assert warned(late(2, name="*"), lease=lease, **excluded) == ["warning scenario_factors!value 2"]


def test_a_row_that_ends_another_is_no_fault_and_bounds_it() -> None:
    """A delay of 0 from February on ends January's; signed from February on the lease never feels that."""
    rows = late(2), late(0, from_month="2026-02")
    assert warned(*rows) == []
    assert warned(*rows, lease={"sign_from": "2026-02"}) == ["warning scenario_factors!value 2"]


@pytest.mark.parametrize(
    ("lease", "begins", "idle"),
    [
        ({"sign_until": "2026-02"}, "2026-03", True),
        ({"sign_until": "2026-03"}, "2026-03", False),
        (SIGNED | {"signed_month": "2025-12"}, None, True),
        (SIGNED | {"signed_month": "2026-01"}, None, False),
        (SIGNED | {"signed_month": "2025-12"}, "2025-11", False),
    ],
)
def test_a_price_that_no_signing_meets_has_no_effect(lease: dict[str, Any], begins: str | None, idle: bool) -> None:
    """Prices act by month of signing; a blank from_month is the first of the horizon."""
    factor = {"quantity": "price", "value": 1.5} | ({} if begins is None else {"from_month": begins})
    assert warned(factor, lease=lease) == (["warning scenario_factors!from_month 2"] if idle else [])


def test_the_same_row_of_another_scenario_does_not_end_it() -> None:
    """A delay from January in one scenario holds on, whatever another says from February."""
    rows = late(2), late(0, scenario="s1", from_month="2026-02")
    assert warned(*rows, lease={"sign_from": "2026-03"}) == []


@pytest.mark.parametrize(
    ("told", "factors"),
    [
        ([], [("demand", 0.0, None)]),
        ([], [("demand", 1e-7, None)]),
        ([2], [("demand", 1e-9, "2026-03")]),
        ([3], [("demand", 0.9, None), ("demand_growth", -0.999, "2026-01")]),
        ([2], [("demand", 1e-9, "2026-03"), ("demand", 0.5, "2026-05"), ("demand_growth", -0.01, None)]),
        ([2, 3], [("demand", 1e-9, "2026-03"), ("demand", 2e-9, "2026-04")]),
    ],
)
def test_demand_that_a_factor_leaves_next_to_nothing_of_is_an_error(
    told: list[int], factors: list[tuple[str, float, str | None]]
) -> None:
    """It is told at the factor that makes it so, once each; none at all is none."""
    rows = [
        {"scenario": "s1", "quantity": quantity, "name": "*", "value": value, "from_month": month}
        for quantity, value, month in factors
    ]
    found = errors_of(scenarios=SCENARIOS, scenario_factors=rows, demand=_steady(8.0))
    assert [(each.sheet, each.column, each.row) for each in found] == [("scenario_factors", "value", n) for n in told]
    assert all("in 's1' leaves" in each.found and "bn tokens in 2026-" in each.found for each in found)


def _steady(figure: float) -> list[dict[str, Any]]:
    """The same demand from January to June."""
    at = {"segment": "chat", "region": "us", "tokens_bn_per_day": figure}
    return [at | {"month": "2026-01"}, at | {"month": "2026-06"}]


@pytest.mark.parametrize(
    ("how", "ask"),
    [
        ("--vary demand at 1e-09", lambda dataset, much: check_variations(dataset, [parse("demand=1e-9,1")])),
        (
            "--vary demand_growth at -0.999",
            lambda dataset, much: check_variations(dataset, [parse("demand_growth=-99.9%,0")]),
        ),
        (
            "Scenarios cannot be made as asked: scenario 's",
            lambda dataset, much: sample_scenarios(dataset, much, count=30, paths=40, seed=1),
        ),
        ("Samples cannot be drawn as asked: sample ", lambda dataset, much: draw_new_samples(dataset, much, 40, 1)),
    ],
)
def test_a_range_or_a_draw_that_leaves_next_to_nothing_is_refused(
    how: str, ask: Callable[[Dataset, Uncertainty], object]
) -> None:
    """What is varied or drawn is told before anything is solved, with the month and what there has to be."""
    dataset = dataset_from(**(VALID | {"demand": _steady(1e-5)}))
    with pytest.raises(WrongUsage, match="bn tokens in 2026-") as refused:
        ask(dataset, Uncertainty(demand_volatility={"*": 1.0}))
    assert str(refused.value).startswith(how)
    assert "at least" in str(refused.value)


def test_ranges_and_draws_that_leave_none_or_enough_are_taken() -> None:
    """A range down to no demand at all, and a spread as it is usual, pass."""
    dataset = dataset_from(**(VALID | {"demand": _steady(8.0)}))
    check_variations(dataset, [parse("demand=0,1"), parse("demand_growth=-50%,0")])
    much = Uncertainty(demand_volatility={"*": 0.3})
    assert sample_scenarios(dataset, much, count=3, paths=40, seed=1).dataset.scenarios
    assert len(draw_new_samples(dataset, much, 40, 1)) == 40
