"""Sheets of capacity: what is online, what is on offer for how much and on what terms, on-demand hours, options."""

from __future__ import annotations

from models.columns import REQUIRED, Row, column, price
from models.schema.sheets import BOUGHT_OFFERS, rows_of


@rows_of("fleet", "what is already online", key=("asset",))
class Fleet(Row):
    """A row of `fleet`: capacity that is already online."""

    asset: str = column("name", "what is already online")
    provider: str = column("name", "who runs it", default="own")
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


LONGEST_MONTHS = 1200
"""The longest term or renewal: a hundred years."""

STATUS = "offer; signed: fixed, needs the signed columns; excluded"


@rows_of("leases", "whole clusters or blocks of them", key=("lease",), offers="bought", category="lease")
class Lease(Row):
    """A row of `leases`: a cluster, or a block of one, on offer or signed."""

    lease: str = column("name", "a cluster, or a block of one, on offer")
    provider: str = column("name", "who offers it")
    region: str = column("name", "where it is")
    site: str | None = column("name", "which site; blank: the lease", default=None)
    status: str = column("choice", STATUS, default="offer", choices=("offer", "signed", "excluded"))
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
    status: str = column("choice", STATUS, default="offer", choices=("offer", "signed", "excluded"))
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
    hardware: str | None = column(
        "name", "which accelerator; of a mixed cluster see lease_out_hardware", default=None, refers=("hardware",)
    )
    accelerators: float | None = column("number", "per unit", unit="accelerators", default=None, above=0)
    status: str = column("choice", STATUS, default="offer", choices=("offer", "signed", "excluded"))
    sign_from: int | None = column("month", "first month it can be signed; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month it can be signed; blank: the horizon's", default=None)
    lead_months: int = column("count", "from signing to first service month", unit="months", default=0)
    service_not_before: int | None = column("month", "service cannot start before it", default=None)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    signed_units: int | None = column("count", "with status signed: how many units", unit="units", default=None)
    units_max: int = column("count", "whole units they would lease", unit="units", default=1)
    term_months: int = column("count", "length of the term", unit="months", low=1, high=LONGEST_MONTHS)
    usd_per_accelerator_hour: float = price(
        "income in each service month", unit="USD/accelerator-hour", default=REQUIRED
    )
    ramp: str | None = column(
        "name", "which ramp; blank: all of it from the first month", default=None, refers=("ramps",)
    )
    upfront_usd_per_unit: float = price("received in the month of signing, and kept", unit="USD/unit")
    prepay_share: float = column("share", "of every fee of the term, received in the month of signing", default=0.0)
    escalator_per_year: float = column(
        "number", "fee rise after each 12 service months", unit="share a year", default=0.0, low=0
    )
    recall_after_months: int | None = column(
        "count",
        "we may take units back after this many months plus notice; blank: no right to recall",
        unit="months",
        default=None,
    )
    recall_notice_months: int = column("count", "notice of recalling", unit="months", default=0)
    recall_fee_share: float = column(
        "share",
        "of the term's fees after the recall, paid by us the month after with the prepaid ones",
        default=0.0,
    )


@rows_of("lease_out_hardware", "what a unit of a mixed cluster leased out holds", key=("lease_out", "hardware"))
class LeaseOutHardware(Row):
    """A row of `lease_out_hardware`: accelerators in a unit of a lease-out."""

    lease_out: str = column("name", "which lease-out", refers=("lease_outs",))
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    accelerators: float = column("number", "per unit; several rows make a mixed cluster", unit="accelerators", low=0)


@rows_of("options", "rights bought now, used later", key=("option",))
class Option(Row):
    """A row of `options`: a right bought now and exercised later."""

    option: str = column("name", "a right bought now, used later")
    offer: str = column("name", "the offer it is on", refers=BOUGHT_OFFERS)
    premium_usd: float = price("paid when the option is bought", unit="USD", default=REQUIRED)
    buy_from: int | None = column("month", "first month it can be bought; blank: the horizon's", default=None)
    buy_until: int | None = column("month", "last month it can be bought; blank: the horizon's", default=None)
