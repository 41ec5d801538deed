"""The sheets that only a plan for scenarios has, without a word about how they look."""

from __future__ import annotations

from models.plan import categories
from planner.results.tables import Table, TableColumn, columns

SCENARIO = TableColumn("scenario", "text", "scenario")
"""The last column of a table with the rows of all scenarios."""
SCENARIOS = Table(
    "Scenarios",
    "each scenario: its factors, cost and service",
    columns(
        "scenario:text",
        "probability:share",
        "follows:text?",
        "told_apart_from:month?",
        "factors:text",
        "cost_usd:money",
        "certain_usd:money?",
        "certain_bound_usd:money?",
        "regret_usd:money?",
        "regret_at_least_usd:money?",
        "regret_at_most_usd:money?",
        "demand_bn_tokens:amount",
        "after_limits_bn_tokens:amount",
        "served_bn_tokens:amount",
        "shortfall_bn_tokens:amount",
        "shortfall_share:share",
        "peak_mw:amount",
        *(f"{category}_usd:money" for category in categories()),
    ),
)
RISK_SHEET = Table(
    "Risk",
    "expected cost, spread, worst cases, EVPI and VSS",
    columns("metric:text", "value:any", "unit:text?", "how:text"),
)
DISTRIBUTION = Table(
    "Cost distribution",
    "scenarios from the cheapest to the most expensive",
    columns(
        "scenario:text",
        "probability:share",
        "probability_up_to:share",
        "cost_usd:money",
        "expected_usd:money",
        "shortfall_share:share",
    ),
)
OUTLOOK = Table(
    "Outlook",
    "demand, power and shortfall by month, over the scenarios",
    columns(
        "month:month",
        *(
            f"{figure}_{part}{unit}:amount"
            for figure, unit in (("demand", "_bn_per_day"), ("after_limits", "_bn_per_day"), ("committed", "_mw"))
            for part in ("expected", "least", "most", "spread")
        ),
        "served_expected_bn_per_day:amount",
        "shortfall_expected_bn_per_day:amount",
        "shortfall_most_bn_per_day:amount",
        "signed_expected_mw:amount",
    ),
)
