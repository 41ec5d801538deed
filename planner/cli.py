"""The `planner` command. Heavy libraries load inside the commands, so that `--help` is instant."""

from __future__ import annotations

import json
import sys

import click

from planner.batch.command import batch
from planner.command import run_command
from planner.commands.audit import audit
from planner.commands.check import check
from planner.commands.compare import compare
from planner.commands.convert import convert
from planner.commands.import_records import import_records
from planner.commands.init import init
from planner.commands.report import report
from planner.commands.reproduce import reproduce
from planner.commands.roll import roll
from planner.commands.scenarios import scenarios
from planner.commands.solve import solve
from planner.console import say
from planner.explain.command import explain
from planner.schedule.command import schedule
from planner.stress.command import stress
from planner.version import __version__

EPILOG = """\b
An option is read from the command line, else from the environment (PLANNER_ and its
name: PLANNER_TIME_LIMIT=15m), else from the --config file (time-limit = "15m").

\b
Completion of words in bash (likewise zsh_source and fish_source), in the file that your shell reads when it starts:
  eval "$(_PLANNER_COMPLETE=bash_source planner)"

\b
Exit codes:
  0  done: plan within the requested gap; check, audit: no error
  1  internal fault        2  wrong usage, or a faulty workbook
  3  no plan exists        4  stopped early, best plan written
  5  stopped, no plan      6  the audit rejects the plan (reproduce: it differs)
  7  cannot write          8  another run holds the lock
  9  some jobs failed      130, 143  interrupted, no plan
"""


class _InOrder(click.Group):
    """Lists its commands in the order in which they were added, that of the README."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, first what a planner uses first."""
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog=EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", "show_version", is_flag=True, help="Show the version and exit; with --json, of all parts.")
@click.option("--json", "as_json", is_flag=True, help="With --version; elsewhere it follows the command.")
@click.pass_context
def cli(context: click.Context, show_version: bool, as_json: bool) -> None:
    """Find the least-cost mix of capacity that serves a projected token demand.

    The mix is of leased clusters, cloud contracts, on-demand capacity and usage limits. Input and plan
    are workbooks.

    Start with: planner init my.xlsx, then planner solve my.xlsx.
    """
    if as_json and not show_version:
        raise click.UsageError("--json stands after the command, such as planner check my.xlsx --json.")
    if show_version:
        say(json.dumps(_versions(), indent=2) if as_json else f"planner, version {__version__}")
        context.exit()
    if context.invoked_subcommand is None:
        say(context.get_help())
        context.exit()


def _versions() -> dict[str, str]:
    import platform

    from planner.run.versions import versions

    return {"planner": __version__, "system": platform.platform(), **versions()}


for command in (
    init,
    check,
    solve,
    audit,
    reproduce,
    report,
    explain,
    compare,
    scenarios,
    stress,
    convert,
    import_records,
    roll,
    batch,
    schedule,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; a traceback is never shown."""
    return run_command(cli, sys.argv[1:] if arguments is None else arguments)
