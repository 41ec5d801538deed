"""The rows of the sheet `Input`: what a plan was made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.columns import REQUIRED
from models.dataset import Dataset
from models.schema import SHEETS


def input_rows(dataset: Dataset) -> Iterator[tuple[Any, ...]]:
    """The rows of the sheet."""
    for sheet in SHEETS:
        held = (dataset.settings,) if sheet.name == "settings" else dataset.rows(sheet.name)
        for number, row in enumerate(held, start=1):
            for column in sheet.columns:
                value = getattr(row, column.name)
                if column.required or column.default is REQUIRED or value != column.default:
                    yield sheet.name, number, column.name, column.shown(value)
