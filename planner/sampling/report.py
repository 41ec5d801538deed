"""What `planner scenarios` prints: the scenarios written, what the reduction lost, the first moments."""

from __future__ import annotations

from typing import Any

from models import months
from models.schema import SCENARIO_NOTES
from planner.command import subject
from planner.sampling.text import moment_line
from planner.sampling.workbook import ScenariosRequest, ScenariosWritten

MOMENT_LINES = 8
"""So many moments are printed; all of them stand in the workbook."""


def scenarios_lines(written: ScenariosWritten) -> list[str]:
    """Return the result for people."""
    lines = [
        f"  {each.scenario}  {each.probability * 100:5.1f} %  {words}"
        for each, words in zip(written.sampled.dataset.scenarios, written.sampled.words, strict=True)
    ]
    lines += written.sampled.made
    lines += [f"  {moment_line(each)}" for each in written.sampled.moments.head(MOMENT_LINES).itertuples()]
    if len(written.sampled.moments) > MOMENT_LINES:
        lines.append(f"  and {len(written.sampled.moments) - MOMENT_LINES} more in the sheet {SCENARIO_NOTES}")
    if written.sampled.lost:
        lines.append(f"warning: {written.sampled.lost}")
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
