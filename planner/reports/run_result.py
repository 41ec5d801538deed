"""RunResult: what one run found and how, as `run.json`, `--json` and the sheet `Run` show it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from models.audit import AuditReport
from models.dataset import Dataset
from models.faults import Fault
from models.plan import Plan

if TYPE_CHECKING:
    from models.core.model import Size
    from models.stochastic.solution import StochasticSolution
    from planner.analysis.alternatives import Alternative
    from planner.analysis.infeasibility import Infeasibility
    from planner.analysis.marginal_values import MarginalValues
    from planner.analysis.plan_stability import KeptReport

PHASES = ("read", "build", "solve", "audit", "write", "total")
"""The parts of a run whose time is taken."""

Status = Literal["optimal", "stopped", "infeasible", "no_plan", "invalid", "rejected"]


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Rows, columns, integer columns and nonzeros of the model handed to the solver."""

    rows: int
    columns: int
    integers: int
    nonzeros: int

    @classmethod
    def of(cls, size: Size) -> ModelSize:
        """The size of a model as built."""
        return cls(size.rows, size.columns, size.integers, size.nonzeros)


@dataclass(slots=True)
class RunResult:
    """What a run found, and where it comes from; filled in as the run goes on.

    `gap` is relative: (objective - bound) / |objective|. `seconds` has read, build, solve, audit,
    write, total. `options` maps each option to its value and `option_sources` to where that came
    from (flag, environment, config, workbook, default). `marginal`: None where it could not be worked out.
    `repairs`: where there is no plan, what would make one possible, of the `infeasible_scenario` where one is named.
    `kept`: with a plan to keep, what that did. `alternatives`: other plans, where they were asked for.
    """

    dataset: Dataset | None = None
    plan_name: str = ""
    status: Status = "no_plan"
    objective_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    base_case_usd: float | None = None
    months: int = 0
    plan: Plan | None = None
    together: StochasticSolution | None = None
    audit: AuditReport | None = None
    marginal: MarginalValues | None = None
    repairs: Infeasibility | None = None
    infeasible_scenario: str = ""
    explanation_path: str = ""
    kept: KeptReport | None = None
    alternatives: tuple[Alternative, ...] = ()
    model: ModelSize | None = None
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    input_path: str = ""
    interrupted: bool = False
    input_sha256: str = ""
    data_sha256: str = ""
    output_sha256: str = ""
    plan_sha256: str = ""
    plan_path: str = ""
    planner_version: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    option_sources: dict[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()
    solver_log: tuple[str, ...] = ()

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan to publish."""
        return self.status in ("optimal", "stopped") and (self.plan is not None or self.together is not None)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Adds the time that the block takes to the `seconds` of a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += time.perf_counter() - began

    def discard_plan(self) -> None:
        """Leaves no plan and no figures of one: what is known of a run that was interrupted."""
        self.status, self.plan, self.together, self.audit = "no_plan", None, None, None
        self.objective_usd = self.bound_usd = self.gap = self.base_case_usd = None
