"""Which stream is what: frames, events, markers; and what may become of a frame."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What became of a frame; the order gives the number in the index stream."""

    STORED = "stored"
    GATED = "gated"
    DEVICE_LOST = "device_lost"
    INCOMPLETE = "incomplete"
    RING_FULL = "ring_full"
    ENCODER_ERROR = "encoder_error"
    NOT_RECORDING = "not_recording"

    @property
    def code(self) -> int:
        """The number that stands for this fate in the index stream."""
        return list(Fate).index(self)


INDEX_CHANNELS = (
    "file_index",
    "device_frame",
    "device_time_s",
    "exposure_us",
    "trigger_code",
    "fate",
    "take",
)


EVENTS_STREAM: Final = "unisono-events"

VIDEO_TYPE: Final = "VideoFrames"
