"""The model of each tiny workbook in `terms`, as LP text, is what it was.

A golden that differs says that plans may change: read the difference, then write them anew with
`pytest tests/golden --update-golden`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden.terms import KEEP, TERMS

import models
from models.build import build_model
from models.core.finance import least_cost
from models.plan import Plan
from models.variants.distance import as_far_as_possible

FOLDER = Path(__file__).parent
MODELS = Path(models.__file__).parent


@pytest.mark.parametrize("name", TERMS)
def test_the_model_is_what_it_was(name: str, update_golden: bool) -> None:
    """The LP of a tiny workbook is the golden one, row for row."""
    objective = as_far_as_possible([KEEP.plan, Plan()], 5000.0) if name == "alternatives" else least_cost
    keep = KEEP if name == "keep" else None
    text = build_model(TERMS[name], probes=name == "probes", keep=keep, objective=objective).to_lp()
    golden = FOLDER / f"{name}.lp"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), f"no golden model {golden.name}; write it with --update-golden"
    assert text.splitlines() == golden.read_text(encoding="utf-8").splitlines()


def test_no_golden_model_is_left_over() -> None:
    """Every golden model belongs to a workbook in `terms`."""
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(TERMS)


@pytest.mark.parametrize("maker", ["claim", "variables"])
def test_every_family_of_the_model_has_a_golden_model(maker: str) -> None:
    """Each family of constraints, and of variables, that the model can have occurs in some golden model."""
    golden = {name for path in FOLDER.glob("*.lp") for name in _names(path.read_text(encoding="utf-8"), maker)}
    patterns = set(_families(maker))
    assert len(patterns) >= 15, "the model's sources name their families otherwise than this test thinks"
    missing = sorted(pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in golden))
    assert not missing, f"no golden model has {missing}; add a workbook to tests/golden/terms.py"


def _names(text: str, maker: str) -> set[str]:
    """Names of the families of an LP text, without their keys."""
    rows, bounds = text.split("subject to\n")[1].split("bounds\n")
    lines = rows if maker == "claim" else bounds
    return set(re.findall(r"^  (?:[-\d.e+]+ <= )?([a-z_]+)", lines, flags=re.MULTILINE))


def _families(maker: str) -> Iterator[str]:
    """The first argument of every call of `maker` in the model's sources, as a pattern where it is put together."""
    for path in MODELS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == maker:
                name = node.args[0]
                if isinstance(name, ast.Constant):
                    yield re.escape(str(name.value))
                elif isinstance(name, ast.JoinedStr):
                    yield "".join(
                        re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in name.values
                    )
