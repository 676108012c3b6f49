"""Which stream is what: frames, sound, events, markers; and what may become of a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


LOST_FATES: Final = (Fate.DEVICE_LOST, Fate.INCOMPLETE, Fate.RING_FULL, Fate.ENCODER_ERROR)
"""The fates of frames that should be in the video and are not."""

INDEX_CHANNELS: Final = (
    "file_index",
    "device_frame",
    "device_time_s",
    "exposure_us",
    "trigger_code",
    "fate",
    "take",
)
"""What an index stream has, also one of sound, a block for a frame; further ones may follow."""

_FIRST_CHANNELS: Final = INDEX_CHANNELS[:-1]
"""What all have: those of recordings before there were takes end here."""

EVENTS_STREAM: Final = "unisono-events"
PLAYER_STREAM: Final = "protocol"
"""The stimulus player's markers."""

VIDEO_TYPE: Final = "VideoFrames"
SOUND_TYPE: Final = "SoundBlocks"

INDEX_TYPES: Final = frozenset({VIDEO_TYPE, SOUND_TYPE})
"""Of streams whose rows say where a frame, or a block of sound, is in a file beside."""

REPLAYED_ROWS: Final = "replay-rows:"
"""What is in the source id of an index stream that is replayed without its frames, after the rig,
the run and the device that it is published by."""

_MARKER_TYPES: Final = frozenset(
    {"markers", "marker", "events", "event", "stim", "stims", "stimulus", "stimuli"}
    | {"triggers", "trigger", "trig", "annotations", "annotation"}
)


_NO_ELECTRODE: Final = re.compile(
    r"(time ?stamps?|counter|interpolated?|sample ?(number|index|counter)|index|status|battery|misc"
    r"|(packet|package) ?(num(ber)?|counter)|packet|events?|triggers?|trig|stim?"
    r"|(hardware ?)?markers?)"
)


def is_no_electrode(label: str) -> bool:
    """Whether a label, or a type, is of what amplifiers send among the electrodes: a counter…"""
    return bool(_NO_ELECTRODE.fullmatch(re.sub("[_ -]+", " ", label.casefold()).strip()))


def is_index_stream(type_: str, dtype: str, labels: Sequence[str]) -> bool:
    """Whether the rows are the frames of a camera of ours, or blocks of a microphone's sound.

    Others use the type as well.
    """
    known = tuple(labels[: len(_FIRST_CHANNELS)]) == _FIRST_CHANNELS
    return type_ in INDEX_TYPES and dtype != "string" and known


def is_marker_stream(type_: str, dtype: str, rate_hz: float) -> bool:
    """Whether the samples are events: strings, or numbers without a rate of a type for markers."""
    return dtype == "string" or (rate_hz == 0 and type_.casefold() in _MARKER_TYPES)
