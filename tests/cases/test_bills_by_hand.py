"""The sheet `Bills` as an analyst with a pocket calculator reads it: figures from its cells and the price lists."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import builders as b
import pytest
from openpyxl import load_workbook

from models.dataset import Dataset
from planner.reports.plan_report import write_plan
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset

JANUARY, FEBRUARY, NEXT_JANUARY = 31 * 24, 28 * 24, 31 * 24
MONTHS = 13
USED = {"tiered": 4.5, "stepped": 2.5, "rent": 0.0, "steep": 0.0, "market": 2.0, "own": 3.0}
"""Accelerators that each one's own segment keeps at work."""


def _problem() -> Dataset:
    """Offers of every kind of bill, all signed, each alone with the segment and hardware of its name."""
    rows: list[Any] = []
    for name, tokens in USED.items():
        rows += [b.hardware(name), b.throughput(name, name), b.segment(name, name)]
        rows += b.demand(tokens, segment=name, months=MONTHS)
    tiered = {"tier_mode": "all_units", "take_or_pay_share": 0.8, "overage_share": 0.5, "overage_price_multiple": 1.5}
    stepped = {"tier_mode": "incremental", "take_or_pay_share": 0.8}
    rows += b.contract("tiered", {1: 3.0, 3: 2.0}, MONTHS, signed=0, blocks=4, hardware="tiered", **tiered)
    rows += b.contract("stepped", {1: 3.4, 3: 3.0}, MONTHS, signed=0, blocks=3, hardware="stepped", **stepped)
    rows += b.ramp("slow", (1, 0.5, 1.0), (2, 1.0, 1.0))
    monthly = b.term(MONTHS, monthly=30000.0, ramp="slow")
    rows += b.lease("rent", monthly, signed=0, holds={"rent": 1.0}, delivered_share=0.9)
    hourly = b.term(24, hourly=2.0, escalator_per_year=0.1, prepay_share=0.25, upfront_usd_per_unit=700.0)
    rows += b.lease("steep", hourly, signed=0, holds={"steep": 8.0})
    rows += [b.on_demand(6.0, hardware="market"), b.on_demand(5.0, 12, hardware="market")]
    rows.append(b.fleet("own", 5.0, "own", usd_per_accelerator_hour=0.2, usage_usd_per_accelerator_hour=0.1))
    rows.append(b.lease_out("out", 1.5, 2, hardware="own", accelerators=2.0, sign_until=b.JAN))
    return b.dataset(rows, months=MONTHS)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of `Bills` by header, months as `2026-01`."""
    path = tmp_path_factory.mktemp("bills") / "plan.xlsx"
    result = solve_dataset(_problem(), PlanOptions(gap=0.0))
    assert result.status == "optimal"
    write_plan(path, result)
    header, *rows = load_workbook(path)["Bills"].iter_rows(values_only=True)
    found = [dict(zip(header, row, strict=True)) for row in rows]
    return [row | {"month": row["month"].strftime("%Y-%m")} for row in found]


def bill(sheet: list[dict[str, Any]], offer: str, month: str, tier: str) -> dict[str, Any]:
    (row,) = (each for each in sheet if (each["offer"], each["month"], each["tier"]) == (offer, month, tier))
    return row


def test_every_amount_is_a_product_of_its_row(sheet: list[dict[str, Any]]) -> None:
    """Hours, or units where there are none, x rate x escalator − prepaid: no other cell is needed."""
    for row in sheet:
        counted = row["units"] if row["hours"] is None else row["hours"]
        assert row["amount"] == pytest.approx(counted * row["rate"] * row["escalator"] - row["prepaid"]), row
    assert {row["offer"] for row in sheet} == {"tiered", "stepped", "rent", "steep", "spot us market", "own", "out"}


def test_a_contract_at_the_rate_of_the_tier_reached(sheet: list[dict[str, Any]]) -> None:
    """Four blocks reach the tier of 2 USD; all are used, and half a block above them at 1.5 times that rate."""
    assert bill(sheet, "tiered", "2026-01", "from block 3")["amount"] == pytest.approx(4 * JANUARY * 2.0)
    assert bill(sheet, "tiered", "2026-01", "overage")["amount"] == pytest.approx(0.5 * JANUARY * 2.0 * 1.5)


def test_an_incremental_contract_that_is_not_used_up(sheet: list[dict[str, Any]]) -> None:
    """Of three blocks 2.5 are used: 0.8 of each is paid in any case, the 0.1 above that at the cheapest rate."""
    cheap, dear = (bill(sheet, "stepped", "2026-02", f"from block {first}") for first in (3, 1))
    assert cheap["amount"] == pytest.approx((0.8 + 0.1) * FEBRUARY * 3.0)
    assert dear["amount"] == pytest.approx(2 * 0.8 * FEBRUARY * 3.4)


def test_a_rent_is_cut_by_what_arrives_and_by_its_ramp(sheet: list[dict[str, Any]]) -> None:
    """Of 30,000 a month nine tenths are owed, in the first month half of that: the units say so at the list's rate."""
    first, second = (bill(sheet, "rent", month, "13 months") for month in ("2026-01", "2026-02"))
    assert (first["units"], first["rate"]) == (pytest.approx(0.9 * 0.5), pytest.approx(30000.0))
    assert (first["amount"], second["amount"]) == (pytest.approx(13500.0), pytest.approx(27000.0))


