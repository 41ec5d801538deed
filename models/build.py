"""build_model: the model as a table of contents. Each term is one file; they meet only in the ledgers."""

from __future__ import annotations

from collections.abc import Callable

from models.cancellation import check_cancelled
from models.core.finance import least_cost, read_payments
from models.core.model import Model
from models.dataset import Dataset
from models.demand.churn import add_churn_by_shortfall
from models.demand.limits import add_limits
from models.demand.service import add_service
from models.demand.serving import read_service
from models.demand.single_site import add_single_sites
from models.garbage import pause_gc
from models.policy.caps import add_caps
from models.policy.cash_account import add_cash_account
from models.policy.resilience import add_resilience
from models.policy.rules import add_rules
from models.policy.stability import PlanStability, add_plan_stability
from models.probes import add_capacity_probes, add_demand_probes
from models.supply.fleet import add_fleet
from models.supply.lease_outs import hold_what_is_leased_out
from models.supply.on_demand import add_on_demand
from models.supply.options import add_options
from models.supply.pools import add_pools
from models.supply.registry import (
    add_bought_offers,
    add_promises,
    add_sold_offers,
    add_use_of_offers,
    add_work_done_once,
)
from models.supply.scaling import model_units

TERMS = (
    # where capacity comes from
    add_fleet,
    add_capacity_probes,
    add_bought_offers,
    add_on_demand,
    add_sold_offers,
    hold_what_is_leased_out,
    add_options,
    # demand, and who serves it
    add_limits,
    add_demand_probes,
    add_work_done_once,
    add_service,
    add_churn_by_shortfall,
    add_single_sites,
    read_service,
    add_pools,
    add_use_of_offers,
    add_promises,
    # what policy allows
    add_resilience,
    add_caps,
    add_rules,
    # what it costs
    add_cash_account,
    read_payments,
)


def build_model(
    dataset: Dataset,
    *,
    probes: bool = False,
    every_month: bool = False,
    stability: PlanStability | None = None,
    objective: Callable[[Model], None] = least_cost,
) -> Model:
    """The mixed-integer program of a checked problem.

    Parameters
    ----------
    dataset
        The problem; its checks found no error.
    probes
        Whether to add columns fixed at 0 whose reduced costs are marginal values (`models.probes`).
    every_month
        Whether an offer can also be signed in months that a later month makes needless.
    stability
        An earlier plan and the price, in USD, of each unit that departs from it.
    objective
        Sets what is minimised.

    Returns
    -------
    Model
        Its `compiled` arrays go to a solver; `plan` reads the solver's column values back.
    """
    dataset = dataset.in_order
    model = Model(dataset, model_units(dataset), probes=probes, every_month=every_month)
    with pause_gc():
        for add_term in TERMS:
            check_cancelled()
            add_term(model)
        add_plan_stability(model, stability)
        objective(model)
    check_cancelled()  # compiling it comes next
    return model


__all__ = ["TERMS", "Model", "build_model"]
