"""What one camera has of one take: its interval, its files, and the fates of its frames."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from acquire.camera.encoder_link import EncodedFile
from acquire.processes.futures import joined
from acquire.processes.messages import Interval, VideoSummary
from recordings.stream_kinds import Fate


class VideoTake:
    """One take, as one camera sees it; the camera's lock guards it."""

    def __init__(self, number: int, stem: Path, *, hash_raw: bool = False) -> None:
        self.number = number
        self.stem = stem
        self.hash_raw = hash_raw  # whether a raw file is hashed while it is written
        self.interval = Interval()
        self.files: list[Future[EncodedFile]] = []
        self.fates = dict.fromkeys(Fate, 0)
        self.failure: str | None = None  # the failure of its encoder that was reported
        self.late_p99_ms: float | None = None  # from a frame's arrival until it was taken in
        self.alarmed = False  # whether its ring was reported to fill
        self.closed: Future[list[VideoSummary]] = Future()

    def close(self, stream: str) -> None:
        """Have `closed` done once every file is; frames are committed to none of them any more.

        The encoder's listener completes the files, so nobody waits here.
        """
        joined(self.files).add_done_callback(
            lambda all_: self.closed.set_result([self._summary(stream, f) for f in all_.result()])
        )

    def _summary(self, stream: str, file: EncodedFile) -> VideoSummary:
        return VideoSummary(
            take=self.number,
            stream=stream,
            path=file.path,
            codec=file.codec,
            tiling=file.tiling,
            frames=file.frames,
            bytes=file.bytes,
            sha256=file.sha256,
            late_p99_ms=self.late_p99_ms,
            taken_back=file.lost,
            error=file.error,
            disk_full=file.disk_full,
        )
