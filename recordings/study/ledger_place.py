"""Where what is remembered of a study lies: in its folder, or else in the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import platformdirs

from recordings.disk.file_lock import lock_record
from recordings.errors import RecordingError

FOLDER_NAME: Final = ".unisono"


def places(root: Path) -> Iterator[Path]:
    """Yield the folders for what is remembered: the study's own, then one in the user's cache.

    Raises:
        RecordingError: there is none.
    """
    own = root / FOLDER_NAME
    with contextlib.suppress(OSError):
        own.mkdir(exist_ok=True)
        if _can_lock(own):
            yield own
    number = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    cache = platformdirs.user_cache_path("unisono") / "studies" / number
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{cache}: cannot be made ({error.strerror}), and {own} cannot be written to or "
            "locked; set XDG_CACHE_HOME to a folder that can be written to"
        ) from error
    yield cache


def _can_lock(folder: Path) -> bool:
    """Whether files in a folder can be written and locked as SQLite does it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            lock_record(file.fileno())
    except OSError:
        return False
    return True
