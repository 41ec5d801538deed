"""Files of schedulers from the templates beside this module, whose placeholders are those of `string.Template`."""

from __future__ import annotations

import json
from importlib import resources
from string import Template

from planner.schedule.places import MARK
from planner.schedule.schedule import SKIPPED, Schedule


def render(template: str, schedule: Schedule, **values: object) -> str:
    """A template with values in it.

    Parameters
    ----------
    template
        Its file name, without `.template`.
    schedule
        What is started when; a template has `$heading`, `$name`, `$end_seconds` and `$skipped` of it.
    **values
        The template's other values, already quoted as its syntax wants them.

    Raises
    ------
    WrongUsage
        No file can hold a name or option of the schedule.
    """
    schedule.check_text()
    text = resources.files(__package__).joinpath("templates", f"{template}.template").read_text(encoding="utf-8")
    zone = schedule.zone or "the scheduler's own time zone"
    heading = f"{MARK}: {schedule.name}, '{schedule.calendar.text}' in {zone}. {schedule.place.words}"
    common = {"heading": heading, "name": schedule.name, "end_seconds": schedule.end_seconds, "skipped": SKIPPED}
    return Template(text).substitute(common | values)


def yaml_quoted(value: object) -> str:
    r"""A text or a list as YAML takes it on one line: JSON is YAML.

    >>> print(yaml_quoted('say "hi"'))
    "say \"hi\""
    """
    return json.dumps(value, ensure_ascii=False)
