"""Own build as kinds of offers, builds and chip orders; their terms in the model are in `models.supply.own_build`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import LONGEST_MONTHS, ChipOrder, OwnSite
from models.supply.bill_rows import BillRow, Hours
from models.supply.financing import Flow
from models.supply.kind import Family, OfferKind, OfferPrice
from models.supply.local_worth import LocalWorth, Values, worth_of
from models.supply.next_round import Rolled, RollState
from models.supply.own_build import add_chip_orders, add_own_sites
from models.supply.own_build_schedule import BlockSchedule, LotSchedule, own_sites
from models.supply.signing import months_with_capacity

HOURS_A_MONTH = 730.0


class _OwnBuildKind(OfferKind):
    """What builds and orders have in common: whole units, no rights, payments in part borrowed."""

    @abstractmethod
    def schedule(self, dataset: Dataset, row: Any, signed: int) -> BlockSchedule | LotSchedule:
        """How a unit goes that is signed in month t."""

    def ramps(self, dataset: Dataset, row: Any) -> Iterable[tuple[str | None, int]]:
        return ()

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        chosen = [each for each in plan.chosen if each.kind == self]

        def signed_by(name: str, m: int) -> float:
            return float(sum(each.units for each in chosen if each.name == name and each.month <= m))

        return dict.fromkeys(self.signing_families, signed_by)

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return dict.fromkeys(self.signing_families, lambda name, m: m <= last)

    def flows(self, dataset: Dataset, signing: Signing) -> list[Flow]:
        """What a unit's capex or price comes to, by month."""
        return self.schedule(dataset, self.of(dataset)[signing.name], signing.month).flows()

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        schedule = self.schedule(dataset, self.of(dataset)[signing.name], signing.month)
        owed = sum(each.paid * schedule.counted for each in schedule.flows() if each.t == t)
        return signing.units * (owed + sum(usd for month, usd in self.running(schedule) if month == t))

    @abstractmethod
    def running(self, schedule: Any) -> Iterator[tuple[int, float]]:
        """USD by month besides capex or price: rent or support."""

    def borrowed(self, dataset: Dataset, signing: Signing) -> Iterator[tuple[int, float]]:
        return ((each.t, signing.units * (each.borrowed - each.back)) for each in self.flows(dataset, signing))

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
        """What is paid of capex or price, what is paid back of what was borrowed, and rent or support."""
        schedule = self.schedule(dataset, self.of(dataset)[signing.name], signing.month)
        name, units = signing.name, signing.units

        def line(t: int, usd: float, words: str) -> BillRow:
            return BillRow(t, name, signing.month, units, None, usd, words, 0.0, 1.0, units * usd)

        for each in schedule.flows():
            yield line(each.t, each.own, self.bought_words)
            yield line(each.t, each.back, "instalment")
        for t, usd in self.running(schedule):
            yield line(t, usd, self.running_words)

    @property
    @abstractmethod
    def bought_words(self) -> str:
        """What a line of a bill calls what is bought."""

    @property
    @abstractmethod
    def running_words(self) -> str:
        """What it calls what is paid month by month."""

    def roll(self, state: RollState) -> None:
        """Units signed become signed rows as long as they serve or are paid for; what is left stays an offer."""
        dataset, to = state.dataset, state.to
        for row in self.rows(dataset):
            name, key = self.name_of(row), self.key(row)
            signed = [each for each in state.signings_of(self, name) if each.signed or each.month < to]
            left = self.most(row) - sum(each.units for each in signed if not each.signed)
            open_still = row.status == "offer" and left > 0 and not state.is_closed(row.sign_until)
            if row.status == "excluded" or open_still:
                state.write(replace(row, **{self.most_column: left}))
            by_month: dict[int, list[Signing]] = {}
            for each in signed:
                if each.end >= to or any(flow.t >= to for flow in self.flows(dataset, each)):
                    by_month.setdefault(each.month, []).append(each)
            for number, (month, signings) in enumerate(by_month.items()):
                runs_as = name if number == 0 and not open_still else state.free_name(f"{name} {dataset.label(month)}")
                if open_still:
                    state.parts.setdefault(key, []).append(runs_as)
                units = sum(each.units for each in signings)
                facts = {self.sheet.key[0]: runs_as, self.signed_column: units, "site": self.site(row)}
                state.write(replace(row, status="signed", signed_month=dataset.month(month), **facts))
                state.stands_for(runs_as, signings[0], settled=True)
                state.done.append(f"{runs_as}: {self.units(units)} signed {dataset.label(month)}")
            if signed or (row.status == "signed" and getattr(row, self.signed_column)):
                state.signed.add(key)
            if row.status != "excluded" and not open_still and not by_month:
                state.leave_out(key)
                if self.is_named(dataset, row):
                    blank: dict[str, Any] = {self.signed_column: None, "signed_month": None}
                    state.write(replace(row, status="excluded", **blank))

    def is_named(self, dataset: Dataset, row: Any) -> bool:
        """Whether other rows name one that is over, so that it stays in the next round as excluded."""
        return False

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        name = rolled.name_of(signing)
        if name is not None:
            yield replace(signing.moved(-rolled.to), name=name, signed=True)


