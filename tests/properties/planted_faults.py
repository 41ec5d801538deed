"""Faults to plant in the model, each a term, a row or a factor gone wrong: a comparison has to find every one.

A fault takes pytest's monkeypatch, which takes it back.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

import models.demand.baseline
import models.demand.limits
import models.demand.runs
import models.demand.segment_limits
import models.demand.service
import models.policy.cap_quantities
import models.policy.caps
import models.policy.cash_account
import models.stochastic.extensive_form
import models.supply.commitments
import models.supply.contract_schedule
import models.supply.contracts
import models.supply.financing
import models.supply.lease_schedule
import models.supply.leases
import models.supply.offer_rows
import models.supply.on_demand
import models.supply.own_build
import models.supply.own_build_schedule
import models.supply.pools
import models.supply.signing
import models.supply.take_or_pay
from models.core.ledgers import CapacityLedger, CostLedger
from models.core.linear import Linear
from models.core.model import Model
from models.demand.churn_figures import Churn
from models.demand.network import Routes
from models.demand.prices import SegmentPrices
from models.demand.segment_limits import SegmentLimits
from models.demand.throughput import TokensServed
from models.policy import resilience
from models.realization import Realization
from models.schema import ChipOrder, LeaseOut, OwnSite
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree
from models.supply.contract_bills import Bills
from models.supply.contract_schedule import ContractSchedule
from models.supply.lease_out_schedule import LeaseOutSchedule
from models.supply.lease_schedule import LeaseSchedule
from models.supply.own_build_schedule import BlockSchedule, LotSchedule
from models.supply.signing import RampUp

Fault = Callable[[pytest.MonkeyPatch], None]
Wrong = Callable[..., Any]


def instead(owner: Any, name: str, wrong: Wrong) -> Fault:
    """A function that is called with the right one, and with what that is called with."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(owner, name)
        function = getattr(right, "fget", None) or getattr(right, "func", None) or right

        def planted(*args: Any, **named: Any) -> Any:
            return wrong(function, *args, **named)

        patch.setattr(owner, name, planted if function is right else property(planted))

    return plant


def both(*faults: Fault) -> Fault:
    """The same fault in several places."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for fault in faults:
            fault(patch)

    return plant


def without_rows(*families: str) -> Fault:
    """Constraints that the model forgets."""

    def wrong(right: Wrong, model: Model, name: str, *args: Any, **named: Any) -> None:
        if name not in families:
            right(model, name, *args, **named)

    return instead(Model, "add_constraint", wrong)


def _one_by_one(fault: Fault) -> Fault:
    """A fault in how levers are taken one after the other, which only many combinations of limits are."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(models.demand.segment_limits, "MOST_TOGETHER", 0)
        fault(patch)

    return plant


def _term_without(**columns: Any) -> Wrong:
    """A figure of a lease as if columns of its term were others."""

    def wrong(right: Wrong, schedule: LeaseSchedule, *args: Any) -> Any:
        return right(replace(schedule, term=replace(schedule.term, **columns)), *args)

    return wrong


def _escalates(wrong: Callable[[float, int], float]) -> Fault:
    modules = (models.supply.lease_schedule, models.supply.contract_schedule)
    return both(*(instead(each, "escalation", lambda _, rate, tau: wrong(rate, tau)) for each in modules))


def _starts(wrong: Wrong) -> Fault:
    modules = (models.supply.offer_rows, models.supply.signing)
    return both(*(instead(each, "service_start", wrong) for each in modules))


def _kind_is_never_late(offers: type) -> Fault:
    """Offers of a sheet begin as planned in every scenario."""

    def wrong(right: Wrong, dataset: Any, offer: Any, name: str | None, *rest: Any) -> int:
        return int(right(dataset, offer, None if isinstance(offer, offers) else name, *rest))

    return _starts(wrong)


def _plain(quantity: str, neutral: float) -> Fault:
    """A quantity of which every scenario has the plain figure."""

    def wrong(right: Wrong, realization: Realization, of: str, *args: Any) -> float:
        return neutral if of == quantity else float(right(realization, of, *args))

    return instead(Realization, "_added" if neutral == 0.0 else "_product", wrong)


def _late_tiers(right: Wrong, schedule: ContractSchedule) -> Any:
    first, *rest = right(schedule)
    return (first, *(replace(each, from_blocks=each.from_blocks + 1) for each in rest))


def _rate_by_730_hours(right: Wrong, schedule: ContractSchedule, tier: Any) -> array[float]:
    rates: array[float] = right(schedule, tier)
    if tier.usd_per_kw_month is None:
        return rates
    return array("d", [rate * hours / 730.0 for rate, hours in zip(rates, schedule.hours, strict=True)])


