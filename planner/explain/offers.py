"""Offers: the value of each accepted offer, and the cost and break-even price of each rejected one.

Every figure comes from solving the whole problem again with the offer forced in or left out, with the plan as a warm
start, in worker processes. A figure is told as far as it is proven.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.core.scopes import in_scope
from models.dataset import Dataset
from models.estimate import Estimate
from models.kinds import OfferKey
from models.policy.cash_account import is_kept
from models.stochastic.plan_problem import Plans, paid_usd, units_taken
from models.supply.kind import OfferKind
from models.supply.registry import offers_on_the_table
from models.variants.offers import at_price, with_offer, without_offer
from planner.analysis.scenario_comparison import plan_changes
from planner.explain.breakeven import KNOWN_WIDTH, BreakEven, Point
from planner.explain.by_scenario import ScenarioDifference
from planner.explain.searches import LEAST_GAP, Question, Search, difference_is_known, noise_usd, share_plan
from planner.solving.solve_task import SolveResult

NOT_SEARCHED, NO_END, MOST_OF_PRICE = 1e9, 1e6, 20.0
"""Openness, in widths that count as known: of an offer not searched yet, of a price without an end, most of others."""
PRICE_WEIGHT = 0.2
"""Openness of a width of a price that counts as known, against that of a difference: a search narrows it by less."""
FIRST_SEARCHES = 2
"""A difference that is not known is searched for so often before prices are narrowed, which hang on it."""
FIRST_PRICES = 2
"""At so many prices an offer of the plan is searched for before any difference is narrowed, while an end is open."""
SHARE_OF_WIDTH = 1.0 / 8.0
"""A search at a break-even price may leave this part of `KNOWN_WIDTH` open."""
LOOSE = 2.0
"""Away from the break-even a search may leave so many times the gap asked for open."""


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What was found out about one offer.

    Parameters
    ----------
    offer : OfferKey
        The offer.
    taken : bool
        Whether the plan accepts it.
    units : int
        Units or blocks of it in the plan; with scenarios the most in any of them.
    difference : Estimate
        The least cost without it (if taken) or with it forced in (if not), less that of the problem as it is, USD.
    infeasible : bool
        No plan exists without it, or with it.
    break_even : Estimate
        The multiple of today's price at which the decision changes.
    never : bool
        It is proven to be not worth accepting even free of charge.
    price_matters : bool
        Whether anything that was found depends on its price.
    complete : bool
        Whether both figures are known within what counts as known.
    displaces : tuple of str
        What else changes, in words.
    why : str
        How the last search ended.
    by_scenario : tuple of ScenarioDifference
        With scenarios the difference in each, what the plan decides for several of them held.
    """

    offer: OfferKey
    taken: bool
    units: int
    difference: Estimate
    infeasible: bool
    break_even: Estimate
    never: bool
    price_matters: bool
    complete: bool
    displaces: tuple[str, ...]
    why: str = ""
    by_scenario: tuple[ScenarioDifference, ...] = ()

    @property
    def name(self) -> str:
        """The offer's name."""
        return self.offer.name

    @property
    def kind(self) -> OfferKind:
        """What it is."""
        kind: OfferKind = self.offer.kind
        return kind


