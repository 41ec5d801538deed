"""Scenarios spread over processes by mpiexec; runs where the extra `mpi` and an mpiexec are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cases.test_stochastic_textbooks import PUBLISHED

from planner.stochastic.mpi import Ranks

ROOT = Path(__file__).resolve().parents[2]
MPIEXEC = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
"""That of another MPI than the one mpi4py was made for would start processes that know nothing of each other."""

SCRIPT = """
import json, sys
from planner.stochastic import decomposition
{change}
from planner.stochastic.decomposition import take_part
from planner.stochastic.mpi import serve
if serve(take_part):
    sys.exit(0)
from cases.test_stochastic_textbooks import lands
from decomposed import three_stages
from planner.solving.problem import SolveOptions
from planner.stochastic.decomposition import decompose
found = [decompose(data, SolveOptions(gap=1e-6)) for data in (lands(), three_stages())]
print(json.dumps([(each.status, each.objective_usd, each.bound_usd, sorted(each.plans)) for each in found]))
"""


def test_one_process_is_all_ranks_there_are() -> None:
    """Without mpiexec everything is rank 0's own."""
    alone = Ranks()
    assert (alone.rank, alone.size) == (0, 1)
    assert alone.share(["a", "b"]) == ("a", "b")
    assert alone.merge({"a": 1}) == {"a": 1}
    assert not alone.any(False)


@pytest.mark.skipif(MPIEXEC is None, reason="there is no mpiexec")
@pytest.mark.parametrize("change", ["", "decomposition.run_lshaped = lambda *_: None"], ids=["both", "hedging_alone"])
def test_ranks_come_to_the_same_answer(change: str) -> None:
    """Two ranks print one answer, that of one process, with the plans of all scenarios; both end by themselves."""
    pytest.importorskip("mpi4py")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [str(MPIEXEC), "-n", "2", sys.executable, "-m", "mpi4py", "-c", SCRIPT.format(change=change)],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (status, usd, bound, names), (other, least, low, leaves) = json.loads(done.stdout)
    assert (status, other) == ("optimal", "optimal")
    assert usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert bound == pytest.approx(PUBLISHED, abs=5e-4)
    assert least == pytest.approx(low)
    assert names == ["high", "low", "mid"]
    assert leaves == ["boom", "fall", "high", "low"]
