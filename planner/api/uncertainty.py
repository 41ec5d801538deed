"""What is uncertain, as Python values: numbers, names of priors, tables of probabilities, by name or for everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

from planner.errors import WrongUsage
from planner.sampling.uncertainty import TEXTS, UncertaintyOptions

if TYPE_CHECKING:
    from models.sampling import Uncertainty

Value = float | str | Mapping[float, float]
"""A share, the name of a prior, or values and their probabilities."""
ByName = Value | Mapping[str, Value]
"""A value for everything, or one for each name."""


class Uncertain(TypedDict, total=False):
    """What is uncertain.

    Parameters
    ----------
    demand_volatility
        Standard deviation of a month's step of demand, a share, by segment; or `history`.
    growth_spread
        Standard deviation of a constant added to each month's growth, a share, by segment.
    history_bootstrap
        Whether demand is resampled in blocks from the sheet history.
    block
        Months in such a block.
    correlation
        Of the demand of two segments, and of the prices of two kinds of hardware; from 0 to 1.
    price_volatility
        Standard deviation of a month's step of on-demand prices, a share, by hardware.
    delay_prior
        Months late, by offer: `new_build`, `energised_site`, or values and their probabilities.
    delivered_prior
        Share that arrives of what is planned, by offer: values and their probabilities.
    exit_hazard
        Chance in a month that an offer or provider that is still there goes.
    taker_exit_hazard
        The same of a taker, or of the taker of a lease-out.
    demand_correlation
        Correlation with demand of what is drawn, by quantity of the sheet scenario_factors; from -1 to 1.
    revenue_volatility, usage_price_volatility, offer_price_volatility
        Standard deviation of a month's step, a share, by segment, hardware and offer.
    on_demand_cap_spread, throughput_spread, fleet_spread, shortfall_cost_spread, elasticity_spread, churn_spread
        Standard deviation of the logarithm of a constant multiplier, by name.
    rival_spread
        Standard deviation of a constant added to the generosity of rivals, by segment.
    """

    demand_volatility: ByName
    growth_spread: ByName
    history_bootstrap: bool
    block: int
    correlation: float
    price_volatility: ByName
    delay_prior: ByName
    delivered_prior: ByName
    exit_hazard: ByName
    taker_exit_hazard: ByName
    demand_correlation: ByName
    revenue_volatility: ByName
    usage_price_volatility: ByName
    offer_price_volatility: ByName
    on_demand_cap_spread: ByName
    throughput_spread: ByName
    fleet_spread: ByName
    shortfall_cost_spread: ByName
    elasticity_spread: ByName
    churn_spread: ByName
    rival_spread: ByName


def options_of(uncertain: Uncertain) -> UncertaintyOptions:
    """The options of the commands that say the same.

    Raises
    ------
    WrongUsage
        A name is none of them.
    """
    unknown = set(uncertain) - set(Uncertain.__annotations__)
    if unknown:
        known = ", ".join(Uncertain.__annotations__)
        raise WrongUsage(f"There is no {', '.join(sorted(unknown))}; what can be uncertain: {known}.")
    given = {name: _texts(value) if name in TEXTS else value for name, value in uncertain.items()}
    return UncertaintyOptions(**given)  # type: ignore[arg-type]


def uncertainty_of(uncertain: Uncertain) -> Uncertainty | None:
    """What is uncertain; None where nothing is said to be.

    Raises
    ------
    WrongUsage
        A value cannot be read.
    """
    options = options_of(uncertain)
    if not options.anything_uncertain:
        return None
    found, faults = options.uncertainty()
    if faults:
        raise WrongUsage("\n  ".join(["What is uncertain cannot be read:", *faults]))
    return found


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return tuple(f"{name}={_text(each)}" for name, each in value.items())
    return (_text(value),)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{each!r}:{share!r}" for each, share in value.items())
    return value if isinstance(value, str) else repr(value)
