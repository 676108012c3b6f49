"""The engine as the window sees it: its API over HTTP and WebSocket, in Qt's event loop.

Nothing here waits: what is asked for is answered by a call, in the main thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QByteArray, QElapsedTimer, QObject, QTimer, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest
from PySide6.QtWebSockets import QWebSocket

from acquire.server.api.models import EventInfo, StatusInfo
from acquire.serving.problem import Problem
from gui.client.code_words import refused
from gui.texts import tr

AGAIN_MS = 500
"""How long until the next try to connect."""
SILENT_MS = 3000
"""The engine says something ten times a second: after so long it is gone."""
STATUS_MS = 150
_STATUS = '{"type":"status"'
TIMEOUT_MS = 75_000
"""More than the longest turn of the engine (60 s)."""

Done = Callable[[Any], None]
Failed = Callable[[Problem], None]


class EngineClient(QObject):
    """Talks to one engine; connects again for as long as it lives."""

    status_came = Signal(object)
    event_came = Signal(object)
    connected = Signal()
    lost = Signal(str)
    unreached = Signal(object)
    """Nothing was heard at the address that it was attached to; once, why."""
    failed = Signal(object)

    def __init__(self, token: str | None = None) -> None:
        super().__init__()
        self._token = token
        self._base = ""
        self._network = QNetworkAccessManager(self)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._open)
        self._silence = QTimer(self, singleShot=True, interval=SILENT_MS)
        self._silence.timeout.connect(self._on_silence)
        self._heard = QElapsedTimer()
        self._closing = False
        self._tried = False  # whether what is at the address is known, or why nothing is
        self._passed_on: set[int] = set()  # numbers of events
        self.is_connected = False

    @cached_property
    def _socket(self) -> QWebSocket:
        """The connection, once there is something to connect to.

        With the first one Qt reads the certificates of the system: 0.15 s, before a window is seen.
        """
        made = QWebSocket(parent=self)
        made.connected.connect(self._on_connected)
        made.disconnected.connect(self._on_disconnected)
        made.errorOccurred.connect(lambda _: self._on_error())
        made.textMessageReceived.connect(self._hear)
        return made

    @property
    def url(self) -> str:
        """Where the engine is."""
        return self._base

    def attach(self, url: str) -> None:
        """Talk to the engine at an address, from now on."""
        self._base = url.rstrip("/")
        self._passed_on.clear()
        self._closing = self._tried = False
        self._socket.abort()
        self._open()

    def close(self) -> None:
        """Leave; the engine goes on."""
        self._closing = True
        self._again.stop()
        self._silence.stop()
        if self._base:
            self._socket.abort()

    # Asking.

    def get(self, path: str, done: Done, failed: Failed | None = None) -> None:
        """Ask for something; `done` gets the decoded JSON."""
        self._ask("GET", path, None, done, failed)

    def post(
        self, path: str, body: Any = None, done: Done | None = None, failed: Failed | None = None
    ) -> None:
        """Have something done."""
        self._ask("POST", path, {} if body is None else body, done, failed)

    def put(
        self, path: str, body: Any, done: Done | None = None, failed: Failed | None = None
    ) -> None:
        """Change something."""
        self._ask("PUT", path, body, done, failed)

    def picture(
        self, path: str, done: Callable[[bytes, dict[str, str]], None], failed: Failed
    ) -> None:
        """Fetch bytes that are not JSON, with the answer's headers."""
        reply = self._network.get(self._request(path))

        def finished() -> None:
            reply.deleteLater()
            if self._closing:
                return
            if (problem := _problem(reply)) is not None:
                failed(problem)
                return
            headers = {
                bytes(k.data()).decode("latin-1").lower(): bytes(v.data()).decode("latin-1")
                for k, v in reply.rawHeaderPairs()
            }
            done(bytes(reply.readAll().data()), headers)

        reply.finished.connect(finished)

    def _ask(
        self, verb: str, path: str, body: Any, done: Done | None, failed: Failed | None
    ) -> None:
        request = self._request(path)
        data = QByteArray() if body is None else QByteArray(json.dumps(body).encode())
        reply = self._network.sendCustomRequest(request, verb.encode(), data)

        def finished() -> None:
            reply.deleteLater()
            if self._closing:  # what would hear the answer may be gone already
                return
            if (problem := _problem(reply)) is not None:
                (failed or self.failed.emit)(problem)
            elif done is not None:
                done(json.loads(bytes(reply.readAll().data())))

        reply.finished.connect(finished)

    def _request(self, path: str) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(f"{self._base}/api/{path}"))
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        request.setTransferTimeout(TIMEOUT_MS)
        self._authorize(request)
        return request

    def _authorize(self, request: QNetworkRequest) -> None:
        if self._token:
            request.setRawHeader(b"Authorization", f"Bearer {self._token}".encode())

    # Hearing.

    def _open(self) -> None:
        if self._closing or not self._base:
            return
        request = QNetworkRequest(QUrl(f"ws{self._base.removeprefix('http')}/api/ws"))
        self._authorize(request)
        self._socket.open(request)

    def _on_connected(self) -> None:
        self.is_connected = self._tried = True
        self._silence.start()
        self.connected.emit()
        self._fetch_events()

    def _fetch_events(self) -> None:
        def take(found: Any) -> None:
            for item in found:
                self._event(item)

        self.get("events?limit=200", take, lambda problem: None)

    def _on_disconnected(self) -> None:
        self._silence.stop()
        if self.is_connected:
            self.is_connected = False
            if not self._closing:
                self.lost.emit(self._base)
        self._try_later()

    def _on_silence(self) -> None:
        self._socket.abort()
        self._on_disconnected()

    def _on_error(self) -> None:
        if not self._tried and not self._closing:
            self._tried = True
            # The socket knows no words: a refused token is a number to it.
            self.get("status", lambda found: None, self.unreached.emit)
        self._try_later()

    def _try_later(self) -> None:
        if not self._closing and not self._again.isActive():
            self._again.start()

    def _hear(self, text: str) -> None:
        self._silence.start()
        if text.startswith(_STATUS):
            # Ten a second come; nobody reads so fast, and each one costs.
            if self._heard.isValid() and self._heard.elapsed() < STATUS_MS:
                return
            self._heard.start()
        message = json.loads(text)
        if message["type"] == "status":
            status = StatusInfo.model_validate(message["status"])
            if self._passed_on and status.last_event < max(self._passed_on):  # it was started anew
                self._passed_on.clear()
                self._fetch_events()
            self.status_came.emit(status)
        elif message["type"] == "event":
            self._event(message)

    def _event(self, message: Any) -> None:
        found = EventInfo.model_validate(message)
        if found.number not in self._passed_on:  # the socket and the list may both have it
            self._passed_on.add(found.number)
            self.event_came.emit(found)


def words(problem: Problem) -> str:
    """Say what was not done and what to do, but not what the API tells programs to read."""
    programs_only = problem.remedy.startswith("see GET ")
    text = problem.text if programs_only else f"{problem.text}; {problem.remedy}"
    return refused(problem.code, text)


def _problem(reply: QNetworkReply) -> Problem | None:
    if reply.error() == QNetworkReply.NetworkError.NoError:
        return None
    body = bytes(reply.readAll().data())
    try:
        return Problem.model_validate_json(body)
    except ValidationError:
        text = tr("the engine does not answer: {}").format(reply.errorString())
        return Problem(code="no-answer", text=text, remedy=tr("see whether it still runs"))
