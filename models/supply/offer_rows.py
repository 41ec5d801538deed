"""OfferRows: what the rows of a kind of offer say, and when they can be signed; a base of `OfferKind`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from models.columns import Row
from models.core.ledgers import Payer
from models.core.scopes import promised
from models.dataset import Dataset
from models.kinds import Kind, OfferKey
from models.plan import Signing
from models.realization import Realization
from models.schema import Sheet, sheet_of
from models.supply.signing import service_start


@dataclass(frozen=True, eq=False, kw_only=True)
class OfferRows(Kind, ABC):
    """The rows of a kind of offer, and when they can be signed.

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

    def has_to_be_taken(self, dataset: Dataset, row: Any) -> bool:
        """Whether a problem asks for it, so that only when it is taken is to be decided."""
        return False

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

    @property
    def derated(self) -> bool:
        """Whether less may arrive of it than was signed for: its sheet has delivered_share."""
        return any(each.name == "delivered_share" for each in fields(self.row))

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
        cash or obligations by month, spending is promised to the provider, or a rule speaks of the offer, nor with
        `every_month`.
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
        if not (every_month or self.early_signing_pays(row) or _early_signing_may_matter(dataset, name, row.provider)):
            prices = {m: [each.price(name, m) for each in dataset.realizations] for m in months}
            alike = {m for m in months if m + 1 in prices and (starts[m], prices[m]) == (starts[m + 1], prices[m + 1])}
            months = [m for m in months if m not in alike]
        return months

    def early_signing_pays(self, row: Any) -> bool:
        """Whether of two months with the same first service month the earlier may be the better one to sign in."""
        return False


def _early_signing_may_matter(dataset: Dataset, name: str, provider: str) -> bool:
    by_month = provider in promised(dataset)  # what is paid when signing may count towards one period or the next
    by_month = by_month or any(cap.measure.startswith(("cash", "obligation")) for cap in dataset.caps)
    return by_month or any(name in rule.offers for rule in dataset.rules)
