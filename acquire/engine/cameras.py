"""The rig's cameras as one: arm, start, stop, and what became of every frame."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acquire.errors import ControlError
from acquire.processes.device_link import DeviceProcess
from acquire.processes.messages import ArmVideo, SplitVideo, StartVideo, StopVideo, VideoSummary
from acquire.take.xdf_recorder import RecordedStream, Recording
from devices.base import VideoSpec
from recordings.errors import RecordingError
from recordings.layout import video_stem
from recordings.manifest import StreamEntry, VideoEntry, VideoPart
from recordings.stream_kinds import Fate
from recordings.video.pixel_formats import pixel_format

ARM_S = 5.0
CLOSE_S = 20.0
"""How long a video file may take to be closed: a full ring has to be encoded first."""

LOST_FATES = (Fate.DEVICE_LOST, Fate.INCOMPLETE, Fate.RING_FULL, Fate.ENCODER_ERROR)

Complain = Callable[[str, str], None]
"""Takes the device's name and what is wrong."""


@dataclass(frozen=True, slots=True)
class _Left:
    """A file whose process died while it wrote."""

    stream: str
    path: Path
    error: str


class _Files:
    """The video files of one recording, finished and not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun: dict[str, VideoSpec] = {}  # by stream: what the manifest lists
        self.armed: dict[str, Mapping[str, Path]] = {}  # device → stream → the file being written
        self.before: list[_Left | VideoSummary] = []  # oldest first
        self.closing: dict[str, Future[Any]] = {}

    def stem(self, stream: str) -> Path:
        """Name a stream's next file: as the stream, or as a further part of it."""
        stems = (video_stem(self.folder / stream, part) for part in itertools.count(1))
        return next(s for s in stems if not any(self.folder.glob(f"{s.name}.*")))

    def paths(self) -> set[Path]:
        """List all files so far."""
        patterns = (f"{stream}{rest}" for stream in self.begun for rest in (".*", "+*"))
        return {path for pattern in patterns for path in self.folder.glob(pattern)}


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
        self._files: _Files | None = None  # of the recording that runs
        self._previous: _Files | None = None  # of the one that a split ends

    def _cameras(self) -> list[DeviceProcess]:
        snapshots = ((d, d.snapshot) for d in self._devices.values())
        return [d for d, s in snapshots if s.videos and s.error is None]

    def _chosen(self) -> list[DeviceProcess]:
        """A device with several cameras is stored as a whole."""
        return [
            d for d in self._cameras() if any(self._is_chosen(v.name) for v in d.snapshot.videos)
        ]

    # Start.

    def arm(self, folder: Path) -> None:
        """Have every camera open its file, so that `start` takes effect at once."""
        self._files = _Files(folder)
        self._arm(self._files, self._chosen())

    def _arm(self, files: _Files, devices: Iterable[DeviceProcess]) -> None:
        asked = {}
        for device in devices:
            snapshot = device.snapshot
            files.begun |= {video.name: video for video in snapshot.videos}
            paths = {video.name: files.stem(video.name) for video in snapshot.videos}
            asked[snapshot.name] = device.ask(ArmVideo(paths))
        for name, answer in asked.items():
            if error := _error_of(answer, ARM_S):
                self._complain(name, f"no video: {error}")
            else:
                files.armed[name] = answer.result()

    def start(self, lsl_start: float) -> None:
        """Have frames stored from LSL time `lsl_start` on."""
        for name in self._files.armed if self._files is not None else ():
            self._devices[name].ask(StartVideo(lsl_start))

    def split(self, folder: Path, lsl_split: float) -> None:
        """Have frames from LSL time `lsl_split` on stored in files of their own, in `folder`.

        `collect` then gives the files before; not one frame is in both, or in none.
        """
        assert self._files is not None
        self._previous, self._files = self._files, _Files(folder)
        for name in self._previous.armed:
            device = self._devices[name]
            videos = {video.name: video for video in device.snapshot.videos}
            stems = {stream: folder / stream for stream in videos}
            self._files.begun |= videos
            self._previous.closing[name] = device.ask(SplitVideo(lsl_split, stems))
            self._files.armed[name] = {
                stream: stems[stream].with_name(stream + path.suffix)
                for stream, path in self._previous.armed[name].items()
            }

    def start_again(self, name: str, lsl_start: float) -> None:
        """Have a camera that was away store its frames in a further file of the recording."""
        files, device = self._files, self._devices[name]
        if files is None or device not in self._chosen():
            return
        for stream, path in files.armed.pop(name, {}).items():
            files.before.append(_Left(stream, path, "its process ended"))
        self._arm(files, [device])
        if name in files.armed:
            device.ask(StartVideo(lsl_start))

    # Stop.

    def stop(self, lsl_stop: float) -> None:
        """Have frames stored up to LSL time `lsl_stop`; `collect` waits for the files."""
        # Failed ones, too: where only the driver has failed, its process still closes the file.
        assert self._files is not None
        for name in self._files.armed:
            self._files.closing[name] = self._devices[name].ask(StopVideo(lsl_stop))

    def retire(self, name: str, lsl_stop: float) -> None:
        """Close the files of one camera, while the recording goes on without it."""
        files = self._files
        if files is None or name not in files.armed:
            return
        answer = self._devices[name].ask(StopVideo(lsl_stop))
        files.before += self._closed(files, name, answer, time.monotonic() + CLOSE_S)
        del files.armed[name]

    def collect(self) -> list[VideoSummary]:
        """Wait until every file is closed; of a process that has died, say what it has left.

        After `split`, the files before it; else those of the recording that ends.
        """
        if self._previous is not None:
            files, self._previous = self._previous, None
        else:
            assert self._files is not None
            files, self._files = self._files, None
        deadline = time.monotonic() + CLOSE_S
        found = list(files.before)
        for name, answer in files.closing.items():
            found += self._closed(files, name, answer, deadline)
        summaries = (_left_behind(s) if isinstance(s, _Left) else s for s in found)
        return [summary for summary in summaries if summary is not None]

    def _closed(
        self, files: _Files, name: str, answer: Future[Any], deadline: float
    ) -> list[_Left | VideoSummary]:
        if error := _error_of(answer, deadline - time.monotonic()):
            self._complain(name, f"video not closed: {error}")
            return [_Left(stream, path, error) for stream, path in files.armed[name].items()]
        for summary in answer.result():
            if summary.error:
                self._complain(name, f"video: {summary.error}")
        return list(answer.result())

    # What there is.

    def entries(self, lsl_start: float) -> tuple[VideoEntry, ...]:
        """Describe the files for the manifest, as they are begun."""
        if self._files is None:
            return ()
        first = {s: p for paths in self._files.armed.values() for s, p in paths.items()}
        begun = self._files.begun.items()
        return tuple(_entry(v, first[s].name, lsl_start) for s, v in begun if s in first)

    def bytes_written(self) -> int:
        """Count what is in the files so far, of the recording that runs."""
        paths = self._files.paths() if self._files is not None else ()
        return sum(file.stat().st_size for file in paths if file.exists())

    def bytes_per_s(self) -> float:
        """Say how much all cameras deliver at their nominal rates."""
        return sum(
            pixel_format(v.pixel_format).frame_bytes(v.width, v.height) * v.rate_hz
            for device in self._chosen()
            for v in device.snapshot.videos
        )


