"""The pump: one thread that empties all inlets four times a second, recording or not.

It holds the takes that are not drained yet, oldest first, and gives each of them its share of what
comes (`take.routing`).

Inlets stay warm while nothing is recorded, so that a start takes effect at once. Measured: one
thread that polls with timeout 0 every 0.25 s costs half of what a pull per stream every 0.1 s does.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.origin import DEVICE
from acquire.lsl.streams import FoundStream
from acquire.processes.messages import Ends, Loss, TellOfTake
from acquire.pump.distributor import Distributor, gets
from acquire.pump.housekeeping import Housekeeping
from acquire.pump.live_stream import LiveStream
from acquire.pump.stream_watch import StreamWatch
from acquire.pump.stuck_watch import STUCK_S, StuckWatch
from acquire.pump.turn import Complaints, SourcedAlarm, Turn
from acquire.take.exact_stamps import LostSamples
from acquire.take.loss_counter import LossCounter
from acquire.take.take import Take
from recordings.errors import RecordingError

log = logging.getLogger(__name__)

PUMP_S = 0.25
DRAIN_S = 0.02
"""How often inlets are looked at while a recording is being stopped."""
CONNECTED_POLL_S = 0.02
FETCH_S = 5.0
"""How long the last samples of a device that ends are waited for."""
HOLD_S = 15.0
"""How long its lock is waited for: a disk may well take some seconds for a write."""


class Pump:
    """Moves samples from inlets to takes, and watches them on the way."""

    def __init__(
        self,
        report: TellOfTake,
        on_failure: Callable[[Take, RecordingError], None],
        each_second: Callable[[], None],
    ) -> None:
        self._report = report
        self._on_failure = on_failure
        self._each_second = each_second
        # Guards streams, takes and their intervals: whoever orders a start, a stop or a split
        # changes an interval between two turns, never within one.
        self.lock = threading.Lock()
        self.streams: list[LiveStream] = []
        self.on_nodes: frozenset[str] = frozenset()  # devices whose clock may be another
        self.selection: frozenset[str] | None = None  # names, for the next take; None = all
        self._distributor = Distributor()
        self._complaints = Complaints()
        # A stream is missing that was there, or that somebody waits for.
        self.incomplete = threading.Event()
        self._turn = Turn(self._distributor, self._complaints, self.incomplete)
        self._house = Housekeeping(lambda: self.streams, self._distributor, self.lock)
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._stuck = StuckWatch(report, self._closing)
        self._threads = [
            self._stuck.thread,
            threading.Thread(target=self._run, name="pump", daemon=True),
            threading.Thread(target=self._keep_house, name="housekeeping", daemon=True),
        ]

    @property
    def is_stuck(self) -> bool:
        """Whether it was started and does not come round any more."""
        return self._stuck.is_stuck

    @property
    def records(self) -> bool:
        """Whether a take gets samples."""
        return bool(self._distributor.takes)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold `lock`, or say after `HOLD_S` that it cannot be had: a stop must end all the same.

        What a stuck pump holds it cannot change at that moment either.
        """
        got = self.lock.acquire(timeout=HOLD_S)
        try:
            yield got
        finally:
            if got:
                self.lock.release()

    def start(self) -> None:
        """Start the threads."""
        self._stuck.turned()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop the threads and disconnect from all streams."""
        self._closing.set()
        self._wake.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(STUCK_S)
        if any(thread.is_alive() for thread in self._threads):
            return  # stuck inside an inlet: to close that would wait as long
        inlets = [stream.inlet for stream in self.streams if stream.inlet is not None]
        for inlet in inlets:  # all at once: one after the other would add up
            inlet.end_soon()
        for inlet in inlets:
            inlet.close()
        for stream in self.streams:
            stream.inlet = None

    # Streams come and go.

    @property
    def data_streams(self) -> list[LiveStream]:
        """List the streams that are connected, without the engine's own events and markers."""
        return [s for s in self.streams if s.inlet is not None and s.device != DEVICE]

    def add(self, found: FoundStream, inlet: Inlet, xml: str, device: str | None) -> LiveStream:
        """Take in a new stream; a recording that runs gets it at once."""
        here = found.key.hostname == socket.gethostname() and device not in self.on_nodes
        stream = LiveStream(
            found,
            xml,
            device,
            inlet,
            StreamWatch(found, local_clock()),
            shares_clock=device is not None and here,
        )
        if found.rate_hz and device is None:
            stream.losses = LossCounter(found.rate_hz)
        with self.lock:
            for other in self.streams:
                other.is_replaced |= other.inlet is None and other.is_followed_by(found)
            self.streams = [*self._lasting(), stream]
            self._distributor.add_stream(stream)
        return stream

    def _lasting(self) -> list[LiveStream]:
        """Leave out what was replaced, unless a take is still told its losses."""
        if self._distributor.takes:
            return self.streams
        return [stream for stream in self.streams if not stream.is_replaced]

    def offset_of(self, uids: frozenset[str]) -> float | None:
        """Give the surest clock offset of streams with these LSL uids; None before the first."""
        found = [s.estimate for s in self.streams if s.found.uid in uids and s.estimate]
        best = min(found, key=lambda estimate: estimate.uncertainty, default=None)
        return best.offset if best is not None else None

    @property
    def is_recording(self) -> bool:
        """Whether a take has begun, and its stop is still to come."""
        return any(take.interval.runs for take in self._distributor.takes)

    def is_chosen(self, name: str) -> bool:
        """Whether the next take gets the stream of that name."""
        return self.selection is None or name in self.selection

    def is_selected(self, stream: LiveStream) -> bool:
        """Whether a stream is recorded: by the take that runs, or else by the next."""
        running = next((take for take in reversed(self._distributor.takes) if take.is_open), None)
        if running is not None:
            return gets(running, stream)
        return self.is_chosen(stream.name) or stream.device == DEVICE

    def reconnect(self, stream: LiveStream, found: FoundStream, inlet: Inlet, xml: str) -> None:
        """Go on with a stream whose outlet came back as it was."""
        with self.lock:
            stream.found, stream.xml = found, xml
            stream.estimate = stream.first_estimate = None
            stream.watch = StreamWatch(found, local_clock())
            stream.was_away = True
            if stream.losses is not None:
                stream.losses.resume()
            stream.inlet = inlet  # last: who looks without the lock takes it for connected by this

    def wait_connected(
        self, uids: set[str], timeout_s: float, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Wait until the streams of these LSL uids are connected, or as long as `timeout_s`.

        Or as long as they are `wanted`: nobody connects to what has died meanwhile.
        """
        deadline = local_clock() + timeout_s
        self.incomplete.set()
        while wanted() and not uids <= {s.found.uid for s in self.streams if s.inlet is not None}:
            if local_clock() >= deadline or self._closing.wait(CONNECTED_POLL_S):
                return

    def fetch(self, ends: Ends, within_s: float = FETCH_S) -> bool:
        """Wait until the samples that streams end with are here; False = they did not come.

        An outlet that goes takes with it what nobody has pulled.
        """
        deadline = local_clock() + within_s
        while not all(self._has(uid, stamp) for uid, stamp in ends.items()):
            if local_clock() >= deadline or self._closing.wait(CONNECTED_POLL_S):
                return False
        return True

    def _has(self, uid: str, stamp: float) -> bool:
        for stream in self.streams:
            if stream.found.uid == uid and (inlet := stream.inlet) is not None:
                return stream.watch.last_stamp >= stamp and not inlet.backlog()
        return True  # nobody listens to it

    def forget(self, device: str) -> None:
        """Drop what a device had announced before it was changed; nothing is being recorded."""
        with self.lock:
            if not self._distributor.takes:
                gone = [s for s in self.streams if s.device == device and s.inlet is None]
                self.streams = [s for s in self.streams if s not in gone]

    def renew(self, stream: LiveStream, inlet: Inlet) -> None:
        """Go on with another connection to the same outlet; the old one gives nothing any more.

        What the outlet had kept for the old one will not come: it is counted with the next sample.
        """
        with self.lock:
            old, stream.inlet = stream.inlet, inlet
            stream.was_away = not stream.is_index  # a camera that waits for triggers loses nothing
            if stream.losses is not None:
                stream.losses.resume()
        if old is not None:
            old.close()

    # Takes.

    def open(self, take: Take) -> None:
        """Write a take's headers; it gets samples once its interval has a start."""
        with self.held() as got:
            if not got:
                raise ControlError(
                    "cannot start: the thread that receives all streams is stuck; restart Unisono"
                )
            alarms = self._turn.take(self.streams)  # what came before is of no use to it
            self.streams = self._lasting()
            self._distributor.add_take(take, self.streams)
            take.xdf.flush(local_clock())
        self._tell(alarms)

    def let_go(self, take: Take) -> None:
        """Wait until a take that was ended has all that belongs to it, and close its file."""
        self._wake.set()
        # One turn longer than it may take: a pump that is stuck must not keep the file open.
        take.drained.wait(max(0.0, take.drained_by - local_clock()) + PUMP_S)
        with self.held() as got:
            alarms = self._last_turn() if got else []
            self._distributor.drop(take)
        self._tell(alarms)
        self._house.finish(take)

    def _last_turn(self) -> list[SourcedAlarm]:
        alarms = self._turn.take(self.streams)
        self._house.note_last_offsets()
        return alarms + self._turn.judge(self.streams)

    def drop(self, take: Take) -> None:
        """Give a take nothing more, which was never begun."""
        with self.held():
            self._distributor.drop(take)

    def note_loss(self, device: str, loss: Loss) -> None:
        """Count samples that a device knows to be missing."""
        with self.lock:
            for stream in self.streams:
                if stream.device == device and stream.name == loss.stream:
                    stream.lost += loss.count
                    self._distributor.count(stream, [LostSamples(loss.time, loss.count)])

    # The pump's thread.

    def _run(self) -> None:
        due = local_clock()
        while not self._closing.is_set():
            drains = self._distributor.drains
            due = max(due + (DRAIN_S if drains else PUMP_S), local_clock())
            if self._wake.wait(max(0.0, due - local_clock())):
                self._wake.clear()
            self._stuck.turned()
            self._guard(self._work)

    def _guard(self, step: Callable[[], None]) -> None:
        """Do it; what fails once may work again, and the inlets keep the data meanwhile."""
        try:
            step()
        except Exception as error:
            log.debug("pump", exc_info=True)
            self._tell(self._complaints.of(error))

    def _work(self) -> None:
        with self.lock:
            alarms = self._turn.take(self.streams)
            takes = self._distributor.takes
            self._distributor.look_for_drained(self.streams, local_clock())
            failed = [take for take in takes if take.xdf.error and not take.failure]
        self._tell(alarms)
        for take in failed:
            assert take.xdf.error is not None
            self._on_failure(take, take.xdf.error)

    def _tell(self, alarms: Iterable[SourcedAlarm]) -> None:
        """Report alarms; never while `lock` is held, as whoever hears them may want it."""
        for source, alarm in alarms:
            self._report(source, alarm.level, alarm.code, alarm.text, alarm.take)

    # The housekeeping thread.

    def _keep_house(self) -> None:
        house = self._house
        while not self._closing.wait(house.pause_s):
            for step in (house.note_offsets, house.sync, self._each_second):
                self._guard(step)
