"""Names: a class name has one meaning in the whole project, and every test says what it tests."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
            while inner:
                node = inner.pop()
                yield path.relative_to(ROOT).as_posix(), node
                # there is no definition within an expression
                inner += [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr)]


def test_no_two_classes_have_the_same_name() -> None:
    """Each class name, private ones too, occurs once in planner and models together."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, node in _nodes("models", "planner"):
        if isinstance(node, ast.ClassDef):
            found[node.name].append(path)
    assert len(found) > 200, "the classes of the project are not where this test looks for them"
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_every_test_states_its_property() -> None:
    """Every test function opens with a docstring."""
    tests = [(path, node) for path, node in _nodes("tests") if isinstance(node, ast.FunctionDef)]
    tests = [(path, node) for path, node in tests if node.name.startswith("test_")]
    assert len(tests) > 500, "the tests are not where this test looks for them"
    assert [f"{path}::{node.name}" for path, node in tests if not ast.get_docstring(node)] == []
