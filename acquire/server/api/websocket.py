"""The control API's WebSocket: the status ten times a second, and events as they happen."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from acquire.server.api import models as api
from acquire.server.api import views
from acquire.server.api.problems import Faults
from acquire.server.controller import Controller

STATUS_S = 0.1
SEND_S = 5.0
"""A client that does not take what is sent for so long is dropped."""


def add_socket(app: FastAPI, controller: Controller, faults: Faults) -> None:
    """Add the WebSocket."""

    @app.websocket("/api/ws")
    async def ws(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols") or []
        await socket.accept("unisono" if "unisono" in offered else None)
        listening = asyncio.create_task(_listen(socket))
        try:
            await _tell(socket, controller, listening)
        except (WebSocketDisconnect, TimeoutError):
            pass  # gone, or too slow
        except Exception as error:
            faults.hear("/api/ws", error)
        finally:
            listening.cancel()
            if socket.client_state is WebSocketState.CONNECTED:
                with contextlib.suppress(RuntimeError, TimeoutError):
                    await asyncio.wait_for(socket.close(1001), 1.0)


async def _listen(socket: WebSocket) -> None:
    """Notice when the client leaves; what it says is of no interest."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive()


async def _tell(socket: WebSocket, controller: Controller, listening: asyncio.Task[None]) -> None:
    """Send the status ten times a second, and events as they happen."""
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    leave = controller.events.on_event(lambda event: _wake(loop, wake))
    sent = controller.events.last
    due = loop.time()
    try:
        while not listening.done():
            for found in controller.events.since(sent):
                sent = found.number
                event = api.EventInfo(number=sent, event=found.event).model_dump(mode="json")
                await _send(socket, {"type": "event", **event})
            if loop.time() >= due:
                due = max(due + STATUS_S, loop.time())
                status = views.status(controller).model_dump(mode="json")
                await _send(socket, {"type": "status", "status": status})
            wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), max(0.001, due - loop.time()))
    finally:
        leave()


def _wake(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(wake.set)


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    try:
        await asyncio.wait_for(socket.send_json(message), SEND_S)
    except RuntimeError as error:  # so Starlette says that it was closed meanwhile
        raise WebSocketDisconnect from error
