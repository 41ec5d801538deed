"""Whether what was decided could be decided: signings, options and usage limits, in their windows."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from models.audit.kinds import AUDITED, AuditedKind
from models.audit.ledger import agreed_limits, limit_changes
from models.audit.report import Findings
from models.audit.schedules import AuditedSigning, first_service_month
from models.dataset import Dataset
from models.plan import Plan, Signing


def check_signings(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """Every rule on a single signing, and those on all signings of one offer."""
    mine: dict[tuple[str, str], list[Signing]] = defaultdict(list)
    for signing in plan.signings:
        where = f"{dataset.label(signing.month)} {signing.kind} {signing.name}"
        mine[signing.kind.name, signing.name].append(signing)
        # more than 1e-6 from a whole number is no rounding of a solver's
        findings.equal("units_are_whole", where, signing.units, max(1, round(signing.units)), 1.0)
        schedule = AUDITED[signing.kind.name].schedule(dataset, signing)
        findings.true("term_on_offer", where, schedule is not None)
        if schedule is not None:
            _check_window(schedule, where, findings)
            schedule.check_service(where, findings)
    for name, kind in AUDITED.items():
        for offer, row in kind.offers(dataset).items():
            where = f"{kind.words} {offer}"
            kind.check_units(row, mine[name, offer], where, findings)
            kind.check_all(dataset, row, mine[name, offer], where, findings)
            _check_status(dataset, kind, offer, row, mine[name, offer], where, findings)


def _check_window(schedule: AuditedSigning, where: str, findings: Findings) -> None:
    dataset, signing, offer = schedule.dataset, schedule.signing, schedule.offer
    findings.true("service_starts_when_due", where, signing.start == schedule.start, signing.start, schedule.start)
    status = getattr(offer, "status", "offer")
    findings.true("excluded_not_signed", where, status != "excluded")
    if status == "signed":
        return
    last = dataset.settings.months - 1
    opens = 0 if offer.sign_from is None else max(0, dataset.t(offer.sign_from))
    closes = last if offer.sign_until is None else min(last, dataset.t(offer.sign_until))
    kept = opens <= signing.month <= closes
    findings.true("signed_within_window", where, kept, signing.month, opens if signing.month < opens else closes)
    earliest = schedule.start
    if dataset.scenario and earliest > last:  # what starts inside the horizon in one scenario is on offer in all
        earliest = min(schedule.start_in(dataset.in_scenario(each.scenario)) for each in dataset.scenarios)
    findings.true("service_starts_within_horizon", where, earliest <= last, earliest, last)
    findings.true(
        "signed_while_supplier_stands", where, signing.month < schedule.exit_month, signing.month, schedule.exit_month
    )


def _check_status(
    dataset: Dataset, kind: AuditedKind, offer: str, row: Any, signings: list[Signing], where: str, findings: Findings
) -> None:
    """Rows of status signed are in the plan with their month, term and units; no other row says it is signed."""
    if getattr(row, "status", "offer") != "signed":
        findings.true("signed_as_recorded", where, not any(each.signed for each in signings))
        return
    month, term_months, units = kind.agreed(row)
    if month is None or term_months is None or units is None:
        findings.true("signed_as_recorded", f"{where}: the workbook does not say when, how long and how much", False)
        return
    signed = dataset.t(month)
    same = all(each.signed and each.month == signed and each.term_months == term_months for each in signings)
    findings.true("signed_as_recorded", f"{where}, month and term", same)
    over = first_service_month(dataset, row, offer if kind.uncertain else None, signed) + term_months - 1 < 0
    if signings or not over:
        found = sum(each.units for each in signings)
        findings.equal("signed_as_recorded", f"{where}, units", found, units, max(units, 1))


def check_options(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """Options are bought once, in their window, and before what they give the right to."""
    last = dataset.settings.months - 1
    for option in dataset.options:
        bought = [each.month for each in plan.options if each.name == option.option]
        where = f"option {option.option}"
        findings.at_most("option_bought_once", where, len(bought), 1, 1.0)
        opens = 0 if option.buy_from is None else dataset.t(option.buy_from)
        closes = last if option.buy_until is None else dataset.t(option.buy_until)
        for t in bought:
            limit = opens if t < opens else closes
            findings.true("option_bought_within_window", where, opens <= t <= closes, t, limit)
        for signing in plan.signings:
            kind = AUDITED[signing.kind.name]
            mine = signing.name == option.offer and kind.held and kind.brings
            if mine and getattr(kind.offers(dataset)[signing.name], "status", "offer") != "signed":
                place = f"{dataset.label(signing.month)} {signing.name}, {where}"
                kept = any(t <= signing.month for t in bought)
                findings.true("option_bought_first", place, kept)


def check_limits(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """One usage limit a month, inside its window, and every change as the rules on changes allow."""
    rows = {(each.segment, each.limit): each for each in dataset.limits}
    chosen: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for each in plan.limits:
        row, month = rows[each.segment, each.limit], dataset.month(each.month)
        chosen[each.segment, row.lever, each.month].append(each.limit)
        early = row.from_month is not None and month < row.from_month
        too_late = row.until_month is not None and month > row.until_month
        where = f"{dataset.label(each.month)} {each.segment}: {each.limit}"
        findings.true("limit_within_window", where, not early and not too_late)
        findings.true("one_limit_in_force", f"{where}, of its lever", each.lever == row.lever)
    changes = list(limit_changes(dataset, plan))
    for segment in dataset.segments:
        own = [each for each in dataset.limits if each.segment == segment.segment]
        rank = {
            each.limit: float(order) if each.generosity is None else each.generosity
            for order, each in enumerate(own, start=1)
        }
        for lever in dict.fromkeys(each.lever for each in own):
            name = segment.segment, lever
            path = [chosen[*name, t] for t in dataset.horizon]
            words = segment.segment if len({each.lever for each in own}) == 1 else f"{segment.segment}, {lever}"
            for t, found in enumerate(path):
                findings.equal("one_limit_in_force", f"{dataset.label(t)} {words}", len(found), 1, 1.0)
            changed = [t for *of, t in changes if tuple(of) == name]
            for before, t in pairwise(changed):
                least = segment.min_months_between_changes
                findings.at_least("limit_stays_long_enough", f"{dataset.label(t)} {words}", t - before, least, 1.0)
            if segment.may_tighten:
                continue
            at_first = agreed_limits(dataset, segment).get(lever)
            for t, (old, new) in enumerate(pairwise([at_first, *(found[0] if found else None for found in path)])):
                if old is not None and new is not None:
                    where = f"{dataset.label(t)} {words}: {old} to {new}"
                    findings.at_least("limit_never_tightened", where, rank[new], rank[old], 1.0)
