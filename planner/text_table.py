"""Small tables in what a command says: drawn by rich on a terminal, in columns of spaces elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.formatting import escaped

INDENT = "  "


@dataclass(frozen=True, slots=True)
class TextTable:
    """A small table of texts.

    Parameters
    ----------
    heads : tuple of str
        A heading a column; one that begins with ">" is of figures, which stand at the right of their column.
    rows : sequence of tuple of str
        A text for each column.
    """

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings as they are shown."""
        return tuple(escaped(each.removeprefix(">")) for each in self.heads)

    @property
    def at_right(self) -> tuple[bool, ...]:
        """Whether a column is one of figures."""
        return tuple(each.startswith(">") for each in self.heads)

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The rows as they are shown."""
        return [tuple(map(escaped, row)) for row in self.rows]

    def plain(self) -> Iterator[str]:
        r"""A row a line, each column as wide as its longest text.

        >>> print(*TextTable(("Job", ">Cost"), [("west", "3.02 m"), ("all of it", "-")]).plain(), sep="|\n")
          Job          Cost|
          west       3.02 m|
          all of it       -
        """
        lines = [self.titles, *self.cells]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, self.at_right, strict=True)
            )
            yield f"{INDENT}{'  '.join(cells)}".rstrip()


Line = str | TextTable
"""What a command says for people: a line of text, or a table."""


def plain(lines: Iterable[Line]) -> Iterator[str]:
    """Every line of text, those of tables too."""
    for each in lines:
        yield from (each,) if isinstance(each, str) else each.plain()
