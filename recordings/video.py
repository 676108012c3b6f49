"""Video files: written so that a crash costs less than a second, read frame by frame.

A frame's time is not in here: it stands in the camera's index stream, by the frame's index in the
file. The container's own time stamps are index / nominal rate, so that frame k is one seek.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import av
import numpy as np

from recordings import raw_video
from recordings.codecs import CODEC_NAMES, Codec, choose_codec
from recordings.direct_file import DirectFile
from recordings.errors import RecordingError
from recordings.planes import (
    Picture,
    U8Array,
    as_bytes,
    pixel_format,
    split_bayer,
    to_picture,
)
from recordings.video_info import METADATA_KEY, VideoInfo
from recordings.video_reader import VideoReader, count_packets

__all__ = [
    "CODEC_NAMES",
    "VideoInfo",
    "VideoReader",
    "VideoSummary",
    "VideoWriter",
    "count_packets",
    "video_path",
]

_STRIDE_ALIGN: Final = 64  # what SIMD code in libav likes
_IO_BUFFER: Final = 1 << 20
_MARKS: Final = 64
# A cluster is in memory until it is complete; DirectFile's FLUSH_S comes on top of this.
_MATROSKA_OPTIONS: Final = {"cluster_time_limit": "200", "cluster_size_limit": str(4 << 20)}


@dataclass(frozen=True, slots=True)
class VideoSummary:
    """A closed video file. `sha256` is None where hashing could not keep up: read the file then."""

    path: Path
    frames: int
    bytes: int
    sha256: str | None
    codec: str
    tiling: str
    mode: str  # how the file was written: direct, nocache or buffered


def video_path(stem: Path, codec: str, pixel_format_name: str, rate_hz: float) -> Path:
    """The file that a `VideoWriter` makes for a path without a suffix."""
    chosen = choose_codec(codec, pixel_format(pixel_format_name), rate_hz)
    return stem.with_name(stem.name + chosen.suffix)


class _Body(Protocol):
    """What turns pictures into bytes of a file."""

    def write(self, frame: U8Array, index: int) -> None: ...
    def close(self) -> None: ...


class VideoWriter:
    """Writes one new video file.

    Args:
        path: the file; a path without the codec's suffix (.nut, .mkv, .raw) gets it.
        width, height: pixels.
        pixel_format: GenICam's (PFNC) name of what `write` gets: Mono8, BayerRG12p…
        rate_hz: the nominal rate, for players only.
        codec: one of `CODEC_NAMES`.
        threads: slice threads of the encoder.
        checksum: compute SHA-256 on the way; it costs about a tenth of a core at 170 MB/s.
        direct: bypass the page cache where the system can.

    Raises:
        RecordingError: format, codec or rate do not fit; the file exists or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        pixel_format: str,
        rate_hz: float,
        codec: str = "auto",
        threads: int = 2,
        checksum: bool = True,
        direct: bool = True,
    ) -> None:
        self.info, chosen = _describe(width, height, pixel_format, rate_hz, codec)
        self.path = (
            path if path.suffix == chosen.suffix else path.with_name(path.name + chosen.suffix)
        )
        self._clusters = chosen.container == "matroska"
        self.frames = 0
        # (frames, bytes): so many frames are whole once so many bytes are in the file
        self._marks: deque[tuple[int, int]] = deque()
        self._kept, self._kept_bytes = 0, 0
        self._failed = self._closed = False
        self._file = DirectFile(self.path, checksum=checksum, direct=direct)
        try:
            self._body: _Body = (
                _RawBody(self._file, self.info)
                if chosen.container == "raw"
                else _AvBody(self._file, self.info, chosen, threads)
            )
        except (av.FFmpegError, ValueError) as error:
            self._file.abandon()
            self._file.close()
            self.path.unlink()
            raise RecordingError(
                f"{self.path}: encoder {codec} refuses {width}x{height} {pixel_format} ({error}); "
                "choose another size or codec"
            ) from error

    @property
    def kept(self) -> int:
        """Frames that are in the file already: what a kill -9 leaves."""
        while self._marks and self._marks[0][1] <= self._file.written:
            self._kept, self._kept_bytes = self._marks.popleft()
        return self._kept

    @property
    def bytes(self) -> int:
        """Bytes written so far."""
        return self._file.size

    @property
    def mode(self) -> str:
        """How the file is written: direct, nocache or buffered."""
        return self._file.mode

    def write(self, image: Picture) -> int:
        """Store a frame, of any shape with the bytes that the camera delivers; return its index.

        Raises:
            RecordingError: wrong size, or a failed write: the file then ends after `kept` frames.
            DiskFull: the same, for lack of space.
        """
        frame = as_bytes(image, self.info.format, self.info.width, self.info.height)
        index, size = self.frames, self._file.size
        self._guard(lambda: self._body.write(frame, index))
        self.frames += 1
        if self._file.size > size:
            # Matroska writes a cluster when the frame after it comes.
            self._marks.append((index if self._clusters else index + 1, self._file.size))
        if len(self._marks) > _MARKS:
            self.kept  # noqa: B018 - forgets the marks that were reached
        return index

    def close(self) -> VideoSummary:
        """Complete the file. After a failure of `write` it ends with its last whole frame.

        Raises:
            RecordingError, DiskFull: the rest could not be written; the file is valid up to there.
        """
        if not self._closed:
            self._closed = True
            try:
                if not self._failed:
                    self._guard(self._finish)
            finally:
                with contextlib.suppress(RecordingError, av.FFmpegError):
                    self._finish()
        return VideoSummary(
            path=self.path,
            frames=self._kept if self._failed else self.frames,
            bytes=self._file.written,
            sha256=None if self._failed else self._file.sha256,
            codec=self.info.codec,
            tiling=self.info.tiling,
            mode=self.mode,
        )

    def _finish(self) -> None:
        self._body.close()
        self._file.close()

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except RecordingError as error:
            self._fail()
            raise type(error)(f"{error}; it keeps {self._kept} frames") from error
        except (av.FFmpegError, OSError) as error:
            self._fail()
            raise RecordingError(
                f"{self.path}: encoder {self.info.codec} failed ({error}); "
                f"the file keeps {self._kept} frames"
            ) from error

    def _fail(self) -> None:
        self._failed = True
        self._file.abandon(self._kept_bytes if self.kept else None)


