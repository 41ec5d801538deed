"""Rolling-horizon simulation: each month is planned as known then, its decisions are made, and the next begins."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from models.build import Model, build_model
from models.checks import check
from models.dataset import Dataset
from models.grouping import sums
from models.kinds import OfferKey
from models.plan import Plan, Serving, Shortfall
from models.policy.stability import PlanStability
from models.roll import Rolled, roll_forward
from models.roll.information import information_at
from models.roll.plan_mapping import map_back, map_forward
from models.roll.replay import replay
from models.roll.shortfall_relaxation import unserved_allowed
from models.supply.kind import GIVE_NOTICE, RENEW
from planner.backtest.checkpoints import BacktestStep, chain_key, load_step, save_step
from planner.backtest.plan_files import audited, write_plan_of
from planner.backtest.request import BacktestRequest, Inputs
from planner.errors import OutOfTime
from planner.formatting import gap_percent, money
from planner.interrupt import Stop
from planner.results.decisions import term_words
from planner.solving.held_rows import one_plan, one_start, solve_holding
from planner.solving.problem import Outcome
from planner.solving.progress import Watch

SHORT_NOTE = "no plan serves all demand that must be served; as little as possible is left unserved"
log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class _Round:
    """The problem of one month: `base` over the whole horizon, `problem` from the month on, `start` in its words."""

    k: int
    base: Dataset
    problem: Dataset
    rolled: Rolled | None
    earlier: Plan
    start: Plan | None
    notes: tuple[str, ...]


def steps(
    request: BacktestRequest, inputs: Inputs, folder: Path | None, stop: Stop, watch: Watch
) -> Iterator[BacktestStep]:
    """Every step up to `until`, those on record in the folder as they are; ends early where month 0 has no plan.

    Without a folder nothing is put on record.

    Raises
    ------
    RejectedByAudit
        A plan fails its audit.
    CannotWrite
        A record or a step's plan cannot be written.
    """
    key, earlier = inputs.key, Plan()
    for k in range(0, inputs.until + 1, request.every):
        label = inputs.actuals.label(k)
        path = None if folder is None else folder / "steps" / label / "step.json"
        step = None if path is None else load_step(path, key)
        if step is None:
            found = _round(request, inputs, earlier, k)
            step = _Planner(request, inputs, found, None if path is None else path.parent, stop, watch).step()
            if path is not None:
                save_step(path, key, step, label)
            log.info("%s: %s", label, _log_step(step, inputs.actuals.settings.currency))
        else:
            log.info("%s: read from an earlier run", label)
        yield step
        if k == 0 and step.objective_usd is None:
            return
        key, earlier = chain_key(key, step), step.plan


def _log_step(step: BacktestStep, currency: str) -> str:
    if step.objective_usd is None:
        return f"no plan ({step.status}); the earlier plan is followed"
    done = "; ".join(step.signed) or "nothing to sign"
    return f"{done}. {money(step.objective_usd, currency)} from here on, gap {gap_percent(step.gap)}"


def _round(request: BacktestRequest, inputs: Inputs, earlier: Plan, k: int) -> _Round:
    base = information_at(inputs.forecast, inputs.actuals, earlier, k, request.update)
    earlier, lost = replay(base, earlier)
    notes = tuple(each.words for each in lost if k - request.every <= each.month < k)
    left = len(base.horizon) - k
    months = left if request.window is None else min(request.window, left)
    if k == 0:
        problem = replace(base, settings=replace(base.settings, months=months))
        return _Round(k, base, problem, None, earlier, None, notes)
    rolled = roll_forward(base, earlier, k, months)
    start = map_forward(rolled, base, earlier)
    return _Round(k, base, rolled.dataset, rolled, earlier, start, notes)


class _Planner:
    """One step under way."""

    def __init__(
        self, request: BacktestRequest, inputs: Inputs, found: _Round, folder: Path | None, stop: Stop, watch: Watch
    ) -> None:
        self.request, self.inputs, self.round = request, inputs, found
        self.folder, self.stop, self.watch = folder, stop, watch
        self.seconds = 0.0
        self._keep: PlanStability | None = None
        if found.start is not None and request.keep_change_cost is not None:
            self._keep = PlanStability(found.start, request.keep_change_cost)

    def step(self) -> BacktestStep:
        """The step's plan; where there is none, the plan before goes on."""
        each = self.round
        for problem in (each.problem, unserved_allowed(each.problem)):
            faults = _faults(problem)
            if not faults:
                try:
                    model, outcome = self._solved(problem)
                except OutOfTime:
                    return self._as_before("no_plan", each.notes)
                if outcome.status != "infeasible":
                    break
        if faults:
            return self._as_before("faulty", (*each.notes, *faults))
        if outcome.values is None:
            return self._as_before(outcome.status, each.notes)
        return self._accepted(problem, model, outcome, problem is not each.problem)

    def _solved(self, problem: Dataset) -> tuple[Model, Outcome]:
        each, request = self.round, self.request
        lines = self.watch(f"{problem.label(0)}")
        model, outcome = solve_holding(
            problem,
            lambda problem: build_model(problem, stability=self._keep),
            one_plan,
            request.solver,
            known={} if each.start is None else {"": each.start},
            start=one_start,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(self.stop),
        )
        for line in outcome.log:
            log.debug("HiGHS: %s", line)
        self.seconds += outcome.seconds
        return model, outcome

    def _accepted(self, problem: Dataset, model: Model, outcome: Outcome, short_allowed: bool) -> BacktestStep:
        each = self.round
        assert outcome.values is not None
        assert outcome.objective_usd is not None
        plan = model.plan(outcome.values)
        charge = 0.0 if self._keep is None else self._keep.charge_usd(problem, plan)
        outcome = outcome.settled(plan.objective_usd + charge, self.request.solver.gap)
        assert outcome.objective_usd is not None
        objective = outcome.objective_usd if self._keep is None else plan.objective_usd
        bound = None if outcome.bound_usd is None else min(outcome.bound_usd - charge, objective)
        gap = None if bound is None else (objective - bound) / abs(objective) if objective else 0.0
        report = audited(problem, plan, objective, f"the plan of {problem.label(0)}")
        if self.folder is not None:
            write_plan_of(
                self.folder / "plan.xlsx",
                self.request,
                (self.request.forecast, self.inputs.sha256[0]),
                problem,
                plan,
                report,
                name=f"{problem.settings.plan_name}, planned in {problem.label(0)}",
                status=outcome.status,
                bound_usd=bound,
                seconds=self.seconds,
                model=model.size,
            )
        short = _short(each.problem, plan) if short_allowed else ()
        whole = plan if each.rolled is None else map_back(each.rolled, each.base, each.earlier, plan)
        following = each.k + self.request.every
        whole = _remembered(whole, following)
        last = min(following - 1, self.inputs.until)
        done = decisions_made(each.base, whole, each.k, last)
        notes = (*each.notes, SHORT_NOTE) if short else each.notes
        return BacktestStep(each.k, outcome.status, objective, bound, gap, self.seconds, done, notes, short, whole)

    def _as_before(self, status: str, notes: tuple[str, ...]) -> BacktestStep:
        each = self.round
        plan = _remembered(each.earlier, each.k + self.request.every)
        last = min(each.k + self.request.every - 1, self.inputs.until)
        done = decisions_made(each.base, plan, each.k, last)
        return BacktestStep(each.k, status, None, None, None, self.seconds, done, notes, (), plan)


