"""Uncertainty: what is uncertain about a problem, and how much.

Names are segments, offers, providers or hardware; `*` stands for every one that is not named itself.
What no field speaks of stays as the workbook says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from models.dataset import Dataset
from models.faults import closest
from models.realization import ALL
from models.sampling.distribution import Distribution
from models.sampling.history import joint_growth, segment_growth
from models.sampling.multipliers import DRAWN, Drawn
from models.schema import OF_OFFERS
from models.supply.kind import OfferKind
from models.supply.registry import offers, offers_named, two_offers, uncertain

Value = TypeVar("Value")

HISTORY = "history"
"""In place of a demand volatility: the standard deviation the segment's history shows."""


@dataclass(frozen=True)
class Uncertainty:
    """What is uncertain; an empty mapping means that nothing of the kind is.

    demand_volatility: by segment, the standard deviation of a month's step of log demand, or `HISTORY`.
    growth_spread: by segment, the standard deviation of what is added to the growth of every month.
    bootstrap_block: length in months of the blocks of history that are strung together for the segments that
        have a history; None: no bootstrap.
    correlation: of the steps and spreads of two segments, and of the steps of two hardware prices, 0 to 1.
    price_volatility: by hardware, the standard deviation of a month's step of the log on-demand price.
    delays: by offer, how many months late it is. delivered: by offer, the share of what was planned that arrives.
    exit_hazard: by provider or offer, the chance that one still there goes in a month; taker_exit_hazard: the same by
        taker or lease-out.
    spreads: by option of `DRAWN` and by name, how much that quantity varies.
    demand_correlation: by quantity of scenario_factors, the correlation of what is drawn for it with the demand of the
        segment it is of, or of all segments together, -1 to 1; of an exit that of leaving.
    """

    demand_volatility: Mapping[str, float | str] = field(default_factory=dict)
    growth_spread: Mapping[str, float] = field(default_factory=dict)
    bootstrap_block: int | None = None
    correlation: float = 1.0
    price_volatility: Mapping[str, float] = field(default_factory=dict)
    delays: Mapping[str, Distribution] = field(default_factory=dict)
    delivered: Mapping[str, Distribution] = field(default_factory=dict)
    exit_hazard: Mapping[str, float] = field(default_factory=dict)
    taker_exit_hazard: Mapping[str, float] = field(default_factory=dict)
    spreads: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    demand_correlation: Mapping[str, float] = field(default_factory=dict)


def segments_with(dataset: Dataset, uncertainty: Uncertainty) -> dict[str, float]:
    """The monthly volatility of each segment whose demand is a random walk; those resampled from history are not."""
    resampled = resampled_segments(dataset, uncertainty)
    chosen = values_by_name(
        uncertainty.demand_volatility, [each for each in dataset.segment_of if each not in resampled]
    )
    return {
        segment: _deviation(segment_growth(dataset, segment)) if isinstance(value, str) else float(value)
        for segment, value in chosen.items()
    }


def resampled_segments(dataset: Dataset, uncertainty: Uncertainty) -> tuple[str, ...]:
    """The segments whose demand is strung together from blocks of their history."""
    if uncertainty.bootstrap_block is None:
        return ()
    with_history = {each.segment for each in dataset.history}
    return tuple(segment for segment in dataset.segment_of if segment in with_history)


def offers_to_be_delivered(dataset: Dataset) -> dict[str, str]:
    """The site of each offer of capacity that is on offer, or signed and not yet in service in month 0."""

    def to_come(kind: OfferKind, row: Any) -> bool:
        signed = kind.signed_before(dataset, row)
        return kind.status(row) != "excluded" and (signed is None or kind.start(dataset, row, signed) >= 0)

    return {kind.name_of(row): kind.site(row) for kind, row in _uncertain(dataset) if to_come(kind, row)}


def active_offers(dataset: Dataset, quantity: str = "") -> dict[str, str]:
    """The provider of each offer of capacity that is not excluded, and that the quantity acts on."""
    there = ((kind, row) for kind, row in _uncertain(dataset) if kind.status(row) != "excluded")
    return {kind.name_of(row): row.provider for kind, row in there if kind in uncertain(quantity)}


def _uncertain(dataset: Dataset) -> Iterator[tuple[OfferKind, Any]]:
    return ((kind, row) for kind, row in offers(dataset) if kind.uncertain and kind.buys)


