"""The lock of an output folder: held, left behind, and seen from another machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.errors import CannotWrite, Locked
from planner.files import lock
from planner.files.lock import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from planner.files.lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_held(tmp_path: Path) -> None:
    """A folder that is held cannot be locked again; afterwards it can, and nothing says that it is held."""
    with folder_lock(tmp_path) as mine:
        mine.check()
        with (
            pytest.raises(Locked, match=rf"process {os.getpid()} on host {os.uname().nodename}"),
            folder_lock(tmp_path),
        ):
            pass
    assert not list(tmp_path.iterdir())
    with folder_lock(tmp_path):
        pass


def test_left_behind(tmp_path: Path) -> None:
    """The lock of a process that was killed is nobody's, at once."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=f"process {holder.pid}"), folder_lock(tmp_path):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    began = time.monotonic()
    with folder_lock(tmp_path):
        assert time.monotonic() - began < 1.0


def elsewhere(folder: Path, beat: int) -> None:
    holder = {"pid": 7, "host": "far", "machine": "other", "since": "2026-01-01", "token": "t", "beat": beat}
    (folder / ".lock").write_text(json.dumps(holder), encoding="utf-8")


def test_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run on another machine holds the folder while it counts on, whatever the clocks say; else it is gone."""
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.1)
    elsewhere(tmp_path, 1)
    with folder_lock(tmp_path):
        pass
    elsewhere(tmp_path, 1)
    sleep = time.sleep

    def count_on(seconds: float) -> None:
        elsewhere(tmp_path, 2)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", count_on)
    with pytest.raises(Locked, match="process 7 on host far"), folder_lock(tmp_path):
        pass


def test_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was taken for gone notices that another holds the folder, and does not give that lock away."""
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.05)
    with folder_lock(tmp_path) as mine:
        elsewhere(tmp_path, 1)
        with pytest.raises(Locked, match="host far"):
            mine.check()
        time.sleep(0.2)
    assert "far" in (tmp_path / ".lock").read_text()


def test_no_folder(tmp_path: Path) -> None:
    """Where no file can be made the lock says so."""
    with pytest.raises(CannotWrite), folder_lock(tmp_path / "absent"):
        pass
