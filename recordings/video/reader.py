"""Reading video files back: frame k, frames in order, and counting.

Frame k of a raw file is one read; of a NUT file a search of a few reads, about a millisecond, also
after a crash. Matroska has its index at the end: a file that was never closed is scanned once, at
the first seek. x264 decodes from the last key frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np

from recordings.errors import RecordingError
from recordings.video.codecs import CODECS, X264_GOP
from recordings.video.info import METADATA_KEY, VideoInfo
from recordings.video.matroska import count_blocks
from recordings.video.nut import NutFile
from recordings.video.pixel_formats import Picture, Tiling, join_bayer, to_picture
from recordings.video.raw_video import RawReader

_HEADER_MAX: Final = 64 << 10  # a longer file has more than a header
_FAR_S: Final = 10**9  # after every frame; libav's search overflows with much more
# A packet cut short by a crash is dropped instead of being decoded to half a picture.
_OPTIONS: Final = {"fflags": "+discardcorrupt"}


class VideoReader:
    """A video file as a sequence of pictures.

    A picture is uint8 or uint16 of shape (height, width), mosaics as mosaics (the tiling undone,
    packed bits unpacked), or uint8 (height, width, 3) for RGB8. Files of other programs are read as
    Mono8 where they are gray, else as RGB8.

    Raises:
        RecordingError: the file is missing, or no video that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source: _Source = _open(path)
        self.info = self._source.info
        self._length: int | None = None

    @property
    def pixel_format(self) -> str:
        """PFNC name of what the camera delivered."""
        return self.info.pixel_format

    @property
    def tiling(self) -> Tiling:
        """How the pictures lie in the file; `frame` undoes it."""
        return self.info.tiling

    def __len__(self) -> int:
        if self._length is None:
            self._length = self._source.length()
        return self._length

    def frame(self, k: int) -> Picture:
        """Picture k, from 0.

        Raises:
            IndexError: the file has no frame k.
            RecordingError: it cannot be decoded.
        """
        if not 0 <= k < len(self):
            raise IndexError(f"{self.path}: frame {k} of {len(self)}")
        return self._source.frame(k)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Picture]:
        """Pictures `start` to `stop` (exclusive; None = all), decoded in one pass."""
        end = len(self) if stop is None else min(stop, len(self))
        if start < end:
            yield from self._source.frames(start, end)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def count_packets(path: Path) -> int:
    """Count the whole packets of a video file, without decoding.

    NUT, Matroska and raw files are walked through by their headers, others read from end to end.

    Raises:
        RecordingError: the file is missing, or no video that can be read.
    """
    source = _open(path)
    try:
        return source.count()
    finally:
        source.close()


def _open(path: Path) -> _Source:
    if path.suffix == ".raw":
        return _RawSource(path)
    try:
        return _AvSource(path)
    except RecordingError:
        if (info := _header_only(path)) is None:
            raise
        return _EmptySource(info)


