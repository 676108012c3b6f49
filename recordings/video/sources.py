"""How frames come out of each kind of video file: a raw one, one for libav, one without a frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol

import av

from recordings.disk.regular import open_file
from recordings.errors import RecordingError
from recordings.video.codecs import CODECS, X264_GOP
from recordings.video.container import (
    first_plane,
    has_checksums,
    info_in,
    open_container,
    packets,
    seek,
)
from recordings.video.ffv1 import is_whole
from recordings.video.info import VideoInfo
from recordings.video.matroska import blocks
from recordings.video.nut import NutFile
from recordings.video.pixel_formats import Picture, join_bayer, to_picture
from recordings.video.raw_video import RawReader

_HEADER_MAX: Final = 64 << 10  # a longer file has more than a header
_FAR_S: Final = 10**9  # after every frame; libav's search overflows with much more


class Source(Protocol):
    """The frames of one open file."""

    info: VideoInfo

    def length(self) -> int:
        """Return how many frames there are; quickly."""

    def count(self) -> int:
        """Return how many whole packets there are, by going through them."""

    def frame(self, k: int) -> Picture:
        """Return frame k, which is there."""

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        """Yield frames `start` to `stop` (exclusive), in one pass."""

    def close(self) -> None:
        """Close the file."""


def open_source(path: Path) -> Source:
    """Open a video file.

    Raises:
        RecordingError: it is missing, or no video that can be read.
    """
    if path.suffix == ".raw":
        return _RawSource(path)
    try:
        return _AvSource(path)
    except RecordingError:
        if (info := _header_only(path)) is None:
            raise
        return _EmptySource(info)


class _EmptySource:
    def __init__(self, info: VideoInfo) -> None:
        self.info = info

    def length(self) -> int:
        return 0

    count = length

    def frame(self, k: int) -> Picture:
        raise IndexError(k)

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        return iter(())

    def close(self) -> None:
        pass


class _RawSource:
    def __init__(self, path: Path) -> None:
        try:
            self._raw = RawReader(path)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
        self.info = self._raw.info

    def length(self) -> int:
        return len(self._raw)

    count = length

    def frame(self, k: int) -> Picture:
        return to_picture(self._raw.frame(k), self.info.format, self.info.width, self.info.height)

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        return (self.frame(k) for k in range(start, stop))

    def close(self) -> None:
        self._raw.close()


class _AvSource:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = open_container(path)
        self._nut = self._container.format.name == "nut"
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = "SLICE"  # frame threads would read ahead at every seek
        self.info = info_in(path, self._container)
        self._spare: Any = None  # a container that frames were run through; it may run again
        self._closed = False
        self._running: Iterator[tuple[int, Picture]] = iter(())
        self._next = -1
        self._has_sums = has_checksums(self._container, self.info)
        codec = CODECS.get(self.info.codec)
        self._group = codec.gop if codec else X264_GOP  # farther ahead, a search is cheaper
        # In a NUT file libav goes where a syncpoint points back to: to the key frame before.
        self._starts_early = self._nut and self._group == 1

    def length(self) -> int:
        """The index of the last packet and one: the writer leaves no holes."""
        with open_container(self._path) as container:
            seek(container, round(_FAR_S / container.streams.video[0].time_base))
            last = max((packet.pts for packet in packets(container)), default=None)
        return 0 if last is None else self._index(last) + (0 if self._torn() else 1)

    def count(self) -> int:
        if "matroska" in self._container.format.name:
            return sum(1 for _ in blocks(self._path))
        if not self._nut:
            return sum(1 for _ in packets(self._container))
        with closing(NutFile(self._path)) as nut:
            return sum(1 for _ in nut.packets())

    def _torn(self) -> bool:
        if not self._nut:
            return False
        with closing(NutFile(self._path)) as nut:
            return nut.torn()

    def frame(self, k: int) -> Picture:
        if not 0 <= self._next <= k < self._next + self._group:
            self._seek(self._container, k)
            self._running = self._decode(self._container, k)
        self._next = -1  # nowhere, unless the frame is found
        for index, picture in self._running:
            if index == k:
                self._next = k + 1
                return picture
            if index > k:  # they come in their order: it is not there
                break
        raise RecordingError(f"{self._path}: frame {k} cannot be decoded")

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        container, self._spare = self._spare, None
        if container is not None and not self._seek(container, start):
            container.close()
            container = None
        if container is None:  # which takes as long as some frames: libav looks into them
            container = open_container(self._path)
            container.streams.video[0].thread_type = "AUTO"
            self._seek(container, start)
        try:
            due = start
            for index, picture in self._decode(container, start, stop):
                if index < due:  # of a block that is in the file twice
                    continue
                if index > due:  # what follows a lost frame would be taken for it
                    break
                yield picture
                due += 1
                if due == stop:
                    break
        finally:
            if self._closed or self._spare is not None:
                container.close()
            else:
                self._spare = container

    def close(self) -> None:
        self._running = iter(())
        self._closed = True
        self._container.close()
        if self._spare is not None:
            self._spare.close()

    def _index(self, pts: int) -> int:
        index: int = round(pts * self._stream.time_base * self.info.rate)
        return index

    def _seek(self, container: Any, start: int) -> bool:
        """Go to the last key frame at or before frame `start`; say whether that could be done."""
        pts = round(start / self.info.rate / container.streams.video[0].time_base)
        return seek(container, pts)

    def _decode(
        self, container: Any, start: int, stop: int | None = None
    ) -> Iterator[tuple[int, Picture]]:
        """Decode from where the container is; give frame `start` and what follows."""
        stream = container.streams.video[0]
        try:
            for packet in chain(packets(container), (None,)):
                if packet and self._starts_early and self._index(packet.pts) < start:
                    continue
                if packet and self._index(packet.pts) >= start and not self._is_whole(packet):
                    raise RecordingError(
                        f"{self._path}: frame {self._index(packet.pts)} is damaged (its checksum "
                        "is another); copy the file again from where it was recorded"
                    )
                torn = packet and self._nut and stop is not None and self._index(packet.pts) >= stop
                for image in stream.codec_context.decode(None if torn else packet):
                    index = self._index(image.pts)
                    if index >= start:
                        yield index, self._picture(image)
                if torn:
                    return
        except av.FFmpegError as error:
            raise RecordingError(f"{self._path}: damaged after frame {start} ({error})") from error

    def _is_whole(self, packet: Any) -> bool:
        return not self._has_sums or is_whole(bytes(packet))

    def _picture(self, image: av.VideoFrame) -> Picture:
        info = self.info
        if info.format.samples == 3:
            return image.to_ndarray(format="rgb24")
        picture = first_plane(image, info)
        return picture if info.tiling == "none" else join_bayer(picture)


def _header_only(path: Path) -> VideoInfo | None:
    """What a NUT file without a single frame says of itself: libav does not open it."""
    try:
        with open_file(path) as file:
            head = file.read(_HEADER_MAX)
        return VideoInfo.find(head) if len(head) < _HEADER_MAX else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
