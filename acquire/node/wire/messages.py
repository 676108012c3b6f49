"""The messages of a device process as JSON, for the way between an engine and a node.

`dump` and `load` are exact: what they do not take, they refuse with a `WireError`. Times are of the
node's LSL clock. Paths are `session/name` on the way down and bare names on the way up: neither
side learns where the other keeps its files, and what comes in can name nothing else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter, ValidationError

from acquire.node.wire.limits import (
    WireError,
    bare_name,
    check_limits,
    first_line,
    plain_name,
    plain_value,
)
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    Command,
    Finish,
    HostEvent,
    HostStatus,
    Loss,
    Open,
    Opened,
    Preview,
    Request,
    StartVideo,
    StopVideo,
    TakePreview,
    VideoSummary,
)
from acquire.rig.video import VideoOptions
from acquire.validation_text import first_problem

WIRE: Final = 4
"""What both sides must have in common; raised with every change of what is said here."""


Body = Open | ArmVideo | StartVideo | StopVideo | TakePreview | Command | Close
"""What a request may ask for."""
Message = Body | Request | Answer | Opened | HostStatus | HostEvent | Loss | VideoSummary | Preview


def dump(message: Message | Finish) -> dict[str, Any]:
    """Turn a message into JSON's own types: `{"kind": …, "body": …}`.

    Raises:
        WireError: it holds what has no place on the wire (a path elsewhere, a number that is none),
            or is said to processes of the same computer alone.
    """
    kind = type(message).__name__
    form = _FORMS.get(kind)
    if form is None:
        raise WireError(f"{kind}: no message between an engine and a node")
    try:
        body = form.adapter.dump_python(form.out(message), mode="json", warnings="error")
    except ValueError as error:  # pydantic's own errors are ValueErrors
        raise WireError(f"{kind}: {first_line(error)}") from error
    check_limits(kind, body)
    return {"kind": kind, "body": body}


def load(given: Any) -> Message:
    """Read what `dump` has written.

    Raises:
        WireError: it is anything else: of no known kind, with a key too many, a value that is not
            in its own form, a list too long.
    """
    if not isinstance(given, dict) or set(given) != {"kind", "body"}:
        raise WireError("a message has a kind and a body, and nothing else")
    kind = given["kind"]
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise WireError(f"kind {str(kind)[:40]!r}: not known here; are both of one version?")
    check_limits(kind, given["body"])
    try:
        plain = form.adapter.validate_python(given["body"])
    except ValidationError as error:
        raise WireError(f"{kind}: {first_problem(error)[:300]}") from error
    message: Message = form.into(plain)
    # Only one form of a message is right: this finds keys that nobody knows and values of another
    # type which pydantic would take.
    if (again := dump(message)["body"]) != given["body"]:
        raise WireError(f"{kind}: {_difference(given['body'], again)} is not in its own form")
    return message


# What differs on the wire from what it is in a process.


@dataclass(frozen=True, slots=True)
class _Open:
    driver: str
    settings: dict[str, Any]
    video: VideoOptions
    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]*$", max_length=100)] = ""


@dataclass(frozen=True, slots=True)
class _ArmVideo:
    take: int
    session: str
    paths: dict[str, str]
    hash_raw: tuple[str, ...]
    copy: str | None


@dataclass(frozen=True, slots=True)
class _Request:
    number: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    number: int
    value: dict[str, Any]
    error: str | None


@dataclass(frozen=True, slots=True)
class _Preview:
    jpeg: str  # base64
    stamp: float
    device_frame: int
    saturated: float
    focus: float


def _open_out(message: Open) -> _Open:
    origin = message.origin
    plain = Open(message.driver, message.settings, None, None, message.video, origin=origin)
    if message != plain:
        raise WireError("Open: folder, lsl_config and buffer_s are the node's own; leave them out")
    return _Open(message.driver, plain_value(message.settings), message.video, origin)


def _arm_out(message: ArmVideo) -> _ArmVideo:
    named = [*message.paths.values(), *([message.copy] if message.copy is not None else ())]
    sessions = {str(path.parent) for path in named}
    if len(sessions) != 1:
        raise WireError(f"ArmVideo: needs the files of one session, not of {len(sessions)}")
    return _ArmVideo(
        message.take,
        plain_name(sessions.pop()),
        {stream: plain_name(path.name) for stream, path in message.paths.items()},
        tuple(sorted(message.hash_raw)),
        plain_name(message.copy.name) if message.copy is not None else None,
    )


def _arm_into(plain: _ArmVideo) -> ArmVideo:
    folder = Path(plain_name(plain.session))
    paths = {stream: folder / plain_name(name) for stream, name in plain.paths.items()}
    copy = folder / plain_name(plain.copy) if plain.copy is not None else None
    return ArmVideo(plain.take, paths, frozenset(plain.hash_raw), copy)


def load_body(given: Any) -> Body:
    """Read what a request asks for; see `load`."""
    body = load(given)
    if not isinstance(body, Body):
        raise WireError(f"{type(body).__name__}: nothing that a device can be asked for")
    return body


def _preview_out(message: Preview) -> _Preview:
    return _Preview(**{**asdict(message), "jpeg": base64.b64encode(message.jpeg).decode()})


def _preview_into(plain: _Preview) -> Preview:
    try:
        jpeg = base64.b64decode(plain.jpeg, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError(f"Preview: jpeg: {error}") from error
    return Preview(**{**asdict(plain), "jpeg": jpeg})


# What an answer may hold.


def _answer_into(plain: _Answer) -> Answer:
    if set(plain.value) != {"type", "value"}:
        raise WireError("Answer: its value has a type and a value, and nothing else")
    return Answer(plain.number, _value_into(plain.value["type"], plain.value["value"]), plain.error)


def _value_out(value: Any) -> dict[str, Any]:
    match value:
        case Preview():
            return {"type": "preview", "value": dump(value)["body"]}
        case dict() if value and all(isinstance(v, PurePath) for v in value.values()):
            paths = {str(name): bare_name(path) for name, path in value.items()}
            return {"type": "paths", "value": paths}
        case list() if value and all(isinstance(v, VideoSummary) for v in value):
            return {"type": "summaries", "value": [dump(v)["body"] for v in value]}
    return {"type": "json", "value": plain_value(value)}


def _value_into(kind: Any, value: Any) -> Any:
    match kind, value:
        case "preview", dict():
            return load({"kind": "Preview", "body": value})
        case "paths", dict() if value and all(isinstance(v, str) for v in value.values()):
            return {name: Path(plain_name(path)) for name, path in value.items()}
        case "summaries", list() if value:
            return [load({"kind": "VideoSummary", "body": one}) for one in value]
        case "json", _:
            return value
    raise WireError(f"Answer: no value of type {str(kind)[:40]!r} that looks like this")


@dataclass(frozen=True)
class _Form:
    """How one kind of message goes over the wire."""

    type: Any
    out: Callable[[Any], Any]
    into: Callable[[Any], Any]

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Made by the first message: most programs have no node."""
        return TypeAdapter(self.type)


