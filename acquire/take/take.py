"""One recording, from its first sample to its closing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recordings.manifest import State, StreamEntry, VideoEntry


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a recording ended. `path` is the session's folder, or the XDF file."""

    path: Path
    state: State
    streams: tuple[StreamEntry, ...]
    videos: tuple[VideoEntry, ...]
    alarms: int
    error: str | None = None

    @property
    def lost(self) -> int:
        """Samples and frames that should be there and are not."""
        return sum(stream.lost for stream in self.streams)
