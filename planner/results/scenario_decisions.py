"""The decisions of a scenario's plan one by one: what, when, how much; the same decision where the `key` is the same.

The same decision may have other effects and costs in each scenario: service begins later in one, costs more in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

from models.dataset import Dataset
from models.grouping import groups
from models.kinds import LIMIT, Kind, OfferKey
from models.supply.kind import GIVE_NOTICE, RENEW, OfferKind
from models.supply.registry import offer_of_option
from planner.results.decisions import Decision, term_words
from planner.results.plan_figures import PlanFigures

Key = tuple[str, int, Kind, str, int | None, int, int, str]
SET_LIMIT, SIGNED = LIMIT.verb, "signed before"
"""What is done about a signing that the workbook says was signed: nothing."""


@dataclass(frozen=True, slots=True)
class ScenarioDecision:
    """A decision of month t: `do` is sign, lease out, buy option, give notice, renew or set limit.

    `of_month`: the month of the signing that notice is given of, or that is renewed; else `month`. `start` and `end`:
    first and last month of service, the last of all units. Capacity and cost (present value, USD) are those of the
    whole signing; a notice, a renewal and a limit have none of their own. `limit`: the limit set.
    """

    do: str
    month: int
    name: str
    kind: Kind
    units: int = 1
    term_months: int | None = None
    of_month: int = 0
    limit: str = ""
    start: int | None = None
    end: int | None = None
    accelerators: float | None = None
    mw: float | None = None
    cost_usd: float | None = None
    provider: str = ""
    region: str = ""

    @property
    def key(self) -> Key:
        """What was decided, without what came of it."""
        return self.do, self.month, self.kind, self.name, self.term_months, self.of_month, self.units, self.limit

    def words(self, label: Callable[[int], str], name: str = "") -> str:
        """What is done, in a clause without its month; of what, where its name is given."""
        units = self.kind.units(self.units) + (f" of {name}" if name else "")
        if self.do == SET_LIMIT:
            return " ".join(filter(None, ("set", name, "to", self.limit)))
        if not self.kind.counted:
            return f"buy option {name}".rstrip()
        if self.do == GIVE_NOTICE:
            return f"give notice of {units}, service until {label(self.end or 0)}"
        if self.do == RENEW:
            return f"renew {units} until {label(self.end or 0)}"
        return f"{self.do} {units} {term_words(self.term_months or 0)}"


def decisions_of(figures: PlanFigures) -> list[ScenarioDecision]:
    """Every decision of a scenario's plan by month, with what was signed before (`SIGNED`).

    An end of service beyond the horizon is bookkeeping and no decision; so is a limit that stays.
    """
    dataset = figures.dataset
    signings = groups(
        ((each.kind, each.name, each.month, each.term_months, each.signed), each) for each in figures.decisions
    )
    signed = [_signed(parts) for parts in signings.values()]
    ended = [each for parts in signings.values() for each in _ends(dataset, parts)]
    found = [*signed, *ended, *_limits(dataset, figures.limit_changes)]
    return sorted(found, key=lambda each: (each.month, bool(each.limit), each.name, each.do))


def _signed(parts: list[Decision]) -> ScenarioDecision:
    first = parts[0]
    return ScenarioDecision(
        do=SIGNED if first.signed else first.kind.verb,
        month=first.month,
        name=first.name,
        kind=first.kind,
        units=sum(each.units for each in parts),
        term_months=first.term_months,
        of_month=first.month,
        start=first.start,
        end=None if first.end is None else max(each.end for each in parts if each.end is not None),
        accelerators=None if first.accelerators is None else sum(each.accelerators or 0.0 for each in parts),
        mw=None if first.mw is None else sum(each.mw or 0.0 for each in parts),
        cost_usd=sum(each.cost_usd for each in parts),
        provider=first.provider,
        region=first.region,
    )


def _ends(dataset: Dataset, parts: list[Decision]) -> Iterator[ScenarioDecision]:
    """Notices and renewals of one signing, those of one month together."""
    notices = groups(
        ((do, month), (each.units, end))
        for each in parts
        if each.signing is not None
        for do, month, end in each.signing.kind.notices(dataset, each.signing)
        if (month if do == RENEW else end + 1) in dataset.horizon
    )
    signed = replace(_signed(parts), accelerators=None, mw=None, cost_usd=None)
    for (do, month), found in notices.items():
        yield replace(signed, do=do, month=month, units=sum(units for units, _ in found), end=found[-1][1])


def _limits(dataset: Dataset, changes: Iterable[tuple[int, str, str, str]]) -> Iterator[ScenarioDecision]:
    choices = groups(((each.segment, each.lever), each.limit) for each in dataset.limits)
    for month, segment, lever, limit in changes:
        stays = month == 0 and limit in dataset.segment_of[segment].current_limits
        if len(choices[segment, lever]) > 1 and not stays:
            yield ScenarioDecision(SET_LIMIT, month, segment, LIMIT, of_month=month, limit=limit)


@dataclass(frozen=True, slots=True)
class SharedDecision:
    """A decision and the scenarios that take it; `by` has it as it comes out in each of them.

    `cannot`: of the scenarios that would have to take it too, why they cannot.
    """

    by: Mapping[str, ScenarioDecision]
    probability: float
    cost_usd: float | None
    accelerators: float | None
    mw: float | None
    cannot: Mapping[str, str]

    @property
    def what(self) -> ScenarioDecision:
        """As it comes out in the first of its scenarios."""
        return next(iter(self.by.values()))

    @property
    def starts(self) -> tuple[int, ...]:
        """First months of service, the earliest first."""
        return tuple(sorted({each.start for each in self.by.values() if each.start is not None}))


def shared_decisions(
    of: Mapping[str, Iterable[ScenarioDecision]],
    probability: Mapping[str, float],
    why_cannot: Callable[[str, ScenarioDecision], str] | None = None,
) -> list[SharedDecision]:
    """Decisions of scenarios, the same decision of several as one; cost and capacity are means over those scenarios.

    `why_cannot` says why a scenario does not take a decision that another takes; None where nobody asks.
    """
    alike = groups((each.key, (scenario, each)) for scenario, found in of.items() for each in found)
    return [
        SharedDecision(
            by,
            sum(probability[name] for name in by),
            _mean({name: each.cost_usd for name, each in by.items()}, probability),
            _mean({name: each.accelerators for name, each in by.items()}, probability),
            _mean({name: each.mw for name, each in by.items()}, probability),
            {name: why_cannot(name, next(iter(by.values()))) for name in of if name not in by} if why_cannot else {},
        )
        for by in (dict(alike[key]) for key in sorted(alike, key=itemgetter(1)))
    ]


def _mean(of: Mapping[str, float | None], probability: Mapping[str, float]) -> float | None:
    known = {name: value for name, value in of.items() if value is not None}
    weight = sum(probability[name] for name in known)
    if not known or not weight:
        return next(iter(known.values()), None)
    return sum(probability[name] * value for name, value in known.items()) / weight


def why_not(dataset: Dataset, of: Iterable[ScenarioDecision], what: ScenarioDecision) -> str:
    """Why a scenario (`dataset` as it has it, `of` what it decides) cannot take a decision that others take."""
    offer = _offer_of(dataset, what)
    if offer is not None:
        exit_month = offer.kind.exit(dataset, offer.row(dataset))
        if exit_month is not None and what.month >= exit_month:
            return "the supplier has exited" if offer.kind.buys else "the taker has left"
    if what.do in (GIVE_NOTICE, RENEW):
        mine = (each for each in of if each.do in (each.kind.verb, SIGNED))
        key = what.kind, what.name, what.of_month, what.term_months
        signing = next((each for each in mine if (each.kind, each.name, each.month, each.term_months) == key), None)
        if signing is not None and signing.start is not None and signing.start >= what.month:
            return "service has not begun"
        if signing is not None and signing.start != what.start:
            return "its service has other months"
    return "not taken"


def _offer_of(dataset: Dataset, what: ScenarioDecision) -> OfferKey | None:
    """The offer that a decision is about; None for a limit."""
    if isinstance(what.kind, OfferKind):
        return OfferKey(what.kind, what.name)
    option = next((each for each in dataset.options if each.option == what.name and not what.kind.counted), None)
    return None if option is None else offer_of_option(dataset, option)
