"""Problems as HiGHS takes them: in memory, and as files that other solvers read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from models.core.compiled import Compiled


@cache
def silence_banner() -> None:
    """HiGHS prints a banner on the process's standard output once, unless its first object logs elsewhere."""
    first = highspy._core._Highs()
    first.setOptionValue("log_to_console", False)
    first.setCallback(lambda *_: None, None)


def hand_over(arrays: Compiled, highs: highspy.Highs) -> bool:
    """Gives a problem to HiGHS; whether HiGHS takes it."""
    matrix = arrays.matrix
    rows, columns = matrix.shape
    status = highs.passModel(
        columns, rows, matrix.nnz, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), arrays.offset,
        arrays.cost, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper,
        matrix.indptr, matrix.indices, matrix.data, arrays.integer.astype(np.int32),
    )  # fmt: skip
    return bool(status != highspy.HighsStatus.kError)


def write_model(arrays: Compiled, path: Path) -> None:
    """Writes a problem as an `.mps` or `.lp` file that any solver reads, columns and rows numbered.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    silence_banner()
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    hand_over(arrays, highs)
    if highs.writeModel(str(path)) == highspy.HighsStatus.kError:
        raise OSError(f"HiGHS cannot write {path}")


def largest_coefficient(arrays: Compiled) -> str:
    """The row and the column of the largest coefficient, in words; those of a method's own have numbers for names."""

    def named(kind: str, names: Sequence[Any], number: int) -> str:
        return f"{kind} {number}" if names[number] is None else str(names[number].name)

    if not arrays.matrix.nnz:
        return f"{np.abs(arrays.cost).max(initial=0.0):.3g} in the objective"
    place = int(np.abs(arrays.matrix.data).argmax())
    column = int(np.searchsorted(arrays.matrix.indptr, place, side="right")) - 1
    row = named("row", arrays.rows, int(arrays.matrix.indices[place]))
    return f"{arrays.matrix.data[place]:.3g} of {named('column', arrays.columns, column)} in {row}"
