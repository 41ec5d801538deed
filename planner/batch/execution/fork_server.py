"""A process that starts jobs: it loads the libraries once and forks for each job.

A job costs a fork then, not a second of imports, and is still a process of its own, which can be killed alone and
cannot harm another. The server itself never solves anything, runs no threads, and ignores the signals meant for jobs.

For each job the client hands over a socket with a request on it, a line of JSON. A fork of the server, the job's
supervisor, answers with a line of JSON when the job has ended; until then whatever the client writes asks the job to
stop. A socket that closes before there is an answer is a lost job at the one end, and a job nobody waits for at the
other.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from planner.batch.execution.budgeted_process import supervise
from planner.batch.execution.budgets import BudgetedCommand

LIBRARIES = (
    "openpyxl",
    "pyomo.core",
    "scipy.sparse",
    "xlsxwriter",
    "models.audit",
    "models.build",
    "models.warm_start",
    "planner.analysis.base_case",
    "planner.commands.solve",
    "planner.analysis.offer_values",
    "planner.analysis.marginal_values",
    "planner.results.fingerprints",
    "planner.analysis.plan_stability",
    "planner.excel.plan_reader",
    "planner.run.command",
    "planner.run.deterministic",
    "planner.reports.run_json",
    "planner.solving.search",
    "planner.reports.plan.overview_sheet",
)
"""What a solve needs. Loaded before the fork on Linux only: elsewhere system libraries do not bear it."""


def main(control_handle: int) -> None:
    """Serves until the control socket closes."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    if sys.platform == "linux":
        for name in LIBRARIES:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # so that forks share these pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a supervisor
    control = socket.socket(fileno=control_handle)
    while True:
        data, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        with socket.socket(fileno=handles[0]) as client, suppress(OSError):
            # Where there is no process or no memory to be had now, that is this job's misfortune alone.
            if os.fork() == 0:
                control.close()
                _serve(client)


def _serve(client: socket.socket) -> None:
    """Runs the job that is requested on a socket, answers, and ends this process."""
    try:
        with client.makefile("rb") as lines:
            request = json.loads(lines.readline())
        folder = Path(request.pop("folder"))
        result = supervise(folder, BudgetedCommand(**request), client)
        client.sendall(json.dumps(asdict(result)).encode() + b"\n")
    finally:
        os._exit(0)