class OwnSiteKind(_OwnBuildKind):
    """Power and shell of our own, in blocks."""

    def schedule(self, dataset: Dataset, row: OwnSite, signed: int) -> BlockSchedule:
        return BlockSchedule(dataset, row, signed)

    def terms(self, dataset: Dataset, row: OwnSite) -> Iterable[int]:
        return (row.term_months or LONGEST_MONTHS,)

    def ramps(self, dataset: Dataset, row: OwnSite) -> Iterable[tuple[str | None, int]]:
        return [(row.ramp, row.term_months or LONGEST_MONTHS)]

    def add(self, model: Model) -> None:
        add_own_sites(model, self)

    def is_named(self, dataset: Dataset, row: OwnSite) -> bool:
        """Chips stand at a site, with power or without."""
        return any(order.site == self.site(row) for order in dataset.chip_orders)

    def running(self, schedule: BlockSchedule) -> Iterator[tuple[int, float]]:
        return schedule.rents()

    @property
    def bought_words(self) -> str:
        return "capex"

    @property
    def running_words(self) -> str:
        return "rent"

    def mw_per_unit(self, dataset: Dataset, row: OwnSite) -> float:
        return row.block_mw

    def most_mw(self, dataset: Dataset, signing: Signing, months: range) -> float:
        schedule = self.schedule(dataset, self.of(dataset)[signing.name], signing.month)
        return max((schedule.power_mw(t) for t in months), default=0.0)

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        return {}

    def service_months(
        self, dataset: Dataset, row: OwnSite, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        return iter(())

    def block_sizes(self, dataset: Dataset, row: OwnSite) -> Iterable[float]:
        return ()

    def hourly_usd(self, dataset: Dataset, row: OwnSite) -> Iterable[float]:
        return ()

    def price(self, dataset: Dataset, row: OwnSite) -> OfferPrice:
        return OfferPrice(row.capex_usd_per_mw, "MW")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(dataset, lambda row: times(row, factor, "capex_usd_per_mw", "rent_usd_per_mw_month"), name)

    def local_worth(self, dataset: Dataset, values: Values, row: OwnSite) -> Iterator[LocalWorth]:
        """Power is worth what chips make of it: nothing that a price of accelerators tells."""
        return iter(())

    def power_months(self, dataset: Dataset, site: str) -> set[int]:
        """Months of the horizon in which a site can have power, of builds signed or on offer."""
        found: set[int] = set()
        for row in self.rows(dataset):
            if self.site(row) == site and row.status != "excluded":
                signed = self.signed_before(dataset, row)
                months = self.signing_months(dataset, row) if signed is None else [signed]
                starts = [self.start(dataset, row, m) for m in months]
                found |= months_with_capacity(dataset, row.ramp, starts, row.term_months or LONGEST_MONTHS)
        return found


class ChipOrderKind(_OwnBuildKind):
    """Chips of our own, in lots, for a site of our own."""

    def region(self, dataset: Dataset, row: ChipOrder) -> str:
        facts = own_sites(dataset).get(row.site)
        return facts.region if facts else ""

    def schedule(self, dataset: Dataset, row: ChipOrder, signed: int) -> LotSchedule:
        return LotSchedule(dataset, row, signed)

    def add(self, model: Model) -> None:
        add_chip_orders(model, self, SITE)

    def running(self, schedule: LotSchedule) -> Iterator[tuple[int, float]]:
        return schedule.supports()

    @property
    def bought_words(self) -> str:
        return "price"

    @property
    def running_words(self) -> str:
        return "support"

    def mw_per_unit(self, dataset: Dataset, row: ChipOrder) -> float:
        return row.lot * dataset.hardware_of[row.hardware].kw / 1000.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        row = self.of(dataset)[signing.name]
        return {row.hardware: self.schedule(dataset, row, signing.month).delivered(t)}

    def usage_rate(self, dataset: Dataset, name: str, term_months: int) -> float:
        """Energy, at all-in facility power."""
        row = self.of(dataset)[name]
        facts = own_sites(dataset).get(row.site)
        return dataset.hardware_of[row.hardware].kw / 1000.0 * facts.energy_usd_per_mwh if facts else 0.0

    def charged_name(self, dataset: Dataset, name: str) -> str:
        return str(self.of(dataset)[name].site)

    def service_months(
        self, dataset: Dataset, row: ChipOrder, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        starts = [self.start(dataset, row, m) for m in signings]
        if row.status != "excluded" and row.delivered_share > 0 and self.most_units(row):
            months = months_with_capacity(dataset, None, starts, row.life_months)
            yield row.hardware, months & SITE.power_months(dataset, row.site), True

    def block_sizes(self, dataset: Dataset, row: ChipOrder) -> Iterable[float]:
        return (row.lot,)

    def hourly_usd(self, dataset: Dataset, row: ChipOrder) -> Iterable[float]:
        return (row.usd_per_accelerator / row.life_months / HOURS_A_MONTH,)

    def price(self, dataset: Dataset, row: ChipOrder) -> OfferPrice:
        return OfferPrice(row.usd_per_accelerator, "accelerator")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        columns = "usd_per_accelerator", "support_usd_per_accelerator_month"
        return self.changed(dataset, lambda row: times(row, factor, *columns), name)

    def local_worth(self, dataset: Dataset, values: Values, row: ChipOrder) -> Iterator[LocalWorth]:
        """With power for all of them, whatever that costs."""
        usage, region = self.usage_rate(dataset, row.order, 0), self.region(dataset, row)
        for m in self.signing_months(dataset, row):
            schedule = self.schedule(dataset, row, m)
            worth = sum(
                worth_of(dataset, values, region, row.hardware, t, schedule.delivered(t), usage)
                for t in range(schedule.start, min(schedule.stop, len(dataset.horizon)))
            )
            cost = sum(each.paid * schedule.counted * dataset.discount(each.t) for each in schedule.flows())
            cost += sum(usd * dataset.discount(t) for t, usd in schedule.supports())
            yield LocalWorth(m, row.life_months, worth, cost)


SITE = OwnSiteKind(
    name="site",
    verb="build",
    unit="block",
    label="Own sites",
    colour="#6A3D9A",
    light="#E0D6EB",
    row=OwnSite,
    cash_group="sites",
    signing_families=("blocks_by",),
    most_column="blocks_max",
    signed_column="signed_blocks",
    brings=False,
)
CHIPS = ChipOrderKind(
    name="chips",
    verb="order",
    unit="lot",
    label="Chips",
    colour="#117733",
    light="#CFE4D6",
    row=ChipOrder,
    cash_group="chips",
    signing_families=("lots_by",),
    most_column="lots_max",
    signed_column="signed_lots",
    hosts=False,
)