def _billed_in_full(right: Wrong, schedule: LeaseSchedule) -> array[float]:
    delivered = schedule.offer.delivered_share
    return array("d", [fee / delivered if delivered else 0.0 for fee in right(schedule)])


def _margin_on_demand(right: Wrong, dataset: Any, row: Any, t: int) -> Any:
    found = right(dataset, row, t)
    most = found.max_accelerators
    kept = 1.0 - dataset.settings.reserve_margin
    return found if most is None else replace(found, max_accelerators=most * kept)


def _by_straight_lines(right: Wrong, points: dict[int, float], t: int, *args: Any) -> float:
    before = [month for month in points if month < t]
    after = [month for month in points if month > t]
    if t in points or not before or not after:
        return float(right(points, t, *args))
    first, last = max(before), min(after)
    return points[first] + (points[last] - points[first]) * (t - first) / (last - first)


def _three_months_each(right: Wrong, model: Model, cap: Any) -> Any:
    months = [t for period in right(model, cap) for t in period]
    in_quarters = cap.per == "quarter" and cap.measure.startswith(("cash", "shortfall"))
    return [months[k : k + 3] for k in range(0, len(months), 3)] if in_quarters else right(model, cap)


def _owed_from_now(right: Wrong, model: Model, scoped: Any) -> dict[int, Linear]:
    return defaultdict(Linear, {t + 1: change for t, change in right(model, scoped).items()})


def _no_cost(right: Wrong, routes: Routes, *pair: str) -> float | None:
    return None if right(routes, *pair) is None else 0.0


def _anywhere(right: Wrong, routes: Routes, *pair: str) -> float:
    found = right(routes, *pair)
    return 0.0 if found is None else float(found)


def _a_month_later(_: Wrong, ledger: CostLedger) -> Linear:
    total = Linear()
    for charge in ledger.charges:
        total.plus(charge.amount, charge.counted * ledger.discount(charge.t + 1))
    return total


def _without_headroom(right: Wrong, served: TokensServed, dataset: Any) -> None:
    right(served, replace(dataset, segments=tuple(replace(row, headroom_share=0.0) for row in dataset.segments)))


def _always_available(right: Wrong, served: TokensServed, dataset: Any) -> None:
    right(served, replace(dataset, hardware=tuple(replace(row, availability=1.0) for row in dataset.hardware)))


def _never_faster(right: Wrong, served: TokensServed, segment: str, hardware: str, t: int) -> float:
    return float(right(served, segment, hardware, 0))


def _no_margin(right: Wrong, model: Model, *args: Any) -> Any:
    data = model.dataset
    model.dataset = replace(data, settings=replace(data.settings, reserve_margin=0.0))
    found = right(model, *args)
    model.dataset = data
    return found


def _whole_year(right: Wrong, bills: Bills, signature: Any, year: range) -> Linear:
    return right(bills, signature, year).times(12.0 / len(year))


def _started_at_once(right: Wrong, dataset: Any, offer: Any, *args: Any) -> int:
    return int(right(dataset, replace(offer, lead_months=0), *args))


def _in_service_early(right: Wrong, dataset: Any, offer: Any, *args: Any) -> int:
    early = replace(offer, service_not_before=None) if hasattr(offer, "service_not_before") else offer
    return int(right(dataset, early, *args))


def _stops_without_notice(right: Wrong, schedule: LeaseSchedule, stop: int) -> bool:
    return bool(_term_without(notice_months=0)(right, schedule, stop))


def _fee_of_later(right: Wrong, schedule: LeaseSchedule, stop: int) -> float:
    return float(right(schedule, stop + 1))


def _overage_at_the_rate(right: Wrong, model: Model, metered: Sequence[Any]) -> None:
    plain = [replace(each, contract=replace(each.contract, overage_price_multiple=1.0)) for each in metered]
    right(model, plain)


def _limits(change: Callable[[Any], Any]) -> Fault:
    """Another effect of every limit in the model."""

    def changed(right: Wrong, dataset: Any, segment: str) -> Any:
        return {lever: tuple(map(change, effects)) for lever, effects in right(dataset, segment).items()}

    return instead(models.demand.segment_limits, "levers", changed)


def _never_declines(right: Wrong, dataset: Any, *args: Any) -> float:
    rows = tuple(replace(each, decline_per_year=0.0) for each in dataset.residuals)
    return float(right(replace(dataset, residuals=rows), *args))


def _paid_when_ordered(right: Wrong, schedule: LotSchedule) -> Any:
    return right(replace(schedule, offer=replace(schedule.offer, deposit_share=1.0)))


def _supported_undelivered(right: Wrong, schedule: LotSchedule, t: int) -> float:
    delivered = schedule.offer.delivered_share
    return float(right(schedule, t) / delivered) if delivered else 0.0


