"""What a solve can be asked for, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import WrongUsage

if TYPE_CHECKING:
    from planner.solving.problem import SolveOptions
    from planner.stochastic.method import Engine


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to look for a plan, and what to find out beside it.

    Parameters
    ----------
    gap
        Relative gap between cost and proven bound at which a plan counts as optimal.
    time_limit
        Seconds for the search; None for no limit.
    threads
        Threads of the solver; 0 lets it choose.
    seed
        Seed of the solver's random choices, at least 0.
    change_cost
        USD charged per unit departed from a plan to keep; in no cost that is reported.
    alternatives
        How many other plans of nearly the same cost to look for.
    within
        Share of the cost that an alternative may cost more.
    risk
        What is minimised with scenarios: the expected cost (with the workbook's risk weight), the worst cost, the worst
        regret, `budget:K`, the worst case of at most K delays and exits, or `tv:R` and `wasserstein:R`, the worst
        expected cost over probabilities within R of the given ones.
    engine
        How scenarios are solved together; `auto` takes what pays.
    stress
        On how many samples the plan is tried in the end.
    scheduler, tls
        The Dask cluster whose workers decomposition spreads the scenarios over, by its scheduler's address; the folder
        of the files with which it is spoken to in private. None: this process solves them.
    """

    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0
    change_cost: float | None = None
    alternatives: int = 0
    within: float = 0.01
    risk: str = "expected"
    engine: Literal["extensive", "decomposition", "auto"] = "auto"
    stress: int = 0
    scheduler: str | None = None
    tls: Path | None = None

    def __post_init__(self) -> None:
        if self.scheduler is not None and self.engine != "decomposition":
            raise WrongUsage("--scheduler spreads the scenarios of --engine decomposition: give both.")
        if (self.tls is not None) != (self.scheduler or "").startswith("tls://"):
            raise WrongUsage("Give --tls FOLDER and --scheduler tls://... together.")

    @property
    def engine_asked(self) -> Engine | None:
        """The engine asked for; None for the one that pays."""
        return None if self.engine == "auto" else self.engine

    def solver(self) -> SolveOptions:
        """Those of the options that go to the solver."""
        from planner.solving.problem import SolveOptions

        return SolveOptions(self.gap, self.time_limit, self.threads, self.seed)
