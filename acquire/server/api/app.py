"""The control API: HTTP and WebSocket in front of one `Controller`.

What only looks runs in the event loop and never waits; what changes something runs in a thread and
waits for its turn. Errors are a `Problem` with code, text and remedy.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse

import acquire
from acquire.engine.status import Phase
from acquire.server.api import models as api
from acquire.server.api import views
from acquire.server.api.base import Label, Study
from acquire.server.api.device_models import NodeStatus
from acquire.server.api.devices import add_devices, add_preview, add_rig
from acquire.server.api.metrics import add_metrics
from acquire.server.api.page import add_page
from acquire.server.api.problems import PROBLEMS, Faults, handle_errors
from acquire.server.api.protocol import add_protocol
from acquire.server.api.session_models import (
    ParticipantInfo,
    RunsInfo,
)
from acquire.server.api.sessions import add_sessions
from acquire.server.api.websocket import add_socket
from acquire.server.controller import Controller
from acquire.serving.guard import Guard, token_matches
from acquire.take.folder import Labels
from recordings import layout

PAGE_PATHS = ("/healthz", "/", "/page.css", "/page.js", "/sessions.js")
"""Without secrets: for programs that only watch whether it lives, and the page, which asks."""


def build(controller: Controller) -> FastAPI:
    """Make the application; `guarded` puts the guard before it."""
    app = FastAPI(
        title="Unisono",
        version=acquire.__version__,
        description="Controls a recording daemon. Times are LSL times in seconds.",
        responses=PROBLEMS,
    )
    faults = Faults(controller.report)
    handle_errors(app, faults)
    _add_looks(app, controller)
    _add_recording(app, controller)
    add_devices(app, controller)
    add_preview(app, controller)
    add_rig(app, controller)
    add_protocol(app, controller)
    add_sessions(app, controller)
    add_socket(app, controller, faults)
    add_metrics(app, controller)
    add_page(app)
    return app


def guarded(app: FastAPI, token: str | None, *, local_only: bool) -> Guard:
    """Put the guard before an application."""
    permits = None if token is None else partial(token_matches, token)
    return Guard(app, permits, local_only=local_only, open_paths=PAGE_PATHS)


# Looking.


def _add_looks(app: FastAPI, controller: Controller) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        stuck = controller.engine.is_stuck
        state = "stuck" if stuck else controller.state
        return JSONResponse({"state": state}, 503 if stuck else 200)

    @app.get("/api/status")
    async def status() -> api.StatusInfo:
        """Tell what is going on."""
        return views.status(controller)

    @app.get("/api/nodes")
    async def nodes() -> list[NodeStatus]:
        """List the other computers of the rig: state, disk, clock, and what is collected."""
        return list(views.nodes(controller))

    @app.get("/api/streams")
    async def streams() -> list[api.StreamInfo]:
        """List the streams that are connected, or were."""
        return [views.stream(s) for s in controller.engine.status.streams]

    @app.get("/api/streams/selection")
    async def selection() -> api.Selection:
        """Tell which streams the next recording gets."""
        return views.selection(controller)

    @app.put("/api/streams/selection")
    def select(order: api.Selection) -> api.Selection:
        """Choose the streams of the next recording."""
        controller.select(order.names)
        return views.selection(controller)

    @app.get("/api/events")
    async def events(
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[api.EventInfo]:
        """List the newest events after number `after`, the oldest of them first."""
        found = controller.events.since(after, limit)
        return [api.EventInfo(number=e.number, event=e.event) for e in found]

    @app.get("/api/disk")
    def disk() -> api.DiskInfo:
        """Tell how long the disk will last."""
        return views.disk(controller)


# Recording.


def _add_recording(app: FastAPI, controller: Controller) -> None:
    @app.post("/api/recording/start")
    def start(order: api.StartOrder) -> api.Started:
        """Begin a recording; while one runs, answer with that."""
        labels = Labels(order.study, order.participant, order.session, order.task)
        running = controller.recording.start(labels, order.notes, order.run)
        return views.started(running)

    @app.post("/api/recording/stop")
    def stop(order: api.StopOrder | None = None) -> api.StoppedAnswer:
        """End the recording; where none runs, tell of the last one."""
        return views.stopped(controller.recording.stop(verify=order is not None and order.verify))

    @app.post("/api/recording/split")
    def split(order: api.SplitOrder | None = None) -> api.SplitAnswer:
        """Go on in another session, the next run unless labels are given; no sample is lost."""
        order = order or api.SplitOrder()
        given = order.model_dump(exclude={"notes", "verify"}, exclude_none=True)
        running = controller.recording.running
        labels = replace(running.labels, **given) if running is not None and given else None
        before, after = controller.recording.split(labels, order.notes, verify=order.verify)
        return api.SplitAnswer(before=views.stopped(before), after=views.started(after))

    @app.get("/api/runs")
    def runs(
        study: Study = "study",
        participant: Label = "test",
        session: Label = "01",
        task: Label = "test",
    ) -> RunsInfo:
        """Tell which runs of these labels exist, and the next one."""
        found = layout.runs(controller.data_dir, study, participant, session, task)
        return RunsInfo(existing=tuple(found), next=max(found, default=0) + 1)

    @app.get("/api/participants")
    def participants(study: Study = "study") -> list[ParticipantInfo]:
        """List the participants of a study, with their sessions and the label of the next one."""
        found = layout.sessions_of(controller.data_dir, study)
        return [
            ParticipantInfo(
                participant=name, sessions=tuple(labels), next_session=layout.next_label(labels)
            )
            for name, labels in found.items()
        ]

    @app.post("/api/markers")
    def markers(order: api.MarkerOrder) -> api.MarkerSet:
        """Publish a marker in the stream `markers`."""
        stamp = controller.mark(order.text, order.code, order.time)
        return api.MarkerSet(stamp=stamp, recorded=controller.state is Phase.RECORDING)

    @app.post("/api/notes")
    def notes(order: api.NoteOrder) -> api.NoteKept:
        """Keep a note among the events of this recording, or of the next one."""
        controller.note(order.text, order.time)
        return api.NoteKept(recorded=controller.state is Phase.RECORDING)
