"""Errors as a `Problem` with code, text and remedy."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from acquire.errors import AcquireError, ConfigError, Unknown
from acquire.serving.problem import Problem
from devices.base import DeviceError
from recordings.errors import DiskFull, RecordingError, RunTaken

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


def handle_errors(app: FastAPI) -> None:
    """Have each error of ours, and of the framework, answered with a `Problem`."""

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
