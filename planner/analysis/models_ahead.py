"""Models of the questions about a plan, built while it is searched for: they follow from the problem alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from models.build import Model, build_model
from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.variants.offers import nothing_new
from planner.errors import OutOfTime
from planner.solving.pipeline.side_by_side import beside
from planner.solving.problem import SolveOptions

MOST_NONZEROS = 200_000
"""Of larger problems building is little of a search, and a model more is much memory."""


class ModelsAhead:
    """The models of the base case and of the marginal values of one problem.

    Where plans have to survive losses (`resilience`), the models depend on the plan and are not built ahead.

    Parameters
    ----------
    dataset
        The problem.
    check
        Raises `OutOfTime` where what is being built would come too late.

    Attributes
    ----------
    base, probed
        The model that signs nothing new, and that of the marginal values; None where they are not built.
    """

    def __init__(self, dataset: Dataset, check: Callable[[], None]) -> None:
        self._dataset, self._check = dataset, check
        self.base: Model | None = None
        self.probed: Model | None = None

    @contextmanager
    def built_beside(self, nonzeros: int, options: SolveOptions) -> Iterator[None]:
        """Builds them in another thread meanwhile, where there is one for it and the problem is not too large.

        Not where the time is limited: all of it is the search's.
        """
        limited = options.threads == 1 or options.time_limit is not None
        if limited or nonzeros > MOST_NONZEROS or self._dataset.resilience:
            yield
            return
        with beside(lambda _: self._build()):
            yield

    def _build(self) -> None:
        with suppress(OutOfTime), cancelled_by(self._check):
            self.probed = build_model(self._dataset, probes=True)
            self.base = build_model(nothing_new(self._dataset))