def _as_it_is(message: Any) -> Any:
    return message


_OTHERWISE: Final[Mapping[type[Any], _Form]] = {
    Open: _Form(
        _Open,
        _open_out,
        lambda p: Open(p.driver, p.settings, None, None, p.video, origin=p.origin),
    ),
    ArmVideo: _Form(_ArmVideo, _arm_out, _arm_into),
    Command: _Form(Command, lambda m: replace(m, args=plain_value(m.args)), _as_it_is),
    Request: _Form(
        _Request,
        lambda m: _Request(m.number, dump(m.body)),
        lambda p: Request(p.number, load_body(p.body)),
    ),
    Answer: _Form(_Answer, lambda m: _Answer(m.number, _value_out(m.value), m.error), _answer_into),
    VideoSummary: _Form(
        VideoSummary,
        lambda m: replace(m, path=Path(bare_name(m.path))),
        lambda m: replace(m, path=Path(plain_name(str(m.path)))),
    ),
    Preview: _Form(_Preview, _preview_out, _preview_into),
}
_FORMS: Final[Mapping[str, _Form]] = {
    kind.__name__: _OTHERWISE.get(kind) or _Form(kind, _as_it_is, _as_it_is)
    for kind in get_args(Message)
}


def _difference(given: Any, again: Any) -> str:
    """Name the first key that differs."""
    if not isinstance(given, dict):
        return "the body"
    keys = [*given, *again]
    return next((str(k)[:40] for k in keys if given.get(k) != again.get(k)), "a key")
