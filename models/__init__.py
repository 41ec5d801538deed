"""The mathematics of the planner: what is decided, what it costs, what must hold.

Sets
    t in 0 … T-1 months; b load blocks; s segments; regions; hardware h; pools (region, h);
    offers: leases l by term, contracts c by tier k, lease-outs o, options; m months of signing.

Decisions (integer unless said otherwise)
    units_by[l,m,term], in_service[l,term,m,t] units of a lease signed by then, and in service   supply/leases
    blocks[c,m,k]                              blocks of a contract at a tier's rate             supply/contracts
    tier_reached_by[c,m,k], contract_signed_by[c,m]   whether it is signed by then              supply/contracts
    leased_out_by[o,m]                         units leased out by then                          supply/lease_outs
    bought[option,m]                           options bought                                    supply/options
    in_force[s,limit,t]                        the usage limit or price of a segment             demand/limits
    runs_at[s,site,t]                          the site of a segment that cannot be split        demand/service
    work, site_work, flow, shortfall           who serves whom, and what is not served (real)    demand/service
    use, overage, on_demand, billed_use, top_up   whose hours are used and billed (real)         supply/pools …

Objective
    minimise the net present value of the cost ledger: lease fees, upfronts and termination fees;
    contract bills, upfronts and top-ups; usage charges; option premiums; on-demand; fleet running
    cost; network; interest; revenue forgone by limits; cost of changing limits; shortfall; less lease-out income.

Constraints, each a family of rows named as the statement it makes
    supply    units_by_only_grows, service_only_ends, blocks_within_tier, blocks_reach_tier,
              contract_signed_by_only_grows, tier_reached_by_only_grows, blocks_at_least,
              blocks_within_width, tier_before_full, overage_within_share,
              billed_use_within_online, use_is_billed, minimum_spend_is_met, leased_out_by_only_grows,
              leased_out_of_sublet, bought_once, option_before_offer
    demand    one_limit_in_force, limits_together, with_limit_at_most, with_limit_at_least,
              with_limits_together, churn_adds_up, revenue_is_left, start_is_seen, start_is_in_force, start_was_not,
              limit_stays, limit_never_tightens, demand_is_met, flow_is_served, shortfall_within_share,
              runs_at_one_site, one_site, site_work_online, site_keeps_margin
    pools     work_is_done, pool_keeps_margin, use_within_online, leased_out_is_not_used, site_does_its_work
    policy    cap_is_kept, rule_holds, signed_means_units, units_mean_signed, balance_adds_up, overdraft_is_drawn,
              credit_is_enough

Terms meet only in the ledgers (`models.core.ledgers`): the capacity ledger holds accelerators online by source
and month, the cost ledger named payments by month. `models.build.TERMS` is the list of terms. What a
workbook can say is in `models.schema`; `models.audit` recomputes a plan from the workbook alone.

With scenarios each is such a problem, on figures that `models.realization` makes of the workbook's. Columns
decided in month t (`Model.decisions`) are common to the scenarios indistinguishable in t (`models.stochastic.tree`);
with costs z_s of probability p_s the objective is (1 - w) sum p_s z_s + w CVaR, or the worst cost or regret
(`models.stochastic.risk`).
"""
