r"""Spend commitments: money promised to a provider across its services.

Decision, per commitment c of status offer: `committed[c]` binary, in its first month. In each period P of a commitment
(`models.supply.commitment_periods`), with usd_P promised in it:
`spend_top_up[c,P]` >= usd_P x committed - \sum of what the provider is paid in its months, due in the last of them.
While c is in force the provider's on-demand hours cost on_demand_multiple of their price. Of what on-demand hours cost
without c, `on_demand_under[c,s,t]` is the part at its multiple (model units of money): all of it where c is signed and
no commitment with a lower multiple is, at most `most` x committed; what it saves is taken off the bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter

from models.core.finance import cash_caps
from models.core.ledgers import Charge, Payer
from models.core.linear import Linear
from models.core.model import Model
from models.demand.service import ANY_BLOCK, demand_of
from models.demand.sites import upper_bound
from models.kinds import ON_DEMAND
from models.plan import Plan, Signing
from models.schema import SpendCommitment
from models.supply.commitment_periods import Period, months_in_force, on_demand_multiple, periods, signed_commitments
from models.supply.kind import OfferKind

ROUNDING = 1e-12
"""What is missing of a promise below this share of it is rounding of the sum of what was paid."""


def add_commitments(model: Model, kind: OfferKind) -> None:
    """Adds the choice of commitments on offer, what they take off on-demand prices, and the top-ups of all."""
    dataset = model.dataset
    on_offer = {(kind.name_of(row), m): row for row in kind.rows(dataset) if kind.is_open(row)
                for m in kind.signing_months(dataset, row)}  # fmt: skip
    committed = model.add_variables("committed", on_offer, upper=1, integer=True, decided=itemgetter(1))
    taken = {row.commitment: Linear(1.0) for row in signed_commitments(dataset)}
    for (name, m), variable in committed.items():
        taken[name] = Linear.of(variable)
        model.signings.sign(kind.key(on_offer[name, m]), m, taken[name], 1)
    rows = [row for row in kind.rows(dataset) if row.commitment in taken]
    most = _MostUsd(model)
    _lower_on_demand_prices(model, [row for row in rows if row.status == "offer"], taken, most)
    _top_up(model, kind, rows, taken, most)

    def read() -> Plan:
        return Plan(signings=tuple(_signing(kind, model, row) for row in rows if round(taken[row.commitment].value())))

    model.readers.append(read)


def _signing(kind: OfferKind, model: Model, row: SpendCommitment) -> Signing:
    first, last = model.dataset.t(row.from_month), model.dataset.t(row.until_month)
    signed = row.status == "signed"
    return Signing(kind, row.commitment, first, row.term_months, 1, first, last, signed=signed)


class _MostUsd:
    """The most that charges can come to: no more accelerators work in a month than its demand after limits takes.

    So columns without an upper bound are accelerators at work; those of money have one, where a limit is made of them.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._work: dict[int, float] = {}

    def of(self, t: int, usd: Linear) -> float:
        """An upper bound of an amount of month t in which nothing is negative, or of its size."""
        total = abs(usd.constant)
        for coefficient, variable in zip(usd.coefficients, usd.variables, strict=True):
            total += abs(coefficient) * (self._most_work(t) if variable.ub is None else variable.ub)
        return total

    def _most_work(self, t: int) -> float:
        """Accelerators that demand of month t can keep at work in a load block, model units."""
        if t not in self._work:
            total = 0.0
            for each in self.model.services:
                if each.t == t and each.tokens:
                    tokens = (upper_bound(demand_of(self.model, each, regions, ANY_BLOCK)) for regions in each.groups)
                    total += sum(tokens) / min(each.tokens.values())
            self._work[t] = total
        return self._work[t]


