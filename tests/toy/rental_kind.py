"""A kind of offer that only tests know: a rental, a block of accelerators signed once and paid by the month.

The class of its rows declares its sheet; `register` makes the two entries of a new kind, in the registry and in the
audit's table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.audit.kinds import AUDITED, AuditedKind
from models.audit.report import Findings
from models.audit.schedules import AuditedSigning, AuditedSource
from models.columns import Row, column, price
from models.core.finance import counts_in_full
from models.core.ledgers import Source
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import rows_of
from models.supply.bill_rows import BillRow, Hours
from models.supply.kind import SHORTEST_MONTH_HOURS, Family, OfferKind, OfferPrice
from models.supply.local_worth import LocalWorth, Values, counted, worth_of
from models.supply.registry import KINDS


@rows_of("rentals", "blocks rented by the month", key=("rental",), offers="bought", category="rental")
class Rental(Row):
    rental: str = column("name", "a block that can be rented")
    provider: str = column("name", "who offers it")
    region: str = column("name", "where it is")
    site: str | None = column("name", "which site; blank: the rental", default=None)
    hardware: str = column("name", "which accelerator", refers=("hardware",))
    accelerators: float = column("number", "how many", unit="accelerators", above=0)
    status: str = column(
        "choice", "offer, signed or excluded", default="offer", choices=("offer", "signed", "excluded")
    )
    sign_from: int | None = column("month", "first month it can be signed", default=None)
    sign_until: int | None = column("month", "last month it can be signed", default=None)
    lead_months: int = column("count", "from signing to service", unit="months", default=0)
    service_not_before: int | None = column("month", "service cannot start before it", default=None)
    delivered_share: float = column("share", "planning derate of what arrives", default=1.0)
    signed_month: int | None = column("month", "with status signed: when", default=None)
    term_months: int = column("count", "length of the term", unit="months", low=1)
    usd_per_month: float = price("fee in each service month", unit="USD/month")


class RentalKind(OfferKind):
    def most(self, row: Rental) -> int:
        return 1

    def units_signed(self, row: Rental) -> int:
        return 1

    def ramps(self, dataset: Dataset, row: Rental) -> Iterable[tuple[str | None, int]]:
        return ()

    def add(self, model: Model) -> None:
        dataset = model.dataset
        offered = [row for row in self.rows(dataset) if self.is_open(row)]
        keys = [
            (row.rental, m) for row in offered for m in self.signing_months(dataset, row, every_month=model.every_month)
        ]
        signed = model.add_cumulative_counts("rented_by", keys, lambda _: 1)
        for row in self.rows(dataset):
            before = self.signed_before(dataset, row)
            if before is not None:
                signed[row.rental, before] = Linear(1.0)
        for (name, m), count in signed.items():
            self._enter(model, self.of(dataset)[name], m, count)

        def read() -> Plan:
            found = []
            for (name, m), count in signed.items():
                row = self.of(dataset)[name]
                start = self.start(dataset, row, m)
                end = start + row.term_months - 1
                if round(count.value()) and (row.status == "offer" or end >= 0):
                    done = row.status == "signed"
                    found.append(Signing(self, name, m, row.term_months, 1, start, end, signed=done))
            return Plan(signings=tuple(found))

        model.readers.append(read)

    def _enter(self, model: Model, row: Rental, m: int, count: Linear) -> None:
        dataset = model.dataset
        payer, start = self.payer(dataset, row), self.start(dataset, row, m)
        model.signings.sign(row.rental, m, count, 1)
        source = Source(self, row.rental, 0, row.provider, row.region, self.site(row), row.hardware, 0.0, False)
        for t in range(max(0, start), start + row.term_months):
            if self._stands(dataset, row, t):
                if t in dataset.horizon:
                    model.capacity.bring_online(source, t, count.times(self._online(dataset, row, t)))
                fee = count.times(self._fee(dataset, row, m, t))
                model.obligations.owe(payer, m, t, fee)
                if t in dataset.horizon or counts_in_full(dataset):
                    model.costs.pay(self.category, payer, t, fee)

    def _stands(self, dataset: Dataset, row: Rental, t: int) -> bool:
        gone = self.exit(dataset, row)
        return gone is None or t < gone

    def _online(self, dataset: Dataset, row: Rental, t: int) -> float:
        share = row.delivered_share * dataset.realization.delivered(row.rental, t)
        return row.accelerators * share if self._stands(dataset, row, t) else 0.0

    def _fee(self, dataset: Dataset, row: Rental, signed: int, t: int) -> float:
        share = row.delivered_share * dataset.realization.delivered(row.rental, t)
        return row.usd_per_month * share * dataset.realization.price(row.rental, signed)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        chosen = [each for each in plan.signings if each.kind == self and not each.signed]
        return {"rented_by": lambda name, m: float(any(each.name == name and each.month <= m for each in chosen))}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return {"rented_by": lambda name, m: m <= last}

    def mw_per_unit(self, dataset: Dataset, row: Rental) -> float:
        return row.accelerators * dataset.hardware_of[row.hardware].kw / 1000.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        row = self.of(dataset)[signing.name]
        return {row.hardware: self._online(dataset, row, t)}

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterable[BillRow]:
        row = self.of(dataset)[signing.name]
        for t in range(signing.start, signing.end + 1):
            if self._stands(dataset, row, t):
                fee = self._fee(dataset, row, signing.month, t)
                yield BillRow(t, signing.name, signing.month, 1.0, None, fee, "rent", 0.0, 1.0, fee)

    def service_months(
        self, dataset: Dataset, row: Rental, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        starts = {self.start(dataset, row, m) for m in signings}
        months = {t for start in starts for t in range(start, start + row.term_months)}
        if row.status != "excluded" and row.delivered_share > 0:
            yield row.hardware, months & set(dataset.horizon), True

    def block_sizes(self, dataset: Dataset, row: Rental) -> Iterable[float]:
        return (row.accelerators,)

    def hourly_usd(self, dataset: Dataset, row: Rental) -> Iterable[float]:
        return (row.usd_per_month / SHORTEST_MONTH_HOURS / row.accelerators,)

    def price(self, dataset: Dataset, row: Rental) -> OfferPrice:
        return OfferPrice(row.usd_per_month, "month")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(dataset, lambda row: replace(row, usd_per_month=row.usd_per_month * factor), name)

    def local_worth(self, dataset: Dataset, values: Values, row: Rental) -> Iterator[LocalWorth]:
        for m in self.signing_months(dataset, row):
            start = self.start(dataset, row, m)
            months = range(start, start + row.term_months)
            online = {t: self._online(dataset, row, t) for t in months}
            worth = sum(worth_of(dataset, values, row.region, row.hardware, t, online[t], 0.0) for t in months)
            cost = sum(counted(dataset, t) * self._fee(dataset, row, m, t) for t in months)
            yield LocalWorth(m, row.term_months, worth, cost)

    def roll(self, state: Any) -> None:
        for row in self.rows(state.dataset):
            signings = state.signings_of(self, row.rental)
            signed = next((each for each in signings if each.signed or each.month < state.to), None)
            if signed is not None:
                state.signed.add(row.rental)
            if (signed is None and (row.status == "signed" or state.is_closed(row.sign_until))) or (
                signed is not None and signed.end < state.to
            ):
                state.leave_out(row.rental)
            elif signed is not None:
                state.write(replace(row, status="signed", signed_month=state.dataset.month(signed.month)))
                state.stands_for(row.rental, signed, settled=True)
                state.done.append(f"{row.rental}: rented {state.dataset.label(signed.month)}")
            else:
                state.write(row)


RENTAL = RentalKind(
    name="rental",
    verb="rent",
    unit="block",
    label="Rentals",
    colour="#009E73",
    light="#BFE3D5",
    row=Rental,
    cash_group="rentals",
    signing_families=("rented_by",),
    signed_once=True,
)


@dataclass(frozen=True)
class AuditedRental(AuditedSigning):
    offer: Rental

    def sources(self) -> Iterator[AuditedSource]:
        row = self.offer
        yield AuditedSource(
            kind="rental",
            name=row.rental,
            term_months=0,
            provider=row.provider,
            region=row.region,
            site=row.site or row.rental,
            hardware=row.hardware,
            kw=self.dataset.hardware_of[row.hardware].kw,
            sublet=False,
            usage_usd=0.0,
            overage_share=0.0,
        )

    def _months(self) -> Iterator[int]:
        return (t for t in range(self.start, self.end + 1) if t < self.exit_month)

    def online(self, t: int) -> Mapping[str, float]:
        return {self.offer.hardware: self.offer.accelerators * self.delivered(t)} if t in self._months() else {}

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        return tuple((t, self.offer.usd_per_month * self.delivered(t) * self.price) for t in self._months())

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        return ((t, usd, usd) for t, usd in self.due_after_signing)


@dataclass(frozen=True)
class AuditedRentals(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning:
        return AuditedRental(dataset, signing, self.offers(dataset)[signing.name])

    def sources(self, dataset: Dataset) -> Iterator[tuple[str, str, int]]:
        return ((each.rental, each.hardware, 0) for each in dataset.rows("rentals"))

    def check_units(self, row: Rental, signings: list[Signing], where: str, findings: Findings) -> None:
        findings.at_most("units_within_offer", where, sum(each.units for each in signings), 1, 1.0)

    def agreed(self, row: Rental) -> tuple[int | None, int | None, int | None]:
        return row.signed_month, row.term_months, 1


def register() -> None:
    """Enters the kind, once."""
    if RENTAL not in KINDS:
        KINDS.append(RENTAL)
        AUDITED["rental"] = AuditedRentals("rentals", "rental", "rental")
