r"""Rules: between offers; a signed one counts. And offers that must be taken: at least a unit of each.

`is_signed[o,t]` binary: offer o is signed in month t or before; for an offer of which one unit can be
taken it is the count itself. requires (a, b): units of a signed by t <= most_a x is_signed[b,t].
excludes: \sum is_signed <= 1; at_most, at_least: \sum is_signed against the count; over all months.
"""

from __future__ import annotations

from models.core.linear import Linear
from models.core.model import Model
from models.kinds import OfferKey
from models.schema import Rule
from models.supply.registry import offers_of_rule

MUST_BE_TAKEN = "offer_is_taken"
"""The family of rows of offers that must be taken."""


def add_rules(model: Model) -> None:
    """Adds every rule, and that what must be taken is."""
    is_signed = _SignedIndicator(model)
    for rule in model.dataset.rules:
        if rule.kind == "requires":
            _require(model, rule, is_signed)
            continue
        offers = offers_of_rule(model.dataset, rule)
        total = Linear().plus_all((is_signed.by(offer, None), 1.0) for offer in offers)
        if rule.kind == "at_least":
            model.add_constraint("rule_holds", rule.rule, total, at_least=float(rule.count or 0))
        else:
            most = 1.0 if rule.kind == "excludes" else float(rule.count or 0)
            model.add_constraint("rule_holds", rule.rule, total, at_most=most)
    last = model.dataset.horizon[-1]
    for offer in model.dataset.must_take:
        units = model.signings.by(offer, last)
        model.add_constraint(MUST_BE_TAKEN, (offer.name, offer.kind.name), units, at_least=1.0)


def _require(model: Model, rule: Rule, is_signed: _SignedIndicator) -> None:
    first, second = offers_of_rule(model.dataset, rule)
    most = float(model.signings.most(first))
    for t in sorted({each.t for each in model.signings.of(first)}):
        body = model.signings.by(first, t).plus(is_signed.by(second, t), -most)
        model.add_constraint("rule_holds", (rule.rule, t), body, at_most=0.0)


class _SignedIndicator:
    """Whether an offer is signed by a month: 0 or 1."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._made: dict[tuple[OfferKey, int], Linear] = {}

    def by(self, offer: OfferKey, t: int | None) -> Linear:
        """1 when the offer is signed in month t or before (None: ever)."""
        model = self._model
        last = max((each.t for each in model.signings.of(offer)), default=0)
        month = last if t is None else min(t, last)
        count, most = model.signings.by(offer, month), model.signings.most(offer)
        if count.is_constant:
            return Linear(1.0 if count.constant > 0 else 0.0)
        if most == 1:
            return count
        if (offer, month) not in self._made:
            index = offer.name, month  # a name in a rule is that of one offer
            flag = model.add_binary("is_signed", index, decided=month)
            self._made[offer, month] = Linear.of(flag)
            model.add_constraint("signed_means_units", index, count.times(1.0).add(flag, -1.0), at_least=0.0)
            model.add_constraint("units_mean_signed", index, count.times(1.0).add(flag, -float(most)), at_most=0.0)
        return self._made[offer, month]
