"""Rules rolled forward: signed offers are deducted, so that a rule holds for what can still be signed."""

from __future__ import annotations

from dataclasses import replace

from models.schema import Rule
from models.supply.next_round import RollState
from models.supply.registry import offers_of_rule


def roll_rules(state: RollState) -> None:
    """Rules that history has settled go; the others ask for what is left of them."""
    remaining = []
    for rule in state.dataset.rules:
        rolled = _requires(state, rule) if rule.kind == "requires" else _counts(state, rule)
        if rolled is None:
            state.done.append(f"rule {rule.rule}: settled, removed")
        else:
            remaining.append(rolled)
    state.rules = [*remaining, *state.rules]


def _requires(state: RollState, rule: Rule) -> Rule | None:
    """`requires a; b` is settled once b is signed, or when a is no longer to be had; without b, a is out."""
    first, second = offers_of_rule(state.dataset, rule)
    if second in state.signed or first in state.removed:
        return None
    if second in state.removed:
        return replace(rule, kind="at_most", offers=(first.name,), count=0)
    return rule


def _counts(state: RollState, rule: Rule) -> Rule | None:
    offers = offers_of_rule(state.dataset, rule)
    signed_before = sum(offer in state.signed for offer in offers)
    left = tuple(offer.name for offer in offers if offer not in state.signed | state.removed)
    if not signed_before and left == rule.offers:
        return rule
    count = (1 if rule.kind == "excludes" else rule.count or 0) - signed_before
    kind = "at_most" if rule.kind == "excludes" else rule.kind
    if not left or (kind == "at_least" and count <= 0) or (kind == "at_most" and count >= len(left)):
        return None
    return replace(rule, kind=kind, offers=left, count=max(0, count))
