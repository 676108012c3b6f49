"""The capture side of the encoder process: start it, hand it frames, learn what became of them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from acquire.camera import encoder_events
from acquire.camera.frame_ring import FrameRing
from acquire.errors import AcquireError
from acquire.own_program import OWN_GROUP, command
from acquire.processes.child import signals_kept_from_children
from acquire.processes.lifeline import lifelines
from recordings.errors import RecordingError
from recordings.video import pixel_formats
from recordings.video.codecs import video_path
from recordings.video.pixel_formats import Picture

NOT_STORED: Final = -1


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """How a video file ended. `lost` frames were handed over and are not in it, for `error`."""

    path: Path
    frames: int = 0
    bytes: int = 0
    sha256: str | None = None  # None: not computed on the way
    codec: str = ""  # never "auto"
    tiling: str = "none"
    lost: int = 0
    error: str | None = None
    disk_full: bool = False


@dataclass(frozen=True, slots=True)
class EncoderStatus:
    """What the encoder is doing."""

    ready: bool = False
    path: Path | None = None  # of the file that it is writing
    waiting: int = 0  # in the ring now
    high_water: int = 0  # most that ever waited
    slots: int = 0
    cpu_s: float = 0.0
    wanted_s: float = 0.0  # on a processor, or waiting for one
    error: str | None = None  # why frames are not stored any more
    disk_full: bool = False
    ended: bool = False  # the process is gone


class _Open:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put = 0  # frames handed over
        self.done: Future[EncodedFile] = Future()


class EncoderLink:
    """One encoder process and the ring to it; of its orders two may not run at once.

    Started warm when the camera opens; then for each file `begin`, frame by frame `hold` and
    `commit` or `skip`, `end`.
    `begin` returns at once: frames wait in the ring until the encoder is there.

    Args:
        width, height, pixel_format, rate_hz: as `recordings.video.writer.VideoWriter` takes them.
        slots: frames that the ring holds.
    """

    def __init__(
        self, *, width: int, height: int, pixel_format: str, rate_hz: float, slots: int
    ) -> None:
        self._width, self._height, self._rate_hz = width, height, rate_hz
        self._format = pixel_formats.pixel_format(pixel_format)
        self.ring = FrameRing(slots, self._format.frame_bytes(width, height))
        # The listener changes the status, capture and pipe read it; `error` is read without, for
        # every frame.
        self._lock = threading.Lock()
        self._status = EncoderStatus(slots=slots)
        self._files: dict[Path, _Open] = {}
        self._file: _Open | None = None
        self._held = 0  # frames in the ring that are neither committed nor skipped
        self._process: subprocess.Popen[bytes] | None = None

    # -- capture side ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process; returns before it is ready, which the orders need not await."""
        spec = {
            "width": self._width,
            "height": self._height,
            "pixel_format": self._format.name,
            "rate_hz": self._rate_hz,
        }
        arguments = command(
            "acquire.camera.encoder_host", self.ring.handle, str(self.ring.slots), json.dumps(spec)
        )
        with signals_kept_from_children():
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                pass_fds=[*([self.ring.fd] if self.ring.fd >= 0 else []), *lifelines()],
                creationflags=OWN_GROUP,
            )
        self._listener = threading.Thread(
            target=self._listen, args=(self._process,), name="encoder", daemon=True
        )
        self._listener.start()

    def begin(
        self, path: Path, codec: str = "auto", *, hash_raw: bool = False
    ) -> Future[EncodedFile]:
        """Send the frames that follow to a new file; ends the one before, if there is one.

        `path` gets the codec's suffix where it has none; with `hash_raw` a raw file is hashed
        while it is written, as the others are. The future is done when the file is
        closed, and never fails: `EncodedFile.error` says what went wrong.

        Raises:
            RecordingError: the codec does not fit the pixel format or the rate.
            AcquireError: the encoder process is gone.
        """
        full = video_path(path, codec, self._format.name, self._rate_hz).absolute()
        with self._lock:
            if self._process is None or self._status.ended:
                raise AcquireError(
                    f"{full.name}: the encoder process is gone ({self._status.error}): start anew"
                )
            self._file = self._files[full] = _Open(full)
            self._status = replace(self._status, path=full, error=None, disk_full=False)
        body = {"path": str(full), "codec": codec, "hash_raw": hash_raw}
        self._send(encoder_events.command({"begin": body}))
        return self._file.done

    def hold(self, image: Picture) -> bool:
        """Keep a frame in the ring until `commit` or `skip`; False = full. Never waits.

        Raises:
            RecordingError: the frame has the wrong size.
        """
        frame = pixel_formats.as_bytes(image, self._format, self._width, self._height)
        kept = self.ring.try_put(frame)
        self._held += kept
        return kept

    def commit(self) -> int:
        """Have the oldest frame held written; its index in the file, or `NOT_STORED`."""
        file = self._file
        if file is None or self._status.error is not None:
            self.skip()
            return NOT_STORED
        self._held -= 1
        self.ring.set_index(self._held, file.put)
        if not self._send(bytes([encoder_events.FRAME])):
            return NOT_STORED
        file.put += 1
        return file.put - 1

    def skip(self) -> None:
        """Drop the oldest frame held."""
        self._held -= 1
        self._send(bytes([encoder_events.SKIP]))

    def end(self) -> None:
        """Close the file once the frames so far are in it; returns at once."""
        if self._file is not None:
            self._file = None
            self._send(encoder_events.command({"end": True}))

    @property
    def error(self) -> str | None:
        """Why frames are not stored any more, at no cost: for every frame."""
        return self._status.error

    @property
    def told(self) -> EncoderStatus:
        """What the process told last, at no cost: for every frame; nothing of the ring is in it."""
        return self._status

    def status(self) -> EncoderStatus:
        """The newest state."""
        waiting, high_water = self.ring.fill, self.ring.high_water
        with self._lock:
            return replace(self._status, waiting=waiting, high_water=high_water)

    def finish(self, timeout_s: float) -> bool:
        """End the file and the process; kill it if it takes longer. Idempotent; True = in time."""
        process, self._process = self._process, None
        if process is None:
            return True
        deadline = time.monotonic() + timeout_s
        self._file = None
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(OSError):
            process.stdin.close()  # that is its order to close the file and to end
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
        finished = process.wait() == 0
        self._listener.join()  # it ends with the output, which nobody may close under it
        process.stdout.close()
        self.ring.close()  # last: until it had ended, the process read frames in it
        return finished

    # -- what the encoder says ------------------------------------------------------------------

    def _send(self, data: bytes) -> bool:
        process = self._process
        if process is None or process.stdin is None:
            return False
        try:
            # Never blocks: no more bytes than the ring has slots can be on their way.
            process.stdin.write(data)
        except (OSError, ValueError):
            return False
        return True

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        for line in process.stdout:
            message = json.loads(line)
            with self._lock:
                closed = self._hear(message)
            if closed:
                closed[0].done.set_result(closed[1])  # not held: its callbacks may ask for more
        code = process.wait()  # at once: its output has ended
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        with self._lock:
            error = self._status.error or f"the encoder process has ended ({how})"
            self._status = replace(self._status, error=error, ended=True)
            orphans, self._files = self._files, {}
        for path, file in orphans.items():
            file.done.set_result(_left_behind(path, file.put, error))

    def _hear(self, message: dict[str, Any]) -> tuple[_Open, EncodedFile] | None:
        if times := _times(message):
            self._status = replace(self._status, **times)
        if "ready" in message:
            self._status = replace(self._status, ready=True)
        elif progress := message.get("progress"):
            path = Path(progress.pop("path"))
            if path != self._status.path:  # late words about the file before
                progress = _times(progress)
            self._status = replace(self._status, **progress)
        elif closed := message.get("closed"):
            path = Path(closed["path"])
            names = {field.name for field in fields(EncodedFile)} & closed.keys()
            file = EncodedFile(**{**{name: closed[name] for name in names}, "path": path})
            if path == self._status.path:
                self._status = replace(
                    self._status,
                    error=self._status.error or file.error,
                    disk_full=self._status.disk_full or file.disk_full,
                )
            if path in self._files:
                return self._files.pop(path), file
        return None


def _left_behind(path: Path, put: int, error: str) -> EncodedFile:
    """What a dead encoder has left: the frames that are whole."""
    # FFmpeg's libraries are a third of what a device process would have to load at its start.
    from recordings.video.reader import VideoReader, count_packets

    try:
        with VideoReader(path) as reader:
            info = reader.info
        frames, size = count_packets(path), path.stat().st_size
    except (RecordingError, OSError):
        return EncodedFile(path, lost=put, error=error)
    return EncodedFile(
        path, frames, size, None, info.codec, info.tiling, lost=put - frames, error=error
    )


def _times(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in ("cpu_s", "wanted_s") if name in message}
