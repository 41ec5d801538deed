"""The options that say what is uncertain, as `planner scenarios` and `planner stress` have them."""

from __future__ import annotations

from typing import Any

import click

from planner.options.shared import Decorator, option
from planner.options.values import NamedNumber, Share


def _named(flag: str, form: str, meaning: str) -> Decorator[Any]:
    return option(flag, type=NamedNumber(form), multiple=True, help=meaning)


_DECORATORS = (
    _named(
        "--demand-volatility",
        "[segment=]number",
        "Standard deviation of a month's step of demand, such as 5%; history: estimated from the sheet history.",
    ),
    _named("--growth-spread", "[segment=]number", "Standard deviation of a constant added to each month's growth."),
    option(
        "--history-bootstrap",
        is_flag=True,
        help="Resample demand in blocks of consecutive months of the sheet history.",
    ),
    option("--block", type=click.IntRange(1, 60), default=3, show_default=True, help="Months in such a block."),
    option(
        "--correlation",
        type=Share(),
        default=1.0,
        show_default=True,
        help="Correlation, from 0 to 1, of the demand of two segments, and of the prices of two kinds of hardware.",
    ),
    _named("--price-volatility", "[hardware=]number", "Standard deviation of a month's step of on-demand prices."),
    _named(
        "--delay-prior", "[offer=]prior", "Months of delay: new_build, energised_site, or a table 0:0.75,3:0.15,6:0.10."
    ),
    _named(
        "--delivered-prior", "[offer=]table", "Share of the planned capacity that is delivered, such as 1:0.8,0.5:0.2."
    ),
    _named("--exit-hazard", "[offer or provider=]number", "Probability per month that a supplier leaves the market."),
    _named("--taker-exit-hazard", "[taker or lease-out=]number", "Probability per month that a taker leaves."),
    _named("--revenue-volatility", "[segment=]number", "Standard deviation of a month's step of revenue a token."),
    _named("--usage-price-volatility", "[hardware=]number", "The same of usage charges and energy."),
    _named("--offer-price-volatility", "[offer=]number", "The same of prices of offers, by month of signing."),
    _named("--on-demand-cap-spread", "[hardware=]number", "Standard deviation of a constant times on-demand caps."),
    _named("--throughput-spread", "[workload or hardware=]number", "The same of throughput."),
    _named("--fleet-spread", "[asset, provider, site or region=]number", "The same of accelerators of the fleet."),
    _named("--shortfall-cost-spread", "[segment=]number", "The same of the cost of shortfall."),
    _named("--elasticity-spread", "[segment=]number", "The same of price elasticity."),
    _named("--churn-spread", "[segment=]number", "The same of churn."),
    _named("--rival-spread", "[segment=]number", "Standard deviation of a constant added to rivals' generosity."),
    _named(
        "--demand-correlation",
        "[quantity=]number",
        "Correlation with demand, from -1 to 1, of what is drawn for a quantity of scenario_factors, such as "
        "revenue=0.5 or supplier_exit=-0.4.",
    ),
)


def uncertainty_options(command: Any) -> Any:
    """Declare the options that are the fields of `planner.sampling.uncertainty.UncertaintyOptions`."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command
