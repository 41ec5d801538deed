r"""Single site: a segment that cannot be split runs at one site in each month; the site may change.

`runs_at[s,site,t]` binary, \sum_site <= 1; tokens served at a site <= the most it can serve, or the
month's demand, x runs_at; = that demand x runs_at where it is known and none of it may fall short, so that
only the choice of a site is open. In each load block single-site work at a site is at most what is online
there, by hardware, and (1 - reserve_margin) of it, all hardware together.
"""

from __future__ import annotations

from collections import defaultdict

from models.core.linear import Linear
from models.core.model import Model
from models.demand.service import ANY_BLOCK, Place, Service, demand_of
from models.demand.sites import Site, sites, upper_bound
from models.grouping import sums


def add_single_sites(model: Model) -> None:
    """Adds the choice of sites and what they can hold."""
    single = [each for each in model.services if each.segment.single_site]
    if not single:
        return
    by_month = sites(model)
    index = [
        (each.segment.segment, site, each.t)
        for each in single
        for site in dict.fromkeys(place.site for place, _ in each.tokens)
    ]
    runs_at = model.add_variables("runs_at", index, upper=1, integer=True)
    for service in single:
        name, t, one = service.segment.segment, service.t, Linear()
        asked = Linear().plus_all((demand_of(model, service, group, ANY_BLOCK), 1.0) for group in service.groups)
        whole = _in_one_piece(model, service, asked)
        for site in dict.fromkeys(place.site for place, _ in service.tokens):
            one.add(runs_at[name, site, t])
            work = ((key, variable) for key, variable in service.work.items() if key[0].site == site)
            body = Linear().add_all((variable, service.tokens[key]) for key, variable in work)
            if whole is not None:
                body.add(runs_at[name, site, t], -whole)
                model.add_constraint("runs_at_one_site", (name, site, t), body, equals=0.0)
                continue
            ceiling = _token_ceiling(model, service, by_month[t][site])
            if not model.probes:  # what probes ask for on top has to find room at the site too
                ceiling = min(ceiling, upper_bound(asked))
            body.add(runs_at[name, site, t], -ceiling)
            model.add_constraint("runs_at_one_site", (name, site, t), body, at_most=0.0)
        model.add_constraint("one_site", (name, t), one, at_most=1.0)
    _limit_sites(model, by_month)


def _in_one_piece(model: Model, service: Service, asked: Linear) -> float | None:
    """Tokens of the month that are served wherever it runs; None where that is no one figure, or some may fall short.

    A run asks for its tokens in the months after its start. Probes ask what more, or a part at each of two sites, does.
    """
    if service.shortfall or model.probes:
        return None
    asked = asked.collect_terms()
    if service.segment.segment in model.dataset.segment_of:
        return float(asked.constant) if asked.is_constant else None
    return float(asked.coefficients[0])


def _token_ceiling(model: Model, service: Service, site: Site) -> float:
    """The most tokens a site can serve in the month with everything online there that can be."""
    per_unit = sums((place, tokens) for (place, _), tokens in service.tokens.items() if place.site == site.name)
    unit, free = model.units.accelerators, 1.0 - model.dataset.settings.reserve_margin
    by_hardware = sum(
        per_unit[Place(site.name, *pool)] * upper_bound(online) / unit for pool, online in site.online.items()
    )
    in_all = max(per_unit.values()) * free * upper_bound(site.total()) / unit
    return float(min(by_hardware, in_all))


def _limit_sites(model: Model, by_month: dict[int, dict[str, Site]]) -> None:
    """Where one hardware is all there is, less the margin is the tighter of the two and stands alone."""
    unit, margin = model.units.accelerators, model.dataset.settings.reserve_margin
    totals: dict[tuple[str, int, str], Linear] = defaultdict(Linear)
    for (pool, t, block), by_site in model.capacity.site_work.items():
        for name, work in by_site.items():
            site = by_month[t][name]
            totals[name, t, block].plus(work)
            if len(site.online) > 1 or not margin:
                body = work.times(1.0).plus(site.online[pool], -1.0 / unit)
                model.add_constraint("site_work_online", (name, *pool, t, block), body, at_most=0.0)
    if margin:
        for (name, t, block), work in totals.items():
            body = work.times(1.0).plus(by_month[t][name].total(), (margin - 1.0) / unit)
            model.add_constraint("site_keeps_margin", (name, t, block), body, at_most=0.0)
