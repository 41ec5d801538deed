"""`python -m planner`; under `mpiexec` as `python -m mpi4py -m planner`."""

import sys

from planner.cli import main
from planner.uncertain.ranks import serve

if __name__ == "__main__":
    sys.exit(0 if serve() else main())
