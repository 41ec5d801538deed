"""The forms of the values of options: shares, times, sizes, months, cells to override, paths.

Each is read from text or a TOML value; an error says what to write, and where the value came from.
"""

from __future__ import annotations

import errno
import math
import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from models import months
from planner.formatting import parse_share

SOURCES = {
    ParameterSource.COMMANDLINE: "flag",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT_MAP: "config",
}


class _Path(click.Path):
    """A path that the file system can have."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse a name that is too long, or no name at all."""
        path = super().convert(value, param, ctx)
        try:
            os.lstat(path)
        except ValueError:
            self.fail("a file name cannot have a zero byte.", param, ctx)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                self.fail(
                    f"'{os.fsdecode(path)}' is longer than the file system takes; choose a shorter name.", param, ctx
                )
        return path


PATH, PATH_TEXT = _Path(path_type=Path), _Path()


def source_of(context: click.Context, parameter: click.Parameter) -> str:
    """Return where a value came from: flag, environment, config or default."""
    source = context.get_parameter_source(parameter.name) if parameter.name else None
    return SOURCES.get(source, "default") if source else "flag"


class Value(click.ParamType, ABC):  # type: ignore[type-arg]
    """A type of option that is read from text or a TOML value; an error names where the value came from."""

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Return the typed value.

        Raises
        ------
        ValueError
            The value does not fit; the message says what to write instead.
        """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the value for click."""
        try:
            return self.read(value)
        except ValueError as error:
            source = source_of(ctx, param) if ctx and param else "flag"
            place = f" in the {source}" if source in ("environment", "config") else ""
            self.fail(f"found {value!r}{place}. {error}", param, ctx)


class Share(Value):
    """A share from 0 to 1: `0.25`, or `25%`."""

    name = "share"

    def read(self, value: Any) -> float:
        """Return the share as a number.

        >>> Share().read("25%"), Share().read(1)
        (0.25, 1.0)
        """
        try:
            share = parse_share(value)
        except ValueError:
            raise ValueError("Write a share such as 0.001, or a percentage such as 0.1%.") from None
        if not 0 <= share <= 1:
            raise ValueError("Write a share from 0 to 1, such as 0.001, or a percentage such as 0.1%.")
        return share


class Gap(Share):
    """A relative gap from 0 to 1: `0.001`, or `0.1%`."""

    name = "gap"

    def read(self, value: Any) -> float:
        """Return the gap as a share.

        >>> Gap().read("0.1%"), Gap().read(0.02)
        (0.001, 0.02)
        """
        gap = super().read(value)
        if gap == 1:
            raise ValueError("Write a share of at least 0 and below 1, such as 0.001, or a percentage such as 0.1%.")
        return gap


class Risk(Value):
    """What is minimised with scenarios: `expected`, `worst`, `regret`, `budget:2`, `tv:0.1`, `wasserstein:0.1`."""

    name = "risk"

    def read(self, value: Any) -> str:
        """Return the text, once it is one of these."""
        from models.stochastic.risk import kind_and_radius

        kind_and_radius(str(value))
        return str(value).strip().lower()


class Duration(Value):
    """A time in seconds: `90`, `90s`, `15m`, `1h30m`."""

    name = "seconds"

    def read(self, value: Any) -> float:
        """Return the time in seconds.

        >>> Duration().read("15m"), Duration().read("1h30m"), Duration().read(2.5)
        (900.0, 5400.0, 2.5)
        """
        text = str(value).strip().lower()
        number = r"(\d+(?:\.\d*)?|\.\d+)"
        if plain := re.fullmatch(number, text):
            seconds = float(plain[1])
        elif (parts := re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s)?", text)) and text:
            seconds = sum(float(part or 0) * unit for part, unit in zip(parts.groups(), (3600, 60, 1), strict=True))
        else:
            raise ValueError("Write seconds, or a time such as 90s, 15m or 1h30m.")
        if not math.isfinite(seconds) or seconds <= 0:
            raise ValueError("Write a time above 0.")
        return seconds


class Memory(Value):
    """A size in megabytes (10^6 bytes): `500`, `500M`, `4G`, `1.5GB`."""

    name = "megabytes"

    def read(self, value: Any) -> float:
        """Return the size in megabytes.

        >>> Memory().read("4G"), Memory().read(500), Memory().read("250 MB")
        (4000.0, 500.0, 250.0)
        """
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(?:([mg])b?)?", str(value).strip().lower())
        if found is None or not 0.0 < float(found[1]) < math.inf:
            raise ValueError("Write megabytes above 0, or a size such as 500M or 4G.")
        return float(found[1]) * (1000.0 if found[2] == "g" else 1.0)


class Month(Value):
    """A month number, written as `2026-09`, `Sep 2026` or a TOML date."""

    name = "month"

    def read(self, value: Any) -> int:
        """Return the month number.

        >>> Month().read("2026-09") == Month().read("Sep 2026")
        True
        """
        month = months.parse(value)
        if month is None:
            raise ValueError("Write a month such as 2026-09.")
        return month


class NamedNumber(Value):
    """`NAME=VALUE`, or a value for all names; an environment variable holds one per line."""

    envvar_list_splitter = "\n"

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, value: Any) -> str:
        """Return the text.

        >>> NamedNumber("segment=number").read(0.05)
        '0.05'
        """
        return str(value).strip()


class Override(Value):
    """`sheet.key.column=value` or `settings.key=value`; an environment variable holds one per line."""

    name = "sheet.key.column=value"
    envvar_list_splitter = "\n"

    def read(self, value: Any) -> str:
        """Return the text, once it names a place and a value.

        >>> Override().read("leases.Colossus 1.units_max=2")
        'leases.Colossus 1.units_max=2'
        """
        text = str(value).strip()
        place, equals, _ = text.partition("=")
        if not equals or "." not in place:
            raise ValueError("Write sheet.key.column=value, such as 'leases.West 1.units_max=2' or settings.months=24.")
        return text
