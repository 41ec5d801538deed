"""`planner scenarios`: a copy of a workbook with sampled scenarios in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from planner import __version__
from planner.console import Console, messages_to
from planner.errors import ExitCode
from planner.options import PATH, Month, common_options, option, override_option, uncertainty_options


@click.command(short_help="Write FILE with sampled scenarios in it.")
@click.argument("file", type=PATH)
@uncertainty_options
@option("--sample", type=click.IntRange(1, 4000), default=1000, show_default=True, help="Paths drawn.")
@option("--count", type=click.IntRange(1, 1000), default=9, show_default=True, help="Scenarios kept of them.")
@option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the paths.")
@option("--branch", type=Month(), help="Two levels: scenarios of a node are told apart in this month.")
@option("--nodes", type=click.IntRange(1, 1000), help="So many nodes; else the square root of the scenarios.")
@override_option
@option(
    "-o",
    "--output",
    type=PATH,
    metavar="OUT.xlsx",
    help="Else outputs/<name of FILE>/<name of FILE> scenarios.xlsx.",
)
@option("--force", is_flag=True, help="Replace the output if it exists, and in it the scenarios FILE has.")
@common_options
def scenarios(file: Path, **values: Any) -> int:
    """Write a copy of FILE with the sheets scenarios and scenario_factors: paths sampled from what you
    say is uncertain, reduced to a few with probabilities. The sheet scenario_notes says how they were
    made and what the reduction lost.

    An option without a name holds for all; those with a name may be repeated.
    """
    with messages_to(values) as console:
        return scenarios_workbook(console, file, values)


def scenarios_workbook(console: Console, file: Path, values: Mapping[str, Any]) -> int:
    """Writes a copy of a workbook with sampled scenarios; exit 2 when the input or the options have faults."""
    from models import months
    from models.faults import FaultyWorkbook
    from planner.formatting import fault_lines
    from planner.reports.run_json import faults_json
    from planner.sampling.options import UncertaintyTexts
    from planner.sampling.workbook import ScenariosRequest, lines_of, write_scenarios

    texts = UncertaintyTexts.of(values)
    request = ScenariosRequest(
        source=file,
        texts=texts,
        target=values["output"],
        overrides=tuple(values["overrides"]),
        paths=values["sample"],
        **{name: values[name] for name in ("count", "seed", "branch", "nodes", "force")},
    )
    told: dict[str, Any] = {"input_path": str(file), "planner_version": __version__}
    try:
        written = write_scenarios(request)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give(told | {"path": "", "faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    errors = tuple(fault for fault in written.faults if fault.severity == "error")
    console.tell(lines_of(written))
    console.tell(fault_lines(errors), urgent=True)
    console.tell([f"Written: {written.path}. Next: planner solve '{written.path}'"])
    found = {
        "path": str(written.path),
        "input_sha256": written.input_sha256,
        "seed": request.seed,
        "paths_drawn": request.paths,
        "options": [f"{name} {text}" for name, text in texts.said()],
        "scenarios": [
            {
                "scenario": each.scenario,
                "probability": each.probability,
                "follows": each.follows,
                "branches_at": None if each.branches_at is None else months.label(each.branches_at),
                "words": words,
            }
            for each, words in zip(written.scenarios, written.words, strict=True)
        ],
        "distance": written.reduction.distance,
        "distance_of_one": written.reduction.distance_of_one,
        "relative_distance": written.reduction.relative,
        "moments": [asdict(each) for each in written.moments],
        "faults": faults_json(written.faults),
    }
    console.give(told | found)
    return ExitCode.WRONG_INPUT if errors else ExitCode.OK
