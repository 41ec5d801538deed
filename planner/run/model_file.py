"""The model of a problem by itself: its size, the ranges of its figures, and a file that other solvers read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.build import build_model
from models.core.compiled import Compiled
from models.core.vector import Vector
from models.dataset import Dataset
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from planner.errors import CannotWrite, WrongUsage
from planner.files.atomic import write_durably
from planner.files.outputs import check_writable
from planner.run.options import PlanOptions
from planner.solving.highs_model import write_model
from planner.solving.problem import CompiledProblem

ENDINGS = (".mps", ".lp")


def check_model_target(path: Path) -> None:
    """Checks that a model can be written there.

    Raises
    ------
    WrongUsage
        The name ends otherwise than model files do.
    CannotWrite
        It cannot be written there, or something is there already.
    """
    if path.suffix.lower() not in ENDINGS:
        raise WrongUsage(f"A model is written as an .mps or .lp file, which '{path}' is not.")
    if path.exists():
        raise CannotWrite(path, "it exists already; choose another name")
    check_writable(path)


def _check_known(dataset: Dataset, options: PlanOptions) -> None:
    """Checks that what a solve with the options minimises is known before it searches.

    Raises
    ------
    WrongUsage
        It is not.
    """
    if not dataset.scenarios:
        return
    kind = Measure.of(dataset, options.risk).kind
    if kind == "regret":
        raise WrongUsage(
            "--risk regret is measured from the least cost of each scenario, which has to be searched for before there "
            "is a model to build. Leave out --write-model and --build-only, or choose another risk."
        )
    if kind == "budget":
        raise WrongUsage(
            f"--risk {options.risk} finds the cases that matter as it searches, so that there is no model to build "
            "before. Leave out --write-model and --build-only; the solve writes PLAN.cases.xlsx, which has those cases "
            "as scenarios and whose model --risk worst builds."
        )


def _built(dataset: Dataset, options: PlanOptions, keep: Plan | None) -> CompiledProblem:
    """The model that a solve of the problem searches; with scenarios, the extensive form."""
    if dataset.scenarios:
        first, measure = dataset.settings.first_stage_months, Measure.of(dataset, options.risk)
        return ExtensiveForm(dataset, measure, stability=_stability(options, keep, first))
    return build_model(dataset, stability=_stability(options, keep))


def _stability(options: PlanOptions, keep: Plan | None, until: int | None = None) -> PlanStability | None:
    return None if keep is None else PlanStability(keep, options.change_cost or 0.0, until)


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """What is told of a model: `found` as of `size_and_ranges`, and the same for people, with the file it is in."""

    found: Mapping[str, Any]
    lines: list[str]


def write_built(dataset: Dataset, options: PlanOptions, keep: Plan | None, path: Path | None) -> BuiltModel:
    """Builds the model that a solve of the problem searches, and writes it where a path is given.

    Raises
    ------
    WrongUsage
        It is not known before the search.
    CannotWrite
        It cannot be written.
    """
    _check_known(dataset, options)
    problem = _built(dataset, options, keep)
    found = size_and_ranges(problem)
    lines = model_lines(found)
    if path is not None:
        save_model(problem.compiled, path)
        lines.append(f"Written: {path}")
    return BuiltModel(found, lines)


def save_model(arrays: Compiled, path: Path) -> None:
    """Writes the model in one step, columns and rows numbered.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"model{path.suffix.lower()}"
        write_model(arrays, made)
        write_durably(path, made.read_bytes())


def size_and_ranges(problem: CompiledProblem) -> Mapping[str, Any]:
    """`model`: rows, columns, integers, nonzeros; `ranges`: smallest and largest size of figures that are not 0.

    `objective_unit_usd` is what 1 of the objective is in money.
    """
    arrays = problem.compiled
    figures = {
        "matrix": arrays.matrix.data,
        "cost": arrays.cost,
        "bounds": np.concatenate([arrays.lower, arrays.upper]),
        "right_hand_sides": np.concatenate([arrays.row_lower, arrays.row_upper]),
    }
    ranges = {name: _range(values) for name, values in figures.items()}
    return {"model": asdict(arrays.size), "objective_unit_usd": problem.units.usd, "ranges": ranges}


def model_lines(found: Mapping[str, Any]) -> list[str]:
    """Size and ranges for people."""
    counts = ", ".join(f"{count:,} {name}" for name, count in found["model"].items())
    unit = f"  {'objective':<17} in units of {found['objective_unit_usd']:,.15g} of the workbook's currency"
    ranges = ((name.replace("_", " "), ends) for name, ends in found["ranges"].items() if ends)
    return [f"Model: {counts}.", unit, *(f"  {name:<17} {low:.3g} to {high:.3g}" for name, (low, high) in ranges)]


def _range(values: Vector) -> list[float]:
    sizes = np.abs(values[np.isfinite(values) & (values != 0.0)])
    return [float(sizes.min()), float(sizes.max())] if sizes.size else []
