"""Lease-outs as a kind of offer; their terms in the model are in `models.supply.lease_outs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import LeaseOut, Rule
from models.supply.bill_rows import BillRow, Hours, term_words
from models.supply.kind import Family, OfferKind, Price
from models.supply.lease_outs import add_lease_outs
from models.supply.local_worth import LocalWorth, Values, worth_of
from models.supply.next_round import Rolled, RollState


class LeaseOutKind(OfferKind):
    """What others would take off our hands, in units."""

    def ramps(self, dataset: Dataset, row: LeaseOut) -> Iterable[tuple[str | None, int]]:
        return ()

    def add(self, model: Model) -> None:
        add_lease_outs(model, self)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        chosen = [each for each in plan.signings if each.kind == self and not each.signed]

        def leased_out_by(name: str, m: int) -> float:
            return float(sum(each.units for each in chosen if each.name == name and each.month <= m))

        return {"leased_out_by": leased_out_by}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return {"leased_out_by": lambda name, m: m <= last}

    def mw_per_unit(self, dataset: Dataset, row: LeaseOut) -> float:
        return row.accelerators * dataset.hardware_of[row.hardware].kw / 1000.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        row = dataset.lease_out_of[signing.name]
        return {row.hardware: row.accelerators}

    def service_months(
        self, dataset: Dataset, row: LeaseOut, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        return iter(())

    def block_sizes(self, dataset: Dataset, row: LeaseOut) -> Iterable[float]:
        return ()

    def hourly_usd(self, dataset: Dataset, row: LeaseOut) -> Iterable[float]:
        return ()

    def price(self, dataset: Dataset, row: LeaseOut) -> Price:
        return Price(row.usd_per_accelerator_hour, "accelerator-hour")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(dataset, lambda row: times(row, factor, "usd_per_accelerator_hour"), name)

    def local_worth(self, dataset: Dataset, values: Values, row: LeaseOut) -> Iterator[LocalWorth]:
        for m in self.signing_months(dataset, row):
            start = self.start(dataset, row, m)
            months = range(start, min(start + row.term_months, len(dataset.horizon)))
            hourly = row.usd_per_accelerator_hour * row.accelerators
            income = sum(dataset.discount(t) * hourly * dataset.hours(t) for t in months)
            missed = sum(worth_of(dataset, values, row.region, row.hardware, t, row.accelerators, 0.0) for t in months)
            yield LocalWorth(m, row.term_months, income, missed)

    def excluded(self, row: LeaseOut) -> LeaseOut:
        """No status says excluded."""
        return replace(row, units_max=0)

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
        """What the taker pays each month, below 0."""
        row = dataset.lease_out_of[signing.name]
        rate, tier = -row.usd_per_accelerator_hour, term_words(signing.term_months)
        for t in range(signing.start, signing.end + 1):
            hours = signing.units * row.accelerators * dataset.hours(t)
            yield BillRow(t, signing.name, signing.month, signing.units, hours, rate, tier, 0.0, 1.0, hours * rate)

    def roll(self, state: RollState) -> None:
        """Units agreed become one row and a rule that takes it in month 0, for the months that are left.

        No status says signed.
        """
        dataset, to = state.dataset, state.to
        for row in dataset.lease_outs:
            name = row.lease_out
            agreed = [each for each in state.signings_of(self, name) if each.month < to]
            running = [each for each in agreed if each.end >= to]
            left = row.units_max - sum(each.units for each in agreed)
            open_still = left > 0 and not state.is_closed(row.sign_until)
            if open_still:
                state.write(replace(row, units_max=left))
            for number, each in enumerate(running):
                own_name = number == 0 and not open_still and not state.is_shared(name)
                runs_as = name if own_name else state.free_name(f"{name} {dataset.label(each.month)}")
                if open_still:
                    state.parts.setdefault(self.key(row), []).append(runs_as)
                first = max(each.start, to)
                state.write(
                    replace(
                        row,
                        lease_out=runs_as,
                        accelerators=row.accelerators * each.units,
                        units_max=1,
                        sign_from=dataset.month(to),
                        sign_until=dataset.month(to),
                        lead_months=first - to,
                        term_months=each.end - first + 1,
                    )
                )
                state.stands_for(runs_as, each, settled=True)
                rule = state.free_name(f"{runs_as} runs on")
                state.rules.append(Rule(rule=rule, kind="at_least", offers=(runs_as,), count=1))
                state.done.append(f"{runs_as}: leased out since {dataset.label(each.month)}, runs on by rule {rule}")
            if agreed:
                state.signed.add(self.key(row))
            if not open_still and not running:
                state.leave_out(self.key(row))

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        name = rolled.name_of(signing)
        if name is not None:
            yield replace(signing.moved(-rolled.to), name=name, month=0, units=1)


LEASE_OUT = LeaseOutKind(
    name="lease_out",
    verb="lease out",
    unit="unit",
    label="Lease-out income",
    colour="#CC79A7",
    light="#F3E1EC",
    row=LeaseOut,
    cash_group="leased_out",
    signing_families=("leased_out_by",),
    buys=False,
    purchase=False,
    uncertain=False,
)
