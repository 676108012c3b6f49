"""Models and requests as JSON: written, and read again by `decode` alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from acquire.node.wire.limits import WireError
from acquire.node.wire.messages import Body, dump
from acquire.validation_text import first_problem

MAX_BODY: Final = 1 << 20
"""What a request may have at most; an answer may be `MAX_ANSWER`."""
MAX_ANSWER: Final = 64 << 20

Model = TypeVar("Model", bound=BaseModel)


def request_text(device: str, number: int, body: Body) -> bytes:
    """Write a `DeviceRequest` as JSON.

    Raises:
        WireError: it holds what cannot be sent.
    """
    try:
        return to_json({"device": device, "number": number, "body": dump(body)})
    except ValueError as error:  # surrogates that are no UTF-8
        raise WireError(f"{type(body).__name__}: cannot be sent: {error}") from error


def requests_text(requests: Iterable[bytes]) -> bytes:
    """Write `Requests` of what `request_text` has written."""
    return b'{"requests":[' + b",".join(requests) + b"]}"


def encode(model: BaseModel) -> bytes:
    """Write a model as JSON.

    Raises:
        WireError: it holds what cannot be sent.
    """
    try:
        return model.model_dump_json().encode()
    except ValueError as error:  # surrogates that are no UTF-8, pydantic's own errors
        raise WireError(f"{type(model).__name__}: cannot be sent: {error}") from error


def decode(model: type[Model], data: bytes, limit: int = MAX_BODY) -> Model:
    """Read a model from JSON.

    Raises:
        WireError: it is longer than `limit` bytes, or not what it should be; the message says why.
    """
    name = model.__name__
    if len(data) > limit:
        raise WireError(f"{name}: {len(data)} bytes, and {limit} are allowed")
    try:
        tree = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # a UnicodeDecodeError is a ValueError
        raise WireError(f"{name}: not JSON: {str(error)[:200]}") from error
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise WireError(f"{name}: {first_problem(error)[:500]}") from error
    except RecursionError as error:
        raise WireError(f"{name}: nested too deep") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
