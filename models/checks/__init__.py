"""Checks across the sheets of a workbook."""

from __future__ import annotations

from models.checks.material import Material, material_of
from models.dataset import Dataset
from models.faults import Fault


def check_material(material: Material) -> list[Fault]:
    """As `check`, of as much as could be read."""
    return []


def check(dataset: Dataset) -> list[Fault]:
    """Everything in which the sheets do not fit together."""
    return check_material(material_of(dataset))