def _faults(problem: Dataset) -> tuple[str, ...]:
    return tuple(str(fault) for fault in check(problem) if fault.severity == "error")


def _remembered(plan: Plan, until: int) -> Plan:
    """What later steps depend on: decisions; of months before `until` what was served and paid; of later ones sites."""
    served, short = (
        sums(((each.month, each.segment), each.tokens_bn) for each in rows if each.month < until)
        for rows in (plan.serving, plan.shortfalls)
    )
    sites = tuple(each for each in plan.serving if each.site and each.month >= until)
    return Plan(
        signings=plan.signings,
        options=plan.options,
        limits=plan.limits,
        serving=(*(Serving(t, "", name, "", "", "", "", bn) for (t, name), bn in sorted(served.items())), *sites),
        shortfalls=tuple(Shortfall(t, "", name, "", bn) for (t, name), bn in sorted(short.items())),
        payments=tuple(each for each in plan.payments if each.month < until),
    )


def _short(problem: Dataset, plan: Plan) -> tuple[str, ...]:
    """What of segments that must be served is not, by segment and month."""
    must = {each.segment for each in problem.segments if each.shortfall_usd_per_mtok is None}
    short = (each for each in plan.shortfalls if each.segment in must and each.tokens_bn > 1e-9)
    found = sums(((each.segment, each.month), each.tokens_bn) for each in short)
    return tuple(f"{segment}: {bn:,.4g} bn tokens in {problem.label(t)}" for (segment, t), bn in sorted(found.items()))


def decisions_made(dataset: Dataset, plan: Plan, first: int, last: int) -> tuple[str, ...]:
    """Signings, notice, renewals, options and changes of limits in months `first` to `last`.

    Notice is given notice_months before service stops; a renewal is decided in the month before its first.
    """
    words: list[str] = []
    signed: Counter[tuple[OfferKey, int]] = Counter()
    ended: Counter[tuple[OfferKey, int]] = Counter()
    renewed: Counter[tuple[OfferKey, int]] = Counter()
    for each in plan.signings:
        if not each.signed and first <= each.month <= last:
            signed[each.offer, each.term_months] += each.units
        for do, month, end in each.kind.notices(dataset, each):
            if do == RENEW and first <= month - 1 <= last:
                renewed[each.offer, month] += each.units
            elif do == GIVE_NOTICE and first <= month <= last:
                ended[each.offer, end] += each.units
    for (offer, term), units in signed.items():
        words.append(f"{offer.kind.does} {offer.kind.units(units)} of {offer.name} {term_words(term)}")
    words += [f"gives notice on {units} of {at.name}, ends {dataset.label(end)}" for (at, end), units in ended.items()]
    words += [f"renews {units} of {at.name} from {dataset.label(begins)}" for (at, begins), units in renewed.items()]
    words += [f"buys option {each.name}" for each in plan.options if first <= each.month <= last]
    return (*words, *_limits(dataset, plan, first, last))


def _limits(dataset: Dataset, plan: Plan, first: int, last: int) -> Iterator[str]:
    at_first = {(each.segment, name) for each in dataset.segments for name in each.current_limits}
    in_force = {(each.segment, each.limit, each.month) for each in plan.limits}
    for each in plan.limits:
        before = each.segment, each.limit, each.month - 1
        stays = before in in_force if each.month else before[:2] in at_first
        if first <= each.month <= last and not stays:
            yield f"puts {each.segment} on {each.limit}"
