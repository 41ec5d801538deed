r"""Things that may go wrong, and the cases in which at most K of them do at once.

A contingency is what the rows of a scenario say of one delay or exit: of `delivery_delay_months` or `supplier_exit`
of one name. Which of them come together is not known and has no probability; a case is a set of at most K of them, of
each delay and exit one at the most (a budget of uncertainty: Bertsimas and Sim 2004). In a case the plain figures hold
but for its contingencies: what scenarios say of other quantities plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

from models.dataset import Dataset
from models.schema import Scenario, ScenarioFactor

GO_WRONG = ("delivery_delay_months", "supplier_exit")
"""The quantities that are counted."""
PLANNED = "as planned"
"""The case in which nothing goes wrong."""


@dataclass(frozen=True, slots=True)
class Contingency:
    """One delay or exit: `rows` are those of scenario_factors, of no scenario."""

    quantity: str
    name: str
    rows: tuple[ScenarioFactor, ...]
    words: str


Case = tuple[Contingency, ...]


def contingencies(dataset: Dataset) -> tuple[Contingency, ...]:
    """The delays and exits that the scenarios of a problem list, each once, in the order of the sheet."""
    found: dict[tuple[ScenarioFactor, ...], tuple[str, str]] = {}
    for of in (rows for scenario, rows in dataset.factors.items() if scenario):
        for (quantity, name), rows in of.items():
            if quantity in GO_WRONG and any(row.value or quantity == "supplier_exit" for row in rows):
                plain = (replace(row, scenario="", row=0) for row in rows)
                found.setdefault(tuple(sorted(plain, key=lambda row: row.from_month or 0)), (quantity, name))
    return tuple(Contingency(*key, rows, _words(dataset, *key, rows)) for rows, key in found.items())


def _words(dataset: Dataset, quantity: str, name: str, rows: tuple[ScenarioFactor, ...]) -> str:
    """What happens, from when on; no two contingencies of a name have the same words."""
    whose = "all" if name == "*" else name

    def since(row: ScenarioFactor) -> str:
        return "" if row.from_month is None else f" from {dataset.label(dataset.t(row.from_month))}"

    if quantity == "supplier_exit":
        return f"{whose} gone{since(rows[0])}"
    (first, *later) = rows
    begins = f"{whose} {first.value:g} months late{since(first)}"
    return ", ".join([begins, *(f"{row.value:g}{since(row)}" for row in later)])


def case_name(case: Case) -> str:
    """What goes wrong in a case."""
    return " + ".join(each.words for each in case) or PLANNED


def cases(found: Iterable[Contingency], most: int) -> list[Case]:
    """Every set of at most so many contingencies, of each delay and exit one, the smallest first."""
    found = tuple(found)
    return [
        case
        for count in range(min(most, len(found)) + 1)
        for case in combinations(found, count)
        if len({(each.quantity, each.name) for each in case}) == count
    ]


def open_cases(dataset: Dataset, happened: Case, to: int) -> list[Case]:
    """What happened with one more contingency each that may come yet, of those listed, as seen in month t = `to`.

    Before the first stage ends nothing is known of any; from then on of those that begin before `to`.
    """
    known = to > dataset.settings.first_stage_months

    def may_come(each: Contingency) -> bool:
        begins = each.rows[0].from_month
        return not known or (begins is not None and dataset.t(begins) >= to)

    named = {(each.quantity, each.name) for each in happened}
    others = (each for each in contingencies(dataset) if (each.quantity, each.name) not in named and may_come(each))
    listed = contingencies(dataset)
    return [tuple(each for each in listed if each in happened or each == other) for other in others]


def problem_of_cases(dataset: Dataset, most: int, names: Iterable[str]) -> Dataset | None:
    """The problem with the cases of these names, of at most so many contingencies; None where one is no such case."""
    listed = {case_name(case): case for case in cases(contingencies(dataset), most)}
    names = tuple(names)
    return in_cases(dataset, [listed[name] for name in names]) if listed.keys() >= set(names) else None


def in_cases(dataset: Dataset, wanted: Iterable[Case]) -> Dataset:
    """The problem with these cases as its scenarios, alike until the first stage ends; equal weights break ties."""
    named = {case_name(case): case for case in wanted}
    scenarios = tuple(Scenario(scenario=name, probability=1.0 / len(named)) for name in named)
    factors = (replace(row, scenario=name) for name, case in named.items() for each in case for row in each.rows)
    of_all = (row for row in dataset.scenario_factors if not row.scenario)
    return replace(dataset, scenario="", scenarios=scenarios, scenario_factors=(*of_all, *factors))
