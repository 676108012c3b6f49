"""What the encoder process hears: bytes that say what became of frames, and commands.

In order: a zero byte for the oldest frame in the ring, to be written; a two byte for one that is
not wanted after all; or a one byte, four bytes of length and a JSON command:

    {"begin": {"path", "codec", "hash_raw"}}    the frames that follow go into this file
    {"end": true}                               close it
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

FRAME: Final = 0
COMMAND: Final = 1
SKIP: Final = 2


def command(body: dict[str, Any]) -> bytes:
    """A command as it goes over the pipe."""
    text = json.dumps(body).encode()
    return bytes([COMMAND]) + len(text).to_bytes(4, "little") + text


def parse(data: bytearray) -> Iterator[dict[str, Any] | None]:
    """Take whole events off the front of `data`: None for a frame, {} for a skip, or a command."""
    start = 0
    try:
        while start < len(data):
            if data[start] in (FRAME, SKIP):
                start += 1
                yield None if data[start - 1] == FRAME else {}
                continue
            end = start + 5 + int.from_bytes(data[start + 1 : start + 5], "little")
            if len(data) < start + 5 or len(data) < end:
                return
            text, start = bytes(data[start + 5 : end]), end
            yield json.loads(text)
    finally:
        del data[:start]
