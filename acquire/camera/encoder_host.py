"""The encoder process: takes frames from a ring and writes them to video files.

A process of its own, because beside a busy Python thread an encoder loses two thirds of its speed
to the GIL. It starts warm, before there is anything to record. `EncoderLink` is its other end.

Standard input brings what happens (`encoder_events`). Its end means that the recording process is
done, or dead: the ring is emptied, the file closed, and the process ends. Standard output takes
JSON lines: {"ready"}, {"progress": {...}} at most ten times a second, and {"closed": {...}} for
each file.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from acquire.camera.encoder_events import parse
from acquire.camera.frame_ring import FrameRing
from recordings.arrays import U8Array
from recordings.errors import DiskFull, RecordingError
from recordings.video.pixel_formats import pixel_format
from recordings.video.writer import VideoWriter

PROGRESS_S: Final = 0.1
HURRY_FILL: Final = 0.25  # of the ring: beyond, the hash is left to whoever reads the file later
_ANSWER_S: Final = 5.0  # a reader that takes nothing for so long gets no results either


def times() -> dict[str, float]:
    """Say how long this process has had a processor, and how long it had or waited for one.

    What other programs keep from the processor does not look busy by its CPU time.
    """
    waited_ns = 0
    for path in Path("/proc/self/task").glob("*/schedstat"):  # Linux
        with contextlib.suppress(OSError, ValueError, IndexError):  # the thread has ended
            waited_ns += int(path.read_text().split()[1])
    cpu_s = time.process_time()
    return {"cpu_s": round(cpu_s, 3), "wanted_s": round(cpu_s + 1e-9 * waited_ns, 3)}


class _File:
    """One video file, from its first frame until it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: VideoWriter | None = None
        self.error: RecordingError | None = None
        self.lost = 0

    def write(self, index: int, frame: U8Array) -> None:
        """Write a frame; after an error frames are counted, so that none blocks the ring.

        Raises:
            RecordingError: the first time that it cannot be written.
        """
        if self.writer is None or self.error:
            self.lost += 1
            return
        try:
            if self.writer.frames != index:
                came = f"frame {index} came as frame {self.writer.frames}"
                raise RecordingError(f"{self.path}: {came}")
            self.writer.write(frame)
        except RecordingError as error:
            self.lost += 1
            self.error = error
            raise

    def close(self) -> dict[str, Any]:
        """Close it and say how it ended."""
        summary: dict[str, Any] = {"frames": 0, "bytes": 0, "sha256": None}
        if self.writer:
            try:
                closed = self.writer.close()
            except RecordingError as error:
                self.error = self.error or error
                closed = self.writer.close()
            summary = asdict(closed)
            self.lost += self.writer.frames - closed.frames
        return summary | {"path": str(self.path), "lost": self.lost, **self.what_failed()}

    def what_failed(self) -> dict[str, Any]:
        """Say why frames are not stored any more."""
        return {
            "error": str(self.error) if self.error else None,
            "disk_full": isinstance(self.error, DiskFull),
        }


class Encoder:
    """What the process does with events."""

    def __init__(self, ring: FrameRing, spec: dict[str, Any], out: int) -> None:
        self._ring, self._spec, self._out = ring, spec, out
        self._file: _File | None = None
        # A file is closed beside the next one: what is on its way to the disk, and the sync, take
        # half a second, in which the ring of a fast camera would fill. One at a time, so that
        # memory stays bounded.
        self._closing: threading.Thread | None = None
        self._told = 0.0

    def run(self, source: int) -> None:
        """Follow the events until their end."""
        self._tell({"ready": True, **times()})
        data = bytearray()
        while chunk := os.read(source, 1 << 16):
            data += chunk
            for event in parse(data):
                self._handle(event)
        self.end()
        self._wait_closed()

    def end(self) -> None:
        """Close the file, if there is one; how it ended is told once it is closed."""
        file, self._file = self._file, None
        if file is None:
            return
        self._wait_closed()  # one at a time: what waits for it is in the ring
        self._closing = threading.Thread(
            target=self._close, args=(file,), name=f"close {file.path.name}"
        )
        self._closing.start()

    def _wait_closed(self) -> None:
        closing, self._closing = self._closing, None
        if closing:
            closing.join()

    def _close(self, file: _File) -> None:
        self._tell({"closed": file.close(), **times()})

    def _handle(self, event: dict[str, Any] | None) -> None:
        if event is None:
            self._frame()
        elif not event:
            self._ring.release()
        elif "begin" in event:
            self.end()
            self._begin(**event["begin"])
        elif "end" in event:
            self.end()
        if time.monotonic() - self._told >= PROGRESS_S:
            self._progress()

    def _begin(self, path: str, codec: str, hash_raw: bool) -> None:
        file = self._file = _File(Path(path))
        try:
            file.writer = VideoWriter(
                file.path,
                codec=codec,
                checksum=True if hash_raw else None,
                **self._spec,
            )
        except RecordingError as error:
            file.error = error
            self._progress()

    def _frame(self) -> None:
        """Write the oldest frame."""
        index, frame = self._ring.peek()
        try:
            if self._file:
                self._file.write(index, frame)
                if self._file.writer and self._ring.fill > self._ring.slots * HURRY_FILL:
                    self._file.writer.hurry()
        except RecordingError:
            self._progress()
        finally:
            del frame
            self._ring.release()

    def _progress(self) -> None:
        self._told = time.monotonic()
        if (file := self._file) is None:
            self._tell({"progress": {"path": "", **times()}}, wait_s=0)
            return
        progress = {"path": str(file.path), **file.what_failed(), **times()}
        self._tell({"progress": progress}, wait_s=0)

    def _tell(self, message: dict[str, Any], wait_s: float = _ANSWER_S) -> None:
        """Send a line; progress is dropped where nobody takes it, and nobody may be there."""
        line = json.dumps(message).encode() + b"\n"
        with contextlib.suppress(OSError):
            # One write below PIPE_BUF is taken as a whole or not at all.
            if sys.platform == "win32" or select.select([], [self._out], [], wait_s)[1]:
                os.write(self._out, line)


def main(arguments: list[str]) -> None:
    """Run the process: the ring's handle and slots, then the video's description as JSON."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the end of standard input is the only end
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    handle, slots, text = arguments
    spec = json.loads(text)
    frame_bytes = pixel_format(spec["pixel_format"]).frame_bytes(spec["width"], spec["height"])
    ring = FrameRing(int(slots), frame_bytes, handle)
    Encoder(ring, spec, sys.stdout.fileno()).run(sys.stdin.fileno())


if __name__ == "__main__":
    main(sys.argv[1:])
