"""News: what was seen of uncertain quantities, and the scenarios that it excludes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from models.checks.context import check_context_of
from models.checks.policy import names_acted_on, scenario_factors
from models.columns import Row, column
from models.dataset import Dataset
from models.faults import Fault
from models.realization import ALL, Realization
from models.schema import QUANTITIES, Scenario, ScenarioFactor, Sheet
from models.supply.fleet import fleet_names
from models.supply.registry import uncertain

RELATIVE = 1e-6
"""A factor that differs by no more than this share of what was seen is the same."""
_TRIAL = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Row):
    """A row of what was seen: the factor of a quantity that was in force in a month."""

    quantity: str = column("choice", "what was seen", choices=QUANTITIES)
    name: str = column("name", "of which segment, workload, hardware, offer or provider; * for all")
    month: int = column("month", "in which month")
    value: float | None = column(
        "number", "the factor then in force; of supplier_exit 0 for still there, blank for gone", default=None
    )


OBSERVED = Sheet("observed", Observation, ("quantity", "name", "month"), optional=False, purpose="what was seen")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A scenario that cannot be, and the first row of what was seen that says so."""

    scenario: str
    seen: Observation
    expected: float


def faults_of_news(dataset: Dataset, news: Sequence[Observation]) -> list[Fault]:
    """What is wrong with rows of what was seen: names of nothing, values a factor cannot have, months not planned."""
    factors = tuple(
        ScenarioFactor(
            scenario=_TRIAL,
            quantity=each.quantity,
            name=each.name,
            from_month=each.month,
            value=_value(each),
            row=each.row,
        )
        for each in news
    )
    trial = replace(
        dataset, scenarios=(Scenario(scenario=_TRIAL, probability=1.0),), scenario_factors=factors, scenario=""
    )
    places = {"from_month": "month"}
    found = [
        replace(fault, sheet=OBSERVED.name, column=places.get(fault.column, fault.column))
        for fault in scenario_factors(check_context_of(trial))
    ]
    for each in news:
        if each.value is None and each.quantity != "supplier_exit":
            fix = "Write the factor that was seen, as in scenario_factors."
            found.append(_fault(each, "value", "an empty cell", "a number", fix))
        if dataset.t(each.month) < 0 or dataset.t(each.month) > dataset.settings.months:
            first, last = dataset.label(0), dataset.label(dataset.settings.months)
            fix = "Correct the month, or delete the row."
            found.append(
                _fault(each, "month", dataset.label(dataset.t(each.month)), f"a month from {first} to {last}", fix)
            )
    values: dict[tuple[str, str, int], float] = {}
    for each in news:
        if values.setdefault((each.quantity, each.name, each.month), _value(each)) != _value(each):
            found.append(_fault(each, "value", f"{_value(each):g}", "one value a month", "Keep one of the two rows."))
    return found


def excluded(dataset: Dataset, news: Sequence[Observation]) -> list[Exclusion]:
    """The scenarios of a problem that differ from what was seen, in the order of the sheet.

    A row for all (`*`) speaks of everything that the quantity acts on and that has no row of its own in the same month:
    of what comes of all factors that act on it. So does the row of an offer that leaves, or of an asset, with those of
    its provider, site and region; that of an asset may be its own factor too. Any other row is the factor of its name.
    """
    plain = replace(dataset, scenario="")
    acted_on = names_acted_on(check_context_of(plain))
    things = {quantity: _things(plain, quantity, names) for quantity, names in acted_on.items()}
    named = {(each.quantity, each.name, each.month) for each in news}
    found = []
    for scenario in dataset.scenarios:
        realization = dataset.in_scenario(scenario.scenario).realization
        for each in news:
            t = dataset.t(each.month)
            if each.name == ALL:
                asked = [
                    [realization.acting(each.quantity, thing, t)]
                    for thing in things[each.quantity] or [(ALL,)]
                    if not any((each.quantity, name, each.month) in named for name in thing)
                ]
            else:
                asked = [_readings(realization, each, things[each.quantity], t)]
            other = next((values[0] for values in asked if not any(_same(each, value) for value in values)), None)
            if other is not None:
                found.append(Exclusion(scenario.scenario, each, other))
                break
    return found


def _things(dataset: Dataset, quantity: str, names: Collection[str]) -> list[tuple[str, ...]]:
    """What a quantity acts on, each by all names of its factors; its own name first."""
    if quantity == "throughput":
        return [(each.workload, each.hardware) for each in dataset.throughput]
    if quantity == "fleet_share":
        return [fleet_names(each) for each in dataset.fleet]
    if quantity == "supplier_exit":
        offers = [(kind.name_of(row), row.provider) for kind in uncertain() for row in kind.rows(dataset)]
        own = {name for name, _ in offers}
        return offers + [(name,) for name in sorted(names) if name not in own]
    return [(name,) for name in sorted(names)]


def _readings(realization: Realization, seen: Observation, things: list[tuple[str, ...]], t: int) -> list[float]:
    """What a scenario says of the name of a row."""
    own = realization.in_force(seen.quantity, seen.name, t)
    together = [realization.acting(seen.quantity, thing, t) for thing in things if thing[0] == seen.name]
    if seen.quantity == "supplier_exit" and together:
        return [max(together)]
    return [own, *together] if seen.quantity == "fleet_share" else [own]


def _same(seen: Observation, value: float) -> bool:
    return abs(value - _value(seen)) <= RELATIVE * abs(_value(seen))


def _value(seen: Observation) -> float:
    if seen.quantity == "supplier_exit":
        return float(seen.value is None or seen.value != 0.0)
    return seen.value or 0.0


def _fault(seen: Observation, column: str, found: str, expected: str, fix: str) -> Fault:
    return Fault(OBSERVED.name, column, f"{seen.quantity}/{seen.name}", found, expected, fix, row=seen.row)
