"""What a command loads: no library before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import decision, environment
from sheets import workbook

PROBE = """
import json, sys
from planner.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted(each for each in sys.modules if not each.startswith("planner."))))
"""


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["--help"], {"numpy", "pandas", "openpyxl", "pyomo", "scipy", "highspy"}),
        (["check", "w.xlsx"], {"numpy", "pandas", "pyomo", "scipy", "highspy", "openpyxl", "xlsxwriter"}),
        (["solve", "w.xlsx", "-o", "plan.xlsx", "--quiet"], {"pandas", "scipy.stats", "openpyxl", "pyomo.environ"}),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_a_command_loads_what_it_needs(tmp_path: Path, words: list[str], absent: set[str]) -> None:
    """Help loads no library of numbers, check none that solves or writes, a plain solve no openpyxl."""
    workbook(tmp_path / "w.xlsx", decision())
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=tmp_path,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert absent.isdisjoint(json.loads(done.stdout.splitlines()[-1]))
