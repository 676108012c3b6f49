"""From a camera's frames to a video file and an index stream: no frame without a fate.

The driver's thread calls `publish`; it copies the frame into the ring and pushes one index row, and
never waits. A frame is stored if and only if its stamp lies between the recording's start and stop.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from acquire.clock import ClockModel
from acquire.encoder_process import NOT_STORED, EncodedFile, EncoderProcess
from acquire.lsl import Outlet
from acquire.messages import VideoSummary
from acquire.signals import LossLog
from devices.base import Channel, Frame, StreamSpec, VideoSpec
from recordings.codecs import Codec, choose_codec
from recordings.manifest import INDEX_CHANNELS, Fate
from recordings.planes import pixel_format

RING_S = 1.0
RING_SLOTS = 16
"""The ring holds a second of frames, and never fewer than this."""
LATE_S = 0.5
"""How long a stop waits for a frame after it, before it takes the camera for silent."""
CLOSE_S = 15.0
"""How long the encoder may take to empty a full ring and close the file."""

_UNITS = {"device_time_s": "seconds", "exposure_us": "microseconds"}


def index_spec(video: VideoSpec, codec: Codec) -> StreamSpec:
    """Describe the index stream of a camera: one row a frame."""
    tiled = pixel_format(video.pixel_format).tiling(video.width, video.height)
    return StreamSpec(
        name=video.name,
        type="VideoFrames",
        channels=tuple(Channel(c, _UNITS.get(c, ""), "Index") for c in INDEX_CHANNELS),
        rate_hz=video.rate_hz,
        dtype="float64",
        source_id=video.source_id,
        manufacturer=video.manufacturer,
        model=video.model,
        can_drop_samples=True,
        desc={
            "width": str(video.width),
            "height": str(video.height),
            "pixel_format": video.pixel_format,
            "codec": codec.name,
            "tiling": "none" if codec.container == "raw" else tiled,
            **video.desc,
        },
    )


class CameraStream:
    """Publishes the frames of one camera and has them stored."""

    def __init__(
        self, spec: VideoSpec, device: str, codec: str, model: ClockModel, losses: LossLog
    ) -> None:
        """Announce the index stream and start the encoder.

        Raises:
            RecordingError: the codec does not fit the camera's format or rate.
        """
        self.spec = spec
        self._codec = choose_codec(codec, pixel_format(spec.pixel_format), spec.rate_hz)
        self.outlet = Outlet(index_spec(spec, self._codec), device)
        self.captured = 0
        self._model = model
        self._losses = losses
        self._lock = threading.Lock()  # publish in one thread; arm, start and stop in another
        self._start = self._stop = math.inf
        self._past_stop = threading.Event()
        self._done: Future[EncodedFile] | None = None
        self._told: str | None = None  # the failure that has been told
        self._encoder = EncoderProcess(
            width=spec.width,
            height=spec.height,
            pixel_format=spec.pixel_format,
            rate_hz=spec.rate_hz,
            slots=max(RING_SLOTS, round(RING_S * spec.rate_hz)),
        )
        self._encoder.start()

    def arm(self, path: Path) -> Path | None:
        """Open a video file; nothing is stored before `start`. Gives the path with its suffix.

        Raises:
            AcquireError: the encoder is gone.
        """
        with self._lock:
            self._start = self._stop = math.inf
            self._past_stop.clear()
            self._told = None
            self._done = self._encoder.begin(path, self._codec.name)
            return self._encoder.status().path

    def start(self, lsl_start: float) -> None:
        """Store the frames stamped at or after LSL time `lsl_start`."""
        with self._lock:
            self._start = lsl_start

    def stop(self, lsl_stop: float) -> None:
        """Store no frame stamped after `lsl_stop`; the file is then being closed."""
        with self._lock:
            self._stop = lsl_stop
        self._past_stop.wait(max(0.0, lsl_stop - self.outlet.last_stamp) + LATE_S)
        with self._lock:
            self._start = math.inf
            self._encoder.end()

    def summary(self) -> VideoSummary | None:
        """Tell how the file ended, once it is closed; None where none was open."""
        if self._done is None:
            return None
        file, self._done = self._done.result(CLOSE_S), None
        return VideoSummary(
            stream=self.spec.name,
            path=file.path,
            codec=file.codec,
            tiling=file.tiling,
            frames=file.frames,
            bytes=file.bytes,
            sha256=file.sha256,
            taken_back=file.lost,
            error=file.error,
            disk_full=file.disk_full,
        )

    def new_failure(self) -> tuple[str, str] | None:
        """Say once for each file why frames cannot be stored any more: event code and text."""
        status = self._encoder.status()
        if status.error is None or self._done is None or status.error == self._told:
            return None
        self._told = status.error
        code = "disk-full" if status.disk_full else "video-failed"
        return code, f"{self.spec.name}: frames are not stored any more: {status.error}"

    def ring_fill(self) -> float:
        """How full the ring is, 0…1."""
        status = self._encoder.status()
        return status.waiting / status.slots

    def publish(self, frame: Frame) -> None:
        """Store the frame if it belongs to the recording, and push its index row."""
        stamp = self._stamp(frame)
        if frame.lost:
            self._push_lost(frame, stamp)
        with self._lock:
            fate, index = self._decide(frame, stamp)
        self._push_row(stamp, index, frame, fate)
        self.captured += 1
        if stamp > self._stop:
            self._past_stop.set()

    def _stamp(self, frame: Frame) -> float:
        time = frame.time
        if frame.device_time is not None:
            self._model.observe(frame.device_time, frame.time)
            time = float(self._model.map(np.array([frame.device_time]))[0])
        # The outlet's stamps never fall, and a frame is stored by the stamp that is published.
        return max(time, self.outlet.last_stamp)

    def _decide(self, frame: Frame, stamp: float) -> tuple[Fate, int]:
        if frame.image is None or frame.fault is not None:
            return Fate.INCOMPLETE, NOT_STORED
        if not self._start <= stamp <= self._stop:
            return Fate.NOT_RECORDING, NOT_STORED
        index = self._encoder.put(frame.image)
        if index != NOT_STORED:
            return Fate.STORED, index
        failed = self._encoder.status().error is not None
        return (Fate.ENCODER_ERROR if failed else Fate.RING_FULL), NOT_STORED

    def _push_row(self, stamp: float, index: int, frame: Frame, fate: Fate) -> None:
        row = (
            index,
            frame.device_frame,
            _nan(frame.device_time),
            _nan(frame.exposure_us),
            _nan(frame.code),
            fate.code,
        )
        self.outlet.push(np.array([stamp]), np.array([row], np.float64))

    def _push_lost(self, frame: Frame, stamp: float) -> None:
        """Give the frames that never came a row each, spread over the gap."""
        self._losses.add(self.spec.name, stamp, frame.lost)
        last = self.outlet.last_stamp
        if math.isinf(last):
            return
        rows = np.full((frame.lost, len(INDEX_CHANNELS)), np.nan)
        rows[:, INDEX_CHANNELS.index("file_index")] = NOT_STORED
        numbers = np.arange(frame.device_frame - frame.lost, frame.device_frame)
        rows[:, INDEX_CHANNELS.index("device_frame")] = numbers
        rows[:, INDEX_CHANNELS.index("fate")] = Fate.DEVICE_LOST.code
        self.outlet.push(np.linspace(last, stamp, frame.lost + 2)[1:-1], rows)
        self.captured += frame.lost

    def close(self) -> None:
        """Finish the file, end the encoder and withdraw the stream."""
        self._encoder.finish(CLOSE_S)
        self.outlet.close()


def _nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
