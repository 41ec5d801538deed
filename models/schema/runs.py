"""Work that is done once, at a time of our choosing."""

from __future__ import annotations

from models.columns import Row, column, price
from models.schema.sheets import rows_of


@rows_of("runs", "work done once, at a time of our choosing", key=("run",), offers="done", category="run_value")
class Run(Row):
    """A row of `runs`: a training run or the like, with a window, a duration and a value."""

    run: str = column("name", "work that is done once; no segment's name")
    workload: str = column("name", "row of throughput that does it", refers=("throughput",))
    region: str = column("name", "where it is wanted, as demand is")
    tokens_bn_per_day: float = column(
        "number", "asked for in each of its months, at any time within the month", unit="bn tokens/day", low=0
    )
    months: int = column("count", "how long it lasts, without a pause", unit="months", low=1, high=1200)
    start_from: int | None = column("month", "first month it can start; blank: the horizon's", default=None)
    start_until: int | None = column("month", "last month it can start; blank: the horizon's", default=None)
    value_usd: float | None = column(
        "number", "income in its last month; blank: it must be done", unit="USD", default=None
    )
    must: bool = column("flag", "done whatever its value", default=False)
    loss_usd_per_month_late: float = price(
        "of the value, for each month that it starts after start_from", unit="USD/month"
    )
    single_site: bool = column("flag", "in each month all of it runs at one site", default=True)

    @property
    def provider(self) -> str:
        """It is our own."""
        return ""

    @property
    def lead_months(self) -> int:
        """It runs from the month in which that is decided."""
        return 0

    @property
    def sign_from(self) -> int | None:
        """The first month in which it can start."""
        return self.start_from

    @property
    def sign_until(self) -> int | None:
        """The last month in which it can start."""
        return self.start_until

    @property
    def term_months(self) -> int:
        """How long it lasts."""
        return self.months
