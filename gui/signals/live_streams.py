"""The window's own inlets: a thread that pulls at each frame, one that looks for streams.

The thread that pulls is the frame clock as well: it pulls, then says so, and the window draws what
has just come. So nothing waits longer than a frame, and liblsl never holds the main thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet, OffsetEstimate
from acquire.lsl.streams import FoundStream, Resolver, StreamKey
from devices.arrays import Array, F64Array
from gui.signals.channel_info import ChannelInfo, channels_of
from gui.signals.display_filter import DisplayFilter, FilterSettings
from gui.signals.history import KEPT_S, History
from gui.signals.marker_text import MarkerText, marker_text

LOOK_S = 0.5
"""Between two looks at what the resolver has found."""
CONNECT_S = 3.0
"""How long a stream may take to describe itself."""
MARKERS_KEPT = 2000
FAR_S = 5.0
"""Stamps further from the local clock than this are shown when they arrive instead."""
REFILTERED_S = 60.0
"""How much of what is kept is filtered anew when the filter changes."""
HIDDEN_TYPES = ("VideoFrames", "SoundBlocks")
HIDDEN_NAMES = ("unisono-events",)


@dataclass
class ShownStream:
    """One stream and what it sent lately."""

    found: FoundStream
    channels: tuple[ChannelInfo, ...]
    inlet: Inlet | None
    history: History | None  # as it came; None: markers
    shown: History | None = None  # as it is shown: filtered
    filter: DisplayFilter | None = None
    markers: deque[tuple[float, MarkerText]] = field(
        default_factory=lambda: deque(maxlen=MARKERS_KEPT)
    )
    offset: OffsetEstimate | None = None
    shift: float = 0.0  # added where its stamps make no sense
    version: int = 0  # rises with each marker

    @property
    def key(self) -> StreamKey:
        """What makes it the same stream after a restart."""
        return self.found.key

    @property
    def sync_s(self) -> float | None:
        """How well its clock is known: half the round trip."""
        return self.offset.uncertainty / 2 if self.offset else None

    def to_local(self, stamps: F64Array, now: float) -> F64Array:
        """Bring stamps to the local LSL clock; those that are far off or none, to their arrival."""
        local = stamps + (self.offset.offset if self.offset else 0.0)
        local = np.where(np.isfinite(local), local, now)  # else all that follow would be none
        late = now - float(local[-1])
        if abs(late - self.shift) > FAR_S:
            self.shift = late if abs(late) > FAR_S else 0.0
        return local + self.shift


class LiveStreams:
    """All streams that are shown.

    `lock` guards the histories and filters: the pulling thread appends while the main thread draws
    and the monitor reads. Nobody holds it for longer than one chunk or one look-up takes.
    """

    def __init__(self, wanted: Callable[[FoundStream], bool], on_frame: Callable[[], None]) -> None:
        """Prepare.

        Args:
            wanted: whether a stream is to be shown; called from another thread.
            on_frame: called from the pulling thread, after each pull.
        """
        # The pulling thread writes histories while the main thread paints them: held for a chunk,
        # or for the columns of a frame.
        self.lock = threading.Lock()
        self.streams: tuple[ShownStream, ...] = ()
        self.frame_s = 1 / 30
        self.filter = FilterSettings()
        self.others: tuple[FoundStream, ...] = ()
        """Streams on the network that are not wanted."""
        self._wanted, self._on_frame = wanted, on_frame
        self._arrived: deque[ShownStream] = deque()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._pull_all, name="viewer", daemon=True),
            threading.Thread(target=self._look, name="viewer discovery", daemon=True),
        ]

    def start(self) -> None:
        """Begin; liblsl is configured by now."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Disconnect from everything, once a connection under way is made or given up."""
        self._closing.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(CONNECT_S + 1.0)  # inlets are closed only once nobody pulls
        for stream in self.streams:
            if stream.inlet is not None:
                stream.inlet.close()
        self.streams = ()

    @property
    def sync_s(self) -> float | None:
        """The worst of what is known about the clocks of connected streams."""
        known = [s.sync_s for s in self.streams if s.inlet is not None and s.sync_s is not None]
        return max(known) if known else None

    # Pulling.

    def _pull_all(self) -> None:
        due = time.monotonic()
        while not self._closing.is_set():
            due = max(due + self.frame_s, time.monotonic() - self.frame_s)
            if (left := due - time.monotonic()) > 0:
                self._closing.wait(left)  # for the next frame; ends at once when it closes
            self._take_arrived()
            now = local_clock()
            for stream in self.streams:
                self._set_filter(stream)
                if stream.inlet is not None:
                    self._pull(stream, stream.inlet, now)
            self._on_frame()

    def _take_arrived(self) -> None:
        while self._arrived:
            new = self._arrived.popleft()
            with self.lock:
                before = next(
                    (s for s in self.streams if s.key == new.key and s.inlet is None), None
                )
                if before is not None and before.found.shape == new.found.shape:
                    before.found, before.inlet, before.offset = new.found, new.inlet, None
                    before.channels = new.channels
                else:
                    kept = tuple(s for s in self.streams if s is not before)
                    self.streams = (*kept, new)
                # Those of an engine that is gone: the ones that replace them have other ids.
                self.streams = tuple(
                    s for s in self.streams if s.inlet is not None or self._wanted(s.found)
                )

    def _set_filter(self, stream: ShownStream) -> None:
        """Filter what is kept anew where the settings have changed."""
        history, wanted = stream.history, self.filter
        present = stream.filter.settings if stream.filter else FilterSettings()
        if history is None or present == wanted:
            return
        if wanted.is_plain:
            with self.lock:
                stream.filter, stream.shown = None, history
            return
        # A copy, so that drawing goes on while it is filtered; nobody but this thread appends.
        with self.lock:
            times, data = history.newest(REFILTERED_S, np.arange(history.channels))
        made = DisplayFilter(wanted, stream.channels, history.rate_hz)
        shown = History(history.channels, history.rate_hz)
        shown.append(times, made(data))
        with self.lock:
            stream.filter, stream.shown = made, shown

    def _pull(self, stream: ShownStream, inlet: Inlet, now: float) -> None:
        while (pulled := inlet.pull()) is not None:
            stamps, data = pulled
            times = stream.to_local(stamps, now)
            with self.lock:
                if stream.history is None:
                    self._note(stream, times, data)
                    continue
                stream.history.append(times, data)
                if stream.filter is not None and stream.shown is not None:
                    stream.shown.append(times, stream.filter(data))
            if len(stamps) < inlet.full_pull:
                break
        if inlet.lost:
            inlet.close()
            stream.inlet = None

    @staticmethod
    def _note(stream: ShownStream, times: F64Array, data: Array) -> None:
        for at, row in zip(times.tolist(), data, strict=True):
            stream.markers.append((at, marker_text(row[0])))
        stream.version += 1
        oldest = times[-1] - KEPT_S
        while stream.markers and stream.markers[0][0] < oldest:
            stream.markers.popleft()

    # Looking.

    def _look(self) -> None:
        resolver = Resolver()
        while not self._closing.wait(LOOK_S):
            shown = [found for found in resolver.found() if _can_show(found)]
            self.others = tuple(found for found in shown if not self._wanted(found))
            connected = {s.found.uid for s in (*self.streams, *self._arrived) if s.inlet}
            for found in shown:
                if self._closing.is_set():
                    return
                if found.uid not in connected and self._wanted(found):
                    self._connect(found)
            for stream in self.streams:
                if (inlet := stream.inlet) is not None and (new := inlet.offset()) is not None:
                    stream.offset = new

    def _connect(self, found: FoundStream) -> None:
        inlet = Inlet(found)
        try:
            xml = inlet.open(CONNECT_S)
        except RuntimeError:  # pylsl's TimeoutError and LostError: gone again; tried again
            inlet.close()
            return
        channels = channels_of(xml, found.channels, found.key.type)
        marks = found.dtype == "string" or (found.rate_hz == 0 and found.key.type == "Markers")
        history = None if marks else History(found.channels, found.rate_hz)
        self._arrived.append(ShownStream(found, channels, inlet, history, history))


def _can_show(found: FoundStream) -> bool:
    return found.key.type not in HIDDEN_TYPES and found.key.name not in HIDDEN_NAMES
