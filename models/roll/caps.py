"""Caps rolled forward: money already paid in a calendar period is deducted from what may be paid in the rest of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from models.carried import Carried
from models.core.ledgers import Payer
from models.core.noise import NOISE
from models.core.scopes import in_scope
from models.dataset import Dataset, block_hours
from models.demand.revenue import revenues
from models.grouping import groups, sums
from models.kinds import FLEET, ON_DEMAND, OTHER
from models.plan import INTEREST, OnDemandUse, Payment, Plan, Serving, Shortfall
from models.realization import ALL
from models.schema import Cap
from models.supply.next_round import RollState
from models.supply.on_demand import Seller, price_paths, seller_name
from models.supply.registry import caps_by_name, offer_of_cap, offers_named, payable
from models.supply.usage import charged_use

PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def roll_caps(state: RollState) -> None:
    """Caps of what is left."""
    for cap in state.dataset.caps:
        offer = offer_of_cap(state.dataset, cap)
        if offer in state.removed:
            state.done.append(f"cap {cap.cap}: {cap.name} is removed, and so is the cap on it")
            continue
        if cap.until_month is not None and state.dataset.t(cap.until_month) < state.to:
            state.done.append(f"cap {cap.cap}: its months are over, removed")
            continue
        state.caps += _rolled(state, cap)
        if offer in state.parts:
            parts = ", ".join(state.parts[offer])
            state.notes.append(
                f"Cap {cap.cap} applies to {cap.name} only; what is signed of it is now {parts}. "
                "Lower the cap by that, or cap the parts too."
            )


def _rolled(state: RollState, cap: Cap) -> list[Cap]:
    """The cap from the next period on, under its own name, and what is left of it for the period under way."""
    dataset, to = state.dataset, state.to
    if cap.per == "month":
        return [cap]
    begun, following = _period(dataset, cap, to, state.months)
    if not begun < to:
        return [cap]
    looked_back = f"{dataset.label(begun)} to {dataset.label(to - 1)}"
    if cap.measure != "cash_usd" or following is None:
        state.notes.append(
            f"Cap {cap.cap} adds up over a {cap.per}: what was paid or fell short before {dataset.label(to)} "
            "no longer counts in it."
        )
        if following is not None:
            state.carried += [_carried(state, each, range(begun, to)) for each in caps_by_name(dataset, cap)]
        return [cap]
    payers = _Payers(dataset, state.plan)
    last = following - 1 if cap.until_month is None else min(following - 1, dataset.t(cap.until_month))
    later = cap.until_month is None or dataset.t(cap.until_month) >= following
    found = [replace(cap, from_month=dataset.month(following))] if later else []
    for own in caps_by_name(dataset, cap):
        name = f"{cap.cap}: {own.name}" if cap.name == ALL else cap.cap
        paid = sum(
            each.cash_usd * payers.share_in_scope(own, each) for each in state.plan.payments if begun <= each.month < to
        )
        left = cap.value - paid
        if cap.sense == "min" and left <= 0.0 and not _may_earn(dataset):
            state.done.append(f"cap {name}: met until {dataset.label(last)} by what was paid {looked_back}")
            continue
        rest = replace(
            own,
            cap=state.free_name(f"{name}, until {dataset.label(last)}") if later or cap.name == ALL else name,
            value=0.0 if abs(left) <= 1e-9 * max(abs(paid), abs(cap.value)) else left,
            from_month=dataset.month(to),
            until_month=dataset.month(last),
        )
        so_far = f"less {paid:,.0f} paid" if paid >= 0.0 else f"plus {-paid:,.0f} received"
        state.done.append(f"cap {rest.cap}: {cap.value:,.0f} {so_far} {looked_back}")
        found.append(rest)
    return found


def _may_earn(dataset: Dataset) -> bool:
    """Whether money may come in, so that what was paid may be more than what is paid by the end of a period."""
    return bool(dataset.lease_outs) or any(each.value_usd for each in dataset.runs)


def _period(dataset: Dataset, cap: Cap, to: int, months_left: int) -> tuple[int, int | None]:
    """First month t of the period under way that the cap holds in, and the first after it.

    The horizon is one period while its end stays where it is; where the end moves on, what is left for which
    months is not known: None.
    """
    first = 0 if cap.from_month is None else max(0, dataset.t(cap.from_month))
    if cap.per == "horizon":
        end = dataset.settings.months
        return first, end if to + months_left <= end else None
    length = PERIOD_MONTHS[cap.per]
    begun = to - (dataset.month(to) - (dataset.settings.fiscal_year_start - 1)) % length
    return max(first, begun), begun + length


def _carried(state: RollState, cap: Cap, implemented: range) -> Carried:
    """What the months implemented through add to a cap on a share; a workbook cannot say it, the problem itself can."""
    dataset, plan = state.dataset, state.plan
    earned = [each for each in revenues(dataset, plan) if each.month in implemented]
    revenue = sum(each.earned for each in earned)
    if abs(revenue) <= NOISE * sum(each.baseline + abs(each.forgone) + each.lost for each in earned):
        revenue = 0.0
    paid = [each for each in plan.payments if each.month in implemented and each.category != INTEREST]

    def tokens(rows: Iterable[Serving | Shortfall]) -> float:
        counted = {cap.name} if cap.name else set(dataset.segment_of)
        return sum(each.tokens_bn for each in rows if each.month in implemented and each.segment in counted)

    short = tokens(plan.shortfalls)
    return Carried(
        cap.cap, cap.name or "", sum(each.cash_usd for each in paid), revenue, short, short + tokens(plan.serving)
    )


class _Payers:
    """What payments were for: they name an offer, an asset or a seller, and two may share a name and a provider.

    Such a payment is split by what each of them was charged in the month.
    """

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset = dataset
        self.usage = sums(((kind, name, t), usd) for (kind, name, _, t), usd in charged_use(dataset, plan).items())
        prices = price_paths(dataset)

        def usd(seller: Seller, use: OnDemandUse) -> float:
            hourly = prices[seller][use.month].usd_per_accelerator_hour
            return use.accelerators * (hourly * block_hours(dataset, use.month, use.block))

        used = [((use.provider, use.region, use.hardware), use) for use in plan.on_demand]
        self.on_demand = sums(((seller, use.month), usd(seller, use)) for seller, use in used)
        self.sellers = groups(((seller[0], seller_name(*seller)), seller) for seller in prices)

    def share_in_scope(self, cap: Cap, paid: Payment) -> float:
        """The share of a payment that counts in a cap."""
        if paid.category == INTEREST:
            return 0.0
        found = self._payers(paid)
        total = sum(weight for _, weight in found)
        counted = sum(weight for payer, weight in found if in_scope(cap, payer))
        if total:
            return counted / total
        return float(any(in_scope(cap, payer) for payer, _ in found))

    def _payers(self, paid: Payment) -> list[tuple[Payer, float]]:
        """Whom it may have been for, and what each was charged."""
        dataset, name, t = self.dataset, paid.offer, paid.month
        if paid.category == ON_DEMAND.name:
            sellers = self.sellers[paid.provider, name]
            return [(Payer(ON_DEMAND, name, each[0], each[1]), self.on_demand[each, t]) for each in sellers]
        found = [
            (kind.payer(dataset, offer.row(dataset)), self.usage[kind, name, t])
            for kind in payable()
            for offer in offers_named(dataset, name, (kind,))
            if paid.category in (kind.category, "usage")
        ]
        found += [
            (Payer(FLEET, name, each.provider, each.region, each.site or name), self.usage[FLEET, name, t])
            for each in dataset.fleet
            if each.asset == name and paid.category in (FLEET.name, "usage")
        ]
        return [each for each in found if each[0].provider == paid.provider] or [(Payer(OTHER, name), 0.0)]
