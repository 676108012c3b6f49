"""Where a frame lies in a video file."""

from __future__ import annotations

from typing import NamedTuple


class Packet(NamedTuple):
    """Its bytes are `elided` and then those of the file from `start` to before `stop`."""

    start: int
    stop: int
    elided: bytes = b""
