"""Supply: ramps, tiers and terms fit together, and offers can be signed at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from models.checks.context import CheckContext, fault_in
from models.dataset import Dataset
from models.faults import Fault, closest
from models.grouping import groups
from models.schema import LONGEST_MONTHS, OwnSite, sheet_of
from models.supply.registry import bought, offer_of_option, offers

DELAYS = ("lead_months", "service_not_before", "months")
"""Columns that put off when service begins, or how long work that must end inside the horizon takes."""


def parts_of_leases(context: CheckContext) -> Iterator[Fault]:
    """A lease has hardware and terms, and a signed one its signed term."""
    terms = groups((term.lease, term.term_months) for term in context.dataset.lease_terms)
    hardware = {row.lease for row in context.dataset.lease_hardware}
    for lease in context.dataset.leases:
        if lease.status == "excluded":
            continue
        if lease.lease not in hardware:
            fix = "Add a row for each hardware of a unit to lease_hardware."
            yield fault_in(lease, "lease", "a lease without hardware", "rows in lease_hardware", fix)
        if lease.lease not in terms:
            fix = "Add a row for each term on offer to lease_terms."
            yield fault_in(lease, "lease", "a lease without terms", "rows in lease_terms", fix)
        elif lease.status == "signed" and lease.signed_term_months not in (None, *terms[lease.lease]):
            known = ", ".join(str(each) for each in sorted(terms[lease.lease]))
            fix = "Correct the cell, or add the term signed to lease_terms."
            yield fault_in(
                lease, "signed_term_months", str(lease.signed_term_months), f"one of its terms: {known}", fix
            )


def hardware_of_lease_outs(context: CheckContext) -> Iterator[Fault]:
    """A lease-out names its hardware in one of the two ways."""
    mixed = {row.lease_out for row in context.dataset.lease_out_hardware}
    for each in context.dataset.lease_outs:
        filled = [name for name in ("hardware", "accelerators") if getattr(each, name) is not None]
        if each.lease_out in mixed and filled:
            fix = "Clear hardware and accelerators, or delete its rows of lease_out_hardware."
            yield fault_in(each, filled[0], str(getattr(each, filled[0])), "one of the two ways to name hardware", fix)
        elif each.lease_out not in mixed and len(filled) < 2:
            empty = "accelerators" if filled == ["hardware"] else "hardware"
            fix = "Fill in hardware and accelerators, or give the cluster's rows in lease_out_hardware."
            yield fault_in(each, empty, "an empty cell", "what a unit leased out holds", fix)


def tiers_of_contracts(context: CheckContext) -> Iterator[Fault]:
    """A contract's tiers begin where its blocks do; warns of tiers it never reaches."""
    tiers = groups((tier.contract, tier) for tier in context.dataset.contract_tiers)
    for contract in context.dataset.contracts:
        if contract.status == "excluded":
            continue
        rows = sorted(tiers[contract.contract], key=lambda tier: tier.from_blocks)
        if not rows:
            fix = "Add its rate to contract_tiers, from_blocks 1."
            yield fault_in(contract, "contract", "a contract without tiers", "rows in contract_tiers", fix)
            continue
        if rows[0].from_blocks not in (1, contract.min_blocks):
            found = f"{rows[0].from_blocks} in the first tier of '{contract.contract}'"
            starts = "1" if contract.min_blocks <= 1 else f"1, or min_blocks {contract.min_blocks}"
            fix = "Correct from_blocks, or add a tier for the first blocks."
            yield fault_in(rows[0], "from_blocks", found, starts, fix)
        if contract.status == "offer":
            for tier in rows:
                if tier.from_blocks > max(contract.max_blocks, 1):
                    found = f"{tier.from_blocks}, more than max_blocks {contract.max_blocks}"
                    fix = "The tier is never reached; correct it, or raise max_blocks."
                    yield fault_in(tier, "from_blocks", found, "a tier that can be reached", fix, "tier-out-of-reach")


def own_build(context: CheckContext) -> Iterator[Fault]:
    """Builds of one site agree in what the site is, and chips are ordered for a site that is built."""
    first: dict[str, OwnSite] = {}
    for row in context.dataset.own_sites:
        home = first.setdefault(row.site or row.build, row)
        for column in ("region", "provider", "energy_usd_per_mwh"):
            found, other = getattr(row, column), getattr(home, column)
            if found != other:
                expected = f"{other}, as build '{home.build}' of the same site has it"
                yield fault_in(row, column, str(found), expected, "Give both the same, or name two sites.")
    for order in context.dataset.chip_orders:
        if order.site not in first and order.status != "excluded":
            expected = "a site of own_sites (its column site, or build where that is blank)"
            yield fault_in(order, "site", f"'{order.site}'", expected, closest(order.site, sorted(first)))


def commitments(context: CheckContext) -> Iterator[Fault]:
    """A commitment on offer has no spending behind it; warns of providers that sell nothing here."""
    dataset = context.dataset
    known = {row.provider for rows in (dataset.fleet, dataset.on_demand) for row in rows}
    known |= {row.provider for kind in bought() for row in kind.rows(dataset)}
    for row in dataset.spend_commitments:
        if row.status == "offer" and row.spent_usd is not None:
            expected = "an empty cell, as the status is offer"
            yield fault_in(row, "spent_usd", f"{row.spent_usd:g}", expected, "Clear it, or set the status to signed.")
        if row.provider not in known and row.status != "excluded":
            fix = f"{closest(row.provider, sorted(known))} As it is, nothing counts towards it and all is a top-up."
            expected = "a provider of fleet, offers or on-demand"
            yield fault_in(row, "provider", f"'{row.provider}'", expected, fix, "commitment-without-services")


