"""Sheets of every problem: settings, hardware and its speed, demand by segment, load over the day, the network."""

from __future__ import annotations

from models.columns import REQUIRED, Row, column, price
from models.schema.sheets import rows_of


@rows_of(
    "settings", "horizon, money and how the end of the horizon is counted; one row for each setting", optional=False
)
class Settings(Row):
    """The settings of a workbook: horizon, money, discounting, risk; one record."""

    plan_name: str = column("text", "name of the plan; the file's name when blank", default="")
    first_month: int = column("month", "first month of the horizon")
    months: int = column("count", "length of the horizon", unit="months", low=1, high=240)
    currency: str = column("text", "label of the currency; columns say usd whatever it is", default="USD")
    discount_rate: float = column("number", "yearly discount rate", unit="share a year", default=0.10, low=0)
    reserve_margin: float = column(
        "share", "share of committed capacity kept free, on the pool of a region and hardware", default=0.0
    )
    end_of_horizon: str = column(
        "choice",
        "prorate: payments for service beyond the last month are not charged; full: every obligation is; "
        "residual: the same less what the capacity is worth then",
        default="prorate",
        choices=("prorate", "full", "residual"),
    )
    first_stage_months: int = column(
        "count", "with scenarios: decisions before this month are common to all", unit="months", default=12
    )
    risk_weight: float = column("share", "weight of the CVaR in the objective", default=0.0)
    risk_alpha: float = column("share", "level of the CVaR", default=0.95, below=1)
    opening_cash_usd: float | None = column(
        "number", "in the bank before month 0, below 0: drawn; blank: no cash account is kept", unit="USD", default=None
    )
    credit_line_usd: float = price("the most that may be drawn", unit="USD")
    credit_interest: float = column("number", "yearly rate on what is drawn", unit="share a year", default=0.0, low=0)
    other_cost_share: float = column(
        "share", "of revenue earned, spent on what this workbook does not plan; for the cash account only", default=0.0
    )
    fiscal_year_start: int = column(
        "count", "calendar month in which the years and quarters of caps and reports begin", default=1, low=1, high=12
    )
    accept_warnings: tuple[str, ...] = column(
        "names", "warnings that a person has looked at, by their short names; not on the plan's first page", default=()
    )


@rows_of("hardware", "accelerator types", key=("hardware",), optional=False)
class Hardware(Row):
    """A row of `hardware`: an accelerator type."""

    hardware: str = column("name", "an accelerator type")
    vendor: str = column("text", "who makes it", default="")
    kw: float = column("number", "all-in facility power per accelerator", unit="kW", above=0)
    availability: float = column("share", "share of time an accelerator can work", default=1.0)


@rows_of(
    "throughput", "tokens a second; a pair that is absent cannot run", key=("workload", "hardware"), optional=False
)
class Throughput(Row):
    """A row of `throughput`: how fast a hardware runs a workload."""

    workload: str = column("name", "what is run")
    hardware: str = column("name", "on which accelerator", refers=("hardware",))
    tokens_per_second: float = column("number", "sustained, per accelerator", unit="tokens/s", low=0)
    gain_per_year: float = column(
        "number", "yearly gain of the rate by software", unit="share a year", default=0.0, above=-1
    )


@rows_of(
    "residuals", "what hours bound beyond the horizon are worth; with end_of_horizon = residual", key=("hardware",)
)
class Residual(Row):
    """A row of `residuals`: what an hour of a hardware is worth beyond the horizon."""

    hardware: str = column("name", "which accelerator", refers=("hardware",))
    usd_per_accelerator_hour: float = price(
        "worth of an hour in the first month beyond the horizon", unit="USD/accelerator-hour", default=REQUIRED
    )
    decline_per_year: float = column("share", "by which the worth falls each year after it", default=0.0)