def _lower_on_demand_prices(
    model: Model, rows: Sequence[SpendCommitment], taken: Mapping[str, Linear], most: _MostUsd
) -> None:
    """What on-demand hours cost less while a commitment is in force, of several the one with the lowest multiple."""
    dataset, unit, signed = model.dataset, model.units.usd, signed_commitments(model.dataset)
    billed: dict[tuple[Payer, int], Linear] = defaultdict(Linear)
    for each in model.costs.charges:
        if each.payer.kind == ON_DEMAND:
            billed[each.payer, each.t].plus(each.amount)
    lower = {}
    for payer, t in billed:
        already = on_demand_multiple(dataset, signed, payer.provider, t)
        mine = [row for row in rows if row.provider == payer.provider and t in months_in_force(dataset, row)]
        cheaper = [row for row in mine if row.on_demand_multiple < already]
        if already and cheaper:
            lower[payer, t] = already, sorted(cheaper, key=lambda row: (row.on_demand_multiple, row.commitment))
    keys = [(row.commitment, payer.offer, payer.region, t) for (payer, t), (_, mine) in lower.items() for row in mine]
    under = model.add_variables("on_demand_under", keys)
    for (payer, t), (already, mine) in lower.items():
        bill = billed[payer, t].times(1.0 / unit)
        limit, covered = most.of(t, bill), Linear()
        for row in mine:
            key = row.commitment, payer.offer, payer.region, t
            covered = covered.times(1.0).add(under[key])
            part, choice = Linear.of(under[key]), taken[row.commitment]
            model.add_constraint("under_if_committed", key, part.times(1.0).plus(choice, -limit), at_most=0.0)
            rest = covered.times(1.0).plus(bill, -1.0).plus(choice, -limit)
            model.add_constraint("committed_price_holds", key, rest, at_least=-limit)
            saved = 1.0 - row.on_demand_multiple / already
            model.costs.pay(ON_DEMAND.name, payer, t, part.times(-saved * unit))
        last = (mine[-1].commitment, payer.offer, payer.region, t)
        model.add_constraint("under_within_bill", last, covered.plus(bill, -1.0), at_most=0.0)


def _top_up(
    model: Model, kind: OfferKind, rows: Sequence[SpendCommitment], taken: Mapping[str, Linear], most: _MostUsd
) -> None:
    """What each period's spending is topped up by, exactly, in the last of its months."""
    unit = model.units.usd
    found: dict[tuple[str, int], tuple[SpendCommitment, Period]] = {
        (row.commitment, each.months[0]): (row, each) for row in rows for each in periods(model.dataset, row)
    }
    top_ups = model.add_variables("spend_top_up", found)
    spending = {provider: _spending(model, provider) for provider in {row.provider for row, _ in found.values()}}
    missing_in: dict[tuple[str, int], tuple[Linear, float]] = {}
    for key, (row, period) in found.items():
        part, missing = Linear.of(top_ups[key]), taken[row.commitment].times(period.usd / unit)
        limit = abs(period.usd) / unit
        for t in period.months:
            for charge in spending[row.provider].get(t, ()):
                missing.plus(charge.amount, -charge.spent / unit)
                limit += most.of(t, charge.amount) * charge.spent / unit
        model.add_constraint("commitment_is_met", key, part.times(1.0).plus(missing, -1.0), at_least=0.0)
        if any(cap.sense == "min" for cap in cash_caps(model.dataset)):
            model.add_positive_part("spend_top_up", key, part, missing, limit)
        model.costs.pay(kind.category, kind.payer(model.dataset, row), period.months[-1], part.times(unit))
        missing_in[key] = missing.keep(), ROUNDING * abs(period.usd) / unit

    def settle() -> None:
        """What is missing, exactly: a scenario that does not count in the objective may top up more."""
        for key, (missing, noise) in missing_in.items():
            owed = missing.value()
            top_ups[key].set_value(owed if owed > noise else 0.0, skip_validation=True)

    model.settlers.append(settle)


def _spending(model: Model, provider: str) -> dict[int, list[Charge]]:
    """What is paid for a provider's capacity, by month."""
    found: dict[int, list[Charge]] = defaultdict(list)
    for each in model.costs.charges:
        if each.spent and each.payer.kind.purchase and each.payer.provider == provider:
            found[each.t].append(each)
    return found
