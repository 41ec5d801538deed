"""The units of a problem's model, from the sizes of what is there and on offer."""

from __future__ import annotations

import math

from models.core.scaling import ModelUnits
from models.dataset import Dataset
from models.supply.registry import offers


def model_units(dataset: Dataset) -> ModelUnits:
    """Units such that the largest block of capacity on the table is counted in thousands, and money by its price."""
    sizes = [each.accelerators for each in dataset.fleet]
    sizes += [size for kind, row in offers(dataset) for size in kind.block_sizes(dataset, row)]
    accelerators = 10.0 ** max(0, math.floor(math.log10(max([*sizes, 1.0]))) - 3)
    rates = sorted(each.tokens_per_second for each in dataset.throughput if each.tokens_per_second > 0)
    monthly_bn = rates[len(rates) // 2] * 3600.0 * 730.0 / 1e9 if rates else 1.0
    tokens = accelerators * 10.0 ** round(math.log10(monthly_bn))
    return ModelUnits(accelerators=accelerators, tokens_bn=tokens, usd=accelerators * 1000.0 * _money_unit(dataset))


def _money_unit(dataset: Dataset) -> float:
    """A power of ten near the price of an accelerator-hour; 1 where that is between 0.01 and 100.

    Money in millions, or in a currency of large numbers, is else smaller than the solver's tolerances, or as large.
    """
    hourly = [each.usd_per_accelerator_hour for each in dataset.on_demand]
    hourly += [each.usd_per_accelerator_hour for each in dataset.fleet]
    hourly += [usd for kind, row in offers(dataset) for usd in kind.hourly_usd(dataset, row)]
    prices = sorted(usd for usd in hourly if usd > 0.0)
    size = round(math.log10(prices[len(prices) // 2])) if prices else 0
    return 1.0 if abs(size) <= 2 else math.pow(10.0, size)
