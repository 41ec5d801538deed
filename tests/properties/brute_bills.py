"""What every single decision brings and costs, worked out from the workbook's contract by plain arithmetic.

A `Holding` is one signing with one end of service: its capacity by month, its money by month. Money
here is what is owed whatever the use; charges by use are the business of `brute_dispatch`. Months are
months t; the horizon is 0 … T-1. A scenario's factors act as `brute_factors` reads them; what is signed when
its supplier has left is void: a decision that brings nothing and costs nothing. Nothing here knows the
planner's model or its audit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from properties.brute_factors import gone, plus, times

from models.dataset import Dataset
from models.schema import ChipOrder, Contract, ContractTier, Lease, LeaseOut, LeaseTerm, OwnSite, Run, SpendCommitment


class Source(NamedTuple):
    """Accelerators of one hardware online in a month, and what using them costs.

    `tiers` (contracts): rate and share of what is online of each tier.
    """

    kind: str
    name: str
    term_months: int
    hardware: str
    provider: str
    region: str
    site: str
    online: float
    usage: float
    sublet: bool
    tiers: tuple[tuple[float, float], ...] = ()
    take_or_pay: float = 1.0
    overage_share: float = 0.0
    overage_rate: float = 0.0


@dataclass(eq=False)
class Holding:
    """One signing: `cost` is its part of the objective, `cash[t]` what is paid in month t of the horizon.

    `due` lists (month, USD) of all that is paid month by month, beyond the horizon too. `leased_out`
    is what it takes away by month and hardware. `power` (MW) and `chips` are what own build brings, `lent` what others
    paid for it, less what they are paid back. `years` (contracts): months, USD still missing to the minimum
    spend, and the month a top-up is due, of every contract year. `last` is the last month of service;
    `choices` has the months at whose start a unit can stop or be renewed, with the month that is decided in.
    """

    kind: str
    name: str
    month: int
    cost: float = 0.0
    cash: dict[int, float] = field(default_factory=dict)
    due: list[tuple[int, float]] = field(default_factory=list)
    online: dict[int, tuple[Source, ...]] = field(default_factory=dict)
    power: dict[int, float] = field(default_factory=dict)
    chips: dict[int, Source] = field(default_factory=dict)
    lent: dict[int, float] = field(default_factory=dict)
    leased_out: dict[int, dict[str, float]] = field(default_factory=dict)
    years: list[tuple[tuple[int, ...], float, int]] = field(default_factory=list)
    last: int = 0
    choices: tuple[tuple[int, int], ...] = ()
    detail: int = 0
    void: bool = False
    story: str = ""

    def acts(self, t: int) -> bool:
        """Whether month t can be another for it."""
        of_month = (self.online, self.leased_out, self.chips, self.power)
        return self.kind in ("run", "commitment") or any(t in each for each in of_month)

    def pay(self, data: Dataset, month: int, cash: float, counted: float | None = None) -> None:
        """A payment of `cash` in a month, of which the objective counts `counted` (all of it unless said)."""
        if month < 0:
            return
        self.cash[month] = self.cash.get(month, 0.0) + cash
        self.cost += (cash if counted is None else counted) * data.discount(month)


def counts(data: Dataset, month: int) -> bool:
    """Whether a fee for service in this month is in the objective at all."""
    return month >= 0 and (month < data.settings.months or data.settings.end_of_horizon != "prorate")


def share_of_upfront(data: Dataset, start: int, length: int) -> float:
    """How much of an upfront the objective counts: the part of the term inside the horizon, with `full` all."""
    if data.settings.end_of_horizon == "full":
        return 1.0
    return sum(t in data.horizon for t in range(start, start + length)) / length


def let_off(data: Dataset, month: int, parts: list[tuple[float, dict[str, float]]]) -> float:
    """What of fees in a month beyond the horizon is worth something: `parts` are fees, each with what is online."""
    beyond = month - data.settings.months
    if data.settings.end_of_horizon != "residual" or beyond < 0:
        return 0.0
    hourly = {
        row.hardware: row.usd_per_accelerator_hour * (1.0 - row.decline_per_year) ** (beyond / 12)
        for row in data.residuals
    }
    return sum(
        min(fee, data.hours(month) * sum(hourly[name] * number for name, number in online.items() if number))
        for fee, online in parts
    )


def ramp_at(data: Dataset, ramp: str | None, service_month: int) -> tuple[float, float]:
    """Capacity share and rate multiplier of a service month."""
    if ramp is None:
        return 1.0, 1.0
    steps = sorted((r.service_month, r.capacity_share, r.rate_multiplier) for r in data.ramps if r.ramp == ramp)
    held = [step for step in steps if step[0] <= service_month]
    return held[-1][1:] if held else (0.0, 1.0)


Offer = Lease | Contract | OwnSite | ChipOrder | LeaseOut


def name_of(offer: Offer) -> str:
    of = {Lease: "lease", Contract: "contract", OwnSite: "build", ChipOrder: "order", LeaseOut: "lease_out"}
    return str(getattr(offer, of[type(offer)]))


def first_service(data: Dataset, offer: Offer, month: int) -> int:
    planned = month + offer.lead_months
    if offer.service_not_before is not None:
        planned = max(planned, data.t(offer.service_not_before))
    decided = planned if offer.status == "signed" else month
    return planned + (round(plus(data, "delivery_delay_months", decided, name_of(offer))) if decided >= 0 else 0)


def left(data: Dataset, offer: Offer, t: int) -> bool:
    """Whether the offer's supplier has left by month t."""
    return gone(data, t, name_of(offer), offer.provider)


