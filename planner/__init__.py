"""Capacity plans of least cost from Python: problems in, plans out, tables as pandas DataFrames.

>>> import planner
>>> problem = planner.read("inputs/starter.xlsx")  # or a folder of CSV files named as the sheets
>>> problem = problem.set("settings.discount_rate", 0.08)
>>> result = planner.solve(problem, gap=0.001, time_limit=600)
>>> result.status, list(result.service.columns[:3])
('optimal', ['month', 'segment', 'region'])

Messages go to the logger `planner`; faults of a problem are one `FaultyWorkbook` with the place of each. Libraries are
loaded when a name is first used, so that importing this costs nothing.
"""

from __future__ import annotations

import importlib
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.version import __version__ as __version__

if TYPE_CHECKING:
    from models.faults import Fault, FaultyWorkbook
    from planner.api.comparison import compare
    from planner.api.frames import Report
    from planner.api.problem import Problem, problem, read
    from planner.api.result import NoPlan, Result
    from planner.api.sampling import sample
    from planner.api.solving import solve
    from planner.errors import CannotWrite, OutOfTime, PlannerError, WrongUsage
    from planner.stress.stress_test import RejectedPlan

_HOMES = {
    "CannotWrite": "planner.errors",
    "Fault": "models.faults",
    "FaultyWorkbook": "models.faults",
    "NoPlan": "planner.api.result",
    "OutOfTime": "planner.errors",
    "PlannerError": "planner.errors",
    "Problem": "planner.api.problem",
    "RejectedPlan": "planner.stress.stress_test",
    "Report": "planner.api.frames",
    "Result": "planner.api.result",
    "WrongUsage": "planner.errors",
    "compare": "planner.api.comparison",
    "problem": "planner.api.problem",
    "read": "planner.api.problem",
    "sample": "planner.api.sampling",
    "solve": "planner.api.solving",
}
"""The module of each public name."""

__all__ = [
    "CannotWrite",
    "Fault",
    "FaultyWorkbook",
    "NoPlan",
    "OutOfTime",
    "PlannerError",
    "Problem",
    "RejectedPlan",
    "Report",
    "Result",
    "WrongUsage",
    "compare",
    "problem",
    "read",
    "sample",
    "solve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


def _check_models() -> None:
    """Raises ImportError where another package takes the place of our `models`."""
    found = find_spec("models")
    places = list(found.submodule_search_locations or [found.origin or ""]) if found else []
    here = Path(__file__).resolve().parents[1] / "models"
    if here not in [Path(place).resolve() for place in places]:
        where = f"finds another one first, in {places[0]}" if places else "does not find it"
        raise ImportError(
            f"planner needs its own package `models` in {here.parent}, but Python {where}; start Python in another "
            "folder or take that one off PYTHONPATH.",
            name="models",
        )


_check_models()
logging.getLogger("planner").addHandler(logging.NullHandler())  # whoever wants to see messages adds a handler
