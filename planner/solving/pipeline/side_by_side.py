"""The same work in several threads at once: HiGHS leaves Python to the others while it is at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Asked = Callable[[], bool]
"""Whether to end."""
_POLL_SECONDS = 0.05


def side_by_side(work: Callable[[Asked], None], threads: int, here: Asked, elsewhere: Asked) -> None:
    """Works in this thread and in so many less one others, until all have come to their end.

    Parameters
    ----------
    work
        Takes what says whether to end, which it asks often.
    threads
        In all.
    here, elsewhere
        Whether to end, as this thread asks, which may tell progress, and as the others do.

    Raises
    ------
    BaseException
        Whatever was raised in one of them; the others are ended.
    """
    faults: list[BaseException] = []

    def in_thread() -> None:
        try:
            work(lambda: bool(faults) or elsewhere())
        except BaseException as fault:  # told in the thread that the work was begun in
            faults.append(fault)

    others = [threading.Thread(target=in_thread, daemon=True, name="search") for _ in range(threads - 1)]
    begun: list[threading.Thread] = []
    try:
        for each in others:
            each.start()
            begun.append(each)
        work(lambda: bool(faults) or here())
        while any(each.is_alive() for each in begun):  # which learn only by this thread's asking that it was stopped
            here()
            time.sleep(_POLL_SECONDS)
    except BaseException as fault:
        faults.append(fault)
        raise
    finally:
        for each in begun:
            each.join()
    if faults:
        raise faults[0]


@contextmanager
def beside(work: Callable[[Asked], None]) -> Iterator[None]:
    """Works in a thread of its own meanwhile; `work` takes what says whether to end, and what it raises is raised."""
    done = threading.Event()
    faults: list[BaseException] = []

    def in_thread() -> None:
        try:
            work(done.is_set)
        except BaseException as fault:  # told in the thread that the work was begun in
            faults.append(fault)

    worker = threading.Thread(target=in_thread, daemon=True, name="beside")
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()
    if faults:
        raise faults[0]
