"""Sheets: the class of rows of each and what it is called; `rows_of` enters one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar, dataclass_transform

from models.columns import Column, Row, columns_of

R = TypeVar("R", bound=Row)
Side = Literal["", "bought", "sold", "promised", "done"]
"""What the rows of a sheet offer; see `rows_of`."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet and the class of its rows; `rows_of` says what the others are."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    optional: bool
    purpose: str
    offers: Side = ""
    category: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the sheet, in order."""
        return columns_of(self.row)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(each for each in self.columns if each.name == name)


SHEETS: list[Sheet] = []
"""In the order of the template, which is that of their classes."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def rows_of(
    name: str,
    purpose: str,
    *,
    key: tuple[str, ...] = (),
    optional: bool = True,
    offers: Side = "",
    category: str = "",
) -> Callable[[type[R]], type[R]]:
    """Decorates the class of the rows of a sheet: it becomes a frozen dataclass, and the sheet stands in `SHEETS`.

    Parameters
    ----------
    name, purpose
        Of the sheet; the purpose in a clause.
    key
        The columns that together are unique.
    optional
        Whether the sheet may be absent.
    offers
        Whether its rows are offers: `bought`, capacity we would pay for; `sold`, money for capacity of ours;
        `promised`, money that we would promise for no capacity of its own; `done`, work for which we earn.
    category
        Of the payments for such an offer.
    """

    def enter(row: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(row)
        SHEETS.append(Sheet(name, made, key, optional, purpose, offers, category))
        return made

    return enter


OFFERS, BOUGHT_OFFERS = ("offers",), ("bought offers",)
"""What a column refers to that may name an offer of any kind, or one we would pay for: see `referred`."""

WIDE = ("demand", "history")
"""Sheets that may be given wide: a row per segment and region, a column per month."""

NEVER_READ = ("note", "notes", "source", "comment")
"""Columns for people; no program reads them."""


def never_read(heading: str, of: Sheet | None = None) -> bool:
    """Whether a column of that name is for people; not where the sheet has a column that is called so."""
    return heading in NEVER_READ and (of is None or all(each.name != heading for each in of.columns))


SCENARIO_NOTES = "scenario_notes"
"""The sheet in which `planner scenarios` says how its scenarios were made; never read."""

START_HERE = "start_here"
"""The first sheet of the template, which says what there is to fill in; never read."""

NEVER_READ_SHEETS = (START_HERE, SCENARIO_NOTES)
"""Sheets for people; no program reads them."""


def sheet(name: str) -> Sheet:
    """The sheet of that name; KeyError when there is none."""
    for each in SHEETS:
        if each.name == name:
            return each
    raise KeyError(name)


def referred(column: Column) -> tuple[str, ...]:
    """The sheets whose keys a column's value must be one of."""
    if column.refers == OFFERS:
        return tuple(each.name for each in SHEETS if each.offers in ("bought", "sold"))
    if column.refers == BOUGHT_OFFERS:
        return tuple(each.name for each in SHEETS if each.offers == "bought")
    return column.refers


def sheet_of(row: type[Row]) -> Sheet:
    """The sheet whose rows are of that class; KeyError when there is none."""
    for each in SHEETS:
        if each.row is row:
            return each
    raise KeyError(row)


def sheet_names() -> Iterable[str]:
    """The names of all sheets, in order."""
    return (each.name for each in SHEETS)
