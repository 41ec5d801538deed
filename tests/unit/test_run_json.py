"""run.json: exactly its keys, strict JSON, costs that add up."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from builders import dataset, demand, lease, term

from models.audit import AuditReport, Check
from models.core.compiled import Size
from models.estimate import Estimate
from models.faults import Fault, NamedWarning
from models.plan import LimitChoice, OptionPurchase, Payment, Plan, Serving, Signing
from models.schema import Limit, Option
from models.supply.lease_kind import LEASE
from planner.errors import CannotWrite
from planner.files.atomic import write_json
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.results.base_case import BaseCase
from planner.results.scenario_set import ScenarioSetResult

KEYS = (
    "schema plan_name status objective_usd bound_usd gap costs_usd revenue_usd base_case_usd saving_usd cash_saved_usd"
    " shortage_avoided_usd estimates demand_bn_tokens"
    " served_bn_tokens shortfall_bn_tokens owed_after_horizon_usd worth_after_horizon_usd"
    " months decisions limits audit model seconds interrupted input_sha256"
    " data_sha256 output_sha256 plan_sha256 plan_path planner_version versions options faults warnings warning_names"
)
COSTS = (
    "lease contract site chips commitment usage option on_demand fleet network interest revenue_forgone limit_change"
    " shortfall lease_out_income run_value"
)
DATA = dataset(
    demand(2.0, months=3),
    lease("A", term(3, 1.0)),
    Option(option="right", offer="A", premium_usd=5.0),
    *(Limit(segment="chat", limit=name) for name in ("open", "tight")),
)
PLAN = Plan(
    signings=(Signing(LEASE, "A", 1, 3, 1, 1, 3),),
    options=(OptionPurchase("right", 0),),
    limits=tuple(LimitChoice("chat", t, ("open", "open", "tight")[t]) for t in range(3)),
    serving=(Serving(1, "day", "chat", "us", "us", "H100", "", 28.0),),
    payments=(Payment(0, "option", "", "right", 5.0, 5.0), Payment(1, "lease", "neo", "A", 700.0, 690.0)),
)
REPORT = RunResult(
    plan_name="A plan",
    status="optimal",
    objective_usd=695.0,
    bound_usd=694.0,
    gap=1 / 695,
    base_case=BaseCase(Estimate.exactly(1000.0)),
    dataset=DATA,
    solution=ScenarioSetResult.of_plan(DATA, PLAN),
    audit=AuditReport(
        (Check("a", "what", "", 0.0, 0.0, 0.0, True, places=2), Check("b", "not in it", "", 0.0, 0.0, 0.0, True)),
        True,
        0.0,
    ),
    model=Size(1, 2, 3, 4),
    options={"gap": 0.001, "start": Path("earlier.xlsx"), "set": ("a", "b"), "time_limit": None},
    faults=(Fault("demand", "month", "us", "'x'", "a month", "Mend it.", "number-as-text", 3, "C3"),),
    warnings=(NamedWarning("no-plan", "mind this"),),
)


def test_keys() -> None:
    """Every run tells the same keys in the same order, with a plan or without."""
    assert list(run_json(REPORT)) == KEYS.split()
    assert list(run_json(RunResult())) == KEYS.split()


def test_the_schema_is_numbered() -> None:
    """Programs that read run.json find a whole number that says what its keys mean, with a plan or without."""
    assert (run_json(REPORT)["schema"], run_json(RunResult())["schema"]) == (2, 2)


def test_costs_add_up() -> None:
    """Costs name every category and add up to the objective; the saving is the base case less the objective."""
    document = run_json(REPORT)
    assert list(document["costs_usd"]) == COSTS.split()
    assert sum(document["costs_usd"].values()) == pytest.approx(document["objective_usd"])
    assert document["saving_usd"] == 305.0


def test_decisions() -> None:
    """Decisions are told by month, with months as text and null where an option has nothing to tell."""
    bought, signed = run_json(REPORT)["decisions"]
    assert bought == {
        "kind": "option",
        "name": "right",
        "month": "2026-01",
        "term_months": None,
        "units": 1,
        "end_month": None,
        "accelerators": None,
        "mw": None,
        "cost_usd": 5.0,
    }
    assert signed == {
        "kind": "lease",
        "name": "A",
        "month": "2026-02",
        "term_months": 3,
        "units": 1,
        "end_month": "2026-04",
        "accelerators": 1.0,
        "mw": 0.001,
        "cost_usd": 690.0,
    }


def test_limits_are_changes() -> None:
    """Limits list the first month's and the change."""
    assert [(each["month"], each["limit"]) for each in run_json(REPORT)["limits"]] == [
        ("2026-01", "open"),
        ("2026-03", "tight"),
    ]


def test_service() -> None:
    """Tokens are billions over the horizon; demand is that of the workbook, before limits."""
    document = run_json(REPORT)
    assert (document["demand_bn_tokens"], document["served_bn_tokens"], document["shortfall_bn_tokens"]) == (180, 28, 0)


def test_audit_model_options_and_faults() -> None:
    """The rest of the run is told as plain JSON; rules that have no place in the plan were not recomputed."""
    document = run_json(REPORT)
    assert document["audit"] == {"passed": True, "checks": 1, "largest_violation": 0.0}
    assert document["model"] == {"rows": 1, "columns": 2, "integers": 3, "nonzeros": 4}
    assert document["options"] == {"gap": 0.001, "start": "earlier.xlsx", "set": ["a", "b"], "time_limit": None}
    assert document["faults"] == [
        {
            "sheet": "demand",
            "cell": "C3",
            "column": "month",
            "row_key": "us",
            "found": "'x'",
            "expected": "a month",
            "fix": "Mend it.",
            "severity": "warning",
            "warning": "number-as-text",
        }
    ]


def test_strict_json() -> None:
    """Numbers that are none become null, so that every reader of JSON reads it."""
    report = replace(REPORT, bound_usd=-math.inf, gap=math.nan, seconds={"solve": math.inf})
    document = json.loads(json.dumps(run_json(report), allow_nan=False))
    assert (document["bound_usd"], document["gap"], document["seconds"]) == (None, None, {"solve": None})


def test_a_rejected_plan_is_not_told() -> None:
    """A plan that its audit rejected is not published; the rules it breaks are among the warnings."""
    check = Check("cap", "caps on cash", "2026-01", 5.0, 4.0, 0.25, False)
    document = run_json(replace(REPORT, status="rejected", audit=AuditReport((check,), False, 0.25)))
    assert (document["decisions"], document["limits"], document["costs_usd"]) == ([], [], None)
    assert document["warnings"][-1] == ("The audit found a rule broken: caps on cash (found 5, limit 4, at 2026-01).")


def test_file(tmp_path: Path) -> None:
    """The file holds the object, replaces an older one, and a place that cannot be written is said."""
    path = tmp_path / "run.json"
    path.write_text("old")
    write_json(path, run_json(REPORT))
    assert json.loads(path.read_text(encoding="utf-8")) == run_json(REPORT)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CannotWrite):
        write_json(tmp_path / "none" / "run.json", {})
