"""Workbooks of the clauses that lessors and labs sign, and of money and growth, walk every command, each with and
without scenarios.

Demand grows from two accelerators to nearly four; what is there is leased out, or more is had, as a part allows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import Run
from sheets import Tables, workbook

pytestmark = pytest.mark.slow

COMMON: Tables = {
    "settings": {"first_month": "2026-01", "months": 4, "discount_rate": 0.1, "first_stage_months": 1},
    "hardware": [{"hardware": "H100", "kw": 1}],
    "throughput": [{"workload": "chat", "hardware": "H100", "tokens_per_second": 1e9 / 86400}],
    "segments": [{"segment": "chat", "workload": "chat", "growth_per_month": 0.2, "shortfall_usd_per_mtok": 0.2}],
    "demand": [{"segment": "chat", "region": "us", "month": "2026-01", "tokens_bn_per_day": 2}],
    "history": [
        {"segment": "chat", "month": f"2025-{month:02d}", "tokens_bn_per_day": 1 + month / 12} for month in range(1, 13)
    ],
    "fleet": [
        {"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 3, "sublet": "yes"}
    ],
    "leases": [{"lease": "cloud", "provider": "neo", "region": "us", "units_max": 2}],
    "lease_hardware": [{"lease": "cloud", "hardware": "H100", "accelerators": 1}],
    "lease_terms": [{"lease": "cloud", "term_months": 3, "usd_per_accelerator_hour": 1.5, "cancel_after_months": 1}],
    "on_demand": [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}],
}
SCENARIOS: Tables = {
    "scenarios": [{"scenario": "base", "probability": 0.6}, {"scenario": "high", "probability": 0.4}],
    "scenario_factors": [{"scenario": "high", "quantity": "demand", "name": "chat", "value": 1.5}],
}
FACTORS: dict[str, list[tuple[Any, ...]]] = {
    "": [
        ("base", "on_demand_price", "H100", 0.8), ("high", "throughput", "chat", 0.9, "2026-03"),
        ("high", "delivery_delay_months", "cloud", 1), ("high", "price", "cloud", 1.2),
        ("base", "delivered_share", "cloud", 0.9), ("high", "usage_price", "*", 1.5),
        ("base", "fleet_share", "us", 0.9, "2026-02"), ("high", "on_demand_cap", "*", 0.9),
        ("base", "shortfall_cost", "chat", 0.9),
    ],
    "lessor": [
        ("high", "price", "taker", 0.8), ("high", "delivery_delay_months", "taker", 1),
        ("base", "supplier_exit", "lab", None, "2026-03"),
    ],
    "own build": [
        ("high", "price", "hall", 1.3), ("base", "price", "chips", 0.8), ("high", "delivery_delay_months", "hall", 1),
        ("base", "delivery_delay_months", "chips", 1), ("high", "delivered_share", "chips", 0.8),
        ("base", "supplier_exit", "maker", None, "2026-03"),
    ],
    "commitments": [("high", "supplier_exit", "spot", None, "2026-04")],
    "money": [("high", "revenue", "chat", 1.2), ("base", "revenue", "*", 0.8)],
    "growth": [
        ("high", "elasticity", "chat", 1.5), ("base", "churn", "chat", 2), ("high", "rival_generosity", "*", 0.5),
        ("base", "demand_growth", "chat", -0.05), ("high", "revenue", "chat", 1.2),
    ],
}  # fmt: skip
"""Rows of `scenario_factors` for every part, and for some: scenario, quantity, name, value and from_month."""


def uncertain(part: str) -> Tables:
    """Two scenarios that differ in every quantity that a part knows."""
    columns = ("scenario", "quantity", "name", "value", "from_month")
    rows = [dict(zip(columns, each, strict=False)) for each in (*FACTORS[""], *FACTORS.get(part, []))]
    return SCENARIOS | {"scenario_factors": [*SCENARIOS["scenario_factors"], *rows]}


PARTS: dict[str, Tables] = {
    "lessor": {
        "lease_outs": [
            {"lease_out": "taker", "provider": "lab", "region": "us", "term_months": 6, "usd_per_accelerator_hour": 2,
             "ramp": "slow", "upfront_usd_per_unit": 50, "prepay_share": 0.2, "escalator_per_year": 0.05,
             "recall_after_months": 1, "recall_notice_months": 1, "recall_fee_share": 0.1},
            {"lease_out": "old", "provider": "other", "region": "us", "hardware": "H100", "accelerators": 1,
             "status": "signed", "signed_month": "2025-10", "signed_units": 1, "term_months": 5,
             "usd_per_accelerator_hour": 1, "recall_after_months": 0},
        ],
        "lease_out_hardware": [{"lease_out": "taker", "hardware": "H100", "accelerators": 0.5}],
        "ramps": [{"ramp": "slow", "service_month": 1, "capacity_share": 0.5},
                  {"ramp": "slow", "service_month": 2, "capacity_share": 1}],
    },
    "commitments": {
        "spend_commitments": [
            {"commitment": "promise", "provider": "neo", "usd": 9000, "from_month": "2025-10", "until_month": "2026-09",
             "per": "year", "spent_usd": 1000},
            {"commitment": "cheap hours", "provider": "spot", "usd": 3000, "from_month": "2026-01",
             "until_month": "2026-06", "status": "offer", "on_demand_multiple": 0.6},
        ],
        "fleet": [
            {"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 1}
        ],
    },
    "own build": {
        "own_sites": [
            {"build": "hall", "site": "campus", "region": "us", "block_mw": 0.002, "blocks_max": 2,
             "capex_usd_per_mw": 1e6, "capex_months": 3, "energy_usd_per_mwh": 80, "financed_share": 0.5,
             "interest": 0.08, "tenor_months": 24},
            {"build": "old hall", "site": "campus", "region": "us", "block_mw": 0.001, "energy_usd_per_mwh": 80,
             "status": "signed", "signed_month": "2025-08", "signed_blocks": 1, "rent_usd_per_mw_month": 50000},
        ],
        "chip_orders": [
            {"order": "chips", "provider": "maker", "site": "campus", "hardware": "H100", "lot": 1, "lots_max": 4,
             "usd_per_accelerator": 20000, "deposit_share": 0.4, "lead_months": 1, "financed_share": 0.5,
             "interest": 0.08, "support_usd_per_accelerator_month": 20},
        ],
        "fleet": [
            {"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 1}
        ],
    },
    "runs": {
        "runs": [
            {"run": "pretraining", "workload": "chat", "region": "us", "tokens_bn_per_day": 1, "months": 2,
             "value_usd": 9000, "loss_usd_per_month_late": 500},
            {"run": "evaluation", "workload": "chat", "region": "us", "tokens_bn_per_day": 0.5, "months": 1,
             "start_from": "2026-02", "single_site": "no"},
        ],
    },
    "resilience": {
        "resilience": [
            {"against": "site", "protected_share": 0.6},
            {"against": "provider", "segment": "chat", "protected_share": 0.5},
        ],
        "on_demand": [
            {"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3,
             "max_accelerators": 2},
        ],
    },
    "money": {
        "settings": COMMON["settings"] | {
            "end_of_horizon": "residual", "opening_cash_usd": 500, "credit_line_usd": 50000, "credit_interest": 0.1,
            "other_cost_share": 0.2, "fiscal_year_start": 2,
        },
        "residuals": [{"hardware": "H100", "usd_per_accelerator_hour": 0.8, "decline_per_year": 0.2}],
        "prices": [
            {"segment": "chat", "month": "2025-12", "revenue_usd_per_mtok": 0.1, "shortfall_usd_per_mtok": 0.25},
            {"segment": "chat", "month": "2026-06", "revenue_usd_per_mtok": 0.05},
        ],
        "funding": [{"source": "round A", "month": "2026-02", "usd": 1000}],
        "leases": [
            {"lease": "cloud", "provider": "neo", "region": "us", "units_max": 1},
            {"lease": "hall", "provider": "neo", "region": "us", "status": "signed", "signed_month": "2025-11",
             "signed_units": 1, "signed_term_months": 9},
        ],
        "lease_hardware": [{"lease": each, "hardware": "H100", "accelerators": 1} for each in ("cloud", "hall")],
        "lease_terms": [
            {"lease": "cloud", "term_months": 6, "usd_per_accelerator_hour": 1.5, "cancel_after_months": 1,
             "prepay_share": 0.1},
            {"lease": "hall", "term_months": 9, "usd_per_accelerator_hour": 1},
        ],
        "caps": [
            {"cap": "each provider", "measure": "cash_usd", "scope": "provider", "name": "*", "sense": "max",
             "value": 9000, "per": "quarter"},
            {"cap": "each segment", "measure": "shortfall_share", "scope": "segment", "name": "*", "sense": "max",
             "value": 0.5},
            {"cap": "of revenue", "measure": "cash_share_of_revenue", "sense": "max", "value": 5, "per": "year"},
            {"cap": "owed", "measure": "obligation_usd", "sense": "max", "value": 20000},
        ],
        "fleet": [
            {"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 1}
        ],
    },
    "growth": {
        "segments": [
            {"segment": "chat", "workload": "chat", "growth_per_month": 0.2, "revenue_usd_per_mtok": 0.05,
             "shortfall_usd_per_mtok": 0.06, "price_elasticity": -0.5, "current_limit": "wide; normal",
             "churn_per_shortfall": 0.2, "recovery_per_month": 0.1, "share_won_per_generosity": 0.02,
             "lost_share": 0.05, "change_cost_usd": 20, "may_tighten": "yes"},
        ],
        "limits": [
            {"segment": "chat", "limit": "wide", "lever": "week", "generosity": 2},
            {"segment": "chat", "limit": "narrow", "lever": "week", "generosity": 1, "demand_multiplier": 0.8},
            {"segment": "chat", "limit": "normal", "lever": "price", "generosity": 1},
            {"segment": "chat", "limit": "dear", "lever": "price", "generosity": 0.5, "price_multiplier": 1.2},
        ],
        "rivals": [
            {"segment": "chat", "month": "2025-06", "generosity": 2},
            {"segment": "chat", "month": "2026-03", "generosity": 4},
        ],
    },
}  # fmt: skip
"""A workbook of each part, beside `COMMON`."""


@pytest.fixture(params=PARTS)
def part(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A part's name; its workbooks lie in the test's folder, `plain.xlsx` and `two.xlsx` with scenarios."""
    workbook(tmp_path / "plain.xlsx", COMMON, PARTS[request.param])
    workbook(tmp_path / "two.xlsx", COMMON, PARTS[request.param], SCENARIOS)
    workbook(tmp_path / "all.xlsx", COMMON, PARTS[request.param], uncertain(request.param))
    return str(request.param)


