"""Scenarios for a problem, sampled from what is uncertain."""

from __future__ import annotations

from typing import Any, Unpack

from models.schema import SHEETS
from planner.api.arguments import as_options_of, month_of
from planner.api.frames import rows_frame
from planner.api.problem import Problem, ProblemLike, read
from planner.api.uncertainty import Uncertain, uncertainty_of
from planner.commands.scenarios import scenarios
from planner.errors import WrongUsage


@as_options_of(scenarios)
def sample(
    problem: ProblemLike,
    *,
    count: int = 9,
    paths: int = 1000,
    seed: int = 0,
    branch: Any = None,
    nodes: int | None = None,
    **uncertain: Unpack[Uncertain],
) -> Problem:
    """Draws scenarios: paths sampled from what is uncertain, reduced to a few with probabilities.

    Parameters
    ----------
    problem
        The problem, or the path of a workbook or folder of CSV files; scenarios that it has are replaced.
    count
        Scenarios kept.
    paths
        Paths drawn.
    seed
        Of the paths.
    branch
        For trees of two levels, the month (a Period or a text such as 2026-09) from which scenarios of a node differ.
    nodes
        How many nodes; None for the square root of the scenarios.
    **uncertain
        What is uncertain, for everything or as a mapping by name: `demand_volatility`, `growth_spread`,
        `price_volatility` (shares), `delay_prior` (`new_build`, `energised_site`, or a mapping from months late to
        probabilities), `delivered_prior` (a mapping from shares to probabilities), `exit_hazard` (a chance a month),
        `history_bootstrap` with `block`, and `correlation`.

    Returns
    -------
    Problem
        The problem with the sheets scenarios and scenario_factors.

    Raises
    ------
    WrongUsage
        Nothing is uncertain, or what is does not fit the problem.

    Examples
    --------
    >>> import planner
    >>> problem = planner.sample("inputs/starter.xlsx", count=3, paths=50, demand_volatility=0.05)
    >>> problem.frame("scenarios")["probability"].sum().round(9)
    np.float64(1.0)
    """
    from models.sampling import uncertainty_faults
    from planner.sampling.scenarios import check_tree, sample_scenarios

    given = problem if isinstance(problem, Problem) else read(problem)
    uncertainty = uncertainty_of(uncertain)
    if uncertainty is None:
        raise WrongUsage("Nothing is uncertain: give demand_volatility, delay_prior or another of these.")
    month = month_of(branch)
    found = [
        *uncertainty_faults(given.dataset, uncertainty),
        *check_tree(given.dataset, count=count, paths=paths, branch=month, nodes=nodes),
    ]
    if found:
        raise WrongUsage("\n  ".join(["Scenarios cannot be made as asked:", *found]))
    made = sample_scenarios(
        given.dataset, uncertainty, count=count, paths=paths, seed=seed, branch=month, nodes=nodes
    ).dataset
    sheets = [each for each in SHEETS if each.name in ("scenarios", "scenario_factors")]
    return given.set({each.name: rows_frame(each, made, None) for each in sheets})
