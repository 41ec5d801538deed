"""Contracts as a kind of offer; their terms in the model are in `models.supply.contracts`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from models.carried import Billed
from models.columns import times
from models.core.finance import counted_share_of_prepayment, counted_share_of_upfront
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import groups
from models.kinds import OfferKey
from models.plan import Plan, Signing
from models.schema import Contract, ContractTier
from models.supply.bill_rows import BillRow, Hours, prepaid_months
from models.supply.contract_bills import add_contract_use
from models.supply.contract_schedule import ContractSchedule
from models.supply.contracts import add_contracts
from models.supply.kind import SHORTEST_MONTH_HOURS, Family, OfferKind, OfferPrice
from models.supply.local_worth import LocalWorth, Values, counted, worth_of
from models.supply.next_round import RollState
from models.supply.signing import escalation, months_with_capacity


class ContractKind(OfferKind):
    """Hyperscaler framework agreements, signed once, in blocks of power at rates by the number of blocks."""

    def ramps(self, dataset: Dataset, row: Contract) -> Iterable[tuple[str | None, int]]:
        return ((row.ramp, row.term_months),)

    def add(self, model: Model) -> None:
        add_contracts(model, self)

    def add_use(self, model: Model) -> None:
        add_contract_use(model)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        mine = [each for each in plan.signings if each.kind == self]
        ordered = sorted(dataset.contract_tiers, key=lambda each: each.from_blocks)
        tiers = groups((tier.contract, tier.from_blocks) for tier in ordered)

        def signed_by(name: str, m: int) -> float:
            return float(any(each.name == name and not each.signed and each.month <= m for each in mine))

        def tier_reached_by(name: str, m: int, from_blocks: int) -> float:
            """Whether it is signed before month m, or in it at this tier or one before it."""
            earlier = any(each.name == name and not each.signed and each.month < m for each in mine)
            reached = (tier for tier in tiers[name] if tier <= from_blocks)
            return float(earlier or any(blocks(name, m, tier) > 0 for tier in reached))

        def blocks(name: str, m: int, from_blocks: int) -> float:
            """Blocks billed at the tier: all of them at the tier reached, or those between two tiers."""
            count = float(sum(each.units for each in mine if (each.name, each.month) == (name, m)))
            first = tiers[name][0]
            for low, high in pairwise([*tiers[name], float("inf")]):
                if low == from_blocks:
                    low = 1 if low == first else low  # blocks before the first tier bill at its rate
                    if dataset.contract_of[name].tier_mode == "incremental":
                        return max(0.0, min(count, high - 1) - low + 1)
                    return count if low <= count < high else 0.0
            return 0.0

        return {"contract_signed_by": signed_by, "blocks": blocks, "tier_reached_by": tier_reached_by}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return {
            "contract_signed_by": lambda contract, m: m <= last,
            "blocks": lambda contract, m, tier: m <= last,
            "tier_reached_by": lambda contract, m, tier: m <= last,
        }

    def mw_per_unit(self, dataset: Dataset, row: Contract) -> float:
        return row.block_mw

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        contract = dataset.contract_of[signing.name]
        return {contract.hardware: ContractSchedule(dataset, contract, signing.month).online_per_block(t)}

    def service_months(
        self, dataset: Dataset, row: Contract, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        blocks = row.signed_blocks if row.status == "signed" else row.max_blocks
        if row.delivered_share <= 0 or row.status == "excluded" or not blocks:
            return
        starts = [self.start(dataset, row, signed) for signed in signings]
        months = months_with_capacity(dataset, row.ramp, starts, row.term_months)
        yield row.hardware, months, True

    def works_without_margin(self, row: Contract) -> bool:
        return row.overage_share > 0

    def block_sizes(self, dataset: Dataset, row: Contract) -> Iterable[float]:
        kw = dataset.hardware_of[row.hardware].kw
        return [(row.signed_blocks or row.max_blocks) * row.block_mw * 1000.0 / kw]

    def hourly_usd(self, dataset: Dataset, row: Contract) -> Iterator[float]:
        kw = dataset.hardware_of[row.hardware].kw
        for tier in dataset.contract_tiers:
            if tier.contract == row.contract:
                yield tier.usd_per_accelerator_hour or 0.0
                yield (tier.usd_per_kw_month or 0.0) * kw / SHORTEST_MONTH_HOURS

    def price(self, dataset: Dataset, row: Contract) -> OfferPrice:
        mine = [each for each in dataset.contract_tiers if each.contract == row.contract]
        tier = min(mine, key=lambda each: each.from_blocks)
        which = " of the first tier" if len(mine) > 1 else ""
        if tier.usd_per_kw_month is not None:
            return OfferPrice(tier.usd_per_kw_month, f"kW-month{which}")
        return OfferPrice(tier.usd_per_accelerator_hour or 0.0, f"accelerator-hour{which}")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        """Usage charges and minimum spend stay, as for the scenario quantity `price`."""
        priced = self.changed(dataset, lambda row: times(row, factor, "upfront_usd"), name)
        return replace(
            priced,
            contract_tiers=tuple(
                times(each, factor, "usd_per_accelerator_hour", "usd_per_kw_month") if each.contract == name else each
                for each in dataset.contract_tiers
            ),
        )

    def local_worth(self, dataset: Dataset, values: Values, row: Contract) -> Iterator[LocalWorth]:
        """Of a block at the rate of the least blocks that can be taken, its take-or-pay part paid."""
        for m in self.signing_months(dataset, row):
            schedule = ContractSchedule(dataset, row, m)
            reached = [each for each in schedule.tiers if each.from_blocks <= max(1, row.min_blocks)]
            tier = reached[-1] if reached else schedule.tiers[0]
            worth = cost = 0.0
            bills = [schedule.rate(tier, t) * schedule.hours_online_per_block(t) for t in schedule.service]
            for t, bill in zip(schedule.service, bills, strict=True):
                online, usage = schedule.online_per_block(t), row.usage_usd_per_accelerator_hour
                worth += worth_of(dataset, values, row.region, row.hardware, t, online, usage)
                cost += counted(dataset, t) * bill * (1.0 - row.prepay_share * row.take_or_pay_share)
            minimum = [bill * row.take_or_pay_share for bill in bills]
            least = zip(schedule.service, schedule.minimums_per_block(tier), strict=True)
            cost -= sum(dataset.discount(t) * schedule.worth_beyond(t, usd) for t, usd in least)
            prepaid = row.prepay_share * sum(minimum)
            cost += prepaid * counted_share_of_prepayment(dataset, schedule.start, minimum) * dataset.discount(m)
            upfront = row.upfront_usd * counted_share_of_upfront(dataset, schedule.start, row.term_months)
            cost += upfront * dataset.discount(m) / max(1, row.max_blocks)
            yield LocalWorth(m, row.term_months, worth, cost)

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
        """Upfront and prepayment, then every month's hours tier by tier, and overage.

        Use beyond take-or-pay is billed at the cheapest rate that has hours left, overage of an incremental contract at
        the first tier's rate; what is delivered less, or not yet ramped up, cuts hours.
        """
        schedule = ContractSchedule(dataset, dataset.contract_of[signing.name], signing.month)
        contract, share = schedule.offer, schedule.offer.take_or_pay_share
        billed = schedule.billed_blocks(signing.units)

        def line(t: int, units: float, rate: float, tier: str, hours: float | None = None, **more: float) -> BillRow:
            prepaid, escalator = more.get("prepaid", 0.0), more.get("escalator", 1.0)
            amount = (units if hours is None else hours) * rate * escalator - prepaid
            return BillRow(t, signing.name, signing.month, units, hours, rate, tier, prepaid, escalator, amount)

        if schedule.supplier_present(signing.month):
            yield line(signing.month, 1.0, schedule.upfront, "upfront")
            for words, months in prepaid_months(dataset, schedule.service):
                owed = sum(
                    blocks * schedule.agreed_per_block(t) * dataset.hours(t) * share * schedule.rate(tier, t)
                    for t in months
                    for tier, blocks in billed
                )
                yield line(signing.month, 1.0, contract.prepay_share * owed, words)
        for t in schedule.service:
            if t not in dataset.horizon or not schedule.supplier_present(t):
                continue
            escalator = escalation(contract.escalator_per_year, t - schedule.start + 1)
            lines = [
                (schedule.rate(tier, t), tier, blocks, blocks * schedule.hours_online_per_block(t))
                for tier, blocks in billed
            ]
            left = used.get(t, 0.0) - share * sum(online for *_, online in lines)
            for rate, tier, blocks, online in sorted(lines, key=lambda each: each[0]):
                beyond = max(0.0, min(left, (1.0 - share) * online))
                left -= beyond
                prepaid = contract.prepay_share * share * online * rate
                words = f"from block {tier.from_blocks:g}"
                facts = {"prepaid": prepaid, "escalator": escalator}
                yield line(t, blocks, rate / escalator, words, share * online + beyond, **facts)
            if billed and over.get(t):
                first = schedule.rate(billed[0][0], t) / escalator * contract.overage_price_multiple
                hours = over[t]
                yield line(t, signing.units, first, "overage", hours, escalator=escalator)

    def roll(self, state: RollState) -> None:
        """A contract signed by then becomes a signed row; one that is over, or whose window has closed, goes."""
        dataset, to = state.dataset, state.to
        for contract in dataset.contracts:
            name = contract.contract
            signed = next((each for each in state.signings_of(self, name) if each.signed or each.month < to), None)
            if signed is not None or (contract.status == "signed" and contract.signed_blocks):
                state.signed.add(self.key(contract))
            over = signed.end < to if signed is not None else contract.status == "signed"
            never = contract.status == "offer" and signed is None and state.is_closed(contract.sign_until)
            if over or never:
                state.leave_out(self.key(contract))
                continue
            if contract.status == "offer" and signed is not None:
                contract = replace(
                    contract, status="signed", signed_month=dataset.month(signed.month), signed_blocks=signed.units
                )
                state.done.append(f"{name}: {signed.units} blocks signed {dataset.label(signed.month)}")
            if signed is not None:
                state.stands_for(name, signed, settled=True)
            if signed is not None and contract.min_spend_usd_per_year and signed.start < to:
                self._remember_bills(state, contract, signed)
            state.write(contract)
        state.write(*(each for each in dataset.contract_tiers if OfferKey(self, each.contract) not in state.removed))

    def _remember_bills(self, state: RollState, contract: Contract, signed: Signing) -> None:
        """What was billed of the contract year under way, which counts towards its minimum spend."""
        to, name = state.to, contract.contract
        first = max(0, to - (to - signed.start) % 12)
        if first == to:
            return
        schedule = ContractSchedule(state.dataset, contract, signed.month)
        minimums = schedule.minimums(signed.units)
        paid = [each for each in state.plan.payments if (each.category, each.offer) == (self.category, name)]
        usd = sum(each.cash_usd for each in paid if first <= each.month < to)
        usd += contract.prepay_share * sum(minimums.get(t, 0.0) for t in range(first, to))
        if first <= signed.month < to:
            usd -= contract.upfront_usd * schedule.price + contract.prepay_share * sum(minimums.values())
        state.billed.append(Billed(name, to - first, usd))
        state.notes.append(
            f"{name}: a contract year is under way in {state.dataset.label(to)}; of its minimum spend only the months "
            "that are left count from now on, and what was billed before them no longer does."
        )


CONTRACT = ContractKind(
    name="contract",
    verb="sign",
    unit="block",
    label="Contracts",
    colour="#56B4E9",
    light="#DDF0FB",
    row=Contract,
    parts=(ContractTier,),
    cash_group="contracts",
    signing_families=("blocks", "tier_reached_by", "contract_signed_by"),
    most_column="max_blocks",
    signed_column="signed_blocks",
    signed_once=True,
    residual=True,
)
