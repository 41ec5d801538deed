"""Checkpoints: what each step decided, on disk; a record is valid only for the inputs and steps it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from models.plan import LimitChoice, OptionPurchase, Payment, Plan, Serving, Shortfall, Signing
from models.supply.registry import kind_named
from planner.errors import writing
from planner.files.atomic import write_json

FIELDS = {
    "signings": Signing,
    "options": OptionPurchase,
    "limits": LimitChoice,
    "serving": Serving,
    "shortfalls": Shortfall,
    "payments": Payment,
}
"""The parts of a plan that later steps depend on."""
LATER = {("lever", "limit")}
"""What records of earlier versions do not say: left out where it is the default."""


@dataclass(frozen=True, slots=True)
class BacktestStep:
    """What was planned in month t, in words of the horizon as a whole.

    `status`: optimal, stopped, or what the solver said where there was no plan and the one before was followed.
    Money is of month t's present value and of the months the plan looks at; None without a plan. `short`: what the
    plan had to leave unserved though no shortfall is allowed, in words. `plan`: the decisions, those of the past
    included, the sites of what cannot be split, and what was served and paid up to the next step.
    """

    month: int
    status: str
    objective_usd: float | None
    bound_usd: float | None
    gap: float | None
    seconds: float
    signed: tuple[str, ...]
    notes: tuple[str, ...]
    short: tuple[str, ...]
    plan: Plan


def chain_key(key: str, step: BacktestStep) -> str:
    """The key of what follows this step: another plan here makes everything after it another."""
    facts = [key, step.month, step.status, plan_json(step.plan)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def save_step(path: Path, key: str, step: BacktestStep, label: str) -> None:
    """Writes the record of a step. Raises CannotWrite where it cannot be written."""
    folder_for(path)
    facts = {name: getattr(step, name) for name in BacktestStep.__slots__ if name != "plan"}
    write_json(path, {"key": key, "label": label, **facts, "plan": plan_json(step.plan)})


def load_step(path: Path, key: str) -> BacktestStep | None:
    """The record of a step made from the same inputs and earlier steps; None where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["key"] != key:
            return None
        facts = {name: document[name] for name in BacktestStep.__slots__ if name != "plan"}
        for name in ("signed", "notes", "short"):
            facts[name] = tuple(facts[name])
        return BacktestStep(**facts, plan=plan_of(document["plan"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # none, or not of ours
        return None


def plan_json(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """A plan as plain values, by table and attribute."""
    return {name: [_plain(each) for each in getattr(plan, name)] for name in FIELDS}


def _plain(row: Any) -> dict[str, Any]:
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    values = {name: value for name, value in values.items() if (name, value) not in LATER}
    return values | {"kind": values["kind"].name} if "kind" in values else values


def plan_of(document: dict[str, Iterable[dict[str, Any]]]) -> Plan:
    """The plan of such plain values."""
    return Plan(**{name: tuple(_row(row, each) for each in document[name]) for name, row in FIELDS.items()})


def _row(row: Any, values: dict[str, Any]) -> Any:
    return row(**values | {"kind": kind_named(values["kind"])} if "kind" in values else values)


def remove_stale(folder: Path, key: str) -> None:
    """Takes out steps that were made from other inputs, with their plans; whatever else is there stays.

    Raises
    ------
    CannotWrite
        One of them cannot be taken out.
    """
    found = sorted(path for path in folder.glob("*/step.json") if _is_record(path))
    if not found or load_step(found[0], key) is not None:
        return
    for path in found:
        for ours in (path.with_name("plan.xlsx"), path):
            with writing(ours):
                ours.unlink(missing_ok=True)


def _is_record(path: Path) -> bool:
    try:
        return bool({"key", "label", "plan"} <= json.loads(path.read_text(encoding="utf-8")).keys())
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def folder_for(path: Path) -> None:
    """Makes the folder a file goes into. Raises CannotWrite where that is not possible."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
