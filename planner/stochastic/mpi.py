"""Processes of one run under `mpiexec`: rank 0 does everything but the parts, which are spread over all of them.

Started as `mpiexec -n N python -m mpi4py -m planner …`. The other ranks wait for a problem to take part in, and end
with rank 0. Without `mpiexec` there is one process, and nothing here does anything.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

STARTED_BY = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "MV2_COMM_WORLD_SIZE", "MPI_LOCALNRANKS")
"""Set by the usual launchers in the processes they start."""


@dataclass(frozen=True)
class Ranks:
    """The processes that solve together; by itself this process alone."""

    comm: Any = None

    @property
    def rank(self) -> int:
        return 0 if self.comm is None else int(self.comm.Get_rank())

    @property
    def size(self) -> int:
        return 1 if self.comm is None else int(self.comm.Get_size())

    def broadcast(self, what: Any) -> Any:
        """What rank 0 says, on every rank."""
        return what if self.comm is None else self.comm.bcast(what, root=0)

    def allgather(self, mine: Any) -> list[Any]:
        """What every rank says, on every rank."""
        return [mine] if self.comm is None else self.comm.allgather(mine)

    def merge(self, mine: dict[Any, Any]) -> dict[Any, Any]:
        """The entries of all ranks, on every rank."""
        return {key: value for each in self.allgather(mine) for key, value in each.items()}

    def any(self, mine: bool) -> bool:
        """Whether it is so on any rank."""
        return any(self.allgather(mine))

    def share(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names this rank is for: as mpi-sppy spreads scenarios, in runs of their order."""
        given = tuple(names)
        average = len(given) / self.size
        return given[int(self.rank * average) : int((self.rank + 1) * average)]


def ranks() -> Ranks:
    """The ranks of this run."""
    if not any(name in os.environ for name in STARTED_BY):
        return Ranks()
    try:
        from mpi4py import MPI
    except ImportError:
        return Ranks()
    return Ranks(MPI.COMM_WORLD) if MPI.COMM_WORLD.Get_size() > 1 else Ranks()


def serve(take_part: Callable[[Any], None]) -> bool:
    """On a rank other than 0: takes part in each task of rank 0 until it ends, then True. On rank 0 at once False."""
    world = ranks()
    if world.size > 1 and world.rank == 0:
        atexit.register(world.broadcast, None)
    if world.rank == 0:
        return False
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 decides what to stop, and says so
    while (task := world.broadcast(None)) is not None:
        take_part(task)
    return True
