r"""Break-even: the price at which the decision about an offer changes, from a few solves, with bounds.

Let V_in(f) be the least cost of all plans that take the offer, its rates and upfronts times f, and V_out the
least cost of those that do not. V_in rises with f for what we buy and falls for what we lease out; so a plan that
takes the offer at f for no more than V_out is proven to cost, and a bound of V_in(f) that no plan without the offer
exceeds, bound the break-even from the two sides.

Where no rule of the workbook depends on the price, more is known: a plan costs a + b f, so that it bounds V_in from
above along its line, and V_in, a minimum of lines, is concave: every chord between two bounds bounds it from below.
Where the lowest line meets V_out is the break-even of the plans known. A price some way beyond it is tried first: there
a bound exceeds V_out by far, so that a loose gap proves that the offer is out, and the chord from today's price leads
back. Then solving at the break-even of the plans known either finds a lower line (a Newton step, of which there are
finitely many) or proves that there is none within a gap. Where a rule depends on the price, no line or chord holds:
prices on both sides are tried, and the interval is cut in two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from models.estimate import Estimate

PRICE_TOLERANCE = 1e-3
"""Prices that differ by less than this share of today's price count as one."""
AWAY = (0.25, 2.0, 8.0)
"""How far from the break-even of the plans known prices are tried, as shares of it, while nothing is proven there.

The first is for where nothing leads back: where chords do, the longer they are the less they leave open.
"""
KNOWN_WIDTH = 0.02
"""A break-even counts as known when its interval is narrower than this share of today's price, or of itself."""

ROUNDING = 1e-12
"""What costs are off by, as a share of them."""

FURTHEST = 1000.0
"""Multiples of today's price beyond which no end is looked for: with risk an offer may be paid where no cost counts."""


@dataclass(frozen=True, slots=True)
class Point:
    """A solve with the offer taken at price multiple f: the plan's fixed and priced part, and a bound; USD.

    The parts are None where no plan was found; the bound is infinite where it is proven that there is none.
    """

    f: float
    fixed_usd: float | None
    priced_usd: float
    bound_usd: float | None

    @property
    def cost_usd(self) -> float | None:
        """The cost at factor f of today's price, USD."""
        return None if self.fixed_usd is None else self.fixed_usd + self.priced_usd * self.f


