"""Dataset: one planning problem as immutable rows, and the plain look-ups that follow from them.

A Dataset holds what the workbook says and nothing else; how a row turns into capacity or money is
the business of the file that models it. Months in rows are month numbers (`models.months`); month t
of the horizon is `first_month + t`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from operator import attrgetter
from typing import Any

from models import months
from models.carried import Billed, Carried
from models.columns import Row
from models.grouping import groups
from models.kinds import OfferKey
from models.realization import MeanRealization, Realization
from models.schema import (
    SHEETS,
    Cap,
    ChipOrder,
    Contract,
    ContractTier,
    Demand,
    Fleet,
    Funding,
    Hardware,
    History,
    Lease,
    LeaseHardware,
    LeaseOut,
    LeaseOutHardware,
    LeaseTerm,
    Limit,
    LoadBlock,
    LoadShape,
    Network,
    OnDemand,
    Option,
    OwnSite,
    Price,
    Ramp,
    Residual,
    Resilience,
    Rival,
    Rule,
    Run,
    Scenario,
    ScenarioFactor,
    Segment,
    Settings,
    Sheet,
    SpendCommitment,
    Throughput,
    sheet,
)

DAY = LoadBlock(block="day", hours_per_day=24.0, peak=False)
"""The one load block of a workbook that has none."""


@dataclass(frozen=True)
class Dataset:
    """The rows of every sheet; an absent sheet is an empty tuple.

    `scenario` names the one whose factors act on the figures, "" for the plain figures; `mean_of` has the
    scenarios whose expected value the figures are, where they are.
    `more`: the rows of all sheets that have no field of their own; `rows` and `with_rows` know any sheet by name.
    `carried` and `billed` are no sheets: a workbook begins at month 0, a problem that follows another
    (`models.roll`) remembers what was before. `must_take`: offers of which at least a unit has to be taken.
    `losses`: those of `resilience` that the model holds (see `models.policy.resilience`); all where None.
    `exact_bills`: whether bills that could stand in for a later top-up are held by rows (see `models.supply.overage`).
    """

    settings: Settings
    hardware: tuple[Hardware, ...] = ()
    throughput: tuple[Throughput, ...] = ()
    residuals: tuple[Residual, ...] = ()
    segments: tuple[Segment, ...] = ()
    demand: tuple[Demand, ...] = ()
    prices: tuple[Price, ...] = ()
    load_blocks: tuple[LoadBlock, ...] = ()
    load_shape: tuple[LoadShape, ...] = ()
    network: tuple[Network, ...] = ()
    fleet: tuple[Fleet, ...] = ()
    leases: tuple[Lease, ...] = ()
    lease_hardware: tuple[LeaseHardware, ...] = ()
    lease_terms: tuple[LeaseTerm, ...] = ()
    ramps: tuple[Ramp, ...] = ()
    contracts: tuple[Contract, ...] = ()
    contract_tiers: tuple[ContractTier, ...] = ()
    on_demand: tuple[OnDemand, ...] = ()
    lease_outs: tuple[LeaseOut, ...] = ()
    lease_out_hardware: tuple[LeaseOutHardware, ...] = ()
    options: tuple[Option, ...] = ()
    own_sites: tuple[OwnSite, ...] = ()
    chip_orders: tuple[ChipOrder, ...] = ()
    spend_commitments: tuple[SpendCommitment, ...] = ()
    runs: tuple[Run, ...] = ()
    limits: tuple[Limit, ...] = ()
    rivals: tuple[Rival, ...] = ()
    funding: tuple[Funding, ...] = ()
    resilience: tuple[Resilience, ...] = ()
    caps: tuple[Cap, ...] = ()
    rules: tuple[Rule, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    scenario_factors: tuple[ScenarioFactor, ...] = ()
    history: tuple[History, ...] = ()
    more: tuple[Row, ...] = ()
    scenario: str = ""
    mean_of: tuple[Scenario, ...] = ()
    carried: tuple[Carried, ...] = ()
    billed: tuple[Billed, ...] = ()
    must_take: tuple[OfferKey, ...] = ()
    losses: frozenset[tuple[str, str, int]] | None = None
    exact_bills: bool = True

    def rows(self, name: str) -> tuple[Any, ...]:
        """The rows of a sheet."""
        if name in _FIELDS:
            return tuple(getattr(self, name))
        row = sheet(name).row
        return tuple(each for each in self.more if isinstance(each, row))

    def named(self, name: str) -> dict[str, Any]:
        """The rows of a sheet by the first column of its key."""
        found = self._named.get(name)
        if found is None:
            key = sheet(name).key[0]
            found = self._named[name] = {getattr(each, key): each for each in self.rows(name)}
        return found

    def parts(self, name: str) -> dict[str, list[Any]]:
        """The rows of a sheet of which several go together, by the first column of its key, such as the lease."""
        if ("parts", name) not in self.common:
            key = attrgetter(sheet(name).key[0])
            self.common["parts", name] = dict(groups((key(each), each) for each in self.rows(name)))
        found: dict[str, list[Any]] = self.common["parts", name]
        return found

    @cached_property
    def _named(self) -> dict[str, dict[str, Any]]:
        return {}

    def with_rows(self, **sheets: Iterable[Row]) -> Dataset:
        """The same problem with the rows of these sheets instead of its own."""
        known = {name: tuple(rows) for name, rows in sheets.items() if name in _FIELDS}
        others = {sheet(name).row: tuple(rows) for name, rows in sheets.items() if name not in _FIELDS}
        kept = (each for each in self.more if type(each) not in others)
        return replace(self, **known, more=(*kept, *(each for rows in others.values() for each in rows)))  # type: ignore[arg-type]

    @cached_property
    def in_order(self) -> Dataset:
        """The same problem with the rows of every sheet by their keys, so that no plan hangs on the order of rows.

        A segment's limits keep theirs where one has no `generosity`: the order of rows is then its rank.
        """
        if "in_order" not in self.common:  # sorted once for all scenarios of the problem
            ranked = {each.segment for each in self.limits if each.generosity is None}
            rows = {each.name: sorted(self.rows(each.name), key=_by_key(each, ranked)) for each in SHEETS if each.key}
            self.common["in_order"] = self.with_rows(**rows)
        ordered: Dataset = self.common["in_order"].in_scenario(self.scenario)
        vars(ordered)["in_order"] = ordered
        return ordered

    @property
    def horizon(self) -> range:
        """Months t = 0 … T-1."""
        return range(self.settings.months)

    def t(self, month: int) -> int:
        """The month t of a month number; negative before the horizon, T or more after it."""
        return month - self.settings.first_month

    def window(self, first: int | None, last: int | None) -> range:
        """Months t of the horizon from one month number to another, both included; None leaves a side open."""
        begin = 0 if first is None else max(0, self.t(first))
        end = self.settings.months - 1 if last is None else min(self.settings.months - 1, self.t(last))
        return range(begin, end + 1)

    def month(self, t: int) -> int:
        """The month number of month t."""
        return self.settings.first_month + t

    def label(self, t: int) -> str:
        """Month t as `2026-09`."""
        return months.label(self.month(t))

    def hours(self, t: int) -> int:
        """Hours of the calendar month t, inside the horizon or not."""
        return months.hours(self.settings.first_month + t)

    def periods(self, of: Iterable[int], per: str) -> list[list[int]]:
        """Months t by the `month`, `quarter` or `year` they lie in, or as one `horizon`; the fiscal year counts."""

        def period(t: int) -> object:
            year, month = self.fiscal_month(t)
            return {"month": t, "quarter": (year, (month - 1) // 3), "year": year, "horizon": 0}[per]

        return list(groups((period(t), t) for t in of).values())

    def fiscal_month(self, t: int) -> tuple[int, int]:
        """Fiscal year of month t, named by the calendar year it ends in, and month 1 … 12 of it."""
        return months.year_and_month(self.month(t) + (13 - self.settings.fiscal_year_start) % 12)

    def discount(self, t: int) -> float:
        """Present value of a dollar paid at the start of month t: (1 + discount_rate)^(-t/12)."""
        return float((1.0 + self.settings.discount_rate) ** (-t / 12.0))

    def carried_into(self, cap: Cap, period: Sequence[int]) -> Carried:
        """What months before month 0 add to a cap in a period of months t; nothing to one that is not under way."""
        nothing = Carried(cap.cap, cap.name or "")
        found = (each for each in self.carried if (each.cap, each.name) == (nothing.cap, nothing.name))
        return next(found, nothing) if 0 in period else nothing

    def billed_before(self, contract: str, year: Sequence[int]) -> Billed:
        """What a contract was billed before month 0 in a contract year of months t; nothing if it is not under way."""
        found = (each for each in self.billed if each.contract == contract)
        return next(found, Billed(contract)) if 0 in year else Billed(contract)

    @cached_property
    def blocks(self) -> tuple[LoadBlock, ...]:
        """The load blocks; one of 24 hours when the sheet is absent."""
        return self.load_blocks or (DAY,)

    @cached_property
    def hours_per_day(self) -> dict[str, float]:
        """Hours of the day of each load block."""
        return {each.block: each.hours_per_day for each in self.blocks}

    @cached_property
    def hardware_of(self) -> dict[str, Hardware]:
        """Hardware rows by name."""
        return {each.hardware: each for each in self.hardware}

    @cached_property
    def segment_of(self) -> dict[str, Segment]:
        """Segments by name."""
        return {each.segment: each for each in self.segments}

    @cached_property
    def loads(self) -> tuple[Segment, ...]:
        """What asks for work: segments, and runs as deferrable segments of which nothing falls short."""
        runs = (
            Segment(segment=row.run, workload=row.workload, timing="deferrable", single_site=row.single_site)
            for row in self.runs
        )
        return (*self.segments, *runs)

    @cached_property
    def load_of(self) -> dict[str, Segment]:
        """Segments and runs by name."""
        return {each.segment: each for each in self.loads}

    @cached_property
    def lease_of(self) -> dict[str, Lease]:
        """Leases by name."""
        return {each.lease: each for each in self.leases}

    @cached_property
    def contract_of(self) -> dict[str, Contract]:
        """Contracts by name."""
        return {each.contract: each for each in self.contracts}

    @cached_property
    def lease_out_of(self) -> dict[str, LeaseOut]:
        """Lease-outs by name."""
        return {each.lease_out: each for each in self.lease_outs}

    def in_scenario(self, scenario: str) -> Dataset:
        """The same problem as one of its scenarios has it, as if that were certain; "" as the plain figures have it."""
        view = replace(self, scenario=scenario)
        # what all scenarios have in common is worked out once
        vars(view).update(factors=self.factors, _realized=self._realized, common=self.common)
        if vars(self).get("in_order") is self:
            vars(view)["in_order"] = view
        return view

    def ending(self, convention: str) -> Dataset:
        """The same problem with another `end_of_horizon`; made once for all scenarios."""
        made = self.common.get(("ending", convention))
        if made is None:
            made = replace(self, settings=replace(self.settings, end_of_horizon=convention))
            self.common["ending", convention] = made
        view: Dataset = made.in_scenario(self.scenario)
        return view

    def expected_value(self) -> Dataset:
        """The problem in which every uncertain figure is certain to be its mean over the scenarios."""
        return replace(self, scenario="", scenarios=(), mean_of=self.scenarios)

    @cached_property
    def factors(self) -> dict[str, dict[tuple[str, str], list[ScenarioFactor]]]:
        """The rows of `scenario_factors` by scenario, and then by quantity and name."""
        by_scenario = groups((each.scenario, each) for each in self.scenario_factors)
        return {name: groups(((each.quantity, each.name), each) for each in rows) for name, rows in by_scenario.items()}

    @cached_property
    def realization(self) -> Realization:
        """What the factors of this scenario make of the figures."""
        if self.mean_of:
            return MeanRealization((each.probability, self._realization(each.scenario)) for each in self.mean_of)
        return self._realization(self.scenario)

    @cached_property
    def realizations(self) -> tuple[Realization, ...]:
        """Those of every scenario the decisions of this problem are common to; of the plain figures just theirs."""
        if not self.scenario:
            return (self.realization,)
        return tuple(self._realization(each.scenario) for each in self.scenarios)

    def _realization(self, scenario: str) -> Realization:
        if scenario not in self._realized:
            rows = (row for same in self.factors.get(scenario, {}).values() for row in same)
            dated = ((None if each.from_month is None else self.t(each.from_month), each) for each in rows)
            self._realized[scenario] = Realization(dated, self._realization("") if scenario else None)
        return self._realized[scenario]

    @cached_property
    def common(self) -> dict[Hashable, Any]:
        """What is worked out once for all scenarios of the problem, by who does so and for what."""
        return {}

    @cached_property
    def _realized(self) -> dict[str, Realization]:
        """Realizations by scenario, made once for all scenarios of the problem."""
        return {}


_FIELDS = {each.name for each in fields(Dataset)} - {"settings"}


def _by_key(of: Sheet, ranked: set[str]) -> Callable[[Row], tuple[tuple[bool, Any], ...]]:
    """Sorts rows by the columns of the sheet's key, blanks first; those of `ranked` segments by the segment alone."""

    def key(row: Row) -> tuple[tuple[bool, Any], ...]:
        columns = of.key[:1] if isinstance(row, Limit) and row.segment in ranked else of.key
        values = (getattr(row, column) for column in columns)
        return tuple((value is not None, value) for value in values)

    return key


def block_hours(dataset: Dataset, t: int, block: str) -> float:
    """Hours of month t that fall in a load block."""
    return dataset.hours_per_day[block] / 24.0 * dataset.hours(t)
