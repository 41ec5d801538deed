r"""Rolling forward: the problem of a later month, once what was due before it has been done.

With k = the month t that becomes month 0: signings of months before k become signed rows, notice given
and renewals begun are written into them, options bought are no longer options, a limit in force becomes
current_limit. What is over goes. The horizon keeps its length. Everything is said in a workbook's own
words, so that the cheapest plan of the new problem continues the old one: payments before k plus its cost,
discounted by k months, are the cost of the old plan (where caps that add up over longer than a month and
minimum spend, which look back across month 0, do not interfere).

A row that stays keeps its `row`; a row that is new carries the `row` of the one it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.checks import check
from models.dataset import Dataset
from models.plan import Plan
from models.roll.demand import roll_demand
from models.roll.lease_outs import roll_lease_outs
from models.roll.offers import roll_contracts, roll_leases
from models.roll.rules import roll_rules
from models.roll.state import State
from models.schema import Cap


@dataclass(frozen=True, slots=True)
class Rolled:
    """The next round's problem; `done` says what became of each offer and limit, `notes` what needs a person's eye."""

    dataset: Dataset
    done: tuple[str, ...]
    notes: tuple[str, ...]


def roll_forward(dataset: Dataset, plan: Plan, to: int) -> Rolled:
    """The problem that month `to` (above 0) opens when `plan` was followed until then.

    Raises:
        ValueError: `to` is not after month 0.
    """
    if to <= 0:
        raise ValueError(f"month {dataset.label(to)} is not after the first month {dataset.label(0)}")
    state = State(dataset, plan, to)
    roll_leases(state)
    roll_contracts(state)
    roll_lease_outs(state)
    roll_demand(state)
    roll_rules(state)
    _roll_the_rest(state)
    settings = replace(dataset.settings, first_month=dataset.month(to))
    following = _without_idle_caps(state, replace(dataset, settings=settings, **state.sheets()))
    return Rolled(following, tuple(state.done), tuple(state.notes))


def _without_idle_caps(state: State, dataset: Dataset) -> Dataset:
    """Caps on a provider, region or site of which nothing is left speak of nothing, and go."""
    idle = {fault.row_key for fault in check(dataset) if (fault.sheet, fault.column) == ("caps", "name")}
    for name in sorted(idle):
        state.notes.append(f"Cap {name} is taken out: nothing of what it speaks of is left.")
    return replace(dataset, caps=tuple(each for each in dataset.caps if each.cap not in idle))


def _roll_the_rest(state: State) -> None:
    """Fleet, on-demand prices, options, scenario factors and caps: what speaks of things that are over goes."""
    dataset, to = state.dataset, state.to
    state.fleet = [each for each in dataset.fleet if each.until_month is None or dataset.t(each.until_month) >= to]
    first = dataset.settings.first_month  # what a blank from_month means
    state.on_demand = [
        replace(each, from_month=first) if each.from_month is None else each for each in dataset.on_demand
    ]
    on_offer = {each.lease for each in state.leases if each.status == "offer"}
    on_offer |= {each.contract for each in state.contracts if each.status == "offer"}
    bought = {each.name for each in state.plan.options if each.month < to}
    state.options = [each for each in dataset.options if each.option not in bought and each.offer in on_offer]
    for name in sorted(bought):
        state.done.append(f"option {name}: bought, its right is in hand")
    for factor in dataset.scenario_factors:
        if factor.name not in state.gone:
            state.scenario_factors.append(factor)
        state.scenario_factors += [replace(factor, name=part) for part in state.parts.get(factor.name, ())]
    for cap in dataset.caps:
        _roll_cap(state, cap)
    used = {each.ramp for each in state.lease_terms} | {each.ramp for each in state.contracts}
    were_used = {each.ramp for each in dataset.lease_terms} | {each.ramp for each in dataset.contracts}
    state.ramps = [each for each in state.ramps if each.ramp in used or each.ramp not in were_used]


def _roll_cap(state: State, cap: Cap) -> None:
    if cap.scope == "offer" and cap.name in state.gone:
        state.done.append(f"cap {cap.cap}: {cap.name} is out, and so is the cap on it")
        return
    state.caps.append(cap)
    if cap.scope == "offer" and cap.name in state.parts:
        parts = ", ".join(state.parts[cap.name])
        state.notes.append(
            f"Cap {cap.cap} speaks of {cap.name} only; what is signed of it now stands as {parts}. "
            "Lower the cap by that, or cap the parts too."
        )
    if cap.per != "month":
        state.notes.append(
            f"Cap {cap.cap} adds up over a {cap.per}: what was paid or fell short before "
            f"{state.dataset.label(state.to)} no longer counts in it."
        )


__all__ = ["Rolled", "roll_forward"]
