"""Sites: what is online at each, and which are worth a choice for work that cannot be split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from models.core.ledgers import Pool, Source
from models.core.linear import Linear
from models.core.model import Model
from models.core.scopes import promised
from models.kinds import PROBE


@dataclass(slots=True)
class Site:
    """A site in a month: accelerators online by pool (not scaled) and the sources they come from."""

    name: str
    online: dict[Pool, Linear] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    def total(self) -> Linear:
        """All accelerators online, whatever their hardware."""
        return Linear().plus_all((online, 1.0) for online in self.online.values())


def sites(model: Model) -> dict[int, dict[str, Site]]:
    """The sites with anything online, by month and name."""
    found: dict[int, dict[str, Site]] = defaultdict(dict)
    for (source, t), online in model.capacity.online.items():
        if source.kind != PROBE:
            site = found[t].setdefault(source.site, Site(source.site))
            site.online.setdefault(source.pool, Linear()).plus(online)
            site.sources.append(source)
    return found


def upper_bound(linear: Linear) -> float:
    """The largest value within the variables' bounds."""
    linear = linear.collect_terms()
    pairs = zip(linear.coefficients, linear.variables, strict=True)
    ends = (coefficient * (variable.ub if coefficient > 0.0 else variable.lb or 0.0) for coefficient, variable in pairs)
    return float(linear.constant + sum(ends))


def candidate_sites(model: Model, hardware: set[str]) -> Iterator[tuple[str, Pool, int]]:
    """Site, pool and month where single-site work on some hardware can run.

    With one single-site segment a site is left out when another, certain to be online, has at least as
    much of all it can ever have, in the same pools and at the same usage charge, of which caps and promises
    of spending count as much: what runs at the first can as well run at the second, and other work in the
    pool change places with it.
    """
    one_segment = sum(segment.single_site for segment in model.dataset.loads) == 1
    may_prune = one_segment and not model.probes  # probes ask what else there could be
    for t, there in sites(model).items():
        candidates = [site for site in there.values() if any(pool[1] in hardware for pool in site.online)]
        if may_prune:
            for site in list(candidates):
                if any(_dominates(model, other, site, hardware) for other in candidates if other is not site):
                    candidates.remove(site)
        yield from ((site.name, pool, t) for site in candidates for pool in site.online if pool[1] in hardware)


def _dominates(model: Model, other: Site, site: Site, hardware: set[str]) -> bool:
    """Whether whatever single-site work a site can host, the other can host too."""
    charges = {
        (source.usage_usd, source.sublet, source.name if source.metered else "", _counted_for(model, source))
        for source in (*site.sources, *other.sources)
    }
    certain = {pool: online.constant for pool, online in other.online.items() if online.is_constant}
    needed = {pool: upper_bound(online) for pool, online in site.online.items() if pool[1] in hardware}
    return (
        len(charges) == 1
        and len(certain) == len(other.online)
        and all(certain.get(pool, 0.0) >= accelerators for pool, accelerators in needed.items())
        and sum(certain.values()) >= upper_bound(site.total())
    )


def _counted_for(model: Model, source: Source) -> tuple[str, str]:
    """What tells a usage charge apart: whom it is paid for where caps count that, and to whom spending is promised."""
    if not source.usage_usd:
        return "", ""
    scoped = any(cap.measure == "cash_usd" and cap.scope != "total" for cap in model.dataset.caps)
    provider = source.payer.provider
    return source.name if scoped else "", provider if provider in promised(model.dataset) else ""
