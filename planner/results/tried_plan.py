"""What came of a plan that was tried on samples at the end of its solve (`--stress`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.stochastic.estimates import SampleEstimate
from planner.results.tables import Filled, report_table

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
"""The levels of cost that are told, by the names they have."""
TRIED = report_table(
    "Tried on samples",
    "with --stress: cost on samples, and how likely rules fail",
    "figure:text",
    "value:any",
    "low:any",
    "high:any",
    "unit:text",
)
COST, NO_PLAN, SHORT, HOW = "net present cost", "no plan keeps every rule", "demand falls short", "how"
FORECAST = f"{COST}, the plan's own forecast"


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

    def table(self, currency: str) -> Filled:
        """The figures with the ends of their confidence intervals of 95 %, and where the samples come from."""

        def rows() -> Iterator[tuple[Any, ...]]:
            yield FORECAST, self.forecast_usd, None, None, currency
            for name, each in self.cost_usd.items():
                yield f"{COST}, {name.upper()}", each.value, each.low, each.high, currency
            chances = {NO_PLAN: self.no_plan, SHORT: self.short}
            chances |= {f"cap {name} fails": each for name, each in self.caps.items()}
            for words, chance in chances.items():
                if chance is not None:
                    yield words, chance.value, chance.low, chance.high, "share"
            yield "samples finished", self.finished, None, None, f"of {self.asked:,}"
            yield HOW, self.how, None, None, ""

        return Filled(TRIED, list(rows()))

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
