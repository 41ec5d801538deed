"""Units of the model's columns: powers of ten that keep its numbers well scaled for the solver.

A start-up counts accelerators, a frontier lab hundreds of thousands of them; a fixed unit would push
one of the two against the solver's absolute tolerances. Integer decisions keep their own unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.dataset import Dataset


@dataclass(frozen=True, slots=True)
class ModelUnits:
    """One unit of a model column in accelerators, in billions of tokens, and in USD."""

    accelerators: float = 1.0
    tokens_bn: float = 1.0
    usd: float = 1.0


def model_units(dataset: Dataset) -> ModelUnits:
    """Units such that the largest block of capacity on the table is counted in thousands."""
    sizes = [each.accelerators for each in dataset.fleet]
    sizes += [each.accelerators for each in dataset.lease_hardware]
    for contract in dataset.contracts:
        kw = dataset.hardware_of[contract.hardware].kw
        sizes.append((contract.signed_blocks or contract.max_blocks) * contract.block_mw * 1000.0 / kw)
    accelerators = 10.0 ** max(0, math.floor(math.log10(max([*sizes, 1.0]))) - 3)
    rates = sorted(each.tokens_per_second for each in dataset.throughput if each.tokens_per_second > 0)
    monthly_bn = rates[len(rates) // 2] * 3600.0 * 730.0 / 1e9 if rates else 1.0
    tokens = accelerators * 10.0 ** round(math.log10(monthly_bn))
    return ModelUnits(accelerators=accelerators, tokens_bn=tokens, usd=accelerators * 1000.0)
