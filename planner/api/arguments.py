"""Arguments of the functions: they take what the options of the commands take, and errors name them instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from models import months
from planner.api.frames import cell_of
from planner.errors import PlannerError, WrongUsage
from planner.options.values import Duration, Share

P = ParamSpec("P")
R = TypeVar("R")

OTHER_NAMES = {"paths": "sample"}
"""Arguments that have another name than their option, and that one's."""
CHECKED = (click.Choice, click.IntRange, click.FloatRange, Share, Duration)
"""Types of options whose values are the same in Python; others have forms of their own there, such as DataFrames."""


def as_options_of(command: click.Command) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a function whose keyword arguments mean what the options of a command do.

    A value is held to the type of its option, and what raises `PlannerError` names the arguments.
    """
    options = {each.name: each.type for each in command.params if isinstance(each.type, CHECKED)}

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for name, value in kwargs.items():
                kind = options.get(OTHER_NAMES.get(name, name))
                if kind is not None and value is not None:
                    kwargs[name] = _read(name, kind, value)
            try:
                return function(*args, **kwargs)
            except PlannerError as error:
                error.args = tuple(map(_with_arguments, error.args))
                raise

        return call

    return decorate


def _read(name: str, kind: click.ParamType, value: Any) -> Any:  # type: ignore[type-arg]
    try:
        return kind.convert(value, None, None)
    except click.BadParameter as error:
        raise WrongUsage(f"{name}: {error.message}") from None


def _with_arguments(message: str) -> str:
    """A message with the arguments that say what the options in it say.

    >>> _with_arguments("Raise --sample, or choose another --committed-until.")
    'Raise paths, or choose another committed_until.'
    """
    names = {option: argument for argument, option in OTHER_NAMES.items()}
    return re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda found: names.get(found[1], found[1].replace("-", "_")), message)


def month_of(value: Any) -> int | None:
    """The month number of a Period, a date or a text such as 2026-09.

    Raises
    ------
    WrongUsage
        It is none.
    """
    if value is None:
        return None
    month = months.parse(cell_of(value))
    if month is None:
        raise WrongUsage(f"{value!r} is no month; give a Period, a date, or a text such as '2026-09'.")
    return month
