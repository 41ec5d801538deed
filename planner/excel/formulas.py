"""Formulas of a workbook: which of them other cells decide, so that their saved values are of before a change."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from models.parsing.raw_tables import column_index, column_letter, fold

Place = tuple[int, int]
"""A row, from 1, and a column, from 0."""
Area = tuple[int, int, int, int]
"""First row and column, last row and column."""
_AREA = re.compile(r"\$?([A-Z]{1,3})?\$?(\d{1,7})?(?::\$?([A-Z]{1,3})?\$?(\d{1,7})?)?")
_ANYWHERE = ("INDIRECT(", "OFFSET(")
"""Functions that reach cells which their formula does not name."""
_LAST = 1 << 24
_LONGEST_NAME = 66
"""Characters of a sheet's name in a formula, with quotes around and within."""


@dataclass(frozen=True, slots=True)
class Formula:
    """The formula of a cell: its text without `=`, and attributes such as the range that it fills."""

    text: str
    attributes: Mapping[str, str]


def area_of(reference: str) -> Area | None:
    """The area of a reference such as `B2`, `$B$2:C7`, `B:C` or `2:7`; None for anything else.

    >>> area_of("$B$2:C7"), area_of("B:B"), area_of("price")
    ((2, 1, 7, 2), (1, 1, 16777216, 1), None)
    """
    found = _AREA.fullmatch(reference)
    if found is None or (":" not in reference and not (found[1] and found[2])):
        return None
    left, top, right, bottom = found[1], found[2], found[3] or found[1], found[4] or found[2]
    return (
        int(top or 1),
        column_index(left) if left else 0,
        int(bottom or _LAST),
        column_index(right) if right else _LAST,
    )


def sheets_named_in(text: str) -> frozenset[str]:
    """The folded names before a `!` in a text with formulas, those of sheets among them.

    >>> sorted(sheets_named_in("SUM('Load blocks'!A1,fleet!B2)"))
    ['fleet', 'load_blocks']
    """
    found = set()
    for before in {piece[-_LONGEST_NAME:] for piece in text.split("!")[:-1]}:
        if name := re.search(r"'((?:[^']|'')+)'$|([\w.]+)$", before):
            found.add(fold((name[1] or name[2]).replace("''", "'")))
    return frozenset(found)


def moved(text: str, origin: Place, target: Place) -> str:
    """A formula as it reads in another cell; as it is where it cannot be taken apart."""
    places = (f"{column_letter(column)}{row}" for row, column in (origin, target))
    try:
        return str(Translator(f"={text}", origin=next(places)).translate_formula(next(places)))[1:]
    except (TokenizerError, TranslatorError, ValueError):
        return text


def outdated(
    changed: Mapping[str, Iterable[Place]],
    formulas: Mapping[str, Mapping[Place, str]],
    names: Mapping[str, str],
    doubtful: Iterable[str] = (),
) -> dict[str, set[Place]]:
    """The formulas that changed cells decide, through others too, or may decide.

    Parameters
    ----------
    changed
        The cells that hold other values than before, by the folded name of their sheet.
    formulas
        The formulas of sheets, by folded name and place.
    names
        What the workbook's own names stand for, by folded name.
    doubtful
        Sheets of which any cell may have changed.
    """
    cells = {sheet: _Cells(places) for sheet, places in changed.items()}
    doubtful = set(doubtful)
    left = [
        (sheet, place, _references(text, sheet, names))
        for sheet, texts in formulas.items()
        for place, text in texts.items()
    ]
    found: dict[str, set[Place]] = defaultdict(set)
    for turn in range(_MOST_TURNS):
        later = []
        for sheet, place, references in left:
            hit = references is None or any(
                each in doubtful or (each in cells and cells[each].meets(area)) for each, area in references
            )
            if hit or turn == _MOST_TURNS - 1:
                found[sheet].add(place)
                cells.setdefault(sheet, _Cells()).add(place)
            else:
                later.append((sheet, place, references))
        if len(later) == len(left):
            break
        left = later
    return found


_MOST_TURNS = 50
"""So often formulas are gone through; what chains that are longer would leave open counts as decided."""


class _Cells:
    """A set of cells that can be asked for one in an area."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._columns: dict[int, list[int]] = defaultdict(list)
        for place in sorted(places):
            self.add(place)

    def add(self, place: Place) -> None:
        insort(self._columns[place[1]], place[0])

    def meets(self, area: Area) -> bool:
        top, left, bottom, right = area
        few = range(left, right + 1) if right - left < len(self._columns) else self._columns
        for column in few:
            rows = self._columns.get(column) if left <= column <= right else None
            if rows and (at := bisect_left(rows, top)) < len(rows) and rows[at] <= bottom:
                return True
        return False


def _references(text: str, own: str, names: Mapping[str, str], depth: int = 0) -> list[tuple[str, Area]] | None:
    """The areas that a formula of a sheet speaks of; None where they cannot be told."""
    try:
        tokens = Tokenizer(f"={text}").items
    except (TokenizerError, IndexError):
        return None
    found: list[tuple[str, Area]] = []
    for token in tokens:
        if token.type == Token.FUNC and token.value.upper() in _ANYWHERE:
            return None
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            continue
        sheet, _, reference = token.value.rpartition("!")
        area = area_of(reference.upper())
        if area is not None and not re.search(r"[:\[]", sheet):
            found.append((fold(sheet.strip("'").replace("''", "'")) if sheet else own, area))
        elif (meaning := names.get(reference.lower())) is not None and depth < 3:  # names may stand for names
            more = _references(meaning, own, names, depth + 1)
            if more is None:
                return None
            found += more
        else:
            return None
    return found
