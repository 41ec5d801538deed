"""The versions of the software that a result depends on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

VERSIONS_OF = ("pyomo", "highspy", "numpy", "scipy", "openpyxl", "xlsxwriter")


def versions() -> dict[str, str]:
    """The version of Python and of each package of `VERSIONS_OF`, by name."""
    found = {"python": platform.python_version()}
    for name in VERSIONS_OF:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
