r"""The whole bill of every contract: minimum, use beyond it, overage, and the yearly minimum spend."""

from __future__ import annotations

from models.core.finance import spending_is_rewarded
from models.core.ledgers import Payer, Source
from models.core.linear import Linear
from models.core.model import Model
from models.schema import Contract
from models.supply.overage import hold_overage_back
from models.supply.take_or_pay import (
    Metered,
    SigningVariant,
    add_billed_use,
    bill_use,
    months_billed_exactly,
    pay_minimum,
    rate_classes,
)


class Bills:
    """The bills of one contract over all its possible signings."""

    def __init__(
        self, model: Model, contract: Contract, source: Source, payer: Payer, signatures: list[SigningVariant]
    ) -> None:
        self.model, self.contract, self.payer, self.signatures = model, contract, payer, signatures
        self.metered = []
        pay_minimum(model, payer, signatures)
        exact = months_billed_exactly(model.dataset, contract, (each.schedule for each in signatures))
        for t in model.dataset.horizon:
            classes = rate_classes(model, contract, t, signatures, True) if contract.take_or_pay_share < 1.0 else []
            overage = []
            if contract.overage_share:
                overage = rate_classes(model, contract, t, signatures, contract.tier_mode == "all_units")
            if classes or overage:
                per_block = max(each.schedule.online_per_block(t) for each in signatures)
                most = per_block * max(contract.max_blocks, contract.signed_blocks or 0)
                self.metered.append(Metered(contract, source, payer, t, classes, overage, most, t in exact))

    def minimum(self, signature: SigningVariant, t: int) -> Linear:
        """The take-or-pay minimum of a signing in month t, prepaid or not."""
        schedule, share = signature.schedule, self.contract.take_or_pay_share
        hours = schedule.hours_online_per_block(t)
        return Linear().plus_all(
            (each.blocks, schedule.rate(each.tier, t) * hours * share) for each in signature.tier_blocks
        )

    def years(self) -> list[tuple[SigningVariant, range]]:
        """Contract years that may have to be topped up to their minimum spend."""
        if not self.contract.min_spend_usd_per_year:
            return []
        return [(each, year) for each in self.signatures for year in each.schedule.years_topped_up]

    def owed(self, signature: SigningVariant, year: range) -> Linear:
        """Minimum spend of a contract year, for its months that count."""
        return signature.signed.times(signature.schedule.minimum_spend(year))

    def billed(self, signature: SigningVariant, year: range) -> Linear:
        """Bills and overage of a contract year, as variables."""
        model = self.model
        total = Linear(model.dataset.billed_before(self.contract.contract, year).usd)
        total.plus_all((self.minimum(signature, t), 1.0) for t in year)
        for each in (each for each in self.metered if each.t in year):
            classes = [*each.classes, *each.overage_classes]
            for rate_class in (own for own in classes if own.signed == signature.schedule.signed):
                if rate_class.billed_use is not None:
                    usd = rate_class.rate * model.dataset.hours(each.t) * model.units.accelerators
                    total.add(rate_class.billed_use, usd)
                for block, variable in rate_class.overage.items():
                    hours = model.dataset.hours(each.t) * model.dataset.hours_per_day[block] / 24.0
                    usd = rate_class.rate * self.contract.overage_price_multiple * hours
                    total.add(variable, usd * model.units.accelerators)
        return total


def add_contract_use(model: Model) -> None:
    """Bills use beyond the minimum and tops up the years, once the pools are balanced."""
    metered = [each for bills in model.contract_bills for each in bills.metered]
    hold_overage_back(model, metered)
    add_billed_use(model, metered)
    exact = spending_is_rewarded(model.dataset)
    years = {
        (bills.contract.contract, signature.schedule.signed, year[0]): (bills, signature, year)
        for bills in model.contract_bills
        for signature, year in bills.years()
    }
    unit = model.units.usd
    bounds = {  # twice what they can come to: a bound that never binds has no part in marginal values
        key: 2.0 * signature.schedule.minimum_spend(year) / unit for key, (_, signature, year) in years.items()
    }
    top_ups, owed = model.add_variables("top_up", years, upper=bounds.__getitem__), dict[tuple[str, int, int], Linear]()
    for key, (bills, signature, year) in years.items():
        missing = bills.owed(signature, year).plus(bills.billed(signature, year), -1.0).times(1.0 / unit)
        part = Linear.of(top_ups[key])
        model.add_constraint("minimum_spend_is_met", key, part.times(1.0).plus(missing, -1.0), at_least=0.0)
        if exact:
            pairs = zip(missing.coefficients, missing.variables, strict=True)
            most = abs(missing.constant) + sum(abs(coefficient) * variable.ub for coefficient, variable in pairs)
            model.add_positive_part("top_up", key, part, missing, most)
        model.costs.pay("contract", bills.payer, year[-1], part.times(unit))
        owed[key] = missing.keep()

    def settle() -> None:
        for each in metered:
            bill_use(model, each)
        for key, missing in owed.items():
            top_ups[key].set_value(max(0.0, missing.value()), skip_validation=True)

    model.settlers.append(settle)
