"""What a library call does not do: print, write, take over signals or descriptors, need the main thread."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import decision, endless, environment
from sheets import csv_folder

import planner

ROOT = Path(planner.__file__).parents[1]

CALLS = """
import logging, os, random, signal, sys, threading
import planner

def handlers():
    return {each: signal.getsignal(each) for each in signal.valid_signals()}

def settings():
    shared = dict(os.environ), os.getcwd(), random.getstate(), sys.excepthook
    return *shared, logging.getLogger().handlers[:], logging.getLogger("planner").level

def descriptors():
    return [os.fstat(each)[:2] for each in (0, 1, 2)] + [sys.stdout, sys.stderr]

def use():
    problem = planner.read("lab")
    problem = planner.problem({name: problem.frame(name) for name in problem.sheets})
    result = planner.solve(problem)
    assert result.status == "optimal"
    for sheet in result.sheets:
        result.frame(sheet)
    planner.compare([result, result]).sheets
    planner.solve(planner.sample(problem, count=2, paths=10, demand_volatility=0.1), gap=0.01).decisions
    answers.append((str(result), result.document, len(result.explain(time_limit=20, workers=1).lines)))
    result.stress(count=2, demand_volatility=0.05, workers=2)

answers = []
before, open_before, set_before = handlers(), descriptors(), settings()
"""
IN_MAIN = "use()\n"
IN_A_THREAD = """
found = []
def watched():
    try:
        use()
    except BaseException as error:
        found.append(error)
thread = threading.Thread(target=watched)
thread.start()
thread.join()
if found:
    raise found[0]
"""
IN_A_NOTEBOOK = """
import asyncio
async def cell():
    use()
asyncio.run(cell())
"""
AFTER = """
assert len(answers) == 1
assert handlers() == before
assert descriptors() == open_before
assert settings() == set_before
"""
"""A script without a guard on its name: worker processes must not run it again."""


PLACES = [
    pytest.param(IN_MAIN, id="main thread"),
    pytest.param(IN_A_THREAD, id="other thread", marks=pytest.mark.slow),
    pytest.param(IN_A_NOTEBOOK, id="event loop", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("place", PLACES)
def test_calls_leave_no_trace(place: str, tmp_path: Path) -> None:
    """Reading, solving, comparing, sampling, explaining and stress-testing print nothing and leave no file behind."""
    csv_folder(tmp_path / "lab", decision())
    script = tmp_path / "script.py"
    script.write_text(CALLS + place + AFTER)
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment(), capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "__pycache__") == ["lab", "script.py"]


@pytest.mark.slow
def test_several_threads_solve_at_once_where_output_has_no_descriptor(tmp_path: Path) -> None:
    """As in a notebook's kernel, standard output may be no file: solves side by side find what each finds alone."""
    csv_folder(tmp_path / "lab", decision())
    script = """
import io, os, sys, threading
import planner

class Cells(io.TextIOBase):
    def write(self, text):
        raise AssertionError(text)

real, sys.stdout, sys.stderr = sys.stdout, Cells(), Cells()
problem = planner.read("lab")
problems = [problem.set("lease_terms.L/12.usd_per_accelerator_hour", price) for price in (2.0, 2.5, 3.0)]
problems.append(planner.sample(problem, count=2, paths=10, demand_volatility=0.1))
def cost(problem):
    return planner.solve(problem, gap=0).objective_usd
alone, together = [cost(each) for each in problems], {}
threads = [
    threading.Thread(target=lambda each=each: together.update({each: cost(problems[each])}))
    for each in range(len(problems))
]
for each in threads:
    each.start()
for each in threads:
    each.join()
same = [abs(alone[each] - together[each]) < 1e-6 * alone[each] for each in range(len(problems))]
print(*same, file=real)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True True True\n", "")
    assert [each.name for each in tmp_path.iterdir()] == ["lab"]


def test_an_interrupt_ends_the_call_and_the_search(tmp_path: Path) -> None:
    """Ctrl-C in a script or a notebook raises KeyboardInterrupt, and no solver goes on behind it."""
    csv_folder(tmp_path / "hard", endless())
    script = """
import _thread, logging, signal, threading
import planner

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background

class Interrupt(logging.Handler):
    def emit(self, record):
        if "whole numbers" in record.getMessage():
            threading.Timer(2.0, _thread.interrupt_main).start()

logging.getLogger("planner").addHandler(Interrupt())
logging.getLogger("planner").setLevel("INFO")
try:
    planner.solve("hard", gap=0)
except KeyboardInterrupt:
    for each in threading.enumerate():
        if each is not threading.main_thread():
            each.join(20)
    print(threading.active_count())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_messages_go_to_logging(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever listens to the logger `planner` hears of the search."""
    problem = planner.read(csv_folder(tmp_path / "lab", decision()))
    with caplog.at_level("INFO", "planner"):
        planner.solve(problem)
    assert any("whole numbers" in each.message for each in caplog.records)


def test_importing_loads_no_library_and_the_tables_only_what_they_need() -> None:
    """`import planner` is instant: neither pandas nor the solver is loaded until a function is used."""
    heavy = {"pandas", "numpy", "highspy", "openpyxl"}
    assert python(f"import sys, planner; print(*{heavy | {'click'}} & set(sys.modules))") == ""
    assert python(f"import sys, planner.cli; print(*{heavy} & set(sys.modules))") == ""


def test_no_submodule_takes_the_place_of_a_public_name() -> None:
    """Once every module is imported, each public name still is what it was."""
    code = """
import importlib, pkgutil, planner
before = {name: getattr(planner, name) for name in planner.__all__}
for each in pkgutil.walk_packages(planner.__path__, "planner."):
    if each.name not in ("planner.__main__", "planner.solving.dask_cluster", "planner.stochastic.mpi"):
        importlib.import_module(each.name)
names = [name for name in planner.__all__ if getattr(planner, name) is not before[name]]
print(*names, *{each.name for each in pkgutil.iter_modules(planner.__path__)} & set(planner.__all__))
"""
    assert python(code) == ""


def test_every_public_name_is_there_and_described() -> None:
    """`dir(planner)` and `__all__` have every name, and each has a docstring; an unknown one is an AttributeError."""
    for name in planner.__all__:
        assert getattr(planner, name).__doc__
        assert name in dir(planner)
    assert not hasattr(planner, "solves")


def test_another_package_named_models_is_told(tmp_path: Path) -> None:
    """Where Python finds another `models` first, importing planner says so in one sentence."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import planner"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)])),
        capture_output=True,
        text=True,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("ImportError: planner needs its own package `models`")
    assert str(tmp_path / "models") in last


def test_the_page_on_python_runs() -> None:
    """Every example of the page gives what it shows."""
    page = ROOT / "planner" / "pages" / "python.md"
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        found = doctest.testfile(str(page), module_relative=False)
    finally:
        os.chdir(before)
    assert found.attempted > 10
    assert found.failed == 0


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()
