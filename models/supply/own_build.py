r"""Own build: power and shell in blocks, chips in lots, and chips that work where there is power.

Decisions, per build b or order o and month of signing m: `blocks_by[b,m]`, `lots_by[o,m]` whole running totals that end
at blocks_max, lots_max at the most. Recourse: `powered[o,t]` accelerators of an order that are powered in month t,
at most what is delivered; at each site \sum kw x powered <= 1000 x power online. Powered accelerators are online
capacity of the site. Payments are those of `models.supply.own_build_schedule` and `models.supply.financing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.core.ledgers import Payer, Source
from models.core.linear import Linear, Var
from models.core.model import Model
from models.demand.sites import upper_bound
from models.kinds import Kind
from models.plan import Plan, Signing
from models.supply.financing import pay_financed
from models.supply.kind import OfferKind
from models.supply.own_build_schedule import BlockSchedule, LotSchedule, SiteFacts, own_sites

ENERGY = Kind("energy", purchase=True)
"""Energy at a site that no build is named after."""


@dataclass(frozen=True, slots=True)
class _TakenUnits:
    """Blocks or lots signed together."""

    schedule: Any
    units: Linear


def add_own_sites(model: Model, kind: OfferKind) -> None:
    """Adds every build that is signed or can be: its power, and what it costs."""
    blocks = model.add_cumulative_counts(
        "blocks_by", _ways(model, kind), lambda name: kind.most(kind.of(model.dataset)[name])
    )
    found = _taken(model, kind, blocks, BlockSchedule)
    for each in found:
        schedule, payer = each.schedule, kind.payer(model.dataset, each.schedule.offer)
        site = kind.site(schedule.offer)
        for t in model.dataset.horizon:
            if power := schedule.power_mw(t):
                model.capacity.power.setdefault((site, t), Linear()).plus(each.units, power)
        pay_financed(model, kind.category, payer, schedule.signed, each.units, schedule.flows(), schedule.counted)
        for t, usd in schedule.rents():
            rent = each.units.times(usd)
            if t in model.dataset.horizon or model.dataset.settings.end_of_horizon == "full":
                cash = 1.0 if t in model.dataset.horizon else 0.0
                model.costs.pay(kind.category, payer, t, rent, cash=cash)
            if schedule.offer.term_months is not None:
                model.obligations.owe(payer, schedule.signed, t, rent)
    model.readers.append(lambda: _signings(kind, found))


def add_chip_orders(model: Model, kind: OfferKind, site_kind: OfferKind) -> None:
    """Adds every order that is signed or can be: its chips, what of them is powered, and what they cost."""
    dataset, sites = model.dataset, own_sites(model.dataset)
    lots = model.add_cumulative_counts("lots_by", _ways(model, kind), lambda name: kind.most(kind.of(dataset)[name]))
    found = _taken(model, kind, lots, LotSchedule)
    delivered: dict[tuple[str, int], Linear] = {}
    for each in found:
        schedule, payer = each.schedule, kind.payer(dataset, each.schedule.offer)
        for t in dataset.horizon:
            if (accelerators := schedule.delivered(t)) and (schedule.offer.site, t) in model.capacity.power:
                key = schedule.offer.order, t
                delivered.setdefault(key, Linear()).plus(each.units, accelerators)
        pay_financed(model, kind.category, payer, schedule.signed, each.units, schedule.flows(), schedule.counted)
        for t, usd in schedule.supports():
            model.costs.pay(kind.category, payer, t, each.units.times(usd))
    unit = model.units.accelerators
    powered = model.add_variables("powered", delivered, upper=lambda key: upper_bound(delivered[key]) / unit)
    draw: dict[tuple[str, int], Linear] = defaultdict(Linear)
    for (order, t), variable in powered.items():
        row = kind.of(dataset)[order]
        within = Linear.of(variable).plus(delivered[order, t], -1.0 / unit)
        model.add_constraint("powered_of_delivered", (order, t), within, at_most=0.0)
        kw = dataset.hardware_of[row.hardware].kw
        draw[row.site, t].add(variable, kw * unit)
        source = _source(kind, site_kind, model, row, sites[row.site], kw)
        model.capacity.bring_online(source, t, Linear.of(variable, unit))
    for (site, t), kw_drawn in draw.items():
        power = model.capacity.power[site, t]
        body = kw_drawn.times(0.001).plus(power, -1.0)
        model.add_constraint("powered_within_power", (site, t), body.times(1.0 / _mw_unit(model)), at_most=0.0)

    model.settlers.append(lambda: _power_all(model, kind, powered, delivered))
    model.readers.append(lambda: _signings(kind, found))


def _mw_unit(model: Model) -> float:
    """MW that the model's rows of power count in: what a model unit of accelerators draws, in a power of ten."""
    return model.units.accelerators / 1000.0


