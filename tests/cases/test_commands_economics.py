"""Every command on one small workbook of residual values, prices, cash, churn, levers and a cap for each provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import Tables, workbook


def _limit(lever: str, name: str, multiplier: float, generosity: float) -> dict[str, Any]:
    facts = {"demand_multiplier": multiplier, "generosity": generosity}
    return {"segment": "chat", "lever": lever, "limit": name, **facts}


ECONOMICS: Tables = {
    "settings": {
        "first_month": "2026-01", "months": 6, "end_of_horizon": "residual", "opening_cash_usd": 400_000,
        "credit_line_usd": 500_000, "credit_interest": 0.12, "other_cost_share": 0.4, "fiscal_year_start": 2,
    },
    "residuals": [{"hardware": "H100", "usd_per_accelerator_hour": 0.9, "decline_per_year": 0.3}],
    "segments": [
        {
            "segment": "chat", "workload": "chat", "revenue_usd_per_mtok": 0.9, "shortfall_usd_per_mtok": 1.3,
            "growth_per_month": 0.01, "churn_per_shortfall": 0.5, "recovery_per_month": 0.1,
            "share_won_per_generosity": 0.005, "lost_share": 0.02, "current_limit": "open; five hours",
        }
    ],
    "prices": [
        {"segment": "chat", "month": "2026-01", "revenue_usd_per_mtok": 1.2, "shortfall_usd_per_mtok": 1.5},
        {"segment": "chat", "month": "2026-12", "revenue_usd_per_mtok": 0.6},
    ],
    "limits": [
        _limit("weekly", "tight", 0.8, 1), _limit("weekly", "open", 1.0, 3),
        _limit("hours", "four hours", 0.9, 0), _limit("hours", "five hours", 1.0, 1),
    ],
    "rivals": [{"segment": "chat", "month": "2026-03", "generosity": 5}],
    "funding": [{"source": "round A", "month": "2026-04", "usd": 100_000}],
    "lease_terms": [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 2, "prepay_share": 0.3}],
    "caps": [
        {"cap": "each", "measure": "cash_usd", "scope": "provider", "name": "*", "sense": "max", "value": 900_000}
    ],
}  # fmt: skip


@pytest.mark.slow
def test_every_command_knows_the_economics_of_a_deal(here: Run, tmp_path: Path) -> None:
    """The plan is audited, explained, rolled, stressed, kept, compared and solved again, with scenarios too."""
    workbook(tmp_path / "deal.xlsx", decision(), **ECONOMICS)
    solved = here("solve", "deal.xlsx", "-o", "plan.xlsx", "--alternatives", 1, "--within", "20%", "--json").json
    assert (solved["status"], solved["audit"]["passed"]) == ("optimal", True)
    assert solved["owed_after_horizon_usd"] > solved["worth_after_horizon_usd"] > 0.0
    assert solved["revenue_usd"]["earned"] > 0.0
    assert {each["lever"] for each in solved["limits"]} == {"weekly", "hours"}
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert {"Profit and loss", "P&L by quarter", "Cash"} <= set(book.sheetnames)
    assert here("audit", "deal.xlsx", "plan.xlsx").code == 0
    assert here("explain", "deal.xlsx", "plan.xlsx").code == 0
    assert here("roll", "deal.xlsx", "plan.xlsx", "-o", "next.xlsx").code == 0
    assert here("solve", "next.xlsx", "-o", "next plan.xlsx").code == 0
    assert here("stress", "plan.xlsx", "deal.xlsx", "--count", 3, "--demand-volatility", 0.3).code == 0
    assert here("solve", "deal.xlsx", "-o", "kept.xlsx", "--keep", "plan.xlsx", "--change-cost", 1000).code == 0
    assert here("compare", "plan.xlsx", "kept.xlsx").code == 0
    assert here("reproduce", "plan.xlsx").code == 0
    scenarios = [{"scenario": name, "probability": 0.5} for name in ("plain", "growing")]
    grows = {"scenario": "growing", "quantity": "demand", "name": "*", "from_month": "2026-03", "value": 1.3}
    workbook(tmp_path / "two.xlsx", decision(), **ECONOMICS, scenarios=scenarios, scenario_factors=[grows])
    assert here("solve", "two.xlsx", "-o", "two plan.xlsx").code == 0
    assert here("audit", "two.xlsx", "two plan.xlsx").code == 0


@pytest.mark.slow
def test_a_credit_line_that_is_not_enough_is_told_with_what_would_do(here: Run, tmp_path: Path) -> None:
    """Without credit nothing can be paid where all has to be served: how much would do is told."""
    poor = ECONOMICS["settings"] | {"opening_cash_usd": 0, "credit_line_usd": 0}
    segments, prices = ([_without_shortfall(row) for row in ECONOMICS[sheet]] for sheet in ("segments", "prices"))
    workbook(
        tmp_path / "poor.xlsx", decision(), **ECONOMICS | {"settings": poor, "segments": segments, "prices": prices}
    )
    said = here("solve", "poor.xlsx", "-o", "none.xlsx")
    assert said.code == 3
    assert "raise credit_line_usd from 0 to" in said.out + said.err


def _without_shortfall(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith(("shortfall", "churn"))}
