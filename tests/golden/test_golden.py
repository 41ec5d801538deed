"""The model of each tiny workbook in `terms`, as LP text, is what it was.

A golden that differs says that plans may change: read the difference, then write them anew with
`pytest tests/golden --update-golden`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from golden.terms import KEEP, TERMS

import models
from models.build import build_model
from models.core.finance import least_cost
from models.demand import segment_limits
from models.plan import Plan
from models.variants.distance import cheapest_apart, maximise_distance

FOLDER = Path(__file__).parent
MODELS = Path(models.__file__).parent
MAKERS: dict[str, dict[str, tuple[str, ...]]] = {
    "constraints": {
        "add_constraint": ("{}",),
        "add_cumulative_counts": ("{}_only_grows",),
        "add_positive_part": ("{}_is_exact", "{}_is_zero"),
    },
    "variables": {
        "add_variables": ("{}",),
        "add_cumulative_counts": ("{}",),
        "add_binary": ("{}",),
        "add_unbounded": ("{}",),
        "add_positive_part": ("{}_is_positive",),
    },
}
"""The methods of `Model` that make families, and the families each makes of the name it is given."""


@pytest.mark.parametrize("name", TERMS)
def test_the_model_is_what_it_was(name: str, update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The LP of a tiny workbook is the golden one, row for row."""
    if name == "levers_apart":  # as where there are too many combinations
        monkeypatch.setattr(segment_limits, "MOST_TOGETHER", 1)
    objectives = {
        "alternatives": maximise_distance([KEEP.plan, Plan()], 5000.0),
        "alternative_cheapest": cheapest_apart([KEEP.plan, Plan()]),
    }
    objective = objectives.get(name, least_cost)
    keep = KEEP if name == "keep" else None
    text = build_model(TERMS[name], probes=name == "probes", stability=keep, objective=objective).to_lp()
    golden = FOLDER / f"{name}.lp"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), f"no golden model {golden.name}; write it with --update-golden"
    assert text.splitlines() == golden.read_text(encoding="utf-8").splitlines()


def test_no_golden_model_is_left_over() -> None:
    """Every golden model belongs to a workbook in `terms`."""
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(TERMS)


@pytest.mark.parametrize("part", MAKERS)
def test_every_family_of_the_model_has_a_golden_model(part: str) -> None:
    """Each family of constraints, and of variables, that the model can have occurs in some golden model."""
    golden = {name for path in FOLDER.glob("*.lp") for name in _names(path.read_text(encoding="utf-8"), part)}
    patterns = set(_families(MAKERS[part]))
    assert len(patterns) >= 15, "the model's sources name their families otherwise than this test thinks"
    missing = sorted(pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in golden))
    assert not missing, f"no golden model has {missing}; add a workbook to tests/golden/terms.py"


def _names(text: str, part: str) -> set[str]:
    """Names of the families of an LP text, without their keys."""
    rows, bounds = text.split("subject to\n")[1].split("bounds\n")
    lines = rows if part == "constraints" else bounds
    return set(re.findall(r"^  (?:[-\d.e+]+ <= )?([a-z_]+)", lines, flags=re.MULTILINE))


def _families(makers: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """What the first argument of every call of the makers names, as a pattern where it is put together."""
    for path in MODELS.rglob("*.py"):
        if path == MODELS / "core" / "model.py":
            continue  # the makers themselves
        module = path.relative_to(MODELS.parent).with_suffix("").as_posix().replace("/", ".")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in makers:
                name = _pattern(node.args[0], module)
                yield from (made.format(name) for made in makers[node.func.attr])


def _pattern(name: ast.expr, module: str) -> str:
    if isinstance(name, ast.Constant):
        return re.escape(str(name.value))
    if isinstance(name, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else None for part in name.values)
        return "".join(r"\w+" if part is None else re.escape(str(part)) for part in parts)
    assert isinstance(name, ast.Name), f"{module} names a family in a way that this test cannot read"
    return re.escape(getattr(import_module(module), name.id))
