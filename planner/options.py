"""Options of the commands: what a value may look like, and where it came from.

A value comes from the flag, else from the environment variable `PLANNER_` + the option's name
(`--time-limit`: `PLANNER_TIME_LIMIT`), else from the TOML file named by `--config` (top-level keys,
`time_limit` or `time-limit`), else it is the default. The environment variable means the same for
every command that has the option.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from models import months
from models.faults import closest
from planner.formatting import parse_share

Command = TypeVar("Command", bound=Callable[..., Any])

SOURCES = {
    ParameterSource.COMMANDLINE: "flag",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT_MAP: "config",
}


class Value(click.ParamType):  # type: ignore[type-arg]
    """A value read from text or a TOML value; a misfit names where it came from."""

    def read(self, value: Any) -> Any:
        """The typed value. Raises ValueError with what to write instead."""
        raise ValueError(value)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.read(value)
        except ValueError as error:
            source = ctx.get_parameter_source(param.name) if ctx and param and param.name else None
            where = SOURCES.get(source, "flag") if source else "flag"
            place = "" if where == "flag" else f" in the {where}"
            self.fail(f"found {value!r}{place}. {error}", param, ctx)


class Gap(Value):
    """A relative gap from 0 to 1: `0.001`, or `0.1%`."""

    name = "gap"

    def read(self, value: Any) -> float:
        """
        >>> Gap().read("0.1%"), Gap().read(0.02)
        (0.001, 0.02)
        """
        try:
            gap = parse_share(value)
        except ValueError:
            raise ValueError("Write a share such as 0.001, or a percentage such as 0.1%.") from None
        if not 0 <= gap < 1:
            raise ValueError("Write a share of at least 0 and below 1, such as 0.001, or a percentage such as 0.1%.")
        return gap


class Duration(Value):
    """Seconds: `90`, `90s`, `15m`, `1h30m`."""

    name = "seconds"

    def read(self, value: Any) -> float:
        """
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
    """Megabytes (10^6 bytes): `500`, `500M`, `4G`, `1.5GB`."""

    name = "megabytes"

    def read(self, value: Any) -> float:
        """
        >>> Memory().read("4G"), Memory().read(500), Memory().read("250 MB")
        (4000.0, 500.0, 250.0)
        """
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(?:([mg])b?)?", str(value).strip().lower())
        if found is None or not float(found[1]):
            raise ValueError("Write megabytes above 0, or a size such as 500M or 4G.")
        return float(found[1]) * (1000.0 if found[2] == "g" else 1.0)


class Month(Value):
    """A month: `2026-09`, `Sep 2026` or a date of TOML; its month number."""

    name = "month"

    def read(self, value: Any) -> int:
        """
        >>> Month().read("2026-09") == Month().read("Sep 2026")
        True
        """
        month = months.parse(value)
        if month is None:
            raise ValueError("Write a month such as 2026-09.")
        return month


class Named(Value):
    """`NAME=VALUE`, or a value for all; several in the environment stand on lines of their own."""

    envvar_list_splitter = "\n"

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, value: Any) -> str:
        """
        >>> Named("segment=number").read(0.05)
        '0.05'
        """
        return str(value).strip()


class Override(Value):
    """`sheet.key.column=value`, or `settings.key=value`; several in the environment stand on lines of their own."""

    name = "sheet.key.column=value"
    envvar_list_splitter = "\n"

    def read(self, value: Any) -> str:
        """
        >>> Override().read("leases.Colossus 1.units_max=2")
        'leases.Colossus 1.units_max=2'
        """
        text = str(value).strip()
        place, equals, _ = text.partition("=")
        if not equals or "." not in place:
            raise ValueError("Write sheet.key.column=value, such as 'leases.West 1.units_max=2' or settings.months=24.")
        return text


def option(*flags: str, **facts: Any) -> Callable[[Command], Command]:
    """A click option that is also read from `PLANNER_…`."""
    name = next(flag for flag in flags if flag.startswith("--")).removeprefix("--").replace("-", "_")
    return click.option(*flags, envvar=f"PLANNER_{name.upper()}", **facts)


