r"""Pools: the dispatch of a region's accelerators of one hardware, by load block and source.

Work in a pool is done by committed sources, overage and on-demand: \sum work = \sum use + overage +
on_demand. Committed use <= (online - leased out) x (1 - reserve_margin). Sources that cost the same to
use form a class; where a pool has more than one class, `use[class,t,b]` <= what the class has online,
and sublet classes keep free what is leased out. Usage charges follow the classes; which source of a
class did the work makes no difference and is settled when the plan is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.core.finance import payment
from models.core.ledgers import Pool, Source
from models.core.linear import Linear
from models.core.model import Model
from models.core.scopes import in_scope, promised
from models.dataset import block_hours
from models.grouping import groups
from models.plan import Online, Payment, Plan, SourceUse
from models.schema import Cap
from models.supply.registry import caps_by_name


@dataclass(frozen=True, slots=True)
class UseClass:
    """Sources of a pool that cost the same to use in month t, and their use by block in model units."""

    pool: Pool
    t: int
    sources: tuple[Source, ...]
    use: dict[str, Linear]


def add_pools(model: Model) -> None:
    """Balances every pool that anything can work in, and charges for use."""
    dataset, capacity = model.dataset, model.capacity
    by_pool = capacity.sources()
    pools = sorted(capacity.reachable)
    caps = [cap for cap in dataset.caps if cap.measure == "cash_usd" and cap.scope != "total"]
    caps = [each for cap in caps for each in caps_by_name(dataset, cap)]
    leased_out = {pool for pool, _ in capacity.leased_out}
    grouped = {
        (pool, t): _classes(model, by_pool.get((pool, t), []), caps, leased_out=pool in leased_out) for pool, t in pools
    }
    index = [
        (*pool, t, block.block, k)
        for (pool, t), classes in grouped.items()
        for block in dataset.blocks
        if not _use_is_work(model, pool, t, block.block, len(classes))
        for k in range(len(classes))
    ]
    use = model.add_variables("use", index)
    found = []
    for (pool, t), classes in grouped.items():
        made = [UseClass(pool, t, tuple(sources), {}) for sources in classes]
        less_online = [_less_online(model, sources, t) for sources in classes]
        kept = _kept(model, pool, t, less_online)
        for block in dataset.blocks:
            name = block.block
            work = capacity.work.get((pool, t, name), Linear())
            if _use_is_work(model, pool, t, name, len(classes)):
                for each in made:
                    each.use[name] = work
            else:
                for k, each in enumerate(made):
                    each.use[name] = Linear.of(use[(*pool, t, name, k)])
                _balance(model, pool, t, name, made, work)
            if not (work.is_zero and _use_is_work(model, pool, t, name, len(classes))):
                _limit(model, pool, t, name, made, less_online, kept)
        found.extend(made)
    for each in found:
        _charge(model, each)
    model.settlers.append(lambda: _work_before_overage(model, found))
    model.readers.append(lambda: _read(model, found))


def _use_is_work(model: Model, pool: Pool, t: int, block: str, classes: int) -> bool:
    """Whether the one class of sources does all the work of a pool, or there is none: no variable is needed then."""
    key = pool, t, block
    if model.capacity.on_demand.get(key) or model.capacity.overage.get(key):
        return False
    return classes == 1 or key not in model.capacity.work


def _classes(model: Model, sources: list[Source], cash_caps: list[Cap], *, leased_out: bool) -> list[list[Source]]:
    """Sources by what tells their use apart: usage charge, metering, what policy, promises or lease-outs ask of it.

    Where they differ at all, the site counts too if segments must run at one site.
    """
    providers = promised(model.dataset)

    def key(source: Source, by_site: bool) -> tuple[object, ...]:
        payer = source.payer
        scopes: tuple[object, ...] = ()
        if source.usage_usd:
            provider = payer.provider if payer.provider in providers else ""
            scopes = (*(in_scope(cap, payer) for cap in cash_caps), provider)
        return (
            source.usage_usd,
            source.name if source.metered else "",
            source.sublet if leased_out else False,
            scopes,
            source.site if by_site else "",
        )

    mixed = len({key(source, False) for source in sources}) > 1
    by_site = mixed and any(segment.single_site for segment in model.dataset.loads)
    return list(groups((key(source, by_site), source) for source in sources).values())


def _less_online(model: Model, sources: list[Source], t: int) -> Linear:
    """Accelerators online of some sources, in model units below 0, as every row that limits their use counts them."""
    online = ((model.capacity.online[source, t], -1.0 / model.units.accelerators) for source in sources)
    return Linear().plus_all(online).collect_terms()


def _balance(model: Model, pool: Pool, t: int, block: str, classes: list[UseClass], work: Linear) -> None:
    """All work is done by someone, and nobody works without work."""
    overage = model.capacity.overage.get((pool, t, block), {}).values()
    body = work.times(-1.0).plus_all((each, 1.0) for each in (*(each.use[block] for each in classes), *overage))
    body.add_all((bought, 1.0) for bought in model.capacity.on_demand.get((pool, t, block), []))
    model.add_constraint("work_is_done", (*pool, t, block), body, equals=0.0)


def _kept(model: Model, pool: Pool, t: int, less_online: list[Linear]) -> Linear:
    """What use may come to, below 0: what is online and not leased out, less the margin."""
    share, unit = 1.0 - model.dataset.settings.reserve_margin, model.units.accelerators
    kept = Linear().plus_all((each, share) for each in less_online)
    return kept.plus(model.capacity.leased_out.get((pool, t), Linear()), share / unit)


def _limit(
    model: Model, pool: Pool, t: int, block: str, classes: list[UseClass], less_online: list[Linear], kept: Linear
) -> None:
    """Use stays within what is online: the pool's less its margin, each class's own, and what is leased out."""
    if not classes:
        return
    capacity, unit = model.capacity, model.units.accelerators
    key = (*pool, t, block)
    total = Linear().plus_all((each.use[block], 1.0) for each in classes).plus(kept)
    leased = capacity.leased_out.get((pool, t), Linear())
    model.add_constraint("pool_keeps_margin", key, total, at_most=0.0)
    if capacity.overage.get((pool, t, block)):
        capacity.idle[pool, t, block] = total.times(-1.0).collect_terms().keep()
    site_work = capacity.site_work.get((pool, t, block), {})
    if len(classes) == 1:
        if site_work and not _use_is_work(model, pool, t, block, 1):
            body = classes[0].use[block].times(-1.0).plus_all((work, 1.0) for work in site_work.values())
            model.add_constraint("site_does_its_work", key, body, at_most=0.0)
        return
    for k, (each, less) in enumerate(zip(classes, less_online, strict=True)):
        model.add_constraint("use_within_online", (*key, k), each.use[block].times(1.0).plus(less), at_most=0.0)
    if not leased.is_zero:
        body = leased.times(1.0 / unit)
        for each, less in zip(classes, less_online, strict=True):
            if each.sources[0].sublet:
                body.plus(each.use[block]).plus(less)
        model.add_constraint("leased_out_is_not_used", key, body, at_most=0.0)
    for site, work in site_work.items():
        of_site = (each for each in classes if each.sources[0].site == site)
        body = work.times(1.0).plus_all((each.use[block], -1.0) for each in of_site)
        model.add_constraint("site_does_its_work", (site, *key), body, at_most=0.0)


def _usage_usd(model: Model, source: Source, t: int) -> float:
    """The charge for an accelerator-hour used in month t."""
    return source.usage_usd * model.dataset.realization.usage_price(source.hardware, t)


def _charge(model: Model, each: UseClass) -> None:
    """Usage charges of a class and of overage; a metered source learns its hours."""
    source = each.sources[0]
    for block, use in each.use.items():
        usd = _usage_usd(model, source, each.t) * block_hours(model.dataset, each.t, block) * model.units.accelerators
        model.costs.pay("usage", source.payer, each.t, use.times(usd), reported=False)
        if source.metered:
            model.capacity.metered_use[source, each.t, block] = use
    overages = [(block, model.capacity.overage.get((each.pool, each.t, block), {})) for block in each.use]
    overage_in = [(block, by_source) for block, by_source in overages if by_source]
    for member in each.sources if overage_in else ():
        for block, by_source in overage_in:
            if (overage := by_source.get(member)) is not None:
                hours = block_hours(model.dataset, each.t, block)
                usd = _usage_usd(model, member, each.t) * hours * model.units.accelerators
                model.costs.pay("usage", member.payer, each.t, overage.times(usd), reported=False)


def _read(model: Model, classes: list[UseClass]) -> Plan:
    """What is online, which source did what, and the usage charges that follow."""
    unit = model.units.accelerators
    online = {key: max(0.0, linear.value()) for key, linear in model.capacity.online.items()}
    rows: list[SourceUse] = []
    for each in classes:
        for block, use in each.use.items():
            capacity = {source: online[source, each.t] for source in each.sources}
            shares = _split(model, each, block, use.value() * unit, capacity)
            for source, accelerators in shares.items():
                overage = model.capacity.overage.get((each.pool, each.t, block), {}).get(source)
                on_top = overage.value() * unit if overage is not None else 0.0
                if accelerators or on_top:
                    kind, name, term = source.kind, source.name, source.term_months
                    rows.append(SourceUse(each.t, block, kind, name, term, source.hardware, accelerators, on_top))
    return Plan(
        source_use=tuple(rows),
        online=tuple(_online_rows(model, online)),
        payments=tuple(_usage_payments(model, classes, rows)),
    )


def _work_before_overage(model: Model, classes: list[UseClass]) -> None:
    """Has what is idle do the work of overage: where both cost the same a solver takes either."""
    capacity = model.capacity
    for each in classes:
        for block, use in each.use.items():
            place = each.pool, each.t, block
            for overage in map(capacity.overage.get(place, {}).get, each.sources):
                if overage is None or overage.value() <= 0.0:
                    continue
                idle = -use.value() - _less_online(model, list(each.sources), each.t).value()
                idle = min(idle, capacity.idle[place].value())
                (used,) = use.variables
                for variable in reversed(overage.variables):  # the most expensive first
                    moved = min(idle, variable.value)
                    if moved > 0.0:
                        idle -= moved
                        variable.set_value(variable.value - moved, skip_validation=True)
                        used.set_value(used.value + moved, skip_validation=True)


def _split(model: Model, each: UseClass, block: str, use: float, capacity: dict[Source, float]) -> dict[Source, float]:
    """Accelerators at work of each source of a class: single-site work at its site, the rest by what is online."""
    unit, shares = model.units.accelerators, dict.fromkeys(capacity, 0.0)
    left = use
    for site in dict.fromkeys(source.site for source in capacity):
        work = model.capacity.site_work.get((each.pool, each.t, block), {}).get(site)
        there = {source: amount for source, amount in capacity.items() if source.site == site}
        at_site = sum(there.values())
        if work is None or not at_site:
            continue
        needed = min(left, work.value() * unit)
        for source, amount in there.items():
            shares[source] = needed * amount / at_site
        left -= needed
    free = {source: max(0.0, amount - shares[source]) for source, amount in capacity.items()}
    total = sum(free.values())
    if left > 0.0 and total > 0.0:
        return {source: shares[source] + left * amount / total for source, amount in free.items()}
    return shares


def _online_rows(model: Model, online: dict[tuple[Source, int], float]) -> list[Online]:
    return [
        Online(
            month=t,
            kind=source.kind,
            name=source.name,
            term_months=source.term_months,
            provider=source.provider,
            region=source.region,
            site=source.site,
            hardware=source.hardware,
            accelerators=accelerators,
            mw=accelerators * model.dataset.hardware_of[source.hardware].kw / 1000.0,
        )
        for (source, t), accelerators in online.items()
        if accelerators
    ]


def _usage_payments(model: Model, classes: list[UseClass], rows: list[SourceUse]) -> Iterator[Payment]:
    sources = {(s.kind, s.name, s.term_months, s.hardware): s for each in classes for s in each.sources}
    for row in rows:
        source = sources[row.kind, row.name, row.term_months, row.hardware]
        if source.usage_usd:
            hours = block_hours(model.dataset, row.month, row.block)
            usd = _usage_usd(model, source, row.month) * (row.accelerators + row.overage) * hours
            present = usd * model.costs.discount(row.month)
            yield payment(source.payer, "usage", row.month, usd, present)
