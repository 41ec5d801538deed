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
    for of in dataset.factors.values():
        for (quantity, name), rows in of.items():
            if quantity in GO_WRONG and any(row.value or quantity == "supplier_exit" for row in rows):
                plain = (replace(row, scenario="", row=0) for row in rows)
                found.setdefault(tuple(sorted(plain, key=lambda row: row.from_month or 0)), (quantity, name))
    return tuple(Contingency(*key, rows, _words(dataset, *key, rows)) for rows, key in found.items())


def _words(dataset: Dataset, quantity: str, name: str, rows: tuple[ScenarioFactor, ...]) -> str:
    whose = "all" if name == "*" else name
    begins = rows[0].from_month
    since = "" if begins is None else f" from {dataset.label(dataset.t(begins))}"
    if quantity == "supplier_exit":
        return f"{whose} gone{since}"
    return f"{whose} {'/'.join(f'{row.value:g}' for row in rows)} months late{since}"


def cases(found: Iterable[Contingency], most: int) -> list[Case]:
    """Every set of at most so many contingencies, of each delay and exit one, the smallest first."""
    found = tuple(found)
    return [
        case
        for count in range(min(most, len(found)) + 1)
        for case in combinations(found, count)
        if len({(each.quantity, each.name) for each in case}) == count
    ]


def in_cases(dataset: Dataset, wanted: Iterable[Case]) -> Dataset:
    """The problem with these cases as its scenarios, alike until the first stage ends; equal weights break ties."""
    named = {" + ".join(each.words for each in case) or PLANNED: case for case in wanted}
    scenarios = tuple(Scenario(scenario=name, probability=1.0 / len(named)) for name in named)
    factors = (replace(row, scenario=name) for name, case in named.items() for each in case for row in each.rows)
    return replace(dataset, scenario="", scenarios=scenarios, scenario_factors=tuple(factors))
