"""Options of the commands: where a value came from, and the options that commands share.

A value comes from the flag, else from the environment variable `PLANNER_` + the option's name
(`--time-limit`: `PLANNER_TIME_LIMIT`), else from the TOML file named by `--config` (top-level keys,
`time_limit` or `time-limit`), else from the default. An environment variable means the same for
every command that has the option.

An option that several commands share is declared here, once, as a decorator. Arguments and options are named as the
fields of the command's request, so that the request is made of them directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from models.faults import closest
from planner.files.reading import read_toml
from planner.options.values import PATH, Duration, Gap, Override, source_of

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

VARIABLE = "PLANNER_"
"""What the environment variable of every option begins with."""


def option_name(parameter: click.Parameter) -> str:
    """Return the name of an option as in its long flag, with underscores; arguments have the name they have."""
    flags = (flag for flag in parameter.opts if flag.startswith("--"))
    return next(flags, parameter.name or "").removeprefix("--").replace("-", "_")


def option_sources() -> dict[str, str]:
    """Return where each option of the running command came from: flag, environment, config or default."""
    context = click.get_current_context()
    options = (each for each in context.command.params if isinstance(each, click.Option))
    return {option_name(each): source_of(context, each) for each in options}


def option(*flags: str, **settings: Any) -> Decorator[Any]:
    """Declare a click option that is also read from `PLANNER_` + its name."""
    return click.option(*flags, envvar=_variable(*flags), show_envvar=True, **settings)


def _variable(*flags: str) -> str:
    name = next(flag for flag in flags if flag.startswith("--"))
    return f"{VARIABLE}{name.removeprefix('--').replace('-', '_').upper()}"


def _common(*flags: str, **settings: Any) -> click.Option:
    return click.Option(flags, envvar=_variable(*flags), show_envvar=True, **settings)


def _all_options(ctx: click.Context) -> list[click.Option]:
    """The options of all commands."""
    group = ctx.find_root().command
    commands = group.commands.values() if isinstance(group, click.Group) else [group]
    return [each for command in commands for each in command.params if isinstance(each, click.Option)]


def unread_variables(ctx: click.Context, environment: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable that begins as those of options do, and is that of none."""
    known = [str(each.envvar) for each in _all_options(ctx) if each.envvar]
    for name in sorted(environment):
        if name.startswith(VARIABLE) and name not in known:
            yield f"The environment variable {name} is that of no option and is not read. {closest(name, known)}"


def _load_config(ctx: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    if path is None:
        return None
    try:
        config = read_toml(path)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The config file {path} cannot be read: {error}.", ctx) from None
    except ValueError as error:
        raise click.UsageError(f"The config file {path} is not TOML: {error}.", ctx) from None
    known = {option_name(each): (each.name, each.multiple) for each in _all_options(ctx) if each.name != "config"}
    flags = [name.replace("_", "-") for name in known]
    values: dict[str, Any] = {}
    for key, value in config.items():
        name = key.replace("-", "_")
        if name not in known:
            message = f"The config file {path} sets '{key}', which is not an option. {closest(key, flags)}"
            raise click.UsageError(message, ctx)
        if isinstance(value, dict) or (isinstance(value, list) and not known[name][1]):
            raise click.UsageError(f"The config file {path} gives '{key}' more than one value; write only one.", ctx)
        parameter, multiple = known[name]
        values[str(parameter)] = [value] if multiple and not isinstance(value, list) else value
    ctx.default_map = values
    return path


COMMON_OPTIONS = (
    _common("--json", "as_json", is_flag=True, help="Print the result as one JSON object; messages go to stderr."),
    _common("--quiet", is_flag=True, help="Print errors only."),
    _common("--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Append all messages to this file."),
    _common(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        is_eager=True,
        callback=_load_config,
        help="TOML file with options, such as gap = 0.001.",
    ),
)
"""The options of every command."""

input_argument = click.argument("input_path", metavar="FILE", type=PATH)
plan_argument = click.argument("plan_path", metavar="PLAN", type=PATH)
override_option = option(
    "--set", "overrides", type=Override(), multiple=True, help="Override a cell for this run; may be repeated."
)


def output_option(name: str, metavar: str, default: str) -> Decorator[Any]:
    """Declare where the result goes; `default` is the place in words."""
    return option("-o", "--output", name, type=PATH, metavar=metavar, help=f"Where to write it [default: {default}].")


def force_option(effect: str) -> Decorator[Any]:
    """Declare that something may be replaced or done again."""
    return option("--force", is_flag=True, help=effect)


def gap_option(scope: str, default: str = "0.001") -> Decorator[Any]:
    """Declare the relative optimality gap at which a search ends; `scope` says which search."""
    words = f"Relative optimality gap of {scope}, such as 0.001 or 0.1%."
    return option("--gap", type=Gap(), default=default, show_default=True, help=words)


def time_limit_option(scope: str, default: str | None = None) -> Decorator[Any]:
    """Declare a time limit; `scope` says of what."""
    words = f"Time limit of {scope}: seconds, or 90s, 15m, 1h30m."
    return option("--time-limit", type=Duration(), default=default, show_default=default is not None, help=words)


def threads_option(scope: str, default: int = 0) -> Decorator[Any]:
    """Declare the solver's threads; a default of 0 lets the solver choose."""
    words = f"Solver threads of {scope}{'' if default else ' (0: the solver chooses)'}."
    kind = click.IntRange(min(default, 1), 1024)
    return option("--threads", type=kind, default=default, show_default=True, help=words)


def seed_option(of: str, default: int = 0) -> Decorator[Any]:
    """Declare the seed of random numbers."""
    words = f"Random seed of {of}."
    return option("--seed", type=click.IntRange(0, 2**31 - 1), default=default, show_default=True, help=words)


def workers_option(what: str) -> Decorator[Any]:
    """Declare how much runs in parallel."""
    words = f"{what} in parallel (0: one per core)."
    return option("--workers", type=click.IntRange(0, 256), default=0, show_default=True, help=words)


def accept_stopped_option(effect: str) -> Decorator[Any]:
    """Declare that a result which a limit stopped early counts as good."""
    return option("--accept-stopped", is_flag=True, help=effect)


def keep_runs_option(which: str) -> Decorator[Any]:
    """Declare how many runs of a workbook are kept; `which` says where they are."""
    words = f"Afterwards remove whole runs of the workbook but the newest N{which}."
    return option("--keep-runs", type=click.IntRange(1), metavar="N", help=words)


def budget_option(rest: str = "", default: str | None = None) -> Decorator[Any]:
    """Declare the time limit of a whole batch."""
    words = f"Time limit of the whole batch{rest}."
    return option("--budget", type=Duration(), default=default, show_default=default is not None, help=words)
