"""The least cost of a small Dataset, found by trying every whole-number decision there is.

Signings with their ends, contracts in blocks, lease-outs, options and sequences of limits are
enumerated; for each combination that keeps the policies on decisions, `brute_dispatch` finds the
cheapest use. Months that no policy ties together are dispatched by themselves, and each dispatch is
done once. Written from the workbook's contract alone, without a look at the planner's model.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from properties.brute_bills import (
    Holding,
    commitment_holdings,
    contract_holdings,
    lease_holdings,
    lease_out_holdings,
    own_build_holdings,
    own_build_units,
    run_holdings,
    signing_months,
)
from properties.brute_demand import Course, limit_paths, limits_of, loses
from properties.brute_dispatch import Uses
from properties.brute_policies import Choice, Known, Taken, caps_one_by_one, fleet_running, options_allow

from models.dataset import Dataset


@dataclass(frozen=True)
class Best:
    """The least cost in USD of present value, and the decisions that reach it."""

    cost_usd: float
    story: tuple[str, ...]


def cheapest(data: Dataset) -> float | None:
    """Least net present cost in USD; None when no plan exists."""
    found = best(data)
    return None if found is None else found.cost_usd


def best(data: Dataset) -> Best | None:
    """The cheapest combination of decisions; None when no plan exists."""
    return best_by(data, lambda _: ()).get(())


def best_by(data: Dataset, group: Callable[[Choice], Hashable]) -> dict[Hashable, Best]:
    """The cheapest combination of decisions in each group of them that has a plan."""
    data = caps_one_by_one(data)
    uses = Uses(data)
    found: dict[Hashable, Best] = {}
    base = _fleet_cost(data) + _old_interest(data)
    for choice in sorted(_choices(data), key=lambda each: each.cost):
        # What depends on use never earns money, so dearer decisions cannot win any more.
        mine = group(choice)
        below = found[mine].cost_usd if mine in found else math.inf
        if base + choice.cost >= below or not choice.taken.allowed:
            continue
        total = _cost_of_use(data, choice, uses, below - base - choice.cost)
        if total is not None:
            paths = tuple(f"{path.segment}: {', '.join(path.names)}" for path in choice.paths)
            bought = tuple(f"option {name} bought in month {t}" for name, t in choice.premiums)
            story = tuple(held.story for held in choice.holdings) + bought + paths
            found[mine] = Best(base + choice.cost + total, story)
    return found


def _cost_of_use(data: Dataset, choice: Choice, uses: Uses, below: float) -> float | None:
    """Least present value in USD of what depends on use; None where there is no use that costs less than `below`."""
    months = choice.months
    least: list[float] = []
    for month in months:
        ways = uses.alone(month)
        if not ways:
            return None
        least.append(ways[0][0])
    total = sum(least)
    for group, ties in choice.ties(data).groups(data.horizon) if total < below else ():
        if ties.none:
            continue
        tied = uses.together(tuple(months[t] for t in group), ties)
        if tied is None:
            return None
        total += tied - sum(least[t] for t in group)
    return total if total < below else None


def _choices(data: Dataset) -> Iterator[Choice]:
    signings: list[list[tuple[Holding, ...]]] = []
    for lease in data.leases:
        holdings = lease_holdings(data, lease)
        if lease.status == "signed":
            signings.append(list(itertools.combinations_with_replacement(holdings, lease.signed_units or 0)))
        else:
            signings.append(_up_to(holdings, lease.units_max))
    for contract in data.contracts:
        holdings = contract_holdings(data, contract)
        signings.append([tuple(holdings)] if contract.status == "signed" else _up_to(holdings, 1))
    for offer in data.lease_outs:
        taken = lease_out_holdings(data, offer)
        if offer.status == "signed":
            signings.append(list(itertools.combinations_with_replacement(taken, offer.signed_units or 0)))
        else:
            signings.append(_up_to(taken, offer.units_max))
    for own in (*data.own_sites, *data.chip_orders):
        built = own_build_holdings(data, own)
        signed, most = own_build_units(own)
        if own.status == "signed":
            signings.append(list(itertools.combinations_with_replacement(built, signed)))
        else:
            signings.append(_up_to(built, most))
    for run in data.runs:
        ways = [(each,) for each in run_holdings(data, run)]
        needed = ways and (run.must or run.value_usd is None)
        signings.append(ways if needed else [(), *ways])
    for promise in data.spend_commitments:
        committed = commitment_holdings(data, promise)
        signings.append([tuple(committed)] if promise.status == "signed" else _up_to(committed, 1))
    options = [
        [None, *((option.option, t) for t in signing_months(data, option.buy_from, option.buy_until))]
        for option in data.options
    ]
    premium = {option.option: option.premium_usd for option in data.options}
    paths = [list(limit_paths(data, each)) for each in data.segments if limits_of(data, each.segment) or loses(each)]
    courses = [Course(data, each) for each in itertools.product(*paths)]
    known: Known = {}
    for combination in itertools.product(*signings):
        taken = Taken(data, tuple(held for group in combination for held in group), known)
        cost = sum(held.cost for held in taken.holdings)
        for bought in itertools.product(*options):
            premiums = tuple(each for each in bought if each is not None)
            if not options_allow(data, taken.holdings, dict(premiums)):
                continue
            paid = sum(premium[name] * data.discount(t) for name, t in premiums)
            for course in courses:
                yield Choice(taken, premiums, course, cost + paid + course.cost)


def _up_to(holdings: list[Holding], most: int) -> list[tuple[Holding, ...]]:
    """Every way to take at most so many, the same one several times allowed."""
    return [group for number in range(most + 1) for group in itertools.combinations_with_replacement(holdings, number)]


def _fleet_cost(data: Dataset) -> float:
    return sum(usd * data.discount(t) for t in data.horizon for *_, usd in fleet_running(data, t))


def _old_interest(data: Dataset) -> float:
    """What was drawn before month 0 costs in it."""
    drawn = max(0.0, -(data.settings.opening_cash_usd or 0.0))
    return float(drawn * ((1.0 + data.settings.credit_interest) ** (1.0 / 12.0) - 1.0))
