"""A Kubernetes CronJob."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from planner.errors import WrongUsage
from planner.schedule.formats.render import render, yaml_quoted
from planner.schedule.schedule import FINAL, SKIPPED, Schedule, ScheduleFiles, check_portable_days, numeric_weekdays

MOUNT = "/work"


def kubernetes(schedule: Schedule) -> ScheduleFiles:
    """The manifest; workbooks and plans are on a claimed volume, which is the working folder.

    Raises
    ------
    WrongUsage
        There is no image, a path lies outside the volume, or Kubernetes reads the days otherwise than cron.
    """
    check_portable_days(schedule, "Kubernetes")
    if not schedule.image:
        raise WrongUsage("A CronJob needs a container image that has the planner: give --image REGISTRY/NAME:TAG.")
    for path in (schedule.jobs, schedule.into):
        pure = PurePosixPath(path)
        if (pure.is_absolute() and not pure.is_relative_to(MOUNT)) or ".." in pure.parts:
            raise WrongUsage(f"'{path}' is not on the volume of the pod. Give it as seen from {MOUNT}, such as weekly.")
    claim = schedule.claim or schedule.name
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", claim):
        raise WrongUsage(f"--claim '{claim}' is not the name of a claim: small letters, digits, dashes and dots.")
    text = render(
        "cronjob.yaml",
        schedule,
        cron=yaml_quoted(numeric_weekdays(schedule)),
        zone=yaml_quoted(schedule.zone or "Etc/UTC"),
        never_again=", ".join(map(str, sorted((*FINAL, SKIPPED)))),
        image=yaml_quoted(schedule.image),
        arguments=yaml_quoted([each.replace("$", "$$") for each in schedule.arguments]),  # $(NAME) would be a variable
        mount=MOUNT,
        claim=yaml_quoted(claim),
    )
    name = f"{schedule.name}.cronjob.yaml"
    install = (
        f"kubectl apply -f {schedule.written(name)}",
        f"kubectl create job --from=cronjob/{schedule.name} try-it    (a first run)",
    )
    notes = (
        f"The claim {claim} must be there; it holds the workbooks and takes the plans.",
        "Memory and CPU of the container are a guess: set them to what `planner batch` reports as peak.",
    )
    return ScheduleFiles({name: text}, install, notes)
