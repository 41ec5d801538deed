"""Units of the model's columns: powers of ten that keep its numbers well scaled for the solver.

A start-up counts accelerators, a frontier lab hundreds of thousands of them; a fixed unit would push
one of the two against the solver's absolute tolerances. Integer decisions keep their own unit. `models.supply.scaling`
chooses them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelUnits:
    """One unit of a model column in accelerators, in billions of tokens, and in USD."""

    accelerators: float = 1.0
    tokens_bn: float = 1.0
    usd: float = 1.0
