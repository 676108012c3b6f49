"""The SHA-256 of files, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

PIECE_BYTES = 1 << 20


def sha256_of(path: Path, *, between: Callable[[], None] | None = None) -> str:
    """Hash a file by reading it; the hexadecimal digest.

    `between` is called between two pieces of the file: it may wait, or raise to give up.
    """
    with path.open("rb", buffering=0) as file:
        if between is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        digest, piece = hashlib.sha256(), bytearray(PIECE_BYTES)
        view = memoryview(piece)
        while count := file.readinto(piece):
            digest.update(view[:count])
            between()
        return digest.hexdigest()