class OfferQuestion(Question):
    """The searches about one offer: with or without it, and with it at other prices."""

    def __init__(self, dataset: Dataset, plan: Plans, base: Search, offer: OfferKey, units: int) -> None:
        self.dataset, self.plan, self.base, self.offer, self.units = dataset, plan, base, offer, units
        linear, self.monotone = _price_effects(dataset, offer)
        self.linear = linear and (base.measure is None or base.measure.is_mean)  # other measures bend along a line
        self.priced = at_price(dataset, offer, 2.0) != dataset
        self.searches: Sequence[Search] = ()
        self.at_prices: dict[float, Search] = {}
        if self.taken:
            problem, name, left_open = without_offer(dataset, offer), f"without {offer.words}", None
        else:
            problem, name, left_open = with_offer(dataset, offer), f"with {offer.words}", offer
        self.other = base.variant(name, problem, start=plan, left_open=left_open, relaxations=(base,))

    @property
    def taken(self) -> bool:
        """Whether the plan accepts it."""
        return self.units > 0

    @property
    def difference(self) -> Estimate:
        """What the optimum loses without it, or with it forced in: one problem is the other with less allowed."""
        return self.other.least_cost.minus(self.base.least_cost).not_below(0.0)

    @property
    def break_even(self) -> BreakEven | None:
        """The break-even as far as it is known; None where there is none, or where prices prove nothing."""
        if not self.monotone or self.other.plan is None or self.other.infeasible:
            return None
        best = self.base.plan or self.plan
        if self.taken:
            without = self.other.least_cost
            with_it = best if best.takes(self.offer) else self.plan
            points = [self._point(1.0, with_it, self.base.least_cost.at_least)]
        else:
            without_it = self.plan if best.takes(self.offer) else best
            without = Estimate.optimum(self.base.least_cost.at_least, without_it.objective_usd)
            points = [self._point(1.0, self.other.plan, self.other.least_cost.at_least)]
        for f, search in self.at_prices.items():
            bound = math.inf if search.infeasible else search.least_cost.at_least
            points.append(self._point(f, search.plan, bound))
        return BreakEven(without, self.offer.kind.buys, self.linear, self.priced, points)

    def _point(self, f: float, plan: Plans | None, bound_usd: float | None) -> Point:
        """A plan's cost as a line in the offer's price; its payments are at the multiple f of that price."""
        if plan is None:
            return Point(f, None, 0.0, bound_usd)
        if f == 0.0:  # at no price the payments do not show the slope
            return Point(f, plan.objective_usd, 0.0, bound_usd)
        paid = self._paid_usd(plan)
        return Point(f, plan.objective_usd - paid, paid / f, bound_usd)

    def _paid_usd(self, plan: Plans) -> float:
        return paid_usd(plan, self.offer.kind.category, self.offer.name)

    @property
    def openness(self) -> float:
        """As `Question`."""
        if self.other.infeasible:
            return 0.0
        if not self.other.count or self.other.plan is None:
            return NOT_SEARCHED / (1.0 + self.other.count)
        noise = max(1e-9, noise_usd(self.base, self.other))
        wide = 0.0 if self._difference_is_known else (self.difference.width or 0.0) / noise
        even = self._open_price
        if even is None:
            return wide
        width = even.known().width
        if width is None and self._wants_an_end(even):
            return NO_END
        most = MOST_OF_PRICE if width is None else min(MOST_OF_PRICE, PRICE_WEIGHT * width / KNOWN_WIDTH)
        return max(wide, most / (1.0 + len(self.at_prices)))  # each further price gives less

    @property
    def _open_price(self) -> BreakEven | None:
        """The break-even where a further price would tell something that matters; else None."""
        even = self.break_even
        return None if even is None or even.is_settled else even

    def _wants_an_end(self, even: BreakEven) -> bool:
        """Whether an end of it is open that comes before all narrowing."""
        return self.taken and len(self.at_prices) < FIRST_PRICES and even.known().width is None

    @property
    def main_search(self) -> Search:
        """As `Question`."""
        return self.other

    def next_search(self) -> Search | None:
        """As `Question`."""
        if self.other.is_open and (not self.other.count or self.other.plan is None):
            return self.other
        even, narrow = self._open_price, self.other.is_open and not self._difference_is_known
        if narrow and self.other.count < FIRST_SEARCHES and not (even and self._wants_an_end(even)):
            return self.other
        return (self._at_next_price(even) if even else None) or (self.other if narrow else None)

    def _at_next_price(self, even: BreakEven) -> Search | None:
        """The search at a price that would tell most; None where none would."""
        self._ask_closely()
        price = even.next_price()
        if price is not None:
            self.at_prices[price] = self._at_price(price, loose=price != even.estimate)
        if not even.linear:  # at each price only on which side of the cost without it the least cost is
            for each in self.at_prices.values():
                each.enough = even.without
        if price is not None:
            return self.at_prices[price]
        open_still = [each for each in (self.other, *self.at_prices.values()) if each.is_open]
        return min(open_still, key=lambda each: each.seconds, default=None)

    def learn(self, search: Search, result: SolveResult) -> None:
        """As `Question`."""
        search.learn(result)
        if result.plans is not None:
            share_plan(self.searches if search is self.other else (search,), result.plans)

    def _at_price(self, f: float, loose: bool) -> Search:
        priced = at_price(with_offer(self.dataset, self.offer), self.offer, f)
        start = self.plan if self.taken else self.other.plan
        name = f"{self.offer.words} at {f:.4g} of its price"
        if loose:
            return self.base.variant(name, priced, start=start, asked_gap=LOOSE * self.base.asked_gap)
        return self.base.variant(name, priced, start=start, gap=self.other.gap)

    def _ask_closely(self) -> None:
        """Asks for gaps that leave a small part of the price open, where more than that hangs on them."""
        taking = self.plan if self.taken else self.other.plan
        paid = 0.0 if taking is None else abs(self._paid_usd(taking))
        size = abs(self.base.cost_usd or 0.0)
        if paid and size:
            gap = max(LEAST_GAP, SHARE_OF_WIDTH * KNOWN_WIDTH * paid / size)
            for each in (self.base, self.other, *self.at_prices.values()):
                if each.asked_gap <= self.base.asked_gap:
                    each.gap = min(each.gap, gap)

    @property
    def _difference_is_known(self) -> bool:
        return difference_is_known(self.difference, noise_usd(self.base, self.other))

    def answer(self) -> OfferAnswer:
        """What was found out."""
        even, other = self.break_even, self.other
        changes = () if other.plan is None else plan_changes(self.dataset, self.plan, other.plan)
        others = (each for each in changes if (each.kind, each.name) != self.offer)
        return OfferAnswer(
            offer=self.offer,
            taken=self.taken,
            units=self.units,
            difference=self.difference,
            infeasible=other.infeasible,
            break_even=Estimate.unknown() if even is None else even.known(),
            never=even is not None and even.never(),
            price_matters=even is None or even.price_matters,
            complete=other.infeasible
            or (self._difference_is_known and (not self.monotone or (even is not None and even.is_settled))),
            displaces=tuple(each.words for each in others if each.change != "same"),
            why=other.why,
        )


