"""The schema of a workbook: one class per sheet, one field per column.

A column's meaning, unit, bounds and default are written once, here; the reader, the checks, the
template's cell notes and the documentation all read them from here. A month is a month number
(see `models.months`); every row carries `row`, its row in the sheet, for messages only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar, dataclass_transform

from models.columns import REQUIRED, Column, Row, column, columns_of, price

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet and the class of its rows; `rows_of` says what the others are."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    optional: bool
    purpose: str
    offers: Literal["", "bought", "sold"] = ""
    category: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the sheet, in order."""
        return columns_of(self.row)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(each for each in self.columns if each.name == name)


SHEETS: list[Sheet] = []
"""In the order of the template, which is that of their classes."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def rows_of(
    name: str,
    purpose: str,
    *,
    key: tuple[str, ...] = (),
    optional: bool = True,
    offers: Literal["", "bought", "sold"] = "",
    category: str = "",
) -> Callable[[type[R]], type[R]]:
    """Decorates the class of the rows of a sheet: it becomes a frozen dataclass, and the sheet stands in `SHEETS`.

    Parameters
    ----------
    name, purpose
        Of the sheet; the purpose in a clause.
    key
        The columns that together are unique.
    optional
        Whether the sheet may be absent.
    offers
        Whether its rows are offers, of capacity we would pay for or of money for capacity of ours.
    category
        Of the payments for such an offer.
    """

    def enter(row: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(row)
        SHEETS.append(Sheet(name, made, key, optional, purpose, offers, category))
        return made

    return enter


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
        "prorate: payments for service beyond the last month are not charged; full: every obligation is",
        default="prorate",
        choices=("prorate", "full"),
    )
    first_stage_months: int = column(
        "count", "with scenarios: decisions before this month are common to all", unit="months", default=12
    )
    risk_weight: float = column("share", "weight of the CVaR in the objective", default=0.0)
    risk_alpha: float = column("share", "level of the CVaR", default=0.95, below=1)
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
        "name", "the usage limit in force before month 0; blank: the choice of month 0 is no change", default=None
    )
    min_months_between_changes: int = column(
        "count", "a limit stays at least this long once changed", unit="months", default=0
    )
    may_tighten: bool = column("flag", "no: a limit is never followed by one of lower generosity", default=True)
    change_cost_usd: float = price("cost of each change of limit", unit="USD")
    single_site: bool = column("flag", "yes: in each month all of it runs at one site", default=False)


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


@rows_of("fleet", "what is already online", key=("asset",))
class Fleet(Row):
    """A row of `fleet`: capacity that is already online."""

    asset: str = column("name", "what is already online")
    provider: str = column("name", "who runs it")
    region: str = column("name", "where it is")
    site: str | None = column("name", "which site; blank: the asset", default=None)
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    accelerators: float = column("number", "how many", unit="accelerators", low=0)
    from_month: int | None = column("month", "first month online; blank: always", default=None)
    until_month: int | None = column("month", "last month online; blank: always", default=None)
    usd_per_accelerator_hour: float = price("running cost while online, used or not", unit="USD/accelerator-hour")
    usage_usd_per_accelerator_hour: float = price(
        "metered power and the like, per hour used", unit="USD/accelerator-hour"
    )
    sublet: bool = column("flag", "may be leased out", default=True)


OFFERS, BOUGHT_OFFERS = ("offers",), ("bought offers",)
"""What a column refers to that may name an offer of any kind, or one we would pay for: see `referred`."""
LONGEST_MONTHS = 1200
"""The longest term or renewal: a hundred years."""
_STATUS = "offer; signed: fixed, needs the signed columns; excluded"


@rows_of("leases", "whole clusters or blocks of them", key=("lease",), offers="bought", category="lease")
class Lease(Row):
    """A row of `leases`: a cluster, or a block of one, on offer or signed."""

    lease: str = column("name", "a cluster, or a block of one, on offer")
    provider: str = column("name", "who offers it")
    region: str = column("name", "where it is")
    site: str | None = column("name", "which site; blank: the lease", default=None)
    status: str = column("choice", _STATUS, default="offer", choices=("offer", "signed", "excluded"))
    sign_from: int | None = column("month", "first month it can be signed; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month it can be signed; blank: the horizon's", default=None)
    units_max: int = column(
        "count", "whole units that can be taken, over all signings together", unit="units", default=1
    )
    lead_months: int = column("count", "from signing to first service month", unit="months", default=0)
    service_not_before: int | None = column("month", "service cannot start before it", default=None)
    delivered_share: float = column("share", "planning derate of what arrives; cuts rents by the unit too", default=1.0)
    sublet: bool = column("flag", "may be leased out again", default=False)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    signed_units: int | None = column("count", "with status signed: how many units", unit="units", default=None)
    signed_term_months: int | None = column(
        "count", "with status signed: which term", unit="months", default=None, low=1, high=LONGEST_MONTHS
    )


@rows_of("lease_hardware", "what a unit of a lease holds", key=("lease", "hardware"))
class LeaseHardware(Row):
    """A row of `lease_hardware`: accelerators in a unit of a lease."""

    lease: str = column("name", "which lease", refers=("leases",))
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    accelerators: float = column("number", "per unit; several rows make a mixed cluster", unit="accelerators", low=0)


@rows_of("lease_terms", "the terms on offer for a lease", key=("lease", "term_months"))
class LeaseTerm(Row):
    """A row of `lease_terms`: a term on offer for a lease, its fees and rights."""

    lease: str = column("name", "which lease", refers=("leases",))
    term_months: int = column("count", "length of the term", unit="months", low=1, high=LONGEST_MONTHS)
    usd_per_accelerator_hour: float | None = price(
        "fee by the accelerator-hour online; give this or usd_per_unit_month", unit="USD/accelerator-hour", default=None
    )
    usd_per_unit_month: float | None = price(
        "fee by the unit and month; give this or usd_per_accelerator_hour", unit="USD/unit/month", default=None
    )
    usage_usd_per_accelerator_hour: float = price("on top, per hour used", unit="USD/accelerator-hour")
    upfront_usd_per_unit: float = price("paid in the month of signing", unit="USD/unit")
    prepay_share: float = column("share", "of every fee of the term, paid in the month of signing", default=0.0)
    escalator_per_year: float = column(
        "number", "fee rise after each 12 service months", unit="share a year", default=0.0, low=0
    )
    ramp: str | None = column(
        "name", "which ramp; blank: all of it from the first month", default=None, refers=("ramps",)
    )
    cancel_after_months: int | None = column(
        "count",
        "service may stop after this many months plus notice; blank: no right to cancel",
        unit="months",
        default=None,
    )
    notice_months: int = column("count", "notice of cancelling", unit="months", default=0)
    termination_fee_share: float = column(
        "share", "of the term's fees after the stop, due the month after", default=0.0
    )
    renewals_max: int = column("count", "how often it can be renewed", default=0, high=LONGEST_MONTHS)
    renewal_months: int | None = column(
        "count", "length of each renewal", unit="months", default=None, low=1, high=LONGEST_MONTHS
    )
    renewal_price_multiple: float = column("number", "of the fee, while renewed", default=1.0, low=0)


@rows_of("ramps", "how capacity and rate build up after the start", key=("ramp", "service_month"))
class Ramp(Row):
    """A row of `ramps`: capacity and rate from a service month on."""

    ramp: str = column("name", "name of the ramp")
    service_month: int = column("count", "1, 2, …; a row holds until the next", low=1)
    capacity_share: float = column("share", "of the capacity that is online; cuts a fixed rent alike", default=1.0)
    rate_multiplier: float = column("number", "on the rate: a reduced rate while ramping", default=1.0, low=0)


@rows_of(
    "contracts",
    "hyperscaler framework agreements, in blocks of power",
    key=("contract",),
    offers="bought",
    category="contract",
)
class Contract(Row):
    """A row of `contracts`: a framework agreement in blocks of power."""

    contract: str = column("name", "a framework agreement, taken in blocks of power")
    provider: str = column("name", "who offers it")
    region: str = column("name", "where it is")
    site: str | None = column("name", "which site; blank: the contract", default=None)
    status: str = column("choice", _STATUS, default="offer", choices=("offer", "signed", "excluded"))
    sign_from: int | None = column("month", "first month it can be signed; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month it can be signed; blank: the horizon's", default=None)
    lead_months: int = column("count", "from signing to first service month", unit="months", default=0)
    service_not_before: int | None = column("month", "service cannot start before it", default=None)
    delivered_share: float = column("share", "planning derate of what arrives; cuts what is billed too", default=1.0)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    signed_blocks: int | None = column("count", "with status signed: how many blocks", unit="blocks", default=None)
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    block_mw: float = column("number", "power of a block; accelerators may be fractional", unit="MW", above=0)
    min_blocks: int = column("count", "least blocks committed if signed", unit="blocks", default=1, low=1)
    max_blocks: int = column("count", "most blocks committed if signed", unit="blocks")
    term_months: int = column("count", "length of the term", unit="months", low=1, high=LONGEST_MONTHS)
    ramp: str | None = column(
        "name", "which ramp; blank: all of it from the first month", default=None, refers=("ramps",)
    )
    prepay_share: float = column("share", "of the take-or-pay part, paid in the month of signing", default=0.0)
    escalator_per_year: float = column(
        "number", "rate rise after each 12 service months", unit="share a year", default=0.0, low=0
    )
    usage_usd_per_accelerator_hour: float = price("on top, per hour used", unit="USD/accelerator-hour")
    upfront_usd: float = price("once, in the month of signing", unit="USD")
    tier_mode: str = column(
        "choice",
        "all_units: the rate of the tier reached holds for every block; incremental: each block at its own",
        default="all_units",
        choices=("all_units", "incremental"),
    )
    take_or_pay_share: float = column(
        "share",
        "of hours online that is billed in any case; use above it at the cheapest rate with hours left",
        default=1.0,
    )
    overage_share: float = column("share", "of what is online that can be used on top", default=0.0)
    overage_price_multiple: float = column(
        "number", "of the rate, for overage; incremental: of the first tier's", default=1.0, low=0
    )
    min_spend_usd_per_year: float = price("bills of a contract year are topped up to this", unit="USD/year")


@rows_of("contract_tiers", "rates by the number of blocks", key=("contract", "from_blocks"))
class ContractTier(Row):
    """A row of `contract_tiers`: the rate from a number of blocks on."""

    contract: str = column("name", "which contract", refers=("contracts",))
    from_blocks: int = column("count", "from how many blocks; the first row 1 or min_blocks", unit="blocks", low=1)
    usd_per_accelerator_hour: float | None = price(
        "rate; give this or usd_per_kw_month", unit="USD/accelerator-hour", default=None
    )
    usd_per_kw_month: float | None = price(
        "rate; give this or usd_per_accelerator_hour", unit="USD/kW/month", default=None
    )


@rows_of("on_demand", "hours at market price", key=("provider", "region", "hardware", "from_month"))
class OnDemand(Row):
    """A row of `on_demand`: hours at market price from a month on."""

    provider: str = column("name", "who sells it")
    region: str = column("name", "where it is")
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    from_month: int | None = column("month", "holds from here to the next row; blank: the first month", default=None)
    usd_per_accelerator_hour: float = price("paid by the hour used", unit="USD/accelerator-hour", default=REQUIRED)
    max_accelerators: float | None = column(
        "number", "most at any time; blank: no cap", unit="accelerators", default=None, low=0
    )


@rows_of(
    "lease_outs",
    "capacity that others would lease from us",
    key=("lease_out",),
    offers="sold",
    category="lease_out_income",
)
class LeaseOut(Row):
    """A row of `lease_outs`: capacity that others would lease from us."""

    lease_out: str = column("name", "capacity that others would lease from us")
    provider: str = column("text", "who leases it", default="")
    region: str = column("name", "where")
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    accelerators: float = column("number", "per unit", unit="accelerators", above=0)
    units_max: int = column("count", "whole units they would lease", unit="units", default=1)
    sign_from: int | None = column("month", "first month it can be signed; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month it can be signed; blank: the horizon's", default=None)
    lead_months: int = column("count", "from signing to first service month", unit="months", default=0)
    term_months: int = column("count", "length of the term", unit="months", low=1, high=LONGEST_MONTHS)
    usd_per_accelerator_hour: float = price(
        "income in each service month", unit="USD/accelerator-hour", default=REQUIRED
    )


@rows_of("options", "rights bought now, used later", key=("option",))
class Option(Row):
    """A row of `options`: a right bought now and exercised later."""

    option: str = column("name", "a right bought now, used later")
    offer: str = column("name", "the lease or contract it is on", refers=BOUGHT_OFFERS)
    premium_usd: float = price("paid when the option is bought", unit="USD", default=REQUIRED)
    buy_from: int | None = column("month", "first month it can be bought; blank: the horizon's", default=None)
    buy_until: int | None = column("month", "last month it can be bought; blank: the horizon's", default=None)


@rows_of("limits", "usage limits and prices that shape demand", key=("segment", "limit"))
class Limit(Row):
    """A row of `limits`: a usage limit or price of a segment, and what it does to demand and revenue."""

    segment: str = column("name", "which product line", refers=("segments",))
    limit: str = column("name", "one of the segment's limits is in force in each month")
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


@rows_of("caps", "policy on the portfolio", key=("cap",))
class Cap(Row):
    """A row of `caps`: a policy limit on capacity, cash, obligations or shortfall."""

    cap: str = column("name", "name of the cap")
    measure: str = column("choice", "what is capped", choices=tuple(MEASURES))
    scope: str = column("choice", "of what", choices=SCOPES)
    name: str | None = column("name", "which one; blank with scope total", default=None)
    sense: str = column("choice", "max or min", choices=("max", "min"))
    value: float = column("number", "the level of the cap")
    from_month: int | None = column("month", "first month it holds; blank: always", default=None)
    until_month: int | None = column("month", "last month it holds; blank: always", default=None)
    per: str = column(
        "choice",
        "calendar period that cash and shortfall add up over",
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
    offers: tuple[str, ...] = column("names", "leases, contracts, lease-outs; separated by ;", refers=OFFERS)
    count: int | None = column("count", "for at_most and at_least", default=None)


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
)  # fmt: skip
OF_OFFERS = ("price", "delivered_share", "delivery_delay_months", "supplier_exit")
"""The quantities that act on offers."""


@rows_of("scenario_factors", "what differs in each scenario", key=("scenario", "quantity", "name", "from_month"))
class ScenarioFactor(Row):
    """A row of `scenario_factors`: what changes in a scenario, from a month on."""

    scenario: str = column("name", "in which scenario", refers=("scenarios",))
    quantity: str = column("choice", "what changes", choices=QUANTITIES)
    name: str = column("name", "of which segment, workload, hardware, offer or provider; * for all")
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


WIDE = ("demand", "history")
"""Sheets that may be given wide: a row per segment and region, a column per month."""
NEVER_READ = ("note", "notes", "source", "comment")
"""Columns for people; no program reads them."""
SCENARIO_NOTES = "scenario_notes"
"""The sheet in which `planner scenarios` says how its scenarios were made; never read."""
NEVER_READ_SHEETS = ("start_here", SCENARIO_NOTES)
"""Sheets for people; no program reads them."""


def sheet(name: str) -> Sheet:
    """The sheet of that name; KeyError when there is none."""
    for each in SHEETS:
        if each.name == name:
            return each
    raise KeyError(name)


def referred(column: Column) -> tuple[str, ...]:
    """The sheets whose keys a column's value must be one of."""
    if column.refers == OFFERS:
        return tuple(each.name for each in SHEETS if each.offers)
    if column.refers == BOUGHT_OFFERS:
        return tuple(each.name for each in SHEETS if each.offers == "bought")
    return column.refers


def sheet_of(row: type[Row]) -> Sheet:
    """The sheet whose rows are of that class; KeyError when there is none."""
    for each in SHEETS:
        if each.row is row:
            return each
    raise KeyError(row)


def sheet_names() -> Iterable[str]:
    """The names of all sheets, in order."""
    return (each.name for each in SHEETS)
