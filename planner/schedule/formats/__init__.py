"""The files of each scheduler: what is checked and quoted in a module, the rest in a template."""

from collections.abc import Callable

from planner.schedule.formats.airflow import airflow
from planner.schedule.formats.crontab import crontab
from planner.schedule.formats.github import github
from planner.schedule.formats.kubernetes import kubernetes
from planner.schedule.formats.systemd import systemd
from planner.schedule.formats.windows import windows
from planner.schedule.schedule import Schedule, ScheduleFiles

FORMATS: dict[str, Callable[[Schedule], ScheduleFiles]] = {
    "cron": crontab,
    "systemd": systemd,
    "kubernetes": kubernetes,
    "airflow": airflow,
    "github": github,
    "windows": windows,
}
