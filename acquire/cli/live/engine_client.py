"""A running engine, asked over its HTTP interface."""

from __future__ import annotations

import contextlib
import json
import os
import re
import urllib.error
import urllib.request
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any, Final

from acquire.errors import ConfigError, ControlError
from acquire.server.running import TOKEN_VARIABLE, the_engine

ANSWER_S = 120.0
"""A stop waits for files to close, and for the check where that is asked for."""
LARGEST = 64 << 20
_TOKEN: Final = re.compile("[!-~]{1,4096}")
"""What a header can carry."""

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("state", "session", "missing", "error", "streams", "nodes", "last_event"),
    "devices": ("name", "driver", "state", "error"),
    "streams": ("name", "type", "health", "samples", "lost"),
    "events": ("number", "event"),
    "recording/start": ("started", "session"),
    "recording/stop": ("stopped", "session", "streams", "verdict", "error", "alarms"),
    "recording/split": ("before", "after"),
    "markers": ("recorded", "stamp"),
}
"""What the answer of each path has, or each row of it: who answers without is no engine."""
_ROWS: Final = ("devices", "streams", "events")


class _NoDetours(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: the token would go along, to whomever it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


# No proxy either: what this user's environment names for the web has no business with a token.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoDetours)


class EngineGone(ControlError):
    """No engine answers at the address."""


class EngineClient:
    """One engine; each call is a request of its own, so it may have been started anew between."""

    def __init__(self, url: str | None, data_dir: Path | None, token_file: Path | None) -> None:
        """Find it.

        Raises:
            ConfigError: none runs, several do, or the token cannot be read.
        """
        self._data_dir = data_dir if url is None else None
        self._is_given = url is not None
        self.url = (url or the_engine(data_dir)).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"--url {self.url}: begins with http:// or https://")
        self._token = os.environ.get(TOKEN_VARIABLE)
        if token_file is not None:
            try:
                self._token = token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{token_file}: the token cannot be read: {error}") from error
        if self._token and not _TOKEN.fullmatch(self._token):
            where = token_file or TOKEN_VARIABLE
            raise ConfigError(
                f"{where}: holds no token: one line of letters, digits and signs of ASCII"
            )

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
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self.url}/api/{path}", body, headers)
        try:
            with _OPENER.open(request, timeout=ANSWER_S) as answer:
                text = answer.read(LARGEST)
                if answer.length and len(text) < LARGEST:  # an engine that dies as it answers
                    raise IncompleteRead(text, answer.length)
                found = json.loads(text)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(self._refusal(error)) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise EngineGone(
                f"no engine answers at {self.url} ({reason}); is it running? `unisono daemon`"
            ) from None
        except (ValueError, RecursionError) as error:
            raise ControlError(
                f"{self.url} is no engine of Unisono: its answer is no JSON"
            ) from error
        if not _fits(path, found):
            raise ControlError(
                f"{self.url} is no engine of Unisono, or one of another version: its answer to "
                f"{path.partition('?')[0]} is not understood; compare the address, and `--version`"
            )
        return found

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        if error.code == 401:
            return (
                f"{self.url} wants a token; name its file with --token-file or set {TOKEN_VARIABLE}"
            )
        try:
            problem = json.loads(error.read(1 << 16))
            return f"{problem['text']}; {problem['remedy']}".removesuffix("; ")
        except (ValueError, KeyError, TypeError):
            return f"{self.url}: {error.code} {error.reason}"


def _fits(path: str, answer: Any) -> bool:
    name = path.partition("?")[0]
    if name in _ROWS and not isinstance(answer, list):
        return False
    rows = answer if name in _ROWS else [answer]
    return all(isinstance(row, dict) and row.keys() >= {*_KEYS[name]} for row in rows)
