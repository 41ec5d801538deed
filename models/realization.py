"""Realization: what the factors of one scenario make of the workbook's figures, month by month.

A row holds until the next from_month of the same quantity and name. While a row with a name is in force it
replaces the `*` row; before its first month the `*` row holds. Where two names speak of one figure (a workload
and a hardware), their factors multiply. Without a scenario every factor is neutral, but for those of no scenario, which
a workbook cannot have: they act in the plain figures, and in every scenario beside its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from models.schema import ScenarioFactor

ALL = "*"
"""As the name of a factor: everything that the quantity acts on."""
ADDED = ("demand_growth", "delivery_delay_months", "rival_generosity")
"""Quantities that are added to what they act on; others multiply it."""


class Realization:
    """The factors of one scenario.

    `rows` are them with the month t each holds from (None: the first month); `beside`: those that act too.
    """

    def __init__(
        self, rows: Iterable[tuple[int | None, ScenarioFactor]] = (), beside: Realization | None = None
    ) -> None:
        dated: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        for first, row in rows:
            dated[row.quantity, row.name][0 if first is None else first] = row.value
        self._paths = {key: tuple(zip(*sorted(path.items()), strict=True)) for key, path in dated.items()}
        self._quantities = {quantity for quantity, _ in dated}
        self._beside = beside if beside is not None and beside._quantities else None

    def _acts_on(self, quantity: str) -> bool:
        return quantity in self._quantities or (self._beside is not None and self._beside._acts_on(quantity))

    def _named(self, quantity: str, name: str, t: int) -> float | None:
        path = self._paths.get((quantity, name))
        if path is None:
            return None
        begun = bisect_right(path[0], t)
        return float(path[1][begun - 1]) if begun else None

    def _product(self, quantity: str, names: Iterable[str], t: int) -> float:
        names = tuple(dict.fromkeys(names))
        product = 1.0 if self._beside is None else self._beside._product(quantity, names, t)
        if quantity not in self._quantities:
            return product
        found = (self._named(quantity, name, t) for name in names)
        named = [value for value in found if value is not None]
        if not named:
            value = self._named(quantity, ALL, t)
            return product if value is None else product * value
        for value in named:
            product *= value
        return product

    def _added(self, quantity: str, name: str, t: int) -> float:
        value = self._named(quantity, name, t)
        value = self._named(quantity, ALL, t) if value is None else value
        beside = 0.0 if self._beside is None else self._beside._added(quantity, name, t)
        return beside if value is None else beside + value

    def in_force(self, quantity: str, name: str, t: int) -> float:
        """The value of a factor in month t, neutral where no row holds; of an exit 1 once the supplier has left."""
        return self.acting(quantity, (name,), t)

    def acting(self, quantity: str, names: Sequence[str], t: int) -> float:
        """As `in_force`, what the factors of several names together do to the one thing that they all speak of."""
        if quantity == "supplier_exit":
            gone = self.exit(*names)
            return float(gone is not None and gone <= t)
        if quantity in ADDED:
            return self._added(quantity, names[0], t)
        return self._product(quantity, names, t)

    def demand(self, segment: str, plain: Sequence[float]) -> tuple[float, ...]:
        """A segment's demand by month, of what it is in the plain figures.

        What is added to the growth from each month to the next compounds; then the demand factor multiplies.
        """
        path = list(plain[:1])
        for t, (before, after) in enumerate(pairwise(plain)):
            faster = self._added("demand_growth", segment, t)
            if not faster and path[t] == before:
                path.append(after)
            else:
                path.append(max(0.0, path[t] * (after / before + faster)) if before else after)
        return tuple(tokens * self._product("demand", (segment,), t) for t, tokens in enumerate(path))

    def throughput(self, workload: str, hardware: str, t: int) -> float:
        """Multiplier of tokens a second; 0 means that it cannot run."""
        return self._product("throughput", (workload, hardware), t)

    def on_demand_price(self, hardware: str, t: int) -> float:
        """Multiplier of the on-demand price of a hardware in month t."""
        return self._product("on_demand_price", (hardware,), t)

    def on_demand_cap(self, hardware: str, t: int) -> float:
        """Multiplier of the on-demand capacity of a hardware in month t."""
        return self._product("on_demand_cap", (hardware,), t)

    def price(self, offer: str, signed: int) -> float:
        """Multiplier of the rates and upfronts of an offer signed in a month."""
        return self._product("price", (offer,), signed)

    def delivered(self, offer: str, t: int) -> float:
        """Multiplier of what an offer delivers in a service month, and so of what it bills."""
        return self._product("delivered_share", (offer,), t)

    def deliveries(self, offer: str, months: range) -> list[float] | None:
        """`delivered` in each of some months; None where it is 1 for all offers."""
        if not self._acts_on("delivered_share"):
            return None
        return [self.delivered(offer, t) for t in months]

    def delay(self, offer: str, t: int) -> int:
        """Months added to an offer's lead time: signed in month t, or once signed due to start in it."""
        return round(self._added("delivery_delay_months", offer, t))

    def usage_price(self, hardware: str, t: int) -> float:
        """Multiplier of usage charges and energy for the hours used of a hardware in month t."""
        return self._product("usage_price", (hardware,), t)

    def fleet_share(self, names: Iterable[str], t: int) -> float:
        """Multiplier of what is online of an asset in month t: `names` are its own, provider, site and region."""
        return self._product("fleet_share", names, t)

    def revenue(self, segment: str, t: int) -> float:
        """Multiplier of what a million tokens of a segment earns in month t."""
        return self._product("revenue", (segment,), t)

    def shortfall_cost(self, segment: str, t: int) -> float:
        """Multiplier of what a million tokens of a segment costs that falls short in month t."""
        return self._product("shortfall_cost", (segment,), t)

    def elasticity(self, segment: str, t: int) -> float:
        """Multiplier of a segment's price elasticity in month t."""
        return self._product("elasticity", (segment,), t)

    def churn(self, segment: str, t: int) -> float:
        """Multiplier of what a segment loses in month t by limits and by shortfall."""
        return self._product("churn", (segment,), t)

    def rival_generosity(self, segment: str, t: int) -> float:
        """What is added to the generosity of a segment's rivals in month t."""
        return self._added("rival_generosity", segment, t)

    def exit(self, *names: str) -> int | None:
        """The month from which a supplier has left, by the earliest row that names the offer or its provider."""
        paths = [self._paths[key] for name in names if (key := ("supplier_exit", name)) in self._paths]
        if not paths and ("supplier_exit", ALL) in self._paths:
            paths = [self._paths["supplier_exit", ALL]]
        beside = None if self._beside is None else self._beside.exit(*names)
        months = [path[0][0] for path in paths]
        return min(months if beside is None else [*months, beside], default=None)


