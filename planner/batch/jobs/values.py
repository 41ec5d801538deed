"""The columns of a job file, and how their values are read, from TOML or from cells.

Every reader raises ValueError with what to write instead.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from planner.options.values import Duration, Gap, Memory, Override

SEPARATOR = r"\n|;(?=[^;\n]*\.[^;\n]*=)"
"""Parts several places and values in one text; a value may itself be names separated by `;`."""


def flatten(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The entries of nested tables by dotted keys.

    >>> list(flatten({"settings": {"months": 24}, "leases.West 1.units_max": 2}))
    [('settings.months', 24), ('leases.West 1.units_max', 2)]
    """
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def override_text(value: Any) -> str:
    """A value as `--set` takes it.

    >>> override_text(True), override_text(0.08), override_text(dt.date(2026, 9, 1))
    ('yes', '0.08', '2026-09-01')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if not isinstance(value, (str, int, float)):
        raise ValueError("Write one value for each cell.")
    return str(value)


def overrides(value: Any) -> tuple[str, ...]:
    """Texts `sheet.key.column=value`, from a table by place, a list of texts, or one text.

    >>> overrides({"settings": {"months": 24}}), overrides("settings.months=24; caps.c.providers=a;b")
    (('settings.months=24',), ('settings.months=24', 'caps.c.providers=a;b'))
    >>> overrides(["settings.months=24; settings.discount_rate=0.1"])
    ('settings.months=24', 'settings.discount_rate=0.1')
    """
    if isinstance(value, Mapping):
        return tuple(Override().read(f"{place}={override_text(each)}") for place, each in flatten(value))
    texts = map(override_text, value if isinstance(value, list) else [value])
    return tuple(Override().read(part) for text in texts for part in re.split(SEPARATOR, text) if part.strip())


def grid(value: Any) -> dict[str, tuple[str, ...]]:
    """Values to try for each place, from a table of lists, or a text `place = value | value`.

    >>> grid("settings.discount_rate = 0.08 | 0.1")
    {'settings.discount_rate': ('0.08', '0.1')}
    """
    pairs: list[tuple[str, Any]]
    if isinstance(value, Mapping):
        pairs = list(flatten(value))
    else:
        parts = [part.partition("=") for part in re.split(SEPARATOR, override_text(value)) if part.strip()]
        pairs = [(place.strip(), [each.strip() for each in values.split("|")]) for place, _, values in parts]
    found = {}
    for place, values in pairs:
        if "." not in place or not isinstance(values, list) or not values:
            raise ValueError('Write a list of values for each place, such as "settings.discount_rate" = [0.08, 0.1].')
        found[place] = tuple(dict.fromkeys(override_text(each) for each in values))
    return found


def text(value: Any) -> str:
    """One text."""
    shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if isinstance(value, (bool, list, dict)) or not shown.strip():
        raise ValueError("Write a name.")
    return " ".join(shown.split())


def path(value: Any) -> str:
    """One text as it stands: blanks may be part of the name of a file."""
    return value.strip() if isinstance(value, str) and value.strip() else text(value)


def texts(value: Any) -> tuple[str, ...]:
    """Texts in a list, or in one text separated by `;`."""
    parts = value if isinstance(value, list) else re.split(r"[;\n]", text(value))
    return tuple(text(part) for part in parts if str(part).strip())


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Reads a whole number within bounds."""

    def read(value: Any) -> int:
        plain = not isinstance(value, bool) and re.fullmatch(r"\d+(\.0+)?", str(value).strip())
        if not plain or not least <= float(value) <= most:
            raise ValueError(f"Write a whole number from {least} to {most}.")
        return int(float(value))

    return read


def flag(value: Any) -> bool:
    """Yes or no, true or false."""
    words = {"yes": True, "no": False, "true": True, "false": False}
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError("Write yes or no.")
    return words[word]


def money(value: Any) -> float:
    """An amount of at least 0."""
    try:
        amount = float(str(value))
    except ValueError:
        amount = -1.0
    if not 0.0 <= amount < float("inf"):
        raise ValueError("Write an amount in USD of at least 0.")
    return amount


class JobColumn(NamedTuple):
    """A column of a job file: what reads its values, and what it holds, for messages."""

    read: Callable[[Any], Any]
    expected: str


COLUMNS = {
    "name": JobColumn(text, "the name of the job"),
    "input": JobColumn(path, "the path of a workbook"),
    "set": JobColumn(overrides, "values by place, or texts sheet.key.column=value"),
    "grid": JobColumn(grid, "lists of values by place"),
    "gap": JobColumn(Gap().read, "a relative gap"),
    "time_limit": JobColumn(Duration().read, "a time"),
    "threads": JobColumn(whole(1, 1024), "a number of threads"),
    "seed": JobColumn(whole(0, 2**31 - 1), "a seed"),
    "alternatives": JobColumn(whole(0, 20), "a number of plans"),
    "within": JobColumn(Gap().read, "a share"),
    "stress": JobColumn(whole(0, 10_000), "a number of samples"),
    "accept_stopped": JobColumn(flag, "yes or no"),
    "time_budget": JobColumn(Duration().read, "a time"),
    "memory_mb": JobColumn(Memory().read, "megabytes"),
    "after": JobColumn(texts, "names of jobs"),
    "keep_plan_of": JobColumn(text, "the name of a job"),
    "change_cost": JobColumn(money, "USD per unit departed"),
    "start_plan_of": JobColumn(text, "the name of a job"),
}
"""What a job file can say; all but the first four are fields of Job by the same name."""
