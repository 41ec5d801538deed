"""Tables: a sheet and its columns, without a word about how they look; and a table filled with rows.

A tidy table has one header row, one record a row, and the unit in the column's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Literal

from models import kinds

Kind = Literal["text", "month", "whole", "amount", "money", "rate", "share", "gap", "flag", "any"]
"""What a column holds: `amount` a quantity, `money` a sum of it, `rate` a price, `gap` a share with all its digits,
`any` a number or text by row."""


class Percent(float):
    """A number that is shown in percent where the numbers of its column are of different kinds."""


NO_END = "no end"
"""What is told of the term and the last month of what is kept for good."""


class NoEnd(int):
    """A term or a last month of what is kept for good: stored as it is, shown as `NO_END`."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its header, what it holds, and the attribute of a row it shows; `blank` when it may be empty."""

    header: str
    kind: Kind
    attribute: str
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """A column that is the sum of some columns less others, by their headers."""

    header: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet of one tidy table; `purpose` says in a clause what it shows, `row` is the class of its rows.

    `sums`: columns that are formulas in a workbook, besides their values.
    """

    sheet: str
    purpose: str
    columns: tuple[TableColumn, ...]
    row: type[Any] | None = None
    plan_field: str = ""
    sums: tuple[Sum, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of its columns."""
        return tuple(column.header for column in self.columns)


@cache
def _parts(attribute: str) -> tuple[str, str]:
    name, _, key = attribute.partition(".")
    return name, key


def value_of(row: Any, attribute: str) -> Any:
    """An attribute of a row; `cash.fleet` is the entry `fleet` of its `cash`."""
    name, key = _parts(attribute)
    value = getattr(row, name)[key] if key else getattr(row, name)
    return value.name if isinstance(value, kinds.Kind) else value


def columns(*parts: str) -> tuple[TableColumn, ...]:
    """Columns of texts `header:kind` or `header:kind:attribute`, with `?` after the kind when it may be empty."""
    found = []
    for part in parts:
        header, kind, *attribute = part.split(":")
        found.append(TableColumn(header, kind.rstrip("?"), attribute[0] if attribute else header, kind.endswith("?")))  # type: ignore[arg-type]
    return tuple(found)


def report_table(sheet: str, purpose: str, *parts: str) -> Table:
    """A table that nobody reads back, of columns `header:kind`."""
    return Table(sheet, purpose, columns(*parts))


@dataclass(frozen=True, slots=True)
class Filled:
    """A table and its rows: values in the order of the columns, months as months t."""

    table: Table
    rows: list[tuple[Any, ...]]


def rows_by_month(table: Table, rows: Iterable[Any]) -> Filled:
    """A table of the attributes of rows that its columns name, by month."""
    attributes = [column.attribute for column in table.columns]
    ordered = sorted(rows, key=attrgetter("month"))
    return Filled(table, [tuple([value_of(row, attribute) for attribute in attributes]) for row in ordered])
