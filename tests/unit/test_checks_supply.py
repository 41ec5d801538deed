"""Checks of supply: leases have their parts, tiers and ramps fit, offers can be signed."""

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, brief, faults_of, row


@pytest.mark.parametrize("part", ["lease_hardware", "lease_terms"])
def test_a_lease_needs_hardware_and_terms(part: str) -> None:
    """A lease on offer without hardware or terms is an error; one that is excluded needs neither."""
    assert brief(faults_of(LEASE, **{part: None})) == ["error leases!lease 2"]
    assert faults_of(LEASE, row("leases", LEASE, status="excluded"), **{part: None}) == []


def test_a_lease_whose_terms_cannot_be_read_is_not_said_to_have_none() -> None:
    """What a sheet lacks is not reported while that sheet has faults of its own."""
    typo = row("lease_terms", LEASE, lease="M")
    assert brief(faults_of(LEASE, typo)) == ["error lease_terms!lease 2"]
    unread = row("lease_terms", LEASE, term_months="long")
    assert brief(faults_of(LEASE, unread)) == ["error lease_terms!term_months 2"]


def test_a_signed_term_is_one_of_the_lease_s() -> None:
    """The term signed is among the terms of the lease."""
    signed = {"status": "signed", "signed_month": "2025-12", "signed_units": 1}
    faults = faults_of(LEASE, row("leases", LEASE, **signed, signed_term_months=12))
    assert brief(faults) == ["error leases!signed_term_months 2"]
    assert "3" in faults[0].expected
    assert faults_of(LEASE, row("leases", LEASE, **signed, signed_term_months=3)) == []


def test_a_contract_needs_tiers() -> None:
    """A contract on offer without a tier is an error."""
    assert brief(faults_of(CONTRACT, contract_tiers=None)) == ["error contracts!contract 2"]


@pytest.mark.parametrize(
    ("first", "least", "expected"),
    [
        (1, 1, []),
        (1, 3, []),
        (3, 3, []),
        (2, 3, ["error contract_tiers!from_blocks 2"]),
        (2, 1, ["error contract_tiers!from_blocks 2"]),
    ],
)
def test_tiers_begin_with_the_first_blocks(first: int, least: int, expected: list[str]) -> None:
    """The first tier begins at 1 or at min_blocks."""
    tiers = row("contract_tiers", CONTRACT, from_blocks=first)
    assert brief(faults_of(CONTRACT, tiers, row("contracts", CONTRACT, min_blocks=least))) == expected


def test_a_tier_above_the_most_blocks_is_a_warning() -> None:
    """A tier that no number of blocks reaches is a warning; one at max_blocks is reached."""
    tiers = [*CONTRACT["contract_tiers"], {**CONTRACT["contract_tiers"][0], "from_blocks": 5}]
    assert brief(faults_of(CONTRACT, contract_tiers=tiers)) == ["warning contract_tiers!from_blocks 3"]
    assert faults_of(CONTRACT, row("contracts", CONTRACT, max_blocks=5), contract_tiers=tiers) == []


RAMPED = row("lease_terms", LEASE, ramp="slow")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(1, 0.5), (2, 1)], []),
        ([(1, 0), (3, 1)], []),
        ([(1, 0), (4, 1)], ["warning ramps!capacity_share 2"]),
        ([(1, 0)], ["warning ramps!capacity_share 2"]),
        ([(2, 1)], ["warning ramps!service_month 2"]),
    ],
)
def test_a_ramp_brings_capacity_within_the_term(steps: list[tuple[int, float]], expected: list[str]) -> None:
    """A ramp that starts late, or brings nothing within the term that names it, is a warning."""
    ramps = [{"ramp": "slow", "service_month": month, "capacity_share": share} for month, share in steps]
    assert brief(faults_of(LEASE, RAMPED, ramps=ramps)) == expected


def test_a_ramp_that_nothing_names_is_a_warning() -> None:
    """A ramp without a lease term or contract that names it is a warning."""
    faults = faults_of(LEASE, ramps=[{"ramp": "slow", "service_month": 1}])
    assert brief(faults) == ["warning ramps!ramp 2"]


