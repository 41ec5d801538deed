"""The ledgers in which the terms of the model meet: capacity and cost.

The capacity ledger holds the accelerators online of every source in every month, what is leased out
and what can be had on top; the cost ledger holds named payments by month. A source of capacity adds
to both and knows nothing of the other sources. The obligations ledger holds what is still owed, for
workbooks that cap it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from models.core.linear import Linear, Var
from models.grouping import groups
from models.kinds import Kind, OfferKey

Pool = tuple[str, str]
"""A region and a hardware: what it holds is shared freely by all segments."""


@dataclass(frozen=True, slots=True)
class Payer:
    """What a payment is for."""

    kind: Kind
    offer: str
    provider: str = ""
    region: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One source of committed capacity in one pool; `kind` may be that of probes (`models.probes`).

    `metered`: its hours used are told apart, as where they are billed (take-or-pay below 1).
    `term_months` tells a lease's terms apart; 0 for fleet. `usage_usd` per accelerator-hour used, paid
    for `charged` where that is another.
    """

    kind: Kind
    name: str
    term_months: int
    provider: str
    region: str
    site: str
    hardware: str
    usage_usd: float
    sublet: bool
    metered: bool = False
    charged: Payer | None = None

    def __hash__(self) -> int:
        return hash((self.name, self.term_months, self.hardware))  # of all fields it would take most of a look-up

    @property
    def pool(self) -> Pool:
        """The pool that the source is part of."""
        return self.region, self.hardware

    @property
    def payer(self) -> Payer:
        """The payer in the cost ledger of what using the source costs."""
        return self.charged or Payer(self.kind, self.name, self.provider, self.region, self.site)


class CapacityLedger:
    """Accelerators (not scaled) online by source and month, leased out and sold on top by pool and month.

    The rest is in model units of accelerators, by load block too: `overage` by source, hours sold
    `on_demand` and `work` in a pool, `site_work` the part of it that must run at one site, by site,
    `metered_use` of a source whose hours are told apart, and what is `idle` in a pool with overage, its margin
    apart. `power` in MW is what own sites have online, by month.
    """

    def __init__(self) -> None:
        self.online: dict[tuple[Source, int], Linear] = {}
        self.leased_out: dict[tuple[Pool, int], Linear] = {}
        self.overage: dict[tuple[Pool, int, str], dict[Source, Linear]] = defaultdict(dict)
        self.on_demand: dict[tuple[Pool, int, str], list[Var]] = defaultdict(list)
        self.work: dict[tuple[Pool, int, str], Linear] = {}
        self.site_work: dict[tuple[Pool, int, str], dict[str, Linear]] = defaultdict(dict)
        self.metered_use: dict[tuple[Source, int, str], Linear] = {}
        self.idle: dict[tuple[Pool, int, str], Linear] = {}
        self.power: dict[tuple[str, int], Linear] = {}
        self.reachable: set[tuple[Pool, int]] = set()

    def bring_online(self, source: Source, t: int, accelerators: Linear) -> None:
        """Adds accelerators of a source online in month t."""
        if accelerators.is_zero:
            return
        before = self.online.get((source, t))
        total = accelerators if before is None else before.times(1.0).plus(accelerators)
        self.online[source, t] = total.collect_terms().keep()
        self.reachable.add((source.pool, t))

    def lease_out(self, pool: Pool, t: int, accelerators: Linear) -> None:
        """Adds accelerators that are leased out to others in month t."""
        self.leased_out.setdefault((pool, t), Linear()).plus(accelerators)

    def sources(self) -> dict[tuple[Pool, int], list[Source]]:
        """The sources that can be online in each pool and month, in the order they were added."""
        return groups(((source.pool, t), source) for source, t in self.online)


class Charge(NamedTuple):
    """A payment of month t in USD, `amount` in full.

    Of it the share `cash` is money paid, the share `counted` is in the objective, and the share `spent` counts towards
    what the provider was promised.

    `reported` is False where a term reports the payment itself (usage charges, which are split over
    the sources of a class only once it is known what each did).
    """

    category: str
    payer: Payer
    t: int
    amount: Linear
    cash: float
    counted: float
    reported: bool
    spent: float