def offer_questions(dataset: Dataset, plan: Plans, base: Search) -> list[OfferQuestion]:
    """A question for each offer on the table: without it where the plan accepts it, else with it forced in.

    Not for those that have to be taken: a problem without them would allow more, not less.
    """
    units = units_taken(plan)
    asked = (each for each in offers_on_the_table(dataset) if not each.kind.has_to_be_taken(dataset, each.row(dataset)))
    return [OfferQuestion(dataset, plan, base, offer, units[offer]) for offer in asked]


def _price_effects(dataset: Dataset, offer: OfferKey) -> tuple[bool, bool]:
    """Whether cost is a line in the offer's price and nothing else depends on it; whether both at least go one way.

    Where they do, what is not worth it at a price is not worth it at a less favourable one. Bills bend upwards along it
    where something else is paid less as it is paid more: what is promised to be spent, what hours beyond the horizon
    are worth, which is no more than their fee, and interest, which is due beyond what is in the bank.
    """
    row = offer.row(dataset)
    payer = offer.kind.payer(dataset, row)
    caps = [each for each in dataset.caps if each.measure.startswith(("cash", "obligation")) and in_scope(each, payer)]
    promised = [
        each for each in dataset.spend_commitments if each.provider == payer.provider and each.status != "excluded"
    ]
    bends = (
        bool(getattr(row, "min_spend_usd_per_year", 0.0))
        or (offer.kind.buys and bool(promised))
        or (offer.kind.residual and dataset.settings.end_of_horizon == "residual")
        or is_kept(dataset)
    )
    return not caps and not bends, all(each.sense == "max" for each in caps)
