"""What came of a plan that was tried on samples at the end of its solve (`--stress`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.stochastic.estimates import SampleEstimate

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
"""The levels of cost that are told, by the names they have."""


@dataclass(frozen=True, slots=True)
class TriedPlan:
    """A plan tried on samples; money in USD of present value.

    Parameters
    ----------
    how
        Where the samples come from, in words.
    asked, finished
        Samples asked for, and those that were decided in time.
    forecast_usd
        What the plan itself expects to cost.
    cost_usd
        Cost over the samples with a plan that keeps every rule, by `QUANTILES`; empty where there is none.
    proven
        Whether the plan of each sample is within the gap; otherwise costs are those of the plans found.
    no_plan
        The probability that no plan keeps every rule with the plan's decisions; None where nothing was finished.
    caps
        The probability that each cap cannot be kept, by the name of the cap.
    short
        The probability that demand falls short somewhere, where there is a plan.
    """

    how: str
    asked: int
    finished: int
    forecast_usd: float
    cost_usd: Mapping[str, SampleEstimate]
    proven: bool
    no_plan: SampleEstimate | None
    caps: Mapping[str, SampleEstimate]
    short: SampleEstimate | None

    def json(self) -> dict[str, Any]:
        """The figures as `run.json` has them."""
        return {
            "samples": self.asked,
            "finished": self.finished,
            "how": self.how,
            "forecast_usd": self.forecast_usd,
            "cost_usd": {name: _interval(each) for name, each in self.cost_usd.items()},
            "proven": self.proven,
            "no_plan": _interval(self.no_plan),
            "caps": {name: _interval(each) for name, each in self.caps.items()},
            "short": _interval(self.short),
        }


def _interval(found: SampleEstimate | None) -> dict[str, float | None] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}
