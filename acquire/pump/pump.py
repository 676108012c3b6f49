"""The pump: one thread that empties all inlets four times a second, recording or not.

Inlets stay warm while nothing is recorded, so that a start takes effect at once. Measured: one
thread that polls with timeout 0 every 0.25 s costs half of what a pull per stream every 0.1 s does.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet, OffsetEstimate
from acquire.lsl.streams import FoundStream
from acquire.processes.messages import Loss, Tell
from acquire.pump.live_stream import DEVICE, LiveStream
from acquire.pump.stream_watch import Alarm, StreamWatch
from acquire.take.xdf_recorder import RecordedStream, Recording, is_sane
from devices.arrays import Array, F64Array
from recordings.errors import RecordingError

log = logging.getLogger(__name__)

PUMP_S = 0.25
LOOK_S = 0.5
"""How often it is seen whether a stream is silent or piles up."""
DRAIN_S = 0.02
"""How often inlets are looked at while a recording is being stopped."""
QUIET_S = 0.1
"""A marker pushed right before the stop arrives within this time."""
DRAIN_LIMIT_S = 0.35
"""How long a stop waits for samples from before it."""
SPLIT_LIMIT_S = 3.0
"""How long a split does; nobody waits for that."""
HOUSEKEEPING_S = 1.0
"""How often data are synced to the disk; liblsl makes a clock offset every 2 s."""
OPENING_S = 0.1
"""How often clock offsets are asked for while a stream has none yet."""
CONNECTED_POLL_S = 0.02
MAX_ROUNDS = 64
"""Pulls of one stream in one turn: more is a backlog, and waits for the next turn."""

Pulled = tuple[F64Array, Array]
"""Stamps, shape (n,), and data, shape (n, channels)."""


class Pump:
    """Moves samples from inlets to the recording, and watches them on the way."""

    def __init__(
        self,
        report: Tell,
        on_failure: Callable[[RecordingError], None],
        each_second: Callable[[], None],
    ) -> None:
        self._report = report
        self._on_failure = on_failure
        self._each_second = each_second
        self.lock = threading.Lock()
        self.streams: list[LiveStream] = []
        self.selection: frozenset[str] | None = None  # names, for the next recording; None = all
        self._chosen: frozenset[str] | None = None  # those of the recording that runs
        self._recording: Recording | None = None
        self._ending: Recording | None = None  # the one that a split ends, while it is drained
        self._split = math.inf  # LSL time of that split
        self._told: RecordingError | None = None  # the failure that `on_failure` has heard
        self._drain_until = math.inf
        self._next_look = -math.inf
        self._complaints: set[str] = set()
        self._drained = threading.Event()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._sync_lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name="pump", daemon=True),
            threading.Thread(target=self._keep_house, name="housekeeping", daemon=True),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop the threads and disconnect from all streams."""
        self._closing.set()
        self._wake.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for stream in self.streams:
            if stream.inlet is not None:
                stream.inlet.close()
                stream.inlet = None

    # Streams come and go.

    def add(self, found: FoundStream, inlet: Inlet, xml: str, device: str | None) -> LiveStream:
        """Take in a new stream; a running recording gets it at once."""
        stream = LiveStream(found, xml, device, inlet, StreamWatch(found, local_clock()))
        with self.lock:
            self.streams = [*self.streams, stream]
            if self._recording is not None and self.is_selected(stream):
                stream.recorded = self._recording.add(found, xml, device)
        return stream

    def is_chosen(self, name: str) -> bool:
        """Whether the next recording gets the stream of that name."""
        return self.selection is None or name in self.selection

    def is_selected(self, stream: LiveStream) -> bool:
        """Whether the recording gets this stream: the one that runs, or else the next."""
        names = self.selection if self._recording is None else self._chosen
        return names is None or stream.name in names or stream.device == DEVICE

    def reconnect(self, stream: LiveStream, found: FoundStream, inlet: Inlet) -> None:
        """Go on with a stream whose outlet came back in the same shape."""
        with self.lock:
            stream.found, stream.inlet = found, inlet
            stream.estimate = stream.first_estimate = None
            stream.watch = StreamWatch(found, local_clock())
            for recorded in filter(None, (stream.recorded, stream.ending)):
                recorded.was_away = True

    def wait_connected(self, uids: set[str], timeout_s: float) -> None:
        """Wait until the streams of these LSL uids are connected, or as long as `timeout_s`."""
        deadline = local_clock() + timeout_s
        while local_clock() < deadline and not self._closing.wait(CONNECTED_POLL_S):
            if uids <= {s.found.uid for s in self.streams if s.inlet is not None}:
                return

    def forget(self, device: str) -> None:
        """Drop what a device had announced before it was changed; nothing is being recorded."""
        with self.lock:
            if self._recording is None:
                gone = [s for s in self.streams if s.device == device and s.inlet is None]
                self.streams = [s for s in self.streams if s not in gone]

    def renew(self, stream: LiveStream, inlet: Inlet) -> None:
        """Go on with another connection to the same outlet; the old one gives nothing any more."""
        with self.lock:
            old, stream.inlet = stream.inlet, inlet
        if old is not None:
            old.close()

    # Recording.

    def begin(self, recording: Recording) -> None:
        """Write the headers; samples are dropped until `keep_from` says when to begin."""
        with self.lock:
            self._chosen = self.selection
            self._add_streams(recording)
            self._turn(None)  # what came before the start is of no use
            recording.flush(local_clock())
            self._recording = recording

    def _add_streams(self, recording: Recording) -> None:
        for stream in filter(self.is_selected, self.streams):
            stream.recorded = recording.add(stream.found, stream.xml, stream.device)
            if stream.estimate is not None:
                recording.note_offset(stream.recorded, stream.estimate)

    def keep_from(self, recording: Recording, lsl_start: float) -> None:
        """Keep samples from LSL time `lsl_start` on."""
        with self.lock:
            recording.start = lsl_start

    def finish(self, lsl_stop: float) -> None:
        """Drain up to LSL time `lsl_stop`, write the footers and close the file."""
        with self.lock:
            recording = self._recording
            if recording is None:
                return
            for recorded in recording.streams.values():
                recorded.stop = lsl_stop
            self._drained.clear()
            self._drain_until = lsl_stop + DRAIN_LIMIT_S
        self._wake.set()
        self._drained.wait(max(0.0, self._drain_until - local_clock()) + PUMP_S)
        with self.lock:
            self._turn(recording)
            self._recording = None
            self._drain_until = math.inf
            self._write_newest_offsets()
            for stream in self.streams:
                stream.recorded = None
        with self._sync_lock:
            recording.finish()

    def split(self, after: Recording, lsl_split: float) -> None:
        """Go on in another recording from LSL time `lsl_split` on; drain and close this one.

        Each sample is in one of them: by its stamp, or where that makes no sense, by its arrival.
        """
        with self.lock:
            before = self._recording
            if before is None:
                return
            for stream in self.streams:
                stream.ending = stream.recorded
            after.start = self._split = lsl_split
            self._ending, self._recording = before, after
            self._add_streams(after)
            self._drained.clear()
            self._drain_until = lsl_split + SPLIT_LIMIT_S
        self._wake.set()
        self._drained.wait(max(0.0, self._drain_until - local_clock()) + PUMP_S)
        with self.lock:
            self._turn(after)
            self._write_newest_offsets()
            before.flush(local_clock())
            self._ending, self._split, self._drain_until = None, math.inf, math.inf
            for stream in self.streams:
                stream.ending = None
        with self._sync_lock:
            before.finish()

    def _write_newest_offsets(self) -> None:
        for stream in self.streams:
            if estimate := self._new_offset(stream):
                self._note_offset(stream, estimate)

    def _note_offset(self, stream: LiveStream, estimate: OffsetEstimate) -> None:
        if self._ending is not None and stream.ending is not None:
            self._ending.note_offset(stream.ending, estimate)
        recording = self._recording
        if recording is not None and stream.recorded is not None:
            recording.note_offset(stream.recorded, estimate)

    def note_loss(self, device: str, loss: Loss) -> None:
        """Count samples that a device knows to be missing."""
        with self.lock:
            for stream in self.streams:
                if stream.device == device and stream.name == loss.stream:
                    stream.lost += loss.count
                    if self._recording and stream.recorded:
                        self._recording.note_loss(stream.recorded, loss)
                    if self._ending and stream.ending and loss.time < self._split:
                        self._ending.note_loss(stream.ending, loss)

    # The pump's thread.

    def _run(self) -> None:
        due = local_clock()
        while not self._closing.is_set():
            draining = self._drain_until < math.inf
            due = max(due + (DRAIN_S if draining else PUMP_S), local_clock())
            if self._wake.wait(max(0.0, due - local_clock())):
                self._wake.clear()
            self._guard(self._work)

    def _guard(self, step: Callable[[], None]) -> None:
        """Do it; what fails once may work again, and the inlets keep the data meanwhile."""
        try:
            step()
        except Exception as error:
            log.debug("pump", exc_info=True)
            for source, alarm in self._complaint(error):
                self._report(source, alarm.level, alarm.code, alarm.text)

    def _work(self) -> None:
        with self.lock:
            alarms = self._turn(self._recording)
            if self._drain_until < math.inf and self._is_drained():
                self._drained.set()
            error = self._new_failure()
        for stream, alarm in alarms:
            self._report(stream, alarm.level, alarm.code, alarm.text)
        if error is not None:
            self._on_failure(error)

    def _complaint(self, error: Exception) -> list[tuple[str, Alarm]]:
        """Put what should not have happened into words, once."""
        text = f"{type(error).__name__}: {error}"
        if text in self._complaints:
            return []
        self._complaints.add(text)
        return [("engine", Alarm("error", "internal", f"{text}; please report this with the log"))]

    def _new_failure(self) -> RecordingError | None:
        if self._recording is None or self._recording.error is self._told:
            return None
        self._told = self._recording.error
        return self._told

    def _turn(self, recording: Recording | None) -> list[tuple[str, Alarm]]:
        """Empty every inlet once, round by round: a buffer is written before it is reused."""
        alarms: list[tuple[str, Alarm]] = []
        waiting = self.streams
        for _ in range(MAX_ROUNDS):
            now = local_clock()
            waiting = [s for s in waiting if self._pull(s, recording, now, alarms)]
            for each in (self._ending, recording):
                if each is not None:
                    each.flush(now)
            if not waiting:
                break
        for stream in self.streams:
            if stream.inlet is not None and stream.inlet.lost:
                alarms.append((stream.name, self._disconnect(stream)))
        if now >= self._next_look:
            self._next_look = now + LOOK_S
            alarms += self._look(now)
        return alarms

    def _look(self, now: float) -> list[tuple[str, Alarm]]:
        """See what is missing."""
        return [
            (stream.name, alarm)
            for stream in self.streams
            if stream.inlet is not None
            for alarm in stream.watch.tick(now, stream.inlet.backlog())
        ]

    def _pull(
        self,
        stream: LiveStream,
        recording: Recording | None,
        now: float,
        alarms: list[tuple[str, Alarm]],
    ) -> bool:
        """Pull once; whether there may be more.

        What one stream's samples trip over must not cost the others theirs, nor what was taken of
        them and is not written yet: its buffers are used again in the next round.
        """
        try:
            pulled = stream.inlet.pull() if stream.inlet else None
            if stream.inlet is None or pulled is None:
                return False
            self._keep(stream, recording, pulled, now)
            stamps, _ = pulled
            alarms += [(stream.name, a) for a in stream.watch.arrived(now, stamps, stream.offset)]
            return len(stamps) >= stream.inlet.full_pull
        except Exception as error:
            log.debug("%s", stream.name, exc_info=True)
            alarms += self._complaint(error)
            return False

    def _keep(
        self, stream: LiveStream, recording: Recording | None, pulled: Pulled, now: float
    ) -> None:
        if recording is None or stream.recorded is None:
            return
        if self._ending is not None and stream.ending is not None:
            self._divide(stream, recording, pulled, now)
        else:
            recording.take(stream.recorded, *pulled, stream.offset, now)

    def _divide(self, stream: LiveStream, recording: Recording, pulled: Pulled, now: float) -> None:
        """Give each sample to the recording before a split, or to the one after it."""
        assert self._ending is not None
        assert stream.ending is not None
        assert stream.recorded is not None
        stamps, data = pulled
        before = np.full(len(stamps), now < self._split)
        if is_sane(stamps, stream.offset, now):
            before = stamps + stream.offset < self._split
            stream.ending.drained |= not before[-1]
        self._ending.keep(stream.ending, stamps[before], data[before])
        recording.keep(stream.recorded, stamps[~before], data[~before])

    @staticmethod
    def _disconnect(stream: LiveStream) -> Alarm:
        assert stream.inlet is not None
        stream.inlet.close()
        stream.inlet = None
        stream.lost_at = local_clock()
        text = f"{stream.name}: its outlet is gone; the recording goes on, and so will the stream"
        return Alarm("warning", "stream-lost", text + " if it comes back")

    def _is_drained(self) -> bool:
        now = local_clock()
        if now >= self._drain_until:
            return True
        splits = self._ending is not None
        stop = self._split if splits else self._drain_until - DRAIN_LIMIT_S
        return all(
            self._is_complete(s, s.ending if splits else s.recorded, stop, now)
            for s in self.streams
        )

    @staticmethod
    def _is_complete(
        stream: LiveStream, recorded: RecordedStream | None, stop: float, now: float
    ) -> bool:
        if recorded is None or stream.inlet is None or recorded.drained:
            return True
        # Markers have no next sample to wait for, and a stream that fell silent has none either.
        return (not stream.found.rate_hz or stream.watch.is_silent) and now >= stop + QUIET_S

    # The housekeeping thread.

    def _keep_house(self) -> None:
        while not self._closing.wait(HOUSEKEEPING_S if self._all_have_offsets() else OPENING_S):
            for step in (self._note_offsets, self._sync, self._each_second):
                self._guard(step)

    def _note_offsets(self) -> None:
        for stream in self.streams:
            if estimate := self._new_offset(stream):
                with self.lock:
                    self._note_offset(stream, estimate)

    def _all_have_offsets(self) -> bool:
        return all(s.estimate is not None for s in self.streams if s.inlet is not None)

    @staticmethod
    def _new_offset(stream: LiveStream) -> OffsetEstimate | None:
        inlet = stream.inlet
        estimate = inlet.offset() if inlet is not None else None
        if estimate is not None:
            stream.estimate = estimate
            stream.first_estimate = stream.first_estimate or estimate
            stream.watch.measured_offset(local_clock())
        return estimate

    def _sync(self) -> None:
        with self._sync_lock:
            recording = self._recording
            if recording is None or recording.error is not None:
                return
            try:
                recording.file.sync()
            except RecordingError as error:
                recording.error = error