def in_some_scenario(data: Dataset, offer: Offer, month: int) -> bool:
    """Whether service of what is signed in a month starts inside the horizon, in one scenario at least."""
    views = [data.in_scenario(each.scenario) for each in data.scenarios] if data.scenario else [data]
    return any(first_service(view, offer, month) < data.settings.months for view in views)


def signing_months(data: Dataset, sign_from: int | None, sign_until: int | None) -> list[int]:
    first = 0 if sign_from is None else data.t(sign_from)
    last = data.settings.months - 1 if sign_until is None else data.t(sign_until)
    return [t for t in data.horizon if first <= t <= last]


def lease_holdings(data: Dataset, lease: Lease) -> list[Holding]:
    """Every (month, term, end) one unit of a lease can have; a signed one has one month and term."""
    if lease.status == "excluded":
        return []
    terms = [term for term in data.lease_terms if term.lease == lease.lease]
    if lease.status == "signed":
        assert lease.signed_month is not None
        month = data.t(lease.signed_month)
        chosen = [(month, term) for term in terms if term.term_months == lease.signed_term_months]
    else:
        chosen = [
            (month, term)
            for month in signing_months(data, lease.sign_from, lease.sign_until)
            for term in terms
            if in_some_scenario(data, lease, month)
        ]
    return [
        _lease_holding(data, lease, term, month, end, renewals)
        for month, term in chosen
        for end, renewals in ([(0, 0)] if left(data, lease, month) else _lease_ends(data, lease, term, month))
    ]


def _lease_ends(data: Dataset, lease: Lease, term: LeaseTerm, month: int) -> Iterator[tuple[int, int]]:
    """(last service month τ, renewals) of the term's natural end, of each way to cancel it or renew it."""
    start, length, horizon = first_service(data, lease, month), term.term_months, data.settings.months
    yield length, 0
    if start + length <= 0:
        return
    if term.cancel_after_months is not None:
        for end in range(max(1, term.cancel_after_months + term.notice_months), length):
            notice = start + end - term.notice_months
            known = notice >= 0 and (notice < horizon or data.settings.end_of_horizon != "prorate")
            if known and not left(data, lease, start + end):
                yield end, 0
    for renewals in range(1, term.renewals_max + 1):
        assert term.renewal_months is not None
        begins = start + length + (renewals - 1) * term.renewal_months
        if begins < horizon and not left(data, lease, begins):
            yield length + renewals * term.renewal_months, renewals


def _lease_choices(data: Dataset, lease: Lease, term: LeaseTerm, month: int) -> Iterator[tuple[int, int]]:
    """(Month at whose start a unit can stop or be renewed, month that is decided in), of those inside the horizon."""
    start, horizon = first_service(data, lease, month), data.settings.months
    over = start + term.term_months
    if term.cancel_after_months is not None:
        for t in range(start + max(1, term.cancel_after_months + term.notice_months), over):
            # with prorate an end beyond the horizon is no decision
            notice = t - term.notice_months
            if notice >= 0 and (t if data.settings.end_of_horizon == "prorate" else notice) < horizon:
                yield t, notice
    for renewal in range(term.renewals_max):
        begins = over + renewal * (term.renewal_months or 0)
        if begins < horizon:
            yield begins, begins


