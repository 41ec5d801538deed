"""Leases as a kind of offer; their terms in the model are in `models.supply.leases`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing
from models.schema import Lease, LeaseHardware, LeaseTerm
from models.supply.bill_rows import BillRow, Hours, prepaid_months, term_words
from models.supply.kind import GIVE_NOTICE, RENEW, SHORTEST_MONTH_HOURS, Family, OfferKind, OfferPrice
from models.supply.lease_roll import Holding, holding_of, roll_leases
from models.supply.lease_schedule import LeaseSchedule, schedule_of
from models.supply.leases import add_leases, cheapest_end
from models.supply.local_worth import LocalWorth, Values, counted, worth_of
from models.supply.next_round import Rolled, RollState
from models.supply.signing import escalation, months_with_capacity


class LeaseKind(OfferKind):
    """Whole clusters or blocks of them, in units, for one of several terms, with rights to cancel and to renew."""

    def terms(self, dataset: Dataset, row: Lease) -> Iterable[int]:
        return [each.term_months for each in _terms(dataset, row.lease)]

    def ramps(self, dataset: Dataset, row: Lease) -> Iterable[tuple[str | None, int]]:
        return [(each.ramp, each.term_months) for each in _terms(dataset, row.lease)]

    def add(self, model: Model) -> None:
        add_leases(model, self)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        mine = groups((each.name, each) for each in plan.signings if each.kind == self)
        terms = dataset.parts("lease_terms")

        def units_by(name: str, m: int, term: int) -> float:
            """Units signed up to a month, and in it up to a term: the columns are running totals."""
            order = {each.term_months: k for k, each in enumerate(terms.get(name, ()))}
            chosen = (each for each in mine.get(name, ()) if not each.signed)
            last = m, order.get(term, 0)
            return float(sum(each.units for each in chosen if (each.month, order.get(each.term_months, 0)) <= last))

        def in_service(name: str, term: int, m: int, t: int) -> float:
            """Units that go on in month t; NaN where service began so early or late that there was no such choice."""
            found = [each for each in mine.get(name, ()) if (each.month, each.term_months) == (m, term)]
            if found and not any(could_end(each, t) for each in found):
                return float("nan")
            return float(sum(each.units for each in found if each.end >= t))

        def could_end(signing: Signing, t: int) -> bool:
            """Whether the plan chose if units of a signing go on in month t, by cancelling or renewing."""
            term = next(each for each in terms[signing.name] if each.term_months == signing.term_months)
            term_end = signing.start + signing.term_months
            if t < term_end:
                least = term.cancel_after_months
                return least is not None and t - signing.start >= least + term.notice_months
            since, months = t - term_end, term.renewal_months or 0
            return since % months == 0 and since // months < term.renewals_max if months else False

        return {"units_by": units_by, "in_service": in_service}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        terms = {(each.lease, each.term_months): each for each in dataset.lease_terms}

        def in_service(lease: str, term: int, m: int, t: int) -> bool:
            """A cancelling is decided when notice is given, a renewal in the month before its first."""
            schedule = LeaseSchedule(dataset, dataset.lease_of[lease], m, terms[lease, term])
            ahead = schedule.term.notice_months if t < schedule.term_end else 1
            return m <= last and t - ahead <= last

        return {"units_by": lambda lease, m, term: m <= last, "in_service": in_service}

    def mw_per_unit(self, dataset: Dataset, row: Lease) -> float:
        kw = {each.hardware: each.kw for each in dataset.hardware}
        return sum(each.accelerators * kw[each.hardware] for each in _hardware(dataset, row.lease)) / 1000.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        schedule = self.schedule(dataset, signing)
        share = schedule.online_share(t)
        return {name: count * share for name, count in schedule.accelerators.items()}

    def schedule(self, dataset: Dataset, signing: Signing) -> LeaseSchedule:
        """How a unit of a signing goes; KeyError where the workbook does not have its term."""
        return schedule_of(dataset, signing.name, signing.term_months, signing.month)

    def ended_beyond(self, dataset: Dataset, signing: Signing) -> Signing:
        schedule = self.schedule(dataset, signing)
        if signing.renewals or signing.end + 1 < len(dataset.horizon):
            return signing
        stop = cheapest_end(schedule)
        end = (schedule.term_end if stop is None else stop) - 1
        return replace(signing, end=end, cancelled=stop is not None)

    def find_schedule(self, dataset: Dataset, signing: Signing) -> LeaseSchedule | None:
        """How a unit of a signing goes; None where the workbook does not have its term."""
        with suppress(KeyError):
            return self.schedule(dataset, signing)
        return None

    def usage_rate(self, dataset: Dataset, name: str, term_months: int) -> float:
        found = (each for each in _terms(dataset, name) if each.term_months == term_months)
        return next((each.usage_usd_per_accelerator_hour for each in found), 0.0)

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        """Upfront and prepayment when signed, fees while in service, the fee for ending, as the objective counts."""
        schedule = self.schedule(dataset, signing)
        term, owed = schedule.term, 0.0
        if t == signing.month:
            owed += schedule.counted_upfront + schedule.counted_prepayment
        if signing.start <= t <= signing.end:
            owed += schedule.fee(t) * (1.0 if t >= schedule.term_end else 1.0 - term.prepay_share)
            owed -= schedule.worth_beyond(t)
        if signing.cancelled and t == signing.end + 1:
            owed += schedule.termination_fee(t)
        return signing.units * owed

    def notices(self, dataset: Dataset, signing: Signing) -> Iterator[tuple[str, int, int]]:
        term = self.schedule(dataset, signing).term
        if signing.cancelled:
            yield GIVE_NOTICE, signing.end + 1 - term.notice_months, signing.end
        length = term.renewal_months or 0
        for k in range(signing.renewals):
            first = signing.start + term.term_months + k * length
            yield RENEW, first, first + length - 1

    def service_months(
        self, dataset: Dataset, row: Lease, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        starts = [self.start(dataset, row, signed) for signed in signings]
        if row.delivered_share <= 0 or self.status(row) == "excluded":
            return
        if not (row.signed_units if row.status == "signed" else row.units_max):
            return
        months: set[int] = set()
        for term in _terms(dataset, row.lease):
            if row.status == "signed" and term.term_months != row.signed_term_months:
                continue
            longest = term.term_months + term.renewals_max * (term.renewal_months or 0)
            months |= months_with_capacity(dataset, term.ramp, starts, longest)
        for each in _hardware(dataset, row.lease):
            if each.accelerators > 0:
                yield each.hardware, months, True

    def hardware(self, dataset: Dataset, row: Lease) -> Iterable[str]:
        return [each.hardware for each in _hardware(dataset, row.lease)]

    def block_sizes(self, dataset: Dataset, row: Lease) -> Iterable[float]:
        return [each.accelerators for each in _hardware(dataset, row.lease)]

    def hourly_usd(self, dataset: Dataset, row: Lease) -> Iterator[float]:
        accelerators = max(sum(self.block_sizes(dataset, row)), 1e-3)
        for term in _terms(dataset, row.lease):
            yield term.usd_per_accelerator_hour or 0.0
            yield (term.usd_per_unit_month or 0.0) / SHORTEST_MONTH_HOURS / accelerators

    def price(self, dataset: Dataset, row: Lease) -> OfferPrice:
        terms = _terms(dataset, row.lease)
        term = max(terms, key=lambda each: each.term_months)
        which = f" for {term_words(term.term_months)}" if len(terms) > 1 else ""
        if term.usd_per_unit_month is not None:
            return OfferPrice(term.usd_per_unit_month, f"unit-month{which}")
        return OfferPrice(term.usd_per_accelerator_hour or 0.0, f"accelerator-hour{which}")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        """Usage charges stay, as for the scenario quantity `price`."""
        return replace(
            dataset,
            lease_terms=tuple(
                times(each, factor, "usd_per_accelerator_hour", "usd_per_unit_month", "upfront_usd_per_unit")
                if each.lease == name
                else each
                for each in dataset.lease_terms
            ),
        )

    def local_worth(self, dataset: Dataset, values: Values, row: Lease) -> Iterator[LocalWorth]:
        for term in _terms(dataset, row.lease):
            for m in self.signing_months(dataset, row):
                schedule = LeaseSchedule(dataset, row, m, term)
                months = range(schedule.start, schedule.term_end)
                usage = term.usage_usd_per_accelerator_hour
                worth = sum(
                    worth_of(dataset, values, row.region, hardware, t, count * schedule.online_share(t), usage)
                    for hardware, count in schedule.accelerators.items()
                    for t in months
                )
                unpaid = 1.0 - term.prepay_share
                later = sum(counted(dataset, t) * (unpaid * schedule.fee(t) - schedule.worth_beyond(t)) for t in months)
                cost = (schedule.counted_upfront + schedule.counted_prepayment) * dataset.discount(m) + later
                yield LocalWorth(m, term.term_months, worth, cost)

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
        """Upfront and prepayment, then every month's fee, and the fee for ending early.

        What is delivered less, or not yet ramped up, cuts a fixed rent too.
        """
        schedule, units = self.schedule(dataset, signing), signing.units
        term = schedule.term
        name, signed = signing.name, signing.month
        if schedule.supplier_present(signed):
            yield BillRow(
                signed, name, signed, units, None, schedule.upfront, "upfront", 0.0, 1.0, units * schedule.upfront
            )
            for words, months in prepaid_months(dataset, range(schedule.start, schedule.term_end)):
                fees = term.prepay_share * sum(schedule.fee(t) for t in months)
                yield BillRow(signed, name, signed, units, None, fees, words, 0.0, 1.0, units * fees)
        for t in range(signing.start, signing.end + 1):
            if t not in dataset.horizon or not schedule.supplier_present(t):
                continue
            escalator = escalation(term.escalator_per_year, t - schedule.start + 1)
            fee, in_term = schedule.fee(t), t < schedule.term_end
            billed, hours = units * schedule.online_share(t), None
            if term.usd_per_unit_month is None:
                hours = billed * sum(schedule.accelerators.values()) * dataset.hours(t)
            prepaid = term.prepay_share * fee * units if in_term else 0.0
            count = billed if hours is None else hours
            rate = units * fee / escalator / count if count else 0.0
            tier = term_words(term.term_months) if in_term else "renewal"
            shown = billed if hours is None else units
            yield BillRow(t, name, signed, shown, hours, rate, tier, prepaid, escalator, units * fee - prepaid)
        if signing.cancelled and schedule.supplier_present(signing.end + 1):
            fee = schedule.termination_fee(signing.end + 1)
            words = f"termination fee, {100.0 * term.termination_fee_share:g} % of the fees left"
            yield BillRow(signing.end + 1, name, signed, units, None, fee, words, 0.0, 1.0, units * fee)

    def roll(self, state: RollState) -> None:
        roll_leases(state, self)

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        holding = self._holding(before, signing, rolled.to)
        name = None if holding is None else rolled.name_of(signing, holding.stop, holding.renewed)
        if holding is None or name is None:
            return
        lease = rolled.dataset.lease_of[name]
        assert lease.signed_month is not None
        assert lease.signed_term_months is not None
        yield replace(
            signing.moved(-rolled.to),
            name=name,
            month=rolled.dataset.t(lease.signed_month),
            term_months=lease.signed_term_months,
            cancelled=signing.cancelled and holding.stop is None,
            renewals=signing.renewals - holding.renewed,
            signed=True,
        )

    def undecided(self, dataset: Dataset, signing: Signing, to: int) -> bool:
        holding = self._holding(dataset, signing, to)
        return holding is not None and holding.stop is None

    def _holding(self, dataset: Dataset, signing: Signing, to: int) -> Holding | None:
        schedule = self.find_schedule(dataset, signing)
        return None if schedule is None else holding_of(schedule, signing, to)

    def taken_alike(self, dataset: Dataset, signing: Signing) -> Signing | None:
        schedule = self.find_schedule(dataset, signing)
        if schedule is None:
            return None
        start = schedule.start
        if signing.cancelled and schedule.may_stop(signing.end + 1):
            return replace(signing, start=start)
        renewals = min(signing.renewals, schedule.term.renewals_max)
        end = schedule.term_end - 1 + renewals * (schedule.term.renewal_months or 0)
        return replace(signing, start=start, end=end, cancelled=False, renewals=renewals)


def _terms(dataset: Dataset, lease: str) -> list[LeaseTerm]:
    return dataset.parts("lease_terms").get(lease, [])


def _hardware(dataset: Dataset, lease: str) -> list[LeaseHardware]:
    return [each for each in dataset.lease_hardware if each.lease == lease]


LEASE = LeaseKind(
    name="lease",
    verb="sign",
    unit="unit",
    label="Leases",
    colour="#0072B2",
    light="#CFE3F1",
    row=Lease,
    parts=(LeaseHardware, LeaseTerm),
    cash_group="leases",
    signing_families=("units_by",),
    several_terms=True,
    residual=True,
)
