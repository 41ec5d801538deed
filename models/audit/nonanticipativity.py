"""Whether what is decided before scenarios can be distinguished is decided alike in all of them.

Worked out from the workbook and the plans alone: which scenarios those are, when a decision is taken, and what a
scenario can decide at all. A signing with a supplier that has left, or an end of service that the scenario's own
service does not allow, is no decision there and binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from models.audit.kinds import AUDITED
from models.audit.report import AuditReport, Check, CheckedInstance, Findings
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing

_Signed = tuple[str, str, int, int]
"""Kind, offer, month of signing and term."""
RULE = "decided_alike"
WORDS = "what is decided before scenarios can be distinguished is the same in all of them"


def node_of(dataset: Dataset, scenario: str, t: int) -> str:
    """The scenario that this one is the same as in month t: one of those it follows, or itself.

    Before first_stage_months all are one; "" then.
    """
    first = dataset.settings.first_stage_months
    if t < first:
        return ""
    rows = dataset.named("scenarios")
    while (row := rows[scenario]).follows is not None:
        if t >= (first if row.branches_at is None else max(first, dataset.t(row.branches_at))):
            break
        scenario = row.follows
    return scenario


def check_nonanticipativity(dataset: Dataset, plans: Mapping[str, Plan]) -> Check:
    """The rule over every decision and the scenarios that are one when it is taken.

    Each is held against the first of them that can take the decision; `dataset` is the whole, of no scenario.
    """
    findings = Findings({RULE: WORDS}, 1e-6)
    views = {name: _Decided(dataset.in_scenario(name), plan) for name, plan in plans.items()}
    first: dict[tuple[str, int, str], tuple[str, float]] = {}
    signings = {key: rows[0] for view in views.values() for key, rows in view.signings.items()}
    options = sorted({each for view in views.values() for each in view.bought})
    limits = sorted({each for view in views.values() for each in view.limits})
    for name, view in views.items():
        for what, month, decided in view.decisions(signings, options, limits):
            key = what, month, node_of(dataset, name, month)
            other, expected = first.setdefault(key, (name, decided))
            if other != name:
                where = f"{dataset.label(month)} {what}: {other} and {name}"
                findings.equal(RULE, where, expected, decided, 1.0)
    return findings.report().checks[0]


class _Decided:
    """What a scenario's plan decides, and what it could have."""

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset, self.plan = dataset, plan
        self.signings: dict[_Signed, list[Signing]] = groups(
            ((each.kind.name, each.name, each.month, each.term_months), each) for each in plan.signings
        )
        self.bought = {(each.name, each.month) for each in plan.options}
        self.limits = {(each.segment, each.lever, each.month): each.limit for each in plan.limits}
        self.ranks = {(each.segment, each.limit): k for k, each in enumerate(dataset.limits)}

    def units(self, key: _Signed) -> int:
        """Units signed, without those that the workbook says were signed."""
        return sum(each.units for each in self.signings.get(key, ()) if not each.signed)

    def supplier_present(self, kind: str, name: str, month: int) -> bool:
        """Whether an offer still has its supplier."""
        return month < AUDITED[kind].exit_month(self.dataset, name)

    def option_supplier_present(self, name: str, month: int) -> bool:
        """Whether the offer of an option still has its supplier."""
        offer = next(each.offer for each in self.dataset.options if each.option == name)
        kinds = (
            kind for kind, each in AUDITED.items() if each.held and each.brings and offer in each.offers(self.dataset)
        )
        return all(self.supplier_present(kind, offer, month) for kind in kinds)

    def units_continuing(self, key: _Signed, t: int) -> float:
        """Units of a signing that go on in month t."""
        return sum(each.units for each in self.signings.get(key, ()) if each.end >= t)

    def choices(self, signing: Signing) -> Mapping[int, int]:
        """Months t at whose start units of a signing can end, with the month in which that is decided."""
        schedule = AUDITED[signing.kind.name].schedule(self.dataset, signing)
        return {} if schedule is None else schedule.choices()

    def decisions(
        self,
        signings: Mapping[_Signed, Signing],
        options: Iterable[tuple[str, int]],
        limits: Iterable[tuple[str, str, int]],
    ) -> Iterator[tuple[str, int, float]]:
        """Decisions that the scenario can take, of those taken in any: in words, their month, and what is decided."""
        label = self.dataset.label
        for key, signing in signings.items():
            kind, name, month, term_months = key
            words = f"{AUDITED[kind].words} {name}"
            if self.supplier_present(kind, name, month):
                yield f"{words}, {term_months} months", month, self.units(key)
            # going on in a month may be a renewal in one and, where service came late, no notice given in another
            for t, when in self.choices(signing).items():
                yield f"{words} of {label(month)}, units kept on from {label(t)}", when, self.units_continuing(key, t)
        for name, month in options:
            if self.option_supplier_present(name, month):
                yield f"option {name}", month, (name, month) in self.bought
        for segment, lever, month in limits:
            limit = self.limits.get((segment, lever, month), "")
            yield f"{lever} of {segment}", month, self.ranks.get((segment, limit), -1)


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
