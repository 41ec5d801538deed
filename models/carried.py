"""What months before month 0 add to the caps and contract years that are under way then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carried:
    """What counts already in the period under way of a cap on a share and of whom it is, from months before month 0.

    Money paid and revenue in USD; tokens short and demanded after limits in billions.
    """

    cap: str
    name: str = ""
    paid_usd: float = 0.0
    revenue_usd: float = 0.0
    short_bn: float = 0.0
    demanded_bn: float = 0.0


@dataclass(frozen=True, slots=True)
class Billed:
    """Months before month 0 of the contract year under way, and what they were billed, overage included, in USD."""

    contract: str
    months: int = 0
    usd: float = 0.0
