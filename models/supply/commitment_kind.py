"""Spend commitments as a kind of offer; their terms in the model are in `models.supply.commitments`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.kinds import FLEET, ON_DEMAND
from models.plan import Plan, Signing
from models.realization import Realization
from models.schema import SHEETS, SpendCommitment
from models.supply.bill_rows import BillRow, Hours
from models.supply.capacityless_kind import KindWithoutCapacity
from models.supply.commitment_periods import YEAR
from models.supply.commitments import add_commitments
from models.supply.kind import Family, OfferPrice
from models.supply.next_round import RollState


class CommitmentKind(KindWithoutCapacity):
    """Money promised to a provider across its services, signed in one month or not at all."""

    def start(self, dataset: Dataset, row: SpendCommitment, signed: int, realization: Realization | None = None) -> int:
        return signed

    def exit(self, dataset: Dataset, row: SpendCommitment) -> int | None:
        return dataset.realization.exit(row.provider)

    def add(self, model: Model) -> None:
        add_commitments(model, self)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        chosen = {each.name for each in plan.chosen if each.kind == self}
        return {"committed": lambda name, m: float(name in chosen)}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return {"committed": lambda name, m: m <= last}

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        """A commitment is signed once: all its payments are that signing's."""
        return 1.0

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterable[BillRow]:
        """None: top-ups follow from the bills of others."""
        return ()

    def price(self, dataset: Dataset, row: SpendCommitment) -> OfferPrice:
        return OfferPrice(row.usd, row.per)

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(dataset, lambda row: times(row, factor, "usd"), name)

    def taken(self, dataset: Dataset, plan: Plan) -> list[SpendCommitment]:
        """The commitments that a plan has, signed before or chosen."""
        return [each.offer.row(dataset) for each in plan.signings if each.kind == self]

    def roll(self, state: RollState) -> None:
        """What is signed stays with what was spent in the period under way; what can no longer be signed goes."""
        dataset, to = state.dataset, state.to
        for row in self.rows(dataset):
            name, key = row.commitment, self.key(row)
            signing = next((each for each in state.signings_of(self, name) if each.signed or each.month < to), None)
            if signing is not None:
                state.signed.add(key)
            over = dataset.t(row.until_month) < to
            missed = row.status == "offer" and signing is None and dataset.t(row.from_month) < to
            if row.status != "excluded" and (over or missed):
                state.leave_out(key)
            elif signing is None:
                state.write(row)
            else:
                state.write(replace(row, status="signed", spent_usd=_spent(state, row)))
                state.stands_for(name, signing, settled=True)
                state.done.append(f"{name}: in force since {dataset.label(signing.month)}")


def _spent(state: RollState, row: SpendCommitment) -> float | None:
    """USD spent before the round in the period under way then; None where it begins with the round or later.

    Months before this round, of which nothing is known, count as spent as promised.
    """
    to, first = state.to, state.dataset.t(row.from_month)
    length = YEAR if row.per == "year" else max(1, row.term_months)
    begin = first + (to - first) // length * length
    if first >= to or begin == to:
        return None
    purchases = {FLEET.name, ON_DEMAND.name, "usage", *(each.category for each in SHEETS if each.offers == "bought")}
    paid = (
        each.cash_usd
        for each in state.plan.payments
        if each.provider == row.provider and each.category in purchases and max(0, begin) <= each.month < to
    )
    lent = (
        usd
        for each in state.plan.signings
        if each.offer.row(state.dataset).provider == row.provider
        for t, usd in each.kind.borrowed(state.dataset, each)
        if max(0, begin) <= t < to
    )
    now = sum(paid, 0.0) + sum(lent, 0.0)
    if begin >= 0:
        return now
    return now + (row.usd * -begin / length if row.spent_usd is None else row.spent_usd)


COMMITMENT = CommitmentKind(
    name="commitment",
    verb="commit to",
    unit="commitment",
    label="Spend commitments",
    colour="#8C6D1F",
    light="#E9DFC2",
    row=SpendCommitment,
    cash_group="commitments",
    signing_families=("committed",),
    window=("from_month", "from_month"),
    signed_once=True,
    uncertain=False,
)
