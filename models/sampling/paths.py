r"""Sampled paths of what is uncertain, equally likely.

Each quantity of each name has a stream of random numbers of its own, seeded by the seed and by what it is. So
one more kind of uncertainty, or one more name, changes none of the other draws; and the first n paths of a
larger sample are the sample of n. Offers at one site are late together: they share a stream, and take the
value that the same share of their own distribution lies below. Otherwise different kinds are independent, but for
those that follow demand: their shocks are rho z + sqrt(1 - rho^2) e, with z the shocks of demand in the same month, or,
of what has one value for all months, their sum scaled to variance 1; what is drawn from a distribution follows through
its normal score (a Gaussian copula).

The same seed gives the same paths with the same release of numpy, which may change its generators' streams.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from models.core.vector import Array
from models.dataset import Dataset
from models.realization import ADDED, ALL
from models.sampling.distribution import Distribution
from models.sampling.history import joint_growth
from models.sampling.multipliers import DRAWN, Drawn
from models.sampling.uncertainty import (
    Uncertainty,
    active_offers,
    drawn_names,
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
            before = 0.0 if quantity in (*ADDED, "supplier_exit") else 1.0  # what changes nothing
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
            uniform = self._uniform("delivery_delay_months", sites[name])
            yield ("delivery_delay_months", name), self._constant(_quantile(delays, uniform))
        for name, share in values_by_name(what.delivered, active_offers(dataset, "delivered_share")).items():
            uniform = self._uniform("delivered_share", sites.get(name, name))
            yield ("delivered_share", name), self._constant(_quantile(share, uniform))
        for name, hazard in names_that_may_exit(dataset, what).items():
            yield ("supplier_exit", name), self._exits(name, hazard)
        for drawn in DRAWN:
            names = [*drawn.names(dataset)]
            found = {name: self._drawn(drawn, name, by) for name, by in drawn_names(dataset, what, drawn).items()}
            yield from self._one_for_all(drawn.quantity, found, names)

    def _drawn(self, drawn: Drawn, name: str, by: float) -> Array:
        shocks = self._shocks(drawn.quantity, name)
        if drawn.process == "walk":
            return geometric_walk(by, shocks)
        once = by * shocks[:, 0]
        return self._constant(once if drawn.process == "shift" else np.exp(once - by**2 / 2.0))

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
        still_present = 1.0 - self._uniform("supplier_exit", name, sign=-1.0)
        last = np.floor(np.log(still_present) / math.log1p(-hazard))
        return (np.arange(self.dataset.settings.months) > last[:, None]).astype(float)

    def _shocks(self, quantity: str, name: str) -> Array:
        """Standard normal, shape (paths, months); those of two names have the correlation asked for."""
        size = (self.count, self.dataset.settings.months)
        share, rho = self.what.correlation, self._with_demand(quantity)
        common = self._stream(quantity, ALL).standard_normal(size)
        own = math.sqrt(share) * common + math.sqrt(1.0 - share) * self._stream(quantity, name).standard_normal(size)
        if not rho:
            return own
        followed = self._demand_shocks(name)
        followed[:, 0] = self._level(followed)  # month 0 has no step: it is what holds for all months
        return rho * followed + math.sqrt(1.0 - rho**2) * own

    def _with_demand(self, quantity: str) -> float:
        """The correlation of a quantity with demand."""
        given = self.what.demand_correlation
        return 0.0 if quantity in ("demand", "demand_growth") else given.get(quantity, given.get(ALL, 0.0))

    def _demand_shocks(self, name: str) -> Array:
        """The shocks of the demand of a segment; where the name is of none, those that all segments have in common."""
        if name in self.dataset.segment_of:
            return self._shocks("demand", name)
        return self._stream("demand", ALL).standard_normal((self.count, self.dataset.settings.months))

    def _level(self, shocks: Array) -> Array:
        """What the steps come to by the last month, scaled to variance 1."""
        steps = shocks[:, 1:]
        return steps.sum(axis=1) / math.sqrt(steps.shape[1]) if steps.shape[1] else shocks[:, 0]

    def _uniform(self, quantity: str, name: str, sign: float = 1.0) -> Array:
        """Uniform draws that follow demand, or with sign -1 run against it, as much as asked."""
        uniform, rho = self._stream(quantity, name).random(self.count), sign * self._with_demand(quantity)
        if not rho:
            return uniform
        level = self._level(self._demand_shocks(name))
        following: Array = ndtr(rho * level + math.sqrt(1.0 - rho**2) * ndtri(uniform))
        return following

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