def _entry(spec: VideoSpec, file: str, lsl_start: float) -> VideoEntry:
    return VideoEntry(
        name=spec.name,
        file=file,
        codec="",
        width=spec.width,
        height=spec.height,
        pixel_format=spec.pixel_format,
        tiling="",
        rate_hz=spec.rate_hz,
        lsl_start=lsl_start,
    )


def _left_behind(left: _Left) -> VideoSummary | None:
    """Describe the file of a camera that does not answer; None where it cannot be read."""
    from recordings.video.writer import VideoReader, count_packets  # PyAV costs the engine 15 MB

    path = left.path
    try:
        frames = count_packets(path)
        with VideoReader(path) as reader:
            info = reader.info
        size = path.stat().st_size
    except (RecordingError, OSError):
        return None
    return VideoSummary(
        left.stream,
        path,
        info.codec,
        info.tiling,
        frames,
        size,
        None,
        error=left.error,
        is_left=True,
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


def final_entries(
    entries: Iterable[VideoEntry],
    summaries: Iterable[VideoSummary],
    recording: Recording,
    lsl_stop: float,
) -> tuple[VideoEntry, ...]:
    """Describe the files for the manifest, now that they are closed; `entries` as they began."""
    files: dict[str, list[VideoSummary]] = {}
    for summary in summaries:
        files.setdefault(summary.stream, []).append(summary)
    return tuple(
        _completed(entry, files[entry.name], recording, lsl_stop) if entry.name in files else entry
        for entry in entries
    )


def _completed(
    entry: VideoEntry, files: list[VideoSummary], recording: Recording, lsl_stop: float
) -> VideoEntry:
    rows = [s for s in recording.streams.values() if s.found.key.name == entry.name and s.is_index]
    fates = {fate: sum(s.fates.get(fate, 0) for s in rows) for fate in Fate}
    captured = sum(fates.values())
    taken_back = sum(file.taken_back for file in files)
    fates[Fate.STORED] -= taken_back
    fates[Fate.ENCODER_ERROR] += taken_back
    frames = sum(file.frames for file in files)
    # Rows that a process had not sent, or nobody had pulled, died with it; its file is whole.
    untimed = max(0, frames - fates[Fate.STORED]) if any(f.is_left for f in files) else 0
    first, *others = files
    return entry.model_copy(
        update={
            "untimed": untimed,
            "file": first.path.name,
            "codec": first.codec,
            "tiling": first.tiling,
            "lsl_stop": lsl_stop,
            "captured": captured,
            "frames": frames,
            "parts": tuple(
                VideoPart(file=f.path.name, codec=f.codec, tiling=f.tiling, frames=f.frames)
                for f in others
            ),
            "taken_back": taken_back,
            "late_p99_ms": first.late_p99_ms,
            "fates": fates,
        }
    )
