"""`python -m planner`; under `mpiexec` as `python -m mpi4py -m planner`."""

import sys
from typing import Any

from planner.cli import main
from planner.stochastic.mpi import serve


def take_part(task: Any) -> None:
    """A rank's part of a decomposition; the libraries it needs load once there is one."""
    from planner.stochastic.decomposition import take_part

    take_part(task)


if __name__ == "__main__":
    sys.exit(0 if serve(take_part) else main())
