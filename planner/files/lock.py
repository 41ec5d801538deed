"""One run at a time in an output folder, or on a plan.

The lock is the kernel's (flock, on Windows that of a byte beyond the file's end), which it takes back when the
process ends, however it ends: on one machine a lock cannot be left behind. Beside it stands who holds it, for the
message, and a count that goes up every two seconds, by which another machine on a shared folder whose kernel knows
nothing of the lock tells a run that lives from one that is gone. No clock is compared with another.

The library filelock has either half and not both: its native lock names no holder and ends at the machine, its lease
can be taken from a process of the same machine that was only suspended.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import threading
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from planner.errors import CannotWrite, Locked, refuse_link, writing
from planner.files.outputs import Outputs

FILE = ".lock"
BEAT_SECONDS = 2.0
MISSED_BEATS = 3
"""A run on another machine that has not counted on for so many beats is gone."""
LOCKED_BYTE = 1 << 20
"""Where Windows locks a byte: what stands before it can be read by others meanwhile."""
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Lock:
    """A folder or file that this process holds while the block runs.

    Parameters
    ----------
    path
        The lock's own file, in an existing folder on this machine, or shared with others.
    held
        What it is the lock of.
    instead
        What to choose to run beside whoever holds it.

    Raises
    ------
    Locked
        Another run is at work there.
    CannotWrite
        The folder keeps no locks, or cannot be written.
    """

    def __init__(self, path: Path, held: Path, instead: str = "another place with -o") -> None:
        self._held, self._path, self._instead = held, path, instead
        self._holder: dict[str, Any] = {
            "pid": os.getpid(),
            "host": platform.node(),
            "machine": _machine(),
            "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "token": os.urandom(8).hex(),
            "beat": 0,
        }
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._keep_counting, name="lock-beat")

    def check(self) -> None:
        """Raises Locked when another machine took this run for gone, as when it was suspended, and holds the folder."""
        if not self._is_ours():
            raise Locked(self._held, _in_words(self._read()), self._instead)

    def __enter__(self) -> Lock:
        while True:
            self._handle = self._open()
            try:
                self._acquire()
                if self._is_in_place():
                    break
            except BaseException:
                os.close(self._handle)
                raise
            os.close(self._handle)  # whoever held it took it away meanwhile
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._thread.join()
        ours = self._is_ours()
        with suppress(OSError):  # Windows takes away no file that is open
            if ours:
                self._path.unlink()
        os.close(self._handle)
        if ours and os.name != "posix":
            with suppress(OSError):
                self._path.unlink()

    def _open(self) -> int:
        refuse_link(self._path)
        with writing(self._path):
            return os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o644)

    def _is_in_place(self) -> bool:
        try:
            there = os.lstat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._handle))

    def _acquire(self) -> None:
        try:
            _lock(self._handle)
            self._wait_for_other_machine()
            self._write()
        except BlockingIOError:
            raise Locked(self._held, _in_words(self._read()), self._instead) from None
        except OSError as error:
            raise CannotWrite(
                self._path, f"its folder keeps no locks ({error.strerror}); choose another folder"
            ) from None

    def _wait_for_other_machine(self) -> None:
        """Raises Locked when the run that the file names is on another machine and counts on."""
        before = self._read()
        if not before or before.get("machine") == self._holder["machine"]:
            return  # the kernel gave the lock: whoever had it here is gone
        until = time.monotonic() + MISSED_BEATS * BEAT_SECONDS
        while time.monotonic() < until:
            time.sleep(BEAT_SECONDS / 4)
            if (now := self._read()) != before and now:
                raise Locked(self._held, _in_words(now), self._instead)

    def _keep_counting(self) -> None:
        while not self._released.wait(BEAT_SECONDS):
            self._holder["beat"] += 1
            with suppress(OSError):  # what cannot be written now can in two seconds, or the run notices it itself
                if self._is_ours():
                    self._write()

    def _is_ours(self) -> bool:
        return bool(self._read().get("token") == self._holder["token"])

    def _write(self) -> None:
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, json.dumps(self._holder).encode().ljust(512))

    def _read(self) -> dict[str, Any]:
        """Who holds the folder; empty when nobody does, or it cannot be made out."""
        try:
            holder = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return holder if isinstance(holder, dict) else {}


def folder_lock(folder: Path) -> Lock:
    """The lock of a folder, as `Lock` takes and gives it."""
    return Lock(folder / FILE, folder)


def state_lock(path: Path) -> Lock:
    """The lock of a schedule's state, beside it: one runner at a time goes by a name in a folder."""
    return Lock(path.with_name(f".{path.name}{FILE}"), path, "another name with --name")


def run_lock(outputs: Outputs) -> AbstractContextManager[object]:
    """The lock of the files of a run, beside them; none where they have a folder of their own."""
    if outputs.has_own_folder:
        return nullcontext()
    return Lock(outputs.plan.with_name(f".{outputs.plan.stem}{FILE}"), outputs.plan)


def _lock(handle: int) -> None:
    """Takes the kernel's lock of an open file. Raises BlockingIOError where another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            raise BlockingIOError(*error.args) from None
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _machine() -> str:
    """What tells this machine, since it was started, from every other; its name where the system has nothing better."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()


def _in_words(holder: dict[str, Any]) -> str:
    if not holder:
        return "a process that has only just begun, or is about to end"
    return f"process {holder.get('pid')} on host {holder.get('host')}, since {holder.get('since')}"
