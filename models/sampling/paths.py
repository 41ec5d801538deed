r"""Sampled paths of what is uncertain, equally likely.

Each quantity of each name has a stream of random numbers of its own, seeded by the seed and by what it is. So
one more kind of uncertainty, or one more name, changes none of the other draws; and the first n paths of a
larger sample are the sample of n. Offers at one site are late together: they share a stream, and take the
value that the same share of their own distribution lies below. Otherwise different kinds are independent.

The same seed gives the same paths with the same release of numpy, which may change its generators' streams.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.core.vector import Array
from models.dataset import Dataset
from models.realization import ALL
from models.sampling.distribution import Distribution
from models.sampling.history import joint_growth
from models.sampling.uncertainty import (
    Uncertainty,
    active_offers,
    names_that_may_exit,
    offers_to_be_delivered,
    rented_hardware,
    resampled_segments,
    segments_with,
    uncertainty_faults,
    values_by_name,
)
from models.sampling.walks import block_bootstrap, geometric_walk
from models.schema import ScenarioFactor

Quantity = tuple[str, str]
"""A quantity of the sheet scenario_factors and the name it acts on, `*` for all."""

DECIMALS = 6
"""Values are rounded to so many, so that a sheet says exactly what was sampled."""
NEUTRAL = {"demand": 1.0, "on_demand_price": 1.0, "delivered_share": 1.0}
"""The value that changes nothing; 0 for other quantities."""


@dataclass(frozen=True)
class Paths:
    """Sampled paths: for each uncertain quantity its value in months 0 … T-1, shape (paths, months).

    supplier_exit is 1 in the months after the supplier has left, else 0.
    """

    first_month: int
    values: Mapping[Quantity, Array]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def factors(self, path: int, scenario: str) -> tuple[ScenarioFactor, ...]:
        """A path as rows of the sheet scenario_factors: one where a value changes, none while it is neutral."""
        rows = []
        for (quantity, name), values in self.values.items():
            before = NEUTRAL.get(quantity, 0.0)
            for t, value in enumerate(values[path].tolist()):
                if value != before:
                    month = self.first_month + t if t else None
                    rows.append(
                        ScenarioFactor(scenario=scenario, quantity=quantity, name=name, from_month=month, value=value)
                    )
                before = value
        return tuple(rows)


def sample(dataset: Dataset, uncertainty: Uncertainty, count: int, seed: int) -> Paths:
    """Paths of what is uncertain, drawn independently of one another.

    Parameters
    ----------
    dataset
        The problem.
    uncertainty
        What is uncertain.
    count
        How many paths.
    seed
        The same seed draws the same paths.

    Returns
    -------
    Paths
        Values by quantity and name, shape (paths, months).

    Raises
    ------
    ValueError
        The uncertainty does not fit the dataset (see `uncertainty_faults`), or nothing is uncertain.
    """
    found = uncertainty_faults(dataset, uncertainty)
    if found:
        raise ValueError(" ".join(found))
    draw = _Draw(dataset, uncertainty, count, seed)
    values = {key: np.round(each, DECIMALS) for key, each in draw.everything()}
    if not values:
        raise ValueError("nothing is uncertain; say what is")
    return Paths(dataset.settings.first_month, values)


@dataclass(frozen=True)
class _Draw:
    """One sample being drawn."""

    dataset: Dataset
    what: Uncertainty
    count: int
    seed: int

    def everything(self) -> Iterator[tuple[Quantity, Array]]:
        dataset, what = self.dataset, self.what
        yield from self._one_for_all("demand", self._walks("demand", segments_with(dataset, what)), dataset.segment_of)
        yield from self._bootstrap()
        spreads = values_by_name(what.growth_spread, dataset.segment_of)
        growth = {name: self._constant(np.maximum(-1.0, spread * self._shocks("demand_growth", name)[:, 0]))
                  for name, spread in spreads.items()}  # fmt: skip
        yield from self._one_for_all("demand_growth", growth, dataset.segment_of)
        hardware = rented_hardware(dataset)
        prices = self._walks("on_demand_price", values_by_name(what.price_volatility, hardware))
        yield from self._one_for_all("on_demand_price", prices, hardware)
        sites = offers_to_be_delivered(dataset)
        for name, delays in values_by_name(what.delays, sites).items():
            uniform = self._stream("delivery_delay_months", sites[name]).random(self.count)
            yield ("delivery_delay_months", name), self._constant(_quantile(delays, uniform))
        for name, share in values_by_name(what.delivered, active_offers(dataset, "delivered_share")).items():
            uniform = self._stream("delivered_share", sites.get(name, name)).random(self.count)
            yield ("delivered_share", name), self._constant(_quantile(share, uniform))
        for name, hazard in names_that_may_exit(dataset, what).items():
            yield ("supplier_exit", name), self._exits(name, hazard)

    def _walks(self, quantity: str, volatilities: Mapping[str, float]) -> dict[str, Array]:
        return {
            name: geometric_walk(volatility, self._shocks(quantity, name)) for name, volatility in volatilities.items()
        }

    def _bootstrap(self) -> Iterator[tuple[Quantity, Array]]:
        """All segments from the same months of history, so that what moved together still does."""
        segments, block = resampled_segments(self.dataset, self.what), self.what.bootstrap_block
        if not segments or block is None:
            return
        growth = joint_growth(self.dataset, segments)
        months = self.dataset.settings.months
        blocks = max(1, math.ceil((months - 1) / block))
        beginnings = self._stream("history", ALL).integers(len(growth), size=(self.count, blocks))
        levels = block_bootstrap(growth, block, beginnings, months)
        for i, segment in enumerate(segments):
            yield ("demand", segment), levels[:, :, i]

    def _exits(self, name: str, hazard: float) -> Array:
        """In each month but month 0 a supplier that is still there goes with the chance `hazard`."""
        if hazard == 0.0:
            return self._constant(np.zeros(self.count))
        still_present = 1.0 - self._stream("supplier_exit", name).random(self.count)
        last = np.floor(np.log(still_present) / math.log1p(-hazard))
        return (np.arange(self.dataset.settings.months) > last[:, None]).astype(float)

    def _shocks(self, quantity: str, name: str) -> Array:
        """Standard normal, shape (paths, months); those of two names have the correlation asked for."""
        size = (self.count, self.dataset.settings.months)
        share = self.what.correlation
        common = self._stream(quantity, ALL).standard_normal(size)
        return math.sqrt(share) * common + math.sqrt(1.0 - share) * self._stream(quantity, name).standard_normal(size)

    def _one_for_all(
        self, quantity: str, values: Mapping[str, Array], everything: Any
    ) -> Iterator[tuple[Quantity, Array]]:
        """One `*` where every name has the same values, else each name by itself."""
        alike = all(np.array_equal(one, other) for one, other in pairwise(values.values()))
        if len(values) > 1 and alike and len(values) == len(everything):
            yield (quantity, ALL), next(iter(values.values()))
        else:
            yield from (((quantity, name), each) for name, each in values.items())

    def _constant(self, column: Array) -> Array:
        return np.repeat(column[:, None], self.dataset.settings.months, axis=1)

    def _stream(self, quantity: str, name: str) -> np.random.Generator:
        key = tuple(f"{quantity}/{name}".encode())
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


def _quantile(distribution: Distribution, uniform: Array) -> Array:
    """The value below which each share of the distribution lies."""
    below = np.cumsum(distribution.probabilities)
    below[-1] = np.inf
    return np.array(distribution.values, dtype=float)[np.searchsorted(below, uniform, side="right")]