def _header_only(path: Path) -> VideoInfo | None:
    """What a NUT file without a single frame says of itself: libav does not open it."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_MAX)
        return VideoInfo.find(head) if len(head) < _HEADER_MAX else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
        self._running: Iterator[tuple[int, Picture]] = iter(())
        self._next = -1
        codec = CODECS.get(self.info.codec)
        self._group = codec.gop if codec else X264_GOP  # farther ahead, a search is cheaper

    def length(self) -> int:
        """The index of the last packet and one: the writer leaves no holes."""
        with open_container(self._path) as container:
            _seek(container, round(_FAR_S / container.streams.video[0].time_base))
            last = max((packet.pts for packet in _packets(container)), default=None)
        return 0 if last is None else self._index(last) + (0 if self._torn() else 1)

    def count(self) -> int:
        if "matroska" in self._container.format.name:
            return count_blocks(self._path)
        if not self._nut:
            return sum(1 for _ in _packets(self._container))
        nut = NutFile(self._path)
        try:
            return nut.count()
        finally:
            nut.close()

    def _torn(self) -> bool:
        if not self._nut:
            return False
        nut = NutFile(self._path)
        try:
            return nut.torn()
        finally:
            nut.close()

    def frame(self, k: int) -> Picture:
        if not 0 <= self._next <= k < self._next + self._group:
            self._running = self._decode(self._container, k)
        self._next = -1  # nowhere, unless the frame is found
        for index, picture in self._running:
            if index == k:
                self._next = k + 1
                return picture
        raise RecordingError(f"{self._path}: frame {k} cannot be decoded")

    def frames(self, start: int, stop: int) -> Iterator[Picture]:
        with open_container(self._path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for index, picture in self._decode(container, start, stop):
                yield picture
                if index == stop - 1:
                    return

    def close(self) -> None:
        self._running = iter(())
        self._container.close()

    def _index(self, pts: int) -> int:
        index: int = round(pts * self._stream.time_base * self.info.rate)
        return index

    def _decode(
        self, container: Any, start: int, stop: int | None = None
    ) -> Iterator[tuple[int, Picture]]:
        """Decode from the last key frame at or before frame `start`; give what follows from it."""
        stream = container.streams.video[0]
        _seek(container, round(start / self.info.rate / stream.time_base))
        try:
            for packet in chain(_packets(container), (None,)):
                torn = packet and self._nut and stop is not None and self._index(packet.pts) >= stop
                for image in stream.codec_context.decode(None if torn else packet):
                    index = self._index(image.pts)
                    if index >= start:
                        yield index, self._picture(image)
                if torn:
                    return
        except av.FFmpegError as error:
            raise RecordingError(f"{self._path}: damaged after frame {start} ({error})") from error

    def _picture(self, image: av.VideoFrame) -> Picture:
        info = self.info
        if info.format.samples == 3:
            return image.to_ndarray(format="rgb24")
        picture = first_plane(image, info)
        return picture if info.tiling == "none" else join_bayer(picture)


_Source = _RawSource | _AvSource | _EmptySource


def first_plane(image: av.VideoFrame, info: VideoInfo) -> Picture:
    """The luma plane. H.264 gray comes back as YUV with empty colour planes."""
    plane = image.planes[0]
    dtype = info.format.dtype
    samples: Picture = np.frombuffer(memoryview(plane), dtype)
    lines = samples.reshape(plane.height, plane.line_size // dtype.itemsize)
    return lines[:, : plane.width].copy()


def open_container(path: Path) -> Any:
    """Open a file with libav; close it, or use it in a `with`.

    Raises:
        RecordingError: it is no video that can be read.
    """
    try:
        container = av.open(str(path), options=_OPTIONS)
    except (OSError, av.FFmpegError) as error:
        raise RecordingError(f"{path}: cannot be read as video ({error})") from error
    if not container.streams.video:
        container.close()
        raise RecordingError(f"{path}: has no video stream")
    return container


def _seek(container: Any, pts: int) -> None:
    """Go to the last key frame at or before `pts`; a file cut in its first second has no index."""
    with contextlib.suppress(av.FFmpegError):
        container.seek(pts, stream=container.streams.video[0], backward=True)


def _packets(container: Any) -> Iterator[Any]:
    """Whole packets; the end of a file that was cut is its last whole one."""
    try:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and not packet.is_corrupt:
                yield packet
    except av.FFmpegError:
        return


def info_in(path: Path, container: Any) -> VideoInfo:
    """Return what an open file says of itself.

    Raises:
        RecordingError: what this program wrote into it is damaged.
    """
    text = container.metadata.get(METADATA_KEY)
    if text is not None:
        try:
            return VideoInfo.from_json(text)
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path}: its {METADATA_KEY} tag is damaged ({error})") from error
    stream = container.streams.video[0]
    rate = float(stream.average_rate or stream.guessed_rate or Fraction(25))
    gray = stream.codec_context.pix_fmt == "gray"
    name = "Mono8" if gray else "RGB8"
    return VideoInfo(stream.width, stream.height, name, rate, stream.codec_context.name, "none")