class CostLedger:
    """Every payment of the plan."""

    def __init__(self, discount: Callable[[int], float]) -> None:
        self.charges: list[Charge] = []
        self.discount = discount
        self._by_month: dict[int, list[Charge]] = defaultdict(list)

    def pay(
        self,
        category: str,
        payer: Payer,
        t: int,
        amount: Linear,
        *,
        cash: float = 1.0,
        counted: float = 1.0,
        reported: bool = True,
        spent: float | None = None,
    ) -> None:
        """Records a payment in month t.

        Parameters
        ----------
        category
            One of `models.plan.categories`.
        payer
            What it is for.
        t
            The month it is made in.
        amount
            The full amount, USD.
        cash
            The share of it that is money paid.
        counted
            The share of it that the objective counts.
        reported
            False where a term reports the payment itself.
        spent
            The share of it that counts towards spend commitments; what is money paid where None.
        """
        spent = cash if spent is None else spent
        if not amount.is_zero and (cash or counted or spent):
            charge = Charge(category, payer, t, amount.keep(), cash, counted, reported, spent)
            self.charges.append(charge)
            self._by_month[t].append(charge)

    def in_month(self, t: int) -> list[Charge]:
        """The payments of month t."""
        return self._by_month[t]

    def net_present_cost(self) -> Linear:
        """Sum over payments of counted amount x discount factor, in USD."""
        discount = {t: self.discount(t) for t in self._by_month}
        return Linear().plus_all((each.amount, each.counted * discount[each.t]) for each in self.charges)


class ObligationLedger:
    """What signings still owe; kept only where it is `asked` for, by a cap.

    `changes` are, by payer and month t, USD signed in t (or before month 0) and due later, less what is due in t.
    """

    def __init__(self, asked: bool) -> None:
        self.asked = asked
        self.changes: dict[Payer, dict[int, Linear]] = defaultdict(lambda: defaultdict(Linear))

    def owe(self, payer: Payer, signed: int, due: int, amount: Linear, scale: float = 1.0) -> None:
        """Records `scale` x `amount` USD that a signing of month `signed` owes in month `due`."""
        owed_from = max(signed, 0)
        if self.asked and owed_from < due:
            changes = self.changes[payer]
            changes[owed_from].plus(amount, scale)
            changes[due].plus(amount, -scale)

    def keep(self, payer: Payer) -> None:
        """Makes what is recorded of a payer compact, once all of it is."""
        if payer in self.changes:
            self.changes[payer].update({t: each.collect_terms().keep() for t, each in self.changes[payer].items()})


@dataclass(frozen=True, slots=True)
class SigningCount:
    """Units (contracts: 0 or 1) of an offer signed in month t; at most `most` of them over all months.

    `units` are units, of a contract blocks; `term_months` tells a lease's terms apart and is 0 for others.
    """

    t: int
    count: Linear
    most: int
    units: Linear
    term_months: int = 0


class SigningLedger:
    """Which offers can be signed when; what options and rules speak of."""

    def __init__(self) -> None:
        self._signings: dict[OfferKey, list[SigningCount]] = defaultdict(list)

    def sign(
        self, offer: OfferKey, t: int, count: Linear, most: int, *, units: Linear | None = None, term_months: int = 0
    ) -> None:
        """Records a way to sign an offer.

        Parameters
        ----------
        offer
            Which.
        t
            The month of signing.
        count
            Units signed; of a contract 0 or 1.
        most
            The most of them over all months.
        units
            Blocks of a contract; the counts themselves where None.
        term_months
            The term of a lease; 0 for others.
        """
        self._signings[offer].append(SigningCount(t, count, most, count if units is None else units, term_months))

    def of(self, offer: OfferKey) -> list[SigningCount]:
        """The signings of an offer; none for one that cannot be signed."""
        return self._signings.get(offer, [])

    def by(self, offer: OfferKey, t: int) -> Linear:
        """Units of the offer signed in month t or before."""
        return Linear().plus_all((each.count, 1.0) for each in self.of(offer) if each.t <= t)

    def most(self, offer: OfferKey) -> int:
        """The most units of the offer that can be signed, over all months."""
        return max((each.most for each in self.of(offer)), default=0)

    def __iter__(self) -> Iterator[OfferKey]:
        return iter(self._signings)
