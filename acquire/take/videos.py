"""The video and sound files of one recording."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from acquire.processes.messages import VideoSummary
from acquire.take.media_entries import Media, begun_entry
from devices.base import MediaSpec
from recordings.errors import RecordingError
from recordings.layout import copy_name, video_stem
from recordings.manifest_entries import PendingFile

OPENED_S = 5.0
"""So long after it was begun, a file that is not there was taken away."""


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file whose process died while it wrote."""

    stream: str
    path: Path
    error: str


class TakeVideos:
    """The files of one recording.

    The lock is held for a few statements, never while anybody is waited for: a camera may come back
    or be taken down, in a thread of its own, while the recording is begun, split or stopped.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._begun: dict[str, MediaSpec] = {}  # by stream: what the manifest lists
        self._first: dict[str, Path] = {}  # by stream
        self._open: dict[str, Mapping[str, Path]] = {}  # device → stream → the file being written
        self._ended: list[LeftFile | VideoSummary] = []  # oldest first
        self._closing: dict[str, Future[list[VideoSummary]]] = {}  # by device
        self._left_by: set[str] = set()  # devices whose process died while it wrote
        self._begun_at: dict[Path, float] = {}  # monotonic time: an encoder opens a file later
        self._seen: set[Path] = set()  # files that were there
        self._identity: dict[Path, tuple[int, int]] = {}  # the device and number that they had
        self._gone: set[Path] = set()  # told already
        self._nodes: dict[Path, str] = {}  # files that are on a node, with its name

    @property
    def devices(self) -> list[str]:
        """The devices that write, or that were told to close and have not been collected."""
        with self._lock:
            return list(self._open)

    def stems(self, media: Iterable[MediaSpec]) -> dict[str, Path]:
        """Name the next file of each stream: as the stream, or as a further part of it."""
        return {spec.name: self._stem(spec.name) for spec in media}

    def _stem(self, stream: str) -> Path:
        assert self._folder is not None, "a bare XDF file has no videos"
        stems = (video_stem(self._folder / stream, part) for part in itertools.count(1))
        with self._lock:  # what is on a node is not in the folder
            begun = {path.name.partition(".")[0] for path in self._nodes}
        return next(
            s for s in stems if s.name not in begun and not any(self._folder.glob(f"{s.name}.*"))
        )

    def here(self, path: Path) -> Path:
        """Say where a file of a node will be once it is collected."""
        assert self._folder is not None, "a bare XDF file has no videos"
        return self._folder / path.name

    def next_copy(self, device: str) -> Path:
        """Name the next own copy of a device on a node."""
        with self._lock:
            begun = {path.name for path in self._nodes}
        names = (copy_name(device, restarts) for restarts in itertools.count())
        return self.here(Path(next(name for name in names if name not in begun)))

    def begin(
        self,
        device: str,
        media: Iterable[MediaSpec],
        paths: Mapping[str, Path],
        node: str | None = None,
        copy: Path | None = None,
    ) -> None:
        """Note that a device writes these files, stream by stream; `node` is where, if not here."""
        with self._lock:
            if node is not None:
                files = [*paths.values(), copy] if copy is not None else paths.values()
                self._nodes |= dict.fromkeys(files, node)
            self._begun |= {spec.name: spec for spec in media}
            self._first = {**paths, **self._first}
            self._open[device] = paths
            # A file that was never made left its name to the next.
            self._ended = [e for e in self._ended if e.path not in paths.values()]
            self._begun_at |= dict.fromkeys(paths.values(), time.monotonic())
            for path in paths.values():
                self._identity.pop(path, None)

    def leave(self, device: str, error: str) -> None:
        """Note that the process died that wrote a device's files."""
        with self._lock:
            self._left_by.add(device)
            for stream, path in self._open.pop(device, {}).items():
                self._ended.append(LeftFile(stream, path, error))

    @property
    def left_by(self) -> set[str]:
        """The devices that have left files: what they were writing when their process died."""
        with self._lock:
            return set(self._left_by)

    def close(self, device: str, answer: Future[list[VideoSummary]]) -> None:
        """Note that a device was asked to close its files, and what will come of it."""
        with self._lock:
            self._closing[device] = answer

    def closing(self) -> dict[str, Future[list[VideoSummary]]]:
        """Give what is waited for, by device."""
        with self._lock:
            return dict(self._closing)

    def closed(self, device: str, files: Iterable[VideoSummary]) -> None:
        """Note that a device's files are closed."""
        with self._lock:
            self._ended += files
            self._open.pop(device, None)
            self._closing.pop(device, None)

    def summaries(self) -> list[VideoSummary]:
        """Tell how all files ended; of a process that has died, what it has left."""
        with self._lock:
            ended = list(self._ended)
        summaries = (
            e if isinstance(e, VideoSummary) else _left_behind(e)
            for e in ended
            if isinstance(e, VideoSummary) or e.path not in self._nodes
        )
        return [summary for summary in summaries if summary is not None]

    def newly_gone(self, *, alone: bool) -> list[Path]:
        """Give the files that are being written and are not where they were begun, each once.

        One that nobody has seen and that holds nothing was never made: its encoder died before.

        `alone`: no other take is open, for whose end an encoder would wait before it opens them.
        """
        due = time.monotonic() - OPENED_S
        with self._lock:
            paths = {path for files in self._open.values() for path in files.values()}
            ended = {e.path: e for e in self._ended if e.path not in self._nodes}
            paths -= self._nodes.keys()
        there = {path for path in paths | ended.keys() if self._is_there(path)}
        self._seen |= there
        self._seen |= {p for p in paths if alone and self._begun_at[p] < due}
        filled = {p for p, e in ended.items() if isinstance(e, VideoSummary) and e.frames}
        lost = (self._seen & (paths | ended.keys()) | filled) - there - self._gone
        self._gone |= lost
        return sorted(lost)

    def _is_there(self, path: Path) -> bool:
        """Whether it is the file that it was when it was first seen; not another of its name."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        except OSError:  # a share that does not answer now; writing to it says what is wrong
            return True
        identity = found.st_dev, found.st_ino
        return self._identity.setdefault(path, identity) == identity

    def bytes_written(self) -> int:
        """Count what is in the files so far."""
        if self._folder is None:
            return 0
        with self._lock:
            streams = list(self._begun)
        patterns = (f"{stream}{rest}" for stream in streams for rest in (".*", "+*"))
        files = {path for pattern in patterns for path in self._folder.glob(pattern)}
        return sum(file.stat().st_size for file in files if file.exists())

    def pending(self) -> tuple[PendingFile, ...]:
        """List the files that are on nodes, for the manifest."""
        with self._lock:
            closed = {e.path: e for e in self._ended if isinstance(e, VideoSummary)}
            nodes = dict(self._nodes)
        return tuple(
            PendingFile(
                path=path.name,
                node=node,
                bytes=closed[path].bytes if path in closed else None,
                sha256=closed[path].sha256 if path in closed else None,
            )
            for path, node in nodes.items()
        )

    def entries(self, lsl_start: float) -> tuple[Media, ...]:
        """Describe the files for the manifest, as they are begun."""
        with self._lock:
            return tuple(
                begun_entry(spec, self._first[stream].name, lsl_start)
                for stream, spec in self._begun.items()
                if stream in self._first
            )


def _left_behind(left: LeftFile) -> VideoSummary | None:
    """Describe the file of a device that does not answer; None where it cannot be read."""
    from recordings.repair.videos import part_of  # PyAV costs the engine 15 MB

    path = left.path
    try:
        part = part_of(path)
        size = path.stat().st_size
    except (RecordingError, OSError):
        return None
    return VideoSummary(
        0,
        left.stream,
        path,
        part.codec,
        part.tiling,
        part.frames,
        size,
        None,
        error=left.error,
        is_left=True,
    )
