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
from recordings.errors import RecordingError
from recordings.manifest import Fate, StreamEntry, VideoEntry, VideoPart
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
        is_chosen: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self._devices = devices
        self._complain = complain
        self._is_chosen = is_chosen
        self._armed: dict[str, Mapping[str, Path]] = {}  # device → stream → file
        self._stopping: dict[str, Future[Any]] = {}
        self._recorded: list[DeviceProcess] = []

    def _cameras(self) -> list[DeviceProcess]:
        snapshots = ((d, d.snapshot) for d in self._devices.values())
        return [d for d, s in snapshots if s.videos and s.error is None]

    def _chosen(self) -> list[DeviceProcess]:
        """A device with several cameras is stored as a whole."""
        return [
            d for d in self._cameras() if any(self._is_chosen(v.name) for v in d.snapshot.videos)
        ]

    def arm(self, folder: Path) -> None:
        """Have every camera open its file, so that `start` takes effect at once."""
        asked = {}
        self._armed = {}
        self._recorded = self._chosen()
        for device in self._recorded:
            snapshot = device.snapshot
            paths = {video.name: folder / video.name for video in snapshot.videos}
            asked[snapshot.name] = device.ask(ArmVideo(paths))
        for name, answer in asked.items():
            if error := _error_of(answer, ARM_S):
                self._complain(name, f"no video: {error}")
            else:
                self._armed[name] = answer.result()

    def start(self, lsl_start: float) -> None:
        """Have frames stored from LSL time `lsl_start` on."""
        for device in self._recorded:
            device.ask(StartVideo(lsl_start))

    def stop(self, lsl_stop: float) -> None:
        """Have frames stored up to LSL time `lsl_stop`; `collect` waits for the files."""
        # Failed ones, too: where only the driver has failed, its process still closes the file.
        self._stopping = {n: self._devices[n].ask(StopVideo(lsl_stop)) for n in self._armed}

    def collect(self) -> list[VideoSummary]:
        """Wait until every file is closed; of a process that has died, say what it has left."""
        summaries: list[VideoSummary] = []
        deadline = time.monotonic() + CLOSE_S
        for name, answer in self._stopping.items():
            if error := _error_of(answer, deadline - time.monotonic()):
                self._complain(name, f"video not closed: {error}")
                found = (_left_behind(s, path, error) for s, path in self._armed[name].items())
                summaries += [summary for summary in found if summary is not None]
                continue
            for summary in answer.result():
                if summary.error:
                    self._complain(name, f"video: {summary.error}")
                summaries.append(summary)
        self._stopping = {}
        return summaries

    def entries(self, recording: Recording) -> tuple[VideoEntry, ...]:
        """Describe the files for the manifest, as they are begun."""
        specs = {v.name: v for d in self._devices.values() for v in d.snapshot.videos}
        return tuple(
            VideoEntry(
                name=name,
                file=path.name,
                codec="",
                width=specs[name].width,
                height=specs[name].height,
                pixel_format=specs[name].pixel_format,
                tiling="",
                rate_hz=specs[name].rate_hz,
                lsl_start=recording.start,
            )
            for files in self._armed.values()
            for name, path in files.items()
        )

    def final_entries(
        self, summaries: Iterable[VideoSummary], recording: Recording, lsl_stop: float
    ) -> tuple[VideoEntry, ...]:
        """Describe the files for the manifest, now that they are closed."""
        files: dict[str, list[VideoSummary]] = {}
        for summary in summaries:
            files.setdefault(summary.stream, []).append(summary)
        return tuple(
            _completed(entry, files[entry.name], recording, lsl_stop)
            if entry.name in files
            else entry
            for entry in self.entries(recording)
        )

    def bytes_written(self) -> int:
        """Count what is in the files so far, of those that were armed last."""
        stems = [path for files in self._armed.values() for path in files.values()]
        further = [f for path in stems for f in path.parent.glob(f"{path.stem}+*")]
        return sum(file.stat().st_size for file in {*stems, *further} if file.exists())

    def bytes_per_s(self) -> float:
        """Say how much all cameras deliver at their nominal rates."""
        return sum(
            pixel_format(v.pixel_format).frame_bytes(v.width, v.height) * v.rate_hz
            for device in self._chosen()
            for v in device.snapshot.videos
        )


def _left_behind(stream: str, path: Path, error: str) -> VideoSummary | None:
    """Describe the file of a camera that does not answer; None where it cannot be read."""
    from recordings.video import VideoReader, count_packets  # PyAV costs the engine 15 MB

    try:
        frames = count_packets(path)
        with VideoReader(path) as reader:
            info = reader.info
        size = path.stat().st_size
    except (RecordingError, OSError):
        return None
    return VideoSummary(stream, path, info.codec, info.tiling, frames, size, None, error=error)


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


def _completed(
    entry: VideoEntry, files: list[VideoSummary], recording: Recording, lsl_stop: float
) -> VideoEntry:
    rows = [s for s in recording.streams.values() if s.found.key.name == entry.name and s.is_index]
    fates = {fate: sum(s.fates.get(fate, 0) for s in rows) for fate in Fate}
    captured = sum(fates.values())
    taken_back = sum(file.taken_back for file in files)
    fates[Fate.STORED] -= taken_back
    fates[Fate.ENCODER_ERROR] += taken_back
    first, *others = files
    return entry.model_copy(
        update={
            "file": first.path.name,
            "codec": first.codec,
            "tiling": first.tiling,
            "lsl_stop": lsl_stop,
            "captured": captured,
            "frames": sum(file.frames for file in files),
            "parts": tuple(
                VideoPart(file=f.path.name, codec=f.codec, tiling=f.tiling, frames=f.frames)
                for f in others
            ),
            "taken_back": taken_back,
            "late_p99_ms": first.late_p99_ms,
            "fates": fates,
        }
    )
