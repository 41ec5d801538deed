"""RunReport: what one run did, as `run.json`, `--json` and the `Run` sheet show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from models.audit import AuditReport
from models.faults import Fault
from models.plan import Plan

if TYPE_CHECKING:
    from models.stochastic.solution import StochasticSolution
    from planner.analysis.alternatives import Alternative
    from planner.analysis.infeasibility import Infeasibility
    from planner.analysis.marginal_values import MarginalValues
    from planner.analysis.plan_stability import KeptReport

Status = Literal["optimal", "stopped", "infeasible", "no_plan", "invalid", "rejected"]


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Rows, columns, integer columns and nonzeros of the model handed to the solver."""

    rows: int
    columns: int
    integers: int
    nonzeros: int


@dataclass(slots=True)
class RunReport:
    """Everything `run.json` says that is not in the Plan itself; filled in as the run goes on.

    `gap` is relative: (objective - bound) / |objective|. `seconds` has read, build, solve, audit,
    write, total. `options` maps each option to its value and `option_sources` to where that came
    from (flag, environment, config, workbook, default). `marginal`: None where it could not be worked out.
    `repairs`: what would make a plan possible, looked for where there is none. `kept`: with a plan to keep, what
    that did. `alternatives`: other plans, where they were asked for.
    """

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
    explanation_path: str = ""
    kept: KeptReport | None = None
    alternatives: tuple[Alternative, ...] = ()
    model: ModelSize | None = None
    seconds: dict[str, float] = field(default_factory=dict)
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
