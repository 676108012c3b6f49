"""What stands before the API: who may ask, how much, and how slowly.

A web page that somebody opens on this computer can send requests to 127.0.0.1 as well. So the Host
header must name this computer (DNS rebinding), and a request that a page sends must come from our
own page (Origin, Sec-Fetch-Site); no other page may show what is answered, a camera's preview least
of all (Cross-Origin-Resource-Policy). From another computer a token is needed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, Container, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

from acquire.serving.loopback import is_loopback
from acquire.serving.problem import Problem
from devices.addresses import host_and_port

MAX_BODY = 64 * 1024
BODY_S = 10.0
"""How long a client may take to send its body."""
MAX_DRAINED = 1 << 20
DRAIN_S = 1.0
"""What is read of a body that is refused, and for how long."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def token_matches(token: str, given: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), token.encode())


class _NoBody(HTTPException):
    """A body too large, or too slow. The application answers it in its own form."""


class Guard:
    """ASGI middleware.

    Args:
        app: what it stands before.
        permits: says whether a token is right; None: nobody needs one.
        local_only: whether only this computer is meant.
        open_paths: what is given without a token.
        max_body: what a request may have at most, in bytes.
    """

    def __init__(
        self,
        app: App,
        permits: Callable[[str], bool] | None,
        *,
        local_only: bool,
        open_paths: Container[str],
        max_body: int = MAX_BODY,
    ) -> None:
        self._app, self._permits, self._local_only = app, permits, local_only
        self._open_paths, self._max_body = open_paths, max_body

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on what is in order; answer the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http":
            send = _for_own_pages(send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        if refused := self._refusal(scope, headers):
            await _refuse(scope, receive, send, *refused)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._limited(scope, headers, receive, send)

    def _refusal(self, scope: Message, headers: dict[str, str]) -> tuple[int, Problem] | None:
        host = headers.get("host", "")
        name = _host_name(host)
        if name is None or (self._local_only and not is_loopback(name)):
            return 403, Problem(
                code="wrong-host",
                text="the Host header does not name this computer",
                remedy="ask for http://127.0.0.1 or http://localhost with the port",
            )
        origin = headers.get("origin")
        foreign = origin is not None and origin.split("://", 1)[-1] != host
        if foreign or _is_from_elsewhere(scope, headers):
            return 403, Problem(
                code="wrong-origin",
                text="the request was sent by a page of another site",
                remedy="use the daemon's own page, or a program that sends no Origin header",
            )
        if self._permits is None or scope["path"] in self._open_paths:
            return None
        if not self._permits(_given_token(headers)):
            return 401, Problem(
                code="no-token",
                text="a token is asked for",
                remedy="send the header Authorization: Bearer TOKEN",
            )
        return None

    async def _limited(
        self, scope: Message, headers: dict[str, str], receive: Receive, send: Send
    ) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body:
            await _refuse(scope, receive, send, 413, self._too_large())
            return
        got = 0
        begun = False

        async def count() -> Message:
            nonlocal got
            try:
                message = await asyncio.wait_for(receive(), None if begun else BODY_S)
            except TimeoutError:
                raise _NoBody(408, self._too_large().text) from None
            got += len(message.get("body", b""))
            if got > self._max_body:
                raise _NoBody(413, self._too_large().text)
            return message

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, count, note)
        except _NoBody as refused:
            if not begun:
                await _refuse(scope, receive, send, refused.status_code, self._too_large())

    def _too_large(self) -> Problem:
        return Problem(
            code="body",
            text=f"the body is larger than {self._max_body} bytes or took over {BODY_S:g} s",
            remedy="send less",
        )


def _host_name(host: str) -> str | None:
    """Give the name in a Host header; None where it has none, or makes no sense."""
    try:
        return host_and_port(host.lower())[0]
    except ValueError:
        return None


def _is_from_elsewhere(scope: Message, headers: dict[str, str]) -> bool:
    """Whether a page of another site asks, as its browser says; to follow a link is fine."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    fetch = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return not (scope.get("method") == "GET" and fetch == ("navigate", "document"))


def _for_own_pages(send: Send) -> Send:
    """Have browsers show answers to our own pages alone."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            policy = (b"cross-origin-resource-policy", b"same-origin")
            message = {**message, "headers": [*message.get("headers", ()), policy]}
        await send(message)

    return marked


def _given_token(headers: dict[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    # A browser cannot give a WebSocket any header but this one.
    for offer in headers.get("sec-websocket-protocol", "").split(","):
        if offer.strip().startswith("token."):
            text = offer.strip().removeprefix("token.")
            try:
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            except ValueError:
                return ""
    return ""


async def _drain(receive: Receive) -> None:
    """Read what is still coming, within limits: closing on it would reset the connection.

    The client would then often lose the answer that says why.
    """
    got = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while got < MAX_DRAINED:
                message = await receive()
                got += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


async def _refuse(
    scope: Message, receive: Receive, send: Send, status: int, problem: Problem
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    await _drain(receive)
    body = json.dumps(problem.model_dump()).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
