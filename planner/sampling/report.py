"""What `planner scenarios` prints: the scenarios written, what the reduction lost, the first moments."""

from __future__ import annotations

from typing import Any

from models import months
from models.schema import SCENARIO_NOTES
from planner.command import subject
from planner.sampling.text import quantity_words
from planner.sampling.workbook import ScenariosRequest, ScenariosWritten
from planner.text_table import Line, TextTable

MOMENT_ROWS = 8
"""So many moments are printed; all of them stand in the workbook."""


def scenarios_lines(written: ScenariosWritten) -> list[Line]:
    """Return the result for people."""
    sampled = written.sampled
    kept = [
        (each.scenario, f"{each.probability * 100:.1f} %", words)
        for each, words in zip(sampled.dataset.scenarios, sampled.words, strict=True)
    ]
    moments = [
        (
            quantity_words(each),
            *(f"{figure:.3g}" for figure in (each.mean, each.mean_kept, each.deviation, each.deviation_kept)),
        )
        for each in sampled.moments.head(MOMENT_ROWS).itertuples()
    ]
    lines: list[Line] = [TextTable(("Scenario", ">Probability", "In words"), kept), *sampled.made]
    if moments:
        lines.append(TextTable(("Drawn and kept", ">Mean", ">Mean kept", ">Deviation", ">Deviation kept"), moments))
    if len(sampled.moments) > MOMENT_ROWS:
        lines.append(f"  and {len(sampled.moments) - MOMENT_ROWS} more in the sheet {SCENARIO_NOTES}")
    if sampled.lost:
        lines.append(f"warning: {sampled.lost}")
    return lines


def scenarios_json(request: ScenariosRequest, written: ScenariosWritten) -> dict[str, Any]:
    """Return the result for programs."""
    return {
        **subject(input_path=request.input_path),
        "input_sha256": written.input_sha256,
        "seed": request.seed,
        "paths_drawn": request.sample,
        "options": [f"{name} {text}" for name, text in request.record()],
        "scenarios": [
            {
                "scenario": each.scenario,
                "probability": each.probability,
                "follows": each.follows,
                "branches_at": None if each.branches_at is None else months.label(each.branches_at),
                "words": words,
            }
            for each, words in zip(written.sampled.dataset.scenarios, written.sampled.words, strict=True)
        ],
        "distance": written.sampled.reduction.distance,
        "distance_of_one": written.sampled.reduction.distance_of_one,
        "relative_distance": written.sampled.reduction.relative,
        "spread_lost": written.sampled.lost,
        "moments": written.sampled.moments.to_dict("records"),
    }
