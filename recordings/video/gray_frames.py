"""The brightness of single frames of a video file, without reading those between.

libav reads a file from front to back, whatever is thrown away after. Where every frame is a key
frame, the headers say where each lies, and only what is asked for is read. Of a mosaic in MagicYUV
that is the upper half of a picture, where the green is, if the slices are such.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

import av
import numpy as np

from recordings.arrays import U8Array
from recordings.disk.file_bytes import FileBytes
from recordings.errors import RecordingError
from recordings.video.codecs import CODECS
from recordings.video.container import first_plane, has_checksums, info_in, open_container
from recordings.video.ffv1 import is_whole
from recordings.video.info import VideoInfo
from recordings.video.magicyuv import HEAD_BYTES, upper
from recordings.video.matroska import blocks
from recordings.video.nut import NutFile
from recordings.video.packet import Packet
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader

_WALKED: Final = (".nut", ".mkv")


class GrayFrames:
    """Frames of one file by their number, uint8 of shape (height, width); for one thread.

    Of a mosaic it is one of the greens, at half the size: picture enough to measure movements.

    Raises:
        RecordingError: the file is missing, or no video that can be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: _ByPacket | _ByReader = _frames_of(path)
        self.info = self._frames.info

    def frame(self, number: int) -> U8Array:
        """Give frame `number`.

        Raises:
            RecordingError: there is none, or it cannot be decoded.
        """
        try:
            picture = self._frames.picture(number)
        except IndexError:
            raise RecordingError(
                f"{self._path}: has no frame {number} that the index tells of: it was cut off or "
                "changed; run unisono repair on the session"
            ) from None
        return _gray(picture, self.info, tiled=isinstance(self._frames, _ByPacket))

    def close(self) -> None:
        """Close the file."""
        self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _gray(picture: Picture, info: VideoInfo, *, tiled: bool) -> U8Array:
    fmt = info.format
    if fmt.samples == 3:
        import cv2

        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    if fmt.pattern:
        column = fmt.pattern.index("G")  # of the first row: there is a green in each
        if tiled and info.tiling == "bayer-quadrants":
            height, width = info.height // 2, info.width // 2
            picture = picture[:height, column * width :][:, :width]
        else:
            picture = picture[::2, column::2]
    if picture.dtype != np.uint8:
        picture = picture >> (fmt.bits - 8)
    return np.ascontiguousarray(picture, np.uint8)


def _frames_of(path: Path) -> _ByPacket | _ByReader:
    if path.suffix in _WALKED:
        container = open_container(path)
        info = info_in(path, container)
        codec = CODECS.get(info.codec)
        if codec is not None and codec.gop == 1:
            return _ByPacket(path, container, info)
        container.close()
    return _ByReader(path)


class _ByReader:
    """Frames that hang on others, or lie at a place that needs no search."""

    def __init__(self, path: Path) -> None:
        self._reader = VideoReader(path)
        self.info = self._reader.info

    def picture(self, number: int) -> Picture:
        return self._reader.frame(number)

    def close(self) -> None:
        self._reader.close()


class _ByPacket:
    """Frames each for itself, found by walking through the headers once."""

    def __init__(self, path: Path, container: Any, info: VideoInfo) -> None:
        self._path, self._container, self.info = path, container, info
        self._packets = _packets_of(path)
        self._has_sums = has_checksums(container, info)
        self._decoder = self._container.streams.video[0].codec_context
        halved = info.codec == "magicyuv" and info.tiling == "bayer-quadrants"
        self._rows = info.height // 2 if halved else None
        self._file = FileBytes(path)
        self._file.expect_leaps()

    def picture(self, number: int) -> Picture:
        if not 0 <= number < len(self._packets):
            raise IndexError(number)
        data = self._bytes(self._packets[number])
        if self._has_sums and not is_whole(data):
            raise self._damaged(number, "its checksum is another")
        try:
            images = self._decoder.decode(av.Packet(data))
        except av.FFmpegError as error:
            raise self._damaged(number, str(error)) from error
        if not images:
            raise self._damaged(number, "no picture in it")
        if self.info.format.samples == 3:
            return np.asarray(images[0].to_ndarray(format="rgb24"))
        return first_plane(images[0], self.info)

    def close(self) -> None:
        self._container.close()
        self._file.close()

    def _bytes(self, packet: Packet) -> bytes:
        if self._rows is None or packet.elided:  # the latter are small
            return packet.elided + self._file.read(packet.start, packet.stop)
        head = self._file.read(packet.start, min(packet.stop, packet.start + HEAD_BYTES))
        part = upper(head, self._rows)
        if part is None:
            return head + self._file.read(packet.start + len(head), packet.stop)
        stop = min(packet.stop, packet.start + part.stop)
        return part.head + self._file.read(packet.start + part.start, stop)

    def _damaged(self, number: int, why: str) -> RecordingError:
        return RecordingError(f"{self._path}: frame {number} cannot be decoded ({why})")


def _packets_of(path: Path) -> list[Packet]:
    if path.suffix == ".mkv":
        return list(blocks(path))
    with closing(NutFile(path)) as nut:
        return list(nut.packets())