PATH = click.Path(path_type=Path)
override_option = option(
    "--set", "overrides", type=Override(), multiple=True, help="Stands in for a cell in this run; may be repeated."
)


def _load_config(ctx: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    if path is None:
        return None
    import tomllib

    try:
        config = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The config file {path} cannot be read: {error}.", ctx) from None
    except tomllib.TOMLDecodeError as error:
        raise click.UsageError(f"The config file {path} is not TOML: {error}.", ctx) from None
    group = ctx.find_root().command
    commands = group.commands.values() if isinstance(group, click.Group) else [group]
    known = {
        flag.removeprefix("--").replace("-", "_"): (each.name, each.multiple)
        for command in commands
        for each in command.params
        if isinstance(each, click.Option) and each.name != "config"
        for flag in each.opts
        if flag.startswith("--")
    }
    values: dict[str, Any] = {}
    for key, value in config.items():
        name = key.replace("-", "_")
        if name not in known:
            told = f"The config file {path} sets '{key}', which is no option. {closest(name, known)}"
            raise click.UsageError(told, ctx)
        if isinstance(value, dict) or (isinstance(value, list) and not known[name][1]):
            raise click.UsageError(f"The config file {path} gives '{key}' more than one value; write one.", ctx)
        parameter, multiple = known[name]
        values[str(parameter)] = [value] if multiple and not isinstance(value, list) else value
    ctx.default_map = values
    return path


def common_options(command: Command) -> Command:
    """The options every command has: --json, --quiet, --log-file, --config."""
    for decorate in reversed(
        (
            option("--json", "as_json", is_flag=True, help="One JSON object on standard output, nothing else there."),
            option("--quiet", is_flag=True, help="No progress and no messages, only errors."),
            option(
                "--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Add all messages to this file."
            ),
            option(
                "--config",
                type=click.Path(path_type=Path, dir_okay=False, exists=True),
                is_eager=True,
                callback=_load_config,
                help="TOML file with options, such as gap = 0.001.",
            ),
        )
    ):
        command = decorate(command)
    return command


def uncertainty_options(command: Command) -> Command:
    """The options that say what is uncertain; `planner.sampling.options` reads their texts."""

    def named(flag: str, name: str, words: str) -> Callable[[Command], Command]:
        return option(flag, type=Named(name), multiple=True, help=words)

    for decorate in reversed(
        (
            named(
                "--demand-volatility",
                "[segment=]number",
                "Of a month's step of demand, such as 5%; history: as in the sheet history.",
            ),
            named("--growth-spread", "[segment=]number", "Standard deviation of what is added to each month's growth."),
            option(
                "--history-bootstrap", is_flag=True, help="Demand strung together from blocks of the sheet history."
            ),
            option("--block", type=click.IntRange(1, 60), default=3, show_default=True, help="Months of such a block."),
            option(
                "--correlation",
                type=click.FloatRange(0, 1),
                default=1.0,
                show_default=True,
                help="Of the demand of two segments, and of the prices of two kinds of hardware.",
            ),
            named("--price-volatility", "[hardware=]number", "Of a month's step of on-demand prices."),
            named("--delay-prior", "[offer=]prior", "Months late: new_build, energised_site, or 0:0.75,3:0.15,6:0.10."),
            named(
                "--delivered-prior", "[offer=]table", "Share that arrives of what is planned, such as 1:0.8,0.5:0.2."
            ),
            named("--exit-hazard", "[offer or provider=]number", "Chance in a month that one still there goes."),
        )
    ):
        command = decorate(command)
    return command


def sources(ctx: click.Context) -> dict[str, str]:
    """Where each option's value came from: flag, environment, config or default."""
    found = {}
    for each in ctx.command.params:
        if isinstance(each, click.Option) and each.name and each.name != "help":
            source = ctx.get_parameter_source(each.name)
            name = "json" if each.name == "as_json" else each.name
            found[name] = SOURCES.get(source, "default") if source else "default"
    return found
