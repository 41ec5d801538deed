"""A DAG for Apache Airflow, 2 and 3."""

from __future__ import annotations

from planner.schedule.formats.render import render
from planner.schedule.schedule import FINAL, Schedule, ScheduleFiles, check_portable_days, numeric_weekdays


def airflow(schedule: Schedule) -> ScheduleFiles:
    """The DAG file; the planner runs where the worker runs, by absolute paths.

    Raises
    ------
    WrongUsage
        Airflow reads the days otherwise than cron.
    """
    check_portable_days(schedule, "Airflow")
    arguments = "".join(f"    {_quoted(each)},\n" for each in (*schedule.command, *schedule.arguments))
    text = render(
        "dag.py",
        schedule,
        command=f"[\n{arguments}]",
        folder=_quoted(str(schedule.folder)),
        cron=_quoted(numeric_weekdays(schedule)),
        zone=_quoted(schedule.zone or "UTC"),
        final=", ".join(map(str, FINAL)),
    )
    name = f"{schedule.name.replace('-', '_')}_dag.py"
    install = (f"Copy {schedule.written(name)} into Airflow's folder of DAGs, and unpause the DAG {schedule.name}.",)
    return ScheduleFiles({name: text}, install, ("The paths in it must be the same on Airflow's workers as here.",))


def _quoted(text: str) -> str:
    """A text as Python writes it, in double quotes where they do."""
    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else repr(text)
