r"""Runs: work that is done once, at a time of our choosing.

Decision, per run r and month m of its window: `starts[r,m]` binary, \sum_m <= 1, and = 1 where it must be done. In each
of its months it asks for tokens_bn_per_day, deferrable within the month and served in full, as a segment would
(`Dataset.loads`). Its value less loss_usd_per_month_late x months after start_from is an income in its last month.
"""

from __future__ import annotations

from operator import itemgetter

from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset, block_hours
from models.kinds import OfferKind
from models.plan import Plan, Signing
from models.schema import Run


def start_months(dataset: Dataset, row: Run) -> list[int]:
    """Months t in which a run can start so that it ends inside the horizon."""
    return [m for m in dataset.window(row.start_from, row.start_until) if m + row.months <= len(dataset.horizon)]


def has_to_be_done(dataset: Dataset, row: Run) -> bool:
    """Whether a run must be done; one that cannot be done inside the horizon is no part of the problem."""
    return (row.must or row.value_usd is None) and bool(start_months(dataset, row))


def value_usd(dataset: Dataset, row: Run, start: int) -> float:
    """USD that a run earns which starts in month t, below 0 where it is later than it is worth."""
    first = 0 if row.start_from is None else dataset.t(row.start_from)
    return (row.value_usd or 0.0) - row.loss_usd_per_month_late * (start - first)


def add_runs(model: Model, kind: OfferKind) -> None:
    """Adds the choice of when runs start, the tokens they ask for, and what they earn."""
    dataset = model.dataset
    rows = kind.of(dataset)
    keys = [(name, m) for name, row in rows.items() for m in start_months(dataset, row)]
    starts = model.add_variables("starts", keys, upper=1, integer=True, decided=itemgetter(1))
    for name, row in rows.items():
        mine = {m: starts[name, m] for m in start_months(dataset, row)}
        once = Linear().add_all((variable, 1.0) for variable in mine.values())
        if has_to_be_done(dataset, row):
            model.add_constraint("run_is_done", name, once, equals=1.0)
        else:
            model.add_constraint("run_starts_once", name, once, at_most=1.0)
        for m, variable in mine.items():
            model.signings.sign(kind.key(row), m, Linear.of(variable), 1)
            earned = value_usd(dataset, row, m)
            model.costs.pay(
                kind.category, kind.payer(dataset, row), m + row.months - 1, Linear.of(variable, -earned)
            )  # fmt: skip
        for t in dataset.horizon:
            at_work = [variable for m, variable in mine.items() if m <= t < m + row.months]
            for block in dataset.blocks if at_work else ():
                tokens = row.tokens_bn_per_day * block_hours(dataset, t, block.block) / 24.0 / model.units.tokens_bn
                asked = Linear().add_all((variable, tokens) for variable in at_work)
                if not asked.is_zero:
                    model.run_demand[name, row.region, t, block.block] = asked

    def read() -> Plan:
        return Plan(
            signings=tuple(
                Signing(kind, name, m, rows[name].months, 1, m, m + rows[name].months - 1)
                for (name, m), variable in starts.items()
                if round(variable.value or 0.0)
            )
        )

    model.readers.append(read)
