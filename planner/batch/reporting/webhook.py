"""Tells a chat or an alerting service how the batch ended: one POST of JSON, tried again where that may help.

`text` is what chat tools show; the other fields are for programs. A batch never fails because of it.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from planner.batch.manifest import JobRecord, Manifest
from planner.batch.reporting.changes import JobChange
from planner.batch.reporting.estimates import cost_usd, least_cost
from planner.batch.reporting.status import counts, headline, why_not_good
from planner.formatting import estimate_json

log = logging.getLogger("planner")

ATTEMPTS = 4
TRY_SECONDS = 10.0
"""Of one attempt."""
ALL_SECONDS = 60.0
"""Of all attempts together, with the pauses between them, whatever the other side does."""
STOPPED_SECONDS = 5.0
"""Once the batch is told to stop."""
POLL_SECONDS = 0.05
FIRST_PAUSE_SECONDS = 1.0
MAX_NAMED = 10
"""Jobs told by name in the text."""
_AGAIN = frozenset({408, 425, 429})
"""Refusals that say 'later'; any other 4xx will be the same again."""


def send(
    url: str,
    manifest: Manifest,
    changed: tuple[JobChange, ...] = (),
    *,
    stopping: Callable[[], bool] = lambda: False,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Sends a summary of a batch within `ALL_SECONDS`, and never raises for what the other side does.

    Parameters
    ----------
    url
        The address to post it to.
    manifest, changed
        The batch, and what changed since the previous one.
    stopping
        Whether the batch is to stop: then it is waited for `STOPPED_SECONDS` more at most.
    pause
        Waits so many seconds before another try.

    Returns
    -------
    bool
        Whether the message was taken; a warning says why not.
    """
    shown = public_address(url)
    if not shown:
        log.warning("warning: the webhook's address does not begin with http:// or https://; no message was sent.")
        return False
    body = json.dumps(payload(manifest, changed), ensure_ascii=False).encode("utf-8", "backslashreplace")
    deadline = time.monotonic() + ALL_SECONDS
    found: list[str] = []
    # in a thread that can be left: an answer that drips in keeps a socket awake for ever, and so does a name server
    worker = threading.Thread(
        target=lambda: found.append(_deliver(url, body, deadline, pause)), daemon=True, name="webhook"
    )
    worker.start()
    given = ALL_SECONDS
    while worker.is_alive() and time.monotonic() < deadline:
        worker.join(POLL_SECONDS)
        if stopping() and given != STOPPED_SECONDS:
            given = STOPPED_SECONDS
            deadline = min(deadline, time.monotonic() + given)
    if not found:
        found.append(f"no whole answer within {given:.0f} s")
    if found[0]:
        log.warning("warning: the webhook at %s did not take the message: %s.", shown, found[0])
    return not found[0]


def _deliver(url: str, body: bytes, deadline: float, pause: Callable[[float], None]) -> str:
    """Posts, and tries again where that may help; why it was not taken, "" when it was."""
    wait = FIRST_PAUSE_SECONDS
    for attempt in itertools.count(1):
        why, again = _post(url, body, min(TRY_SECONDS, max(0.1, deadline - time.monotonic())))
        if not why:
            return ""
        if not again or attempt == ATTEMPTS or time.monotonic() + wait > deadline:
            return f"{why}, after {attempt} tries"
        log.debug("The webhook at %s: %s; once more in %.0f s.", public_address(url), why, wait)
        pause(wait)
        wait *= 2
    raise AssertionError


def public_address(url: str) -> str:
    """The address as a log may show it, without its path, which often is a secret; "" for what is no web address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and host else ""


class _FollowNone(urllib.request.HTTPRedirectHandler):
    """A redirect that is followed arrives without the message, and may be answered with a page to sign in."""

    def redirect_request(self, *_: object) -> None:
        """No request."""


_OPENER = urllib.request.build_opener(_FollowNone)


def _post(url: str, body: bytes, seconds: float) -> tuple[str, bool]:
    """Why it was not taken ("" when it was), and whether to try again."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "planner-batch"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with _OPENER.open(request, timeout=seconds):
            return "", False
    except urllib.error.HTTPError as error:
        with error:
            if error.code in range(300, 400):
                leads = public_address(error.headers.get("Location") or "") or "another place"
                return f"it answers {error.code} and leads to {leads}, which is not followed: give that address", False
            return f"it answers {error.code} {error.reason}", error.code >= 500 or error.code in _AGAIN
    except (urllib.error.URLError, HTTPException, OSError) as error:
        return f"no answer ({getattr(error, 'reason', error) or type(error).__name__})", True
    except ValueError as error:  # what urllib says of an address it cannot make sense of
        return f"the address cannot be used ({error})", False


def payload(manifest: Manifest, changed: tuple[JobChange, ...]) -> dict[str, Any]:
    """The body: `text`, and the same in fields."""
    bad = [each for each in manifest.records if not each.good]
    differing = [each for each in changed if each.differs]
    return {
        "text": "\n".join([f"Batch {manifest.batch}: {headline(manifest.records)}.", *_text_lines(bad, differing)]),
        "batch": manifest.batch,
        "good": not bad,
        "started": manifest.started,
        "finished": manifest.finished,
        "planner_version": manifest.planner_version,
        "counts": counts(manifest.records),
        "jobs": [
            {
                "job": each.name,
                "status": each.status,
                "good": each.good,
                "cost_usd": cost_usd(each),
                "bound_usd": least_cost(each).at_least,
                "seconds": each.seconds,
                "message": each.message,
            }
            for each in manifest.records
        ],
        "changes": [
            {
                "job": each.name,
                "what": list(each.what),
                "why": list(each.why),
                "difference_usd": each.difference_usd,
                "least_cost_difference_usd": estimate_json(each.least_cost_difference),
            }
            for each in differing
        ],
    }


def _text_lines(bad: list[JobRecord], differing: list[JobChange]) -> list[str]:
    lines = [f"✘ {each.name}: {why_not_good(each)}" for each in bad[:MAX_NAMED]]
    if len(bad) > MAX_NAMED:
        lines.append(f"✘ and {len(bad) - MAX_NAMED} more")
    lines += [f"Δ {each.name}: {'; '.join(each.what)} ({'; '.join(each.why)})" for each in differing[:MAX_NAMED]]
    if len(differing) > MAX_NAMED:
        lines.append(f"Δ and {len(differing) - MAX_NAMED} more")
    return lines
