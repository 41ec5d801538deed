"""The JSON Schema of run.json, which is installed with the planner."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term
from jsonschema import Draft202012Validator

from models.dataset import Dataset
from models.schema import Limit, Scenario, ScenarioFactor
from planner.interrupt import Stop
from planner.reports.run_json import SCHEMA, run_json
from planner.reports.run_result import RunResult
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.stress.after_solve import try_plan

RUN_SCHEMA: dict[str, Any] = json.loads(files("planner.reports").joinpath("run.schema.json").read_text("utf-8"))


def _problem(*rows: Any) -> Dataset:
    offers = lease("lease", term(2, 1.0), units_max=2), contract(term_months=2)
    limits = Limit(segment="chat", limit="tight", demand_multiplier=0.5), Limit(segment="chat", limit="free")
    return dataset(demand(2, months=3), on_demand(3.0), fleet(), *offers, *limits, *rows)


SCENARIOS = (
    Scenario(scenario="calm", probability=0.5),
    Scenario(scenario="rush", probability=0.5),
    ScenarioFactor(scenario="rush", quantity="demand", name="*", value=1.5),
)
LATE = (
    Scenario(scenario="late", probability=1.0),
    ScenarioFactor(scenario="late", quantity="delivery_delay_months", name="lease", value=1.0),
)


def _tried(*rows: Any) -> RunResult:
    result = solve_dataset(_problem(*rows))
    try_plan(result, 3, None, Stop(), None)
    assert result.tried is not None
    return result


def _budget() -> RunResult:
    result = solve_dataset(_problem(*LATE), PlanOptions(risk="budget:1"))
    assert result.cases_tried
    return result


SOLVES = {
    "plan": lambda: solve_dataset(_problem()),
    "scenarios": lambda: solve_dataset(_problem(*SCENARIOS)),
    "alternatives": lambda: solve_dataset(_problem(), PlanOptions(alternatives=1, within=0.5)),
    "keep": lambda: solve_dataset(
        _problem(), PlanOptions(change_cost=5.0), keep=solve_dataset(_problem()).plan_set.only.plan
    ),
    "infeasible": lambda: solve_dataset(dataset(demand(2, months=3), segment())),
    "stress": _tried,
    "stress of scenarios": lambda: _tried(*SCENARIOS),
    "budget": _budget,
    "nothing": RunResult,
}


@pytest.mark.parametrize("name", SOLVES)
def test_run_json_is_as_its_schema_says(name: str) -> None:
    """Every kind of result has the keys of the schema and no others, each of its type."""
    Draft202012Validator.check_schema(RUN_SCHEMA)
    document = json.loads(json.dumps(run_json(SOLVES[name]())))
    Draft202012Validator(RUN_SCHEMA).validate(document)


def test_the_schema_is_that_of_today() -> None:
    """The number of the schema is the one that files carry."""
    assert RUN_SCHEMA["properties"]["schema"]["const"] == SCHEMA


def test_every_key_is_explained(pytestconfig: pytest.Config) -> None:
    """The page on run.json names every key of the schema."""
    page = (pytestconfig.rootpath / "planner" / "pages" / "run_json.md").read_text(encoding="utf-8")
    assert [key for key in RUN_SCHEMA["properties"] if f"`{key}`" not in page] == []
