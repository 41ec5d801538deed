"""A kind of offer that brings no capacity: what an offer says of accelerators, all of it nothing."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models.dataset import Dataset
from models.plan import Signing
from models.supply.kind import OfferKind
from models.supply.local_worth import LocalWorth, Values


class KindWithoutCapacity(OfferKind, ABC):
    """A decision that is signed as an offer is, once, and holds no accelerators."""

    def most(self, row: Any) -> int:
        return 1

    def units_signed(self, row: Any) -> int:
        return 1

    def ramps(self, dataset: Dataset, row: Any) -> Iterable[tuple[str | None, int]]:
        return ()

    def mw_per_unit(self, dataset: Dataset, row: Any) -> float:
        return 0.0

    def accelerators(self, dataset: Dataset, signing: Signing, t: int) -> Mapping[str, float]:
        return {}

    def service_months(
        self, dataset: Dataset, row: Any, signings: Iterable[int]
    ) -> Iterator[tuple[str, set[int], bool]]:
        return iter(())

    def block_sizes(self, dataset: Dataset, row: Any) -> Iterable[float]:
        return ()

    def hourly_usd(self, dataset: Dataset, row: Any) -> Iterable[float]:
        return ()

    def local_worth(self, dataset: Dataset, values: Values, row: Any) -> Iterator[LocalWorth]:
        return iter(())
