"""Raw video: a header of 4096 bytes of JSON text, then frame after frame, nothing in between.

Frame k stands at byte 4096 + k × frame_bytes, as the camera delivered it (packed bits stay packed).
Ordinary tools read it: ``ffmpeg -f rawvideo -skip_initial_bytes 4096 -pixel_format gray
-video_size 2048x1088 -i face.raw``, or ``numpy.memmap(path, offset=4096, …)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import U8Array
from recordings.disk.file_bytes import FileBytes
from recordings.errors import RecordingError
from recordings.video.info import VideoInfo

HEADER_BYTES: Final = 4096  # keeps frames of whole sectors aligned


def header(info: VideoInfo) -> bytes:
    """The first bytes of a raw video."""
    return info.to_json().encode().ljust(HEADER_BYTES - 1) + b"\n"


class RawReader:
    """Frames of a raw video; a torn last frame is not counted.

    Raises:
        RecordingError: the header is missing or torn.
    """

    def __init__(self, path: Path) -> None:
        self._file = FileBytes(path)
        head = self._file.read(0, min(HEADER_BYTES, self._file.size))
        try:
            self.info = VideoInfo.from_json(head.decode())
        except (ValueError, KeyError, TypeError) as error:
            self.close()
            raise RecordingError(
                f"{path}: no raw video header in its first {HEADER_BYTES} bytes ({error})"
            ) from error

    def __len__(self) -> int:
        return max(0, self._file.size - HEADER_BYTES) // self.info.frame_bytes

    def frame(self, k: int) -> U8Array:
        """The bytes of frame k as the camera delivered them.

        Raises:
            RecordingError: they cannot be read any more.
        """
        data = np.empty(self.info.frame_bytes, np.uint8)
        self._file.read_into(data.data, HEADER_BYTES + k * self.info.frame_bytes)
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
