"""`planner import`: other tools' records in a copy of a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner.command import CommandResult, command, problem_written, refuse_unused, subject
from planner.console import Console
from planner.options.shared import force_option, input_argument, option
from planner.options.values import PATH, Value

OF_KIND = {"tokens": {"region", "counter"}, "prices": {"provider"}, "bills": {"provider"}}
"""The options that only some kinds have."""


KINDS = """\b
tokens  counted tokens into history, and from the last month before the horizon on into demand.
        What: time (month, time, timestamp), name (segment, model, gen_ai.request.model),
        region, tokens (or input_tokens+output_tokens, gen_ai.usage.…).
        Also what Prometheus answers to query_range, a .json file, of vLLM's counters.
prices  a catalogue of machines (SkyPilot's vms.csv) into on_demand: the cheapest hour.
        What: hardware (AcceleratorName), count (AcceleratorCount), region (Region),
        price (Price), provider.
bills   FOCUS: contract commitments into spend_commitments, or cost and usage into their
        spent_usd. What: commitment, usd, from, until, category, status (ContractCommitment…);
        cost (BilledCost), time (ChargePeriodStart), charge (ChargeCategory);
        provider (ServiceProviderName, ProviderName), currency (BillingCurrency).
"""


class Assignment(Value):
    """A text `NAME=OTHER`, as a pair."""

    name = "assignment"

    def read(self, value: Any) -> tuple[str, str]:
        """Return both sides; the right one may be blank.

        >>> Assignment().read("us-east-1=US"), Assignment().read("test-model=")
        (('us-east-1', 'US'), ('test-model', ''))
        """
        if isinstance(value, tuple):
            return value
        left, sign, right = str(value).partition("=")
        if not sign or not left.strip():
            raise ValueError("Write both sides, such as us-east-1=US.")
        return left.strip(), right.strip()


@command("import", short_help="Write other tools' records into a copy of FILE.", epilog=KINDS)
@click.argument("kind", type=click.Choice(list(OF_KIND)))
@click.argument("source", type=PATH)
@input_argument
@option("-o", "--output", type=PATH, metavar="OUT.xlsx", required=True, help="Where to write the copy.")
@option(
    "--column",
    "columns",
    type=Assignment(),
    multiple=True,
    metavar="WHAT=COLUMN",
    help="What a column of SOURCE is, where it is called otherwise; a+b adds two up. May be repeated.",
)
@option(
    "--map",
    "names",
    type=Assignment(),
    multiple=True,
    metavar="NAME=OURS",
    help="What FILE calls a name of SOURCE; blank leaves it out. May be repeated.",
)
@option("--region", metavar="NAME", help="tokens: the region of records without one.")
@option("--counter", is_flag=True, help="tokens: numbers are running totals, which begin anew at a restart.")
@option("--provider", metavar="NAME", help="prices, bills: whose they are, where no column says so.")
@force_option("Replace the output if it exists.")
def import_records(
    console: Console,
    kind: str,
    source: Path,
    input_path: Path,
    columns: tuple[tuple[str, str], ...],
    names: tuple[tuple[str, str], ...],
    **values: Any,
) -> CommandResult:
    """Write a copy of FILE with the records of SOURCE, a CSV file, in its sheets. FILE stays as it is.

    Columns that are not read are told.
    """
    from planner.files.outputs import check_new_problem
    from planner.imports import bills, prices, tokens
    from planner.imports.copy import write_copy
    from planner.imports.source import ImportRequest, few
    from planner.problem_reader import read

    refuse_unused(dict.fromkeys(set().union(*OF_KIND.values()) - OF_KIND[kind]), f"with {kind}")
    request = ImportRequest(source=source, input_path=input_path, columns=dict(columns), names=dict(names), **values)
    dataset = read(input_path, to_fill=("demand",)).valid_dataset()
    check_new_problem(request.output, (input_path, source), force=request.force, what="the copy")
    rows = {"tokens": tokens, "prices": prices, "bills": bills}[kind].imported(request, dataset)
    done = write_copy(input_path, request.output, rows)
    lines = [
        f"{sheet}: {added} row{'s' * (added != 1)} added, {done.changed[sheet]} changed"
        for sheet, added in done.added.items()
    ]
    lines = lines or ["nothing in SOURCE is for a sheet of FILE; the copy says what FILE does"]
    if rows.not_read:
        lines.append(f"not read, columns of {source}: {few(rows.not_read)}")
    document = {
        **subject(input_path=input_path, source=source),
        "kind": kind,
        "sheets": {sheet: {"added": done.added[sheet], "changed": done.changed[sheet]} for sheet in done.added},
        "not_read": list(rows.not_read),
        "told": rows.told,
    }
    return problem_written(request.output, done.faults, [*lines, *rows.told], document, "check")
