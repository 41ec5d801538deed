"""The tables of a plan over time: profit and loss, cash, use and power, what a million tokens cost."""

from __future__ import annotations

from dataclasses import replace

from models.policy.cash_account import CashMonth
from planner.results.periods import PeriodFigures
from planner.results.power import PowerRow
from planner.results.profit import COMPUTE, ProfitRow
from planner.results.resilience import ResilienceRow
from planner.results.tables import Sum, Table, TableColumn, columns
from planner.results.unit_costs import UnitCost

PROFIT = Table(
    "Profit and loss",
    "revenue earned, cost of computing and margin by month",
    columns(
        "month:month",
        "baseline:money",
        "forgone:money",
        "lost:money",
        "earned:money",
        *(f"{category}:money:cash.{category}" for category in COMPUTE),
        "margin:money",
        "usd_per_mtok:rate?",
    ),
    ProfitRow,
    sums=(Sum("earned", ("baseline",), ("forgone", "lost")), Sum("margin", ("earned",), COMPUTE)),
)
PROFIT_BY_QUARTER = replace(
    PROFIT,
    sheet="P&L by quarter",
    purpose="the same by fiscal quarter",
    columns=(TableColumn("quarter", "text", "month"), *PROFIT.columns[1:]),
)
CASH = Table(
    "Cash",
    "the cash account month by month, and what is drawn",
    columns(
        "month:month",
        "opening:money",
        "revenue:money",
        "funding:money",
        "paid:money",
        "interest:money",
        "closing:money",
        "drawn:money",
    ),
    CashMonth,
    sums=(Sum("closing", ("opening", "revenue", "funding"), ("paid", "interest")),),
)
QUARTERS = Table(
    "Quarters",
    "cash, tokens, use and power by fiscal quarter",
    columns(
        "quarter:text:month",
        "cash_usd:money",
        "served_bn_tokens:amount:served_bn",
        "utilisation:share?",
        "signed_mw:amount",
        "online_mw:amount",
    ),
    PeriodFigures,
)
POWER = Table(
    "Power",
    "power signed and power online, by month and offer",
    columns("month:month", "offer:text", "signed_mw:amount", "online_mw:amount", "kind:text"),
    PowerRow,
)
UNIT_COSTS = Table(
    "Unit costs",
    "what a million tokens cost by source and segment",
    columns("month:month", "by:text", "name:text", "cost_usd:money", "tokens_bn:amount", "usd_per_mtok:rate?"),
    UnitCost,
)
RESILIENCE = Table(
    "Resilience",
    "the tightest loss of each month, what is protected against it, and what the rest could serve",
    columns(
        "month:month",
        "lost:text",
        "segment:text",
        "protected_bn_per_day:amount:protected",
        "could_serve_bn_per_day:amount:could_serve",
    ),
    ResilienceRow,
)
