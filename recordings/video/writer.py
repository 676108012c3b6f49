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
from typing import Final, Protocol

import av

from recordings.arrays import U8Array
from recordings.disk.direct_file import DirectFile
from recordings.errors import RecordingError
from recordings.video.codecs import Codec, choose_codec
from recordings.video.encoding import AvBody, RawBody
from recordings.video.info import VideoInfo
from recordings.video.pixel_formats import Picture, as_bytes, pixel_format

_MARKS: Final = 64


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
        checksum: compute SHA-256 on the way (None: unless raw, which is to cost no processor).
        direct: bypass the page cache where the system can.
        reproducible: the same pictures give the same bytes: one thread, and nothing of the library
            or of chance in the container.

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
        checksum: bool | None = None,
        direct: bool = True,
        reproducible: bool = False,
    ) -> None:
        self.info, chosen = _describe(width, height, pixel_format, rate_hz, codec)
        self.path = (
            path if path.suffix == chosen.suffix else path.with_name(path.name + chosen.suffix)
        )
        self._clusters = chosen.container == "matroska"
        self.frames = 0
        # (frames, bytes): so many frames are whole once so many bytes are in the file
        self._marks: deque[tuple[int, int]] = deque()
        self._marked = 0
        self._kept, self._kept_bytes = 0, 0
        self._failed = self._closed = False
        threads = 1 if reproducible else threads  # a picture is cut into as many slices
        if checksum is None:
            checksum = chosen.container != "raw"
        self._file = DirectFile(self.path, checksum=checksum, direct=direct)
        try:
            self._body: _Body = (
                RawBody(self._file, self.info, self._mark)
                if chosen.container == "raw"
                else AvBody(self._file, self.info, chosen, threads, self._mark, reproducible)
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
        index = self.frames
        self._guard(lambda: self._body.write(frame, index))
        self.frames += 1
        return index

    def hurry(self) -> None:
        """Drop the hash of this file, a tenth of a core at 150 MB/s: frames are piling up."""
        self._file.drop_hash()

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
            finally:  # each by itself, or a body that cannot end would leave the file open
                for part in (self._body, self._file):
                    with contextlib.suppress(RecordingError, av.FFmpegError):
                        part.close()
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

    def _mark(self, index: int) -> None:
        """Note where the file stands once frame `index` went through the muxer."""
        if self._file.size > self._marked:
            self._marked = self._file.size
            # Matroska writes a cluster when the frame after it comes.
            self._marks.append((index if self._clusters else index + 1, self._marked))
        if len(self._marks) > _MARKS:
            self.kept  # noqa: B018 - forgets the marks that were reached

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