def suppliers(dataset: Dataset) -> tuple[str, ...]:
    """Providers of offers that are not excluded, and of on-demand capacity."""
    return tuple(dict.fromkeys([*active_offers(dataset).values(), *(each.provider for each in dataset.on_demand)]))


def takers(dataset: Dataset) -> dict[str, str]:
    """The lease-outs that are not excluded, each with its taker; its own name where that has none."""
    rows = (row for row in dataset.lease_outs if row.status != "excluded")
    return {row.lease_out: row.provider or row.lease_out for row in rows}


def names_that_may_exit(dataset: Dataset, uncertainty: Uncertainty) -> dict[str, float]:
    """The exit hazard of each provider and taker, and of the offers that have one of their own."""
    by_taker = _with_named(uncertainty.taker_exit_hazard, takers(dataset).values())
    return by_taker | _with_named(uncertainty.exit_hazard, suppliers(dataset))


def _with_named(given: Mapping[str, Value], names: Iterable[str]) -> dict[str, Value]:
    """The value of each name, and of any others that have one of their own."""
    return values_by_name(given, dict.fromkeys([*names, *(each for each in given if each != ALL)]))


def drawn_names(dataset: Dataset, uncertainty: Uncertainty, drawn: Drawn) -> dict[str, float]:
    """How much a quantity varies, by name."""
    return _with_named(uncertainty.spreads.get(drawn.option, {}), drawn.names(dataset))


def rented_hardware(dataset: Dataset) -> tuple[str, ...]:
    """The hardware that can be had on demand."""
    return tuple(dict.fromkeys(each.hardware for each in dataset.on_demand))


def values_by_name(given: Mapping[str, Value], names: Iterable[str]) -> dict[str, Value]:
    """The value of each name: its own, else that of `*`; names without either are left out."""
    return {name: given[key] for name in names if (key := name if name in given else ALL) in given}


def uncertainty_faults(dataset: Dataset, uncertainty: Uncertainty) -> tuple[str, ...]:
    """What of the uncertainty does not fit the problem, a sentence each, with what to do."""
    return tuple(_uncertainty_faults(dataset, uncertainty))


def _uncertainty_faults(dataset: Dataset, what: Uncertainty) -> Iterator[str]:
    segments, coming = list(dataset.segment_of), list(offers_to_be_delivered(dataset))
    there, derated = list(active_offers(dataset)), list(active_offers(dataset, "delivered_share"))
    hardware = list(rented_hardware(dataset))
    yield from _names("demand volatility", what.demand_volatility, segments, "a segment")
    yield from _names("growth spread", what.growth_spread, segments, "a segment")
    yield from _names("price volatility", what.price_volatility, hardware, "hardware of the sheet on_demand")
    offers = "a lease or contract that is on offer, or signed and not yet in service"
    yield from _names("delay prior", what.delays, coming, offers)
    yield from _names(
        "delivered prior", what.delivered, derated, "a lease, contract or chip order that is not excluded"
    )
    yield from _shared_names(dataset, "delay prior", values_by_name(what.delays, coming))
    yield from _shared_names(dataset, "delivered prior", values_by_name(what.delivered, derated))
    yield from _shared_names(dataset, "exit hazard", names_that_may_exit(dataset, what))
    known = [*suppliers(dataset), *there]
    yield from _names("exit hazard", what.exit_hazard, known, "a provider, or a lease or contract that is not excluded")
    yield from _names("taker exit hazard", what.taker_exit_hazard, [*takers(dataset).values(), *takers(dataset)],
                      "a taker, or a lease-out that is not excluded")  # fmt: skip
    yield from _numbers("taker exit hazard", what.taker_exit_hazard, "from 0 to below 1", lambda each: 0 <= each < 1)
    for drawn in DRAWN:
        words, given = drawn.option.replace("_", " "), what.spreads.get(drawn.option, {})
        yield from _names(words, given, [*drawn.names(dataset), *drawn.also(dataset)], drawn.of)
        yield from _numbers(words, given, "from 0 to 1", lambda each: 0 <= each <= 1)
        if drawn.quantity in OF_OFFERS:
            yield from _shared_names(dataset, words, drawn_names(dataset, what, drawn))
    yield from _correlation_faults(dataset, what)
    yield from _numbers("demand volatility", what.demand_volatility, "from 0 to 1", lambda each: 0 <= each <= 1)
    yield from _numbers("growth spread", what.growth_spread, "from 0 to 1", lambda each: 0 <= each <= 1)
    yield from _numbers("price volatility", what.price_volatility, "from 0 to 1", lambda each: 0 <= each <= 1)
    yield from _numbers("exit hazard", what.exit_hazard, "from 0 to below 1", lambda each: 0 <= each < 1)
    for name, months_late in what.delays.items():
        if any(value < 0 or value != int(value) for value in months_late.values):
            yield f"delay prior of {name}: months late are whole numbers of at least 0."
    for name, share in what.delivered.items():
        if any(not 0 <= value <= 1 for value in share.values):
            yield f"delivered prior of {name}: what arrives is a share from 0 to 1 of what was planned."
    yield from _history_faults(dataset, what)


