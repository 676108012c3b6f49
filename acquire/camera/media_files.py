"""What a camera or a microphone stores into: `VideoFiles` and `SoundFiles` are of this shape."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from acquire.camera.video_files import FileEvent
from acquire.camera.video_take import VideoTake
from devices.arrays import Array
from recordings.stream_kinds import Fate


class MediaFiles(Protocol):
    """The files that frames go to, one take after the other, and what becomes of them."""

    @property
    def take(self) -> VideoTake | None:
        """The take that frames go to."""

    def path_of(self, take: VideoTake) -> Path:
        """Name the first file of a take."""

    def begin(self, take: VideoTake) -> None:
        """Send the frames that follow to the first file of a take."""

    def end(self) -> None:
        """Close the take's file once the frames committed so far are in it; returns at once."""

    def hold(self, image: Array) -> bool:
        """Keep a frame; False = not stored, see `why_not`."""

    def why_not(self) -> Fate:
        """Say why `hold` refused."""

    def commit(self) -> int:
        """Have the oldest frame held written; its index in the file, or NOT_STORED."""

    def skip(self) -> None:
        """Drop the oldest frame held."""

    def ring_fill(self) -> float:
        """How full what is kept for the disk is, 0…1."""

    def new_events(self) -> list[FileEvent]:
        """Give what has happened since the last call."""

    @property
    def encoder_died(self) -> bool:
        """Whether what encodes has ended by itself; `bury` it."""

    def bury(self) -> None:
        """Let go of it; no frame may be held by then."""

    @property
    def encoder_due(self) -> bool:
        """Whether it is to be replaced now."""

    def revive(self) -> None:
        """Start another; a take that is being written goes on in a further file."""

    def close(self) -> None:
        """Finish the file and end what encodes."""