def ramps(context: CheckContext) -> Iterator[Fault]:
    """Warns of ramps that start late, never bring anything online, or that nothing follows."""
    rows = groups((row.ramp, row) for row in sorted(context.dataset.ramps, key=lambda row: row.service_month))
    terms = groups(each for kind, row in offers(context.dataset) for each in kind.ramps(context.dataset, row))
    for name in dict.fromkeys(row.ramp for row in context.dataset.ramps):
        steps, shortest = rows[name], min(terms[name], default=None)
        first, filled = steps[0], [step for step in steps if step.capacity_share > 0]
        if shortest is None:
            fix = "Name it in the ramp column of lease_terms or contracts, or delete it."
            yield fault_in(first, "ramp", f"'{name}', which no row uses", "a ramp in use", fix, "ramp-unused")
        elif not filled or filled[0].service_month > shortest:
            found = (
                "no capacity at all" if not filled else f"capacity only from service month {filled[0].service_month}"
            )
            expected = f"capacity within the term of {shortest} months that uses it"
            fix = "Correct capacity_share or service_month; as it is the capacity never comes online."
            yield fault_in(first, "capacity_share", found, expected, fix, "ramp-without-capacity")
        elif first.service_month > 1:
            fix = "Before the first row nothing is online or billed; add service month 1 if that is not meant."
            found = f"service month {first.service_month} in the first row of '{name}'"
            yield fault_in(first, "service_month", found, "service month 1", fix, "ramp-starts-late")


def offers_out_of_reach(context: CheckContext) -> Iterator[Fault]:
    """Warns of offers, lease-outs and options that can never be taken inside the horizon."""
    dataset = context.dataset
    for kind, offer in offers(dataset):
        if kind.status(offer) != "offer":
            continue
        if not kind.most(offer):
            column = kind.most_column
            fix = "Raise it, or set the status to excluded."
            yield fault_in(offer, column, "0", "at least 1, or it can never be signed", fix, "offer-without-units")
        elif not kind.signing_window(dataset, offer):
            opens, closes = kind.window
            over = offer.sign_until is not None and dataset.t(offer.sign_until) < 0
            column = closes if over else opens
            found = "an offer that can never be signed with service inside the horizon"
            expected = (
                f"signing from {dataset.label(0)} to {dataset.label(last)}"
                if (last := kind.last_month_to_sign(dataset, offer)) >= 0
                else ("service that starts inside the horizon")
            )
            delays = [each.name for each in kind.sheet.columns if each.name in DELAYS]
            fix = f"Correct {column}, or delete the row."
            if not over:
                fix = f"Correct {' or '.join([column, *delays])}, or lengthen the horizon."
            yield fault_in(offer, column, found, expected, fix, "offer-out-of-reach")


def residuals(context: CheckContext) -> Iterator[Fault]:
    """With end_of_horizon = residual, every hardware that an offer can keep beyond the horizon has a worth."""
    dataset = context.dataset
    if dataset.settings.end_of_horizon != "residual":
        return
    known = context.names["residuals"]
    views = [dataset, *(dataset.in_scenario(each.scenario) for each in dataset.scenarios)]
    kept = ((name, offer) for view in views for name, offer in _kept_beyond(view))
    missing = {name: offer for name, offer in kept if name not in known}
    for name, offer in missing.items():
        found = f"'{name}', kept beyond the horizon, without a worth"
        fix = f"Add '{name}' to residuals, or choose another end_of_horizon."
        yield fault_in(offer, sheet_of(type(offer)).key[0], found, "a row in residuals for each hardware kept", fix)


def _kept_beyond(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Hardware that can be in service beyond the horizon, and the offer that brings it: the latest it can be signed."""
    longer = replace(dataset, settings=replace(dataset.settings, months=dataset.settings.months + 2 * LONGEST_MONTHS))
    for kind, offer in offers(dataset):
        signed = kind.signed_before(dataset, offer)
        months = kind.signing_months(dataset, offer) if signed is None else [signed]
        if not kind.residual or not months:
            continue
        latest = max(months, key=lambda m: kind.start(dataset, offer, m))
        for hardware, service, _ in kind.service_months(longer, offer, [latest]):
            if max(service, default=0) >= len(dataset.horizon):
                yield hardware, offer


def options(context: CheckContext) -> Iterator[Fault]:
    """Warns of options nobody needs or can use."""
    dataset = context.dataset
    for option in dataset.options:
        key = offer_of_option(dataset, option)
        if key is None:
            continue
        kind, offer = key.kind, key.row(dataset)
        if (status := kind.status(offer)) != "offer":
            fix = "The option is not needed; delete it."
            yield fault_in(option, "offer", f"'{option.offer}', which is {status}", "an offer", fix, "option-unneeded")
            continue
        bought = dataset.window(option.buy_from, option.buy_until)
        window = kind.signing_window(dataset, offer)
        if window and bought.start > min(bought.stop - 1, window[-1]):
            found = "an option that cannot be bought in time"
            expected = (
                f"buying from {dataset.label(0)} to {dataset.label(window[-1])}, when its offer can last be signed"
            )
            fix = "Correct buy_from or buy_until; as it is the offer can never be signed."
            column = "buy_from" if bought.start > window[-1] else "buy_until"
            yield fault_in(option, column, found, expected, fix, "option-too-late")
