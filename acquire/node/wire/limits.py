"""What holds for everything on the wire between an engine and a node, whatever it stands in."""

from __future__ import annotations

import json
import math
from pathlib import PurePath
from typing import Any, Final

from acquire.errors import ControlError
from recordings.errors import RecordingError
from recordings.names import check_file_name

MAX_LIST: Final = 10_000
MAX_DEPTH: Final = 16


class WireError(ControlError):
    """What came over the network is not what the other side may say."""


def plain_name(name: str) -> str:
    """Return a file's or folder's bare name, if it can be one on every system.

    Raises:
        WireError: it leads elsewhere, is hidden, or is one that Windows keeps for itself.
    """
    try:
        return check_file_name(name)
    except RecordingError as error:
        raise WireError(str(error)) from error


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: tuples become lists.

    Raises:
        WireError: it holds something that JSON has not, such as NaN.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"cannot be sent as JSON: {first_line(error)}") from error


def bare_name(path: PurePath) -> str:
    """Return the name of a path that has no folder.

    Raises:
        WireError: it has one, or see `plain_name`.
    """
    if str(path) != path.name:
        raise WireError(f"{path.name!r}: goes over the wire as a bare name, without a folder")
    return plain_name(path.name)


def check_limits(kind: str, value: Any, depth: int = 0) -> None:
    """Refuse what is never right, in a message of this kind.

    Raises:
        WireError: it is nested too deep, has a list too long, or a number that is none.
    """
    if depth > MAX_DEPTH:
        raise WireError(f"{kind}: nested more than {MAX_DEPTH} deep")
    if isinstance(value, float) and not math.isfinite(value):
        raise WireError(f"{kind}: {value} is no number that can be sent")
    if isinstance(value, (dict, list)) and len(value) > MAX_LIST:
        raise WireError(f"{kind}: a list of {len(value)}, and {MAX_LIST} are allowed")
    inner = value.values() if isinstance(value, dict) else value
    for part in inner if isinstance(value, (dict, list)) else ():
        check_limits(kind, part, depth + 1)


def first_line(error: Exception) -> str:
    """Say in one line what an error says."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
