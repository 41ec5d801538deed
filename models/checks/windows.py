"""Windows: the months in which an offer can be signed, before options, caps and rules."""

from __future__ import annotations

from models.dataset import Dataset
from models.schema import Contract, Lease, LeaseOut
from models.supply.signing import service_start

Offer = Lease | Contract | LeaseOut


def signing_window(dataset: Dataset, offer: Offer) -> range:
    """Months t in which the offer can be signed with service starting inside the horizon; may be empty."""
    first = 0 if offer.sign_from is None else max(0, dataset.t(offer.sign_from))
    last = last_month_to_sign(dataset, offer)
    if offer.sign_until is not None:
        last = min(last, dataset.t(offer.sign_until))
    return range(first, last + 1)


def last_month_to_sign(dataset: Dataset, offer: Offer) -> int:
    """The last month t in which a signing still starts service inside the horizon; below 0 when none does."""
    last = len(dataset.horizon) - 1
    return last - offer.lead_months if service_start(dataset, offer, -offer.lead_months) <= last else -1
