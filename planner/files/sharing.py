"""What Windows refuses for a moment, while another program looks at a file: it is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Done = TypeVar("Done")
VIOLATIONS = (5, 32, 33)
"""Errors of Windows: access denied, and the two of sharing; a virus scanner or a synchronised folder causes them."""
TRIES, SECONDS = 20, 0.1
"""How often it is tried, and the wait in between."""


def tried_again(action: Callable[[], Done]) -> Done:
    """What an action on a file returns, tried again while Windows says that another program has the file.

    Raises
    ------
    OSError
        It is refused for another reason, or still after two seconds.
    """
    for _ in range(TRIES - 1):
        try:
            return action()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in VIOLATIONS:
                raise
            time.sleep(SECONDS)
    return action()
