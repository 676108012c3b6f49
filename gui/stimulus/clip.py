"""Clips, decoded ahead in a thread of their own, scaled to where they will be drawn."""

from __future__ import annotations

import logging
import math
import queue
import threading
from dataclasses import dataclass
from typing import Any, Final

import av
from av.video.reformatter import Colorspace
from PySide6.QtGui import QImage, QTransform

from acquire.protocol.media import MediaInfo

log = logging.getLogger(__name__)

QUEUE_FRAMES: Final = 16
"""Frames decoded ahead; the decoder waits while there are so many."""
READY_FRAMES: Final = 8
"""With so many decoded it may begin."""
SOUND_HZ: Final = 48_000
SAMPLE_BYTES: Final = 4  # of two channels, 16 bit each
POLL_S = 0.05
"""A full queue is the usual state of the decoder: so often it looks whether it is to stop."""
MAX_SOUND_S: Final = 1800.0
"""The sound of a longer clip is not played: it would have to be whole in memory."""
HD: Final = (1280, 720)
_UNSPECIFIED: Final = 2  # matrix coefficients of ITU-T H.273
ROUNDING: Final = 1e-6
"""A position that is a frame's own to within so much of a frame is before it."""


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """A decoded frame: its number, when it is due in the clip, its picture."""

    index: int
    due_s: float
    image: QImage
    buffer: Any  # what the image shows: QImage does not keep it alive


class ClipDecoder:
    """One clip; `frame_at` belongs to the thread that draws."""

    def __init__(self, info: MediaInfo, width: int, height: int) -> None:
        """Begin to decode to `width` x `height` pixels."""
        self.info = info
        self.error: str | None = None  # why there are no more pictures
        self._complaints: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.sound: bytes = b""  # 48 kHz, 16 bit, stereo; whole before the first frame
        self.shown = 0
        self.dropped = 0
        self._shown_next = 0  # the number after the newest frame that was on the screen
        self._size = (width, height)
        self._frames: queue.Queue[ClipFrame] = queue.Queue(QUEUE_FRAMES)
        self._head: ClipFrame | None = None  # the next one, not yet due
        self._now: ClipFrame | None = None
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clip decoder", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether it can begin without waiting."""
        return self._ready.is_set()

    def frame_at(self, position_s: float) -> ClipFrame | None:
        """Give the frame that belongs to a position, s; frames that were missed are counted."""
        # A mean says nothing of two frames that are close: where they vary none is before its time.
        early = 0.001 if self.info.varies else 0.25 / self.info.rate_hz
        while True:
            if self._head is None:
                try:
                    self._head = self._frames.get_nowait()
                except queue.Empty:
                    break
            if self._now is not None and self._head.due_s > position_s + early:
                break
            if self._now is not None and self._now.index >= self._shown_next:
                self.dropped += 1  # it has never been on the screen
            self._now, self._head = self._head, None
        return self._now

    def note_shown(self, frame: ClipFrame) -> None:
        """Note that a frame came onto the screen."""
        if frame.index >= self._shown_next:
            self._shown_next = frame.index + 1
            self.shown += 1

    def note_end(self, position_s: float) -> None:
        """Count what was due before a position, s, and never came onto the screen.

        A clip without one rate that does not reach its end counts only what was replaced.
        """
        if position_s >= self.info.duration_s:
            due = self.info.frames
        elif self.info.varies:
            return
        else:
            due = min(self.info.frames, math.ceil(position_s * self.info.rate_hz - ROUNDING))
        self.dropped = max(self.dropped, due - self.shown)

    def complaint(self) -> str:
        """Give what is wrong with the file and was not given yet; "" = nothing."""
        try:
            return self._complaints.get_nowait()
        except queue.Empty:
            return ""

    def is_starved(self) -> bool:
        """Whether it broke off and everything decoded before has been shown."""
        return self.error is not None and self._head is None and self._frames.empty()

    def close(self) -> None:
        """Stop decoding."""
        self._stop.set()
        # It stops between two frames; a codec that hangs must not hold up the protocol.
        self._thread.join(2.0)

    # In its thread.

    def _run(self) -> None:
        try:
            if self.info.sound and self.info.duration_s <= MAX_SOUND_S:
                self.sound = self._decode_sound()
            self._decode_pictures()
        except (av.FFmpegError, OSError, ValueError) as error:
            log.debug("%s", error, exc_info=True)
            self._break(str(error))
        finally:
            self._ready.set()

    def _break(self, why: str) -> None:
        self._complaints.put(f"{self.info.path.name}: {why}")
        self.error = why

    def _decode_sound(self) -> bytes:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=SOUND_HZ)
        parts: list[bytes] = []
        shift: int | None = None  # samples that it begins after the picture
        try:
            with av.open(str(self.info.path)) as container:
                for frame in container.decode(container.streams.audio[0]):
                    if self._stop.is_set():
                        return b""
                    if shift is None:
                        shift = round((_start_s(frame) - self.info.start_s) * SOUND_HZ)
                    parts += [_samples(f) for f in resampler.resample(frame)]
        except (av.FFmpegError, ValueError) as error:  # the pictures may be good all the same
            lasts_s = sum(map(len, parts)) / (SAMPLE_BYTES * SOUND_HZ)
            why = f"its sound breaks off after {lasts_s:.1f} s ({error}); convert it again"
            self._complaints.put(f"{self.info.path.name}: {why}")
        if shift is not None:
            parts += [_samples(f) for f in resampler.resample(None)]  # what it holds back
        shift, longest = shift or 0, round(self.info.duration_s * SOUND_HZ)
        silence = bytes(SAMPLE_BYTES * min(max(0, shift), longest))
        return silence + b"".join(parts)[SAMPLE_BYTES * max(0, -shift) :]

    def _decode_pictures(self) -> None:
        width, height = self._size[:: -1 if self.info.turned_deg % 180 else 1]
        with av.open(str(self.info.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            stream.codec_context.options = {"err_detect": "explode"}  # no made-up pictures
            first: float | None = None
            index = 0
            for index, frame in enumerate(container.decode(stream)):
                picture = frame.reformat(
                    width,
                    height,
                    format="bgra",
                    src_colorspace=self._colours_of(frame),
                    interpolation="BILINEAR",
                )
                plane = picture.planes[0]
                image = QImage(
                    memoryview(plane), width, height, plane.line_size, QImage.Format.Format_RGB32
                )
                if self.info.turned_deg:
                    image = image.transformed(QTransform().rotate(self.info.turned_deg))
                time = index / self.info.rate_hz if frame.pts is None else frame.time
                first = time if first is None else first
                if not self._put(ClipFrame(index, time - first, image, picture)):
                    return
                if index + 1 >= READY_FRAMES:
                    self._ready.set()
        if (decoded := 0 if first is None else index + 1) < self.info.frames:
            self._break(f"breaks off after {decoded} of {self.info.frames} frames")

    def _colours_of(self, frame: av.VideoFrame) -> Colorspace | None:
        """Say how its colours are coded where it does not: HD is BT.709, as players take it."""
        is_hd = self.info.stored[0] >= HD[0] or self.info.stored[1] >= HD[1]
        return Colorspace.ITU709 if frame.colorspace == _UNSPECIFIED and is_hd else None

    def _put(self, frame: ClipFrame) -> bool:
        while not self._stop.is_set():
            try:
                self._frames.put(frame, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False


def _start_s(frame: av.AudioFrame) -> float:
    """Say when a frame begins, s; 0 where it does not tell."""
    start = frame.pts
    return 0.0 if start is None or frame.time_base is None else float(start * frame.time_base)


def _samples(frame: av.AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES]
