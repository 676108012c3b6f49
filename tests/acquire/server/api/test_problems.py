"""An error that nobody expected is answered in words, and is an event of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from acquire.server.api import views
from acquire.server.api.problems import MOST_FAULTS, Faults, handle_errors
from acquire.server.api.websocket import add_socket
from acquire.server.event_book import EventBook
from acquire.serving.http_server import HttpServer, bind

Told = list[tuple[str, ...]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def faults(told: Told) -> Faults:
    return Faults(lambda *event: told.append(event))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    server = HttpServer(app, bind("127.0.0.1", 0, "--port"))
    server.start()
    try:
        yield server.url
    finally:
        server.close()


def test_a_fault_is_answered_in_words_and_told_once(told: Told, faults: Faults) -> None:
    app = FastAPI()
    handle_errors(app, faults)

    @app.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("dictionary changed size\nduring iteration")

    with served(app) as url:
        answers = [httpx.get(f"{url}/api/broken") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500] * 3
    problem = answers[0].json()
    assert problem["code"] == "internal"
    assert problem["text"] == "/api/broken: RuntimeError: dictionary changed size during iteration"
    assert "report it" in problem["remedy"]
    ((source, level, code, text),) = told
    assert (source, level, code) == ("engine", "error", "internal")
    assert problem["text"] in text


def test_so_many_different_ones_fill_no_log(told: Told, faults: Faults) -> None:
    for number in range(2 * MOST_FAULTS):
        faults.hear(f"/api/{number}", ValueError())
    assert len(told) == MOST_FAULTS


def test_a_fault_of_the_status_ends_the_socket_and_is_told(
    told: Told, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(controller: Any) -> None:
        raise RuntimeError("no status")

    monkeypatch.setattr(views, "status", broken)
    app = FastAPI()
    add_socket(app, cast(Any, SimpleNamespace(events=EventBook())), faults)
    with (
        served(app) as url,
        connect(f"{url.replace('http', 'ws')}/api/ws") as socket,
        pytest.raises(ConnectionClosed),
    ):
        socket.recv(30)
    assert [event[2] for event in told] == ["internal"]
