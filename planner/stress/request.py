"""What `planner stress` is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from planner.errors import WrongUsage
from planner.sampling.uncertainty import UncertaintyOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StressRequest(UncertaintyOptions):
    """A plan, and the samples to simulate it on.

    Without anything uncertain samples are drawn from the scenarios of the workbook.

    Parameters
    ----------
    input_path, plan_path : Path
        The workbook and a plan of it.
    count : int
        Number of samples.
    seed : int
        Random seed of the samples.
    committed_until : int, optional
        Decisions before this month (a month number) are fixed; without it, those of the first stage.
    later : {"optimised", "held"}
        Whether later decisions are optimised in each sample, or fixed too.
    gap : float
        Relative optimality gap of the solve of each sample.
    time_limit : float, optional
        Seconds for everything together.
    workers : int
        Solves in parallel; 0 for one per core.
    overrides : tuple of str
        Cells overridden, `sheet.key.column=value`.
    output : Path, optional
        The report; without it `outputs/<input>/<UTC time>/stress.xlsx`.
    accept_stopped : bool
        Whether a test that a limit stopped early is a success.
    option_sources : mapping
        Where each option came from, by its name on the command line.
    """

    input_path: Path
    plan_path: Path
    count: int = 1000
    seed: int = 1
    committed_until: int | None = None
    later: Literal["optimised", "held"] = "optimised"
    gap: float = 0.01
    time_limit: float | None = None
    workers: int = 0
    overrides: tuple[str, ...] = ()
    output: Path | None = None
    accept_stopped: bool = False
    option_sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.later == "held" and self.committed_until is not None:
            raise WrongUsage("--committed-until has no meaning with --later held, which fixes all decisions.")

    def recorded_options(self) -> dict[str, Any]:
        """Return the options that have a value, by their names on the command line."""
        names = (each.name for each in fields(self) if each.name not in NOT_RECORDED)
        values = {("set" if name == "overrides" else name): getattr(self, name) for name in names}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value not in (None, (), False)
        }


NOT_RECORDED = ("input_path", "plan_path", "output", "option_sources")
"""Fields of a request that change no figure of the test."""
