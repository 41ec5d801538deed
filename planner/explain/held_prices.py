"""By scenario: the price at which an offer is worth nothing more, what the plan decides for several scenarios held.

Of an offer that the plan of a scenario takes, what it shares of the offer is paid for at every price, and its worth is
nothing at the break-even. Any other offer would be taken there, by the scenario alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.plan_problem import units_taken
from models.variants.offers import at_price, with_offer
from planner.explain.by_scenario import HeldQuestion, ScenarioDifference
from planner.explain.offers import LOOSE, OfferQuestion
from planner.explain.searches import Search

OPENNESS = 0.5
"""Of a price that is not known: differences that are not known come first."""


class HeldPrice(OfferQuestion):
    """The break-even price of an offer in one scenario, beside the question what it is worth there."""

    def __init__(self, worth: HeldQuestion, together: OfferQuestion) -> None:
        held, offer = worth.held, together.offer
        plan = held.scenario.plan
        super().__init__(held.base.dataset, plan, held.base, offer, units_taken(plan)[offer])
        self.held, self.has_own = held, self.taken != together.taken  # the plan takes it in other scenarios alone
        self.other = self._held("with", with_offer(self.dataset, offer)) if self.has_own else worth.search

    @property
    def difference(self) -> Estimate:
        """What the scenario loses without it, or with it forced in: less than nothing where others need it."""
        return self.other.least_cost.minus(self.base.least_cost)

    @property
    def openness(self) -> float:
        """As `Question`."""
        if self.other.infeasible or not self.monotone:
            return 0.0
        is_open = self._open_price is not None or (self.has_own and not self.other.count)
        return OPENNESS / (1.0 + len(self.at_prices)) if is_open else 0.0

    def next_search(self) -> Search | None:
        """As `Question`."""
        if self.other.plan is None:
            return self.other if self.has_own and self.other.is_open else None
        even = self._open_price
        return None if even is None else self._at_next_price(even)

    def _at_price(self, f: float, loose: bool) -> Search:
        priced = at_price(with_offer(self.dataset, self.offer), self.offer, f)
        search = self._held(f"at {f:.4g} of its price", priced)
        if loose:
            search.asked_gap = search.gap = LOOSE * self.base.asked_gap
        else:
            search.gap = min(search.gap, self.other.gap)
        return search

    def _held(self, how: str, problem: Dataset) -> Search:
        name = f"{self.offer.words} {how}, {self.held.scenario.name}"
        return self.held.search_of(name, problem, None if self.taken else self.offer)

    def told(self, found: ScenarioDifference) -> ScenarioDifference:
        """What was found of the difference, with what is known of the price."""
        even = self.break_even
        if even is None:
            return found
        complete = found.complete and even.is_settled
        return replace(found, break_even=even.known(), never=even.never(), complete=complete)


def held_prices(worths: Sequence[Sequence[HeldQuestion]], offers: Sequence[OfferQuestion]) -> list[list[HeldPrice]]:
    """The prices to look for, by offer and scenario; `worths` are of the same offers, in their order."""
    return [[HeldPrice(worth, offer) for worth in each] for each, offer in zip(worths, offers, strict=True)]
