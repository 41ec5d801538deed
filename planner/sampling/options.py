"""The options that say what is uncertain, as `planner scenarios` and `planner stress` have them."""

from __future__ import annotations

from typing import Any

import click

from planner.options import Decorator, Named, Share, option


def _named(flag: str, form: str, meaning: str) -> Decorator[Any]:
    return option(flag, type=Named(form), multiple=True, help=meaning)


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
)


def uncertainty_options(command: Any) -> Any:
    """Declare the options that are the fields of `planner.sampling.uncertainty.UncertaintyOptions`."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command
