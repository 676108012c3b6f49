"""A video file's pictures, one after the other, and what is odd about them; PyAV, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from devices.arrays import U8Array
from devices.base import DeviceError, Notice
from devices.camera.picture_size import PictureSize

if TYPE_CHECKING:
    import av.container
    import av.video.stream

FORMATS = {"Mono8": "gray", "Mono10": "gray10le", "Mono12": "gray12le", "Mono16": "gray16le"}
FORMATS["RGB8"] = "rgb24"  # PFNC name: FFmpeg's name
_DEEP = (10, 12, 16)
_ONE = 1 << 16

Picture = tuple[U8Array | None, str | None]
"""The pixels, or why there are none."""


class Film:
    """An open file; pictures have shape (height, width), in RGB8 (height, width, 3)."""

    def __init__(self, path: Path, pixel_format: str) -> None:
        """Open the file and look for its first picture.

        Raises:
            DeviceError: it has no video that can be decoded; the message says what it has.
        """
        import av

        self._path = path
        self._format = pixel_format
        try:
            self._container = av.open(str(path))
        except av.FFmpegError as error:
            raise DeviceError(self._undecodable(str(error))) from error
        try:
            self._stream = self._video()
            self._first = self._first_frame()
        except BaseException:
            self.close()
            raise
        image = self._pixels(self._first)
        self.size = PictureSize(image.shape)

    @property
    def rate_hz(self) -> float:
        """Its own rate, 0 where it says none."""
        return float(self._stream.average_rate or self._stream.guessed_rate or 0)

    def notices(self) -> Iterator[Notice]:
        """Say what of the file the pictures do not have."""
        bits = max(component.bits for component in self._first.format.components)
        kept = int(self._format.removeprefix("Mono").removeprefix("RGB"))
        if bits > kept:
            deep = next((b for b in _DEEP if b >= bits), _DEEP[-1])
            yield Notice(
                "warning",
                "bits-cut",
                f"{self._path.name} has {bits} bits a sample, {self._format} keeps {kept} of them; "
                f'set pixel_format = "Mono{deep}" to have them all, in gray',
            )
        if (matrix := _matrix(self._first)) is not None and not _is_quarter(matrix):
            yield Notice(
                "warning",
                "not-turned",
                f"{self._path.name} is to be shown stretched, or by a turn that is neither none "
                "nor quarters: its pictures are turned to the nearest quarter alone",
            )

    def pictures(self, *, loop: bool) -> Iterator[Picture]:
        """Give its pictures, and again from the start where it loops."""
        while True:
            self._rewind()
            count = 0
            for found in self._once():
                count += 1
                yield (None, found) if isinstance(found, str) else self._picture(found)
            if not loop or not count:
                return

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _rewind(self) -> None:
        """Go to the beginning; a bare stream, such as .h264, has to be opened again for it."""
        import av

        try:
            self._container.seek(0)
        except av.FFmpegError:
            self._container.close()
            self._container = av.open(str(self._path))
            self._stream = self._video()

    def _once(self) -> Iterator[Any]:
        """Give its frames; in the place of one that cannot be had, why."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:  # the file itself is torn here: nothing more comes
                yield f"the file cannot be read on: {error}"
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.FFmpegError as error:
                yield f"a packet cannot be decoded: {error}"

    def _picture(self, frame: Any) -> Picture:
        if frame.is_corrupt:
            return None, "the picture is corrupt"
        image = self._pixels(frame)
        fault = self.size.fault(image.shape)
        return (None, fault) if fault else (image, None)

    def _pixels(self, frame: Any) -> U8Array:
        """Convert a picture, and turn it as a player would."""
        image: U8Array = frame.to_ndarray(format=FORMATS[self._format])
        matrix = _matrix(frame)
        return image if matrix is None else shown(image, matrix)

    def _video(self) -> av.video.stream.VideoStream:
        from av.stream import Disposition

        for stream in self._container.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                return stream
        tracks: list[str] = sorted({stream.type for stream in self._container.streams}) or ["none"]
        if self._container.streams.video:
            tracks.append("a cover picture")
        raise DeviceError(self._undecodable(f"it holds no video; its tracks: {', '.join(tracks)}"))

    def _first_frame(self) -> Any:
        spoilt = ""
        for found in self._once():
            if not isinstance(found, str):
                return found
            spoilt = f": {found}"
        raise DeviceError(self._undecodable(f"it holds no video frame{spoilt}"))

    def _undecodable(self, reason: str) -> str:
        return (
            f"{self._path} cannot be decoded as video ({reason}); "
            "convert it, for instance with: ffmpeg -i FILE -c:v ffv1 OUT.mkv"
        )


Matrix = tuple[int, int, int, int]
"""a, b, c, d: a pixel at (x, y) is shown at (a x + c y, b x + d y), in 65,536ths."""


def _matrix(frame: Any) -> Matrix | None:
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return None
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    return a, b, c, d


def _is_quarter(matrix: Matrix) -> bool:
    a, b, c, d = map(abs, matrix)
    return sorted(((a, d), (b, c))) == [(0, 0), (_ONE, _ONE)]


def shown(image: U8Array, matrix: Matrix) -> U8Array:
    """Turn and mirror a picture as FFmpeg's display matrix has it, to quarters of a turn."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):  # a quarter of a turn: x is shown as y
        image, a, d = image.swapaxes(0, 1), c, b
    turned = image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
    return np.ascontiguousarray(turned)
