"""AuditReport: what an audit looked at, how far each rule is kept, and where it is not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LISTED = 20
"""Failing places listed by name for each rule; the rest are counted."""


@dataclass(frozen=True, slots=True)
class CheckedInstance:
    """One place where a rule was looked at: `found` against `limit`, in the unit of the rule.

    `violation` is the distance beyond the limit relative to the size of what is compared; 0 when kept.
    """

    where: str
    found: float
    limit: float
    violation: float


@dataclass(frozen=True, slots=True)
class Check:
    """One rule over all its places; `where`, `found`, `limit` and `violation` are those of the worst.

    `rule` is a short key, `what` the rule in business words. `places` counts where it was looked at,
    `failed` where it is broken; `failures` names the first 20 of these, worst first. A rule that
    holds nowhere in this plan has 0 places and passes.
    """

    rule: str
    what: str
    where: str
    found: float
    limit: float
    violation: float
    passed: bool
    places: int = 0
    failed: int = 0
    failures: tuple[CheckedInstance, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The verdict on a plan: every rule once, whether all passed, the largest relative violation."""

    checks: tuple[Check, ...]
    passed: bool
    largest_violation: float

    @property
    def recomputed(self) -> int:
        """How many rules were recomputed: those that have a place in the plan."""
        return sum(1 for each in self.checks if each.places)

    @property
    def feasibility(self) -> str:
        """How nearly all rules are kept, and the one that is so least, in the units of the workbook."""
        worst = max(self.checks, key=lambda each: each.violation)
        kept = f"{self.recomputed} rules to within {self.largest_violation:.1e} of what they add up"
        return f"{kept}; least so {worst.rule}, {worst.where}: {worst.found:.17g}, limit {worst.limit:.17g}"

    @property
    def failed(self) -> tuple[Check, ...]:
        """The rules that are broken, worst first."""
        return tuple(sorted((each for each in self.checks if not each.passed), key=lambda each: -each.violation))


class Findings:
    """Collects places rule by rule while the audit goes through a plan.

    `rules` maps every rule key to its business words, in the order of the report.
    """

    def __init__(self, rules: Mapping[str, str], tolerance: float) -> None:
        self.rules = rules
        self.tolerance = tolerance
        self._places = dict.fromkeys(rules, 0)
        self._failed = dict.fromkeys(rules, 0)
        self._worst: dict[str, CheckedInstance] = {}
        self._failures: dict[str, list[CheckedInstance]] = {rule: [] for rule in rules}

    def at_most(self, rule: str, where: str, found: float, limit: float, scale: float) -> None:
        """`found` may not exceed `limit` by more than the tolerance x `scale`."""
        self._note(rule, where, found, limit, found - limit, scale)

    def at_least(self, rule: str, where: str, found: float, limit: float, scale: float) -> None:
        """`found` may not fall below `limit` by more than the tolerance x `scale`."""
        self._note(rule, where, found, limit, limit - found, scale)

    def equal(self, rule: str, where: str, found: float, limit: float, scale: float) -> None:
        """`found` may not differ from `limit` by more than the tolerance x `scale`."""
        self._note(rule, where, found, limit, abs(found - limit), scale)

    def true(self, rule: str, where: str, kept: bool, found: float | None = None, limit: float = 1.0) -> None:
        """A rule that is kept or broken, with nothing in between: broken counts as a violation of 1.

        Without figures of their own, `found` is 1 where it is kept and 0 where not, against 1.
        """
        self._count(rule, where, float(kept) if found is None else found, limit, 0.0 if kept else 1.0)

    def _note(self, rule: str, where: str, found: float, limit: float, beyond: float, scale: float) -> None:
        """The one slack of the audit: `beyond` relative to `scale`, the size of what is added up on both sides."""
        if beyond <= 0.0:
            violation = 0.0
        elif math.isfinite(beyond) and 0 < scale < math.inf:
            violation = beyond / scale
        else:
            violation = 1.0  # not a number, or something where there is nothing at all
        self._count(rule, where, found, limit, violation)

    def _count(self, rule: str, where: str, found: float, limit: float, violation: float) -> None:
        self._places[rule] += 1
        worst = self._worst.get(rule)
        if worst is not None and violation <= min(worst.violation, self.tolerance):
            return  # most places: nothing of them is told
        place = CheckedInstance(where, found, limit, violation)
        if worst is None or place.violation > worst.violation:
            self._worst[rule] = place
        if place.violation > self.tolerance:
            self._failed[rule] += 1
            self._failures[rule].append(place)

    def report(self) -> AuditReport:
        """Every rule as one Check."""
        checks = tuple(self._check(rule) for rule in self.rules)
        return AuditReport(
            checks=checks,
            passed=all(each.passed for each in checks),
            largest_violation=max((each.violation for each in checks), default=0.0),
        )

    def _check(self, rule: str) -> Check:
        worst = self._worst.get(rule, CheckedInstance("", 0.0, 0.0, 0.0))
        failures = sorted(self._failures[rule], key=lambda each: -each.violation)[:LISTED]
        return Check(
            rule=rule,
            what=self.rules[rule],
            where=worst.where,
            found=worst.found,
            limit=worst.limit,
            violation=worst.violation,
            passed=not self._failed[rule],
            places=self._places[rule],
            failed=self._failed[rule],
            failures=tuple(failures),
        )
