"""Sheets of what may come, and of what came: scenarios, their factors, demand of the past."""

from __future__ import annotations

from models.columns import Row, column
from models.schema.sheets import rows_of


@rows_of("scenarios", "possible futures", key=("scenario",))
class Scenario(Row):
    """A row of `scenarios`: a possible future, its probability and where it branches off."""

    scenario: str = column("name", "a possible future")
    probability: float = column("share", "all sum to 1")
    follows: str | None = column(
        "name", "the scenario it is the same as until branches_at", default=None, refers=("scenarios",)
    )
    branches_at: int | None = column("month", "decisions before it are those of the scenario it follows", default=None)


QUANTITIES = (
    "demand", "demand_growth", "throughput", "on_demand_price", "on_demand_cap",
    "price", "delivered_share", "delivery_delay_months", "supplier_exit",
    "usage_price", "fleet_share", "revenue", "shortfall_cost", "elasticity", "churn", "rival_generosity",
)  # fmt: skip

OF_OFFERS = ("price", "delivered_share", "delivery_delay_months", "supplier_exit")
"""The quantities that act on offers."""


@rows_of("scenario_factors", "what differs in each scenario", key=("scenario", "quantity", "name", "from_month"))
class ScenarioFactor(Row):
    """A row of `scenario_factors`: what changes in a scenario, from a month on."""

    scenario: str = column("name", "in which scenario", refers=("scenarios",))
    quantity: str = column("choice", "what changes", choices=QUANTITIES)
    name: str = column("name", "of which segment, workload, hardware, offer, asset, provider, site, region; * for all")
    from_month: int | None = column("month", "holds from here to the next row; blank: the first month", default=None)
    value: float = column("number", "how much", default=0.0)


@rows_of(
    "history",
    "demand of the past, long or wide as in demand; changes no plan, read by planner scenarios",
    key=("segment", "region", "month"),
)
class History(Row):
    """A row of `history`: demand of a past month."""

    segment: str = column("name", "which product line", refers=("segments",))
    region: str | None = column("name", "where the tokens were demanded; blank: everywhere", default=None)
    month: int = column("month", "which month")
    tokens_bn_per_day: float = column(
        "number", "billions of tokens a day asked for, averaged over the month", unit="bn tokens/day", low=0
    )