class MeanRealization(Realization):
    """The expected value of several realizations: every figure their mean, weighted by probability.

    Months of delay are rounded to whole ones. A supplier has left from the first month by which it has left with a
    probability above a half.
    """

    def __init__(self, parts: Iterable[tuple[float, Realization]]) -> None:
        super().__init__()
        self._parts = tuple(parts)

    def _acts_on(self, quantity: str) -> bool:
        return any(part._acts_on(quantity) for _, part in self._parts)

    def _product(self, quantity: str, names: Iterable[str], t: int) -> float:
        return sum(weight * part._product(quantity, names, t) for weight, part in self._parts)

    def _added(self, quantity: str, name: str, t: int) -> float:
        return sum(weight * part._added(quantity, name, t) for weight, part in self._parts)

    def demand(self, segment: str, plain: Sequence[float]) -> tuple[float, ...]:
        """The mean of a segment's demand by month."""
        paths = [(weight, part.demand(segment, plain)) for weight, part in self._parts]
        return tuple(sum(weight * path[t] for weight, path in paths) for t in range(len(plain)))

    def exit(self, *names: str) -> int | None:
        """The month by which the supplier has left with a probability above one half; None where it never does."""
        probability_left = 0.0
        dated = sorted((month, weight) for weight, part in self._parts if (month := part.exit(*names)) is not None)
        for month, weight in dated:
            probability_left += weight
            if probability_left > 0.5:
                return month
        return None
