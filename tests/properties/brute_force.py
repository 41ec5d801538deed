"""The least cost of a small Dataset, found by trying every whole-number decision there is.

Signings with their ends, contracts in blocks, lease-outs, options and sequences of limits are
enumerated; for each combination that keeps the policies on decisions, `brute_dispatch` finds the
cheapest use. Months that no policy ties together are dispatched by themselves, and each dispatch is
done once. Written from the workbook's contract alone, without a look at the planner's model.
"""

from __future__ import annotations

import itertools
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
from properties.brute_demand import demand, limit_paths, limits_of, loses, losses, path_cost
from properties.brute_dispatch import Account, Budget, Floor, Loss, Month, TopUp, cheapest_use
from properties.brute_policies import (
    Choice,
    account_of,
    budgets_of,
    caps_one_by_one,
    chips_delivered,
    fleet_running,
    floors_of,
    leased_out,
    multiples,
    options_allow,
    policies_hold,
    power_online,
    run_tokens,
    sources_online,
)

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
    dispatched: dict[object, float | None] = {}
    found: dict[Hashable, Best] = {}
    base = _fleet_cost(data) + _old_interest(data)
    for choice in sorted(_choices(data), key=lambda each: each.cost):
        # What depends on use never earns money, so dearer decisions cannot win any more.
        mine = group(choice)
        if mine in found and base + choice.cost >= found[mine].cost_usd:
            continue
        if not policies_hold(data, choice):
            continue
        total: float | None = base + choice.cost
        for part in _parts(data, choice):
            if part not in dispatched:
                dispatched[part] = cheapest_use(data, *part)
            use = dispatched[part]
            if total is None or use is None:
                total = None
                break
            total += use
        if total is not None and (mine not in found or total < found[mine].cost_usd):
            paths = tuple(f"{path.segment}: {', '.join(path.names)}" for path in choice.paths)
            bought = tuple(f"option {name} bought in month {t}" for name, t in choice.premiums)
            found[mine] = Best(total, tuple(held.story for held in choice.holdings) + bought + paths)
    return found


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
    for combination in itertools.product(*signings):
        holdings = [held for group in combination for held in group]
        cost = sum(held.cost for held in holdings)
        for bought in itertools.product(*options):
            premiums = tuple(each for each in bought if each is not None)
            if not options_allow(data, holdings, dict(premiums)):
                continue
            paid = sum(premium[name] * data.discount(t) for name, t in premiums)
            for path in itertools.product(*paths):
                limits = sum(path_cost(data, each) for each in path)
                yield Choice(tuple(holdings), premiums, path, cost + paid + limits)


def _up_to(holdings: list[Holding], most: int) -> list[tuple[Holding, ...]]:
    """Every way to take at most so many, the same one several times allowed."""
    return [group for number in range(most + 1) for group in itertools.combinations_with_replacement(holdings, number)]


def _fleet_cost(data: Dataset) -> float:
    return sum(usd * data.discount(t) for t in data.horizon for *_, usd in fleet_running(data, t))


def _old_interest(data: Dataset) -> float:
    """What was drawn before month 0 costs in it."""
    drawn = max(0.0, -(data.settings.opening_cash_usd or 0.0))
    return float(drawn * ((1.0 + data.settings.credit_interest) ** (1.0 / 12.0) - 1.0))


Part = tuple[
    tuple[Month, ...], tuple[TopUp, ...], tuple[Budget, ...], tuple[Floor, ...], Account | None, tuple[Loss, ...]
]


def _parts(data: Dataset, choice: Choice) -> list[Part]:
    """The months split into groups that nothing ties together, each with its contract years and budgets."""
    years = [
        TopUp(held.name, months, round(missing, 9), due)
        for held in choice.holdings
        for months, missing, due in held.years
    ]
    budgets, floors = budgets_of(data, choice), floors_of(data, choice)
    group = {t: {t} for t in data.horizon}
    account = account_of(data, choice)
    ties = [(*year.months, year.due) for year in years] + [budget.months for budget in budgets]
    left = losses(data, choice.paths)
    ties += [tuple(data.horizon)] if account is not None or left else []
    ties += [floor.months for floor in floors]
    for tie in ties:
        joined = set().union(*(group[t] for t in tie if t in group))
        for t in joined:
            group[t] = joined
    # A contract year beyond the horizon has no month of use; it goes with the first group.
    parts = []
    for months in sorted({tuple(sorted(each)) for each in group.values()}):
        mine = tuple(
            year
            for year in years
            if set(year.months) & set(months) or (months[0] == 0 and min(year.months) >= len(group))
        )
        states = tuple(
            Month(
                t,
                sources_online(data, choice.holdings, t),
                tuple(sorted(leased_out(data, choice, t).items())),
                (*demand(data, choice.paths, t), *run_tokens(data, choice, t)),
                multiples(data, choice, t),
                chips_delivered(choice, t),
                power_online(data, choice, t),
            )
            for t in months
        )
        tied = [tuple(each for each in ties_of if set(each.months) <= set(months)) for ties_of in (budgets, floors)]
        parts.append((states, mine, *tied, account, left))
    return parts
