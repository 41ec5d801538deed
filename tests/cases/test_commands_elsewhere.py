"""The commands where what Windows lacks is hidden: no fork, no flock, no process groups, none of the Unix signals.

Real Windows was not seen; this shows that nothing of Unix is needed, not that Windows does the rest as said.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Said, decision, in_a_process
from sheets import workbook

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
)
OTHERS: tuple[tuple[str, ...], ...] = (
    ("init", "fresh.xlsx"),
    ("scenarios", "problem.xlsx", "--demand-volatility", "5%", "--count", "2", "-o", "sampled.xlsx"),
    ("convert", "problem.xlsx", "folder"),
    ("batch", "jobs", "-o", "out"),
)


def _hidden(folder: Path, *words: str) -> Said:
    return in_a_process(folder, *words, patch=WITHOUT_UNIX)


@pytest.mark.slow
@pytest.mark.parametrize("commands", [PLANS, OTHERS], ids=["plans", "others"])
def test_every_command_does_without_unix(tmp_path: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    """Each command ends as it does here, with what it writes in place."""
    (tmp_path / "jobs").mkdir()
    workbook(tmp_path / "jobs" / "one.xlsx", decision())
    workbook(tmp_path / "problem.xlsx", decision())
    for words in commands:
        said = _hidden(tmp_path, *words)
        here = (0, 2) if words[0] == "roll" else (0,)  # the demand that it is given ends with the horizon
        assert said.code in here, f"{words}: {said.err}"
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= (
        {"plan.xlsx", "next.xlsx", "tried.xlsx"} if commands is PLANS else {"fresh.xlsx", "folder", "out"}
    )


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
