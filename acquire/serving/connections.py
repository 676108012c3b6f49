"""HTTP connections that say nothing make room: uvicorn itself would wait for them for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 64
MAX_SILENT = 16
"""Connections of one address that have not asked anything yet; the oldest goes for a newer one."""
MAX_PER_ADDRESS = 48
"""Connections of one address: the others are never locked out by a program that forgets its own."""
FIRST_S = 10.0
"""How long a connection may take until its request is complete."""


class PatientProtocol(H11Protocol):
    """One HTTP connection, with a time limit and a share per address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waits: asyncio.TimerHandle | None = None  # runs while a request is awaited

    @property
    def is_silent(self) -> bool:
        """Whether it has never asked anything."""
        return self.cycle is None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room."""
        super().connection_made(transport)
        self._waits = self.loop.call_later(FIRST_S, self._give_up)
        address = self.client[0] if self.client else ""
        same = [
            c
            for c in self.connections
            if isinstance(c, PatientProtocol)
            and c is not self
            and not c.transport.is_closing()
            and (c.client[0] if c.client else "") == address
        ]
        silent = [c for c in same if c.is_silent]
        if len(silent) >= MAX_SILENT:
            min(silent, key=lambda c: c.until)._give_up()
        elif len(same) >= MAX_PER_ADDRESS:
            transport.abort()

    @property
    def until(self) -> float:
        """When its time is over, on the loop's clock."""
        return self._waits.when() if self._waits is not None else self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Take in what came; once a request is complete, nobody waits for it."""
        before: Any = self.cycle  # None before the first request
        if self._waits is None and (before is None or before.response_complete):
            self._waits = self.loop.call_later(FIRST_S, self._give_up)
        super().handle_events()
        if self.cycle is not before or self.transport.get_protocol() is not self:
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request; it takes nobody's place while it ends."""
        super().send_400_response(msg)
        self.connections.discard(self)

    def _give_up(self) -> None:
        self._stop_waiting()
        self.transport.abort()
        self.connections.discard(self)  # at once: uvicorn counts it until it has ended
