"""The webhook, against a server on this machine."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from batch_records import manifest, record

from planner.batch.reporting import webhook
from planner.batch.reporting.changes import changes
from planner.batch.reporting.webhook import ATTEMPTS, send


class Receiver(HTTPServer):
    """Answers with `codes` in turn (0: hangs up without a word), and notes what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.codes: list[int] = []
        self.bodies: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/secret"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        assert self.headers["Content-Type"].startswith("application/json")
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.send_header("Location", "http://elsewhere.example/sign-in")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("planner"), "propagate", True)
    return caplog


def test_a_chat_and_a_program_can_both_read_it(receiver: Receiver) -> None:
    """`text` says how the batch ended, which job failed and what changed; fields say the same."""
    now, then = manifest(record(), record("east", "infeasible")), manifest(record(options={}), record("east"))
    assert send(receiver.url, now, changes(Path("nowhere"), now, then))
    (body,) = receiver.bodies
    assert body["text"].splitlines() == [
        "Batch weekly: 1 of 2 jobs good, 1 failed.",
        "✘ east: settings!B2: found 'soon', expected a month",
        "Δ east: plan within the gap became no plan exists "
        "(input, options and versions are the same: the run itself differed (time, memory, load))",
    ]
    assert body["counts"] == {"good": 1, "failure": 1, "error": 0, "skipped": 0}
    assert not body["good"]
    assert [(each["job"], each["cost_usd"]) for each in body["jobs"]] == [("west", 1000.0), ("east", None)]
    assert [each["job"] for each in body["changes"]] == ["east"]


@pytest.mark.parametrize("codes", [[500], [503, 502, 500], [0], [429, 0]])
def test_what_may_pass_is_tried_again(receiver: Receiver, codes: list[int]) -> None:
    """After 5xx, 429 and broken connections the same message is sent again, each pause twice the last."""
    receiver.codes, pauses = list(codes), list[float]()
    assert send(receiver.url, manifest(record()), pause=pauses.append)
    assert len(receiver.bodies) == len(codes) + 1
    assert receiver.bodies[0] == receiver.bodies[-1]
    assert pauses == [1.0, 2.0, 4.0][: len(codes)]


def test_a_refusal_is_not_tried_again(receiver: Receiver, warnings: pytest.LogCaptureFixture) -> None:
    """A 4xx would be the same again; the warning names the host and not the secret path."""
    receiver.codes = [404]
    assert not send(receiver.url, manifest(record()), pause=pytest.fail)
    assert len(receiver.bodies) == 1
    assert "answers 404" in warnings.text
    assert "secret" not in warnings.text


def test_there_is_an_end_to_trying(receiver: Receiver, warnings: pytest.LogCaptureFixture) -> None:
    """A service that is down is given up on with a warning."""
    receiver.codes = [500] * 50
    assert not send(receiver.url, manifest(record()), pause=lambda _: None)
    assert len(receiver.bodies) == ATTEMPTS
    assert f"after {ATTEMPTS} tries" in warnings.text


def test_nobody_there_is_a_warning(warnings: pytest.LogCaptureFixture) -> None:
    """A port that nobody listens on is no error of the batch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert not send(f"http://127.0.0.1:{port}/", manifest(record()), pause=lambda _: None)
    assert "no answer" in warnings.text


def test_one_that_never_answers_costs_limited_time(
    warnings: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that takes the connection and says nothing is left after the time of a try."""
    monkeypatch.setattr(webhook, "TRY_SECONDS", 0.2)
    monkeypatch.setattr(webhook, "ALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not send(f"http://127.0.0.1:{silent.getsockname()[1]}/", manifest(record()))
    assert "timed out" in warnings.text


@pytest.mark.parametrize("address", ["", "chat", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[::1/"])
def test_what_is_no_address_is_a_warning(address: str, warnings: pytest.LogCaptureFixture) -> None:
    """Only http and https are spoken, and nonsense does not break the batch."""
    assert not send(address, manifest(record()), pause=pytest.fail)
    assert "no message was sent" in warnings.text


@pytest.mark.parametrize("drip", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["byte by byte", "continue for ever"])
def test_an_answer_that_never_ends_is_left(
    drip: bytes, warnings: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that keeps the line awake is given up after the time for everything, or soon after a signal."""
    monkeypatch.setattr(webhook, "ALL_SECONDS", 0.4)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while not over.is_set():
                    client, _ = server.accept()
                    threading.Thread(target=trickle, args=(client,), daemon=True).start()

        def trickle(client: socket.socket) -> None:
            with client, suppress(OSError):
                while not over.wait(0.02):
                    client.sendall(drip)

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        began = time.monotonic()
        assert not send(url, manifest(record()))
        assert time.monotonic() - began < 10.0
        assert "no whole answer" in warnings.text
        monkeypatch.setattr(webhook, "ALL_SECONDS", 60.0)
        monkeypatch.setattr(webhook, "STOPPED_SECONDS", 0.1)
        assert not send(url, manifest(record()), stopping=lambda: True)
        assert time.monotonic() - began < 20.0
        over.set()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, warnings: pytest.LogCaptureFixture, code: int) -> None:
    """Where it leads the message would not arrive; the warning says where that is, without what may be secret."""
    receiver.codes = [code]
    assert not send(receiver.url, manifest(record()), pause=pytest.fail)
    assert len(receiver.bodies) == 1
    assert f"answers {code} and leads to http://elsewhere.example, which is not followed" in warnings.text
    assert "sign-in" not in warnings.text
