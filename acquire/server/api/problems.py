"""Errors as a `Problem` with code, text and remedy."""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from acquire.errors import AcquireError, ConfigError, Unknown
from acquire.processes.messages import Tell
from acquire.server.api.base import SIGNS
from acquire.serving.problem import Problem
from devices.base import DeviceError
from recordings.errors import DiskFull, RecordingError, RunTaken

log = logging.getLogger(__name__)

MOST_FAULTS: Final = 100
REMEDY: Final = "a fault of the program, what is recorded goes on: report it with its event"

PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": text}
    for code, text in {
        400: "The request cannot be read",
        401: "A token is needed",
        403: "Refused: wrong Host or Origin",
        404: "There is no such thing",
        409: "Not possible in the present state",
        413: "The body is too large",
        422: "A value is not allowed",
        500: "A fault of the program: the event `internal` names it",
        507: "The disk is full",
    }.items()
}


def problem(status: int, code: str, text: str, remedy: str = "") -> JSONResponse:
    """Say what is wrong; messages of ours end with their remedy, after the last semicolon."""
    if remedy:
        body = Problem(code=code, text=" ".join(text.split()), remedy=remedy)
    else:
        body = Problem.of(code, text, "see GET /api/status and /api/events")
    return JSONResponse(body.model_dump(), status)


class Faults:
    """Tells of errors that nobody expected: each is an event, once, however often it comes."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def hear(self, where: str, error: Exception) -> str:
        """Tell of an error that ended what was asked at `where`; gives the words for it."""
        log.debug("%s", where, exc_info=error)
        text = " ".join(f"{where}: {type(error).__name__}: {error}".split())
        if text not in self._told and len(self._told) < MOST_FAULTS:
            self._told.add(text)
            self._tell("engine", "error", "internal", f"{text}; {REMEDY}")
        return text


def handle_errors(app: FastAPI, faults: Faults) -> None:
    """Have each error of ours, of the framework, and of nobody's, answered with a `Problem`."""

    def known(request: Request, error: Exception) -> JSONResponse:
        return problem(*_status_and_code(error), str(error))

    for kind in (AcquireError, RecordingError, DeviceError, OSError):
        app.exception_handler(kind)(known)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        return problem(500, "internal", faults.hear(request.url.path, error), REMEDY)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        text = f"{where or 'body'}: {first['msg']}"
        if (signs := SIGNS.get(first.get("ctx", {}).get("pattern", ""))) is not None:
            return problem(422, "invalid", f"{where}: {first['input']!r:.80}", f"use {signs} alone")
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
