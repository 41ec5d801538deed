"""A DAG for Apache Airflow, 2 and 3."""

from __future__ import annotations

from pathlib import Path

from planner.schedule.schedule import (
    FINAL,
    SKIPPED,
    Schedule,
    ScheduleFiles,
    check_portable_days,
    comment,
    numeric_weekdays,
)


def airflow(schedule: Schedule) -> ScheduleFiles:
    """The DAG file; the planner runs where the worker runs, by absolute paths.

    Raises
    ------
    WrongUsage
        Days that Airflow reads otherwise than cron.
    """
    check_portable_days(schedule, "Airflow")
    text = comment(schedule.heading) + _DAG.format(
        name=schedule.name,
        command=_list([*schedule.command, *schedule.batch]),
        folder=_text(schedule.folder),
        cron=_text(numeric_weekdays(schedule)),
        zone=_text(schedule.zone or "UTC"),
        final=", ".join(str(code) for code in FINAL),
        skipped=SKIPPED,
        end=schedule.end_seconds,
        start=_START,
    )
    name = f"{schedule.name.replace('-', '_')}_dag.py"
    install = (f"Copy {name} into Airflow's folder of DAGs, and unpause the DAG {schedule.name}.",)
    notes = ("The paths in it must be the same on Airflow's workers as here.",)
    return ScheduleFiles({name: text}, install, notes)


_START = "2026, 1, 1"
"""Any day in the past: nothing is caught up."""


def _text(value: str | Path) -> str:
    """A text as Python writes it, in double quotes where they do."""
    plain = str(value)
    return f'"{plain}"' if plain.isprintable() and '"' not in plain and "\\" not in plain else repr(plain)


def _list(words: list[str]) -> str:
    return "[\n" + "".join(f"    {_text(word)},\n" for word in words) + "]"


_DAG = '''\
"""Runs a batch of plans on a calendar."""

from __future__ import annotations

import datetime
import os

import pendulum

try:  # Airflow 3
    from airflow.sdk import DAG, BaseOperator
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models import BaseOperator
try:
    from airflow.providers.standard.hooks.subprocess import SubprocessHook
except ImportError:  # Airflow 2 without the standard provider
    from airflow.hooks.subprocess import SubprocessHook
try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # before 3.2
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

COMMAND = {command}
FOLDER = {folder}
SKIPPED = {skipped}  # another batch is at work on the same folder
FINAL = ({final})  # faulty input, no plan exists, an audit rejects, jobs failed for good: a new try would repeat it


class PlannerBatch(BaseOperator):
    """One batch; tries again only after what may pass, and stops it cleanly when the task is ended."""

    def execute(self, context):
        self.hook = SubprocessHook()
        code = self.hook.run_command(COMMAND, env=dict(os.environ), cwd=FOLDER).exit_code
        if code == SKIPPED:
            raise AirflowSkipException("another batch is at work on the same folder")
        if code in FINAL:
            raise AirflowFailException(f"planner batch ended with exit code {{code}}")
        if code:
            raise AirflowException(f"planner batch ended with exit code {{code}}; it is tried again")

    def on_kill(self):
        self.hook.send_sigterm()


with DAG(
    dag_id="{name}",
    description="planner batch",
    schedule={cron},
    start_date=pendulum.datetime({start}, tz={zone}),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=datetime.timedelta(seconds={end} * 3),
    tags=["planner"],
) as dag:
    PlannerBatch(
        task_id="batch",
        retries=2,
        retry_delay=datetime.timedelta(minutes=5),
        execution_timeout=datetime.timedelta(seconds={end}),
    )
'''
