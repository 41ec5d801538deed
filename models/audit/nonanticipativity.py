"""Whether what is decided before scenarios can be distinguished is decided alike in all of them.

Worked out from the workbook and the plans alone: which scenarios those are, when a decision is taken, and what a
scenario can decide at all. A signing with a supplier that has left, or an end of service that the scenario's own
service does not allow, is no decision there and binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from models.audit.report import AuditReport, Check, CheckedInstance, Findings
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedLease
from models.dataset import Dataset
from models.plan import Plan, Signing

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
        self.dataset, self.plan, self.factors = dataset, plan, FactorPaths(dataset)
        self.terms = {(each.lease, each.term_months): each for each in dataset.lease_terms}
        self.chosen = {
            ("lease out" if each.kind == "lease_out" else each.kind, each.name, each.month, each.term_months): 0
            for each in plan.signings
            if not each.signed
        }
        for each in plan.signings:
            if not each.signed:
                key = ("lease out" if each.kind == "lease_out" else each.kind, each.name, each.month, each.term_months)
                self.chosen[key] += each.units
        self.bought = {(each.name, each.month) for each in plan.options}
        self.limits = {(each.segment, each.month): each.limit for each in plan.limits}

    def supplier_present(self, kind: str, name: str, month: int) -> bool:
        """Whether an offer, or the offer of an option, still has its supplier; the taker of a lease-out is none."""
        if kind == "option":
            name = next(each.offer for each in self.dataset.options if each.option == name)
        lease = self.dataset.lease_of.get(name) if kind in ("lease", "option") else None
        contract = self.dataset.contract_of.get(name) if kind in ("contract", "option") else None
        offer = lease or contract
        return offer is None or month < self.factors.exit_month(offer)

    def leases(self) -> Iterator[tuple[str, int, int]]:
        yield from {(each.name, each.month, each.term_months) for each in self.plan.signings if each.kind == "lease"}

    def schedule(self, name: str, month: int, term_months: int) -> AuditedLease:
        signing = Signing("lease", name, month, term_months, 1, 0, 0)
        return AuditedLease(self.dataset, signing, self.dataset.lease_of[name], self.terms[name, term_months])

    def units_continuing(self, name: str, month: int, term_months: int, t: int) -> float:
        """Units of a signing that go on in month t."""
        mine = (each for each in self.plan.signings if each.kind == "lease")
        return sum(
            each.units
            for each in mine
            if (each.name, each.month, each.term_months) == (name, month, term_months) and each.end >= t
        )

    def choices(self, schedule: AuditedLease) -> dict[int, int]:
        """Months t at whose start units can end, with the month in which that is decided."""
        term, found = schedule.term, {}
        first, over = schedule.start, schedule.term_end + 1
        if term.cancel_after_months is not None:
            least = max(1, term.cancel_after_months + term.notice_months)
            for t in range(max(first + least, term.notice_months), over):
                found[t] = t - term.notice_months
        for k in range(term.renewals_max):
            t = over + k * (term.renewal_months or 0)
            found[t] = t
        # a notice given beyond the horizon is bookkeeping, and with prorate an end beyond it
        settings = self.dataset.settings
        full = settings.end_of_horizon == "full"
        return {
            t: when for t, when in found.items() if t < schedule.exit_month and (when if full else t) < settings.months
        }


def _pairs(one: _Decided, other: _Decided) -> Iterator[tuple[str, int, float, float]]:
    """Decisions both scenarios can take: in words, their month, and what each decides."""
    for key in {*one.chosen, *other.chosen}:
        kind, name, month, term_months = key
        if one.supplier_present(kind, name, month) and other.supplier_present(kind, name, month):
            yield f"{kind} {name}, {term_months} months", month, one.chosen.get(key, 0), other.chosen.get(key, 0)
    for name, month in one.bought | other.bought:
        if one.supplier_present("option", name, month) and other.supplier_present("option", name, month):
            yield f"option {name}", month, (name, month) in one.bought, (name, month) in other.bought
    for segment, month in one.limits:
        ranks = {each.limit: k for k, each in enumerate(one.dataset.limits) if each.segment == segment}
        limit = other.limits.get((segment, month), "")
        yield f"limit of {segment}", month, ranks[one.limits[segment, month]], ranks.get(limit, -1)
    for name, month, term_months in {*one.leases(), *other.leases()}:
        mine = one.choices(one.schedule(name, month, term_months))
        theirs = other.choices(other.schedule(name, month, term_months))
        # going on in a month may be a renewal in one and, where service came late, no notice given in the other
        for t in (t for t in mine.keys() & theirs.keys() if mine[t] == theirs[t]):
            what = f"lease {name} of {one.dataset.label(month)}, units kept on from {one.dataset.label(t)}"
            left, right = (
                one.units_continuing(name, month, term_months, t),
                other.units_continuing(name, month, term_months, t),
            )
            yield what, mine[t], left, right


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