def _source(kind: OfferKind, site_kind: OfferKind, model: Model, row: Any, site: SiteFacts, kw: float) -> Source:
    """The powered chips of an order; energy is paid to the site's provider, under the site's name."""
    named = row.site in site_kind.of(model.dataset)
    return Source(
        kind=kind,
        name=row.order,
        term_months=0,
        provider=site.provider,
        region=site.region,
        site=row.site,
        hardware=row.hardware,
        usage_usd=kw / 1000.0 * site.energy_usd_per_mwh,
        sublet=False,
        charged=Payer(site_kind if named else ENERGY, row.site, site.provider, site.region, row.site),
    )


def _ways(model: Model, kind: OfferKind) -> list[tuple[str, int]]:
    """Every way to sign what is on offer: its name and the month."""
    dataset = model.dataset
    return [
        (kind.name_of(row), m)
        for row in kind.rows(dataset)
        if kind.is_open(row)
        for m in kind.signing_months(dataset, row, every_month=model.every_month)
    ]


def _taken(
    model: Model, kind: OfferKind, chosen: Mapping[tuple[str, int], Linear], schedule: Callable[[Any, Any, int], Any]
) -> list[_TakenUnits]:
    """What is signed already, and what may be chosen."""
    dataset, rows = model.dataset, kind.of(model.dataset)
    signed = (
        (name, kind.signed_before(dataset, row), Linear(float(kind.units_signed(row)))) for name, row in rows.items()
    )
    found = [(name, m, units) for name, m, units in signed if m is not None and not units.is_zero]
    found += [(name, m, units) for (name, m), units in chosen.items()]
    for name, m, units in found:
        model.signings.sign(kind.key(rows[name]), m, units, max(1, kind.most_units(rows[name])))
    return [_TakenUnits(schedule(dataset, rows[name], m), units) for name, m, units in found]


def _signings(kind: OfferKind, found: list[_TakenUnits]) -> Plan:
    rows = []
    for each in found:
        schedule, units = each.schedule, round(each.units.value())
        over = schedule.stop <= 0 and not schedule.flows()
        if units and not over:
            rows.append(
                Signing(
                    kind=kind,
                    name=schedule.name,
                    month=schedule.signed,
                    term_months=schedule.stop - schedule.start,
                    units=units,
                    start=schedule.start,
                    end=schedule.stop - 1,
                    signed=schedule.offer.status == "signed",
                )
            )
    return Plan(signings=tuple(rows))


def _power_all(model: Model, kind: OfferKind, powered: Mapping[Any, Var], delivered: dict[Any, Linear]) -> None:
    """Powers what power there is for: a solver leaves chips without power that nothing needs, as it happens.

    Not where a cap counts them, nor where overage waits until they have nothing left to give.
    """
    if any(cap.measure.startswith("capacity") for cap in model.dataset.caps):
        return
    if model.pyomo.component("pool_is_full") is not None:
        return
    for (site, t), power in model.capacity.power.items():
        mine = [key for key in powered if key[1] == t and kind.of(model.dataset)[key[0]].site == site]
        free = 1000.0 * power.value()
        for order, _ in mine:
            free -= powered[order, t].value * _kw(model, kind, order) * model.units.accelerators
        for order, _ in mine:
            kw, variable = _kw(model, kind, order), powered[order, t]
            more = min(delivered[order, t].value() - variable.value * model.units.accelerators, max(0.0, free) / kw)
            if more > 0.0:
                variable.set_value(variable.value + more / model.units.accelerators, skip_validation=True)
                free -= more * kw


def _kw(model: Model, kind: OfferKind, order: str) -> float:
    return model.dataset.hardware_of[kind.of(model.dataset)[order].hardware].kw
