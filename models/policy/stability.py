r"""Plan stability: a price on departing from an earlier plan, so that planning again changes little (plan nervousness).

Units are lease units, contract blocks, lease-out units and options. Of an offer, with p the units yesterday's plan
signs in a month (of a lease: and for a term) and u those of this one, a departure is
`departure[o]` >= \sum (u - p)^+ and >= \sum (p - u)^+: a unit moved counts once, one dropped or new once.
`signed_more[o,m,L]` >= u - p and `signed_less[o,m,L]` >= p - u. The charge, usd_per_unit x \sum departure, is in
the objective and in no other figure: it is no money anybody pays.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import itemgetter

from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import counts
from models.kinds import OPTION, DecidedKey, OfferKey, index_parts
from models.plan import Plan
from models.supply.registry import offers_on_the_table

SigningKey = tuple[DecidedKey, int, int]
"""An offer or option, the month of signing, and the term in months where the offer has several (else 0)."""


@dataclass(frozen=True, slots=True)
class PlanStability:
    """The plan to keep to, and the price of each unit departed from it in USD; what is signed before month `until`.

    None for all months. Of plans for scenarios it is what they have in common: the first stage.
    """

    plan: Plan
    usd_per_unit: float
    until: int | None = None

    def departures(self, dataset: Dataset, now: Plan) -> dict[DecidedKey, int]:
        """Units by which a plan departs from the one to keep to; see `departures`."""
        return departures(dataset, self.plan, now, self.until)

    def charge_usd(self, dataset: Dataset, now: Plan) -> float:
        """What a plan is charged for its departures, USD."""
        return self.usd_per_unit * sum(self.departures(dataset, now).values())


def units_signed(dataset: Dataset, plan: Plan, until: int | None = None) -> Counter[SigningKey]:
    """What a plan decides, before month `until`, that this workbook can decide too: units by offer, month and term."""
    months = dataset.horizon if until is None else dataset.horizon[:until]
    open_offers, options = {*offers_on_the_table(dataset)}, {each.option for each in dataset.options}
    signed = (each for each in plan.chosen if each.offer in open_offers and each.month in months)
    bought = (each for each in plan.options if each.name in options and each.month in months)
    units = [((each.offer, each.month, each.kind.way(each)), each.units) for each in signed]
    return counts([*units, *((((OPTION, each.name), each.month, 0), 1) for each in bought)])


def departures(dataset: Dataset, earlier: Plan, now: Plan, until: int | None = None) -> dict[DecidedKey, int]:
    """Units by which a plan departs from an earlier one.

    Parameters
    ----------
    dataset
        The problem of both.
    earlier, now
        The plan to keep to, and the new one.
    until
        The month t before which decisions count; None for all.

    Returns
    -------
    dict
        Units by offer and option, by name; those without a departure are left out.
    """
    before, after = (_as_on_offer(dataset, units_signed(dataset, each, until), until) for each in (earlier, now))
    more, less = Counter[DecidedKey](), Counter[DecidedKey]()
    for key in {*before, *after}:
        moved = after[key] - before[key]
        more[key[0]] += max(0, moved)
        less[key[0]] += max(0, -moved)
    found = {key: max(more[key], less[key]) for key in sorted({*more, *less}, key=itemgetter(1, 0))}
    return {key: units for key, units in found.items() if units}


def add_plan_stability(model: Model, stability: PlanStability | None) -> None:
    """Adds the price of departing from a plan to the objective; nothing without one."""
    if stability is None:
        return
    until = len(model.dataset.horizon) if stability.until is None else stability.until
    now = {key: units for key, units in _units(model).items() if key[1] < until}
    units = units_signed(model.dataset, stability.plan, until)
    earlier = _as_on_offer(model.dataset, units, until, every_month=model.every_month)
    parts = index_parts(what for what, _, _ in {**earlier, **now})
    keys = {(*parts[what], month, term): (what, month, term) for what, month, term in {**earlier, **now}}
    keys = dict(sorted(keys.items(), key=lambda pair: (pair[1][0][1], *pair[1][1:], pair[0])))
    more = model.add_variables("signed_more", keys)
    less = model.add_variables("signed_less", keys)
    departure = model.add_variables("departure", dict.fromkeys(parts[what] for what, _, _ in keys.values()))
    gained: dict[tuple[str, ...], Linear] = {place: Linear() for place in departure}
    lost: dict[tuple[str, ...], Linear] = {place: Linear() for place in departure}
    for index, key in keys.items():
        moved = now.get(key, Linear()).times(1.0).add_constant(-float(earlier[key]))
        model.add_constraint("more_is_seen", index, Linear.of(more[index]).plus(moved, -1.0), at_least=0.0)
        model.add_constraint("less_is_seen", index, Linear.of(less[index]).plus(moved), at_least=0.0)
        gained[parts[key[0]]].add(more[index])
        lost[parts[key[0]]].add(less[index])
    for place, variable in departure.items():
        for side, changed in (("more", gained[place]), ("less", lost[place])):
            model.add_constraint(
                "departure_counts", (*place, side), Linear.of(variable).plus(changed, -1.0), at_least=0.0
            )
        model.departure_usd.add(variable, stability.usd_per_unit)


def _as_on_offer(
    dataset: Dataset, units: Counter[SigningKey], until: int | None, *, every_month: bool = False
) -> Counter[SigningKey]:
    """Signings moved to the later month in which the model has them where service starts in the same month.

    Of several such months the model keeps one (`models.supply.signing`): signing earlier is no other plan.
    """
    last = len(dataset.horizon) if until is None else until
    found: Counter[SigningKey] = Counter()
    for (what, month, term), signed in units.items():
        alike = [month]
        if isinstance(what, OfferKey):
            row, kind = what.row(dataset), what.kind
            months = [m for m in kind.signing_months(dataset, row, every_month=every_month) if month <= m < last]
            start = kind.start(dataset, row, month)
            alike = [m for m in sorted(months) if m == month or kind.start(dataset, row, m) == start] or [month]
        found[what, alike[0], term] += signed
    return found


def _units(model: Model) -> dict[SigningKey, Linear]:
    """What this plan signs, by offer, month and term."""
    found: dict[SigningKey, Linear] = {}
    on_the_table = offers_on_the_table(model.dataset)
    for offer in model.signings:
        for each in model.signings.of(offer) if offer in on_the_table else ():
            found.setdefault((offer, each.t, each.term_months), Linear()).plus(each.units)
    bought = model.pyomo.component("bought")
    for name, month in bought or ():
        found[(OPTION, name), month, 0] = Linear.of(bought[name, month])
    return found
