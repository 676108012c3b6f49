"""What can go wrong with files.

::

    RecordingError         a session or file cannot be read or written; the message has the remedy
    ├── DiskFull           no space left on the session's disk
    ├── NotWritten         a report has no place to be written to
    └── RunTaken           the run that is asked for exists already
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # what only raises and catches these errors needs no pydantic
    from pydantic import ValidationError

_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class RecordingError(Exception):
    """A session or file cannot be read or written; the message names the remedy."""


class DiskFull(RecordingError):
    """The disk of the session is full; what was written so far has been closed properly."""


class NotWritten(RecordingError):
    """The report cannot be written where it belongs; what it says is known all the same."""


class RunTaken(RecordingError):
    """The run that is asked for exists already; no number is used twice."""


def why(error: Exception) -> str:
    """Return what went wrong, without the path: the message that it goes into has it already."""
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line; of one that says nothing, what it is."""
    return " ".join(str(error).split()) or type(error).__name__


def bad_key(error: ValidationError, whole: str = "content") -> str:
    """Return the first key that does not fit and why; `whole` names what has no key."""
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")  # pydantic's, of our own checks
    return f"{'.'.join(map(str, first['loc'])) or whole}: {said}"


def is_full(error: OSError) -> bool:
    """Whether there is no room left on a disk, or none for this user."""
    return error.errno in _FULL


def few(names: Sequence[str], most: int = 5) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
