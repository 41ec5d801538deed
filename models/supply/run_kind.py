"""Runs as a kind of decision; their term in the model is `models.demand.runs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from models.columns import times
from models.core.model import Model
from models.dataset import Dataset
from models.demand.runs import add_runs, has_to_be_done, start_months, value_usd
from models.plan import Plan, Signing
from models.realization import Realization
from models.schema import Run
from models.supply.bill_rows import BillRow, Hours
from models.supply.capacityless_kind import KindWithoutCapacity
from models.supply.kind import Family, OfferPrice
from models.supply.next_round import Rolled, RollState


class RunKind(KindWithoutCapacity):
    """Work done once, at a time of our choosing, for what it is worth."""

    def units_signed(self, row: Run) -> int:
        return 0

    def start(self, dataset: Dataset, row: Run, signed: int, realization: Realization | None = None) -> int:
        return signed

    def signing_months(self, dataset: Dataset, row: Run, *, every_month: bool = False) -> list[int]:
        return start_months(dataset, row)

    def last_month_to_sign(self, dataset: Dataset, row: Run) -> int:
        return len(dataset.horizon) - row.months

    def add(self, model: Model) -> None:
        add_runs(model, self)

    def start_values(self, dataset: Dataset, plan: Plan) -> Mapping[str, Family]:
        started = {(each.name, each.month) for each in plan.signings if each.kind == self}
        return {"starts": lambda name, m: float((name, m) in started)}

    def decided_by(self, dataset: Dataset, last: int) -> Mapping[str, Callable[..., bool]]:
        return {"starts": lambda name, m: m <= last}

    def owed(self, dataset: Dataset, signing: Signing, t: int) -> float:
        """A run is done once: what it earns is that signing's."""
        return 1.0

    def bill_rows(self, dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterable[BillRow]:
        """What it earns, below 0."""
        usd = -value_usd(dataset, self.of(dataset)[signing.name], signing.month)
        yield BillRow(signing.end, signing.name, signing.month, 1, None, usd, "value of the run", 0.0, 1.0, usd)

    def price(self, dataset: Dataset, row: Run) -> OfferPrice:
        return OfferPrice(row.value_usd or 0.0, "run")

    def at_price(self, dataset: Dataset, name: str, factor: float) -> Dataset:
        return self.changed(dataset, lambda row: times(row, factor, "value_usd", "loss_usd_per_month_late"), name)

    def has_to_be_taken(self, dataset: Dataset, row: Run) -> bool:
        return has_to_be_done(dataset, row)

    def without(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Runs are no offers that a plan without new ones would lack; one by its name is left out."""
        kept = (row for row in self.rows(dataset) if row.run != name)
        return dataset.with_rows(**{self.sheet.name: kept})

    def roll(self, state: RollState) -> None:
        """A run under way is one for its months left that must be done; one that is over goes."""
        dataset, to = state.dataset, state.to
        for row in self.rows(dataset):
            started = next((each for each in state.signings_of(self, row.run) if each.month < to), None)
            if started is None:
                if state.is_closed(row.start_until):
                    state.leave_out(self.key(row))
                else:  # it is late from the month on that a blank means now
                    state.write(replace(row, start_from=dataset.month(0)) if row.start_from is None else row)
                continue
            state.signed.add(self.key(row))
            if started.end < to:
                state.leave_out(self.key(row))
                continue
            left = started.end + 1 - to
            now = {"start_from": dataset.month(to), "start_until": dataset.month(to), "must": True}
            earned = value_usd(dataset, row, started.month)
            state.write(replace(row, months=left, value_usd=earned, loss_usd_per_month_late=0.0, **now))
            state.stands_for(row.run, started, settled=True)
            months = f"{left} month{'s are' if left > 1 else ' is'} left"
            state.done.append(f"{row.run}: under way since {dataset.label(started.month)}, {months}")

    def map_forward(self, rolled: Rolled, before: Dataset, signing: Signing) -> Iterator[Signing]:
        if rolled.name_of(signing) is not None:
            moved = signing.moved(-rolled.to)
            yield replace(moved, month=0, start=0, term_months=moved.end + 1)


RUN = RunKind(
    name="run",
    verb="start",
    unit="run",
    label="Value of runs",
    colour="#D55E00",
    light="#F5D9C5",
    row=Run,
    cash_group="runs",
    signing_families=("starts",),
    window=("start_from", "start_until"),
    signed_once=True,
    buys=False,
    purchase=False,
    uncertain=False,
)
