"""From a camera's frames to video files and an index stream: no frame without a fate.

The driver's thread calls `publish`; it copies the frame into the ring, pushes the index rows that
are decided, and never waits. A frame is stored if and only if its stamp lies between the
recording's start and stop and, where there is a gate, in a trial. With a gate a frame waits in the
ring until the gate has decided, and its row with it.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from acquire.camera.encoder_link import NOT_STORED
from acquire.camera.gate import Decision, Gate
from acquire.camera.preview import PreviewTap
from acquire.camera.video_files import FileEvent, VideoFiles
from acquire.errors import AcquireError
from acquire.lsl.clock import local_clock
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet
from acquire.processes.loss_log import LossLog
from acquire.processes.messages import VideoSummary
from acquire.rig.video import VideoOptions
from devices.base import Channel, Frame, StreamSpec, VideoSpec
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.pixel_formats import pixel_format

LATE_S = 0.5
"""How long a stop waits for a frame after it, before it takes the camera for silent."""

LATE_FRAMES = 10_000
"""So many of the newest frames tell how late capture is."""

_UNITS = {"device_time_s": "seconds", "exposure_us": "microseconds"}
_INDEX, _FRAME, _FATE = (INDEX_CHANNELS.index(n) for n in ("file_index", "device_frame", "fate"))


def index_spec(video: VideoSpec, codec: str, tiling: str) -> StreamSpec:
    """Describe the index stream of a camera: one row a frame."""
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
            "codec": codec,
            "tiling": tiling,
            **video.desc,
        },
    )


@dataclass(slots=True)
class _Row:
    """An index row; `fate` is None while the frame is held and the gate has not decided."""

    stamp: float
    values: list[float]
    fate: Fate | None


class CameraStream:
    """Publishes the frames of one camera and has them stored."""

    def __init__(
        self,
        spec: VideoSpec,
        device: str,
        options: VideoOptions,
        model: ClockModel,
        losses: LossLog,
    ) -> None:
        """Announce the index stream and start the encoder.

        Raises:
            RecordingError: the codec does not fit the camera's format or rate, or there is not
                enough memory for the ring.
        """
        self.spec = spec
        self.gate = Gate(options.gate) if options.gate else None
        self._files = VideoFiles(spec, options)
        self.outlet = Outlet(index_spec(spec, self._files.codec, self._files.tiling), device)
        self.preview = PreviewTap(pixel_format(spec.pixel_format), spec.width, spec.height)
        self.captured = 0
        self._fates = dict.fromkeys(Fate, 0)
        self._model = model
        self._losses = losses
        self._lock = threading.Lock()  # publish in one thread; arm, start and stop in another
        self._start = self._stop = math.inf
        self._past_stop = threading.Event()
        self._split: tuple[float, Path] | None = None  # LSL time, stem of the files from then on
        self._has_split = threading.Event()
        self._waiting: deque[_Row] = deque()
        self._last_stamp = -math.inf
        self._late: deque[float] = deque(maxlen=LATE_FRAMES)

    # Recording: called by the engine, over the pipe.

    def arm(self, path: Path) -> Path:
        """Open a video file; nothing is stored before `start`. Gives the path with its suffix.

        Raises:
            AcquireError: the encoder is gone.
        """
        with self._lock:
            self._start = self._stop = math.inf
            self._past_stop.clear()
            self._fates = dict.fromkeys(Fate, 0)
            return self._files.begin(path)

    def start(self, lsl_start: float) -> None:
        """Store the frames stamped at or after LSL time `lsl_start`."""
        with self._lock:
            self._start = lsl_start

    def stop(self, lsl_stop: float) -> None:
        """Store no frame stamped after `lsl_stop`; the file is then being closed."""
        with self._lock:
            self._stop = lsl_stop
        _wait(self._past_stop, lsl_stop)
        with self._lock:
            self._settle(math.inf)
            self._start = math.inf
            self._files.end()

    def split(self, lsl_split: float, stem: Path) -> list[VideoSummary]:
        """Store frames stamped from `lsl_split` on in another file; tell how those before ended."""
        with self._lock:
            self._has_split.clear()
            self._split = lsl_split, stem
        _wait(self._has_split, lsl_split)
        with self._lock:
            self._change_files()
        return self._with_lateness(self._files.summaries_before_split())

    def _change_files(self) -> None:
        """Carry out a split; a gate decides on the frames before it as it does at a stop."""
        if self._split is None:
            return
        (self._start, stem), self._split = self._split, None
        self._settle(math.inf)
        self._fates = dict.fromkeys(Fate, 0)
        with contextlib.suppress(AcquireError):  # the encoder is gone: told, and frames counted
            self._files.split(stem)
        self._has_split.set()

    def summaries(self) -> list[VideoSummary]:
        """Tell how the files ended, once they are closed."""
        return self._with_lateness(self._files.summaries())

    def _with_lateness(self, files: list[VideoSummary]) -> list[VideoSummary]:
        late = float(np.percentile(self._late, 99)) * 1e3 if self._late else None
        return [replace(file, late_p99_ms=late) for file in files]

    def take_code(self, time: float, code: int) -> None:
        """Take in a trigger code for the gate, LSL time in seconds."""
        if self.gate is not None:
            with self._lock:
                self.gate.take(time, code)

    @property
    def fates(self) -> dict[Fate, int]:
        """The frames of this recording so far, by fate."""
        return dict(self._fates)

    def new_events(self) -> list[FileEvent]:
        """Give what has happened to the files since the last call: level, code, text.

        An encoder that has died is replaced on the way.
        """
        events = self._files.new_events()
        if self._files.encoder_died:
            with self._lock:
                self._give_up_held()
                self._files.bury()
        if self._files.encoder_due:
            with self._lock:
                self._files.revive()
        return events + self._files.new_events()

    def _give_up_held(self) -> None:
        """The frames in the ring of a dead encoder are lost, those that a gate holds as well."""
        for row in self._waiting:
            if row.fate is None:
                row.fate = Fate.ENCODER_ERROR
        self._settle(local_clock())

    def ring_fill(self) -> float:
        """How full the ring is, 0…1."""
        return self._files.ring_fill()

    # Frames: called by the driver's thread.

    def publish(self, frame: Frame) -> None:
        """Store the frame if it belongs to the recording, and push the rows that are decided."""
        self._late.append(local_clock() - frame.time)
        stamp = self._stamp(frame)
        with self._lock:
            if self._split is not None and stamp >= self._split[0]:
                self._change_files()
            if frame.lost:
                self._add_lost(frame, stamp)
            values = [NOT_STORED, frame.device_frame, *map(_nan, _details(frame)), math.nan]
            self._waiting.append(_Row(stamp, values, self._receive(frame, stamp)))
            self._settle(local_clock())
        if frame.image is not None:
            self.preview.offer(frame.image, stamp, frame.device_frame)
        self.captured += 1 + frame.lost
        self._last_stamp = stamp
        if stamp > self._stop:
            self._past_stop.set()

    def _stamp(self, frame: Frame) -> float:
        time = frame.time
        if frame.device_time is not None:
            self._model.observe(frame.device_time, frame.time)
            time = float(self._model.map(np.array([frame.device_time]))[0])
        # Stamps never fall, and a frame is stored by the stamp that is published.
        return max(time, self._last_stamp)

    def _receive(self, frame: Frame, stamp: float) -> Fate | None:
        """Put the frame into the ring, if it may be wanted; give its fate if it is known."""
        if frame.image is None or frame.fault is not None:
            return Fate.INCOMPLETE
        if not self._start <= stamp <= self._stop:
            return Fate.NOT_RECORDING
        return None if self._files.hold(frame.image) else self._files.why_not()

    def _settle(self, now: float) -> None:
        """Decide on the frames that wait, oldest first, and push their rows."""
        decided: list[_Row] = []
        while self._waiting and self._decide(self._waiting[0], now):
            decided.append(self._waiting.popleft())
        if not decided:
            return
        for row in decided:
            assert row.fate is not None
            row.values[_FATE] = row.fate.code
            self._fates[row.fate] += 1
        self.outlet.push(
            np.array([row.stamp for row in decided]),
            np.array([row.values for row in decided], np.float64),
        )

    def _decide(self, row: _Row, now: float) -> bool:
        if row.fate is not None:
            return True
        decision = self.gate.decide(row.stamp, now) if self.gate else Decision.STORE
        if decision is Decision.WAIT:
            return False
        if decision is Decision.DROP:
            self._files.skip()
            row.fate = Fate.GATED
            return True
        index = self._files.commit()
        row.values[_INDEX] = index
        row.fate = Fate.STORED if index != NOT_STORED else Fate.ENCODER_ERROR
        return True

    def _add_lost(self, frame: Frame, stamp: float) -> None:
        """Give the frames that never came a row each, spread over the gap."""
        self._losses.add(self.spec.name, stamp, frame.lost)
        if math.isinf(self._last_stamp):
            return
        times = np.linspace(self._last_stamp, stamp, frame.lost + 2)[1:-1]
        for k, time in enumerate(times.tolist()):
            values = [math.nan] * len(INDEX_CHANNELS)
            values[_INDEX] = NOT_STORED
            values[_FRAME] = frame.device_frame - frame.lost + k
            self._waiting.append(_Row(time, values, Fate.DEVICE_LOST))

    def finish(self) -> None:
        """Finish the files and end the encoder."""
        self._files.close()


def _details(frame: Frame) -> tuple[float | None, ...]:
    return frame.device_time, frame.exposure_us, frame.code


def _nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _wait(passed: threading.Event, lsl_time: float) -> None:
    """Wait for a frame from after an LSL time; a silent camera sends none."""
    passed.wait(max(0.0, lsl_time - local_clock()) + LATE_S)
