"""Plan: what was decided, as immutable tables; the one thing the model, the audit and the writer share.

Months are months t of the horizon (0 … T-1); a signed row may lie before it (negative) and an end
or a payment beyond it (T or more). Accelerators are averages over the hours of a load block of the
month; tokens are billions in that load block of that month (not per day). Decisions come first,
then how they are used, then what follows from them (capacity and payments), which the audit
recomputes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.grouping import groups
from models.kinds import Kind, OfferKey, OfferKind
from models.schema import SHEETS

INTEREST = "interest"
"""The category of interest on what is drawn: no cap on cash counts it."""


def categories() -> list[str]:
    """Categories of payment, in the order of reports; those of offers that others take of us are negative.

    lease: fees, upfronts and termination fees of leases. contract: bills with overage, upfronts and
    top-ups of contracts. commitment: top-ups of spend commitments. usage: usage charges of fleet, leases and contracts.

    >>> categories()[:3], categories()[-1]
    (['lease', 'contract', 'site'], 'run_value')
    """
    sides = ("bought", "promised", "sold", "done")
    bought, promised, sold, done = ([each.category for each in SHEETS if each.offers == side] for side in sides)
    other = ["option", "on_demand", "fleet", "network", INTEREST, "revenue_forgone", "limit_change", "shortfall"]
    return [*bought, *promised, "usage", *other, *sold, *done]


@dataclass(frozen=True, slots=True)
class Signing:
    """Units of one offer signed together and ending together; one of `status` signed counts too.

    Units of the same signing that end in different months are separate rows. `month` is the month
    of signing, `start` the first service month, `end` the last service month for the end chosen
    (beyond the horizon too), after cancelling or renewing. `units`: lease or lease-out units,
    contract blocks. `cancelled`: it stops before its term's end. `renewals`: how many times renewed.
    `signed`: the row has status signed, so signing it was no choice of this plan.
    """

    kind: OfferKind
    name: str
    month: int
    term_months: int
    units: int
    start: int
    end: int
    cancelled: bool = False
    renewals: int = 0
    signed: bool = False

    @property
    def offer(self) -> OfferKey:
        """What was signed."""
        return OfferKey(self.kind, self.name)

    def moved(self, months: int) -> Signing:
        """The same that many months later."""
        return replace(self, month=self.month + months, start=self.start + months, end=self.end + months)


@dataclass(frozen=True, slots=True)
class OptionPurchase:
    """An option bought in month t."""

    name: str
    month: int


@dataclass(frozen=True, slots=True)
class LimitChoice:
    """The limit of a lever in force for a segment in month t; one row a month for each lever of its limits."""

    segment: str
    month: int
    limit: str
    lever: str = "limit"


@dataclass(frozen=True, slots=True)
class Serving:
    """Tokens of a segment and demand region served in a load block, and by what.

    `site` is the site for single-site segments and "" for the others. For a deferrable segment the
    block is the one the work is done in.
    """

    month: int
    block: str
    segment: str
    region: str
    capacity_region: str
    hardware: str
    site: str
    tokens_bn: float


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Tokens of a segment and demand region not served. `block` is "" for a deferrable segment."""

    month: int
    block: str
    segment: str
    region: str
    tokens_bn: float


@dataclass(frozen=True, slots=True)
class SourceUse:
    """Accelerators of one source at work in a load block: within what is online, and overage on top.

    `kind` and `name`: a fleet asset or an offer; `term_months` tells the terms of a lease apart
    (their usage charges differ) and is 0 for fleet.
    """

    month: int
    block: str
    kind: Kind
    name: str
    term_months: int
    hardware: str
    accelerators: float
    overage: float = 0.0


@dataclass(frozen=True, slots=True)
class OnDemandUse:
    """Accelerators bought on demand in a load block."""

    month: int
    block: str
    provider: str
    region: str
    hardware: str
    accelerators: float


@dataclass(frozen=True, slots=True)
class Online:
    """Accelerators of one source online in month t: after derate and ramp, before lease-outs."""

    month: int
    kind: Kind
    name: str
    term_months: int
    provider: str
    region: str
    site: str
    hardware: str
    accelerators: float
    mw: float


@dataclass(frozen=True, slots=True)
class Payment:
    """Money of one category and offer in month t, undiscounted as paid, and its part of the objective.

    `cash_usd` counts payments in full when made (0 for revenue forgone and shortfall), `present_value_usd`
    what the objective counts: prorated at the end of the horizon, discounted. `offer` is the lease,
    contract, asset, option, lease-out, segment or, for on-demand, `provider region hardware`.
    """

    month: int
    category: str
    provider: str
    offer: str
    cash_usd: float
    present_value_usd: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. Rows with nothing in them are left out; limits are complete."""

    signings: tuple[Signing, ...] = ()
    options: tuple[OptionPurchase, ...] = ()
    limits: tuple[LimitChoice, ...] = ()
    serving: tuple[Serving, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    source_use: tuple[SourceUse, ...] = ()
    on_demand: tuple[OnDemandUse, ...] = ()
    online: tuple[Online, ...] = ()
    payments: tuple[Payment, ...] = ()

    def limits_in_force(self) -> dict[tuple[str, int], str]:
        """The limit in force by segment and month; of several levers all of them, in words."""
        found = groups(((each.segment, each.month), each.limit) for each in self.limits)
        return {key: " and ".join(names) for key, names in found.items()}

    @property
    def objective_usd(self) -> float:
        """Net present cost: the sum of the payments' present values."""
        return sum(each.present_value_usd for each in self.payments)

    @property
    def chosen(self) -> tuple[Signing, ...]:
        """The signings that are decisions of the plan: those that the workbook does not give."""
        return tuple(each for each in self.signings if not each.signed)

    def takes(self, offer: OfferKey) -> bool:
        """Whether the plan chooses to sign some of an offer."""
        return any(each.offer == offer for each in self.chosen)

    def costs_usd(self) -> dict[str, float]:
        """Present value by category, every category named; sums to the objective."""
        costs = dict.fromkeys(categories(), 0.0)
        for each in self.payments:
            costs[each.category] += each.present_value_usd
        return costs
