"""Options of `planner explain` beyond the common ones."""

from __future__ import annotations

from typing import Any

from planner.explain.ranges import Variation, parse
from planner.options.values import Value


class VariationType(Value):
    """`QUANTITY[:NAME]=RANGE`, what `planner explain --vary` solves along."""

    name = "quantity[:name]=range"
    envvar_list_splitter = "\n"

    def read(self, value: Any) -> Any:
        """Return the variation.

        >>> VariationType().read("demand=-20%..+40%/4").values
        (0.8, 1.0, 1.2, 1.4)
        """
        return value if isinstance(value, Variation) else parse(str(value))
