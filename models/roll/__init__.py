r"""Rolling forward: the problem of a later month, once the decisions before it have been implemented.

Month t = k becomes month 0. Signings of months before k become rows of status signed, with notice given and renewals
begun; options bought are removed; the limit in force becomes current_limit; rows that are over are removed. The
horizon keeps its length. The result is an ordinary workbook's problem, so that its cheapest plan continues the old
one: payments before k plus its cost, discounted by k months, are the cost of the old plan (unless caps on
obligations, which look at ends of service not yet decided, interfere, or fees that a taker prepaid for months beyond
the horizon go back to it, of which a note tells). Payments made are deducted from caps by
quarter or year; what caps on shares and minimum spend carry over is in `Dataset.carried` and `billed`, for which a
workbook has no sheet.

A row that is kept keeps its `row`; a new row carries the `row` of the one it came from.
"""

from __future__ import annotations

from dataclasses import replace

from models.checks import check
from models.checks.context import check_context_of
from models.checks.policy import names_acted_on
from models.dataset import Dataset
from models.plan import Plan
from models.policy.cash_account import account_of
from models.realization import ALL
from models.roll.caps import roll_caps
from models.roll.demand import roll_demand
from models.roll.rules import roll_rules
from models.schema import OF_OFFERS
from models.supply.next_round import Rolled, RollState
from models.supply.registry import KINDS, bought, offer_named, offers, uncertain
from models.supply.residuals import moved_on


def roll_forward(dataset: Dataset, plan: Plan, to: int, months: int | None = None) -> Rolled:
    """The problem of a later month, once a plan has been followed until then.

    Parameters
    ----------
    dataset
        The problem of now.
    plan
        A plan of it.
    to
        The month t, above 0, that becomes month 0.
    months
        Length of the new horizon; None keeps the length.

    Returns
    -------
    Rolled
        The new problem, what became of each offer and limit, and what needs a person's eye.

    Raises
    ------
    ValueError
        `to` is not after month 0, or the plan ends before the month before it.
    """
    if to <= 0:
        raise ValueError(f"month {dataset.label(to)} is not after the first month {dataset.label(0)}")
    if to > dataset.settings.months:
        ends = dataset.label(dataset.settings.months - 1)
        raise ValueError(f"the plan ends in {ends}; what is done until {dataset.label(to)} is not decided in it")
    months = dataset.settings.months if months is None else months
    state = RollState(dataset, plan, to, months, KINDS)
    for kind in KINDS:
        kind.roll(state)
    roll_demand(state)
    roll_rules(state)
    roll_caps(state)
    _roll_the_rest(state)
    settings = replace(dataset.settings, first_month=dataset.month(to), months=months)
    cash = account_of(dataset, plan)
    if cash:
        settings = replace(settings, opening_cash_usd=cash[to - 1].closing)
        state.done.append(f"cash account: {cash[to - 1].closing:,.0f} in the bank before {dataset.label(to)}")
    later = to + months - dataset.settings.months
    residuals = tuple(moved_on(each, later) for each in dataset.residuals)
    following = replace(dataset, settings=settings, residuals=residuals).with_rows(**state.sheets())
    following = _without_empty_caps(state, following)
    following = _without_idle_factors(following)
    return Rolled(following, to, tuple(state.done), tuple(state.notes), state.origins)


def _without_empty_caps(state: RollState, dataset: Dataset) -> Dataset:
    """Removes caps on a provider, region or site of which nothing is left."""
    idle = {fault.row_key for fault in check(dataset) if (fault.sheet, fault.column) == ("caps", "name")}
    for name in sorted(idle):
        state.notes.append(f"Cap {name} is removed: nothing in its scope is left.")
    return replace(dataset, caps=tuple(each for each in dataset.caps if each.cap not in idle))


def _without_idle_factors(dataset: Dataset) -> Dataset:
    """Removes factors of what is over, such as fleet that has gone and providers of whom nothing is left."""
    known = names_acted_on(check_context_of(dataset)) if dataset.scenario_factors else {}
    kept = (each for each in dataset.scenario_factors if each.name == ALL or each.name in known[each.quantity])
    return replace(dataset, scenario_factors=tuple(kept))


def _roll_the_rest(state: RollState) -> None:
    """Fleet, on-demand prices, options and scenario factors, without those of things that are over."""
    dataset, to = state.dataset, state.to
    state.fleet = [each for each in dataset.fleet if each.until_month is None or dataset.t(each.until_month) >= to]
    first = dataset.settings.first_month  # what a blank from_month means
    state.on_demand = [
        replace(each, from_month=first) if each.from_month is None else each for each in dataset.on_demand
    ]
    written = replace(dataset, ramps=tuple(state.ramps)).with_rows(**state.sheets())
    on_offer = {kind.name_of(row) for kind in bought() for row in kind.rows(written) if kind.status(row) == "offer"}
    in_hand = {each.name for each in state.plan.options if each.month < to}
    state.options = [each for each in dataset.options if each.option not in in_hand and each.offer in on_offer]
    for name in sorted(in_hand):
        state.done.append(f"option {name}: bought, so the right is held")
    providers = {row.provider for row in (*state.fleet, *state.on_demand, *(row for _, row in offers(written)))}
    for factor in dataset.scenario_factors:
        factor = replace(factor, from_month=first) if factor.from_month is None else factor
        offer = offer_named(dataset, factor.name, uncertain(factor.quantity)) if factor.quantity in OF_OFFERS else None
        of_provider = factor.quantity == "supplier_exit" and factor.name in providers
        of_offer = offer is not None and offer not in state.removed
        if of_offer or of_provider or factor.name == ALL or factor.quantity not in OF_OFFERS:
            state.scenario_factors.append(factor)
        parts = () if offer is None else state.names_of(offer)
        state.scenario_factors += [replace(factor, name=part) for part in parts]
    used, were_used = _ramps(written), _ramps(dataset)
    state.ramps = [each for each in state.ramps if each.ramp in used or each.ramp not in were_used]


def _ramps(dataset: Dataset) -> set[str | None]:
    """The ramps that offers name."""
    return {ramp for kind, row in offers(dataset) for ramp, _ in kind.ramps(dataset, row)}


__all__ = ["Rolled", "roll_forward"]
