"""The control API: HTTP and WebSocket in front of one `Controller`.

What only looks runs in the event loop and never waits; what changes something runs in a thread and
waits for its turn. Errors are a `Problem` with code, text and remedy.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket
from fastapi import Path as PathPart
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocketDisconnect, WebSocketState

import acquire
from acquire.engine.status import Phase
from acquire.errors import AcquireError, ConfigError, Unknown
from acquire.server.api import models as api
from acquire.server.api import views
from acquire.server.api.devices import add_devices, add_rig
from acquire.server.api.metrics import add_metrics
from acquire.server.api.page import add_page
from acquire.server.api.protocol import add_protocol
from acquire.server.controller import Controller
from acquire.serving.guard import Guard, token_matches
from acquire.serving.problem import Problem
from acquire.take.folder import Labels
from devices.base import DeviceError
from recordings import layout
from recordings.errors import DiskFull, RecordingError, RunTaken
from recordings.study import catalogue

STATUS_S = 0.1
PAGE_PATHS = ("/healthz", "/", "/page.css", "/page.js", "/sessions.js")
"""Without secrets: for programs that only watch whether it lives, and the page, which asks."""
SEND_S = 5.0
"""A client that does not take what is sent for so long is dropped."""

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": text}
    for code, text in {
        400: "The request cannot be read",
        401: "A token is needed",
        403: "Refused: wrong Host or Origin",
        404: "There is no such thing",
        409: "Not possible in the present state",
        413: "The body is too large",
        422: "A value is not allowed",
        507: "The disk is full",
    }.items()
}


def build(controller: Controller) -> FastAPI:
    """Make the application; `guarded` puts the guard before it."""
    app = FastAPI(
        title="Unisono",
        version=acquire.__version__,
        description="Controls a recording daemon. Times are LSL times in seconds.",
        responses=_PROBLEMS,
    )
    _handle_errors(app)
    _add_looks(app, controller)
    _add_recording(app, controller)
    add_devices(app, controller)
    add_rig(app, controller)
    add_protocol(app, controller)
    _add_sessions(app, controller)
    _add_socket(app, controller)
    add_metrics(app, controller)
    add_page(app)
    return app


def guarded(app: FastAPI, token: str | None, *, local_only: bool) -> Guard:
    """Put the guard before an application."""
    permits = None if token is None else partial(token_matches, token)
    return Guard(app, permits, local_only=local_only, open_paths=PAGE_PATHS)


# Errors.


def problem(status: int, code: str, text: str, remedy: str = "") -> JSONResponse:
    """Say what is wrong; messages of ours end with their remedy, after the last semicolon."""
    if remedy:
        body = Problem(code=code, text=" ".join(text.split()), remedy=remedy)
    else:
        body = Problem.of(code, text, "see GET /api/status and /api/events")
    return JSONResponse(body.model_dump(), status)


def _handle_errors(app: FastAPI) -> None:
    def known(request: Request, error: Exception) -> JSONResponse:
        return problem(*_status_and_code(error), str(error))

    for kind in (AcquireError, RecordingError, DeviceError, OSError):
        app.exception_handler(kind)(known)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        text = f"{where or 'body'}: {first['msg']}"
        return problem(422, "invalid", text, "see the API's description at /docs")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(
            error.status_code, "http", str(error.detail), "see the API's description at /docs"
        )
        answer.headers.update(error.headers or {})
        return answer


def _status_and_code(error: Exception) -> tuple[int, str]:
    match error:
        case Unknown():
            return 404, "unknown"
        case DiskFull():
            return 507, "disk-full"
        case RunTaken():
            return 409, "run-taken"
        case ConfigError():
            return 422, "invalid"
        case RecordingError():
            return 409, "cannot-record"
        case DeviceError():
            return 409, "device"
        case OSError():  # no descriptor, no disk: what the system says is in its text
            return 409, "system"
    return 409, "not-now"


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
    async def nodes() -> list[api.NodeStatus]:
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
        running = controller.start(labels, order.notes, order.run)
        return views.started(running)

    @app.post("/api/recording/stop")
    def stop(order: api.StopOrder | None = None) -> api.StoppedAnswer:
        """End the recording; where none runs, tell of the last one."""
        return views.stopped(controller.stop(verify=order is not None and order.verify))

    @app.post("/api/recording/split")
    def split(order: api.SplitOrder | None = None) -> api.SplitAnswer:
        """Go on in another session, the next run unless labels are given; no sample is lost."""
        order = order or api.SplitOrder()
        given = order.model_dump(exclude={"notes", "verify"}, exclude_none=True)
        running = controller.running
        labels = replace(running.labels, **given) if running is not None and given else None
        before, after = controller.split(labels, order.notes, verify=order.verify)
        return api.SplitAnswer(before=views.stopped(before), after=views.started(after))

    @app.get("/api/runs")
    def runs(
        study: api.Study = "study",
        participant: api.Label = "test",
        session: api.Label = "01",
        task: api.Label = "test",
    ) -> api.RunsInfo:
        """Tell which runs of these labels exist, and the next one."""
        found = layout.runs(controller.data_dir, study, participant, session, task)
        return api.RunsInfo(existing=tuple(found), next=max(found, default=0) + 1)

    @app.get("/api/participants")
    def participants(study: api.Study = "study") -> list[api.ParticipantInfo]:
        """List the participants of a study, with their sessions and the label of the next one."""
        found = layout.sessions_of(controller.data_dir, study)
        return [
            api.ParticipantInfo(
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


# Sessions.


def session_folder(data_dir: Path, session_id: str) -> Path:
    """Find a session's folder by its id, `study.sub-01_ses-01_task-test_run-01`.

    Raises:
        Unknown: there is none; nothing that a client sends becomes a path before it is checked.
    """
    folder = layout.find_session(data_dir, session_id)
    if folder is None:
        raise Unknown("no session of that id; GET /api/sessions lists them")
    return folder


def _add_sessions(app: FastAPI, controller: Controller) -> None:
    @app.get("/api/sessions")
    def sessions(
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> list[api.SessionInfo]:
        """List the sessions in the data folder, the newest first; `offset` of them are left out.

        One whose manifest cannot be read is in the list, with the reason.
        """
        return [views.session_row(row) for row in controller.catalogue.page(offset, limit)]

    @app.post("/api/sessions/{id}/check")
    def check(
        id: Annotated[str, PathPart(max_length=400)], order: api.CheckOrder | None = None
    ) -> api.CheckOrdered:
        """Check a session again, once nothing records; its verdict is then in the list."""
        folder = session_folder(controller.data_dir, id)
        if order is not None and order.contents:
            controller.contents.add(folder)
        else:
            controller.checking.add([folder])
        return api.CheckOrdered(session=str(folder))

    @app.put("/api/sessions/{id}/unusable")
    def unusable(
        id: Annotated[str, PathPart(max_length=400)], order: api.UnusableOrder
    ) -> api.SessionInfo:
        """Mark a session as not usable, with the reason, or take the mark back."""
        folder = session_folder(controller.data_dir, id)
        controller.sessions.mark_unusable(folder, order.reason)
        return views.session_row(catalogue.row(folder))

    @app.get("/api/sessions/{id}/withdrawal")
    def withdrawal(id: Annotated[str, PathPart(max_length=400)]) -> api.WithdrawalInfo:
        """Tell what withdrawing the participant of a session would delete; deletes nothing."""
        planned = controller.sessions.withdrawal(session_folder(controller.data_dir, id))
        return api.WithdrawalInfo(
            participant=planned.participant,
            sessions=tuple(map(str, planned.sessions)),
            exports=tuple(f"{target}: {record.stem}" for target, record in planned.exports),
            unreachable=planned.unreachable,
        )

    @app.post("/api/sessions/{id}/withdrawal")
    def withdraw(
        id: Annotated[str, PathPart(max_length=400)], order: api.WithdrawalOrder
    ) -> api.WithdrawalDone:
        """Delete everything of the participant of a session; it cannot be undone."""
        folder = session_folder(controller.data_dir, id)
        done = controller.sessions.withdraw(folder, order.pseudonym)
        return api.WithdrawalDone(files=done.files, bytes=done.bytes, left=tuple(done.left))

    html: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/html": {}}, "description": "The report"}
    }

    @app.get("/api/sessions/{id}/report", response_class=Response, responses=html)
    def report(id: Annotated[str, PathPart(max_length=400)]) -> Response:
        """Give a session's report."""
        path = session_folder(controller.data_dir, id) / layout.REPORT_NAME
        if not path.is_file():
            raise Unknown("this session has no report yet; stop with verify, or run unisono check")
        # The report has no scripts: should a label ever carry one in, it does not run.
        return FileResponse(
            path, media_type="text/html", headers={"content-security-policy": "script-src 'none'"}
        )


# WebSocket.


def _add_socket(app: FastAPI, controller: Controller) -> None:
    @app.websocket("/api/ws")
    async def ws(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols") or []
        await socket.accept("unisono" if "unisono" in offered else None)
        listening = asyncio.create_task(_listen(socket))
        try:
            await _tell(socket, controller, listening)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            pass  # gone, or too slow
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
    await asyncio.wait_for(socket.send_json(message), SEND_S)
