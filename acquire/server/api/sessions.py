"""The control API's part for the sessions on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi import Path as PathPart
from fastapi.responses import FileResponse, Response

from acquire.errors import Unknown
from acquire.server.api import views
from acquire.server.api.session_models import (
    CheckOrder,
    CheckOrdered,
    SessionInfo,
    UnusableOrder,
    WithdrawalDone,
    WithdrawalInfo,
    WithdrawalOrder,
)
from acquire.server.controller import Controller
from recordings import layout
from recordings.study import catalogue


def _session_folder(data_dir: Path, session_id: str) -> Path:
    """Find a session's folder by its id, `study.sub-01_ses-01_task-test_run-01`.

    Raises:
        Unknown: there is none; nothing that a client sends becomes a path before it is checked.
    """
    folder = layout.find_session(data_dir, session_id)
    if folder is None:
        raise Unknown("no session of that id; GET /api/sessions lists them")
    return folder


def add_sessions(app: FastAPI, controller: Controller) -> None:
    """Add what concerns one session, or the list of them."""
    _add_list_and_marks(app, controller)
    _add_withdrawal(app, controller)
    _add_report(app, controller)


def _add_list_and_marks(app: FastAPI, controller: Controller) -> None:
    @app.get("/api/sessions")
    def sessions(
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> list[SessionInfo]:
        """List the sessions in the data folder, the newest first; `offset` of them are left out.

        One whose manifest cannot be read is in the list, with the reason.
        """
        return [views.session_row(row) for row in controller.catalogue.page(offset, limit)]

    @app.get("/api/sessions/{id}")
    def session(id: Annotated[str, PathPart(max_length=400)]) -> SessionInfo:
        """Give one of them, as it is now."""
        folder = _session_folder(controller.data_dir, id)
        return views.session_row(controller.catalogue.of(folder))

    @app.post("/api/sessions/{id}/check")
    def check(
        id: Annotated[str, PathPart(max_length=400)], order: CheckOrder | None = None
    ) -> CheckOrdered:
        """Check a session again, once nothing records; its verdict is then in the list."""
        folder = _session_folder(controller.data_dir, id)
        if order is not None and order.contents:
            controller.checks.contents.add(folder)
        else:
            controller.checks.first.add([folder])
        return CheckOrdered(session=str(folder))

    @app.put("/api/sessions/{id}/unusable")
    def unusable(id: Annotated[str, PathPart(max_length=400)], order: UnusableOrder) -> SessionInfo:
        """Mark a session as not usable, with the reason, or take the mark back."""
        folder = _session_folder(controller.data_dir, id)
        controller.sessions.mark_unusable(folder, order.reason)
        return views.session_row(catalogue.row(folder))


def _add_withdrawal(app: FastAPI, controller: Controller) -> None:
    @app.get("/api/sessions/{id}/withdrawal")
    def withdrawal(id: Annotated[str, PathPart(max_length=400)]) -> WithdrawalInfo:
        """Tell what withdrawing the participant of a session would delete; deletes nothing."""
        planned = controller.sessions.withdrawal(_session_folder(controller.data_dir, id))
        return WithdrawalInfo(
            participant=planned.participant,
            sessions=tuple(map(str, planned.sessions)),
            exports=tuple(f"{target}: {record.stem}" for target, record in planned.exports),
            unreachable=planned.unreachable,
        )

    @app.post("/api/sessions/{id}/withdrawal")
    def withdraw(
        id: Annotated[str, PathPart(max_length=400)], order: WithdrawalOrder
    ) -> WithdrawalDone:
        """Delete everything of the participant of a session; it cannot be undone."""
        folder = _session_folder(controller.data_dir, id)
        done = controller.sessions.withdraw(folder, order.pseudonym)
        return WithdrawalDone(files=done.files, bytes=done.bytes, left=tuple(done.left))


def _add_report(app: FastAPI, controller: Controller) -> None:
    html: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/html": {}}, "description": "The report"}
    }

    @app.get("/api/sessions/{id}/report", response_class=Response, responses=html)
    def report(id: Annotated[str, PathPart(max_length=400)]) -> Response:
        """Give a session's report."""
        path = _session_folder(controller.data_dir, id) / layout.REPORT_NAME
        if not path.is_file():
            raise Unknown("this session has no report yet; stop with verify, or run unisono check")
        # The report has no scripts: should a label ever carry one in, it does not run.
        return FileResponse(
            path, media_type="text/html", headers={"content-security-policy": "script-src 'none'"}
        )
