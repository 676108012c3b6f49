"""A running engine, asked over its HTTP interface."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from acquire.errors import ConfigError, ControlError
from acquire.server.running import the_engine
from acquire.server.token import VARIABLE, read_token
from acquire.serving.engine_url import engine_url

LOOK_S = 20.0
"""How long the whole answer to a question may take: one that is stopped, or hangs, gives none."""
ANSWER_S = 120.0
"""A stop waits for files to close, and for the check where that is asked for."""
LARGEST = 64 << 20
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("state", "session", "missing", "error", "streams", "nodes", "last_event"),
    "devices": ("name", "driver", "state", "error"),
    "streams": ("name", "type", "health", "samples", "lost"),
    "events": ("number", "event"),
    "recording/start": ("started", "session", "labels"),
    "recording/stop": ("stopped", "session", "streams", "verdict", "error", "alarms"),
    "recording/split": ("before", "after"),
    "markers": ("recorded", "stamp"),
}
"""What the answer of each path has, or each row of it: who answers without is no engine."""
_ROWS: Final = ("devices", "streams", "events")


class EngineGone(ControlError):
    """No engine answers at the address."""


class EngineClient:
    """One engine; each call is a request of its own, so it may have been started anew between."""

    def __init__(self, url: str | None, data_dir: Path | None, token_file: Path | None) -> None:
        """Find it.

        Raises:
            ConfigError: none runs, several do, or the token cannot be read or is none.
        """
        self._data_dir = data_dir if url is None else None
        self._is_given = url is not None
        self.url = engine_url(url or the_engine(data_dir), "--url")
        self._token = read_token(token_file)

    def find_again(self) -> None:
        """Look where the engine is now, if no address was given; a new one may have another port.

        Nothing changes while none runs, or several do.
        """
        if not self._is_given:
            with contextlib.suppress(ConfigError):
                self.url = the_engine(self._data_dir).rstrip("/")

    def get(self, path: str) -> Any:
        """Ask for what is at `/api/path`; see `post`."""
        return self._call(path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Order something.

        Raises:
            EngineGone: nobody answers.
            ControlError: it is refused; the message says why and what to do.
        """
        return self._call(path, json.dumps(body).encode())

    def _call(self, path: str, body: bytes | None) -> Any:
        try:
            status, reason, text = self._ask(path, body)
            found = json.loads(text) if status < http.client.MULTIPLE_CHOICES else None
        except (OSError, http.client.HTTPException) as error:
            raise EngineGone(
                f"no engine answers at {self.url} ({error}); is it running? `unisono daemon`"
            ) from None
        except (ValueError, RecursionError) as error:
            raise ControlError(
                f"{self.url} is no engine of Unisono: its answer is no JSON"
            ) from error
        if found is None:
            raise ControlError(self._refusal(status, reason, text))
        if not _fits(path, found):
            raise ControlError(
                f"{self.url} is no engine of Unisono, or one of another version: its answer to "
                f"{path.partition('?')[0]} is not understood; compare the address, and `--version`"
            )
        return found

    def _ask(self, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        """Give the status, its reason and the body of an answer.

        No redirection is followed and no proxy used: the token would go along, to whomever.

        Raises:
            OSError, HTTPException: nobody answers, or not within the time there is for all of it.
        """
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        place = urlsplit(self.url)
        assert place.hostname is not None  # as seen in `__init__`
        secure = place.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        limit_s = LOOK_S if body is None else ANSWER_S
        connection = kind(place.hostname, place.port)
        with (
            _Limit((place.hostname, connection.port), limit_s) as plain,
            contextlib.closing(connection),
        ):
            connection.sock = _tls(plain, place.hostname) if secure else plain
            method = "GET" if body is None else "POST"
            connection.request(method, f"{place.path}/api/{path}", body, headers)
            with connection.getresponse() as answer:
                text = answer.read(LARGEST)
                if answer.length and len(text) < LARGEST:  # an engine that dies as it answers
                    raise http.client.IncompleteRead(text, answer.length)
                return answer.status, answer.reason, text

    def _refusal(self, status: int, reason: str, text: bytes) -> str:
        if status == http.client.UNAUTHORIZED and self._token:
            return (
                f"{self.url} refuses this token; name the file that its engine was started with "
                "(--token-file)"
            )
        if status == http.client.UNAUTHORIZED:
            return f"{self.url} wants a token; name its file with --token-file or set {VARIABLE}"
        try:
            problem = json.loads(text)
            return f"{problem['text']}; {problem['remedy']}".removesuffix("; ")
        except (ValueError, KeyError, TypeError, RecursionError):
            return f"{self.url}: {status} {reason}"


def _tls(sock: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


class _Limit:
    """Connects, and cuts what then takes too long: a socket's own limit begins anew each byte."""

    def __init__(self, address: tuple[str, int], limit_s: float) -> None:
        self._sock, self._limit_s = socket.create_connection(address, limit_s), limit_s
        # TLS takes the socket over before its handshake, and http.client forgets it before all is
        # read: this second name of it stays.
        self._same = self._sock.dup()
        self._is_over = False
        self._timer = threading.Timer(limit_s, self._cut)
        self._timer.daemon = True

    def _cut(self) -> None:
        self._is_over = True
        with contextlib.suppress(OSError):
            self._same.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> socket.socket:
        self._timer.start()
        return self._sock

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()  # it may be about to cut what is closed here
        self._same.close()
        if self._is_over:
            raise TimeoutError(f"its answer is not there after {self._limit_s:g} s") from None


def _fits(path: str, answer: Any) -> bool:
    name = path.partition("?")[0]
    if name in _ROWS and not isinstance(answer, list):
        return False
    rows = answer if name in _ROWS else [answer]
    return all(isinstance(row, dict) and row.keys() >= {*_KEYS[name]} for row in rows)
