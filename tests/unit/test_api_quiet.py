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
import os, signal, sys, threading
import planner

def handlers():
    return {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}

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
before, open_before = handlers(), descriptors()
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
"""
"""A script without a guard on its name: worker processes must not run it again."""


PLACES = {"main thread": IN_MAIN, "other thread": IN_A_THREAD, "event loop": IN_A_NOTEBOOK}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_calls_leave_no_trace(place: str, tmp_path: Path) -> None:
    """Reading, solving, comparing, sampling, explaining and stress-testing print nothing and leave no file behind."""
    csv_folder(tmp_path / "lab", decision())
    script = tmp_path / "script.py"
    script.write_text(CALLS + place + AFTER)
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment(), capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "__pycache__") == ["lab", "script.py"]


def test_an_interrupt_ends_the_call_and_the_search(tmp_path: Path) -> None:
    """Ctrl-C in a script or a notebook raises KeyboardInterrupt, and no solver goes on behind it."""
    csv_folder(tmp_path / "hard", endless())
    script = """
import _thread, logging, threading
import planner

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
    if each.name not in ("planner.__main__", "planner.batch.execution.dask_engine", "planner.stochastic.mpi"):
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
