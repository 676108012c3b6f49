"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recordings.disk.regular import open_file

BLOCK: Final = 1 << 20


def sha256_of(path: Path, *, between: Callable[[], None] | None = None) -> str:
    """Hash a file in bounded memory; the hexadecimal digest.

    `between` is called after each block: it may rest, or raise to stop.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    block = memoryview(bytearray(BLOCK))
    with open_file(path) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
            if between is not None:
                between()
    return digest.hexdigest()
