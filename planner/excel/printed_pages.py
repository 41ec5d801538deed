"""How sheets are printed: where a page ends (between tables and charts, not through them), and at which scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROW_POINTS = 15.0
"""The usual height of a row."""
SMALLEST, SMALL = 0.53, 0.6
"""The scale below which a printed page cannot be read, and that of tables of more than a page."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a page holds at full size, whichever program prints it: pixels of columns and points of rows."""

    pixels: int
    points: float

    def scale(self, across: float) -> float:
        """The scale at which columns of so many pixels fit on a page; never more than 1."""
        return min(1.0, self.pixels / across)


LANDSCAPE, PORTRAIT = Paper(930, 490.0), Paper(640, 750.0)


def table_scale(across: float, rows: int) -> tuple[Paper, float]:
    """The paper of a table and the scale, by the pixels of its columns and its rows.

    A table of more than a page is printed small, and upright where that can be read: so a plan for scenarios has
    hundreds of pages fewer. The scale is given, because office programs take minutes to find one for long tables.

    >>> table_scale(800, 20)[1], table_scale(800, 20_000) == (PORTRAIT, SMALL), table_scale(3000, 20)[1]
    (1.0, True, 0.53)
    """
    if rows * ROW_POINTS <= LANDSCAPE.points:
        return LANDSCAPE, max(SMALLEST, LANDSCAPE.scale(across))
    upright = min(SMALL, PORTRAIT.scale(across))
    if upright >= SMALLEST:
        return PORTRAIT, upright
    return LANDSCAPE, min(SMALL, max(SMALLEST, LANDSCAPE.scale(across)))


def page_breaks(
    together: Sequence[tuple[int, int]], heights: Mapping[int, float], scale: float, paper: Paper = LANDSCAPE
) -> list[int]:
    """The rows that begin a page, so that none ends within what stands together where that fits on one.

    Parameters
    ----------
    together
        First row and the row after the last of each part, from the top down.
    heights
        Heights of rows in points, of those that are not of the usual height.
    scale, paper
        The scale of printing, and what it is printed on.

    >>> page_breaks([(0, 20), (21, 40), (41, 45)], {}, 1.0)
    [21]
    """
    room, used, begun, breaks = paper.points / scale, 0.0, 0, list[int]()
    for first, end in together:
        used += sum(heights.get(row, ROW_POINTS) for row in range(begun, first))
        height = sum(heights.get(row, ROW_POINTS) for row in range(first, end))
        if used and used + height > room:
            breaks.append(first)
            used = 0.0
        used, begun = (used + height) % room, end
    return breaks
