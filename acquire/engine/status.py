"""What the engine says of itself: enums and frozen snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever asks for a phase alone, as the window, loads no pump
    from acquire.lsl.streams import StreamKey
    from acquire.processes.link import DeviceSnapshot
    from acquire.pump.live_stream import LiveStream
    from acquire.pump.selection import Missing
    from acquire.take.xdf_recorder import RecordedStream


class Phase(StrEnum):
    """What the engine is doing."""

    IDLE = "idle"
    OPENING = "opening"
    RECORDING = "recording"
    FINISHING = "finishing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream now."""

    key: StreamKey
    uid: str  # of its outlet: two may have one key
    device: str | None
    connected: bool
    selected: bool  # for the recording that runs, or else for the next one
    samples: int
    lost: int  # since it is connected
    rate_hz: float
    effective_rate_hz: float | None  # 0: nothing comes any more
    offset_s: float | None
    drift_ppm: float | None = None  # of its computer's clock against this one
    channels: int = 0
    last_arrival: float = 0.0  # LSL time
    troubles: Mapping[str, str] = field(default_factory=dict)  # what is wrong now: code → words
    backlog: int = 0  # samples that wait to be written
    lost_in_take: int | None = None  # in the recording that runs; None: none has it


@dataclass(frozen=True, slots=True)
class Status:
    """The engine now."""

    phase: Phase
    devices: tuple[DeviceSnapshot, ...]
    streams: tuple[StreamStatus, ...]
    missing: tuple[Missing, ...]  # what the rig asks for and is not there


def stream_status(
    stream: LiveStream, selected: bool, recorded: RecordedStream | None = None
) -> StreamStatus:
    """Take a snapshot of a stream; `recorded`: what the recording that runs has of it."""
    flows = stream.inlet is not None and not stream.watch.is_silent
    return StreamStatus(
        stream.found.key,
        stream.found.uid,
        stream.device,
        stream.inlet is not None,
        selected,
        stream.watch.samples,
        stream.lost,
        stream.found.rate_hz,
        stream.watch.effective_rate if flows or not stream.found.rate_hz else 0.0,
        stream.estimate.offset if stream.estimate else None,
        stream.drift_ppm,
        stream.found.channels,
        stream.watch.last_arrival,
        stream.watch.troubles,
        stream.watch.backlog,
        recorded.lost if recorded is not None else None,
    )