def test_every_command_takes_the_clauses_of_a_part(part: str, run: Run) -> None:
    """Solved, audited, rolled, kept to, explained, compared, stressed, replanned and converted, all is well."""

    def good(*words: Any) -> Any:
        said = run(*words, "--json")
        assert said.code == 0, (words, said.out[-2000:], said.err[-2000:])
        return said.json

    plan = good("solve", "plain.xlsx", "-o", "plan.xlsx")
    both = good("solve", "two.xlsx", "-o", "both.xlsx")
    apart = good("solve", "two.xlsx", "--engine", "decomposition", "-o", "apart.xlsx")
    assert apart["objective_usd"] == pytest.approx(both["objective_usd"], rel=2e-3)
    for problem, made in (("plain.xlsx", "plan.xlsx"), ("two.xlsx", "both.xlsx")):
        assert good("audit", problem, made)["audit"]["passed"]
        good("stress", problem, made, "--demand-volatility", 0.1, "--count", 2, "--workers", 1, "-o", f"stress {made}")
    good("explain", "plain.xlsx", "plan.xlsx", "-o", "why.xlsx")
    for to in ("2026-02", "2026-03"):
        good("roll", "plain.xlsx", "plan.xlsx", "--to", to, "-o", f"{to}.xlsx")
        good("solve", f"{to}.xlsx", "-o", f"{to} plan.xlsx")
    assert good("solve", "plain.xlsx", "--start", "plan.xlsx", "-o", "begun.xlsx")["objective_usd"] == pytest.approx(
        plan["objective_usd"], rel=2e-3
    )
    good("solve", "plain.xlsx", "--keep", "plan.xlsx", "--change-cost", 100, "-o", "kept.xlsx")
    good("solve", "plain.xlsx", "--alternatives", 1, "--within", "5%", "-o", "others.xlsx")
    good("compare", "plan.xlsx", "both.xlsx", "-o", "compared.xlsx")
    good("scenarios", "plain.xlsx", "--demand-volatility", 0.1, "--sample", 10, "--count", 2, "-o", "sampled.xlsx")
    rolling = good("batch", "plain.xlsx", "--rolling", "plain.xlsx", "--every", 1, "-o", "rolling")
    assert rolling, json.dumps(rolling)
    good("convert", "plain.xlsx", "folder")
    again = good("solve", "folder", "-o", "from folder.xlsx")
    assert again["objective_usd"] == pytest.approx(plan["objective_usd"], rel=1e-9)
    assert good("reproduce", "plan.xlsx")


