"""Estimate: what is known of a figure that comes out of a search, between two ends, and how it is known.

A figure that a search gives is a value only where both ends agree within the gap asked for; else both ends are told,
or the one that is known, or that nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KnownBy = Literal["solves", "bound", "dual", "unknown"]
"""`solves`: both problems were solved; `bound`: a bound that holds for other reasons; `dual`: a derivative."""

ROUNDING = 1e-9
"""Gaps are the same that differ by no more than this."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure that lies between two ends.

    Parameters
    ----------
    at_least, at_most
        The proven ends; None where nothing is proven on that side.
    known_by
        How they are known; `unknown` where neither is.
    """

    at_least: float | None
    at_most: float | None
    known_by: KnownBy = "solves"

    def __post_init__(self) -> None:
        for name in ("at_least", "at_most"):
            end = getattr(self, name)
            if isinstance(end, float) and not end:  # nothing is not told as -0.0
                object.__setattr__(self, name, 0.0)

    @classmethod
    def exactly(cls, value: float, known_by: KnownBy = "solves") -> Estimate:
        """A figure that is known.

        >>> Estimate.exactly(2.0).value(0.0)
        2.0
        """
        return cls(value, value, known_by)

    @classmethod
    def unknown(cls) -> Estimate:
        """A figure of which nothing is known."""
        return cls(None, None, "unknown")

    @classmethod
    def optimum(cls, bound: float | None, cost: float | None) -> Estimate:
        """The least cost of a problem: no plan costs less than `bound`, one that was found costs `cost`."""
        if bound is None and cost is None:
            return cls.unknown()
        return cls(bound, cost, "solves")

    def minus(self, other: Estimate) -> Estimate:
        """The figure less another one.

        >>> Estimate(9.0, 10.0).minus(Estimate(3.0, 4.0))
        Estimate(at_least=5.0, at_most=7.0, known_by='solves')
        """
        low = None if self.at_least is None or other.at_most is None else self.at_least - other.at_most
        high = None if self.at_most is None or other.at_least is None else self.at_most - other.at_least
        if low is None and high is None:
            return Estimate.unknown()
        ways = {self.known_by, other.known_by}
        return Estimate(low, high, next(each for each in ("dual", "bound", "solves") if each in ways))

    def times(self, factor: float) -> Estimate:
        """The figure in another unit, or turned round where the factor is below 0.

        >>> Estimate(1.0, None).times(-2.0)
        Estimate(at_least=None, at_most=-2.0, known_by='solves')
        >>> Estimate(0.0, 1.0).times(-2.0)
        Estimate(at_least=-2.0, at_most=0.0, known_by='solves')
        """
        ends = [None if each is None else factor * each for each in (self.at_least, self.at_most)]
        low, high = ends if factor >= 0 else reversed(ends)
        return Estimate(low, high, self.known_by)

    def not_below(self, least: float) -> Estimate:
        """The figure, which is known for other reasons to be no less than `least`."""
        low = least if self.at_least is None else max(self.at_least, least)
        high = None if self.at_most is None else max(self.at_most, least)
        return Estimate(low, high, "bound" if self.at_least is None and self.at_most is None else self.known_by)

    def without_noise(self, noise: float) -> Estimate:
        """The figure without what rounding leaves: ends within `noise` of 0 are 0, and of each other the upper one.

        >>> Estimate(-1e-12, 2.0).without_noise(1e-9), Estimate(2.0 - 1e-12, 2.0).without_noise(1e-9)
        (Estimate(at_least=0.0, at_most=2.0, known_by='solves'), Estimate(at_least=2.0, at_most=2.0, known_by='solves'))
        """
        low, high = (0.0 if each is not None and abs(each) <= noise else each for each in (self.at_least, self.at_most))
        if low is not None and high is not None and abs(high - low) <= noise:
            low = high
        return Estimate(low, high, self.known_by)

    def and_also(self, other: Estimate) -> Estimate:
        """What two estimates of the same figure know together: the higher of the lower ends, the lower of the upper."""
        lows = [each for each in (self.at_least, other.at_least) if each is not None]
        highs = [each for each in (self.at_most, other.at_most) if each is not None]
        known_by = other.known_by if self.known_by == "unknown" else self.known_by
        return Estimate(max(lows, default=None), min(highs, default=None), known_by)

    def of_a_gain(self) -> Estimate:
        """The figure as that of a gain, of which a lower end below 0 says nothing by itself: it is not known then.

        >>> Estimate(-143.0, None).of_a_gain() == Estimate.unknown()
        True
        >>> Estimate(2.0, None).of_a_gain() == Estimate(2.0, None)
        True
        """
        says_nothing = self.at_most is None and self.at_least is not None and self.at_least < 0.0
        return Estimate.unknown() if says_nothing else self

    def value(self, gap: float) -> float | None:
        """The figure, where both ends agree within `gap` of the larger of their sizes; else None.

        It is the upper end: of a least cost, what a plan that was found costs.

        >>> Estimate(99.95, 100.0).value(0.001), Estimate(90.0, 100.0).value(0.001), Estimate(1.0, None).value(0.1)
        (100.0, None, None)
        """
        if self.at_least is None or self.at_most is None or self.at_least == self.at_most:
            return self.at_most if self.at_least == self.at_most else None
        size = max(abs(self.at_least), abs(self.at_most))
        return self.at_most if self.at_most - self.at_least <= gap * size + 1e-12 * size else None

    @property
    def gap(self) -> float | None:
        """Of a least cost: how far the plan found may be above it, as a share of its own cost; None where not known.

        >>> Estimate(98.0, 100.0).gap, Estimate(0.0, 0.0).gap, Estimate(-1.0, 0.0).gap
        (0.02, 0.0, None)
        """
        if self.width is None or self.at_most is None:
            return None
        return self.width / abs(self.at_most) if self.at_most else 0.0 if self.width == 0.0 else None

    def is_within(self, gap: float) -> bool:
        """Whether the gap of a least cost is proven to be no more than this one.

        >>> Estimate(97.986, 100.0).is_within(0.02), Estimate(98.0, 100.0).is_within(0.02)
        (False, True)
        """
        return self.gap is not None and self.gap <= gap + ROUNDING * max(1.0, gap)

    @property
    def width(self) -> float | None:
        """How far the ends are apart; None where one is not known."""
        return None if self.at_least is None or self.at_most is None else self.at_most - self.at_least


UNKNOWN = Estimate.unknown()
