"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

BLOCK: Final = 1 << 20


def sha256_of(path: Path, *, between: Callable[[], None] | None = None) -> str:
    """Hash a file in bounded memory; the hexadecimal digest.

    `between` is called after each block: it may rest, or raise to stop.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    block = memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
            if between is not None:
                between()
    return digest.hexdigest()
