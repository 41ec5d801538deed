"""Sampled scenarios in words: what happens in each, and how well the few kept resemble all that were drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from models import months
from models.dataset import Dataset
from models.realization import ALL
from models.sampling import DRAWN, Paths, Reduction
from models.sampling.levels import demand_of, over_baseline, power_mw

if TYPE_CHECKING:
    import pandas as pd

MOST = 3
"""So many late offers are named, the rest counted."""
PLAIN = {
    "demand": "demand over baseline",
    "demand_growth": "added monthly growth",
    "on_demand_price": "on-demand price multiplier",
    "delivery_delay_months": "months late",
    "delivered_share": "share delivered",
    "supplier_exit": "probability of having left",
} | {drawn.quantity: drawn.words for drawn in DRAWN}
OTHERS = {drawn.quantity: drawn for drawn in DRAWN}


def scenario_words(dataset: Dataset, paths: Paths, kept: tuple[int, ...]) -> Iterator[str]:
    """A line on each path kept: `demand +23 % by 2028-04, google 6 months late`."""
    uncertain = any(quantity in ("demand", "demand_growth") for quantity, _ in paths.values)
    level = over_baseline(dataset, demand_of(dataset, paths))[:, -1] if uncertain else None
    until = dataset.label(len(dataset.horizon) - 1)
    for path in kept:
        parts = [] if level is None else [f"demand {_change(level[path])} by {until}"]
        parts += _rest(dataset, paths, path, until)
        yield ", ".join(parts) or "as planned"


def _rest(dataset: Dataset, paths: Paths, path: int, until: str) -> Iterator[str]:
    late = {}
    for (quantity, name), values in paths.values.items():
        value = float(values[path, -1])
        if quantity == "on_demand_price":
            yield f"on-demand price{'' if name == ALL else f' of {name}'} {_change(value)} by {until}"
        elif quantity == "delivery_delay_months" and value:
            late[name] = round(value)
        elif quantity == "delivered_share" and value != 1.0:
            yield f"{name} delivers {value:.0%}".replace("%", " %")
        elif quantity == "supplier_exit" and value:
            month = paths.first_month + int(values[path].argmax())
            yield f"{name} gone from {months.label(month)}"
        elif (drawn := OTHERS.get(quantity)) is not None:
            whose = "" if name == ALL else f" of {name}"
            change = f"{value:+.2g}" if drawn.process == "shift" else _change(value)
            yield f"{drawn.words}{whose} {change}" + (f" by {until}" if drawn.process == "walk" else "")
    power = power_mw(dataset)
    largest = sorted(late, key=lambda name: -power.get(name, 0.0))
    for name in largest[:MOST]:
        yield f"{name} {late[name]} month{'s' if late[name] > 1 else ''} late"
    if len(largest) > MOST:
        yield f"{len(largest) - MOST} more late"


def loss_words(lost: pd.DataFrame, count: int, enough: int | None) -> str:
    """What so many scenarios lose of the spread drawn, and how many would keep it."""
    worst = min(lost.itertuples(), key=lambda each: each.deviation_kept / each.deviation)
    more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
    remedy = f"--count {enough} keeps it" if enough else "all paths drawn would be needed; raise --sample"
    return (
        f"{count} scenarios do not keep the spread that was drawn ({moment_line(worst)}{more}); a plan made for them "
        f"is prepared for less than may come. {remedy}."
    )


def _change(level: float) -> str:
    """The change from 1.

    >>> _change(0.997), _change(1.25)
    ('+0 %', '+25 %')
    """
    return f"{(level - 1.0) * 100.0:+z.0f} %"


def reduction_words(paths: Paths, reduction: Reduction, asked: int, seed: int) -> list[str]:
    """How many were kept and what is lost by it, in the distance that was minimised."""
    kept = len(reduction.kept)
    lines = [
        f"{len(paths)} paths drawn with seed {seed}, {kept} kept by forward selection. Kantorovich distance of the "
        f"kept from all: {reduction.distance:.3g}, {reduction.relative:.1%} of the {reduction.distance_of_one:.3g} "
        "that the best single path leaves.".replace("%", " %")
    ]
    if kept < asked:
        lines.append(f"All other paths are the same as one of these {kept}.")
    return lines


def quantity_words(each: Any) -> str:
    """What a row of `moments` is of, such as `demand over baseline, total`."""
    return f"{PLAIN[each.quantity]}, {'all' if each.name == ALL else each.name}"


def moment_line(each: Any) -> str:
    """A row of `moments` in words.

    `demand over baseline, total: mean 1.07 drawn, 1.04 kept; standard deviation 0.51 drawn, 0.41 kept`.
    """
    return (
        f"{quantity_words(each)}: mean {each.mean:.3g} drawn, "
        f"{each.mean_kept:.3g} kept; standard deviation {each.deviation:.3g} drawn, {each.deviation_kept:.3g} kept"
    )
