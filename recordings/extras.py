"""Libraries that only an extra of the installation brings, and what is said without one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from recordings.errors import RecordingError


@contextlib.contextmanager
def of_extra(extra: str, library: str) -> Iterator[None]:
    """Import `library` within: where it is missing, the error says what to install.

    An import statement stands within, not a name here, so that a bundle finds what it needs.

    Raises:
        RecordingError: it is not installed.
    """
    try:
        yield
    except ImportError:
        raise RecordingError(
            f"{library} is not installed; install it with: pip install 'unisono[{extra}]'"
        ) from None


def need_parquet() -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet.

    Raises:
        RecordingError: it is not installed.
    """
    with of_extra("parquet", "pyarrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    return pa, pq
