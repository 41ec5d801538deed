"""The command as a process: `planner`, `python -m planner`, or under `mpiexec` `python -m mpi4py -m planner`."""

import signal
import sys
from typing import Any


def main() -> int:
    """Run the command; a signal while its libraries load is answered in words, and none leaves a traceback."""
    try:
        from planner.cli import main as run
        from planner.stochastic.mpi import serve

        code = 0 if serve(take_part) else run()
    except KeyboardInterrupt:
        print("planner: Interrupted: no result was written.", file=sys.stderr)
        code = 130
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    return code


def take_part(task: Any) -> None:
    """A rank's part of a decomposition; the libraries it needs load once there is one."""
    from planner.stochastic.decomposition import take_part

    take_part(task)


if __name__ == "__main__":
    sys.exit(main())
