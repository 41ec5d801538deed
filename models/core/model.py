"""Model: the Pyomo model under construction, the ledgers where its terms meet, and the way back to a Plan."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, replace
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from models.cancellation import check_cancelled
from models.core.ledgers import CapacityLedger, CostLedger, ObligationLedger, SigningLedger
from models.core.linear import Linear, Var
from models.core.noise import without_noise
from models.core.pyomo_loading import flat_parts, pyomo_core
from models.core.scaling import ModelUnits
from models.dataset import Dataset
from models.garbage import pause_gc
from models.grouping import sums
from models.plan import Payment, Plan

if TYPE_CHECKING:
    from models.core.compiled import Compiled, Size
    from models.core.vector import Vector

Reader = Callable[[], Plan]
"""Reads one term's part of the plan off the variables' values."""


class DecisionColumn(NamedTuple):
    """A column that is decided in month `month`: the same in all scenarios indistinguishable by then.

    `family` and `key` name it in every scenario. All other columns adapt to what happens.
    """

    month: int
    family: str
    key: Hashable
    variable: Var


class Model:
    """A planning problem as a mixed-integer program; `models.build` fills it.

    `probes`: whether it has columns fixed at 0 that marginal values are read from (`models.probes`).
    `every_month`: whether an offer can be signed in months that a later one makes needless (`models.supply.signing`).
    `decisions`: the columns that scenarios share.
    """

    def __init__(self, dataset: Dataset, units: ModelUnits, *, probes: bool = False, every_month: bool = False) -> None:
        self.dataset = dataset
        self.probes = probes
        self.decisions: list[DecisionColumn] = []
        self.every_month = every_month
        self.units = units
        self._pyo, self._flat = pyomo_core(), flat_parts()
        self.pyomo: Any = self._pyo.ConcreteModel(name="planner")
        self.capacity = CapacityLedger()
        self.costs = CostLedger(dataset.discount)
        self.signings = SigningLedger()
        self.departure_usd = Linear()
        self.obligations = ObligationLedger(any(cap.measure == "obligation_usd" for cap in dataset.caps))
        self.obligation_caps_kept: Callable[[], bool] = lambda: True
        self.demand: dict[tuple[str, str, int, str], Linear] = {}
        self.run_demand: dict[tuple[str, str, int, str], Linear] = {}
        self.revenue_forgone: dict[int, Linear] = {}
        self.more_tokens: dict[tuple[str, int], Linear] = {}
        """With probes: billions of tokens on top of the demand of a segment in month t."""
        self.revenue_left: dict[tuple[str, int], Linear] = {}
        self.churn: dict[tuple[str, int], Linear] = {}
        self.shortfall: dict[tuple[str, int], Linear] = {}
        self.settlers: list[Callable[[], None]] = []
        self.readers: list[Reader] = []
        self.contract_bills: list[Any] = []
        self.services: list[Any] = []
        self._variables: list[Var] = []
        self._zero: Var | None = None
        self._compiled: Compiled | None = None

    def add_variables(
        self,
        name: str,
        index: Iterable[Hashable],
        *,
        upper: Callable[[Any], float | None] | float | None = None,
        integer: bool = False,
        decided: Callable[[Any], int] | None = None,
    ) -> Mapping[Any, Var]:
        """Adds a family of non-negative variables.

        Parameters
        ----------
        name
            Name of the Pyomo component.
        index
            The keys of the family.
        upper
            Upper bound of all, or of each by key; None for no bound.
        integer
            Whether they are whole numbers.
        decided
            The month t in which each is decided, by key; without it they adapt to what happens (recourse).

        Returns
        -------
        Mapping
            The variables by key.
        """
        keys = list(index)
        if not keys:
            return {}
        bound = upper if callable(upper) else (lambda _key: upper)
        domain = self._pyo.NonNegativeIntegers if integer else self._pyo.NonNegativeReals
        places = [key[0] if isinstance(key, tuple) and len(key) == 1 else key for key in keys]  # as Pyomo has them
        component = self._flat.Columns(self._pyo.SetOf(places), domain=domain)
        self.pyomo.add_component(name, component)
        made = component.by_index()
        for key, variable in zip(keys, made.values(), strict=True):
            self._numbered(variable)
            most = bound(key)
            if most is not None:
                variable.setub(most)
            if decided is not None:
                self.decisions.append(DecisionColumn(decided(key), name, key, variable))
        return made if places == keys else dict(zip(keys, made.values(), strict=True))

    def add_cumulative_counts(
        self, name: str, keys: Iterable[tuple[Any, ...]], most: Callable[[str], int]
    ) -> dict[Any, Linear]:
        """Adds whole-number counts of the ways to sign each offer, as running totals.

        The columns are running totals along an offer's keys, and a count is the difference of two. A solver that
        branches on a running total decides "two or more by August"; branching on one month's count would only move the
        same signing to the month beside it.

        Parameters
        ----------
        name
            Name of the Pyomo component; the rows that keep totals from falling are `{name}_only_grows`.
        keys
            The ways to sign, in order; the first two parts of a key are the offer and the month of signing.
        most
            The most units of an offer over all its keys.

        Returns
        -------
        dict
            The count of each key.
        """
        totals = self.add_variables(name, keys, upper=lambda key: most(key[0]), integer=True, decided=itemgetter(1))
        found: dict[Any, Linear] = {}
        before: dict[str, Var] = {}
        for key, total in totals.items():
            found[key] = Linear.of(total)
            if key[0] in before:
                found[key].add(before[key[0]], -1.0)
                self.add_constraint(f"{name}_only_grows", key, found[key], at_least=0.0)
            before[key[0]] = total
        return found

    def add_constraint(
        self,
        name: str,
        key: Hashable,
        body: Linear,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        equals: float | None = None,
    ) -> None:
        """Adds one row of a constraint family: at_least <= body <= at_most, or body == equals.

        A body without variables is a fact: dropped when true; when false the model has no plan, and a row that nothing
        can satisfy says so to the solver, and by how much it is false.

        Parameters
        ----------
        name
            Name of the family.
        key
            Index of the row in it.
        body
            What is bounded, in model units.
        at_least, at_most, equals
            The bounds; None for none.
        """
        check_cancelled()
        low, high = (equals, equals) if equals is not None else (at_least, at_most)
        body = body.collect_terms()
        if body.is_constant:
            slack = 1e-9 * max(1.0, abs(body.constant))
            holds = (low is None or body.constant >= low - slack) and (high is None or body.constant <= high + slack)
            if holds:
                return
            over = 0.0 if high is None else body.constant - high
            under = 0.0 if low is None else low - body.constant
            body, low, high = Linear.of(self._zero_variable()), max(over, under), None
        family = self.pyomo.component(name)
        if family is None:
            family = self._flat.FlatRows(self._pyo.Any, self._variables)
            self.pyomo.add_component(name, family)
        least = -inf if low is None else low - body.constant
        most = inf if high is None else high - body.constant
        family.add_row(key, least, body.coefficients, body.variables, most)

    def _numbered(self, variable: Var) -> Var:
        """A new variable, with its place among all."""
        variable.place = len(self._variables)
        self._variables.append(variable)
        return variable

    def _zero_variable(self) -> Var:
        """A variable that is always 0."""
        if self._zero is None:
            (self._zero,) = self.add_variables("nothing", [0], upper=0).values()
        return self._zero

    def add_binary(self, name: str, key: Hashable, *, decided: int | None = None) -> Var:
        """Adds one binary variable to the family `name`; `decided` is the month it is decided in, if it is."""
        family = self.pyomo.component(name)
        if family is None:
            family = self._flat.Columns(self._pyo.Any, domain=self._pyo.Binary, dense=False)
            self.pyomo.add_component(name, family)
        variable = self._numbered(family.add(key))
        if decided is not None:
            self.decisions.append(DecisionColumn(decided, name, key, variable))
        return variable

    def add_unbounded(self, name: str, key: Hashable) -> Var:
        """Adds one column without bounds to the family `name`; it adapts to what happens."""
        family = self.pyomo.component(name)
        if family is None:
            family = self._flat.Columns(self._pyo.Any, domain=self._pyo.Reals, dense=False)
            self.pyomo.add_component(name, family)
        return self._numbered(family.add(key))

    def add_positive_part(self, name: str, key: Hashable, part: Linear, of: Linear, most: float) -> None:
        """Holds `part` to exactly max(0, `of`), where `part` >= `of` is a row already.

        Needed only where something rewards a payment for being high; elsewhere least cost does it.

        Parameters
        ----------
        name, key
            Name and index of the rows added.
        part, of
            What is held, and what it is the positive part of.
        most
            An upper bound of |of|.
        """
        positive = self.add_binary(f"{name}_is_positive", key)
        self.add_constraint(f"{name}_is_exact", key, part.times(1.0).plus(of, -1.0).add(positive, most), at_most=most)
        self.add_constraint(f"{name}_is_zero", key, part.times(1.0).add(positive, -most), at_most=0.0)

    def minimise(self, usd: Linear) -> None:
        """Sets the objective, in model units of money."""
        cost = usd.collect_terms().times(1.0 / self.units.usd)
        self.pyomo.net_present_cost = self._pyo.Objective(expr=cost.expression())

    @property
    def compiled(self) -> Compiled:
        """The arrays handed to the solver; made once."""
        if self._compiled is None:
            from models.core.compiled import compile_model  # loads numpy, which checks do without

            self._compiled = compile_model(self.pyomo)
        return self._compiled

    @property
    def size(self) -> Size:
        """The size of the compiled model."""
        return self.compiled.size

    def plan(self, values: Vector) -> Plan:
        """The plan that the solver's column values mean, without its rounding.

        Before it is read, `settlers` settle what a solver may leave open: which source does work that costs the same
        from several, and what bills come to at the least. A plan short of the optimum may cost less for it.
        """
        arrays = self.compiled
        for variable, value in zip(arrays.columns, arrays.rounded(values), strict=True):
            variable.set_value(float(value), skip_validation=True)
        plan = Plan()
        with pause_gc():
            for settle in self.settlers:
                settle()
            for reader in self.readers:
                plan = _joined(plan, reader())
        return without_noise(replace(plan, payments=_by_month(plan.payments)))

    def to_lp(self) -> str:
        """The model as LP text with its own names, to read and to compare."""
        return self.compiled.to_lp()


def _joined(left: Plan, right: Plan) -> Plan:
    return Plan(**{each.name: getattr(left, each.name) + getattr(right, each.name) for each in fields(Plan)})


def _by_month(payments: tuple[Payment, ...]) -> tuple[Payment, ...]:
    """Payments added up by month, category, provider and offer, those that are no cash apart; nothing left out."""
    alike = [((each.month, each.category, each.provider, each.offer, not each.cash_usd), each) for each in payments]
    cash = sums((key, each.cash_usd) for key, each in alike)
    present = sums((key, each.present_value_usd) for key, each in alike)
    return tuple(Payment(*key[:4], cash[key], present[key]) for key in sorted(cash) if cash[key] or present[key])
