"""The control API's part for the stimulus player: the operator's orders, and what is on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response

from acquire.player.messages import PlayOrder
from acquire.protocol.file import shipped
from acquire.server.api.protocol_models import (
    KeyOrder,
    LoadOrder,
    ProtocolInfo,
    ShippedInfo,
    TrialInfo,
)
from acquire.server.controller import Controller
from acquire.server.orders import load_player


def add_protocol(app: FastAPI, controller: Controller) -> None:
    """Add the stimulus player."""

    @app.get("/api/protocol")
    async def protocol() -> ProtocolInfo:
        """Tell what the player does."""
        return _info(controller)

    @app.get("/api/protocol/shipped")
    async def protocols() -> ShippedInfo:
        """List the protocols that come with the program."""
        return ShippedInfo(protocols=shipped())

    @app.post("/api/protocol/load")
    def load(order: LoadOrder) -> ProtocolInfo:
        """Start a player with a protocol, checked before the first trial."""
        load_player(controller.opened(), PlayOrder(**order.model_dump()))
        return _info(controller)

    def add_order(name: str, text: str) -> None:
        def obey() -> ProtocolInfo:
            controller.opened().player.command(name)
            return _info(controller)

        obey.__doc__ = text
        app.post(f"/api/protocol/{name}", operation_id=f"protocol_{name}")(obey)

    add_order("start", "Begin the protocol that is loaded.")
    add_order("pause", "Hide what is on; its time stands still.")
    add_order("resume", "Go on after a pause; after a crash, with the next trial.")
    add_order("skip", "Leave the rest of the trial out.")
    add_order("repeat", "Begin the trial again.")
    add_order("abort", "End the protocol.")

    @app.post("/api/protocol/key")
    def key(press: KeyOrder) -> ProtocolInfo:
        """Hand on a key that was not pressed at the participant's screen: its marker says `via`."""
        controller.opened().player.command("key", press.model_dump())
        return _info(controller)

    jpeg: dict[int | str, dict[str, Any]] = {
        200: {"content": {"image/jpeg": {}}, "description": "What the participant sees, small"},
        204: {"description": "Nothing is drawn, or nothing yet"},
    }

    @app.get("/api/protocol/mirror.jpg", response_class=Response, responses=jpeg)
    async def mirror() -> Response:
        """Show what the participant sees, at most twice a second."""
        snapshot = controller.engine.player.snapshot
        picture = snapshot.mirror if snapshot is not None else None
        if picture is None:
            return Response(status_code=204)
        headers = {"cache-control": "no-store"}
        return Response(picture, media_type="image/jpeg", headers=headers)


def _info(controller: Controller) -> ProtocolInfo:
    snapshot = controller.engine.player.snapshot
    if snapshot is None:
        return ProtocolInfo(state="none")
    loaded, status = snapshot.loaded, snapshot.status
    order = snapshot.order
    known: dict[str, Any] = {"participant": order.participant, "only_trial": order.only_trial}
    known["error"] = snapshot.error
    if loaded is not None:
        known |= {"protocol": loaded.protocol, "title": loaded.title, "screen": loaded.screen}
    if status is None:
        return ProtocolInfo(state="loading" if loaded is None else "loaded", **known)
    names = ("trial", "trials", "step", "stimulus", "condition", "since", "remaining_s")
    known |= {
        name: getattr(status, name)
        for name in (*names, "waits", "listening", "has_keyboard", "frames", "late", "dropped")
    }
    if loaded is not None and not status.finished:
        known["following"] = _trial(loaded.plan["trials"], status.next_trial)
    return ProtocolInfo(state="crashed" if snapshot.crashed else status.state.value, **known)


def _trial(trials: Sequence[Mapping[str, Any]], number: int) -> TrialInfo | None:
    found = next((trial for trial in trials if trial["trial"] == number), None)
    return TrialInfo.model_validate(found) if found is not None else None
