"""A node over HTTPS: what an engine asks, put to the `Host`.

Bodies are read by `decode` alone, so that Starlette is enough: FastAPI, which the engine's API is
made with, would double what a node takes to start. What only a paired engine may ask is behind the
guard; pairing is not, and is answered while its window is open.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ExceptionHandler

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


class _Query(BaseModel):
    """What may stand behind a path's question mark."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    after: int = Field(0, ge=0, lt=1 << 53)
    wait_s: float = Field(0.0, ge=0, le=MAX_WAIT_S, allow_inf_nan=False)
    adopt: bool = False


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
    routes = [
        *_run_routes(host),
        *_recording_routes(host, reading),
        _pairing_route(host, engines, window, paired),
    ]
    app = Starlette(routes=routes, exception_handlers=_error_handlers())
    return Guard(app, engines.permits, local_only=False, open_paths=(PAIR_PATH,), max_body=MAX_BODY)


def _answer(model: BaseModel) -> Response:
    return Response(encode(model), media_type="application/json")


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


def _error_handlers() -> dict[type[Exception], ExceptionHandler]:
    def known(request: Request, error: Exception) -> Response:
        return _problem(*_status_and_code(error), str(error) or type(error).__name__)

    def unexpected(request: Request, error: Exception) -> Response:
        return _problem(500, "internal", f"{request.url.path}: {type(error).__name__}: {error}")

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _problem(error.status_code, "http", str(error.detail))

    return {
        AcquireError: known,
        RecordingError: known,
        OSError: known,
        Exception: unexpected,
        HTTPException: http,
    }


def _query(request: Request) -> _Query:
    try:
        return _Query.model_validate(dict(request.query_params))
    except ValidationError as error:
        first = error.errors()[0]
        raise WireError(f"query.{first['loc'][0]}: {first['msg']}") from None


def _run_id(request: Request) -> str:
    value: str = request.path_params["run"]
    if not _RUN_ID.fullmatch(value):
        raise WireError("a run's id has at most 64 letters, digits and -")
    return value


def _run_routes(host: Host) -> list[Route]:
    def node(request: Request) -> Response:
        return _answer(host.info())

    async def clock(request: Request) -> Response:  # not in a thread: its turn would be the wire's
        return _answer(ClockReading(lsl_clock=local_clock()))

    async def put_run(request: Request) -> Response:
        order = decode(RunOrder, await request.body())
        put = partial(host.put_run, _run_id(request), order, adopt=_query(request).adopt)
        return _answer(await run_in_threadpool(put))

    async def requests(request: Request) -> Response:
        whole = decode(Requests, await request.body())
        host.run(request.path_params["run"]).take_requests(whole.requests)
        return Response(status_code=202)

    def messages(request: Request) -> Response:
        asked = _query(request)
        found = host.run(request.path_params["run"])
        batch = found.log.after(asked.after, asked.wait_s)
        items = tuple(Item(n=e.n, device=e.device, message=e.message) for e in batch.entries)
        told = Messages(
            after=asked.after, items=items, statuses=found.statuses(), dropped=batch.dropped
        )
        return _answer(told)

    def delete_run(request: Request) -> Response:
        host.delete_run(request.path_params["run"])
        return Response(status_code=204)

    async def end_left(request: Request) -> Response:
        late = decode(LateStops, await request.body())
        await run_in_threadpool(host.end_left, _run_id(request), late)
        return Response(status_code=204)

    run = "/api/node/runs/{run}"
    return [
        Route("/api/node", node),
        Route("/api/node/clock", clock),
        Route(run, put_run, methods=["PUT"]),
        Route(run, delete_run, methods=["DELETE"]),
        Route(f"{run}/requests", requests, methods=["POST"]),
        Route(f"{run}/messages", messages),
        Route(f"{run}/end", end_left, methods=["POST"]),
    ]


def _recording_routes(host: Host, reading: Executor) -> list[Route]:
    def recordings(request: Request) -> Response:
        told = [kept.told().model_dump(mode="json") for kept in host.store.all()]
        return JSONResponse(told)

    def recording(request: Request) -> Response:
        return _answer(host.store[request.path_params["id"]].told(blocks=True))

    def file(request: Request) -> Response:
        path = host.store[request.path_params["id"]].path_of(request.path_params["name"])
        return _pieces(path, request.headers.get("range"), reading)

    async def release(request: Request) -> Response:
        receipt = decode(Receipt, await request.body())
        gone = await run_in_threadpool(host.store.release, request.path_params["id"], receipt)
        return JSONResponse({"gone": gone})

    base = "/api/node/recordings"
    return [
        Route(base, recordings),
        Route(f"{base}/{{id}}", recording),
        Route(f"{base}/{{id}}/files/{{name}}", file),
        Route(f"{base}/{{id}}/release", release, methods=["POST"]),
    ]


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


def _pairing_route(
    host: Host, engines: Engines, window: PairingWindow | None, paired: Callable[[str], None]
) -> Route:
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

    return Route(PAIR_PATH, pair, methods=["POST"])
