r"""Options: a right bought now, used later.

Decision, per option o and month m of its window: `bought[o,m]` binary, at most one over m.
An offer's units signed by month t are at most its most x (bought by month t), for each option on it.
"""

from __future__ import annotations

from operator import itemgetter

from models.core.finance import spending_is_rewarded
from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.kinds import OPTION
from models.plan import OptionPurchase, Plan
from models.supply.registry import offer_of_option


def add_options(model: Model) -> None:
    """Adds the options on offers that can be signed, and ties those offers to them."""
    dataset = model.dataset
    last = len(dataset.horizon) - 1
    # indistinguishable scenarios buy in common, also where in one of them the offer's supplier goes
    in_any_month = spending_is_rewarded(dataset) or bool(dataset.scenario)
    offer_of = {each.option: key for each in dataset.options if (key := offer_of_option(dataset, each)) is not None}
    live = [
        each
        for each in dataset.options
        for key in (offer_of[each.option],)
        if key.kind.status(key.row(dataset)) != "signed" and (model.signings.of(key) or in_any_month)
    ]
    index: list[tuple[str, int]] = []
    for option in live:
        window = dataset.window(option.buy_from, option.buy_until)
        latest = last if in_any_month else max(each.t for each in model.signings.of(offer_of[option.option]))
        index.extend((option.option, m) for m in window if m <= latest)
    bought = model.add_variables("bought", index, upper=1, integer=True, decided=itemgetter(1))
    for option in live:
        offer = offer_of[option.option]
        months = [m for name, m in index if name == option.option]
        payer = Payer(OPTION, option.option)
        for m in months:
            model.costs.pay(OPTION.name, payer, m, Linear.of(bought[option.option, m], option.premium_usd))
        once = Linear().add_all((bought[option.option, m], 1.0) for m in months)
        model.add_constraint("bought_once", option.option, once, at_most=1.0)
        most = float(model.signings.most(offer))
        for t in sorted({each.t for each in model.signings.of(offer)}):
            body = model.signings.by(offer, t).add_all((bought[option.option, m], -most) for m in months if m <= t)
            model.add_constraint("option_before_offer", (option.option, t), body, at_most=0.0)

    def read() -> Plan:
        return Plan(options=tuple(OptionPurchase(name, m) for (name, m), each in bought.items() if each.value))

    model.readers.append(read)
