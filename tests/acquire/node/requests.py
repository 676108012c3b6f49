"""Requests that nobody should send to a node, out of a seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acquire.node.wire.messages import dump
from acquire.processes.messages import ArmVideo, StartVideo

HEADERS = ("range", "range", "content-type", "x-forwarded-for", "expect")
PAGES = ("origin", "sec-fetch-site")
METHODS = ("GET", "PUT", "POST", "PATCH", "HEAD", "OPTIONS")
NAMES = ("..", "../x", "%2e%2e", "..%2f..%2fetc", "%00", "a%00b", "face.nut%2f..", "NUL", "con.nut")
SCRAPS: tuple[Any, ...] = (
    *(None, True, 0, -1, 1 << 70, 1.5, 1e308, "", "x" * 300, "\x00", "\ud800", "../x", [], {}),
    *([[]] * 9, {"kind": "Open", "body": {}}, {"kind": "x"}, "bytes=0-", "2026"),
)


@dataclass(frozen=True)
class Bad:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def bad_requests(seed: int, count: int, run: str, recording: str) -> list[Bad]:
    """Make requests to a node that has a run and a recording of these ids.

    Most are like right ones but for one thing; none deletes or ends what there is.
    """
    draw = random.Random(seed)
    return [_one(draw, run, recording) for _ in range(count)]


def _one(draw: random.Random, run: str, recording: str) -> Bad:
    name = draw.choice((*NAMES, recording, run, "face.nut", _text(draw)))
    of_run, of_recording = draw.choice((run, run, name)), draw.choice((recording, recording, name))
    method, path = draw.choice(
        (
            ("GET", "/api/node"),
            ("POST", "/api/pair"),
            ("GET", f"/api/node/runs/{of_run}/messages?after={_number(draw)}"),
            ("POST", f"/api/node/runs/{of_run}/requests"),
            ("POST", f"/api/node/runs/{of_run}/requests"),
            ("PUT", f"/api/node/runs/other?adopt={draw.choice(('true', _text(draw)))}"),
            ("PUT", f"/api/node/runs/{name}"),
            ("GET", f"/api/node/recordings/{name}"),
            ("GET", f"/api/node/recordings/{of_recording}/files/{name}"),
            ("POST", f"/api/node/recordings/{of_recording}/release"),
            ("GET", f"/{name}"),
        )
    )
    if draw.random() < 0.1:
        method = draw.choice(METHODS)
    header = draw.choice(PAGES if draw.random() < 0.05 else HEADERS)
    headers = {header: draw.choice((_range(draw), _text(draw)))}
    return Bad(method, path, headers, _body(draw))


def _body(draw: random.Random) -> bytes:
    match draw.randrange(6):
        case 0:
            return b""
        case 1:
            return draw.randbytes(draw.randrange(200))
        case 2:
            return b"[" * draw.randrange(3000)
    text = json.dumps(_damaged(draw, _right_body(draw)))
    if draw.random() < 0.2:
        text = text.replace("1", draw.choice(("NaN", "Infinity", "1" * 5000, "1e999")))
    data = text.encode()
    return data[: draw.randrange(len(data) + 1)] if draw.random() < 0.2 else data


def _right_body(draw: random.Random) -> Any:
    arm = dump(ArmVideo(1, {}, frozenset(), Path("s/face.copy.xdf")))
    return draw.choice(
        (
            {"requests": [{"device": "face", "number": 1, "body": dump(StartVideo(1, 1.0))}]},
            {"requests": [{"device": "face", "number": 2, "body": arm}]},
            {"engine": "e", "version": "1", "wire": 1, "devices": [{"name": "a", "driver": "b"}]},
            {"files": {"face.nut": "0" * 64}},
            {"engine": "e", "secret": "AAAAAAAA"},
        )
    )


def _damaged(draw: random.Random, value: Any) -> Any:
    """Replace something, somewhere."""
    if isinstance(value, dict) and value and draw.random() < 0.8:
        key = draw.choice(list(value))
        if draw.random() < 0.2:
            return {**value, _text(draw): draw.choice(SCRAPS)}
        return {**value, key: _damaged(draw, value[key])}
    if isinstance(value, list) and value and draw.random() < 0.8:
        return [_damaged(draw, value[0]), *value[1:]] * draw.choice((1, 1, 1, 50))
    return draw.choice(SCRAPS)


def _text(draw: random.Random) -> str:
    letters = "abAB01-_.~"
    return "".join(draw.choice(letters) for _ in range(draw.randrange(1, 12)))


def _number(draw: random.Random) -> str:
    return draw.choice(("0", "-1", "1e3", "NaN", "", "9" * 30, "x", "%00"))


def _range(draw: random.Random) -> str:
    first, last = draw.randrange(-5, 50), draw.randrange(-5, 50)
    return draw.choice((f"bytes={first}-{last}", f"bytes={first}-", f"bytes=-{last}", "bytes=,"))
