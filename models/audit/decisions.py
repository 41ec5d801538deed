"""Whether what was decided could be decided: signings, options and usage limits, in their windows."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from models.audit.ledger import limit_changes
from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedLease, first_service_month
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import Contract, Lease, LeaseOut, LeaseTerm


def check_signings(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """Every rule on a single signing, and those on all signings of one offer."""
    terms = {(each.lease, each.term_months): each for each in dataset.lease_terms}
    units: dict[tuple[str, str], float] = defaultdict(float)
    for signing in plan.signings:
        where = f"{dataset.label(signing.month)} {signing.kind} {signing.name}"
        units[signing.kind, signing.name] += signing.units
        # more than 1e-6 from a whole number is no rounding of a solver's
        findings.equal("units_are_whole", where, signing.units, max(1, round(signing.units)), 1.0)
        if signing.kind == "lease":
            lease = dataset.lease_of[signing.name]
            _check_window(dataset, signing, lease, where, findings)
            term = terms.get((lease.lease, signing.term_months))
            findings.true("term_on_offer", where, term is not None)
            if term is not None:
                _check_lease_service(AuditedLease(dataset, signing, lease, term), where, findings)
        else:
            offer = _contract_or_lease_out(dataset, signing)
            _check_window(dataset, signing, offer, where, findings)
            kept = signing.term_months == offer.term_months
            findings.true("term_on_offer", where, kept, signing.term_months, offer.term_months)
            end = first_service_month(dataset, offer, signing.month) + offer.term_months - 1
            findings.true("service_ends_when_due", where, signing.end == end, signing.end, end)
            findings.true("cancelled_as_allowed", where, not signing.cancelled)
            findings.true("renewed_as_allowed", where, signing.renewals == 0, signing.renewals, 0)
    for lease in dataset.leases:
        if lease.status != "signed":
            found = units["lease", lease.lease]
            findings.at_most("units_within_offer", f"lease {lease.lease}", found, lease.units_max, 1.0)
    for lease_out in dataset.lease_outs:
        found = units["lease_out", lease_out.lease_out]
        findings.at_most("units_within_offer", f"lease-out {lease_out.lease_out}", found, lease_out.units_max, 1.0)
    _check_contracts(dataset, plan, findings)
    _check_signed(dataset, plan, terms, findings)


def _contract_or_lease_out(dataset: Dataset, signing: Signing) -> Contract | LeaseOut:
    if signing.kind == "contract":
        return dataset.contract_of[signing.name]
    return dataset.lease_out_of[signing.name]


def _check_window(
    dataset: Dataset, signing: Signing, offer: Lease | Contract | LeaseOut, where: str, findings: Findings
) -> None:
    start = first_service_month(dataset, offer, signing.month)
    findings.true("service_starts_when_due", where, signing.start == start, signing.start, start)
    status = "offer" if isinstance(offer, LeaseOut) else offer.status
    findings.true("excluded_not_signed", where, status != "excluded")
    if status == "signed":
        return
    last = dataset.settings.months - 1
    opens = 0 if offer.sign_from is None else max(0, dataset.t(offer.sign_from))
    closes = last if offer.sign_until is None else min(last, dataset.t(offer.sign_until))
    kept = opens <= signing.month <= closes
    findings.true("signed_within_window", where, kept, signing.month, opens if signing.month < opens else closes)
    views = [dataset.in_scenario(each.scenario) for each in dataset.scenarios] if dataset.scenario else [dataset]
    earliest = min(first_service_month(view, offer, signing.month) for view in views)
    findings.true("service_starts_within_horizon", where, earliest <= last, earliest, last)
    exit_month = FactorPaths(dataset).exit_month(offer)
    findings.true("signed_while_supplier_stands", where, signing.month < exit_month, signing.month, exit_month)


def _check_lease_service(schedule: AuditedLease, where: str, findings: Findings) -> None:
    """The end of service, the right to cancel and the renewals of one signing of a lease."""
    signing, term, last = schedule.signing, schedule.term, schedule.dataset.settings.months - 1
    if signing.cancelled:
        findings.true("service_ends_when_due", where, signing.end < schedule.term_end, signing.end, schedule.term_end)
        _check_cancelling(schedule, where, findings)
    else:
        findings.true("service_ends_when_due", where, signing.end == schedule.end, signing.end, schedule.end)
    if signing.renewals == 0:
        return
    most = 0 if signing.cancelled or term.renewal_months is None else term.renewals_max
    findings.true("renewed_as_allowed", where, 0 <= signing.renewals <= most, signing.renewals, most)
    begins = schedule.term_end + 1 + (signing.renewals - 1) * (term.renewal_months or 0)
    findings.true(
        "renewed_as_allowed", f"{where}, its supplier", begins < schedule.exit_month, begins, schedule.exit_month
    )
    findings.true("renewed_as_allowed", f"{where}, its last renewal", 0 <= begins <= last, begins, last)


def _check_cancelling(schedule: AuditedLease, where: str, findings: Findings) -> None:
    signing, term, settings = schedule.signing, schedule.term, schedule.dataset.settings
    served = signing.end - schedule.start + 1
    findings.true("cancelled_as_allowed", f"{where}, right to cancel", term.cancel_after_months is not None)
    if term.cancel_after_months is None:
        return
    least = max(1, term.cancel_after_months + term.notice_months)
    findings.true("cancelled_as_allowed", f"{where}, months of service", served >= least, served, least)
    # the month after the last one in service is when the stop takes effect
    notice = signing.end + 1 - term.notice_months
    kept = notice >= 0 and (settings.end_of_horizon == "full" or notice < settings.months)
    limit = 0 if notice < 0 else settings.months - 1
    findings.true("cancelled_as_allowed", f"{where}, month of notice", kept, notice, limit)


def _check_contracts(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    for contract in dataset.contracts:
        own = [each for each in plan.signings if (each.kind, each.name) == ("contract", contract.contract)]
        where = f"contract {contract.contract}"
        findings.at_most("one_signing_per_contract", where, len(own), 1, 1.0)
        if contract.status != "signed":
            for each in own:
                findings.at_least("blocks_within_offer", where, each.units, contract.min_blocks, 1.0)
                findings.at_most("blocks_within_offer", where, each.units, contract.max_blocks, 1.0)


def _check_signed(dataset: Dataset, plan: Plan, terms: dict[tuple[str, int], LeaseTerm], findings: Findings) -> None:
    """Rows of status signed are in the plan with their month, term and units; no other row says it is signed."""
    own: dict[tuple[str, str], list[Signing]] = defaultdict(list)
    for signing in plan.signings:
        own[signing.kind, signing.name].append(signing)
    for lease in dataset.leases:
        rows = own["lease", lease.lease]
        agreed = (lease.signed_month, lease.signed_term_months, lease.signed_units)
        _check_status(dataset, f"lease {lease.lease}", lease.status, agreed, lease, rows, findings)
    for contract in dataset.contracts:
        rows = own["contract", contract.contract]
        agreed = (contract.signed_month, contract.term_months, contract.signed_blocks)
        _check_status(dataset, f"contract {contract.contract}", contract.status, agreed, contract, rows, findings)
    for name in dataset.lease_out_of:
        kept = not any(each.signed for each in own["lease_out", name])
        findings.true("signed_as_recorded", f"lease-out {name}", kept)


def _check_status(
    dataset: Dataset,
    where: str,
    status: str,
    agreed: tuple[int | None, int | None, int | None],
    offer: Lease | Contract,
    rows: list[Signing],
    findings: Findings,
) -> None:
    if status != "signed":
        findings.true("signed_as_recorded", where, not any(each.signed for each in rows))
        return
    month, term_months, units = agreed
    if month is None or term_months is None or units is None:
        findings.true("signed_as_recorded", f"{where}: the workbook does not say when, how long and how much", False)
        return
    signed = dataset.t(month)
    same = all(each.signed and each.month == signed and each.term_months == term_months for each in rows)
    findings.true("signed_as_recorded", f"{where}, month and term", same)
    over = first_service_month(dataset, offer, signed) + term_months - 1 < 0
    if rows or not over:
        findings.equal("signed_as_recorded", f"{where}, units", sum(each.units for each in rows), units, max(units, 1))


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
            offered = signing.name == option.offer and signing.kind != "lease_out" and not _is_signed(dataset, signing)
            if offered:
                place = f"{dataset.label(signing.month)} {signing.name}, {where}"
                kept = any(t <= signing.month for t in bought)
                findings.true("option_bought_first", place, kept)


def _is_signed(dataset: Dataset, signing: Signing) -> bool:
    offers: dict[str, Lease] | dict[str, Contract]
    offers = dataset.lease_of if signing.kind == "lease" else dataset.contract_of
    return offers[signing.name].status == "signed"


def check_limits(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """One usage limit a month, inside its window, and every change as the rules on changes allow."""
    rows = {(each.segment, each.limit): each for each in dataset.limits}
    chosen: dict[tuple[str, int], list[str]] = defaultdict(list)
    for each in plan.limits:
        chosen[each.segment, each.month].append(each.limit)
        row, month = rows[each.segment, each.limit], dataset.month(each.month)
        early = row.from_month is not None and month < row.from_month
        too_late = row.until_month is not None and month > row.until_month
        where = f"{dataset.label(each.month)} {each.segment}: {each.limit}"
        findings.true("limit_within_window", where, not early and not too_late)
    changes = limit_changes(dataset, plan)
    for segment in dataset.segments:
        name = segment.segment
        own = [each for each in dataset.limits if each.segment == name]
        if not own:
            continue
        for t in dataset.horizon:
            found = len(chosen[name, t])
            findings.equal("one_limit_in_force", f"{dataset.label(t)} {name}", found, 1, 1.0)
        changed = [t for each, t in changes if each == name]
        for before, t in pairwise(changed):
            least = segment.min_months_between_changes
            findings.at_least("limit_stays_long_enough", f"{dataset.label(t)} {name}", t - before, least, 1.0)
        if not segment.may_tighten:
            rank = {
                each.limit: float(order) if each.generosity is None else each.generosity
                for order, each in enumerate(own, start=1)
            }
            path = [segment.current_limit, *(chosen[name, t][0] if chosen[name, t] else None for t in dataset.horizon)]
            for t, (old, new) in enumerate(pairwise(path)):
                if old is not None and new is not None and old in rank:
                    where = f"{dataset.label(t)} {name}: {old} to {new}"
                    findings.at_least("limit_never_tightened", where, rank[new], rank[old], 1.0)
