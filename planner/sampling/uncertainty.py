"""What is uncertain, read from texts: `NAME=0.05`, `NAME=new_build`, `NAME=0:0.8,6:0.2`; without a name, for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from models.faults import closest
from models.sampling import ALL, DELAY_PRIORS, DRAWN, HISTORY, Distribution, Uncertainty, distribution
from planner.formatting import parse_share

Value = TypeVar("Value")

SPREADS = tuple(drawn.option for drawn in DRAWN)
TEXTS = (
    "demand_volatility", "growth_spread", "price_volatility", "delay_prior", "delivered_prior", "exit_hazard",
    "taker_exit_hazard", "demand_correlation", *SPREADS,
)  # fmt: skip
"""The options that hold texts by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyOptions:
    """What is uncertain, as texts `VALUE` for everything or `NAME=VALUE` for one name.

    Parameters
    ----------
    demand_volatility : tuple of str
        Standard deviation of a month's step of demand (a share) by segment, or `history`.
    growth_spread : tuple of str
        Standard deviation of a constant added to each month's growth (a share) by segment.
    history_bootstrap : bool
        Whether demand is resampled in blocks from the sheet history.
    block : int
        Months in such a block.
    correlation : float
        Of the demand of two segments, and of the prices of two kinds of hardware; from 0 to 1.
    price_volatility : tuple of str
        Standard deviation of a month's step of on-demand prices (a share) by hardware.
    delay_prior : tuple of str
        Months of delay by offer: a named prior, or a table such as `0:0.8,6:0.2`.
    delivered_prior : tuple of str
        Share of the planned capacity that is delivered, by offer, as a table.
    exit_hazard : tuple of str
        Probability per month that an offer or provider leaves the market.
    taker_exit_hazard : tuple of str
        Probability per month that a taker, or the taker of a lease-out, leaves.
    demand_correlation : tuple of str
        Correlation with demand of what is drawn, by quantity of the sheet scenario_factors; from -1 to 1.
    revenue_volatility, usage_price_volatility, offer_price_volatility : tuple of str
        Standard deviation of a month's step (a share), by segment, hardware and offer.
    on_demand_cap_spread, throughput_spread, fleet_spread, shortfall_cost_spread, elasticity_spread, churn_spread, \
    rival_spread : tuple of str
        How much a constant varies, by name: a multiplier with this standard deviation of its logarithm; of rivals one
        added to their generosity with this standard deviation.
    """

    demand_volatility: tuple[str, ...] = ()
    growth_spread: tuple[str, ...] = ()
    history_bootstrap: bool = False
    block: int = 3
    correlation: float = 1.0
    price_volatility: tuple[str, ...] = ()
    delay_prior: tuple[str, ...] = ()
    delivered_prior: tuple[str, ...] = ()
    exit_hazard: tuple[str, ...] = ()
    taker_exit_hazard: tuple[str, ...] = ()
    demand_correlation: tuple[str, ...] = ()
    revenue_volatility: tuple[str, ...] = ()
    usage_price_volatility: tuple[str, ...] = ()
    offer_price_volatility: tuple[str, ...] = ()
    on_demand_cap_spread: tuple[str, ...] = ()
    throughput_spread: tuple[str, ...] = ()
    fleet_spread: tuple[str, ...] = ()
    shortfall_cost_spread: tuple[str, ...] = ()
    elasticity_spread: tuple[str, ...] = ()
    churn_spread: tuple[str, ...] = ()
    rival_spread: tuple[str, ...] = ()

    @property
    def anything_uncertain(self) -> bool:
        """Whether any of the options says that something is uncertain."""
        return self.history_bootstrap or any(getattr(self, name) for name in TEXTS if name != "demand_correlation")

    def uncertainty(self) -> tuple[Uncertainty, list[str]]:
        """Return what the texts say, and a sentence for each text that cannot be read."""
        faults: list[str] = []

        def by_name(option: str, read: Callable[[str], Value]) -> dict[str, Value]:
            found: dict[str, Value] = {}
            for text in getattr(self, option):
                before, equals, after = text.rpartition("=")
                name = before.strip() if equals else ALL
                flag = f"--{option.replace('_', '-')} {text}"
                try:
                    value = read(after.strip())
                except ValueError as error:
                    faults.append(f"{flag}: {error}")
                    continue
                if name in found:
                    faults.append(f"{flag}: {'all' if name == ALL else name} is given twice; keep one.")
                found[name] = value
            return found

        found = Uncertainty(
            demand_volatility=by_name("demand_volatility", _number_or_history),
            growth_spread=by_name("growth_spread", _number),
            bootstrap_block=self.block if self.history_bootstrap else None,
            correlation=self.correlation,
            price_volatility=by_name("price_volatility", _number),
            delays=by_name("delay_prior", _prior),
            delivered=by_name("delivered_prior", _table),
            exit_hazard=by_name("exit_hazard", _number),
            taker_exit_hazard=by_name("taker_exit_hazard", _number),
            spreads={option: given for option in SPREADS if (given := by_name(option, _number))},
            demand_correlation=by_name("demand_correlation", _number),
        )
        return found, faults

    def record(self) -> list[tuple[str, str]]:
        """Return the options given, by name and text."""
        found = [(name, text) for name in TEXTS for text in getattr(self, name)]
        if self.history_bootstrap:
            found.append(("history_bootstrap", f"blocks of {self.block} months"))
        return [*found, ("correlation", f"{self.correlation:g}")]


def facts_behind(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the named priors among these texts, each with the facts that it is estimated from."""
    named = {text.rpartition("=")[2].strip() for text in texts}
    return [(name, words) for name, (_, words) in DELAY_PRIORS.items() if name in named]


def _number(text: str) -> float:
    try:
        return parse_share(text)
    except ValueError:
        raise ValueError("write NAME=0.05 or NAME=5%; a number alone holds for all.") from None


def _number_or_history(text: str) -> Any:
    return HISTORY if text == HISTORY else _number(text)


def _prior(text: str) -> Distribution:
    if ":" in text:
        return _table(text)
    if text not in DELAY_PRIORS:
        raise ValueError(
            f"there is no prior '{text}'. {closest(text, DELAY_PRIORS)} "
            "Or write months of delay and their probabilities: 0:0.75,3:0.15,6:0.10."
        )
    return DELAY_PRIORS[text][0]


def _table(text: str) -> Distribution:
    shares: dict[float, float] = {}
    for part in text.split(","):
        value, colon, share = part.partition(":")
        if not colon:
            raise ValueError("write values and their probabilities, such as 1:0.8,0.5:0.2.")
        number = _number(value.strip())
        if number in shares:
            raise ValueError(f"{number:g} is named twice; add up its probabilities.")
        shares[number] = _number(share.strip())
    try:
        return distribution(shares)
    except ValueError as error:
        raise ValueError(f"{error}; correct them.") from None
