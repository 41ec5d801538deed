"""What must go on when something is lost."""

from __future__ import annotations

from models.columns import REQUIRED, Row, column
from models.schema.sheets import rows_of


@rows_of(
    "resilience",
    "what must be served when a site, provider or region is lost",
    key=("against", "segment", "from_month"),
)
class Resilience(Row):
    """A row of `resilience`: a share of demand that the loss of any one of a kind must leave."""

    against: str = column(
        "choice", "each of them is lost by itself, in each month", choices=("site", "provider", "region")
    )
    segment: str = column(
        "name", "which; * for all, but in months in which they have a row of their own; single-site ones are left out",
        default="*",
    )  # fmt: skip
    protected_share: float = column(
        "share", "of demand after limits that the rest must be able to serve, at whatever cost", default=REQUIRED
    )
    from_month: int | None = column("month", "first month it holds; blank: always", default=None)
    until_month: int | None = column("month", "last month it holds; blank: always", default=None)
