"""From frames, or blocks of sound, to files and an index stream: no frame without a fate.

The driver's thread calls `publish`; it copies the frame into the ring, pushes the index rows that
are decided, and never waits. A frame is stored if and only if its stamp lies in a take and, where
there is a gate, in a trial. With a gate a frame waits in the ring until the gate has decided, and
its row with it. Each row names the take in whose file its frame is, so that rows and frames stay
together however late this process heard of an order.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acquire.camera.encoder_link import NOT_STORED
from acquire.camera.gate import Decision, Gate
from acquire.camera.video_files import FileEvent, VideoFiles
from acquire.camera.video_take import VideoTake
from acquire.errors import AcquireError
from acquire.lsl.clock import local_clock
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet, rising
from acquire.processes.loss_log import LossLog, missed
from acquire.processes.messages import Interval, VideoSummary
from devices.arrays import Array
from devices.base import Frame, MediaSpec
from recordings.stream_kinds import INDEX_CHANNELS, Fate

if TYPE_CHECKING:  # it brings FFmpeg
    from acquire.camera.sound_files import SoundFiles

LATE_S = 0.5
"""How long a stop waits for a frame after it, before it takes the camera for silent."""
LATEST_S = 2.5
"""So long at most where frames are late by nature, as long blocks of sound are: the recorder waits
no more than half a second longer for their rows."""

LATE_FRAMES = 10_000
"""So many of the newest frames tell how late capture is."""

_INDEX, _FRAME, _FATE, _TAKE = (
    INDEX_CHANNELS.index(name) for name in ("file_index", "device_frame", "fate", "take")
)


@dataclass(slots=True)
class _Row:
    """An index row; `fate` is None while the frame is held and the gate has not decided."""

    stamp: float
    values: list[float]
    fate: Fate | None
    take: VideoTake | None  # None: no take holds it


class FrameStream:
    """Publishes the frames of one camera, or the blocks of one microphone, and has them stored."""

    def __init__(
        self,
        spec: MediaSpec,
        files: VideoFiles | SoundFiles,
        outlet: Outlet,
        model: ClockModel,
        losses: LossLog,
        gate: Gate | None = None,
    ) -> None:
        self.spec = spec
        self.gate = gate
        self.outlet = outlet
        self._files = files
        self.captured = 0
        self._model = model
        self._losses = losses
        # Frames are published in one thread; takes are armed, started and stopped in another. It
        # is never held while anybody waits: a frame must not.
        self._lock = threading.Lock()
        self._takes: list[VideoTake] = []  # those whose files are not being closed, oldest first
        self._newest: VideoTake | None = None
        self._waiting: deque[_Row] = deque()
        self._last_stamp = -math.inf
        self._was_away = False
        self._late: deque[float] = deque(maxlen=LATE_FRAMES)

    # Takes: called by the engine, over the pipe.

    def arm(self, number: int, stem: Path, *, hash_raw: bool = False) -> Path:
        """Prepare a take; nothing is stored before `start`. Gives the path of its first file.

        The file is opened at once, unless a take runs: then once that one is over.

        Raises:
            AcquireError: the encoder is gone.
        """
        with self._lock:
            take = VideoTake(number, stem, hash_raw=hash_raw)
            path = self._files.path_of(take)
            if not self._takes:
                self._files.begin(take)
            self._takes.append(take)
            return path

    def start(self, number: int, lsl_start: float) -> None:
        """Store the frames stamped at or after LSL time `lsl_start` in that take."""
        with self._lock:
            take = self._take_numbered(number)
            take.interval = Interval(lsl_start, take.interval.stop)
            self._newest = take

    def stop(self, number: int, lsl_stop: float) -> Future[list[VideoSummary]]:
        """Store no frame stamped after `lsl_stop` in that take; tell how its files end.

        It is over with the first frame past its stop, or once `look_after` finds none coming.
        """
        with self._lock:
            take = self._take_numbered(number)
            take.interval = Interval(take.interval.start, lsl_stop)
            if take.interval.start > lsl_stop:  # it was never begun: no frame can come
                self._close(take)
            return take.closed

    def _take_numbered(self, number: int) -> VideoTake:
        for take in self._takes:
            if take.number == number:
                return take
        raise AcquireError(f"{self.spec.name}: take {number} was never armed here")

    def look_after(self, now: float) -> None:
        """Leave the takes that are over and after which no frame comes."""
        with self._lock:
            over = [take for take in self._takes if take.interval.stop + LATE_S < now]
            if not over:  # as nearly always: how late frames are takes a millisecond to work out
                return
            late_s = min(LATE_S + max(0.0, self._late_p99_s()), LATEST_S)
            if over[0].interval.stop + late_s < now:
                self._leave_until(over[0])

    def _late_p99_s(self) -> float:
        return float(np.percentile(self._late, 99)) if self._late else 0.0

    def _leave_until(self, last: VideoTake) -> None:
        """Close the files of the takes up to this one, and open the next one's.

        A gate decides now on what it holds: no pre-roll reaches back over the end of a take.
        """
        self._settle(math.inf)
        for take in [take for take in self._takes if take.number <= last.number]:
            self._close(take)

    def _close(self, take: VideoTake) -> None:
        self._takes.remove(take)
        if self._late:
            take.late_p99_ms = 1e3 * self._late_p99_s()
        if self._files.take is not take:  # nothing was ever opened for it
            take.closed.set_result([])
            return
        self._files.end()
        if self._takes:
            with contextlib.suppress(AcquireError):  # no encoder: reported, and `revive` opens it
                self._files.begin(self._takes[0])

    def take_code(self, time: float, code: int) -> None:
        """Take in a trigger code for the gate, LSL time in seconds."""
        if self.gate is not None:
            with self._lock:
                self.gate.take(time, code)

    @property
    def fates(self) -> dict[Fate, int]:
        """The frames of the newest take so far, by fate."""
        take = self._newest
        return dict(take.fates) if take is not None else dict.fromkeys(Fate, 0)

    def new_events(self) -> list[FileEvent]:
        """Give what has happened to the files since the last call."""
        return self._files.new_events()

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

    def reopened(self) -> None:
        """Learn that the device was away: what comes next comes after a gap."""
        self._was_away = True

    def publish(self, frame: Frame) -> None:
        """Store the frame if it belongs to the recording, and push the rows that are decided."""
        if math.isfinite(late := local_clock() - frame.time):
            self._late.append(late)
        stamp = self._stamp(frame)
        lost = frame.lost
        if self._was_away and not lost:
            lost = missed(self.spec.rate_hz, self._last_stamp, stamp)
        self._was_away = False
        with self._lock:
            if lost:
                self._add_lost(frame, stamp, lost)
            take = self._take_at(stamp)
            over = [t for t in self._takes if t.interval.stop < stamp]
            if over:
                self._leave_until(over[-1])
            details = map(_nan, (frame.device_time, frame.exposure_us, frame.code))
            values = [NOT_STORED, frame.device_frame, *details, math.nan, math.nan]
            self._waiting.append(_Row(stamp, values, self._receive(frame, take), take))
            self._settle(local_clock())
        if frame.image is not None:
            self.show(frame.image, stamp, frame.device_frame)
        self.captured += 1 + lost
        self._last_stamp = stamp

    def show(self, image: Array, stamp: float, device_frame: int) -> None:
        """Let a frame be looked at; nothing unless overridden."""

    def _take_at(self, stamp: float) -> VideoTake | None:
        """Give the take that holds a stamp; where a split was heard late, the older one."""
        return next((take for take in self._takes if take.interval.has(stamp)), None)

    def _stamp(self, frame: Frame) -> float:
        """Give the stamp that is published: a frame is stored by it."""
        time = float(frame.time)
        if frame.device_time is not None:
            if math.isfinite(frame.device_time) and math.isfinite(time):
                self._model.observe(frame.device_time, time)
            mapped = float(self._model.map(np.array([frame.device_time], np.float64))[0])
            time = mapped if math.isfinite(mapped) else time
        if not math.isfinite(time):
            time = local_clock()
        return float(rising(np.array([time]), self._last_stamp)[0])

    def _receive(self, frame: Frame, take: VideoTake | None) -> Fate | None:
        """Put the frame into the ring, if it may be wanted; give its fate if it is known."""
        if frame.image is None or frame.fault is not None:
            return Fate.INCOMPLETE
        if take is None or take is not self._files.take:  # begun before the one that is written
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
            if row.take is not None:
                row.values[_TAKE] = row.take.number
                row.take.fates[row.fate] += 1
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

    def _add_lost(self, frame: Frame, stamp: float, lost: int) -> None:
        """Give the frames that never came a row each, spread over the gap.

        Without a number where none can be told, as the device counts anew after an absence.
        """
        self._losses.add(self.spec.name, stamp, lost)
        if math.isinf(self._last_stamp):
            return
        times = np.linspace(self._last_stamp, stamp, lost + 2)[1:-1]
        for k, time in enumerate(times.tolist()):
            values = [math.nan] * len(INDEX_CHANNELS)
            values[_INDEX] = NOT_STORED
            if frame.lost:
                values[_FRAME] = frame.device_frame - lost + k
            self._waiting.append(_Row(time, values, Fate.DEVICE_LOST, self._take_at(time)))

    def finish(self) -> None:
        """Finish the files and end the encoder."""
        with self._lock:
            if self._takes:
                self._leave_until(self._takes[-1])
        self._files.close()


def _nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
