r"""Near-optimal alternatives (MGA): plans that differ from known ones in what is signed, at nearly the same cost.

The distance of two plans is in MW, averaged over the horizon: \sum over offers of MW per unit x \sum_t |U_t - P_t| / T,
with U_t and P_t the units signed by month t. So a signing moved by a quarter counts three months of its power, one
dropped counts until the end. Here `apart` <= the distance to every known plan is maximised,
while cost stays within a limit; or cost is minimised, while `apart` is no less than the least there can be.
`difference[k,o,m]` is |U - P| from signing month m to the next; where P lies between
none and all, `is_more[k,o,m]` says on which side U lies. With scenarios only signings before a month `until` count,
which are the same in all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from models.core.finance import least_cost
from models.core.linear import Linear, Var
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import counts, groups
from models.kinds import OfferKey, index_parts
from models.plan import Plan
from models.supply.kind import OfferKind
from models.supply.registry import offers_on_the_table

APART = "apart"
"""The column of the least distance."""
Key = tuple[int | str, ...]
"""A known plan by number, an offer (see `index_parts`), and the signing month from which a difference counts."""


def units_by_month(dataset: Dataset, plan: Plan) -> dict[OfferKey, Counter[int]]:
    """Units that a plan chooses to sign, by offer on the table and month."""
    signed = groups((each.offer, (each.month, each.units)) for each in plan.chosen)
    return {offer: counts(signed[offer]) for offer in offers_on_the_table(dataset)}


def _mw_per_unit(dataset: Dataset, offer: OfferKey) -> float:
    kind: OfferKind = offer.kind
    return kind.mw_per_unit(dataset, offer.row(dataset))


def distance_mw(dataset: Dataset, one: Plan, other: Plan) -> float:
    """How far two plans are apart: power signed by one and not by the other, MW averaged over the horizon."""
    first, second = units_by_month(dataset, one), units_by_month(dataset, other)
    total = 0.0
    for offer in first:
        months = sum(abs(_by(first[offer], t) - _by(second[offer], t)) for t in dataset.horizon)
        total += _mw_per_unit(dataset, offer) * months
    return total / len(dataset.horizon)


def _by(units: Counter[int], t: int) -> int:
    """Units signed in month t or before."""
    return sum(count for month, count in units.items() if month <= t)


def maximise_distance(known: Sequence[Plan], most_usd: float) -> Callable[[Model], None]:
    """The objective that maximises the least distance to all known plans, at a cost of at most `most_usd`."""

    def objective(model: Model) -> None:
        unit = model.units.usd
        cost = model.costs.net_present_cost().times(1.0 / unit)
        model.add_constraint("cost_is_near_the_best", "all", cost, at_most=most_usd / unit)
        apart = _add_distance(model, known)
        model.minimise(Linear.of(apart, -model.units.usd))

    return objective


def measured_apart(known: Sequence[Plan], until: int) -> Callable[[Model], None]:
    """The objective that minimises cost, beside a column of the least distance to all known plans."""

    def objective(model: Model) -> None:
        _add_distance(model, known, until)
        least_cost(model)

    return objective


def cheapest_apart(known: Sequence[Plan], until: int | None = None) -> Callable[[Model], None]:
    """The objective that minimises cost among plans that sign anything else than each of the known ones."""

    def objective(model: Model) -> None:
        apart = _add_distance(model, known, until)
        least = least_distance_mw(model.dataset)
        model.add_constraint("signs_anything_else", "all", Linear.of(apart, 1.0 / least), at_least=1.0)
        least_cost(model)

    return objective


def least_distance_mw(dataset: Dataset) -> float:
    """The least that two plans can be apart that do not sign the same: a unit of the smallest offer, a month."""
    power = [_mw_per_unit(dataset, offer) for offer in offers_on_the_table(dataset)]
    return min((mw for mw in power if mw), default=1.0) / len(dataset.horizon)


def _add_distance(model: Model, known: Sequence[Plan], until: int | None = None) -> Var:
    """A column that is at most the distance to each of the known plans, MW."""
    dataset = model.dataset
    until = len(dataset.horizon) if until is None else until
    apart = model.add_variables(APART, ["all"])["all"]
    plans = [units_by_month(dataset, plan) for plan in known]
    parts = index_parts(offers_on_the_table(dataset))
    keys = [
        (k, *parts[offer], m)
        for k, offers in enumerate(plans)
        for offer, units in offers.items()
        for m in _between(model, offer, units, until)
    ]
    differences = model.add_variables("difference", keys)
    for k, offers in enumerate(plans):
        distance = Linear()
        for offer, units in offers.items():
            apart_by = _distance(model, (k, *parts[offer]), offer, units, differences, until)
            distance.plus(apart_by, _mw_per_unit(dataset, offer) / len(dataset.horizon))
        model.add_constraint("no_further_than", k, Linear.of(apart).plus(distance, -1.0), at_most=0.0)
    return apart


def _between(model: Model, offer: OfferKey, units: Counter[int], until: int) -> list[int]:
    """The months from which on a plan has signed some of an offer and not all."""
    months = sorted({each.t for each in model.signings.of(offer) if each.t < until} | set(units))
    return [m for m in months if 0 < _by(units, m) < _most(model.dataset, offer, units)]


def _distance(
    model: Model, place: Key, offer: OfferKey, units: Counter[int], differences: Mapping[Key, Var], until: int
) -> Linear:
    """Unit-months by which what is signed of an offer differs from a plan; `place` names both in an index."""
    total, signed, last = Linear(), Linear(), len(model.dataset.horizon)
    signings = [each for each in model.signings.of(offer) if each.t < until]
    most = _most(model.dataset, offer, units)
    months = sorted({each.t for each in signings} | set(units))
    for m, following in pairwise([*months, last]):
        for each in signings:
            if each.t == m:
                signed = signed.times(1.0).plus(each.units)
        before = _by(units, m)
        key = *place, m
        if before == 0:
            difference = signed
        elif before >= most:
            difference = Linear(float(before)).plus(signed, -1.0)
        else:
            side = model.add_binary("is_more", key)
            variable = differences[key]
            difference = Linear.of(variable)
            more = signed.times(1.0).add_constant(-float(before))
            # with `is_more` 1 only the first row binds, with 0 only the second
            claim = Linear.of(variable).plus(more, -1.0).add(side, 2.0 * before)
            model.add_constraint("difference_above", key, claim, at_most=2.0 * before)
            claim = Linear.of(variable).plus(more).add(side, -2.0 * (most - before))
            model.add_constraint("difference_below", key, claim, at_most=0.0)
        total.plus(difference, float(following - m))
    return total


def _most(dataset: Dataset, offer: OfferKey, units: Counter[int]) -> int:
    kind: OfferKind = offer.kind
    return max(sum(units.values()), kind.most(offer.row(dataset)))
