"""Pyomo, loaded when a model is first built, and without `scipy.stats`, which only a hook of Pyomo's asks for.

The hook takes half of what a process needs to start, for random variables that no model of ours has. It is taken off
where scipy is not loaded yet; so modules on the way to a first model load scipy in their functions.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def pyomo_environ() -> Any:
    """The module `pyomo.environ`; Pyomo carries no types."""
    from pyomo.common import dependencies

    # private names of Pyomo's: where they are gone, start-up is slower and all else the same
    hooks = getattr(getattr(dependencies, "DeferredImportCallbackFinder", None), "_callbacks", {})
    for hook in hooks.get("scipy", ()):
        hook._callback = _finalize_scipy
    import pyomo.environ

    return pyomo.environ


def _finalize_scipy(module: Any, available: bool) -> None:
    """What Pyomo's writers of matrices need of scipy."""
    if available:
        import scipy.sparse  # noqa: F401


def pause_gc() -> AbstractContextManager[Any]:
    """No collection of garbage while many objects are made that stay."""
    pyomo_environ()
    from pyomo.common.gc_manager import PauseGC

    paused: AbstractContextManager[Any] = PauseGC()
    return paused
