"""Scenarios spread over processes by mpiexec; runs where the extra `mpi` and an mpiexec are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cases.test_commands_solve_scenarios import uncertain
from cases.test_stochastic_textbooks import PUBLISHED
from sheets import workbook

from planner.stochastic.mpi import Ranks

ROOT = Path(__file__).resolve().parents[2]
MPIEXEC = shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
ENVIRONMENT = os.environ | {
    "PYTHONPATH": PATHS,
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}
"""Open MPI starts no more processes than there are cores, and none for root, unless it is told to."""


def ranks_of(count: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What came of Python started on so many ranks."""
    command = [str(MPIEXEC), "-n", str(count), sys.executable, "-m", "mpi4py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=ENVIRONMENT)


@pytest.fixture
def mpi() -> None:
    """Skips where there is no MPI, or an mpiexec of another one: its processes would know nothing of each other."""
    if MPIEXEC is None:
        pytest.skip("there is no mpiexec")
    pytest.importorskip("mpi4py", reason="the extra mpi is not installed")
    count = ranks_of(2, "-c", "from mpi4py import MPI; print(MPI.COMM_WORLD.Get_size())")
    if "".join(count.stdout.split()) != "22":
        pytest.skip("mpiexec and mpi4py are not of one MPI")


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


@pytest.mark.usefixtures("mpi")
@pytest.mark.parametrize("change", ["", "decomposition.run_lshaped = lambda *_: None"], ids=["both", "hedging_alone"])
def test_ranks_come_to_the_same_answer(change: str) -> None:
    """Two ranks print one answer, that of one process, with the plans of all scenarios; both end by themselves."""
    done = ranks_of(2, "-c", SCRIPT.format(change=change))
    assert done.returncode == 0, done.stderr
    (status, usd, bound, names), (other, least, low, leaves) = json.loads(done.stdout)
    assert (status, other) == ("optimal", "optimal")
    assert usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert bound == pytest.approx(PUBLISHED, abs=5e-4)
    assert least == pytest.approx(low)
    assert names == ["high", "low", "mid"]
    assert leaves == ["boom", "fall", "high", "low"]


THREE = [
    {"scenario": "plain", "probability": 0.5},
    {"scenario": "boom", "probability": 0.3},
    {"scenario": "bust", "probability": 0.2},
]
FACTORS = [
    {"scenario": name, "quantity": "demand", "name": "*", "from_month": "2026-05", "value": value}
    for name, value in (("boom", 2), ("bust", 0.5))
]
DIES = """
import os, sys
from planner.stochastic.mpi import ranks
from planner.stochastic import decomposition
if ranks().rank:
    decomposition.begin_lshaped = lambda *_: {how}
from planner.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "three.xlsx", uncertain(scenarios=THREE, scenario_factors=FACTORS))


@pytest.mark.usefixtures("mpi")
@pytest.mark.parametrize("count", [2, 3])
def test_a_command_on_ranks_comes_to_the_answer_of_one_process(count: int, book: Path, tmp_path: Path) -> None:
    """`solve` prints one JSON object and writes one plan, whose cost, bound and decisions are those of one process."""
    options = ("--engine", "decomposition", "--json", "--gap", "1e-6")
    alone = subprocess.run(
        [sys.executable, "-m", "planner", "solve", book, "-o", tmp_path / "alone.xlsx", *options],
        capture_output=True, text=True, timeout=300, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    spread = ranks_of(count, "-m", "planner", "solve", book, "-o", tmp_path / "spread.xlsx", *options)
    assert (alone.returncode, spread.returncode) == (0, 0), spread.stderr
    one, many = json.loads(alone.stdout), json.loads(spread.stdout)
    assert many["objective_usd"] == pytest.approx(one["objective_usd"], rel=1e-6)
    assert many["bound_usd"] <= one["objective_usd"] * (1 + 1e-6)
    assert many["audit"]["passed"]
    assert (tmp_path / "spread.xlsx").is_file()


@pytest.mark.usefixtures("mpi")
def test_errors_are_told_once_with_the_code_of_the_command(book: Path) -> None:
    """A workbook that is not there, and more ranks than scenarios, are told by rank 0 alone, with exit code 2."""
    for count, file, words in ((3, "not_there.xlsx", "There is no workbook"), (4, book, "4 ranks are more than the 3")):
        said = ranks_of(count, "-m", "planner", "solve", file, "--engine", "decomposition")
        assert said.returncode == 2, said.stderr
        assert said.stderr.count(words) == 1


@pytest.mark.usefixtures("mpi")
@pytest.mark.parametrize("how", ["1 / 0", "os.kill(os.getpid(), 9)"], ids=["raises", "killed"])
def test_a_rank_that_dies_ends_the_run(how: str, book: Path, tmp_path: Path) -> None:
    """No rank waits for one that is gone: the run ends with a code that is none of success, and writes no plan."""
    plan = tmp_path / "plan.xlsx"
    said = ranks_of(2, "-c", DIES.format(how=how), "solve", book, "--engine", "decomposition", "-o", plan)
    assert said.returncode not in (0, 4)
    assert not plan.exists()


@pytest.mark.usefixtures("mpi")
def test_other_ranks_heed_no_signal_of_their_own() -> None:
    """mpiexec passes signals on to all ranks; rank 0 alone decides what they mean, and ends the others."""
    script = (
        "import os, signal, sys\n"
        "from planner.stochastic.mpi import ranks, serve\n"
        "if serve(lambda task: (os.kill(os.getpid(), signal.SIGTERM), os.kill(os.getpid(), signal.SIGINT))):\n"
        "    sys.exit(0)\n"
        "ranks().broadcast('a task')\n"
        "print('done')\n"
    )
    said = ranks_of(2, "-c", script)
    assert (said.returncode, said.stdout.split()) == (0, ["done"]), said.stderr