def _describe(
    width: int, height: int, name: str, rate_hz: float, codec: str
) -> tuple[VideoInfo, Codec]:
    fmt = pixel_format(name)
    if width < 1 or height < 1 or rate_hz <= 0:
        raise RecordingError(f"a video of {width}x{height} at {rate_hz:g} Hz cannot be written")
    fmt.line_bytes(width)
    chosen = choose_codec(codec, fmt, rate_hz)
    tiling = "none" if chosen.container == "raw" else fmt.tiling(width, height)
    return VideoInfo(width, height, name, float(rate_hz), chosen.name, tiling), chosen


class _RawBody:
    """Frames as they come."""

    def __init__(self, file: DirectFile, info: VideoInfo) -> None:
        self._file = file
        file.write(raw_video.header(info))

    def write(self, frame: U8Array, index: int) -> None:
        self._file.write(frame.data)

    def close(self) -> None:
        pass


class _AvBody:
    """Pictures through an encoder of libav, packets through one of its muxers."""

    def __init__(self, file: DirectFile, info: VideoInfo, codec: Codec, threads: int) -> None:
        self._info, self._closed = info, False
        self._format = codec.format(info.format) or ""
        self._picture = _aligned(info)
        options = {"flush_packets": "1"}
        if codec.container == "matroska":
            options |= _MATROSKA_OPTIONS
        self._container = av.open(
            file, "w", format=codec.container, container_options=options, buffer_size=_IO_BUFFER
        )
        self._container.metadata[METADATA_KEY] = info.to_json()
        stream: Any = self._container.add_stream(
            codec.encoder_name(info.format), info.rate, codec.encoder_options(info.format)
        )
        stream.width, stream.height = info.width, info.height
        stream.pix_fmt = self._format
        stream.time_base = stream.codec_context.time_base = 1 / info.rate
        stream.codec_context.thread_count = threads
        stream.codec_context.thread_type = "SLICE"  # frame threads would hold frames back
        self._stream = stream
        self._container.start_encoding()

    def write(self, frame: U8Array, index: int) -> None:
        info = self._info
        picture = to_picture(frame, info.format, info.width, info.height)
        if info.tiling == "none":
            self._picture[:] = picture
        else:
            split_bayer(picture, self._picture)
        source = "rgb24" if info.format.samples == 3 else self._format
        image = av.VideoFrame.from_numpy_buffer(self._picture, source, width=info.width)
        if source != self._format:
            image = image.reformat(format=self._format)
        image.pts, image.time_base = index, 1 / info.rate
        self._container.mux(self._stream.encode(image))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                self._container.mux(self._stream.encode(None))
            finally:
                self._container.close()


def _aligned(info: VideoInfo) -> Picture:
    """A picture whose lines start where SIMD code wants them, with room to read past the end."""
    fmt = info.format
    line = info.width * fmt.samples * fmt.dtype.itemsize
    stride = -(-line // _STRIDE_ALIGN) * _STRIDE_ALIGN
    data = np.zeros((info.height + 1) * stride + _STRIDE_ALIGN, np.uint8)
    start = -data.ctypes.data % _STRIDE_ALIGN
    strides = (stride, fmt.samples * fmt.dtype.itemsize, fmt.dtype.itemsize)[: len(fmt.shape(1, 1))]
    return np.ndarray(fmt.shape(info.width, info.height), fmt.dtype, data.data, start, strides)
