"""Offers: what each one not taken would cost and would have to cost, and what each one taken is worth.

Every figure comes from solving the whole problem again with the offer forced in or left out, beginning from the
plan, in worker processes; a figure that is not proven is told with its bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from models.dataset import Dataset, offers_on_the_table
from models.plan import Plan
from models.variants.offers import at_price, with_offer, without_offer
from models.variants.plan_changes import Change, differences
from planner.explain.breakeven import BreakEven, Point, Range
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import SolveResult, SolveTask, WorkerPool

PRICED = ("lease", "contract", "lease_out_income")
"""Categories of payment that an offer's price scales."""


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What is known of one offer.

    `taken`: it is in the plan. `other`: cost of the best plan without it (taken) or with it forced in (not
    taken), USD; both sides None where none was found. `difference`: that less the plan's own cost: the worth of an
    offer taken, the price of forcing in one that is not. `infeasible`: no plan can do without it, or with
    it. `break_even`: None where it was not looked for. `displaces`: what else changes, in words.
    """

    name: str
    kind: str
    taken: bool
    units: int
    other: Range
    difference: Range
    infeasible: bool
    break_even: BreakEven | None
    displaces: tuple[str, ...]
    why: str = ""


def kind_of(dataset: Dataset, name: str) -> str:
    """lease, contract or lease_out."""
    return "lease" if name in dataset.lease_of else "contract" if name in dataset.contract_of else "lease_out"


def explain_offers(
    dataset: Dataset,
    plan: Plan,
    cost: Range,
    workers: WorkerPool,
    options: SolveOptions,
    on_news: Callable[[int, int], None] = lambda done, asked: None,
) -> tuple[OfferAnswer, ...]:
    """Asks about every offer on the table; `cost` is the plan's, with the bound of its own solve as the low side.

    `options` hold for each question. First every offer is asked about once, then prices are looked for until
    there is nothing more to learn or no time left. `on_news` hears how many questions are answered and asked.
    """
    units = dict.fromkeys(offers_on_the_table(dataset), 0)
    for signing in plan.signings:
        if not signing.signed and signing.name in units:
            units[signing.name] += signing.units
    asking = {name: _Asking(dataset, plan, cost, name, count, options) for name, count in units.items()}
    under_way: dict[Future[SolveResult], _Asking] = {workers.submit(each.first()): each for each in asking.values()}
    asked, done = len(under_way), 0
    while under_way:
        on_news(done, asked)
        finished, _ = wait(under_way, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in finished:
            each = under_way.pop(future)
            done += 1
            question = each.learn(future.result())
            if question is not None:
                under_way[workers.submit(question)] = each
                asked += 1
    on_news(done, asked)
    return tuple(each.answer() for each in asking.values())


class _Asking:
    """The questions about one offer, and what has been learnt."""

    def __init__(self, dataset: Dataset, plan: Plan, cost: Range, name: str, units: int, options: SolveOptions) -> None:
        self.dataset, self.plan, self.cost, self.name, self.units = dataset, plan, cost, name, units
        self.kind = kind_of(dataset, name)
        self.options = options
        self.other: SolveResult | None = None
        self.break_even: BreakEven | None = None
        self._price = 1.0

    @property
    def taken(self) -> bool:
        return self.units > 0

    def first(self) -> SolveTask:
        """The problem without the offer when it is taken, with it when it is not."""
        if self.taken:
            return SolveTask(f"without {self.name}", without_offer(self.dataset, self.name), self.options, self.plan)
        forced = with_offer(self.dataset, self.name)
        return SolveTask(f"with {self.name}", forced, self.options, self.plan, left_open=self.name)

    def learn(self, answer: SolveResult) -> SolveTask | None:
        """Takes an answer in; the next question, None when there is nothing more to ask."""
        if self.other is None:
            self.other = answer
            if answer.plan is None or answer.objective_usd is None:
                return None
            found = Range(answer.bound_usd, answer.objective_usd)
            buys = self.kind != "lease_out"
            if self.taken:
                self.break_even = BreakEven(found, buys, [self._point(1.0, self.plan, self.cost.low)])
            else:
                self.break_even = BreakEven(self.cost, buys, [self._point(1.0, answer.plan, answer.bound_usd)])
        elif self.break_even is not None and answer.plan is not None:
            self.break_even.points.append(self._point(self._price, answer.plan, answer.bound_usd))
        else:
            return None
        price = self.break_even.next_price() if self.break_even else None
        if price is None:
            return None
        self._price = price
        priced = at_price(with_offer(self.dataset, self.name), self.name, price)
        start = self.plan if self.taken else self.other.plan
        return SolveTask(f"{self.name} at {price:.3g} of its price", priced, self.options, start)

    def _point(self, f: float, plan: Plan, bound_usd: float | None) -> Point:
        """A plan's cost as a line in the offer's price; f is the multiple its payments were worked out at."""
        paid = sum(
            each.present_value_usd for each in plan.payments if each.category in PRICED and each.offer == self.name
        )
        if f == 0.0:  # what is free today says nothing of its price: the same decisions, priced
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
            name=self.name,
            kind=self.kind,
            taken=self.taken,
            units=self.units,
            other=found,
            difference=found.minus(self.cost),
            infeasible=infeasible,
            break_even=self.break_even,
            displaces=tuple(each.words for each in changes if each.change != "same" and each.name != self.name),
            why="" if other is None else other.why,
        )
