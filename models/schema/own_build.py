"""Sheets of own build: power and shell, and chips, bought apart."""

from __future__ import annotations

from models.columns import REQUIRED, Row, column, price
from models.schema.offers import LONGEST_MONTHS, STATUS
from models.schema.sheets import rows_of


@rows_of("own_sites", "power and shell of our own, built in blocks", key=("build",), offers="bought", category="site")
class OwnSite(Row):
    """A row of `own_sites`: blocks of power that can be built at a site."""

    build: str = column("name", "blocks of power and shell that can be built")
    site: str | None = column(
        "name", "which site; the power of several builds of one adds up; blank: the build", default=None
    )
    provider: str = column("name", "who runs it", default="own")
    region: str = column("name", "where it is")
    status: str = column("choice", STATUS, default="offer", choices=("offer", "signed", "excluded"))
    sign_from: int | None = column("month", "first month it can be signed; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month it can be signed; blank: the horizon's", default=None)
    lead_months: int = column("count", "from signing to the first month with power", unit="months", default=0)
    service_not_before: int | None = column("month", "power cannot come before it", default=None)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    block_mw: float = column("number", "power of a block", unit="MW", above=0)
    blocks_max: int = column("count", "whole blocks that can be built, over all signings", unit="blocks", default=1)
    signed_blocks: int | None = column("count", "with status signed: how many blocks", unit="blocks", default=None)
    ramp: str | None = column("name", "which ramp; blank: all power at once", default=None, refers=("ramps",))
    term_months: int | None = column(
        "count", "months with power; blank: kept", unit="months", default=None, low=1, high=LONGEST_MONTHS
    )
    capex_usd_per_mw: float = price("paid in equal parts from the month of signing on", unit="USD/MW")
    capex_months: int = column("count", "parts that capex is paid in", unit="months", default=1, low=1, high=120)
    life_months: int = column(
        "count", "what capex is spread over, at most the term", unit="months", default=240, low=1, high=LONGEST_MONTHS
    )
    rent_usd_per_mw_month: float = price("by the power online", unit="USD/MW/month")
    escalator_per_year: float = column(
        "number", "rise of the rent after each 12 service months", unit="share a year", default=0.0, low=0
    )
    energy_usd_per_mwh: float = price("by what is used, at all-in facility power", unit="USD/MWh")
    financed_share: float = column("share", "of every payment of capex, borrowed", default=0.0)
    interest: float = column("number", "on what is borrowed", unit="share a year", default=0.0, low=0)
    tenor_months: int = column(
        "count", "equal instalments, from the month after the payment on", unit="months", default=60, low=1,
        high=LONGEST_MONTHS,
    )  # fmt: skip


@rows_of("chip_orders", "chips of our own, bought in lots", key=("order",), offers="bought", category="chips")
class ChipOrder(Row):
    """A row of `chip_orders`: lots of chips for a site of our own."""

    order: str = column("name", "lots of chips that can be ordered")
    provider: str = column("name", "who sells them", default="own")
    site: str = column("name", "a site of own_sites, whose power they need")
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    status: str = column("choice", STATUS, default="offer", choices=("offer", "signed", "excluded"))
    sign_from: int | None = column("month", "first month they can be ordered; blank: the horizon's", default=None)
    sign_until: int | None = column("month", "last month they can be ordered; blank: the horizon's", default=None)
    lead_months: int = column("count", "from the order to the month of delivery", unit="months", default=0)
    service_not_before: int | None = column("month", "delivery cannot come before it", default=None)
    delivered_share: float = column("share", "planning derate of what arrives; the price is paid in full", default=1.0)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    lot: float = column("number", "accelerators of a lot", unit="accelerators", above=0)
    lots_max: int = column("count", "whole lots that can be ordered, over all signings", unit="lots", default=1)
    signed_lots: int | None = column("count", "with status signed: how many lots", unit="lots", default=None)
    usd_per_accelerator: float = price("price, delivered or not", unit="USD/accelerator", default=REQUIRED)
    deposit_share: float = column("share", "of the price, paid when ordered; the rest on delivery", default=1.0)
    support_usd_per_accelerator_month: float = price(
        "of what is delivered, powered or not", unit="USD/accelerator/month"
    )
    life_months: int = column("count", "months they last", unit="months", default=60, low=1, high=LONGEST_MONTHS)
    financed_share: float = column("share", "of every payment of the price, borrowed", default=0.0)
    interest: float = column("number", "on what is borrowed", unit="share a year", default=0.0, low=0)
    tenor_months: int = column(
        "count", "equal instalments, from the month after the payment on", unit="months", default=60, low=1,
        high=LONGEST_MONTHS,
    )  # fmt: skip

    @property
    def term_months(self) -> int:
        """They last for their life."""
        return self.life_months
