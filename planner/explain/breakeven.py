r"""Break-even: the price at which the decision about an offer changes, from a few solves, with bounds.

Let V_in(f) be the least cost of all plans that take the offer, its rates and upfronts times f, and V_out the
least cost of those that do not. A plan costs a + b f, so V_in, a minimum of lines, is concave; it rises with f
for what we buy (b > 0) and falls for what we lease out (b < 0). Every plan found bounds V_in from above along
its line; every solver's bound, and every chord between two of them, bounds it from below. Where the lowest
line meets V_out is the break-even of the plans known. Solving there either finds a lower line (a Newton step, of
which there are finitely many) or proves that there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PRICE_TOLERANCE = 1e-3
"""Prices that differ by less than this share of today's price count as one."""
KNOWN_WIDTH = 0.02
"""A break-even counts as known when its interval is narrower than this share of today's price."""


@dataclass(frozen=True, slots=True)
class Range:
    """A figure known to lie between two bounds; None where nothing is known on that side."""

    low: float | None
    high: float | None

    def minus(self, other: Range) -> Range:
        """Return the bounds of this figure less another."""
        low = None if self.low is None or other.high is None else self.low - other.high
        high = None if self.high is None or other.low is None else self.high - other.low
        return Range(low, high)


@dataclass(frozen=True, slots=True)
class Point:
    """A solve with the offer taken at price multiple f: the plan's fixed and priced part, and a bound; USD."""

    f: float
    fixed_usd: float
    priced_usd: float
    bound_usd: float | None

    @property
    def cost_usd(self) -> float:
        """The cost at factor f of today's price, USD."""
        return self.fixed_usd + self.priced_usd * self.f


@dataclass(slots=True)
class BreakEven:
    """What is known of one offer's break-even.

    Parameters
    ----------
    without : Range
        Cost of the best plan without the offer, USD.
    buys : bool
        False for a lease-out, which earns more at a higher price.
    points : list of Point
        Solves with the offer at several prices.
    """

    without: Range
    buys: bool = True
    points: list[Point] = field(default_factory=list)

    def estimate(self) -> float | None:
        """Return the multiple of today's price at which the known plans with and without the offer cost the same."""
        return self._plan_break_even(self.without.high)

    def known(self) -> Range:
        """Return the proven interval of the break-even, in multiples of today's price."""
        worth, not_worth = self._plan_break_even(self.without.low), self._bound_break_even(self.without.high)
        return Range(worth, not_worth) if self.buys else Range(not_worth, worth)

    @property
    def is_known(self) -> bool:
        """Whether the interval is narrow enough to be called a figure."""
        known = self.known()
        return known.low is not None and known.high is not None and known.high - known.low <= KNOWN_WIDTH

    def never(self) -> bool:
        """Whether the offer is proven to be not worth accepting even free of charge (never for a lease-out)."""
        bound = self._bound(0.0)
        return self.buys and bound is not None and self.without.high is not None and _reaches(bound, self.without.high)

    def next_price(self) -> float | None:
        """Return the price multiple to solve at next; None when nothing more would be found out."""
        estimate = self.estimate()
        if estimate is None or self.is_known or self.never():
            return None
        f = max(0.0, estimate)
        return None if any(abs(f - each.f) <= PRICE_TOLERANCE for each in self.points) else f

    def _plan_break_even(self, cost: float | None) -> float | None:
        """Return the price multiple at which the lowest line of a known plan reaches that cost."""
        meets = [
            (cost - each.fixed_usd) / each.priced_usd for each in self.points if each.priced_usd and cost is not None
        ]
        if not meets:
            return None
        return max(meets) if self.buys else min(meets)

    def _bound(self, f: float) -> float | None:
        """Return a lower bound of V_in(f): chords between solved points; outside them V_in is monotone."""
        known = sorted((each.f, each.bound_usd) for each in self.points if each.bound_usd is not None)
        below = [each for each in known if each[0] <= f + 1e-12]
        above = [each for each in known if each[0] >= f - 1e-12]
        found = []
        if below and above:
            (low, at_low), (high, at_high) = below[-1], above[0]
            found.append(at_low if high == low else at_low + (at_high - at_low) * (f - low) / (high - low))
        if self.buys:
            found += [bound for _, bound in below]
        else:
            found += [bound for _, bound in above]
        return max(found, default=None)

    def _bound_break_even(self, cost: float | None) -> float | None:
        """Return the first price, from the favourable side, from which on the offer is proven to be not worth it."""
        if cost is None:
            return None
        corners = sorted({each.f for each in self.points}, reverse=not self.buys)
        before: float | None = None
        for f in corners:
            bound = self._bound(f)
            if bound is not None and _reaches(bound, cost):
                earlier = None if before is None else self._bound(before)
                if before is None or earlier is None or bound <= earlier:
                    return f
                return before + (f - before) * (cost - earlier) / (bound - earlier)
            before = f
        return None


def _reaches(bound: float, cost: float) -> bool:
    """Whether a bound is at least a cost, up to the rounding of the solver."""
    return bound >= cost - 1e-9 * abs(cost)