@rows_of("segments", "product lines with their own demand", key=("segment",), optional=False)
class Segment(Row):
    """A row of `segments`: a product line with its own demand."""

    segment: str = column("name", "a product line with its own demand")
    workload: str = column("name", "row of throughput that serves it", refers=("throughput",))
    timing: str = column(
        "choice",
        "interactive: served in the load block where it arises; deferrable: any time within the month",
        default="interactive",
        choices=("interactive", "deferrable"),
    )
    revenue_usd_per_mtok: float = price("baseline revenue per million tokens demanded", unit="USD/Mtok")
    shortfall_usd_per_mtok: float | None = price(
        "cost of a million tokens not served, lost revenue included; blank: shortfall not allowed",
        unit="USD/Mtok",
        default=None,
    )
    max_shortfall_share: float = column("share", "of the segment's demand in any month", default=1.0)
    headroom_share: float = column(
        "share", "capacity kept for bursts: work needs 1/(1-headroom) of its plain time", default=0.0, below=1
    )
    growth_per_month: float | None = column(
        "number", "growth of demand after the last month given", unit="share a month", default=None, above=-1
    )
    price_elasticity: float | None = column("number", "see limits", default=None)
    current_limit: str | None = column(
        "name",
        "the usage limit in force before month 0, of each lever one, with ; between; blank: month 0 is no change",
        default=None,
    )
    min_months_between_changes: int = column(
        "count", "a limit stays at least this long once changed", unit="months", default=0
    )
    may_tighten: bool = column("flag", "no: a limit is never followed by one of lower generosity", default=True)
    change_cost_usd: float = price("cost of each change of limit", unit="USD")
    churn_per_shortfall: float = column(
        "number", "share of baseline lost in later months per share of it that falls short", default=0.0, low=0
    )
    recovery_per_month: float = column("share", "of what was lost, the share that comes back each month", default=0.0)
    share_won_per_generosity: float = column(
        "number", "share of baseline won a month per point of generosity above the rivals'", default=0.0, low=0
    )
    lost_share: float = column("number", "share of baseline lost before month 0; below 0: won", default=0.0, below=1)
    single_site: bool = column("flag", "yes: in each month all of it runs at one site", default=False)

    @property
    def current_limits(self) -> tuple[str, ...]:
        """The limits in force before month 0, by name."""
        return tuple(name for part in (self.current_limit or "").split(";") if (name := part.strip()))


@rows_of(
    "demand",
    "projected tokens; long as here, or wide with a column for each month",
    key=("segment", "region", "month"),
    optional=False,
)
class Demand(Row):
    """A row of `demand`: projected tokens of a segment in a region and month."""

    segment: str = column("name", "which product line", refers=("segments",))
    region: str = column("name", "where the tokens are demanded")
    month: int = column("month", "which month")
    tokens_bn_per_day: float = column(
        "number", "billions of tokens a day, averaged over the month", unit="bn tokens/day", low=0
    )


@rows_of("prices", "revenue and cost of shortfall over time; geometric between months", key=("segment", "month"))
class Price(Row):
    """A row of `prices`: what a million tokens of a segment earns, and costs if it falls short, in a month."""

    segment: str = column("name", "which product line", refers=("segments",))
    month: int = column("month", "which month; it may lie outside the horizon")
    revenue_usd_per_mtok: float | None = price("baseline revenue; blank: not given here", unit="USD/Mtok", default=None)
    shortfall_usd_per_mtok: float | None = price(
        "cost of tokens not served, which needs one in segments; blank: not given here", unit="USD/Mtok", default=None
    )


@rows_of("load_blocks", "parts of the day; absent: one block of 24 hours", key=("block",))
class LoadBlock(Row):
    """A row of `load_blocks`: a part of the day."""

    block: str = column("name", "a part of the day")
    hours_per_day: float = column(
        "number", "hours of the day it takes; all blocks sum to 24", unit="h", above=0, high=24
    )
    peak: bool = column("flag", "peak_demand_multiplier holds here", default=False)


@rows_of("load_shape", "how demand spreads over the day; absent: evenly", key=("segment", "block"))
class LoadShape(Row):
    """A row of `load_shape`: how a segment's demand spreads over the load blocks."""

    segment: str = column("name", "which product line", refers=("segments",))
    block: str = column("name", "which load block", refers=("load_blocks",))
    multiplier: float = column("number", "rate in that block over the day's mean", low=0)


@rows_of("network", "who may serve whom; absent: any region serves any, free", key=("capacity_region", "demand_region"))
class Network(Row):
    """A row of `network`: whether, and at what cost, a region serves another."""

    capacity_region: str = column("name", "where the accelerators are")
    demand_region: str = column("name", "where the tokens are demanded")
    usd_per_mtok: float = price("cost of serving the demand region from the capacity region", unit="USD/Mtok")
    allowed: bool = column("flag", "no: this pair is not allowed", default=True)