@dataclass(slots=True)
class BreakEven:
    """What is known of one offer's break-even.

    Parameters
    ----------
    without : Estimate
        Least cost without the offer, USD.
    buys : bool
        False for a lease-out, which earns more at a higher price.
    linear : bool
        Whether no rule and no bill but the offer's own depends on its price, so that lines and chords hold.
    priced : bool
        Whether the workbook gives it a price that is not 0.
    points : list of Point
        Solves with the offer at several prices.
    """

    without: Estimate
    buys: bool = True
    linear: bool = True
    priced: bool = True
    points: list[Point] = field(default_factory=list)

    def known(self) -> Estimate:
        """The proven interval of the break-even, in multiples of today's price."""
        worth = self._no_price(self._worth_at(self.without.at_least))
        not_worth = self._no_price(self._not_worth_at(self.without.at_most))
        if worth is None and not_worth is None:
            return Estimate.unknown()
        return Estimate(worth, not_worth) if self.buys else Estimate(not_worth, worth)

    def _no_price(self, f: float | None) -> float | None:
        """0 where a price multiple is no more than the rounding of costs leaves of it."""
        costs = max(abs(self.without.at_least or 0.0), abs(self.without.at_most or 0.0))
        priced = max((abs(each.priced_usd) for each in self.points), default=0.0)
        rounding = ROUNDING * max(1.0, costs / priced if priced else 0.0)
        return 0.0 if f is not None and abs(f) <= rounding else f

    @property
    def is_known(self) -> bool:
        """Whether the interval is narrow enough to be called a figure."""
        low, high = self.known().at_least, self.known().at_most
        return low is not None and high is not None and high - low <= KNOWN_WIDTH * max(1.0, abs(high)) + 1e-12

    @property
    def price_matters(self) -> bool:
        """Whether any plan pays anything that depends on the price, on lines any plan found.

        Off lines one may at a dearer price that pays nothing at this one: what is promised is topped up once it is more
        than what is spent.
        """
        if not self.linear:
            return self.priced
        return any(each.priced_usd or each.bound_usd == math.inf for each in self.points)

    def never(self) -> bool:
        """Whether the offer is proven to be not worth accepting even free of charge (never for a lease-out)."""
        bound = self._bound(0.0)
        return self.buys and bound is not None and _reaches(bound, self.without.at_most)

    @property
    def is_settled(self) -> bool:
        """Whether a further price would tell nothing that matters."""
        unpaid = self.known().at_most
        stays_unpaid = not self.buys and unpaid is not None and unpaid < 0.0
        return self.is_known or self.never() or stays_unpaid or not self.price_matters

    def next_price(self) -> float | None:
        """The price multiple to solve at next; None where a further price would tell nothing more."""
        estimate = self.estimate
        if estimate is None:
            return None if self.linear else self._middle()
        side = 1.0 if self.buys else -1.0
        out = self._not_worth_at(self.without.at_most) is not None
        beyond = None if out else self._away(estimate, side)
        if self.linear:
            looked_beyond = any((each.f - estimate) * side > PRICE_TOLERANCE for each in self.points)
            newton = estimate if self._is_new(estimate) else None
            first, second = (newton, beyond) if looked_beyond else (beyond, newton)
            found = second if first is None else first
            return self._middle() if found is None and not estimate else found  # a plan at no price shows no line
        if beyond is not None:
            return beyond
        inside = self._line_meets(self.without.at_least)  # where a plan known is worth it, if it is one at that price
        if inside is not None and self._is_new(inside := max(0.0, inside - side * KNOWN_WIDTH / 2.0)):
            return inside
        nearer = self._away(estimate, -side) if self._worth_at(self.without.at_least) is None else None
        return self._middle() if nearer is None else nearer

    @property
    def estimate(self) -> float | None:
        """The break-even of the plans known; no price is below 0."""
        found = self._line_meets(self.without.at_most)
        return None if found is None else max(0.0, found)

    def _away(self, estimate: float, side: float) -> float | None:
        """A price on one side of the estimate, further away than those tried there beside today's."""
        steps = AWAY[1:] if self.linear else AWAY
        tried = sum((each.f - estimate) * side > PRICE_TOLERANCE and each.f != 1.0 for each in self.points)
        prices = (max(0.0, estimate + side * step * max(1.0, abs(estimate))) for step in steps[tried:])
        return next(filter(self._is_new, prices), None)

    def _is_new(self, f: float) -> bool:
        known = self.known()
        inside = (known.at_least is None or f > known.at_least) and (known.at_most is None or f < known.at_most)
        return (self.linear or inside) and all(abs(f - each.f) > PRICE_TOLERANCE for each in self.points)

    def _middle(self) -> float | None:
        """The middle of the widest part of the interval that no price tried yet lies in; nothing, where little is left.

        Below no price there is none to try, so that only at none itself its lower end shows.
        """
        known = self.known()
        low = 0.0 if known.at_least is None else known.at_least
        high = 2.0 * max(1.0, *(each.f for each in self.points)) if known.at_most is None else known.at_most
        if known.at_most is None and high > FURTHEST:
            return None
        inside = sorted({low, high, *(each.f for each in self.points if low < each.f < high)})
        low, high = max(pairwise(inside), key=lambda part: part[1] - part[0], default=(low, low))
        if high - low > KNOWN_WIDTH / 2.0:
            return (low + high) / 2.0
        return 0.0 if known.at_least is None and self._is_new(0.0) else None

    def _line_meets(self, cost: float | None) -> float | None:
        """The price multiple at which the lowest line of a known plan reaches that cost."""
        meets = [
            (cost - each.fixed_usd) / each.priced_usd
            for each in self.points
            if each.priced_usd and each.fixed_usd is not None and cost is not None
        ]
        if not meets:
            return None
        return max(meets) if self.buys else min(meets)

    def _worth_at(self, cost: float | None) -> float | None:
        """The price furthest on the unfavourable side at which a known plan with the offer costs no more than that."""
        if self.linear:
            return self._line_meets(cost)
        worth = [each.f for each in self.points if each.cost_usd is not None and _reaches(cost, each.cost_usd)]
        return (max if self.buys else min)(worth, default=None)

    def _bound(self, f: float) -> float | None:
        """A lower bound of V_in(f): V_in is monotone, and concave where it is made of lines."""
        known = sorted((each.f, each.bound_usd) for each in self.points if each.bound_usd is not None)
        below = [each for each in known if each[0] <= f + 1e-12]
        above = [each for each in known if each[0] >= f - 1e-12]
        found = [bound for _, bound in (below if self.buys else above)]
        if self.linear and below and above:
            (low, at_low), (high, at_high) = below[-1], above[0]
            found.append(at_low if high == low else at_low + (at_high - at_low) * (f - low) / (high - low))
        return max(found, default=None)

    def _not_worth_at(self, cost: float | None) -> float | None:
        """The first price, from the favourable side, from which on the offer is proven to be not worth it."""
        corners = sorted({each.f for each in self.points}, reverse=not self.buys)
        before: float | None = None
        for f in corners:
            bound = self._bound(f)
            if bound is not None and _reaches(bound, cost):
                earlier = None if before is None else self._bound(before)
                if not self.linear or before is None or earlier is None or bound <= earlier or math.isinf(bound):
                    return f
                assert cost is not None
                return before + (f - before) * (cost - earlier) / (bound - earlier)
            before = f
        return None


def _reaches(bound: float | None, cost: float | None) -> bool:
    """Whether a bound is at least a cost, up to the rounding of the solver."""
    return bound is not None and cost is not None and bound >= cost - 1e-9 * abs(cost)
