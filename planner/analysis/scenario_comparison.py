"""Plans for scenarios held side by side, or beside plans without: the decisions of both, each with its probability.

Scenarios of two plans need not be the same, so decisions are compared and not scenarios: a decision is the same where
month, offer, term and number of units are. A plan without scenarios takes each of its decisions with certainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from models.dataset import Dataset
from models.kinds import DecidedKey, Kind, names_in_words
from models.stochastic.plan_problem import Plans, by_scenario
from models.stochastic.solution import StochasticSolution
from models.variants.plan_changes import Change, Label, differences
from planner.formatting import percent
from planner.results.scenario_decisions import SIGNED, Key, ScenarioDecision, shared_decisions
from planner.results.scenario_set import ScenarioSetResult

Decided: TypeAlias = Mapping[Key, tuple[ScenarioDecision, float]]
"""Decisions and the probability of each."""
ROUNDING = 1e-9
"""Of a probability."""


def scenario_changes(
    before: ScenarioSetResult, after: ScenarioSetResult, shift: int, label: Label
) -> tuple[Change, ...]:
    """How decisions differ, by offer; a change speaks of one month.

    Parameters
    ----------
    before, after
        The plans, one of them for scenarios or both.
    shift
        Months by which the horizon of `after` begins later.
    label
        Month t of the horizon of `before` as words.
    """
    old, new, begun = _of_scenarios(before, 0), _of_scenarios(after, shift), max(0, shift)
    chances = before.solution.probability, after.solution.probability
    return decision_changes(_decided(old, new, begun, chances[0]), _decided(new, old, begun, chances[1]), label)


def plan_changes(dataset: Dataset, before: Plans, after: Plans) -> tuple[Change, ...]:
    """How the choices of two plans of a problem differ; with scenarios each with the probability of being taken."""
    if isinstance(before, StochasticSolution) and isinstance(after, StochasticSolution):
        old, new = (ScenarioSetResult.of(dataset, each) for each in (before, after))
        return scenario_changes(old, new, 0, dataset.label)
    return differences(by_scenario(before)[""], by_scenario(after)[""], dataset.label)


def decision_changes(old: Decided, new: Decided, label: Label) -> tuple[Change, ...]:
    """How the decisions of two plans differ, by offer."""
    every = {**new, **old}
    called = names_in_words(_about(what) for what, _ in every.values())
    ordered = sorted(every.items(), key=lambda each: (each[1][0].name, each[1][0].month, each[1][0].do))
    return tuple(
        _change(what, called[_about(what)], old.get(key, (what, 0.0))[1], new.get(key, (what, 0.0))[1], label)
        for key, (what, _) in ordered
    )


def _about(what: ScenarioDecision) -> DecidedKey:
    return what.kind, what.name


def _of_scenarios(plans: ScenarioSetResult, shift: int) -> dict[str, list[ScenarioDecision]]:
    """The decisions of every scenario; months are counted from `shift` months earlier."""
    return {each.name: [_shifted(decision, shift) for decision in each.decisions] for each in plans.scenarios}


def _decided(
    of: Mapping[str, list[ScenarioDecision]],
    others: Mapping[str, list[ScenarioDecision]],
    begun: int,
    probability: Mapping[str, float],
) -> Decided:
    """Every decision with its probability, without what others have as signed before they begin, in month `begun`."""
    known = (each for decisions in others.values() for each in decisions if each.do == SIGNED)
    signed = {_signing(each) for each in known if each.of_month < begun}
    open_ones = {
        name: [each for each in decisions if each.do != SIGNED and _signing(each) not in signed]
        for name, decisions in of.items()
    }
    shared = shared_decisions(open_ones, probability)
    return {each.what.key: (each.what, each.probability) for each in shared}


def _signing(each: ScenarioDecision) -> tuple[Kind, int, int | None]:
    """Of which signing a decision is."""
    return each.kind, each.of_month, each.term_months


def _shifted(what: ScenarioDecision, months: int) -> ScenarioDecision:
    end = None if what.end is None else what.end + months
    return replace(what, month=what.month + months, of_month=what.of_month + months, end=end)


def _change(what: ScenarioDecision, called: str, before: float, after: float, label: Label) -> Change:
    done, likely = f"in {label(what.month)} {what.words(label)}", ""
    change: Literal["same", "dropped", "new", "changed"] = "changed"
    if after and after < 1.0 - ROUNDING:
        likely = f" with probability {percent(after)}"
    if abs(before - after) <= ROUNDING:
        change = "same"
    elif not before:
        change, done = "new", f"newly {done}"
    elif not after:
        change, likely = "dropped", ", which is no longer chosen"
    else:
        likely = f" with probability {percent(after)} instead of {percent(before)}"
    return Change(
        what.kind,
        what.name,
        change,
        what.units if before else 0,
        what.units if after else 0,
        (what.month,) if before else (),
        (what.month,) if after else (),
        called,
        done + likely,
        before,
        after,
    )
