"""One run at a time in an output folder.

The lock is the kernel's (flock), which it takes back when the process ends, however it ends: on one machine a lock
cannot be left behind. Beside it stands who holds it, for the message, and a count that goes up every two
seconds, by which another machine on a shared folder whose kernel knows nothing of the lock tells a run that lives
from one that is gone. No clock is compared with another.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from planner.errors import CannotWrite, Locked, why_not

FILE = ".lock"
BEAT_SECONDS = 2.0
BEATS = 3
"""A run on another machine that has not counted on for so many beats is gone."""


class Lock:
    """A folder held by this process. Made by `locked`."""

    def __init__(self, folder: Path, handle: int) -> None:
        self._folder = folder
        self._handle = handle
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._holder: dict[str, Any] = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "machine": machine(),
            "since": now,
            "token": secrets.token_hex(8),
            "beat": 0,
        }
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lock-beat")

    def check(self) -> None:
        """Raises Locked when another machine took this run for gone, as when it was suspended, and holds the folder."""
        holder = _read(self._folder / FILE)
        if holder.get("token") != self._holder["token"]:
            raise Locked(self._folder, _told(holder))

    def __enter__(self) -> Lock:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()
        with suppress(OSError):
            if _read(self._folder / FILE).get("token") == self._holder["token"]:
                os.ftruncate(self._handle, 0)
        os.close(self._handle)

    def _beat(self) -> None:
        while not self._left.wait(BEAT_SECONDS):
            self._holder["beat"] += 1
            with suppress(OSError):  # what cannot be written now can in two seconds, or the batch notices it itself
                if _read(self._folder / FILE).get("token") == self._holder["token"]:
                    self._write()

    def _write(self) -> None:
        text = json.dumps(self._holder).encode()
        os.pwrite(self._handle, text.ljust(512), 0)


@contextmanager
def locked(folder: Path) -> Iterator[Lock]:
    """Holds a folder while the block runs.

    Raises
    ------
    Locked
        Another run is at work there.
    CannotWrite
        The folder keeps no locks, or cannot be written.
    """
    path = folder / FILE
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CannotWrite(path, why_not(error)) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _wait_for_elsewhere(folder)
        lock = Lock(folder, handle)
        lock.__enter__()
    except BlockingIOError:
        os.close(handle)
        raise Locked(folder, _told(_read(path))) from None
    except OSError as error:
        os.close(handle)
        raise CannotWrite(path, f"its folder keeps no locks ({error.strerror}); choose another folder") from None
    except Locked:
        os.close(handle)
        raise
    try:
        yield lock
    finally:
        lock.__exit__()


def machine() -> str:
    """What tells this machine, since it was started, from every other; its name where the system has nothing better."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _wait_for_elsewhere(folder: Path) -> None:
    """Raises Locked when the run that the file names is on another machine and counts on."""
    before = _read(folder / FILE)
    if not before or before.get("machine") == machine():
        return  # the kernel gave the lock: whoever had it here is gone
    until = time.monotonic() + BEATS * BEAT_SECONDS
    while time.monotonic() < until:
        time.sleep(BEAT_SECONDS / 4)
        if (now := _read(folder / FILE)) != before and now:
            raise Locked(folder, _told(now))


def _read(path: Path) -> dict[str, Any]:
    """Who holds the folder; empty when nobody does, or it cannot be made out."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _told(holder: dict[str, Any]) -> str:
    if not holder:
        return "a process that has only just begun, or is about to end"
    return f"process {holder.get('pid')} on host {holder.get('host')}, since {holder.get('since')}"
