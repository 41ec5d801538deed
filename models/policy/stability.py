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

from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan
from models.supply.registry import find_offer, offers_on_the_table

SigningKey = tuple[str, int, int]
"""An offer or option, the month of signing, and the term in months where the offer has several (else 0)."""


@dataclass(frozen=True, slots=True)
class PlanStability:
    """The plan to keep to, and the price of each unit departed from it in USD."""

    plan: Plan
    usd_per_unit: float


def units_signed(dataset: Dataset, plan: Plan) -> Counter[SigningKey]:
    """What a plan decides that this workbook can decide too: units by offer, month and term."""
    names, found = {*offers_on_the_table(dataset)}, Counter[SigningKey]()
    options = {each.option for each in dataset.options}
    for each in plan.signings:
        if not each.signed and each.name in names and each.month in dataset.horizon:
            found[each.name, each.month, each.kind.way(each)] += each.units
    for option in plan.options:
        if option.name in options and option.month in dataset.horizon:
            found[option.name, option.month, 0] += 1
    return found


def departures(dataset: Dataset, earlier: Plan, now: Plan) -> dict[str, int]:
    """Units by which a plan departs from an earlier one.

    Parameters
    ----------
    dataset
        The problem of both.
    earlier, now
        The plan to keep to, and the new one.

    Returns
    -------
    dict
        Units by offer and option; those without a departure are left out.
    """
    before, after = units_signed(dataset, earlier), units_signed(dataset, now)
    more, less = Counter[str](), Counter[str]()
    for key in {*before, *after}:
        moved = after[key] - before[key]
        more[key[0]] += max(0, moved)
        less[key[0]] += max(0, -moved)
    return {name: units for name in sorted({*more, *less}) if (units := max(more[name], less[name]))}


def add_plan_stability(model: Model, stability: PlanStability | None) -> None:
    """Adds the price of departing from a plan to the objective; nothing without one."""
    if stability is None:
        return
    now = _units(model)
    earlier = _as_on_offer(model.dataset, units_signed(model.dataset, stability.plan), set(now))
    keys = sorted({*earlier, *now})
    more = model.add_variables("signed_more", keys)
    less = model.add_variables("signed_less", keys)
    departure = model.add_variables("departure", dict.fromkeys(key[0] for key in keys))
    gained: dict[str, Linear] = {name: Linear() for name in departure}
    lost: dict[str, Linear] = {name: Linear() for name in departure}
    for key in keys:
        units = now.get(key, Linear()).times(1.0).add_constant(-float(earlier[key]))
        model.add_constraint("more_is_seen", key, Linear.of(more[key]).plus(units, -1.0), at_least=0.0)
        model.add_constraint("less_is_seen", key, Linear.of(less[key]).plus(units), at_least=0.0)
        gained[key[0]].add(more[key])
        lost[key[0]].add(less[key])
    for name, variable in departure.items():
        for side, changed in (("more", gained[name]), ("less", lost[name])):
            model.add_constraint(
                "departure_counts", (name, side), Linear.of(variable).plus(changed, -1.0), at_least=0.0
            )
        model.departure_usd.add(variable, stability.usd_per_unit)


def _as_on_offer(dataset: Dataset, earlier: Counter[SigningKey], keys: set[SigningKey]) -> Counter[SigningKey]:
    """Signings moved to the later month in which the model has them where service starts in the same month.

    Of several such months the model keeps one (`models.supply.signing`): signing earlier is no other plan.
    """
    found: Counter[SigningKey] = Counter()
    for (name, month, term), units in earlier.items():
        offer = find_offer(dataset, name)
        alike = [month]
        if offer is not None and (name, month, term) not in keys:
            kind, row = offer
            start = kind.start(dataset, row, month)
            later = (m for other, m, length in keys if (other, length) == (name, term) and m > month)
            alike = sorted(m for m in later if kind.start(dataset, row, m) == start) or [month]
        found[name, alike[0], term] += units
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
        found[name, month, 0] = Linear.of(bought[name, month])
    return found