def _free_energy(right: Wrong, dataset: Any) -> Any:
    return {name: replace(each, energy_usd_per_mwh=0.0) for name, each in right(dataset).items()}


def _never_late(right: Wrong, dataset: Any, row: Any, start: int) -> float:
    return float(right(dataset, replace(row, loss_usd_per_month_late=0.0), start))


def _plain_price(right: Wrong, prices: SegmentPrices, column: str, segment: str, t: int) -> Any:
    return getattr(prices._dataset.segment_of[segment], column)


FAULTS: dict[str, Fault] = {
    "the escalator rises a month early": _escalates(lambda rate, tau: (1.0 + rate) ** (tau // 12)),
    "the escalator never rises": _escalates(lambda rate, tau: 1.0),
    "a prepayment counts in full": both(
        instead(models.supply.leases, "counted_share_of_prepayment", lambda *_: 1.0),
        instead(models.supply.take_or_pay, "counted_share_of_prepayment", lambda *_: 1.0),
    ),
    "an upfront counts in full": both(
        instead(models.supply.leases, "counted_share_of_upfront", lambda *_: 1.0),
        instead(models.supply.take_or_pay, "counted_share_of_upfront", lambda *_: 1.0),
    ),
    "the ramp runs a month ahead": instead(RampUp, "_row", lambda right, ramp, tau: right(ramp, tau + 1)),
    "a ramp's rate is not billed": instead(RampUp, "rate_multiplier", lambda *_: 1.0),
    "a renewal costs what the term did": instead(LeaseSchedule, "fees", _term_without(renewal_price_multiple=1.0)),
    "what is not delivered is billed": instead(LeaseSchedule, "fees", _billed_in_full),
    "a lease stops without notice": instead(LeaseSchedule, "may_stop", _stops_without_notice),
    "a termination fee leaves out a month": instead(LeaseSchedule, "termination_fee", _fee_of_later),
    "lead times are ignored": _starts(_started_at_once),
    "service starts before it can": _starts(_in_service_early),
    "a tier begins a block late": instead(ContractSchedule, "tiers", _late_tiers),
    "a month of power has 730 hours": instead(ContractSchedule, "_rates_of", _rate_by_730_hours),
    "overage is billed at the rate": instead(models.supply.contracts, "add_overage", _overage_at_the_rate),
    "overage comes before what is online": without_rows("overage_comes_last"),
    "overage has no limit": without_rows("overage_within_share"),
    "a cut contract year owes the minimum of a whole one": instead(Bills, "owed", _whole_year),
    "the minimum spend is forgotten": without_rows("minimum_spend_is_met"),
    "use beyond the minimum is not billed": without_rows("use_is_billed"),
    "the reserve margin is not kept": instead(models.supply.pools, "_kept", _no_margin),
    "the reserve margin is kept on on-demand": instead(models.supply.on_demand, "_realized", _margin_on_demand),
    "on-demand has no cap": instead(
        models.supply.on_demand, "_realized", lambda right, *args: replace(right(*args), max_accelerators=None)
    ),
    "what is leased out still works": instead(CapacityLedger, "lease_out", lambda *_: None),
    "an option need not be bought": without_rows("option_before_offer"),
    "rules are ignored": without_rows("rule_holds"),
    "caps are ignored": without_rows("cap_is_kept"),
    "quarters begin with the window of a cap": instead(models.policy.caps, "_held", _three_months_each),
    "obligations are counted a month early": instead(models.policy.cap_quantities, "_owed_changes", _owed_from_now),
    "the network is free": instead(Routes, "usd_per_mtok", _no_cost),
    "any region serves any": instead(Routes, "usd_per_mtok", _anywhere),
    "headroom is not kept": instead(TokensServed, "__init__", _without_headroom),
    "hardware is always available": instead(TokensServed, "__init__", _always_available),
    "throughput never gains": instead(TokensServed, "bn_per_hour", _never_faster),
    "demand between months runs straight": instead(models.demand.baseline, "_at", _by_straight_lines),
    "the shortfall has no limit": without_rows("shortfall_within_share"),
    "a segment runs at several sites": without_rows("one_site", "runs_at_one_site"),
    "churn is not accumulated": _limits(lambda effect: replace(effect, churn_per_month=0.0)),
    "the peak multiplier is ignored": _limits(lambda effect: replace(effect, peak_demand=effect.demand)),
    "levers do not combine": _one_by_one(instead(SegmentLimits, "_times", lambda right, limits, share, *rest: share)),
    "limits of levers are in force apart": without_rows("limits_together"),
    "shortfall drives nobody away": instead(Churn, "by_shortfall", lambda *_: 0.0),
    "nobody comes back": instead(Churn, "kept", lambda right, churn, lost: lost),
    "rivals win nobody": instead(Churn, "to_rivals", lambda *_: 0.0),
    "hours beyond the horizon are worth nothing": both(
        instead(models.supply.leases, "deduct_worth", lambda *_: None),
        instead(models.supply.take_or_pay, "deduct_worth", lambda *_: None),
    ),
    "worth never declines": both(
        instead(models.supply.lease_schedule, "worth_beyond", _never_declines),
        instead(models.supply.contract_schedule, "worth_beyond", _never_declines),
    ),
    "prices by month are ignored": instead(SegmentPrices, "_in_force", _plain_price),
    "credit is free": instead(models.policy.cash_account, "monthly_interest", lambda *_: 0.0),
    "credit has no end": without_rows("credit_is_enough"),
    "funding never comes": instead(
        models.policy.cash_account, "funding_by_month", lambda right, dataset: [0.0] * len(dataset.horizon)
    ),
    "a cap for each holds for the first alone": instead(
        models.policy.caps, "caps_by_name", lambda right, *args: right(*args)[:1]
    ),
    "chips work without power": without_rows("powered_within_power"),
    "chips are paid when ordered": instead(LotSchedule, "flows", _paid_when_ordered),
    "chips that are not delivered are supported": instead(LotSchedule, "support", _supported_undelivered),
    "energy at own sites is free": instead(models.supply.own_build, "own_sites", _free_energy),
    "rent never rises": instead(models.supply.own_build_schedule, "escalation", lambda *_: 1.0),
    "loans bear no interest": instead(
        models.supply.financing, "instalment", lambda right, usd, interest, months: right(usd, 0.0, months)
    ),
    "the whole life of what is built counts": instead(
        models.supply.own_build_schedule, "share_of_life", lambda *_: 1.0
    ),
    "commitments are never topped up": without_rows("commitment_is_met"),
    "commitments leave on-demand prices as they are": instead(
        models.supply.commitments, "_lower_on_demand_prices", lambda *_: None
    ),
    "runs are never late": instead(models.demand.runs, "value_usd", _never_late),
    "a run need not be done": instead(models.demand.runs, "has_to_be_done", lambda *_: False),
    "a recall is free": instead(LeaseOutSchedule, "paid_back", lambda *_: (0.0, 0.0)),
    "nothing is protected against a loss": without_rows("protected_is_served"),
    "what is lost still serves": instead(resilience._Left, "is_lost", lambda *_: False),
    "limits tighten": instead(models.demand.limits, "_never_tighten", lambda *_: None),
    "payments are discounted by a month more": instead(CostLedger, "net_present_cost", _a_month_later),
    "a supplier never leaves": instead(Realization, "exit", lambda *_: None),
    "deliveries are never late": instead(Realization, "delay", lambda *_: 0),
    "a scenario's prices are the plain ones": instead(Realization, "price", lambda *_: 1.0),
    "a scenario delivers what was planned": instead(Realization, "delivered", lambda *_: 1.0),
    **{
        f"in a scenario {what}": fault
        for what, schedule, row in (
            ("lease-outs", LeaseOutSchedule, LeaseOut),
            ("own sites", BlockSchedule, OwnSite),
            ("chip orders", LotSchedule, ChipOrder),
        )
        for what, fault in (
            (f"{what} cost the plain price", instead(schedule, "price", lambda *_: 1.0)),
            (f"{what} are never late", _kind_is_never_late(row)),
            (f"{what} lose no partner", instead(schedule, "exit_month", lambda *_: None)),
        )
    },
    **{
        f"a scenario's {quantity} is the plain one": _plain(quantity, neutral)
        for quantity, neutral in (
            ("demand", 1.0),
            ("demand_growth", 0.0),
            ("throughput", 1.0),
            ("on_demand_price", 1.0),
            ("on_demand_cap", 1.0),
            ("usage_price", 1.0),
            ("fleet_share", 1.0),
            ("revenue", 1.0),
            ("shortfall_cost", 1.0),
            ("elasticity", 1.0),
            ("churn", 1.0),
        )
    },
    "scenarios decide apart from each other": instead(models.stochastic.extensive_form, "shared_keys", lambda *_: {}),
    "scenarios branch when the first stage ends": instead(
        ScenarioTree, "_branch", lambda _, tree, name: tree.dataset.settings.first_stage_months
    ),
    "all scenarios are as likely": instead(
        ScenarioTree, "probability", lambda _, tree: dict.fromkeys(tree.names, 1.0 / len(tree.names))
    ),
    "risk has no weight": instead(Measure, "of", lambda *_: Measure()),
}
