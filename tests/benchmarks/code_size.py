"""Files and statements (without docstrings) by package: `python tests/benchmarks/code_size.py [CHECKOUT]`."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path


def statements(path: Path) -> int:
    """Statements of a module, nested ones too, without docstrings."""
    found = 0
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            found += not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    return found


def main(root: Path) -> None:
    """Prints a table of Markdown, a package a row."""
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for package in ("models", "planner", "tests"):
        for path in sorted((root / package).rglob("*.py")):
            inner = path.relative_to(root / package).parts
            for name in (package, f"{package}/{inner[0]}" if len(inner) > 1 and package != "tests" else ""):
                files[name] += 1
                size[name] += statements(path)
    print("| package | files | statements |\n|---|---|---|")
    for name in sorted(filter(None, files)):
        print(f"| `{name}` | {files[name]} | {size[name]:,} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
