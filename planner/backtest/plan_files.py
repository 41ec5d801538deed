"""The plans of a backtest as workbooks of their own."""

from __future__ import annotations

from pathlib import Path

from models.audit import AuditReport, audit
from models.core.compiled import Size
from models.dataset import Dataset
from models.plan import Plan
from planner.backtest.checkpoints import folder_for
from planner.backtest.request import BacktestRequest
from planner.errors import RejectedByAudit
from planner.files.outputs import PLAN_SHEETS, check_replaceable
from planner.reports.plan_report import write_plan
from planner.reports.run_result import RunResult, Status
from planner.results.scenario_set import ScenarioSetResult
from planner.run.versions import versions
from planner.version import __version__


def audited(dataset: Dataset, plan: Plan, objective_usd: float, words: str) -> AuditReport:
    """The audit of a plan of a backtest, which is what the words say.

    Raises
    ------
    RejectedByAudit
        It rejects the plan.
    """
    report = audit(dataset, plan, objective_usd=objective_usd)
    if not report.passed:
        broken = "; ".join(f"{each.what} at {each.where}" for each in report.failed[:3])
        raise RejectedByAudit(f"The audit rejects {words}: {broken}. Please report it.")
    return report


def write_plan_of(
    path: Path,
    request: BacktestRequest,
    source: tuple[Path, str],
    dataset: Dataset,
    plan: Plan,
    checked: AuditReport,
    *,
    name: str,
    status: Status,
    bound_usd: float | None,
    seconds: float,
    model: Size | None = None,
) -> None:
    """Writes a plan with its input, audit and run; `source` is the workbook that it is a plan of, and its hash.

    Raises
    ------
    CannotWrite
        It cannot be written, or would replace what is no plan.
    """
    cost = plan.objective_usd
    folder_for(path)
    check_replaceable(path, PLAN_SHEETS, "a plan workbook")
    result = RunResult(
        plan_name=name,
        status=status,
        objective_usd=cost,
        bound_usd=bound_usd,
        gap=None if bound_usd is None else (cost - bound_usd) / abs(cost) if cost else 0.0,
        dataset=dataset,
        solution=ScenarioSetResult.of_plan(dataset, plan),
        audit=checked,
        model=model,
        seconds={"solve": seconds},
        input_path=str(source[0]),
        input_sha256=source[1],
        planner_version=__version__,
        versions=versions(),
        options=request.options() | {"rolling": str(request.actuals)},
    )
    write_plan(path, result)
