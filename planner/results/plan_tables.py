"""The tables of a plan workbook.

`PLAN_TABLES` and `DECISIONS` hold the whole Plan; `planner.excel.plan_reader` reads it back by the same columns.
"""

from __future__ import annotations

from typing import Any

from models.plan import LimitChoice, OnDemandUse, Online, Payment, Plan, Serving, Shortfall, SourceUse
from models.supply.bill_rows import BillRow
from models.supply.registry import KINDS, bringing, payable
from planner.results.decisions import Decision, is_kept
from planner.results.monthly import MonthRow
from planner.results.tables import Filled, NoEnd, Table, columns, rows_by_month, value_of
from planner.results.views import ServiceRow, UseRow

SUMMARY = Table("Summary", "the plan in figures", columns("metric:text", "value:any", "unit:text?"))
DECISIONS = Table(
    "Decisions",
    "what is signed, bought, leased out, ended and renewed",
    columns(
        "kind:text",
        "name:text",
        "month:month",
        "term_months:whole?",
        "units:whole",
        "end_month:month?:end",
        "accelerators:amount?",
        "mw:amount?",
        "cost_usd:money",
        "status:text",
        "start_month:month?:start",
        "cancelled:flag",
        "renewals:whole",
        "provider:text?",
        "region:text?",
    ),
    Decision,
)
CAPACITY = Table(
    "Capacity",
    "what is online in each month, source by source",
    columns(
        "month:month",
        "provider:text?",
        "region:text",
        "site:text?",
        "hardware:text",
        "source:text:name",
        "accelerators:amount",
        "mw:amount",
        "kind:text",
        "term_months:whole",
    ),
    Online,
    "online",
)
SERVICE = Table(
    "Service",
    "demand before and after limits, served, falling short",
    columns(
        "month:month",
        "segment:text",
        "region:text",
        "demand_bn_per_day:amount:demand",
        "after_limits_bn_per_day:amount:after_limits",
        "served_bn_per_day:amount:served",
        "shortfall_bn_per_day:amount:shortfall",
    ),
    ServiceRow,
)
LIMITS = Table(
    "Limits",
    "the usage limit or price in force in each month",
    columns("month:month", "segment:text", "lever:text", "limit:text"),
    LimitChoice,
    "limits",
)
SPEND = Table(
    "Spend",
    "every payment, as paid and as the objective counts it",
    columns(
        "month:month", "category:text", "provider:text?", "offer:text?", "cash_usd:money", "present_value_usd:money"
    ),
    Payment,
    "payments",
)
BILLS = Table(
    "Bills",
    "every line of every bill, to be recomputed by hand",
    columns(
        "month:month",
        "offer:text",
        "signed_month:month?",
        "units:amount",
        "hours:amount?",
        "rate:rate",
        "tier:text",
        "prepaid:money",
        "escalator:rate",
        "amount:money",
    ),
    BillRow,
)
USE = Table(
    "Use",
    "how full each pool of accelerators is",
    columns(
        "month:month",
        "block:text",
        "region:text",
        "hardware:text",
        "available_accelerators:amount:available",
        "used_accelerators:amount:used",
        "on_demand_accelerators:amount:on_demand",
    ),
    UseRow,
)
MONTHLY = Table(
    "Monthly",
    "power, tokens and cash month by month",
    columns(
        "month:month",
        "fleet_mw:amount:online_mw.fleet",
        *(f"{kind.cash_group}_mw:amount:online_mw.{kind.name}" for kind in bringing()),
        "on_demand_mw:amount",
        "at_work_mw:amount",
        "leased_out_mw:amount",
        "demand_bn_per_day:amount:demand",
        "after_limits_bn_per_day:amount:after_limits",
        "served_bn_per_day:amount:served",
        "shortfall_bn_per_day:amount:shortfall",
        "from_fleet_bn_per_day:amount:served_from.fleet",
        *(f"from_{kind.cash_group}_bn_per_day:amount:served_from.{kind.name}" for kind in bringing()),
        "from_on_demand_bn_per_day:amount:served_from.on_demand",
        "idle_bn_per_day:amount:idle",
        "fleet_cash_usd:money:cash.fleet",
        *(f"{kind.cash_group}_cash_usd:money:cash.{kind.cash_group}" for kind in payable()),
        "on_demand_cash_usd:money:cash.on_demand",
        "usage_cash_usd:money:cash.usage",
        *(f"{kind.cash_group}_cash_usd:money:cash.{kind.cash_group}" for kind in KINDS if not kind.buys),
        "other_cash_usd:money:cash.other",
        "owed_usd:money",
        "locked_months:whole",
        "signed_mw:amount",
    ),
    MonthRow,
)
OFFERS_NOT_TAKEN = Table(
    "Offers not taken",
    "offers not signed, valued at the margin of the plan",
    columns(
        "offer:text",
        "kind:text",
        "provider:text?",
        "region:text",
        "mw_per_unit:amount",
        "price_usd:any",
        "price_per:text",
        "local_worth_usd_per_unit:money?",
        "local_cost_usd_per_unit:money?",
        "extra_at_least_usd:money?",
        "extra_at_most_usd:money?",
        "break_even_at_least:amount?",
        "break_even_at_most:amount?",
        "known_by:text",
        "in_words:text",
    ),
)
KEPT = Table(
    "Kept",
    "kept only because a change has a price",
    columns("kind:text", "name:text", "units:whole", "units_if_free:whole", "if_free:text"),
)
ALTERNATIVES = Table(
    "Alternatives",
    "what all plans agree on, and where they differ",
    columns(
        "kind:text",
        "name:text",
        "month:month",
        "agreement:text",
        "units_in_plan:whole",
        "units_least:whole",
        "units_most:whole",
        "plans_signing:whole",
        "of_plans:whole",
        "units_by_plan:text",
    ),
)
ALTERNATIVE_COSTS = Table(
    "Alternative costs",
    "what each alternative costs, and how it differs",
    columns(
        "alternative:whole",
        "cost_usd:money",
        "extra_usd:money",
        "extra_share:share",
        "apart_mw:amount",
        "furthest:flag",
        "cheapest:flag",
        "differences:text",
    ),
)
MARGINAL_VALUES = Table(
    "Marginal values",
    "value of a little more of tokens, power or caps",
    columns(
        "month:month",
        "what:text",
        "name:text?",
        "region:text?",
        "hardware:text?",
        "value_usd:money",
        "left_value_usd:money?",
        "per:text",
        "rate_usd:rate?",
        "left_rate_usd:rate?",
        "rate_per:text?",
    ),
)
AUDIT = Table(
    "Audit",
    "every rule recomputed from the data and the decisions",
    columns(
        "rule:text",
        "meaning:text:what",
        "result:text",
        "places:whole",
        "failed:whole",
        "worst_place:text?:where",
        "found:amount?",
        "limit:amount?",
        "violation:amount",
    ),
)
RUN = Table(
    "Run",
    "options, versions, hashes, the end of the solver's log",
    columns("section:text", "key:text", "value:any", "source:text?"),
)
LOCK_IN = Table(
    "Lock-in",
    "what is still owed after each month, undiscounted",
    columns("month:month", "kind:text", "offer:text", "provider:text?", "owed_usd:money", "months_left:whole"),
)
INPUT = Table(
    "Input",
    "what the plan was made from, defaults left out",
    columns("sheet:text", "row:whole", "column:text", "value:any"),
)
SERVING = Table(
    "Serving",
    "who is served from where, on what, in each load block",
    columns(
        "month:month",
        "block:text",
        "segment:text",
        "region:text",
        "capacity_region:text",
        "hardware:text",
        "site:text?",
        "tokens_bn:amount",
    ),
    Serving,
    "serving",
)
SHORTFALL = Table(
    "Shortfall",
    "tokens not served, by load block",
    columns("month:month", "block:text?", "segment:text", "region:text", "tokens_bn:amount"),
    Shortfall,
    "shortfalls",
)
SOURCE_USE = Table(
    "Source use",
    "accelerators of each source at work",
    columns(
        "month:month",
        "block:text",
        "kind:text",
        "name:text",
        "term_months:whole",
        "hardware:text",
        "accelerators:amount",
        "overage_accelerators:amount:overage",
    ),
    SourceUse,
    "source_use",
)
ON_DEMAND = Table(
    "On demand",
    "accelerators bought by the hour",
    columns("month:month", "block:text", "provider:text?", "region:text", "hardware:text", "accelerators:amount"),
    OnDemandUse,
    "on_demand",
)

BY_PROVIDER = "Spend by provider"
"""The sheet with a column for each provider."""

PLAN_TABLES = (CAPACITY, LIMITS, SPEND, SERVING, SHORTFALL, SOURCE_USE, ON_DEMAND)
"""Tables that are the Plan's own, row by row; with `DECISIONS` they hold all of it."""


def decision_table(decided: list[Decision]) -> Filled:
    """The table of decisions."""
    return Filled(DECISIONS, [_decision(each) for each in decided])


def plan_tables(plan: Plan) -> list[Filled]:
    """The tables that, with the decisions, hold the whole plan."""
    return [rows_by_month(table, getattr(plan, table.plan_field)) for table in PLAN_TABLES]


def _decision(each: Decision) -> tuple[Any, ...]:
    shown: dict[str, Any] = {"status": "signed" if each.signed else "offer"}
    if is_kept(each.term_months):
        shown |= {name: NoEnd(getattr(each, name)) for name in ("term_months", "end")}
    return tuple(shown.get(column.attribute) or value_of(each, column.attribute) for column in DECISIONS.columns)