@pytest.mark.parametrize("part", ["lessor", "own build"], indirect=True)
def test_a_plan_rolled_three_times_along_a_branch(part: str, run: Run) -> None:
    """With every quantity uncertain each round along the branch solves, and its plan passes the audit."""
    problem = "all.xlsx"
    for month in ("2026-02", "2026-03", "2026-04", None):
        assert run("solve", problem, "-o", f"plan of {problem}").code == 0
        said = run("audit", problem, f"plan of {problem}", "--json")
        assert said.json["audit"]["passed"], said.out
        if month is not None:
            branch = ("--to", month, "--branch", "high", "-o", f"{month}.xlsx")
            said = run("roll", problem, f"plan of {problem}", *branch)
            assert said.code == 0, said.out + said.err
            problem = f"{month}.xlsx"


@pytest.mark.parametrize("part", ["own build"], indirect=True)
def test_plans_of_every_quantity_are_explained_and_kept_to(part: str, run: Run) -> None:
    """Worths, break-even prices, alternatives and what is kept of a plan in which every quantity is uncertain."""
    assert run("solve", "all.xlsx", "--alternatives", 1, "--within", "5%", "-o", "plan.xlsx").code == 0
    said = run("explain", "all.xlsx", "plan.xlsx", "--workers", 1, "--time-limit", 30, "--json")
    assert said.code == 0, said.err
    for offer in said.json["offers"]:
        assert {each["scenario"] for each in offer["by_scenario"]} == {"base", "high"}
    assert run("solve", "all.xlsx", "--keep", "plan.xlsx", "--change-cost", 100, "-o", "kept.xlsx").code == 0
    assert run("reproduce", "plan.xlsx").code == 0
