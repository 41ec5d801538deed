"""Where the printed pages of a landscape sheet end: between its tables and charts, not through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

PIXELS, POINTS, ROW_POINTS = 930, 490.0, 15.0
"""Pixels of columns and points of rows that a page holds at full size, whichever program prints it; height of a row."""


def scale_for(across: int) -> float:
    """The scale at which columns of so many pixels fit on a page; never more than 1."""
    return min(1.0, PIXELS / across)


def page_breaks(together: Sequence[tuple[int, int]], heights: Mapping[int, float], scale: float) -> list[int]:
    """The rows that begin a page, so that none ends within what stands together where that fits on one.

    Parameters
    ----------
    together
        First row and the row after the last of each part, from the top down.
    heights
        Heights of rows in points, of those that are not of the usual height.
    scale
        The scale of printing.

    >>> page_breaks([(0, 20), (21, 40), (41, 45)], {}, 1.0)
    [21]
    """
    room, used, begun, breaks = POINTS / scale, 0.0, 0, list[int]()
    for first, end in together:
        used += sum(heights.get(row, ROW_POINTS) for row in range(begun, first))
        height = sum(heights.get(row, ROW_POINTS) for row in range(first, end))
        if used and used + height > room:
            breaks.append(first)
            used = 0.0
        used, begun = (used + height) % room, end
    return breaks
