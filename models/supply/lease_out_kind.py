"""Lease-outs as a kind of offer; their terms in the model are in `models.supply.lease_outs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing
from models.schema import LeaseOut, LeaseOutHardware
from models.supply.bill_rows import BillRow, Hours, prepaid_months, term_words
from models.supply.kind import GIVE_NOTICE, Family, OfferKind, OfferPrice
from models.supply.lease_out_roll import is_open, roll_lease_outs, stop_known
from models.supply.lease_out_schedule import LeaseOutSchedule, accelerators_per_unit
from models.supply.lease_outs import add_lease_outs
from models.supply.local_worth import LocalWorth, Values, worth_of
from models.supply.next_round import Rolled, RollState
from models.supply.signing import escalation


class LeaseOutKind(OfferKind):
    """What others would take off our hands, in units, with a right to recall them."""

    def ramps(self, dataset: Dataset, row: LeaseOut) -> Iterable[tuple[str | None, int]]:
        return [(row.ramp, row.term_months)]

    def early_signing_pays(self, row: LeaseOut) -> bool:
        """What is received in the month of signing is worth more the sooner it is."""
        return bool(row.upfront_usd_per_unit or row.prepay_share)

    def add(self, model: Model) -> None:
        add_lease_outs(model, self)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        mine = groups((each.name, each) for each in plan.signings if each.kind == self)

        def leased_out_by(name: str, m: int) -> float:
            return float(sum(each.units for each in mine.get(name, ()) if not each.signed and each.month <= m))

        def not_recalled(name: str, m: int, t: int) -> float:
            return float(sum(each.units for each in mine.get(name, ()) if each.month == m and each.end >= t))

        return {"leased_out_by": leased_out_by, "not_recalled": not_recalled}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        def not_recalled(name: str, m: int, t: int) -> bool:
            return m <= last and t - dataset.lease_out_of[name].recall_notice_months <= last

        return {"leased_out_by": lambda name, m: m <= last, "not_recalled": not_recalled}

    def mw_per_unit(self, dataset: Dataset, row: LeaseOut) -> float:
        held = accelerators_per_unit(dataset, row)
        return sum(count * dataset.hardware_of[name].kw for name, count in held.items()) / 1000.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        schedule = self.schedule(dataset, signing)
        return {name: count * schedule.share(t) for name, count in schedule.accelerators.items()}

    def schedule(self, dataset: Dataset, signing: Signing) -> LeaseOutSchedule:
        """How a unit of a signing goes."""
        return LeaseOutSchedule(dataset, dataset.lease_out_of[signing.name], signing.month)

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        """What the objective counts of what is received in month t, less what is paid back."""
        schedule, owed = self.schedule(dataset, signing), 0.0
        if t == signing.month and schedule.supplier_present(t):
            owed += schedule.upfront[1] + schedule.prepaid[1]
        if signing.start <= t <= signing.end:
            owed += schedule.due(t)
        if signing.cancelled and t == signing.end + 1 and schedule.supplier_present(t):
            owed -= schedule.paid_back(t)[1]
        return signing.units * owed

    def notices(self, dataset: Dataset, signing: Signing) -> Iterator[tuple[str, int, int]]:
        if signing.cancelled:
            notice = dataset.lease_out_of[signing.name].recall_notice_months
            yield GIVE_NOTICE, signing.end + 1 - notice, signing.end

    def service_months(
        self, dataset: Dataset, row: LeaseOut, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        return iter(())

    def block_sizes(self, dataset: Dataset, row: LeaseOut) -> Iterable[float]:
        return ()

    def hourly_usd(self, dataset: Dataset, row: LeaseOut) -> Iterable[float]:
        return ()

    def price(self, dataset: Dataset, row: LeaseOut) -> OfferPrice:
        return OfferPrice(row.usd_per_accelerator_hour, "accelerator-hour")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(
            dataset, lambda row: times(row, factor, "usd_per_accelerator_hour", "upfront_usd_per_unit"), name
        )

    def local_worth(self, dataset: Dataset, values: Values, row: LeaseOut) -> Iterator[LocalWorth]:
        for m in self.signing_months(dataset, row):
            schedule = LeaseOutSchedule(dataset, row, m)
            months = range(schedule.start, min(schedule.term_end, len(dataset.horizon)))
            income = (schedule.upfront[1] + schedule.prepaid[1]) * dataset.discount(m)
            income += sum(dataset.discount(t) * schedule.due(t) for t in months)
            missed = sum(
                worth_of(dataset, values, row.region, hardware, t, count * schedule.share(t), 0.0)
                for hardware, count in schedule.accelerators.items()
                for t in months
            )
            yield LocalWorth(m, row.term_months, income, missed)

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
        """What the taker pays, below 0: upfront and prepayment, then every month's fee; and what we pay to recall."""
        schedule, units, name, signed = self.schedule(dataset, signing), signing.units, signing.name, signing.month
        offer = schedule.offer

        def once(t: int, usd: float, words: str) -> BillRow:
            return BillRow(t, name, signed, units, None, usd, words, 0.0, 1.0, units * usd)

        if schedule.supplier_present(signed):
            yield once(signed, -schedule.upfront[0], "upfront")
            for words, months in prepaid_months(dataset, range(schedule.start, schedule.term_end)):
                yield once(signed, -offer.prepay_share * sum(schedule.fee(t) for t in months), words)
        tier = term_words(signing.term_months)
        for t in range(signing.start, signing.end + 1):
            if not schedule.supplier_present(t):
                break
            escalator = escalation(offer.escalator_per_year, t - schedule.start + 1)
            hours = units * sum(schedule.accelerators.values()) * schedule.share(t) * dataset.hours(t)
            fee = -units * schedule.fee(t)
            prepaid = offer.prepay_share * fee
            rate = fee / escalator / hours if hours else 0.0
            yield BillRow(t, name, signed, units, hours, rate, tier, prepaid, escalator, fee - prepaid)
        if signing.cancelled:
            stop = signing.end + 1
            yield once(stop, schedule.paid_back(stop)[0], "recall fee and prepaid fees paid back")

    def roll(self, state: RollState) -> None:
        roll_lease_outs(state, self)

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        stop = stop_known(before, signing, rolled.to)
        name = rolled.name_of(signing, stop)
        if name is not None and is_open(before, signing, rolled.to):
            yield replace(
                signing.moved(-rolled.to),
                name=name,
                term_months=rolled.dataset.lease_out_of[name].term_months,
                cancelled=signing.cancelled and stop is None,
                signed=True,
            )

    def undecided(self, dataset: Dataset, signing: Signing, to: int) -> bool:
        return is_open(dataset, signing, to) and stop_known(dataset, signing, to) is None

    def taken_alike(self, dataset: Dataset, signing: Signing) -> Signing | None:
        schedule = self.schedule(dataset, signing)
        stop = signing.end + 1
        if signing.cancelled and stop in schedule.recalls:
            return replace(signing, start=schedule.start)
        return replace(signing, start=schedule.start, end=schedule.term_end - 1, cancelled=False)


LEASE_OUT = LeaseOutKind(
    name="lease_out",
    verb="lease out",
    unit="unit",
    label="Lease-out income",
    colour="#CC79A7",
    light="#F3E1EC",
    row=LeaseOut,
    parts=(LeaseOutHardware,),
    cash_group="leased_out",
    signing_families=("leased_out_by",),
    buys=False,
    purchase=False,
)
