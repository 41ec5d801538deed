"""Pyomo, loaded when a model is first built, and without `scipy.stats`, which only a hook of Pyomo's asks for.

The hook takes half of what a process needs to start, for random variables that no model of ours has. It is taken off
where scipy is not loaded yet; so modules on the way to a first model load scipy in their functions. Nor are Pyomo's
writers and solver interfaces loaded, which `pyomo.environ` has for those who hand a model to them.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def pyomo_core() -> Any:
    """The module `pyomo.core`; Pyomo carries no types."""
    from pyomo.common import dependencies

    # private names of Pyomo's: where they are gone, start-up is slower and all else the same
    hooks = getattr(getattr(dependencies, "DeferredImportCallbackFinder", None), "_callbacks", {})
    for hook in hooks.get("scipy", ()):
        hook._callback = _finalize_scipy
    import pyomo.core

    return pyomo.core


@cache
def flat_parts() -> Any:
    """The module `models.core.flat`, which stands on Pyomo."""
    pyomo_core()
    from models.core import flat

    return flat


def _finalize_scipy(module: Any, available: bool) -> None:
    """What Pyomo's writers of matrices need of scipy."""
    if available:
        import scipy.sparse  # noqa: F401
