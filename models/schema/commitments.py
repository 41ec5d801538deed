"""Sheets of money promised, whatever it is spent on."""

from __future__ import annotations

from models.columns import REQUIRED, Row, column, price
from models.schema.sheets import rows_of


@rows_of(
    "spend_commitments",
    "money promised to a provider across its services, topped up where too little is spent",
    key=("commitment",),
    offers="promised",
    category="commitment",
)
class SpendCommitment(Row):
    """A row of `spend_commitments`: what a provider is paid at least in each period."""

    commitment: str = column("name", "money promised to a provider")
    provider: str = column("name", "to whom; what is paid for its services counts")
    usd: float = price("paid at least in each period", unit="USD", default=REQUIRED)
    from_month: int = column("month", "first month; an offer is signed in it or not at all")
    until_month: int = column("month", "last month")
    per: str = column(
        "choice",
        "term: usd over all its months; year: in every 12 months from from_month on, the last perhaps fewer, pro rata",
        default="term",
        choices=("term", "year"),
    )
    status: str = column(
        "choice",
        "signed; offer; excluded",
        default="signed",
        choices=("signed", "offer", "excluded"),
    )
    on_demand_multiple: float = column("share", "of the provider's on-demand prices while it is in force", default=1.0)
    spent_usd: float | None = price(
        "spent before month 0 in the period under way; blank: that period counts for its months inside",
        unit="USD",
        default=None,
    )

    @property
    def region(self) -> str:
        """None: it holds wherever the provider is."""
        return ""

    @property
    def lead_months(self) -> int:
        """It is in force from the month of signing."""
        return 0

    @property
    def sign_from(self) -> int:
        """The one month in which it can be signed."""
        return self.from_month

    @property
    def sign_until(self) -> int:
        """The one month in which it can be signed."""
        return self.from_month

    @property
    def signed_month(self) -> int | None:
        """When it was signed, with status signed."""
        return self.from_month if self.status == "signed" else None

    @property
    def term_months(self) -> int:
        """Months from the first to the last."""
        return self.until_month - self.from_month + 1
