r"""Plans for scenarios rolled forward: the tree re-rooted at what came true, probabilities renewed.

Of the scenarios some are left; the decisions before month `to` are those of one of them, whose past is what happened.
The tree of the next round has the scenarios that are left, which part where they parted; the probability of each is
divided by their sum. What the factors of a scenario make of units signed before stays what it was: service is as late,
at the same price, though the workbook now says that it is signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from models.checks.factors import is_idle
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.grouping import groups
from models.kinds import OfferKey
from models.plan import Plan
from models.realization import ALL, Realization
from models.roll import roll_forward
from models.schema import Scenario, ScenarioFactor
from models.stochastic.tree import ScenarioTree
from models.supply.next_round import Origin, Rolled

DELAY = "delivery_delay_months"
"""The quantity that says how late service begins."""
SAME = 1e-12
"""Factors that differ by no more are the same."""
APART = 1e-9
"""Regions whose growth differs by more than this share have grown by other shares."""


def roll_scenarios(
    dataset: Dataset, plans: Mapping[str, Plan], followed: str, left: Sequence[str], to: int, months: int | None = None
) -> Rolled:
    """The problem of a later month, once the plan of one scenario has been followed until then.

    Parameters
    ----------
    dataset
        The problem of now, of no scenario.
    plans
        A plan for each scenario.
    followed
        The scenario that says what happened before month `to`.
    left
        The scenarios that are still possible, `followed` among them; their decisions before `to` are the same.
    to, months
        As `roll_forward`.
    """
    rolled = roll_forward(dataset.in_scenario(followed), plans[followed], to, months)
    rows, first_stage = rerooted(ScenarioTree(dataset), left, to)
    settings = replace(rolled.dataset.settings, first_stage_months=first_stage)
    kept = tuple(each for each in rolled.dataset.scenario_factors if each.scenario in left)
    after = replace(rolled.dataset, settings=settings, scenarios=rows, scenario_factors=kept, scenario="")
    after = _as_in_service(dataset.in_scenario(followed), after, rolled)
    signed = list(_settled(dataset, after, rolled, followed))
    notes = list(rolled.notes)
    grown = list(_grown(dataset, after, to, notes))
    replaced = {(each.scenario, each.quantity, each.name, each.from_month) for each in signed}
    delays = [each for each in signed if each.quantity == DELAY]  # one row says all of a signed offer
    replaced_names = {(each.scenario, each.quantity, each.name) for each in (*grown, *delays)}
    begun = {key.name for key in rolled.origins if key.kind.uncertain and _due(after, key) < 0}
    factors = (
        each
        for each in kept
        if (each.scenario, each.quantity, each.name, each.from_month) not in replaced
        and (each.scenario, each.quantity, each.name) not in replaced_names
        and not (each.quantity == DELAY and each.name in begun)
    )
    told = [f"{each.scenario}: probability {each.probability:.4g}" for each in rows]
    return replace(
        rolled,
        dataset=_without_idle_delays(replace(after, scenario_factors=(*factors, *signed, *grown)), notes),
        done=(*rolled.done, *told),
        notes=tuple(notes),
    )


def _without_idle_delays(after: Dataset, notes: list[str]) -> Dataset:
    """The next round without delays that postpone nothing in it, such as those of offers that are online."""
    idle = [each for each in after.scenario_factors if each.quantity == DELAY and _postpones_nothing(after, each)]
    for each in (each for each in idle if each.value):
        whose = "all offers" if each.name == ALL else each.name
        since = after.label(0 if each.from_month is None else after.t(each.from_month))
        notes.append(
            f"{each.scenario}: the delay of {whose} from {since} on postpones nothing any more; it is left out."
        )
    return replace(after, scenario_factors=tuple(each for each in after.scenario_factors if each not in idle))


def _postpones_nothing(after: Dataset, delay: ScenarioFactor) -> bool:
    if not delay.value:  # it may end another delay, or keep one of all away
        same = (each for each in after.scenario_factors if (each.scenario, each.quantity) == (delay.scenario, DELAY))
        return all(each is delay or each.name not in (delay.name, ALL) for each in same)
    begins = 0 if delay.from_month is None else after.t(delay.from_month)
    return begins < after.settings.months and is_idle(after, delay)


def rerooted(tree: ScenarioTree, left: Sequence[str], to: int) -> tuple[tuple[Scenario, ...], int]:
    """The rows of the scenarios that are left, and the months from `to` in which none can be told apart.

    At least the first month is common to all: what is decided then cannot hang on what is not known.
    """
    total = sum(tree.probability[name] for name in left)
    names = [name for name in tree.names if name in left]
    parted = {
        name: max(((tree.parting(name, earlier, to), -i) for i, earlier in enumerate(names[:place])), default=None)
        for place, name in enumerate(names)
    }
    months = [found[0] for found in parted.values() if found is not None]
    first = max(1, min(months) - to) if months else max(1, tree.dataset.settings.first_stage_months - to)
    rows = []
    for name, found in parted.items():
        row = replace(tree.rows[name], probability=tree.probability[name] / total, follows=None, branches_at=None)
        if found is not None and found[0] - to > first:
            row = replace(row, follows=names[-found[1]], branches_at=tree.dataset.month(found[0]))
        rows.append(row)
    return tuple(rows), first


def disagreement(dataset: Dataset, plans: Mapping[str, Plan], left: Sequence[str], to: int) -> tuple[str, str] | None:
    """Two scenarios of those left whose plans decide differently before month `to`; None where there are none."""
    decided = {name: _decided(dataset.in_scenario(name), plans[name], to) for name in left}
    return next(((left[0], name) for name in left if decided[name] != decided[left[0]]), None)


def _decided(dataset: Dataset, plan: Plan, to: int) -> tuple[object, ...]:
    """What a plan decides before month `to`, without what came of it."""
    signed = groups(
        ((each.kind.name, each.name, each.month, each.term_months), each) for each in plan.chosen if each.month < to
    )
    ended = sorted(
        (each.kind.name, each.name, each.month, what, month, each.units)
        for each in plan.signings
        for what, month, _ in each.kind.notices(dataset, each)
        if month < to
    )
    units = {key: sum(each.units for each in parts) for key, parts in signed.items()}
    options = {(each.name, each.month) for each in plan.options if each.month < to}
    limits = {(each.segment, each.month, each.limit) for each in plan.limits if each.month < to}
    return units, ended, options, limits


def _as_in_service(before: Dataset, after: Dataset, rolled: Rolled) -> Dataset:
    """Signed rows due when service began or, where it is late, in month 0 at the earliest."""
    to = rolled.to
    for key, origin in rolled.origins.items():
        if not key.kind.uncertain or origin.owed or origin.renewed:
            continue
        began = key.kind.start(before, key.kind.of(before)[origin.name], origin.month)
        row = key.kind.of(after)[key.name]
        signed = after.t(row.signed_month)
        due = key.kind.start(after, row, signed, Realization())
        meant = began - to if began < to or origin.stop is not None else max(due, 0)
        if meant != due:
            not_before = (
                None
                if row.service_not_before is None or after.t(row.service_not_before) > meant
                else row.service_not_before
            )
            late = replace(row, lead_months=meant - signed, service_not_before=not_before)
            after = key.kind.changed(after, lambda _, late=late: late, key.name)
    return after


def _settled(before: Dataset, after: Dataset, rolled: Rolled, followed: str) -> Iterator[ScenarioFactor]:
    """Rows that hold prices and delays of what is signed at what they were, wherever the factors say otherwise now."""
    for key, origin in rolled.origins.items():
        if not key.kind.uncertain:
            continue
        signed, due = after.t(key.kind.of(after)[key.name].signed_month), _due(after, key)
        for scenario in after.scenarios:
            name = scenario.scenario
            then, now = before.in_scenario(name).realization, after.in_scenario(name).realization
            meant = {("price", signed): then.price(origin.name, origin.month)}
            if origin.owed:
                paid = before.in_scenario(followed).realization.price(origin.name, origin.month)
                meant = {("price", signed): meant["price", signed] / (paid or 1.0), ("delivered_share", due): 1.0}
            if due >= 0:
                meant[DELAY, due] = _late(before.in_scenario(name), origin, rolled.to, due)
            for (quantity, t), value in meant.items():
                if abs(now.in_force(quantity, key.name, t) - value) > SAME:
                    yield ScenarioFactor(
                        scenario=name, quantity=quantity, name=key.name, from_month=after.month(t), value=value
                    )


def _due(after: Dataset, key: OfferKey) -> int:
    """First service month of a signed row of the next round, as its lead time and `service_not_before` give it."""
    row = key.kind.of(after)[key.name]
    due: int = key.kind.start(after, row, after.t(row.signed_month), Realization())
    return due


def _late(before: Dataset, origin: Origin, to: int, due: int) -> float:
    """Months by which service begins after month t = `due` of the next round, in the scenario of `before`."""
    if origin.owed or origin.renewed or origin.stop is not None:
        return 0.0
    began = origin.kind.start(before, origin.kind.of(before)[origin.name], origin.month)
    return float(max(began - to, 0) - due)


def _grown(before: Dataset, after: Dataset, to: int, notes: list[str]) -> Iterator[ScenarioFactor]:
    """Growth added before month `to` as a factor of demand: in the next round it compounds from its first month on."""
    plain = baseline_demand(replace(before, scenario=""))
    last = min(to, before.settings.months - 1)
    for scenario in after.scenarios:
        name = scenario.scenario
        rows = (row for (of, _), same in before.factors.get(name, {}).items() if of == "demand_growth" for row in same)
        growth = Realization((None if each.from_month is None else before.t(each.from_month), each) for each in rows)
        for segment in (each.segment for each in before.segments):
            paths = [path for (found, _), path in plain.items() if found == segment]
            grown = [(path[last], growth.demand(segment, path)[last]) for path in paths]
            was, now = (sum(parts) for parts in zip(*grown, strict=True)) if grown else (0.0, 0.0)
            ratio = now / was if was else 1.0
            anew = {_begins_anew(path, last) for path in paths if any(path)}
            if any(abs(one - ratio * of) > APART * max(one, of) for of, one in grown) or (
                abs(ratio - 1.0) > SAME and len(anew) > 1
            ):
                notes.append(
                    f"{name}: demand of {segment} has grown by other shares in its regions, or from nothing; the next "
                    "round has its sum at most. Correct its rows of scenario_factors."
                )
            if abs(ratio - 1.0) > SAME:
                until = min((t for t in anew if t is not None), default=None)
                yield from _times(after, name, segment, ratio, None if until is None else until - to)


def _begins_anew(path: Sequence[float], last: int) -> int | None:
    """The first month after `last` with demand in the plain figures after one without; None where there is none.

    What has grown by then is forgotten in it. In the month without, faster growth may leave some demand.
    """
    return next((t for t in range(last + 1, len(path)) if path[t] and not path[t - 1]), None)


def _times(after: Dataset, scenario: str, segment: str, ratio: float, until: int | None) -> Iterator[ScenarioFactor]:
    """The factors of a segment's demand times a ratio, in every month from which they change.

    From month `until` on nothing is left of the ratio: growth begins again in it.
    """
    begins = {
        after.t(each.from_month)
        for each in after.scenario_factors
        if (each.scenario, each.quantity) == (scenario, "demand")
        and each.name in (segment, ALL)
        and each.from_month is not None
    }
    realization = after.in_scenario(scenario).realization
    for t in sorted({0, until or 0} | {each for each in begins if each > 0}):
        value = realization.in_force("demand", segment, t) * (ratio if until is None or t < until else 1.0)
        yield ScenarioFactor(scenario=scenario, quantity="demand", name=segment, from_month=after.month(t), value=value)
