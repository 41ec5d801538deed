"""The commands where what Windows lacks is hidden: no fork, no flock, no process groups, none of the Unix signals.

Real Windows was not seen; this shows that nothing of Unix is needed, not that Windows does the rest as said.
"""

from __future__ import annotations

import ast
import re
import runpy
import signal
from pathlib import Path

import pytest
from commandline import Said, decision, in_a_process
from sheets import workbook

import models
import planner
from planner import interrupt
from planner.errors import ExitCode, Interrupted

WITHOUT_UNIX = """
import os, signal, subprocess, sys, types
import asyncio, multiprocessing.popen_spawn_posix, psutil, shutil, tempfile  # which have Windows ways of their own
held = set()
def locking(handle, mode, count):
    place = os.fstat(handle).st_ino
    if place in held:
        raise OSError(36, "deadlock")
    held.add(place)
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("fork", "killpg", "setpgid", "wait4", "pwrite", "sched_getaffinity", "O_NOFOLLOW", "O_NONBLOCK"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGBUS", "SIGCHLD", "SIGALRM", "SIGUSR1"):
    delattr(signal, name)
"""

PLANS: tuple[tuple[str, ...], ...] = (
    ("check", "problem.xlsx"),
    ("solve", "problem.xlsx", "-o", "plan.xlsx"),
    ("audit", "problem.xlsx", "plan.xlsx"),
    ("compare", "plan.xlsx", "plan.xlsx"),
    ("explain", "problem.xlsx", "plan.xlsx", "--time-limit", "20"),
    ("roll", "problem.xlsx", "plan.xlsx", "--to", "2026-03", "-o", "next.xlsx"),
    ("stress", "plan.xlsx", "problem.xlsx", "--demand-volatility", "5%", "--count", "2", "-o", "tried.xlsx"),
    ("reproduce", "plan.xlsx"),
    ("compare", "plan.xlsx", "--actuals", "problem.xlsx"),
    ("report", "plan.xlsx", "-o", "plan.html"),
)
OTHERS: tuple[tuple[str, ...], ...] = (
    ("init", "fresh.xlsx"),
    ("scenarios", "problem.xlsx", "--demand-volatility", "5%", "--count", "2", "-o", "sampled.xlsx"),
    ("convert", "problem.xlsx", "folder"),
    ("import", "tokens", "counted.csv", "problem.xlsx", "-o", "filled.xlsx"),
    ("batch", "jobs", "-o", "out"),
    ("batch", "problem.xlsx", "--rolling", "problem.xlsx", "--every", "6", "-o", "rolled"),
    ("schedule", "jobs", "--cron", "@daily", "--as", "windows", "-o", "timer"),
)
ONLY_UNIX = {f"planner.batch.execution.{name}" for name in ("budgeted_process", "fork_server")}
"""What `engine.starter` loads only where the system can fork."""
UNIX = re.compile(r"fcntl|resource|pwd|grp|termios|pty|tty|fork|killpg|setpgid|wait[34]|waitpid|setsid|SIGKILL|SIGCHLD")


def _hidden(folder: Path, *words: str) -> Said:
    return in_a_process(folder, *words, patch=WITHOUT_UNIX)


@pytest.mark.slow
@pytest.mark.parametrize("commands", [PLANS, OTHERS], ids=["plans", "others"])
def test_every_command_does_without_unix(tmp_path: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    """Each command ends as it does here, with what it writes in place."""
    (tmp_path / "jobs").mkdir()
    workbook(tmp_path / "jobs" / "one.xlsx", decision())
    workbook(tmp_path / "problem.xlsx", decision())
    (tmp_path / "counted.csv").write_text("month,segment,tokens\n2025-12,chat,31e9\n", encoding="utf-8")
    for words in commands:
        said = _hidden(tmp_path, *words)
        here = (0, 2) if words[0] == "roll" else (0,)  # the demand that it is given ends with the horizon
        assert said.code in here, f"{words}: {said.err}"
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= (
        {"plan.xlsx", "next.xlsx", "tried.xlsx", "plan.html"}
        if commands is PLANS
        else {"fresh.xlsx", "folder", "out", "filled.xlsx", "rolled", "timer"}
    )


def _at_import(tree: ast.AST) -> list[ast.AST]:
    """What runs when a module is imported: neither bodies of functions nor imports for types alone."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            found += [node, *_at_import(node)]
    return found


def _needs_unix(node: ast.AST, only_unix: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return ast.unparse(node.value) in ("os", "signal") and UNIX.fullmatch(node.attr) is not None
    if isinstance(node, ast.Import):
        return any(UNIX.fullmatch(each.name) or each.name in only_unix for each in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        return bool(UNIX.fullmatch(str(node.module)) or names & only_unix)
    return False


def test_no_module_needs_unix_to_be_imported() -> None:
    """Nothing of Unix is touched when a module loads, but in those that the system's own fork is used by."""
    texts = {}
    for package in (models, planner):
        folder = Path(str(package.__file__)).parent
        for path in folder.rglob("*.py"):
            name = ".".join((package.__name__, *path.relative_to(folder).with_suffix("").parts))
            texts[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    hints = re.compile(rf"\b({UNIX.pattern}|{'|'.join(each.rpartition('.')[2] for each in ONLY_UNIX)})\b")
    loaded = {name: _at_import(ast.parse(text)) for name, text in texts.items() if hints.search(text)}
    only_unix = {name for name, nodes in loaded.items() if any(_needs_unix(node, ONLY_UNIX) for node in nodes)}
    assert only_unix == ONLY_UNIX


def test_the_signal_of_windows_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTRL_BREAK, which Windows knows as SIGBREAK, is heard as Ctrl-C is; another signal stands in for it here."""
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    stop = runpy.run_path(str(interrupt.__file__))["Stop"]
    with stop(), pytest.raises(Interrupted) as ended:
        signal.raise_signal(signal.SIGUSR1)
    assert ended.value.exit_code == ExitCode.INTERRUPTED


@pytest.mark.slow
def test_a_runner_is_stopped_without_unix(tmp_path: Path) -> None:
    """`schedule --run` waits for its next start and ends in words."""
    pytest.importorskip("apscheduler", reason="it comes with the extra `schedule`")
    workbook(tmp_path / "one.xlsx", decision())
    patch = f"{WITHOUT_UNIX}\nimport threading\nthreading.Timer(4, signal.raise_signal, [signal.SIGINT]).start()"
    words = ("schedule", "one.xlsx", "--cron", "0 0 1 1 *", "--tz", "Europe/Berlin", "--run")
    said = in_a_process(tmp_path, *words, patch=patch)
    assert (said.code, said.out) == (0, "0 started: 0 good, 0 failed; 0 skipped.\n")
    assert "Stopping." in said.err


def test_a_plan_is_locked_without_flock(tmp_path: Path) -> None:
    """A second lock of one file is refused with its holder, and a lock that was given back can be taken again."""
    program = (
        f"{WITHOUT_UNIX}\n"
        "from pathlib import Path\n"
        "from planner.errors import Locked\n"
        "from planner.files.lock import folder_lock\n"
        "with folder_lock(Path('.')):\n"
        "    try:\n"
        "        folder_lock(Path('.')).__enter__()\n"
        "    except Locked as error:\n"
        "        print('refused', f'process {os.getpid()} ' in str(error))\n"
        "held.clear()\n"
        "with folder_lock(Path('.')):\n"
        "    print('taken again')\n"
        "sys.exit(0)\n"
    )
    said = in_a_process(tmp_path, patch=program)
    assert said.out.split("\n")[:2] == ["refused True", "taken again"]
    assert list(tmp_path.iterdir()) == []
