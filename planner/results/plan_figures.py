"""The figures of a plan, each worked out once."""

from __future__ import annotations

from functools import cached_property

from models.audit import SignedValue, contract_values
from models.dataset import Dataset
from models.grouping import sums
from models.kinds import OPTION
from models.plan import Plan
from models.policy.cash_account import CashMonth, account_of
from models.supply.bill_rows import BillRow
from planner.results.bills import bills
from planner.results.decisions import Action, Decision, actions, decisions
from planner.results.horizon_end import HorizonEnd, horizon_end
from planner.results.lock_in import LockRow, lock_in
from planner.results.monthly import MonthRow, Totals, by_month, totals
from planner.results.periods import PeriodFigures, joined
from planner.results.periods import by_month as figures_by_month
from planner.results.power import PowerRow, power
from planner.results.profit import ProfitRow, RevenueTotals, profit_by_month, profit_by_quarter, revenue_totals
from planner.results.resilience import ResilienceRow, resilience
from planner.results.unit_costs import UnitCost, unit_costs
from planner.results.views import (
    ServiceRow,
    Tokens,
    UseRow,
    cash_by_provider,
    cash_by_year,
    limit_changes,
    segment_tokens,
    service,
    use,
)


class PlanFigures:
    """Everything that reports show of one plan; each figure is worked out when it is first asked for, and kept.

    Parameters
    ----------
    dataset
        The problem as the plan has it: with scenarios, that of the plan's own scenario.
    plan
        The plan.
    """

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset = dataset
        self.plan = plan

    @cached_property
    def costs_usd(self) -> dict[str, float]:
        """Present value in USD by category of payment."""
        return self.plan.costs_usd()

    @cached_property
    def decisions(self) -> list[Decision]:
        """Signings and purchases of options, by month."""
        return decisions(self.dataset, self.plan)

    @cached_property
    def actions(self) -> list[Action]:
        """What a person has to do, by the month it is due."""
        return actions(self.dataset, self.decisions)

    @cached_property
    def limit_changes(self) -> list[tuple[int, str, str, str]]:
        """Month t, segment, lever and limit: the limit of each lever's first month, and each change after it."""
        return list(limit_changes(self.plan))

    @cached_property
    def service(self) -> list[ServiceRow]:
        """Tokens by month, segment and region, bn a day."""
        return list(service(self.dataset, self.plan))

    @cached_property
    def segment_tokens(self) -> dict[str, Tokens]:
        """Tokens over the horizon by segment, bn."""
        return segment_tokens(self.dataset, self.service)

    @cached_property
    def use(self) -> list[UseRow]:
        """Accelerators available and at work by month, load block and pool."""
        return list(use(self.dataset, self.plan))

    @cached_property
    def bills(self) -> list[BillRow]:
        """Every line of every bill of leases and contracts."""
        return bills(self.dataset, self.plan)

    @cached_property
    def lock_in(self) -> list[LockRow]:
        """What is still owed after each month, by offer."""
        return lock_in(self.dataset, self.plan)

    @cached_property
    def horizon_end(self) -> HorizonEnd:
        """What is owed and worth beyond the last month, and the cost by each end of the horizon."""
        return horizon_end(self.dataset, self.plan)

    @cached_property
    def months(self) -> list[MonthRow]:
        """Power, tokens, cash and lock-in, a row a month."""
        return by_month(self.dataset, self.plan, self.service, self.use, self.lock_in, self.power)

    @cached_property
    def totals(self) -> Totals:
        """Tokens over the horizon, and the peak of committed power."""
        return totals(self.dataset, self.plan, self.months)

    @cached_property
    def cash_by_year(self) -> dict[int, dict[str, float]]:
        """Cash in USD by calendar year and group."""
        return cash_by_year(self.dataset, self.plan)

    @cached_property
    def cash_by_provider(self) -> dict[str, list[float]]:
        """Cash in USD by provider, a figure a month."""
        return cash_by_provider(self.dataset, self.plan)

    @cached_property
    def profit(self) -> list[ProfitRow]:
        """Profit and loss, a row a month."""
        return profit_by_month(self.dataset, self.plan)

    @cached_property
    def profit_by_quarter(self) -> list[ProfitRow]:
        """The same by fiscal quarter."""
        return profit_by_quarter(self.dataset, self.profit)

    @cached_property
    def cash_account(self) -> list[CashMonth]:
        """The cash account, a row a month; none where none is kept."""
        return account_of(self.dataset, self.plan)

    @cached_property
    def resilience(self) -> list[ResilienceRow]:
        """The tightest losses, month by month; none without the sheet resilience."""
        return resilience(self.dataset, self.plan, self.service)

    @cached_property
    def revenue(self) -> RevenueTotals:
        """Revenue over the horizon, present value in USD."""
        return revenue_totals(self.dataset, self.profit)

    @cached_property
    def power(self) -> list[PowerRow]:
        """Power signed and online, by month and source."""
        return power(self.dataset, self.plan, self.decisions)

    @cached_property
    def unit_costs(self) -> list[UnitCost]:
        """What a million tokens cost, by month, source and segment."""
        return unit_costs(self.dataset, self.plan, self.months)

    @cached_property
    def contract_values(self) -> list[SignedValue]:
        """What every signing commits us to, or a taker."""
        return contract_values(self.dataset, self.plan)

    @cached_property
    def by_month(self) -> list[PeriodFigures]:
        """Revenue, cost, cash, use and power of every month."""
        return figures_by_month(
            self.dataset, self.plan, self.profit, self.cash_account, self.power, self.use, self.unit_costs
        )

    def by(self, per: str) -> list[PeriodFigures]:
        """The same by fiscal `quarter` or `year`, or over the `horizon`."""
        return joined(self.dataset, self.by_month, per)

    @property
    def contract_value_usd(self) -> float:
        """What the plan's own signings and options commit us to in total, undiscounted USD."""
        return self._own_premiums_usd + sum(each.total_usd for each in self._own_values(buys=True))

    @property
    def cash_at_signing_usd(self) -> float:
        """What of that is due in the month of signing."""
        return self._own_premiums_usd + sum(each.at_signing_usd for each in self._own_values(buys=True))

    @property
    def takers_value_usd(self) -> float:
        """What the plan's own lease-outs commit takers to in total, undiscounted USD."""
        return sum(each.total_usd for each in self._own_values(buys=False))

    @property
    def cash_from_takers_usd(self) -> float:
        """What of that is due in the month of signing."""
        return sum(each.at_signing_usd for each in self._own_values(buys=False))

    @property
    def _own_premiums_usd(self) -> float:
        return sums((each.category, each.cash_usd) for each in self.plan.payments)[OPTION.name]

    def _own_values(self, *, buys: bool) -> list[SignedValue]:
        own = (each for each in self.contract_values if not each.signing.signed)
        return [each for each in own if each.signing.kind.buys == buys]

    @property
    def most_owed_usd(self) -> float:
        """The most that is still owed at the end of any month."""
        return max((row.owed_usd for row in self.months), default=0.0)
