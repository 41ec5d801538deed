r"""Random levels: multipliers of what the workbook says, by path and month, all with expected value 1.

Month 0 is known, so every level begins at 1.

Geometric random walk of monthly volatility $\sigma$, with $z$ standard normal:

$$ M_t = \exp\Big(\sum_{k=1}^{t} (\sigma z_k - \sigma^2 / 2)\Big), \quad
   E[M_t] = 1, \quad \mathrm{sd}[M_t] = \sqrt{e^{\sigma^2 t} - 1} $$

Block bootstrap: months of log growth $g$, less their mean (the trend is the workbook's to say), are taken in
blocks of b months that begin anywhere and run round the end (the circular block bootstrap of Politis and
Romano, 1992). The sum of j months from a random beginning has $m_j = E[e^{g_s + \dots + g_{s+j-1}}]$, a plain
mean over the beginnings, so the level of month $t = q b + r$ is divided by $m_b^q m_r$, its exact expectation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.core.vector import Array


def geometric_walk(volatility: float, shocks: Array) -> Array:
    """Levels from standard normal shocks, both of shape (paths, months); the shock of month 0 is not used."""
    steps = volatility * shocks - volatility**2 / 2.0
    steps[:, 0] = 0.0
    return np.exp(np.cumsum(steps, axis=1))


def block_bootstrap(growth: Array, block: int, beginnings: NDArray[np.int64], months: int) -> Array:
    """Levels strung together from history, shape (paths, months, segments).

    growth: log growth, shape (months of history, segments). beginnings: the first month of history of each
    block, whole numbers of shape (paths, blocks), with enough blocks for months - 1 steps.
    """
    centred = growth - growth.mean(axis=0)
    length = len(centred)
    taken = (beginnings[:, :, None] + np.arange(block)) % length
    steps = centred[taken.reshape(len(beginnings), -1)[:, : months - 1]]
    levels = np.exp(np.cumsum(np.concatenate([np.zeros((len(steps), 1, steps.shape[2])), steps], axis=1), axis=1))
    level: Array = levels / _expected(centred, block, months)
    return level


def _expected(centred: Array, block: int, months: int) -> Array:
    """Expected level of months 0 … months-1 before it is divided out, shape (months, segments)."""
    length, segments = centred.shape
    sums = np.zeros((length, segments))
    mean_of = [np.ones(segments)]
    for j in range(block):
        sums = sums + np.roll(centred, -j, axis=0)
        mean_of.append(np.exp(sums).mean(axis=0))
    return np.array([mean_of[block] ** (t // block) * mean_of[t % block] for t in range(months)])
