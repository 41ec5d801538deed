"""Offers: the value of each accepted offer, and the cost and break-even price of each rejected one.

Every figure comes from solving the whole problem again with the offer forced in or left out, with the plan as a warm
start, in worker processes. A figure that is not proven is given with its bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan
from models.supply.kind import OfferKind
from models.supply.registry import offers_on_the_table
from models.variants.offers import at_price, with_offer, without_offer
from models.variants.plan_changes import Change, differences
from planner.explain.breakeven import BreakEven, Point, Range
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import SolveResult, SolveTask, WorkerPool


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What was found out about one offer.

    Parameters
    ----------
    offer : OfferKey
        The offer.
    taken : bool
        Whether the plan accepts it.
    units : int
        Units or blocks of it in the plan.
    other : Range
        Cost of the best plan without it (if taken) or with it forced in (if not), USD; None where none was found.
    difference : Range
        That less the cost of the plan, USD: the value of an accepted offer, the cost of forcing in a rejected one.
    infeasible : bool
        No plan exists without it, or with it.
    break_even : BreakEven, optional
        The price at which the decision changes; None where it was not searched for.
    displaces : tuple of str
        What else changes, in words.
    why : str
        How the solve ended.
    """

    offer: OfferKey
    taken: bool
    units: int
    other: Range
    difference: Range
    infeasible: bool
    break_even: BreakEven | None
    displaces: tuple[str, ...]
    why: str = ""

    @property
    def name(self) -> str:
        """The offer's name."""
        return self.offer.name

    @property
    def kind(self) -> OfferKind:
        """What it is."""
        return self.offer.kind


def explain_offers(
    dataset: Dataset,
    plan: Plan,
    cost: Range,
    workers: WorkerPool,
    options: SolveOptions,
    on_progress: Callable[[int, int], None] = lambda done, submitted: None,
) -> tuple[OfferAnswer, ...]:
    """Find the value of every offer, and the price at which the decision about it changes.

    Each offer is forced in or left out once; then break-even prices are searched for until all are known or the time
    of the workers is over.

    Parameters
    ----------
    dataset : Dataset
        The problem.
    plan : Plan
        The plan to explain.
    cost : Range
        Its cost, with the bound of its own solve as the low side, USD.
    workers : WorkerPool
        Where the problems are solved.
    options : SolveOptions
        Of each solve.
    on_progress : callable
        Called with the numbers of solves done and submitted.
    """
    units = dict.fromkeys(offers_on_the_table(dataset), 0)
    for signing in plan.signings:
        if not signing.signed and signing.offer in units:
            units[signing.offer] += signing.units
    studies = [_OfferSolves(dataset, plan, cost, offer, count, options) for offer, count in units.items()]
    pending: dict[Future[SolveResult], _OfferSolves] = {workers.submit(each.first_task()): each for each in studies}
    submitted, done = len(pending), 0
    while pending:
        on_progress(done, submitted)
        finished, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in finished:
            each = pending.pop(future)
            done += 1
            task = each.update(future.result())
            if task is not None:
                pending[workers.submit(task)] = each
                submitted += 1
    on_progress(done, submitted)
    return tuple(each.answer() for each in studies)


class _OfferSolves:
    """The solves about one offer, and their results."""

    def __init__(
        self, dataset: Dataset, plan: Plan, cost: Range, offer: OfferKey, units: int, options: SolveOptions
    ) -> None:
        self.dataset, self.plan, self.cost, self.offer, self.units = dataset, plan, cost, offer, units
        self.options = options
        self.other: SolveResult | None = None
        self.break_even: BreakEven | None = None
        self._price = 1.0

    @property
    def taken(self) -> bool:
        return self.units > 0

    def first_task(self) -> SolveTask:
        """Return the problem without an accepted offer, or with a rejected one forced in."""
        if self.taken:
            without = without_offer(self.dataset, self.offer)
            return SolveTask(f"without {self.offer.words}", without, self.options, self.plan)
        forced = with_offer(self.dataset, self.offer)
        return SolveTask(f"with {self.offer.words}", forced, self.options, self.plan, left_open=self.offer)

    def update(self, result: SolveResult) -> SolveTask | None:
        """Record a result and return the next problem to solve; None when there is nothing more to find out."""
        if self.other is None:
            self.other = result
            if result.plan is None or result.objective_usd is None:
                return None
            found = Range(result.bound_usd, result.objective_usd)
            buys = self.offer.kind.buys
            if self.taken:
                self.break_even = BreakEven(found, buys, [self._point(1.0, self.plan, self.cost.low)])
            else:
                self.break_even = BreakEven(self.cost, buys, [self._point(1.0, result.plan, result.bound_usd)])
        elif self.break_even is not None and result.plan is not None:
            self.break_even.points.append(self._point(self._price, result.plan, result.bound_usd))
        else:
            return None
        price = self.break_even.next_price() if self.break_even else None
        if price is None:
            return None
        self._price = price
        priced = at_price(with_offer(self.dataset, self.offer), self.offer, price)
        start = self.plan if self.taken else self.other.plan
        return SolveTask(f"{self.offer.words} at {price:.3g} of its price", priced, self.options, start)

    def _point(self, f: float, plan: Plan, bound_usd: float | None) -> Point:
        """Return a plan's cost as a line in the offer's price; its payments are at the multiple f of that price."""
        own = self.offer.kind.category, self.offer.name
        paid = sum(each.present_value_usd for each in plan.payments if (each.category, each.offer) == own)
        if f == 0.0:  # at no price the payments do not show the slope
            return Point(f, plan.objective_usd, 0.0, bound_usd)
        return Point(f, plan.objective_usd - paid, paid / f, bound_usd)

    def answer(self) -> OfferAnswer:
        other = self.other
        found = Range(None, None) if other is None else Range(other.bound_usd, other.objective_usd)
        infeasible = other is not None and other.status == "infeasible"
        changes: tuple[Change, ...] = ()
        if other is not None and other.plan is not None:
            changes = differences(self.plan, other.plan, self.dataset.label)
        return OfferAnswer(
            offer=self.offer,
            taken=self.taken,
            units=self.units,
            other=found,
            difference=found.minus(self.cost),
            infeasible=infeasible,
            break_even=self.break_even,
            displaces=tuple(each.words for each in changes if each.change != "same" and each.key != self.offer),
            why="" if other is None else other.why,
        )
