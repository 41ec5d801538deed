"""The DAG, imported by a real Airflow where there is one, else by stand-ins of its two generations."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from schedules import ODD, schedule

from planner.errors import WrongUsage
from planner.schedule.formats.airflow import airflow
from planner.schedule.schedule import Schedule

Loaded = Callable[[Schedule], Any]


class DAG:
    """Notes what it is made with, and its one task."""

    current: DAG

    def __init__(self, **arguments: Any) -> None:
        self.arguments, self.task = arguments, None

    def __enter__(self) -> DAG:
        DAG.current = self
        return self

    def __exit__(self, *_: object) -> None: ...


class BaseOperator:
    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        DAG.current.task = self


class SubprocessHook:
    """Ends with the exit code that the command ends in."""

    def run_command(self, command: list[str], env: dict[str, str], cwd: str) -> Any:
        self.stopped = False
        return SimpleNamespace(exit_code=int(command[-1]))

    def send_sigterm(self) -> None:
        self.stopped = True


class AirflowException(Exception): ...


class AirflowFailException(AirflowException): ...


class AirflowSkipException(AirflowException): ...


HOOK = {"SubprocessHook": SubprocessHook}
EXCEPTIONS = {
    "AirflowException": AirflowException,
    "AirflowFailException": AirflowFailException,
    "AirflowSkipException": AirflowSkipException,
}
GENERATIONS: dict[int, dict[str, dict[str, Any]]] = {
    2: {
        "airflow": {"DAG": DAG},
        "airflow.models": {"BaseOperator": BaseOperator},
        "airflow.hooks.subprocess": HOOK,
        "airflow.exceptions": EXCEPTIONS,
    },
    3: {
        "airflow": {},
        "airflow.sdk": {"DAG": DAG, "BaseOperator": BaseOperator},
        "airflow.sdk.exceptions": EXCEPTIONS,
        "airflow.providers.standard.hooks.subprocess": HOOK,
    },
}
COMMON = {
    "pendulum": {"datetime": lambda *parts, tz: (dt.datetime(*parts), tz)},
}


def imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("a_dag", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(folder: Path, given: Schedule) -> Path:
    ((name, text),) = airflow(given).texts.items()
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(params=GENERATIONS)
def load(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Imports the file as Airflow 2 and as Airflow 3 would."""
    for name, holds in {**COMMON, **GENERATIONS[request.param]}.items():
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            package = ".".join(parts[:depth])
            if not isinstance(sys.modules.get(package), Stand):
                monkeypatch.setitem(sys.modules, package, Stand(package))
        for key, value in holds.items():
            setattr(sys.modules[name], key, value)
    return lambda given: imported(written(tmp_path, given))


class Stand(ModuleType):
    """A module that stands in for one of Airflow's."""

    __path__: list[str] = []  # noqa: RUF012


def test_it_runs_once_at_a_time_and_catches_nothing_up(load: Loaded) -> None:
    """The calendar, the zone and the words are those given."""
    given = schedule(cron="0 6 * * 7", zone="Europe/Berlin", options=ODD, budget_seconds=7200.0)
    module = load(given)
    dag = module.dag.arguments
    assert (dag["dag_id"], dag["schedule"], dag["start_date"][1]) == ("planner-weekly", "0 6 * * 0", "Europe/Berlin")
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
    assert ["/opt/planner/bin/planner", *given.arguments] == module.COMMAND
    assert module.dag.task.arguments["execution_timeout"] > dt.timedelta(hours=2)
    assert dag["dagrun_timeout"] > module.dag.task.arguments["execution_timeout"]


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        (0, None),
        (1, AirflowException),
        (2, AirflowFailException),
        (3, AirflowFailException),
        (7, AirflowException),
        (8, AirflowSkipException),
        (9, AirflowFailException),
        (-9, AirflowException),
    ],
)
def test_only_what_may_pass_is_tried_again(load: Loaded, code: int, ends: type[Exception] | None) -> None:
    """A crash or a full disk is tried again; faulty input and failed jobs are not; a held lock skips the run."""
    task = load(schedule(options=(str(code),))).dag.task
    if ends is None:
        task.execute({})
        return
    with pytest.raises(AirflowException) as caught:
        task.execute({})
    assert type(caught.value) is ends


def test_a_task_that_is_ended_stops_its_batch(load: Loaded) -> None:
    """The batch gets SIGTERM, and stops its jobs."""
    task = load(schedule(options=("0",))).dag.task
    task.execute({})
    task.on_kill()
    assert task.hook.stopped


def test_days_that_airflow_reads_otherwise_are_refused() -> None:
    """A starred step beside another day field means something else there."""
    with pytest.raises(WrongUsage, match="Airflow when either does"):
        airflow(schedule(cron="0 6 */2 * MON"))


@pytest.mark.skipif(importlib.util.find_spec("airflow") is None, reason="Airflow is not installed beside the planner")
def test_airflow_itself_imports_it(tmp_path: Path) -> None:
    """A real Airflow finds the DAG with its one task."""
    module = imported(written(tmp_path, schedule(zone="Europe/Berlin")))
    assert module.dag.dag_id == "planner-weekly"
    assert module.dag.task_ids == ["batch"]
