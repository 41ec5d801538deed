"""Whether what is decided before scenarios can be distinguished is decided alike in all of them.

Worked out from the workbook and the plans alone: which scenarios those are, when a decision is taken, and what a
scenario can decide at all. A signing with a supplier that has left, or an end of service that the scenario's own
service does not allow, is no decision there and binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from models.audit.kinds import AUDITED
from models.audit.report import AuditReport, Check, CheckedInstance, Findings
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing

_Signed = tuple[str, str, int, int]
"""Kind, offer, month of signing and term."""
RULE = "decided_alike"
WORDS = "what is decided before scenarios can be distinguished is the same in all of them"


def first_distinguishable_month(dataset: Dataset, one: str, other: str) -> int:
    """The first month t in which two scenarios can be distinguished."""
    rows = {each.scenario: each for each in dataset.scenarios}
    first = dataset.settings.first_stage_months

    def parts(name: str) -> int:
        month = rows[name].branches_at
        return first if month is None else max(first, dataset.t(month))

    def line(name: str) -> dict[str, int]:
        """Itself and those it follows, each with the month up to which it is that one."""
        found, until = {name: 10**9}, 10**9
        while rows[name].follows is not None:
            until = min(until, parts(name))
            name = rows[name].follows or ""
            found[name] = until
        return found

    mine, theirs = line(one), line(other)
    return max([first, *(min(until, theirs[name]) for name, until in mine.items() if name in theirs)])


def check_nonanticipativity(dataset: Dataset, plans: Mapping[str, Plan]) -> Check:
    """The rule over every pair of scenarios and every decision; `dataset` is the whole, of no scenario."""
    findings = Findings({RULE: WORDS}, 1e-6)
    views = {name: _Decided(dataset.in_scenario(name), plan) for name, plan in plans.items()}
    for one, other in combinations(plans, 2):
        apart = first_distinguishable_month(dataset, one, other)
        pair = f"{one} and {other}"
        for what, month, left, right in _pairs(views[one], views[other]):
            if month < apart:
                findings.equal(RULE, f"{dataset.label(month)} {what}: {pair}", left, right, 1.0)
    return findings.report().checks[0]


class _Decided:
    """What a scenario's plan decides, and what it could have."""

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset, self.plan = dataset, plan
        self.signings: dict[_Signed, list[Signing]] = groups(
            ((each.kind.name, each.name, each.month, each.term_months), each) for each in plan.signings
        )
        self.bought = {(each.name, each.month) for each in plan.options}
        self.limits = {(each.segment, each.month): each.limit for each in plan.limits}

    def units(self, key: _Signed) -> int:
        """Units signed, without those that the workbook says were signed."""
        return sum(each.units for each in self.signings.get(key, ()) if not each.signed)

    def supplier_present(self, kind: str, name: str, month: int) -> bool:
        """Whether an offer still has its supplier."""
        return month < AUDITED[kind].exit_month(self.dataset, name)

    def option_supplier_present(self, name: str, month: int) -> bool:
        """Whether the offer of an option still has its supplier."""
        offer = next(each.offer for each in self.dataset.options if each.option == name)
        kinds = (kind for kind, each in AUDITED.items() if each.held and offer in each.offers(self.dataset))
        return all(self.supplier_present(kind, offer, month) for kind in kinds)

    def units_continuing(self, key: _Signed, t: int) -> float:
        """Units of a signing that go on in month t."""
        return sum(each.units for each in self.signings.get(key, ()) if each.end >= t)

    def choices(self, signing: Signing) -> Mapping[int, int]:
        """Months t at whose start units of a signing can end, with the month in which that is decided."""
        schedule = AUDITED[signing.kind.name].schedule(self.dataset, signing)
        return {} if schedule is None else schedule.choices()


def _pairs(one: _Decided, other: _Decided) -> Iterator[tuple[str, int, float, float]]:
    """Decisions both scenarios can take: in words, their month, and what each decides."""
    both = {**other.signings, **one.signings}
    for key in both:
        kind, name, month, term_months = key
        chosen = any(not each.signed for view in (one, other) for each in view.signings.get(key, ()))
        if chosen and one.supplier_present(kind, name, month) and other.supplier_present(kind, name, month):
            yield f"{AUDITED[kind].words} {name}, {term_months} months", month, one.units(key), other.units(key)
    for name, month in one.bought | other.bought:
        if one.option_supplier_present(name, month) and other.option_supplier_present(name, month):
            yield f"option {name}", month, (name, month) in one.bought, (name, month) in other.bought
    for segment, month in one.limits:
        ranks = {each.limit: k for k, each in enumerate(one.dataset.limits) if each.segment == segment}
        limit = other.limits.get((segment, month), "")
        yield f"limit of {segment}", month, ranks[one.limits[segment, month]], ranks.get(limit, -1)
    for key, rows in both.items():
        kind, name, month, _ = key
        mine, theirs = one.choices(rows[0]), other.choices(rows[0])
        # going on in a month may be a renewal in one and, where service came late, no notice given in the other
        for t in (t for t in mine.keys() & theirs.keys() if mine[t] == theirs[t]):
            what = (
                f"{AUDITED[kind].words} {name} of {one.dataset.label(month)}, units kept on from {one.dataset.label(t)}"
            )
            yield what, mine[t], one.units_continuing(key, t), other.units_continuing(key, t)


def joint_report(reports: Mapping[str, AuditReport], alike: Check) -> AuditReport:
    """One report of the scenarios' audits and of what they have in common; places name their scenario."""
    checks = [_joined({name: report.checks[k] for name, report in reports.items()}) for k in _rules(reports)]
    checks.append(alike)
    return AuditReport(
        tuple(checks), all(each.passed for each in checks), max((each.violation for each in checks), default=0.0)
    )


def _rules(reports: Mapping[str, AuditReport]) -> range:
    return range(len(next(iter(reports.values())).checks))


def _joined(of: Mapping[str, Check]) -> Check:
    name, worst = max(of.items(), key=lambda pair: pair[1].violation)
    failures: list[CheckedInstance] = [
        replace(place, where=f"{scenario}: {place.where}") for scenario, each in of.items() for place in each.failures
    ]
    return replace(
        worst,
        where=f"{name}: {worst.where}" if worst.where else "",
        passed=all(each.passed for each in of.values()),
        places=sum(each.places for each in of.values()),
        failed=sum(each.failed for each in of.values()),
        failures=tuple(sorted(failures, key=lambda place: -place.violation)[:20]),
    )