def test_an_escalator_and_a_prepayment(sheet: list[dict[str, Any]]) -> None:
    """Eight accelerators at 2 USD, a tenth dearer from the 13th month on, a quarter of each bill paid when signing.

    What the bills of the horizon are less by adds up to the prepayment for them; that for the other 11 months of the
    term stands by itself: 334 days from February 2027 to the end of the year.
    """
    bills = [row for row in sheet if row["offer"] == "steep" and row["tier"] == "24 months"]
    assert len(bills) == MONTHS
    thirteenth = bill(sheet, "steep", "2027-01", "24 months")
    assert thirteenth["escalator"] == pytest.approx(1.1)
    assert thirteenth["amount"] == pytest.approx(0.75 * 8 * NEXT_JANUARY * 2.0 * 1.1)
    prepaid = bill(sheet, "steep", "2026-01", "prepayment")["amount"]
    assert prepaid == pytest.approx(sum(row["prepaid"] for row in bills))
    beyond = bill(sheet, "steep", "2026-01", "prepayment, beyond the horizon")["amount"]
    assert beyond == pytest.approx(0.25 * 8 * 334 * 24 * 2.0 * 1.1)
    assert bill(sheet, "steep", "2026-01", "upfront")["amount"] == pytest.approx(700.0)


def test_what_is_bought_by_the_hour_and_what_runs_anyway(sheet: list[dict[str, Any]]) -> None:
    """Two accelerators on demand at 6 USD, at 5 from the 13th month on; five of our own, three of them at work."""
    assert bill(sheet, "spot us market", "2026-01", "on demand")["amount"] == pytest.approx(2 * JANUARY * 6.0)
    assert bill(sheet, "spot us market", "2027-01", "on demand")["amount"] == pytest.approx(2 * NEXT_JANUARY * 5.0)
    assert bill(sheet, "own", "2026-01", "running cost")["amount"] == pytest.approx(5 * JANUARY * 0.2)
    assert bill(sheet, "own", "2026-01", "usage charge")["amount"] == pytest.approx(3 * JANUARY * 0.1)


def test_a_taker_pays_what_is_below_zero(sheet: list[dict[str, Any]]) -> None:
    """Two accelerators leased out for two months at 1.5 USD."""
    paid = {row["month"]: row["amount"] for row in sheet if row["offer"] == "out"}
    assert paid == pytest.approx({"2026-01": -2 * JANUARY * 1.5, "2026-02": -2 * FEBRUARY * 1.5})


def test_bills_add_up_to_what_is_spent(sheet: list[dict[str, Any]]) -> None:
    """By month the sheet's amounts are all cash of the plan: nothing here is network, shortfall or a limit."""
    by_month: dict[str, float] = defaultdict(float)
    for row in sheet:
        by_month[row["month"]] += row["amount"]
    plan = b.solved(_problem())
    spent: dict[str, float] = defaultdict(float)
    for payment in plan.payments:
        if payment.month < MONTHS and payment.cash_usd:
            spent[f"{2026 + payment.month // 12}-{payment.month % 12 + 1:02d}"] += payment.cash_usd
    assert by_month == pytest.approx(spent)
