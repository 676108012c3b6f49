"""A node over HTTPS: what an engine asks, put to the `Host`.

Bodies are read by `decode` alone. What only a paired engine may ask is behind the guard; pairing is
not, and is answered while its window is open.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from acquire.errors import AcquireError, ConfigError, Unknown
from acquire.lsl.clock import local_clock
from acquire.node.pairing.code import MAX_TRIES, PairingWindow
from acquire.node.pairing.known import Engines
from acquire.node.program.byte_range import ByteRange, Unsatisfiable, byte_range
from acquire.node.program.host import Host, VersionSkew
from acquire.node.wire.coding import MAX_BODY, decode, encode
from acquire.node.wire.limits import WireError
from acquire.node.wire.models import (
    ClockReading,
    Item,
    LateStops,
    Messages,
    Paired,
    PairOrder,
    Receipt,
    Requests,
    RunOrder,
)
from acquire.serving.guard import App, Guard
from acquire.serving.problem import Problem
from recordings.errors import RecordingError

MAX_WAIT_S: Final = 30.0
PIECE: Final = 1 << 20
PAIR_PATH: Final = "/api/pair"
MAX_PAIR_BODY: Final = 4096
"""Whoever reaches the node may send one."""
_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_OTHERWISE: Final = "see GET /api/node"

After = Annotated[int, Query(ge=0, lt=1 << 53)]
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_S, allow_inf_nan=False)]


class Refused(AcquireError):
    """A pairing is refused."""


def build(
    host: Host,
    engines: Engines,
    window: PairingWindow | None,
    paired: Callable[[str], None],
    reading: Executor,
) -> App:
    """Make the application, the guard before it.

    Args:
        host: what it asks.
        engines: who is let in.
        window: in which it can be paired with, if there is one.
        paired: hears the name of a new engine.
        reading: reads what is fetched of files.
    """
    app = FastAPI(openapi_url=None)  # nor pages that describe it
    _handle_errors(app)
    _add_runs(app, host)
    _add_recordings(app, host, reading)
    _add_pairing(app, host, engines, window, paired)
    return Guard(app, engines.permits, local_only=False, open_paths=(PAIR_PATH,), max_body=MAX_BODY)


def _answer(model: BaseModel, status: int = 200) -> Response:
    return Response(encode(model), status, media_type="application/json")


def _problem(status: int, code: str, text: str) -> JSONResponse:
    return JSONResponse(Problem.of(code, text, _OTHERWISE).model_dump(), status)


def _status_and_code(error: Exception) -> tuple[int, str]:
    match error:
        case Refused():
            return 403, "not-paired"
        case VersionSkew():
            return 426, "version"
        case Unknown():
            return 404, "unknown"
        case WireError() | ConfigError():
            return 422, "invalid"
        case RecordingError():
            return 409, "cannot-record"
        case OSError():
            return 409, "system"
    return 409, "not-now"


def _handle_errors(app: FastAPI) -> None:
    def known(request: Request, error: Exception) -> JSONResponse:
        return _problem(*_status_and_code(error), str(error) or type(error).__name__)

    for kind in (AcquireError, RecordingError, OSError):
        app.exception_handler(kind)(known)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        return _problem(500, "internal", f"{request.url.path}: {type(error).__name__}: {error}")

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _problem(422, "invalid", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        return _problem(error.status_code, "http", str(error.detail))


def _run_id(value: str) -> str:
    if not _RUN_ID.fullmatch(value):
        raise WireError("a run's id has at most 64 letters, digits and -")
    return value


def _add_runs(app: FastAPI, host: Host) -> None:
    @app.get("/api/node")
    def node() -> Response:
        return _answer(host.info())

    @app.get("/api/node/clock")
    async def clock() -> Response:  # not in a thread: its turn would be time that the wire took
        return _answer(ClockReading(lsl_clock=local_clock()))

    @app.put("/api/node/runs/{run}")
    async def put_run(run: str, request: Request, adopt: bool = False) -> Response:
        order = decode(RunOrder, await request.body())
        put = partial(host.put_run, _run_id(run), order, adopt=adopt)
        return _answer(await run_in_threadpool(put))

    @app.post("/api/node/runs/{run}/requests")
    async def requests(run: str, request: Request) -> Response:
        whole = decode(Requests, await request.body())
        host.run(run).take_requests(whole.requests)
        return Response(status_code=202)

    @app.get("/api/node/runs/{run}/messages")
    def messages(run: str, after: After = 0, wait_s: Wait = 0.0) -> Response:
        found = host.run(run)
        batch = found.log.after(after, wait_s)
        items = tuple(Item(n=e.n, device=e.device, message=e.message) for e in batch.entries)
        return _answer(
            Messages(after=after, items=items, statuses=found.statuses(), dropped=batch.dropped)
        )

    @app.delete("/api/node/runs/{run}")
    def delete_run(run: str) -> Response:
        host.delete_run(run)
        return Response(status_code=204)

    @app.post("/api/node/runs/{run}/end")
    async def end_left(run: str, request: Request) -> Response:
        late = decode(LateStops, await request.body())
        await run_in_threadpool(host.end_left, _run_id(run), late)
        return Response(status_code=204)


def _add_recordings(app: FastAPI, host: Host, reading: Executor) -> None:
    base = "/api/node/recordings"

    @app.get(base)
    def recordings() -> Response:
        told = [kept.told().model_dump(mode="json") for kept in host.store.all()]
        return JSONResponse(told)

    @app.get(base + "/{id}")
    def recording(id: str) -> Response:
        return _answer(host.store[id].told(blocks=True))

    @app.get(base + "/{id}/files/{name}")
    def file(id: str, name: str, request: Request) -> Response:
        path = host.store[id].path_of(name)
        return _pieces(path, request.headers.get("range"), reading)

    @app.post(base + "/{id}/release")
    async def release(id: str, request: Request) -> Response:
        receipt = decode(Receipt, await request.body())
        gone = await run_in_threadpool(host.release, id, receipt)
        return JSONResponse({"gone": gone})


def _pieces(path: Path, header: str | None, reading: Executor) -> Response:
    size = path.stat().st_size
    try:
        part = byte_range(header, size)
    except Unsatisfiable:
        answer = _problem(416, "range", f"{path.name}: has {size} bytes; ask for some of them")
        answer.headers["content-range"] = f"bytes */{size}"
        return answer
    whole = part or ByteRange(0, size)
    headers = {"accept-ranges": "bytes", "content-length": str(whole.stop - whole.start)}
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return StreamingResponse(
        _read(path, whole, reading),
        206 if part is not None else 200,
        headers,
        media_type="application/octet-stream",
    )


async def _read(path: Path, part: ByteRange, reading: Executor) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    for start in range(part.start, part.stop, PIECE):
        yield await loop.run_in_executor(
            reading, _piece, path, start, min(PIECE, part.stop - start)
        )


def _piece(path: Path, start: int, count: int) -> bytes:
    # Opened for each: whoever asks may leave while it is read, and would close it meanwhile.
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return file.read(count)


def _add_pairing(
    app: FastAPI,
    host: Host,
    engines: Engines,
    window: PairingWindow | None,
    paired: Callable[[str], None],
) -> None:
    @app.post(PAIR_PATH)
    async def pair(request: Request) -> Response:
        if window is None or not window.is_open:
            raise Refused(
                f"{host.name}: cannot be paired with now; start it with --pair, which shows a code"
            )
        order = decode(PairOrder, await request.body(), MAX_PAIR_BODY)
        if not window.admits(order.secret):
            raise Refused(
                f"{host.name}: the code is wrong; type it as the node shows it ({MAX_TRIES} wrong "
                "tries end it)"
            )
        token = engines.add(order.engine)
        paired(order.engine)
        return _answer(Paired(name=host.name, token=token))