def _lease_holding(data: Dataset, lease: Lease, term: LeaseTerm, month: int, end: int, renewals: int) -> Holding:
    if end == 0:
        return Holding("lease", lease.lease, month, detail=term.term_months, void=True)
    start, length = first_service(data, lease, month), term.term_months
    price = times(data, "price", month, lease.lease)
    contents = [row for row in data.lease_hardware if row.lease == lease.lease]
    size = sum(row.accelerators for row in contents)

    def fee(tau: int) -> float:
        capacity, rate = ramp_at(data, term.ramp, tau)
        if term.usd_per_unit_month is not None:
            plain = term.usd_per_unit_month
        else:
            assert term.usd_per_accelerator_hour is not None
            plain = term.usd_per_accelerator_hour * size * data.hours(start + tau - 1)
        renewed = term.renewal_price_multiple if tau > length else 1.0
        escalated = (1.0 + term.escalator_per_year) ** ((tau - 1) // 12)
        return plain * price * delivered(start + tau - 1) * capacity * rate * escalated * renewed

    def delivered(t: int) -> float:
        return lease.delivered_share * times(data, "delivered_share", t, lease.lease)

    story = f"{lease.lease}: signed {month}, term {length}, last service month {end}, renewals {renewals}"
    choices = tuple(each for each in _lease_choices(data, lease, term, month) if not left(data, lease, each[0]))
    held = Holding(
        "lease", lease.lease, month, last=start + end - 1, choices=choices, detail=term.term_months, story=story
    )
    upfront = term.upfront_usd_per_unit * price
    inside = [tau for tau in range(1, length + 1) if counts(data, start + tau - 1)]
    held.pay(data, month, upfront, upfront * share_of_upfront(data, start, length))
    held.pay(
        data,
        month,
        term.prepay_share * sum(fee(tau) for tau in range(1, length + 1)),
        term.prepay_share * sum(fee(tau) for tau in inside),
    )
    for tau in range(1, end + 1):
        if left(data, lease, start + tau - 1):
            break
        due = fee(tau) * (1.0 if tau > length else 1.0 - term.prepay_share)
        held.pay(data, start + tau - 1, due, None if counts(data, start + tau - 1) else 0.0)
        held.due.append((start + tau - 1, due))
        share = delivered(start + tau - 1) * ramp_at(data, term.ramp, tau)[0]
        online = {row.hardware: row.accelerators * share for row in contents}
        held.pay(data, start + tau - 1, 0.0, -let_off(data, start + tau - 1, [(fee(tau), online)]))
    if end < length:
        penalty = term.termination_fee_share * sum(fee(tau) for tau in range(end + 1, length + 1))
        held.pay(data, start + end, penalty, None if counts(data, start + end) else 0.0)
        held.due.append((start + end, penalty))
    for t in data.horizon:
        if start <= t < start + end and not left(data, lease, t):
            share = delivered(t) * ramp_at(data, term.ramp, t - start + 1)[0]
            held.online[t] = tuple(
                Source(
                    "lease", lease.lease, length, row.hardware, lease.provider, lease.region, lease.site or lease.lease,
                    row.accelerators * share, term.usage_usd_per_accelerator_hour, lease.sublet,
                )
                for row in contents
            )  # fmt: skip
    return held


def contract_holdings(data: Dataset, contract: Contract) -> list[Holding]:
    """Every (month, blocks) a contract can have; a signed one has just one."""
    if contract.status == "excluded":
        return []
    if contract.status == "signed":
        assert contract.signed_month is not None
        assert contract.signed_blocks is not None
        return [_contract_holding(data, contract, data.t(contract.signed_month), contract.signed_blocks)]
    return [
        _contract_holding(data, contract, month, blocks)
        for month in signing_months(data, contract.sign_from, contract.sign_until)
        if in_some_scenario(data, contract, month)
        for blocks in range(contract.min_blocks, contract.max_blocks + 1)
    ]


def _tier_blocks(contract: Contract, tiers: list[ContractTier], blocks: int) -> list[tuple[ContractTier, int]]:
    """The tiers that bill these blocks, each with how many."""
    reached = [tier for tier in tiers if tier.from_blocks <= blocks] or tiers[:1]
    if contract.tier_mode == "all_units":
        return [(reached[-1], blocks)]
    starts = [1] + [tier.from_blocks for tier in reached[1:]] + [blocks + 1]
    return [(tier, after - first) for tier, first, after in zip(reached, starts[:-1], starts[1:], strict=True)]


def _contract_holding(data: Dataset, contract: Contract, month: int, blocks: int) -> Holding:
    if left(data, contract, month):
        return Holding("contract", contract.contract, month, detail=blocks, void=True)
    start, length = first_service(data, contract, month), contract.term_months
    price = times(data, "price", month, contract.contract)
    kw = data.hardware_of[contract.hardware].kw
    per_block = contract.block_mw * 1000.0 / kw
    tiers = sorted((t for t in data.contract_tiers if t.contract == contract.contract), key=lambda t: t.from_blocks)
    billed = _tier_blocks(contract, tiers, blocks)

    def online(tau: int) -> float:
        delivered = contract.delivered_share * times(data, "delivered_share", start + tau - 1, contract.contract)
        return blocks * per_block * delivered * ramp_at(data, contract.ramp, tau)[0]

    def rates(tau: int) -> list[tuple[float, float]]:
        factor = price * ramp_at(data, contract.ramp, tau)[1] * (1.0 + contract.escalator_per_year) ** ((tau - 1) // 12)
        hours = data.hours(start + tau - 1)
        plain = [
            tier.usd_per_accelerator_hour if tier.usd_per_kw_month is None else tier.usd_per_kw_month * kw / hours
            for tier, _ in billed
        ]
        return [
            (factor * rate, number / blocks)
            for rate, (_, number) in zip(plain, billed, strict=True)
            if rate is not None
        ]

    def least(tau: int) -> float:
        """The take-or-pay minimum of a service month."""
        hours = online(tau) * data.hours(start + tau - 1)
        return contract.take_or_pay_share * hours * sum(rate * share for rate, share in rates(tau))

    story = f"{contract.contract}: signed {month}, {blocks} blocks"
    held = Holding("contract", contract.contract, month, last=start + length - 1, detail=blocks, story=story)
    inside = [tau for tau in range(1, length + 1) if counts(data, start + tau - 1)]
    prepaid = contract.prepay_share
    upfront = contract.upfront_usd * price
    held.pay(data, month, upfront, upfront * share_of_upfront(data, start, length))
    held.pay(
        data,
        month,
        prepaid * sum(least(tau) for tau in range(1, length + 1)),
        prepaid * sum(least(tau) for tau in inside),
    )
    served = [tau for tau in range(1, length + 1) if not left(data, contract, start + tau - 1)]
    for tau in served:
        t, due = start + tau - 1, (1.0 - prepaid) * least(tau)
        held.pay(data, t, due, None if counts(data, t) else 0.0)
        held.due.append((t, due))
        hours = contract.take_or_pay_share * data.hours(t)
        parts = [
            (rate * hours * part * online(tau), {contract.hardware: part * online(tau)}) for rate, part in rates(tau)
        ]
        held.pay(data, t, 0.0, -let_off(data, t, parts))
        if t in data.horizon:
            held.online[t] = (
                Source(
                    "contract", contract.contract, length, contract.hardware, contract.provider, contract.region,
                    contract.site or contract.contract, online(tau), contract.usage_usd_per_accelerator_hour, False,
                    tuple(rates(tau)), contract.take_or_pay_share,
                    contract.overage_share, rates(tau)[0][0] * contract.overage_price_multiple,
                ),
            )  # fmt: skip
    for first in range(1, length + 1, 12):
        year = [tau for tau in inside if first <= tau < first + 12 and tau in served]
        missing = contract.min_spend_usd_per_year * len(year) / 12.0 - sum(least(tau) for tau in year)
        if year and contract.min_spend_usd_per_year > 0:
            held.years.append((tuple(start + tau - 1 for tau in year), missing, start + year[-1] - 1))
    return held


def own_build_holdings(data: Dataset, row: OwnSite | ChipOrder) -> list[Holding]:
    """Every month in which a block or a lot can be signed; a signed one has one."""
    if row.status == "excluded":
        return []
    make = _block_holding if isinstance(row, OwnSite) else _lot_holding
    if row.status == "signed":
        assert row.signed_month is not None
        return [make(data, row, data.t(row.signed_month))]
    return [
        make(data, row, month)
        for month in signing_months(data, row.sign_from, row.sign_until)
        if in_some_scenario(data, row, month)
    ]


def own_build_units(row: OwnSite | ChipOrder) -> tuple[int, int]:
    """Units signed, and the most that can be."""
    if isinstance(row, OwnSite):
        return row.signed_blocks or 0, row.blocks_max
    return row.signed_lots or 0, row.lots_max


def _life_inside(data: Dataset, start: int, life: int) -> float:
    if data.settings.end_of_horizon == "full":
        return 1.0
    return sum(start <= t < start + life for t in data.horizon) / life


def _pay_financed(data: Dataset, held: Holding, row: OwnSite | ChipOrder, month: int, usd: float, share: float) -> None:
    """A payment, in part borrowed and paid back in equal instalments from the next month on."""
    rate = (1.0 + row.interest) ** (1.0 / 12.0) - 1.0
    discounted = sum((1.0 + rate) ** -k for k in range(1, row.tenor_months + 1))
    back = usd * row.financed_share / discounted
    moves = [(month, usd * (1.0 - row.financed_share), usd * row.financed_share)]
    moves += [(month + k, back, -back) for k in range(1, row.tenor_months + 1)]
    for t, cash, lent in moves:
        if t >= 0 and (cash or lent):
            held.pay(data, t, cash if t in data.horizon else 0.0, cash * share)
            held.due.append((t, cash))
            held.lent[t] = held.lent.get(t, 0.0) + lent


def _block_holding(data: Dataset, row: OwnSite, month: int) -> Holding:
    if row.status == "offer" and left(data, row, month):
        return Holding("site", row.build, month, void=True)
    start = first_service(data, row, month)
    price = times(data, "price", month, row.build)
    length = 10**4 if row.term_months is None else row.term_months
    share = _life_inside(data, start, min(row.life_months, length))
    held = Holding("site", row.build, month, story=f"{row.build}: signed {month}")
    for k in range(row.capex_months):
        if not left(data, row, month + k):
            part = row.block_mw * row.capex_usd_per_mw * price / row.capex_months
            _pay_financed(data, held, row, month + k, part, share)
    full = data.settings.end_of_horizon == "full"
    for t in range(max(0, start), start + length if row.term_months is not None else data.settings.months):
        if left(data, row, t):
            break
        capacity, rate = ramp_at(data, row.ramp, t - start + 1)
        risen = (1.0 + row.escalator_per_year) ** ((t - start) // 12)
        rent = row.rent_usd_per_mw_month * price * row.block_mw * capacity * rate * risen
        if t in data.horizon:
            held.power[t] = row.block_mw * capacity
            held.pay(data, t, rent)
        elif full:
            held.pay(data, t, 0.0, rent)
        if row.term_months is not None:
            held.due.append((t, rent))
    return held


def _lot_holding(data: Dataset, row: ChipOrder, month: int) -> Holding:
    if row.status == "offer" and left(data, row, month):
        return Holding("chips", row.order, month, void=True)
    home = next(each for each in data.own_sites if (each.site or each.build) == row.site)
    start = first_service(data, row, month)
    price = times(data, "price", month, row.order)
    share = _life_inside(data, start, row.life_months)
    held = Holding("chips", row.order, month, story=f"{row.order}: signed {month}")
    whole, kw = row.lot * row.usd_per_accelerator * price, data.hardware_of[row.hardware].kw
    if not left(data, row, month):
        _pay_financed(data, held, row, month, whole * row.deposit_share, share)
    if left(data, row, start):
        return held
    _pay_financed(data, held, row, start, whole * (1.0 - row.deposit_share), share)
    for t in data.horizon:
        if start <= t < start + row.life_months:
            there = row.lot * row.delivered_share * times(data, "delivered_share", t, row.order)
            if not left(data, row, t):
                held.pay(data, t, row.support_usd_per_accelerator_month * price * there)
            held.chips[t] = Source(
                "chips", row.order, 0, row.hardware, home.provider, home.region, row.site, there,
                kw / 1000.0 * home.energy_usd_per_mwh, False,
            )  # fmt: skip
    return held


def run_holdings(data: Dataset, row: Run) -> list[Holding]:
    """Every month in which a run can start and still end inside the horizon, with what it earns and asks for."""
    found = []
    for month in signing_months(data, row.start_from, row.start_until):
        last = month + row.months - 1
        if last < data.settings.months:
            first = 0 if row.start_from is None else data.t(row.start_from)
            held = Holding("run", row.run, month, story=f"{row.run}: from {month}")
            held.pay(data, last, row.loss_usd_per_month_late * (month - first) - (row.value_usd or 0.0))
            found.append(held)
    return found


def commitment_holdings(data: Dataset, row: SpendCommitment) -> list[Holding]:
    """A commitment that is signed or can be has one holding; its money follows from what else is paid."""
    t = data.t(row.from_month)
    if row.status == "excluded" or (row.status == "offer" and t not in data.horizon):
        return []
    void = row.status == "offer" and gone(data, t, row.provider)
    return [Holding("commitment", row.commitment, t, void=void, story=f"{row.commitment}: committed")]


def promises(data: Dataset, row: SpendCommitment) -> list[tuple[tuple[int, ...], float]]:
    """Months of each period inside the horizon, while the provider stands, and the USD promised for them."""
    first, last = data.t(row.from_month), data.t(row.until_month)
    whole = 12 if row.per == "year" else last - first + 1
    found = []
    for begin in range(first, last + 1, whole):
        period = [t for t in range(begin, begin + whole) if t <= last]
        months = tuple(t for t in period if t in data.horizon and not gone(data, t, row.provider))
        if not months:
            continue
        counted, spent = len(months), 0.0
        if row.spent_usd is not None and period[0] < 0:
            counted, spent = counted + sum(t < 0 for t in period), row.spent_usd
        found.append((months, row.usd * counted / whole - spent))
    return found


def lease_out_holdings(data: Dataset, offer: LeaseOut) -> list[Holding]:
    """Every (month, end) one unit of a lease-out can have; a signed one has one month."""
    if offer.status == "excluded":
        return []
    if offer.status == "signed":
        assert offer.signed_month is not None
        months = [data.t(offer.signed_month)]
    else:
        months = [
            month
            for month in signing_months(data, offer.sign_from, offer.sign_until)
            if in_some_scenario(data, offer, month)
        ]
    return [
        _lease_out_holding(data, offer, month, end)
        for month in months
        for end in (offer.term_months, *_recalls(data, offer, month))
    ]


def _recalls(data: Dataset, offer: LeaseOut, month: int) -> list[int]:
    """Last service months τ of a unit that is recalled, back inside the horizon and notice given in it."""
    if offer.recall_after_months is None:
        return []
    start, notice = first_service(data, offer, month), offer.recall_notice_months
    ends = range(max(1, offer.recall_after_months + notice), offer.term_months)
    return [end for end in ends if notice <= start + end < data.settings.months and not left(data, offer, start + end)]


def _lease_out_holding(data: Dataset, offer: LeaseOut, month: int, end: int) -> Holding:
    if offer.status == "offer" and left(data, offer, month):
        return Holding("lease_out", offer.lease_out, month, void=True)
    start, length, horizon = first_service(data, offer, month), offer.term_months, data.settings.months
    price = times(data, "price", month, offer.lease_out)
    holds = {row.hardware: row.accelerators for row in data.lease_out_hardware if row.lease_out == offer.lease_out}
    if offer.hardware is not None:
        holds = {offer.hardware: offer.accelerators or 0.0}

    def fee(tau: int) -> float:
        capacity, rate = ramp_at(data, offer.ramp, tau)
        risen = (1.0 + offer.escalator_per_year) ** ((tau - 1) // 12)
        per_hour = price * offer.usd_per_accelerator_hour * sum(holds.values()) * capacity * rate * risen
        return per_hour * data.hours(start + tau - 1)

    inside = [tau for tau in range(1, length + 1) if start + tau - 1 < horizon]
    choices = tuple((start + each, start + each - offer.recall_notice_months) for each in _recalls(data, offer, month))
    held = Holding(
        "lease_out", offer.lease_out, month, last=start + end - 1, choices=choices,
        story=f"{offer.lease_out}: signed {month}, last service month {end}",
    )  # fmt: skip
    if month < horizon and not left(data, offer, month):
        upfront, prepaid = offer.upfront_usd_per_unit * price, offer.prepay_share
        held.pay(data, month, -upfront, -upfront * len(inside) / length)
        held.pay(
            data,
            month,
            -prepaid * sum(fee(tau) for tau in range(1, length + 1)),
            -prepaid * sum(fee(tau) for tau in inside),
        )
    for tau in inside:
        if tau <= end and not left(data, offer, start + tau - 1):
            held.pay(data, start + tau - 1, -(1.0 - offer.prepay_share) * fee(tau))
            capacity = ramp_at(data, offer.ramp, tau)[0]
            held.leased_out[start + tau - 1] = {name: number * capacity for name, number in holds.items()}
    if end < length:
        lost = range(end + 1, length + 1)
        penalty = offer.recall_fee_share * sum(fee(tau) for tau in lost)
        back = offer.prepay_share * sum(fee(tau) for tau in lost)
        counted = offer.prepay_share * sum(fee(tau) for tau in lost if tau in inside)
        held.pay(data, start + end, penalty + back, penalty + counted)
    return held
