"""Takes out of a report what would name a person, a computer or a folder of somebody's."""

from __future__ import annotations

import contextlib
import getpass
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HOST, USER, HOME, OTHER = "THIS-COMPUTER", "USER", "~", "OTHER-COMPUTER"


def own_names(others: Mapping[str, str]) -> dict[str, str]:
    """Name what is this user's and this computer's, each with its stand-in; and `others`."""
    names = {
        str(Path.home()): HOME,
        Path.home().as_posix(): HOME,
        socket.gethostname(): HOST,
        socket.getfqdn(): HOST,
    }
    with contextlib.suppress(OSError, KeyError):  # no such user in the system's list
        names[getpass.getuser()] = USER
    return dict(others) | names


def redacted(value: Any, names: Mapping[str, str]) -> Any:
    """Give JSON data with every name replaced, in keys as well; longer names go first."""
    pattern = _pattern(names)
    if pattern is None:
        return value
    known = {name.lower(): stand_in for name, stand_in in names.items()}

    def clean(part: Any) -> Any:
        if isinstance(part, str):
            return pattern.sub(lambda match: known[match[0].lower()], part)
        if isinstance(part, Mapping):
            return {clean(key): clean(inside) for key, inside in part.items()}
        if isinstance(part, (list, tuple)):
            return [clean(inside) for inside in part]
        return part

    return clean(value)


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Match whole names alone: user `an` is no part of `and`."""
    longest_first = sorted(filter(None, names), key=len, reverse=True)
    if not longest_first:
        return None
    words = "|".join(re.escape(name) for name in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)
