"""Sheets of policy: usage limits and prices, caps, rules between offers."""

from __future__ import annotations

from models.columns import Row, column
from models.schema.sheets import OFFERS, rows_of


@rows_of("limits", "usage limits and prices that shape demand", key=("segment", "limit"))
class Limit(Row):
    """A row of `limits`: a usage limit or price of a segment, and what it does to demand and revenue."""

    segment: str = column("name", "which product line", refers=("segments",))
    limit: str = column("name", "one of the limits of each lever of the segment is in force in each month")
    lever: str = column("name", "limits of one lever exclude each other; levers combine", default="limit")
    generosity: float | None = column(
        "number", "rank for may_tighten, higher is more generous; blank: the row's order", default=None
    )
    demand_multiplier: float | None = column(
        "number", "on the segment's baseline demand; blank: 1, or by elasticity", default=None, low=0
    )
    peak_demand_multiplier: float | None = column(
        "number", "the same in peak blocks; blank: demand_multiplier", default=None, low=0
    )
    price_multiplier: float = column("number", "on the price", default=1.0, low=0)
    revenue_multiplier: float | None = column(
        "number", "on baseline revenue; blank: price x demand multiplier", default=None, low=0
    )
    churn_per_month: float = column("share", "of baseline demand and revenue lost in every later month", default=0.0)
    from_month: int | None = column("month", "first month it may be in force; blank: always", default=None)
    until_month: int | None = column("month", "last month it may be in force; blank: always", default=None)


SCOPES = ("total", "provider", "vendor", "hardware", "region", "site", "offer", "segment")

MEASURES = {
    "capacity_mw": ("total", "provider", "vendor", "hardware", "region", "site", "offer"),
    "capacity_share": ("provider", "vendor", "hardware", "region", "site", "offer"),
    "cash_usd": ("total", "provider", "region", "site", "offer"),
    "cash_share_of_revenue": ("total",),
    "obligation_usd": ("total", "provider", "offer"),
    "shortfall_share": ("total", "segment"),
}
"""The scopes each measure of `caps` can have."""


@rows_of("rivals", "how generous rivals are, from a month on; 0 before the first", key=("segment", "month"))
class Rival(Row):
    """A row of `rivals`: the generosity of rivals from a month on."""

    segment: str = column("name", "which product line", refers=("segments",))
    month: int = column("month", "holds from here to the next row of the segment")
    generosity: float = column("number", "on the scale of generosity in limits")


@rows_of("funding", "money that comes in; for the cash account", key=("source", "month"))
class Funding(Row):
    """A row of `funding`: money that comes in from a source."""

    source: str = column("name", "who gives it")
    month: int = column("month", "when it comes in; outside the horizon it does not count")
    usd: float = column("number", "how much; below 0 it is paid back", unit="USD")


@rows_of("caps", "policy on the portfolio", key=("cap",))
class Cap(Row):
    """A row of `caps`: a policy limit on capacity, cash, obligations or shortfall."""

    cap: str = column("name", "name of the cap")
    measure: str = column("choice", "what is capped", choices=tuple(MEASURES))
    scope: str = column("choice", "of what", default="total", choices=SCOPES)
    name: str | None = column(
        "name", "which one; * for each of the scope by itself; blank with scope total", default=None
    )
    sense: str = column("choice", "max or min", choices=("max", "min"))
    value: float = column("number", "the level of the cap")
    from_month: int | None = column("month", "first month it holds; blank: always", default=None)
    until_month: int | None = column("month", "last month it holds; blank: always", default=None)
    per: str = column(
        "choice",
        "period that cash and shortfall add up over; quarters and years are fiscal ones",
        default="month",
        choices=("month", "quarter", "year", "horizon"),
    )


@rows_of("rules", "logical relations between offers", key=("rule",))
class Rule(Row):
    """A row of `rules`: a logical relation between offers."""

    rule: str = column("name", "name of the rule")
    kind: str = column(
        "choice", "what holds between the offers", choices=("requires", "excludes", "at_most", "at_least")
    )
    offers: tuple[str, ...] = column("names", "the offers; separated by ;", refers=OFFERS)
    count: int | None = column("count", "for at_most and at_least", default=None)
