"""OfferKind: all that the planner has to know of one kind of offer, in one class; `models.supply.registry` lists them.

What is common to kinds is here; what a kind has to say for itself is abstract, so that a kind half written cannot
be made. A row of the kind's sheet is called `row`; months are months t of the horizon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.columns import Row
from models.core.ledgers import Payer
from models.dataset import Dataset
from models.grouping import largest
from models.kinds import Kind, OfferKey
from models.plan import Plan, Signing
from models.realization import Realization
from models.schema import Sheet, sheet_of
from models.supply.bill_rows import BillRow, Hours
from models.supply.local_worth import LocalWorth, Values
from models.supply.next_round import Rolled, RollState
from models.supply.signing import service_start

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
    """A price as the sheet has it, and what it is the price of: `accelerator-hour`, `kW-month`."""

    usd: float
    per: str


@dataclass(frozen=True, eq=False, kw_only=True)
class OfferKind(Kind, ABC):
    """A kind of offer.

    Parameters
    ----------
    row
        The class of the rows of its sheet, whose key is the offer's name.
    parts
        The classes of the rows of its other sheets, whose keys begin with the offer's name.
    cash_group
        What its cash is called in tables by month and year.
    signing_families
        The families of columns that say what is signed of it.
    window
        The columns that say from when to when it can be signed.
    most_column, signed_column
        The columns that say how many units can be taken, and how many were.
    signed_once
        Whether it is signed at most once, so that units left over are not on offer again.
    uncertain
        Whether scenario factors act on it: price, share delivered, delay, exit of the supplier.
    brings
        Whether it brings accelerators online by itself.
    hosts
        Whether its provider runs what it brings.
    several_terms
        Whether an offer is signed for one of several terms, which then tells its signings and sources apart.
    residual
        Whether hours that it binds beyond the horizon are fees less a worth (`models.supply.residuals`).
    """

    row: type[Row]
    parts: tuple[type[Row], ...] = ()
    cash_group: str
    signing_families: tuple[str, ...]
    window: tuple[str, str] = ("sign_from", "sign_until")
    most_column: str = "units_max"
    signed_column: str = "signed_units"
    signed_once: bool = False
    uncertain: bool = True
    several_terms: bool = False
    residual: bool = False
    brings: bool = True
    hosts: bool = True
    purchase: bool = True

    @property
    def is_offer(self) -> bool:
        """Whether caps in the scope `offer` may speak of it."""
        return self.sheet.offers == "bought"

    # rows

    @property
    def sheet(self) -> Sheet:
        """Its sheet."""
        return sheet_of(self.row)

    @property
    def category(self) -> str:
        """Of the payments that name the offer itself."""
        return self.sheet.category

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of all its sheets."""
        return tuple(sheet_of(row).name for row in (self.row, *self.parts))

    def name_of(self, row: Any) -> str:
        """The name of an offer."""
        return str(getattr(row, self.sheet.key[0]))

    def key(self, row: Any) -> OfferKey:
        """What tells an offer from all others."""
        return OfferKey(self, self.name_of(row))

    def rows(self, dataset: Dataset) -> tuple[Any, ...]:
        """Its offers in a workbook."""
        return dataset.rows(self.sheet.name)

    def of(self, dataset: Dataset) -> Mapping[str, Any]:
        """Its offers by name."""
        return dataset.named(self.sheet.name)

    def status(self, row: Any) -> str:
        """offer, signed or excluded."""
        return str(getattr(row, "status", "offer"))

    def most(self, row: Any) -> int:
        """The most units that can be taken of an offer."""
        return int(getattr(row, self.most_column))

    def is_open(self, row: Any) -> bool:
        """Whether it is still to be decided if and when an offer is taken."""
        return self.status(row) == "offer" and self.most(row) > 0

    def most_units(self, row: Any) -> int:
        """The most units that there are or can be of an offer."""
        return max(self.most(row), self.units_signed(row))

    def units_signed(self, row: Any) -> int:
        """Units of a row of status signed."""
        return int(getattr(row, self.signed_column, None) or 0)

    def signed_before(self, dataset: Dataset, row: Any) -> int | None:
        """The month t in which a row of status signed was signed; None for others."""
        month = getattr(row, "signed_month", None)
        return dataset.t(month) if self.status(row) == "signed" and month is not None else None

    def site(self, row: Any) -> str:
        """The site of an offer; its own name where the sheet gives none."""
        return getattr(row, "site", None) or self.name_of(row)

    def region(self, dataset: Dataset, row: Any) -> str:
        """Where an offer is."""
        return str(row.region)

    def payer(self, dataset: Dataset, row: Any) -> Payer:
        """What its payments are for."""
        site = self.site(row) if self.buys else ""
        return Payer(self, self.name_of(row), row.provider, self.region(dataset, row), site)

    def way(self, signing: Signing) -> int:
        """The term that tells signings and sources of an offer apart; 0 where it has but one."""
        return signing.term_months if self.several_terms else 0

    def terms(self, dataset: Dataset, row: Any) -> Iterable[int]:
        """The terms an offer can be signed for, months."""
        return (row.term_months,)

    @abstractmethod
    def ramps(self, dataset: Dataset, row: Any) -> Iterable[tuple[str | None, int]]:
        """The ramps an offer names, each with the length of the term that does so."""

    # when

    def start(self, dataset: Dataset, row: Any, signed: int, realization: Realization | None = None) -> int:
        """First service month of a signing of month `signed`; `realization` stands in for the dataset's own."""
        return service_start(dataset, row, self.name_of(row) if self.uncertain else None, signed, realization)

    def exit(self, dataset: Dataset, row: Any) -> int | None:
        """The month from which the supplier is gone in this scenario; None when it stays."""
        return dataset.realization.exit(self.name_of(row), row.provider) if self.uncertain else None

    def last_month_to_sign(self, dataset: Dataset, row: Any) -> int:
        """The last month in which a signing still starts service inside the horizon; below 0 when none does."""
        last = len(dataset.horizon) - 1
        return last - row.lead_months if self.start(dataset, row, -row.lead_months) <= last else -1

    def signing_window(self, dataset: Dataset, row: Any) -> range:
        """Months in which an offer can be signed with service starting inside the horizon; may be empty."""
        window = dataset.window(row.sign_from, row.sign_until)
        return range(window.start, min(window.stop, self.last_month_to_sign(dataset, row) + 1))

    def signing_months(self, dataset: Dataset, row: Any, *, every_month: bool = False) -> list[int]:
        """Months in which an offer can be signed: in its window, with service starting inside the horizon.

        A signing is a decision common to scenarios: it is on offer where service starts inside the horizon in one of
        them. Once the supplier is gone there is nothing to sign. Of several months with the same first service month
        and price, in every scenario, only the last is kept: money paid later costs no more. Not so where caps count
        cash or obligations by month, or a rule speaks of the offer, nor with `every_month`.
        """
        shared = "signing_months", self.key(row), every_month, bool(dataset.scenario)
        if shared not in dataset.common:
            dataset.common[shared] = self._months_on_offer(dataset, row, every_month)
        gone = self.exit(dataset, row)
        return [m for m in dataset.common[shared] if gone is None or m < gone]

    def _months_on_offer(self, dataset: Dataset, row: Any, every_month: bool) -> list[int]:
        """The same for as long as the supplier is there, alike in all scenarios."""
        name = self.name_of(row)
        window = dataset.window(row.sign_from, row.sign_until)
        starts = {m: [self.start(dataset, row, m, each) for each in dataset.realizations] for m in window}
        months = [m for m, found in starts.items() if min(found) < len(dataset.horizon)]
        if not (every_month or self.early_signing_pays(row) or _early_signing_may_matter(dataset, name)):
            prices = {m: [each.price(name, m) for each in dataset.realizations] for m in months}
            alike = {m for m in months if m + 1 in prices and (starts[m], prices[m]) == (starts[m + 1], prices[m + 1])}
            months = [m for m in months if m not in alike]
        return months

    def early_signing_pays(self, row: Any) -> bool:
        """Whether of two months with the same first service month the earlier may be the better one to sign in."""
        return False

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
        """The row with the offer off the table; rules and caps still know its name."""
        return replace(row, status="excluded")

    def without(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The same problem without an offer, or with nothing of the kind on the table."""
        return self.changed(
            dataset, lambda row: self.excluded(row) if self.status(row) == "offer" or name else row, name
        )

    def delivered(self, dataset: Dataset, name: str | None, factor: float) -> Dataset:
        """The same problem with the share that an offer delivers, or all, times `factor`."""
        return self.changed(
            dataset, lambda row: replace(row, delivered_share=min(1.0, row.delivered_share * factor)), name
        )

    def delayed(self, dataset: Dataset, name: str | None, months: int) -> Dataset:
        """The same problem with service starting later than planned; what is already in service stays."""

        def late(row: Any) -> Any:
            signed = row.signed_month
            in_service = signed is not None and self.start(dataset, row, dataset.t(signed)) < 0
            if in_service:
                return row
            not_before = getattr(row, "service_not_before", None)
            postponed = {} if not_before is None else {"service_not_before": not_before + months}
            return replace(row, lead_months=row.lead_months + months, **postponed)

        return self.changed(dataset, late, name)

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


def _early_signing_may_matter(dataset: Dataset, name: str) -> bool:
    by_month = any(cap.measure.startswith(("cash", "obligation")) for cap in dataset.caps)
    return by_month or any(name in rule.offers for rule in dataset.rules)