@pytest.mark.parametrize(
    ("cells", "reachable"),
    [
        ({}, True),
        ({"sign_from": "2026-06"}, True),
        ({"sign_from": "2026-07"}, False),
        ({"sign_until": "2025-12"}, False),
        ({"sign_until": "2026-01"}, True),
        ({"lead_months": 5}, True),
        ({"lead_months": 6}, False),
        ({"sign_from": "2026-04", "lead_months": 2}, True),
        ({"sign_from": "2026-04", "lead_months": 3}, False),
        ({"service_not_before": "2026-06"}, True),
        ({"service_not_before": "2026-07"}, False),
        ({"units_max": 0}, False),
        ({"sign_from": "2026-07", "status": "excluded"}, True),
    ],
)
def test_an_offer_that_can_never_be_signed_is_a_warning(cells: dict[str, Any], reachable: bool) -> None:
    """An offer none of whose signings starts service inside the horizon, of six months here, is a warning."""
    faults = faults_of(LEASE, row("leases", LEASE, **cells))
    assert [fault.severity for fault in faults] == ([] if reachable else ["warning"])


def test_what_puts_an_offer_out_of_reach_is_told() -> None:
    """Of a window before the first month its last month and what is expected; else what of its sheet delays service."""
    [past] = faults_of(LEASE, row("leases", LEASE, sign_until="2025-12"))
    assert (past.column, past.expected) == ("sign_until", "signing from 2026-01 to 2026-06")
    assert past.fix == "Correct sign_until, or delete the row."
    [late] = faults_of(LEASE, row("leases", LEASE, lead_months=6))
    assert late.fix == "Correct sign_from or lead_months or service_not_before, or lengthen the horizon."
    promise = {"commitment": "P", "provider": "neo", "usd": 1, "status": "offer", "until_month": "2026-06"}
    [gone] = faults_of(LEASE, spend_commitments=[promise | {"from_month": "2025-12"}])
    assert (gone.column, gone.fix) == ("from_month", "Correct from_month, or delete the row.")


def test_contracts_and_lease_outs_out_of_reach_are_warnings() -> None:
    """Contracts and lease-outs are held to the horizon as leases are."""
    out = {
        "lease_out": "O", "region": "us", "hardware": "H100", "accelerators": 1, "term_months": 1,
        "usd_per_accelerator_hour": 1, "sign_from": "2027-01",
    }  # fmt: skip
    faults = faults_of(CONTRACT, row("contracts", CONTRACT, lead_months=12), lease_outs=[out])
    assert brief(faults) == ["warning contracts!sign_from 2", "warning lease_outs!sign_from 2"]


@pytest.mark.parametrize(
    ("cells", "useful"),
    [
        ({}, True),
        ({"buy_from": "2026-06"}, True),
        ({"buy_from": "2026-07"}, False),
        ({"buy_until": "2025-12"}, False),
    ],
)
def test_an_option_that_cannot_be_bought_in_time_is_a_warning(cells: dict[str, Any], useful: bool) -> None:
    """An option bought too late for its offer leaves an offer that can never be signed."""
    option = {"option": "P", "offer": "L", "premium_usd": 1}
    assert len(faults_of(LEASE, options=[option | cells])) == (0 if useful else 1)


def test_an_option_must_come_before_its_offer_s_last_signing() -> None:
    """An option first on sale after the last month of signing is a warning."""
    option = {"option": "P", "offer": "L", "premium_usd": 1, "buy_from": "2026-03"}
    early = row("leases", LEASE, sign_until="2026-02")
    assert brief(faults_of(LEASE, early, options=[option])) == ["warning options!buy_from 2"]


def test_an_option_no_longer_on_sale_is_told_at_its_last_month() -> None:
    """Whoever is sent to the cell finds what has to be corrected there."""
    option = {"option": "P", "offer": "L", "premium_usd": 1, "buy_until": "2025-12"}
    assert brief(faults_of(LEASE, options=[option])) == ["warning options!buy_until 2"]


def test_an_option_on_what_is_signed_is_a_warning() -> None:
    """A signed lease needs no option."""
    signed = {"status": "signed", "signed_month": "2026-01", "signed_units": 1, "signed_term_months": 3}
    option = {"option": "P", "offer": "L", "premium_usd": 1}
    assert brief(faults_of(LEASE, row("leases", LEASE, **signed), options=[option])) == ["warning options!offer 2"]


def test_an_offer_s_name_in_two_sheets_is_an_error_where_it_is_used() -> None:
    """A lease and a contract may share a name unless an option or rule would not know which is meant."""
    namesake = row("contracts", CONTRACT, contract="L", site="elsewhere")
    tiers = row("contract_tiers", CONTRACT, contract="L")
    assert faults_of(LEASE, namesake, tiers) == []
    option = [{"option": "P", "offer": "L", "premium_usd": 1}]
    assert brief(faults_of(LEASE, namesake, tiers, options=option)) == ["error options!offer 2"]
    rule = [{"rule": "r", "kind": "at_most", "offers": "L", "count": 1}]
    assert brief(faults_of(LEASE, namesake, tiers, rules=rule)) == ["error rules!offers 2"]
