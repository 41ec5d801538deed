"""Ranks: the processes of one run under `mpiexec`. The subproblems are spread over all of them; rank 0 does the rest.

Started as `mpiexec -n N python -m mpi4py -m planner …`. The other ranks wait for a problem to take part in, and end
with rank 0. Without `mpiexec` there is one process, and nothing here does anything.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STARTED_BY = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "MV2_COMM_WORLD_SIZE", "MPI_LOCALNRANKS")
"""Set by the usual launchers in the processes they start."""


@dataclass(frozen=True)
class Ranks:
    """The processes that solve together; without a communicator this process alone."""

    comm: Any = None

    @property
    def rank(self) -> int:
        """The number of this process."""
        return 0 if self.comm is None else int(self.comm.Get_rank())

    @property
    def size(self) -> int:
        """How many there are."""
        return 1 if self.comm is None else int(self.comm.Get_size())

    def broadcast(self, value: Any) -> Any:
        """The value that rank 0 passes, on every rank."""
        return value if self.comm is None else self.comm.bcast(value, root=0)

    def allgather(self, value: Any) -> list[Any]:
        """The values that all ranks pass, in their order, on every rank."""
        return [value] if self.comm is None else self.comm.allgather(value)

    def merge(self, entries: Mapping[Any, Any]) -> dict[Any, Any]:
        """The entries that all ranks pass, on every rank."""
        return {key: value for own in self.allgather(entries) for key, value in own.items()}

    def any(self, value: bool) -> bool:
        """Whether any rank passes True."""
        return any(self.allgather(value))

    def share(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names that fall to this rank, in runs of their order as even as can be."""
        ordered = tuple(names)
        average = len(ordered) / self.size
        return ordered[int(self.rank * average) : int((self.rank + 1) * average)]


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
    for each in (signal.SIGINT, signal.SIGTERM):  # which mpiexec passes on; rank 0 decides what to stop
        signal.signal(each, signal.SIG_IGN)
    while (task := world.broadcast(None)) is not None:
        take_part(task)
    return True
