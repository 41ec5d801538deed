"""Local worth: what a unit of an offer would be worth at a plan's marginal values, against what it costs.

A quick figure without solving again. Marginal values hold for a little more, and a cluster is a lot: the first MW
of it are worth that much, the last ones less. So an offer whose local worth is below its cost is not worth
taking as the plan stands, while one whose worth is above it may still be too big, or barred by a rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.dataset import Dataset
from models.kinds import OfferKey
from models.supply.local_worth import LocalWorth, Values


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An offer at a glance: power of a unit or block, and its price as the sheet has it.

    Of several terms the longest counts, of several tiers the first.
    """

    provider: str
    region: str
    mw_per_unit: float
    price: float
    price_unit: str


def offer_facts(dataset: Dataset, offer: OfferKey) -> OfferFacts:
    """The facts of an offer. Raises KeyError for one that the workbook does not have."""
    kind, row = offer.kind, offer.row(dataset)
    price = kind.price(dataset, row)
    mw = kind.mw_per_unit(dataset, row)
    return OfferFacts(row.provider, offer.kind.region(dataset, row), mw, price.usd, price.per)


def local_worth(dataset: Dataset, values: Values, offer: OfferKey) -> LocalWorth | None:
    """The best month and term for a unit of an offer; None where it cannot be signed, or brings none."""
    found = offer.kind.local_worth(dataset, values, offer.row(dataset))
    return max(found, key=lambda each: each.margin_usd, default=None)
