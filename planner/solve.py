"""Hands a built model to HiGHS and brings the values back; the only module that knows HiGHS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.build import Model


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """`gap` relative; `time_limit` in seconds, None for none; `threads` 0 lets HiGHS choose; `seed` >= 0."""

    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the search stands; money in USD, None while there is none; gap relative."""

    seconds: float
    incumbent_usd: float | None
    bound_usd: float | None
    gap: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What HiGHS said, as it is.

    `status`: optimal (gap proven), stopped (a plan, but stopped by limit or interrupt before the gap
    was proven), infeasible, no_plan (stopped with no plan). `values`: one value per column of the
    model, None without a plan. `why`: HiGHS's own words. `log`: its log lines.
    """

    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None
    bound_usd: float | None
    gap: float | None
    values: npt.NDArray[np.float64] | None
    seconds: float
    why: str
    log: tuple[str, ...]


def solve(
    model: Model,
    options: SolveOptions,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Solves; `should_stop` is asked often, and once it says yes the best plan found is kept."""
    raise RuntimeError("being written")
