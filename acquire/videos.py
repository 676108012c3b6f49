"""The rig's cameras as one: arm, start, stop, and what became of every frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from acquire.device_process import DeviceProcess
from acquire.errors import ControlError
from acquire.messages import ArmVideo, StartVideo, StopVideo, VideoSummary
from acquire.recorder import RecordedStream, Recording
from devices.base import VideoSpec
from recordings.manifest import Fate, StreamEntry, VideoEntry
from recordings.planes import pixel_format

ARM_S = 5.0
CLOSE_S = 20.0
"""How long a video file may take to be closed: a full ring has to be encoded first."""

LOST_FATES = (Fate.DEVICE_LOST, Fate.INCOMPLETE, Fate.RING_FULL, Fate.ENCODER_ERROR)

Complain = Callable[[str, str], None]
"""Takes the device's name and what is wrong."""


class Videos:
    """The cameras of one engine; `complain` hears what fails, the other cameras go on."""

    def __init__(
        self,
        devices: Mapping[str, DeviceProcess],
        complain: Complain,
    ) -> None:
        self._devices = devices
        self._complain = complain
        self._stopping: dict[str, Future[Any]] = {}

    def _cameras(self) -> list[DeviceProcess]:
        snapshots = ((d, d.snapshot) for d in self._devices.values())
        return [d for d, s in snapshots if s.videos and s.error is None]

    def arm(self, folder: Path) -> None:
        """Have every camera open its file, so that `start` takes effect at once."""
        asked = {}
        for device in self._cameras():
            snapshot = device.snapshot
            paths = {video.name: folder / video.name for video in snapshot.videos}
            asked[snapshot.name] = device.ask(ArmVideo(paths))
        for name, answer in asked.items():
            if error := _error_of(answer, ARM_S):
                self._complain(name, f"no video: {error}")

    def start(self, lsl_start: float) -> None:
        """Have frames stored from LSL time `lsl_start` on."""
        for device in self._cameras():
            device.ask(StartVideo(lsl_start))

    def stop(self, lsl_stop: float) -> None:
        """Have frames stored up to LSL time `lsl_stop`; `collect` waits for the files."""
        self._stopping = {d.snapshot.name: d.ask(StopVideo(lsl_stop)) for d in self._cameras()}

    def collect(self) -> list[VideoSummary]:
        """Wait until every file is closed."""
        summaries: list[VideoSummary] = []
        deadline = time.monotonic() + CLOSE_S
        for name, answer in self._stopping.items():
            if error := _error_of(answer, deadline - time.monotonic()):
                self._complain(name, f"video not closed: {error}")
                continue
            for summary in answer.result():
                if summary.error:
                    self._complain(name, f"video: {summary.error}")
                summaries.append(summary)
        self._stopping = {}
        return summaries

    def entries(
        self, summaries: Iterable[VideoSummary], recording: Recording, lsl_stop: float
    ) -> tuple[VideoEntry, ...]:
        """Describe the files for the manifest."""
        specs = {v.name: v for d in self._devices.values() for v in d.snapshot.videos}
        return tuple(_entry(s, specs[s.stream], recording, lsl_stop) for s in summaries)

    def bytes_per_s(self) -> float:
        """Say how much all cameras deliver at their nominal rates."""
        return sum(
            pixel_format(v.pixel_format).frame_bytes(v.width, v.height) * v.rate_hz
            for device in self._cameras()
            for v in device.snapshot.videos
        )


def _error_of(answer: Future[Any], timeout_s: float) -> str | None:
    """Wait for an answer; None where it came, what went wrong otherwise."""
    try:
        answer.result(max(0.0, timeout_s))
    except ControlError as error:
        return str(error)
    except TimeoutError:
        return "no answer in time"
    return None


def with_lost_frames(stream: RecordedStream) -> StreamEntry:
    """Describe a stream; of a camera, the frames that should be stored and are not are lost."""
    entry = stream.entry()
    if not stream.is_index:
        return entry
    lost = sum(stream.fates.get(fate, 0) for fate in LOST_FATES)
    return entry.model_copy(update={"lost": lost})


def _entry(
    summary: VideoSummary, spec: VideoSpec, recording: Recording, lsl_stop: float
) -> VideoEntry:
    rows = [s for s in recording.streams.values() if s.found.key.name == spec.name and s.is_index]
    fates = {fate: sum(s.fates.get(fate, 0) for s in rows) for fate in Fate}
    return VideoEntry(
        name=spec.name,
        file=summary.path.name,
        codec=summary.codec,
        width=spec.width,
        height=spec.height,
        pixel_format=spec.pixel_format,
        tiling=summary.tiling,
        rate_hz=spec.rate_hz,
        lsl_start=recording.start,
        lsl_stop=lsl_stop,
        captured=sum(fates.values()),
        frames=summary.frames,
        fates=fates,
    )
