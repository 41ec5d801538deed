"""Sheets of money strewn over a small random workbook: what hours beyond the horizon are worth."""

from __future__ import annotations

from dataclasses import replace

from properties.workbook_rows import Maker

from models.dataset import Dataset
from models.schema import Residual


def with_money(data: Dataset, make: Maker) -> Dataset:
    """The workbook with some of what this module knows."""
    return with_residuals(data, make) if make.chance(4) else data


def with_residuals(data: Dataset, make: Maker) -> Dataset:
    """What is kept beyond the horizon is worth something: now more than its price, now less, and less by the year."""
    rows = tuple(
        Residual(
            hardware=each.hardware,
            usd_per_accelerator_hour=make.one_of(0.2, 0.5, 0.9),
            decline_per_year=make.one_of(0.0, 0.9),
        )
        for each in data.hardware
    )
    return replace(data, settings=replace(data.settings, end_of_horizon="residual"), residuals=rows)
