"""OfferKind: all that the planner has to know of one kind of offer, in one class; `models.supply.registry` lists them.

What its rows say and when they can be signed is in `models.supply.offer_rows`. What is common to kinds is here and
there; what a kind has to say for itself is abstract, so that a kind half written cannot be made. A row of the kind's
sheet is called `row`; months are months t of the horizon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.dataset import Dataset
from models.grouping import largest
from models.plan import Plan, Signing
from models.supply.bill_rows import BillRow, Hours
from models.supply.local_worth import LocalWorth, Values
from models.supply.next_round import Rolled, RollState
from models.supply.offer_rows import OfferRows

if TYPE_CHECKING:
    from models.core.model import Model

SHORTEST_MONTH_HOURS = 672.0
"""Hours of a February: a price by the month is highest by the hour then."""
GIVE_NOTICE, RENEW = "give notice", "renew"
"""What may be done about a signing after it."""
Family = Callable[..., float]
"""What a plan says of a column of a family, by the column's key; NaN where it says nothing."""


@dataclass(frozen=True, slots=True)
class OfferPrice:
    """A price as the sheet has it, and what it is the price of: `accelerator-hour`, `kW-month of the first tier`."""

    usd: float
    per: str


class OfferKind(OfferRows, ABC):
    """A kind of offer: in the model, what a signing brings and costs, its price, other problems and the next round."""

    # in the model

    @abstractmethod
    def add(self, model: Model) -> None:
        """Adds every offer that is signed or can be, its capacity and its payments; reads its signings back."""

    def add_use(self, model: Model) -> None:
        """Adds what depends on how much is used, once the pools are balanced."""
        return

    @abstractmethod
    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        """What a plan says of its families of whole-number columns, of which the first key is the offer."""

    @abstractmethod
    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        """Whether a column of its families is a decision taken in month `last` or before, by the column's key."""

    # what a signing brings and costs

    @abstractmethod
    def mw_per_unit(self, dataset: Dataset, row: Any) -> float:
        """Power of a unit, MW."""

    @abstractmethod
    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        """Accelerators of a unit in month t of the signing's service, by hardware, after derate and ramp."""

    def usage_rate(self, dataset: Dataset, name: str, term_months: int) -> float:
        """USD per accelerator-hour used of an offer (and term)."""
        return float(getattr(self.of(dataset)[name], "usage_usd_per_accelerator_hour", 0.0))

    def most_mw(self, dataset: Dataset, signing: Signing, months: range) -> float:
        """Power of a unit in the one of these months of the signing's service with most of it, MW."""
        most = largest(pair for t in months for pair in self.accelerators(dataset, signing, t).items())
        return sum(count * dataset.hardware_of[name].kw for name, count in most.items()) / 1000.0

    def charged_name(self, dataset: Dataset, name: str) -> str:
        """What its usage charges name as their offer."""
        return name

    def borrowed(self, dataset: Dataset, signing: Signing) -> Iterator[tuple[int, float]]:
        """USD by month that others pay for us, less what we pay them back: what spending exceeds cash by."""
        return iter(())

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        """What a signing owes in month t, to split the payments of an offer signed more than once: its units."""
        return float(signing.units) if signing.start <= t <= signing.end else 0.0

    @abstractmethod
    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterable[BillRow]:
        """What a signing is billed, line by line, by the hours used within what is online and above it."""

    def notices(self, dataset: Dataset, signing: Signing) -> Iterator[tuple[str, int, int]]:
        """What is done about a signing after it: GIVE_NOTICE or RENEW, in which month, and the end that gives."""
        return iter(())

    @abstractmethod
    def service_months(
        self, dataset: Dataset, row: Any, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        """Hardware that signings of those months may have at work, with the months, and whether at a site.

        For the longest service; whether any at all, not how much.
        """

    def hardware(self, dataset: Dataset, row: Any) -> Iterable[str]:
        """The hardware of an offer."""
        return (row.hardware,) if hasattr(row, "hardware") else ()

    def works_without_margin(self, row: Any) -> bool:
        """Whether something of it can be at work even where the reserve margin keeps everything free."""
        return False

    @abstractmethod
    def block_sizes(self, dataset: Dataset, row: Any) -> Iterable[float]:
        """Accelerators that come together, by hardware, as the sheet has them: what the model is scaled by."""

    # its price

    @abstractmethod
    def hourly_usd(self, dataset: Dataset, row: Any) -> Iterable[float]:
        """Every price of an offer by the accelerator-hour, at the most."""

    @abstractmethod
    def price(self, dataset: Dataset, row: Any) -> OfferPrice:
        """Its price at a glance: of several terms that of the longest, of several tiers of the first."""

    @abstractmethod
    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        """The same problem with the offer's rates and upfronts times `factor`."""

    @abstractmethod
    def local_worth(self, dataset: Dataset, values: Values, row: Any) -> Iterator[LocalWorth]:
        """What a unit is worth at marginal values, for every month and term it can be signed in and for."""

    def ended_beyond(self, dataset: Dataset, signing: Signing) -> Signing:
        """The signing with its end beyond the horizon where the end of the horizon of `dataset` makes it cheapest."""
        return signing

    # other problems

    def changed(self, dataset: Dataset, change: Callable[[Any], Any], name: str | None = None) -> Dataset:
        """The same problem with its rows changed, or the one of a name."""
        rows = (change(row) if name in (None, self.name_of(row)) else row for row in self.rows(dataset))
        return dataset.with_rows(**{self.sheet.name: rows})

    def excluded(self, row: Any) -> Any:
        """The row with the offer off the table: none of it is left, by its status where it has no such column.

        Rules still know it, and caps and losses whom it names where none of it is left.
        """
        return replace(row, **({self.most_column: 0} if hasattr(row, self.most_column) else {"status": "excluded"}))

    def without(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The same problem without an offer, or with nothing of the kind on the table; what is signed stays."""
        return self.changed(dataset, lambda row: self.excluded(row) if self.status(row) == "offer" else row, name)

    # rounds

    @abstractmethod
    def roll(self, state: RollState) -> None:
        """Writes its rows of the next round: what is signed by then as signed, what is left to sign as an offer."""

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        """A signing made before the round began, as the next round's workbook has it; nothing of one that is over."""
        if rolled.name_of(signing) is not None:
            yield replace(signing.moved(-rolled.to), signed=True)

    def undecided(self, dataset: Dataset, signing: Signing, to: int) -> bool:
        """Whether what becomes of a signing is still to be decided in month `to`."""
        return False

    def taken_alike(self, dataset: Dataset, signing: Signing) -> Signing | None:
        """The signing as it stands under the facts of `dataset`; None where its terms are not on offer there."""
        start = self.start(dataset, self.of(dataset)[signing.name], signing.month)
        return replace(signing, start=start, end=start + signing.term_months - 1)