def _shared_names(dataset: Dataset, what: str, names: Iterable[str]) -> Iterator[str]:
    """Names of two offers: the sheet scenario_factors could not say which is meant."""
    for name in names:
        found = offers_named(dataset, name, uncertain())
        if len(found) > 1:
            yield f"{what}: '{name}' is the name of {two_offers(found)}. Rename one of the two."


def _names(what: str, given: Mapping[str, object], known: list[str], kind: str) -> Iterator[str]:
    for name in given:
        if name == ALL and not known:
            yield f"{what}: the workbook has nothing it could act on ({kind})."
        elif name != ALL and name not in known:
            yield f"{what}: '{name}' is not {kind}. {closest(name, known)}"


def _numbers(
    what: str, given: Mapping[str, float | str], expected: str, fits: Callable[[float], bool]
) -> Iterator[str]:
    for name, value in given.items():
        if not isinstance(value, str) and not fits(value):
            yield f"{what} of {name}: found {value:g}, expected a number {expected}."


def _correlation_faults(dataset: Dataset, what: Uncertainty) -> Iterator[str]:
    """What can follow demand is drawn, and demand is a random walk where something follows it."""
    with_demand = {drawn.quantity for drawn in DRAWN if what.spreads.get(drawn.option)}
    asked = (
        ("on_demand_price", what.price_volatility),
        ("delivery_delay_months", what.delays),
        ("delivered_share", what.delivered),
        ("supplier_exit", what.exit_hazard or what.taker_exit_hazard),
    )
    with_demand |= {quantity for quantity, given in asked if given}
    for quantity in what.demand_correlation:
        if quantity != ALL and quantity not in with_demand:
            known = f"What is: {', '.join(sorted(with_demand))}." if with_demand else "Nothing is that could."
            yield f"demand correlation: {quantity} is not drawn. {known}"
    yield from _numbers("demand correlation", what.demand_correlation, "from -1 to 1", lambda each: -1 <= each <= 1)
    if what.demand_correlation and not what.demand_volatility:
        yield "demand correlation: demand is no random walk; give a demand volatility too."


def _history_faults(dataset: Dataset, what: Uncertainty) -> Iterator[str]:
    resampled = resampled_segments(dataset, what)
    for name in what.demand_volatility:
        if name in resampled:
            yield f"demand volatility: {name} is resampled from its history already; leave out one of the two."
    if what.bootstrap_block is not None:
        if not resampled:
            yield "history bootstrap: the workbook has no history; add a sheet history, or use a demand volatility."
        else:
            try:
                found = joint_growth(dataset, resampled).shape[0]
                if found < max(2, what.bootstrap_block):
                    yield (
                        f"history bootstrap: the segments have {found} months of growth in common, fewer than the "
                        f"{max(2, what.bootstrap_block)} needed; shorten the block, or add months to the history."
                    )
            except ValueError as error:
                yield f"history bootstrap: {error}"
    others = [each for each in dataset.segment_of if each not in resampled]
    for segment, value in values_by_name(what.demand_volatility, others).items():
        if isinstance(value, str):
            try:
                if len(segment_growth(dataset, segment)) < 3:
                    yield f"demand volatility: the history of {segment} is too short; four months or more are needed."
            except ValueError as error:
                yield f"demand volatility: {error}"


def _deviation(growth: Iterable[float]) -> float:
    import numpy as np

    return float(np.std(list(growth), ddof=1))
