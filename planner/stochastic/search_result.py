"""What a search over all scenarios came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.core.compiled import Compiled, Size
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.stochastic.solution import StochasticSolution

Status = Literal["optimal", "stopped", "infeasible", "no_plan"]
"""How a search ended."""


@dataclass(frozen=True)
class JointResult:
    """What came out of the search over all scenarios together; money in USD.

    Attributes
    ----------
    plans
        By scenario, the same decisions wherever scenarios cannot be told apart.
    why
        What ended the search.
    log
        The solver's lines, or a line for each step.
    dispatch_proven
        Whether it is proven that no other dispatch for the plans' decisions costs less.
    contradiction, disputed
        Where the solver contradicted itself, what it said, and the problem.
    built_seconds
        What building the models of the scenarios took.
    alone_usd
        What scenarios cost at least if they were certain, where that is known.
    """

    status: Status
    plans: Mapping[str, Plan] | None
    bound_usd: float | None
    why: str
    log: tuple[str, ...]
    dispatch_proven: bool = False
    contradiction: str = ""
    disputed: Compiled | None = None
    built_seconds: float = 0.0
    alone_usd: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult:
    """How a search ended.

    Attributes
    ----------
    best
        None where there is no plan.
    size
        Of the extensive form; None where the time limit passed before that is known.
    why
        What ended the search, in words.
    log
        The solver's lines.
    infeasible
        The scenarios that have no plan even by themselves.
    contradiction, disputed
        Where the solver contradicted itself, what it said, and the problem.
    dispatch_proven
        Whether it is proven that no other dispatch for the decisions of the best plan costs less.
    minimised
        With a plan to keep to, cost and charge together, USD.
    built_seconds
        What building the models of the scenarios took.
    """

    status: Status
    best: StochasticSolution | None
    size: Size | None
    why: str
    log: tuple[str, ...] = ()
    infeasible: tuple[str, ...] = ()
    contradiction: str = ""
    disputed: Compiled | None = field(default=None, repr=False)
    dispatch_proven: bool = False
    minimised: Estimate = UNKNOWN
    built_seconds: float = 0.0
