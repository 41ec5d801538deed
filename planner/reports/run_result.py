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
from models.estimate import UNKNOWN, Estimate
from models.faults import Fault, NamedWarning
from planner.results.base_case import NO_BASE_CASE, BaseCase
from planner.results.input_rows import input_rows

if TYPE_CHECKING:
    from models.core.compiled import Compiled, Size
    from models.parsing.sources import Sources
    from planner.analysis.alternatives import Alternative, AlternativesFound
    from planner.analysis.bridge import Bridge
    from planner.analysis.infeasibility import Infeasibility
    from planner.analysis.marginal_values import MarginalValues
    from planner.analysis.plan_stability import KeptReport
    from planner.results.scenario_set import ScenarioSetResult
    from planner.results.tried_plan import TriedPlan

PHASES = ("read", "build", "solve", "audit", "write", "total")
"""The timed parts of a run."""

Status = Literal["optimal", "stopped", "infeasible", "no_plan", "invalid", "rejected"]


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
        With a plan to keep, the bound is of plans free to depart, None where none is proven.
    gap_asked
        The gap within which a figure of a search is told as a value.
    base_case
        What is known of the cheapest plan that signs nothing new, by the same objective.
    audit
        Every rule recomputed from the data and the plans.
    marginal
        Marginal values; None where they could not be worked out.
    repairs, infeasible_scenario
        Where there is no plan, what would make one possible, in the scenario named.
    kept
        With a plan to keep, what that did.
    alternatives_found
        Other plans, and what is known of those not found; None where none were asked for.
    bridge
        From the plan begun from or kept to to this one; None without.
    tried
        What came of the plan on samples; None where that was not asked for.
    cases_tried, cases_path, cases_sha256
        With a budget of delays and exits: how many cases the plan was held against, where the workbook is whose
        scenarios are those that it had to be prepared for, and its hash.
    seconds
        Time by phase, see `PHASES`.
    sources
        What the columns `source` of the workbook say, by sheet and key.
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
    gap_asked: float = 0.001
    base_case: BaseCase = NO_BASE_CASE
    solution: ScenarioSetResult | None = None
    audit: AuditReport | None = None
    marginal: MarginalValues | None = None
    repairs: Infeasibility | None = None
    infeasible_scenario: str = ""
    explanation_path: str = ""
    kept: KeptReport | None = None
    alternatives_found: AlternativesFound | None = None
    bridge: Bridge | None = None
    tried: TriedPlan | None = None
    cases_tried: int = 0
    cases_path: str = ""
    cases_sha256: str = ""
    model: Size | None = None
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
    sources: Sources = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    warnings: tuple[NamedWarning, ...] = ()
    solver_log: tuple[str, ...] = ()
    disputed: Compiled | None = field(default=None, repr=False)

    @property
    def open_warnings(self) -> tuple[NamedWarning, ...]:
        """The warnings that the workbook does not accept."""
        accepted = self.dataset.settings.accept_warnings if self.dataset else ()
        return tuple(each for each in self.warnings if each.name not in accepted)

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
        return [] if self.dataset is None else list(input_rows(self.dataset))

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The other plans that were found."""
        return () if self.alternatives_found is None else self.alternatives_found.plans

    @property
    def saving(self) -> Estimate:
        """What the plan saves against the base case: value at stake, shortage avoided included; USD."""
        if self.objective_usd is None:
            return UNKNOWN
        return self.base_case.saving(self.objective_usd)

    @property
    def shortage_avoided(self) -> Estimate:
        """Penalties for shortfall of the base case less those of the plan, USD."""
        return UNKNOWN if self.solution is None else self.base_case.shortage_avoided(self.solution.costs_usd)

    @property
    def cash_saved(self) -> Estimate:
        """What of the saving is money, USD."""
        if self.solution is None or self.objective_usd is None:
            return UNKNOWN
        return self.base_case.cash_saved(self.objective_usd, self.solution.costs_usd)

    @property
    def revenue_kept(self) -> Estimate:
        """Revenue that the base case's limits and prices forgo less what the plan's do, USD: the rest of the saving."""
        return UNKNOWN if self.solution is None else self.base_case.revenue_kept(self.solution.costs_usd)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """What is known of every figure that another search than the plan's gave, by its key in `run.json`."""
        found = {
            "base_case_usd": self.base_case.cost,
            "saving_usd": self.saving,
            "cash_saved_usd": self.cash_saved,
            "shortage_avoided_usd": self.shortage_avoided,
        }
        if self.kept is not None and self.solution is not None:
            found["kept.saving_usd"] = self.kept.saving(self.solution.solution.objective_usd)
        if self.dataset is not None and self.dataset.scenarios and self.solution is not None:
            worths = {"perfect_information": self.solution.evpi, "stochastic_solution": self.solution.vss}
            for name, worth in worths.items():
                found[f"value_of_{name}.usd"] = UNKNOWN if worth is None else worth.estimate
            for each in self.solution.scenarios:
                found[f"scenarios.{each.name}.certain_usd"] = each.scenario.if_certain
                found[f"scenarios.{each.name}.regret_usd"] = each.scenario.regret
        return found

    def value(self, estimate: Estimate) -> float | None:
        """The figure, where both ends agree within the gap asked for; else None."""
        return estimate.value(self.gap_asked)

    @property
    def proven_gap(self) -> float | None:
        """The relative gap of what was minimised: with a plan to keep, of cost and charge together."""
        if self.kept is None:
            return self.gap
        return self.kept.minimised.gap

    def note_bound(self, bound_usd: float | None) -> None:
        """Takes what every plan costs at least, and with it the gap; None where nothing is proven."""
        self.bound_usd = self.gap = None
        if bound_usd is not None and self.objective_usd is not None:
            self.bound_usd = min(bound_usd, self.objective_usd)
            self.gap = Estimate(self.bound_usd, self.objective_usd).gap

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
        self.note_bound(self.bound_usd)
        self.status = "stopped"

    def discard_plan(self) -> None:
        """Leaves no plan and no figures of one: what is known of a run that was interrupted."""
        self.status, self.solution, self.audit = "no_plan", None, None
        self.objective_usd = self.bound_usd = self.gap = None
        self.base_case = NO_BASE_CASE
        self.tried = None
