"""A Dask cluster of separate processes on this machine, whose workers can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from batches import wait_for
from commandline import environment


@dataclass
class Cluster:
    """A scheduler and workers of one job at a time, each a process of its own with a folder of its own."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def start(self, name: str, *words: str) -> None:
        file = str(self.folder / "scheduler.json")
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", "--scheduler-file", file, *words[1:]],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def worker(self, name: str) -> None:
        local = str(self.folder / name)
        self.start(
            name, "worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", local,
            "--host", "127.0.0.1", "--death-timeout", "120",
        )  # fmt: skip

    def jobs_of(self, name: str) -> list[int]:
        """Ids of job processes at work in a worker's folder."""
        found = []
        for each in Path("/proc").iterdir():
            if each.name.isdigit():
                try:
                    place = os.readlink(each / "cwd")
                except OSError:
                    continue
                if place.startswith(str(self.folder / name)) and "planner-" in place:
                    found.append(int(each.name))
        return found


@contextmanager
def two_workers(folder: Path) -> Iterator[Cluster]:
    """A scheduler and the workers `one` and `two`, in a folder that is made."""
    folder.mkdir()
    made = Cluster(folder)
    made.start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    made.worker("one")
    made.worker("two")
    wait_for(lambda: (folder / "scheduler.json").exists())
    try:
        yield made
    finally:
        for each in made.processes.values():
            each.kill()
            each.wait()
