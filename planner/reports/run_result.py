"""RunResult: what one run found and how, as `run.json`, `--json` and the sheet `Run` show it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from models.audit import AuditReport
from models.dataset import Dataset
from models.faults import Fault
from planner.results.input_rows import input_rows

if TYPE_CHECKING:
    from models.core.compiled import Compiled, Size
    from planner.analysis.alternatives import Alternative
    from planner.analysis.infeasibility import Infeasibility
    from planner.analysis.marginal_values import MarginalValues
    from planner.analysis.plan_stability import KeptReport
    from planner.results.scenario_set import ScenarioSetResult

PHASES = ("read", "build", "solve", "audit", "write", "total")
"""The timed parts of a run."""

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


@dataclass
class RunResult:
    """What a run found, and where it comes from; filled in as the run goes on.

    Money is present value in USD.

    Parameters
    ----------
    dataset
        The problem; None where the workbook has faults.
    solution
        The plans found, one for each scenario (a set of one without scenarios), and their figures.
    objective_usd, bound_usd
        What was minimised, and what no plan can be below.
    gap
        Relative: (objective - bound) / |objective|.
    base_case_usd
        The same objective of the cheapest plan that signs nothing new.
    audit
        Every rule recomputed from the data and the plans.
    marginal
        Marginal values; None where they could not be worked out.
    repairs, infeasible_scenario
        Where there is no plan, what would make one possible, in the scenario named.
    kept
        With a plan to keep, what that did.
    alternatives
        Other plans, where they were asked for.
    seconds
        Time by phase, see `PHASES`.
    disputed
        The problem on which the solver contradicted itself; None where it did not.
    options, option_sources
        Each option's value, and where it came from: flag, environment, config, workbook or default.
    input_sha256, data_sha256, output_sha256, plan_sha256
        Hashes of the input file, of the data as read, of the plans, and of the plan workbook.
    """

    dataset: Dataset | None = None
    plan_name: str = ""
    status: Status = "no_plan"
    objective_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    base_case_usd: float | None = None
    solution: ScenarioSetResult | None = None
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
    disputed: Compiled | None = field(default=None, repr=False)

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan to publish."""
        return self.status in ("optimal", "stopped") and self.solution is not None

    @property
    def plan_set(self) -> ScenarioSetResult:
        """The plans and their figures.

        Raises
        ------
        ValueError
            There are none.
        """
        if self.solution is None:
            raise ValueError("This result has no plan.")
        return self.solution

    @property
    def title(self) -> str:
        """The name of the plan, or what it is."""
        return self.plan_name or "Capacity plan"

    @property
    def currency(self) -> str:
        """What money is in."""
        return self.dataset.settings.currency if self.dataset else "USD"

    @cached_property
    def input_rows(self) -> list[tuple[Any, ...]]:
        """The rows of the sheet `Input`: the data as read, overrides included."""
        return [] if self.dataset is None else input_rows(self.dataset)

    @property
    def saving_usd(self) -> float | None:
        """What the plan saves against the base case."""
        if self.base_case_usd is None or self.objective_usd is None:
            return None
        return self.base_case_usd - self.objective_usd

    @property
    def possible_saving_usd(self) -> float | None:
        """The most that any other plan could save."""
        if self.bound_usd is None or self.objective_usd is None:
            return None
        return max(self.objective_usd - self.bound_usd, 0.0)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Adds the time that the block takes to the `seconds` of a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += time.perf_counter() - began

    def replace_objective(self, objective_usd: float) -> None:
        """Another plan stands than the cheapest: its cost, and its distance to the same bound."""
        self.objective_usd = objective_usd
        if self.bound_usd is not None:
            left = objective_usd - self.bound_usd
            self.gap = left / abs(objective_usd) if objective_usd else 0.0 if left == 0 else None
        self.status = "stopped"

    def discard_plan(self) -> None:
        """Leaves no plan and no figures of one: what is known of a run that was interrupted."""
        self.status, self.solution, self.audit = "no_plan", None, None
        self.objective_usd = self.bound_usd = self.gap = self.base_case_usd = None
