"""The streams of one engine: its own, those of its devices, and what else is selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from acquire.engine.markers import Markers
from acquire.engine.readiness import Readiness
from acquire.engine.reporter import EVENTS, Reporter
from acquire.engine.status import StreamStatus, stream_status
from acquire.errors import ControlError, Unknown
from acquire.lsl.descriptors import raise_limit
from acquire.lsl.origin import DEVICE
from acquire.player.link import PlayerLink
from acquire.player.process import NAME as PLAYER
from acquire.processes.rig_devices import RigDevices
from acquire.pump.discovery import Discovery
from acquire.pump.pump import Pump
from acquire.pump.selection import Missing, Selection
from acquire.take.take import Take

CONNECTED_S = 10.0
"""How long streams that come while the engine is open are waited for."""


class Streams:
    """Publishes what is the engine's own, finds the rest, and chooses what is recorded."""

    def __init__(
        self,
        selection: Selection,
        pump: Pump,
        reporter: Reporter,
        devices: RigDevices,
        player: PlayerLink,
        origin: str,
    ) -> None:
        """Prepare; nothing is on the network, and nothing is looked for yet.

        Args:
            selection: which streams to record beside the rig's own.
            pump, reporter, devices, player: of the engine.
            origin: says in `source_id` whose streams they are.
        """
        self._selection, self._origin = selection, origin
        self._pump, self._reporter = pump, reporter
        self._devices, self._player = devices, player
        self._markers: Markers | None = None
        self._discovery: Discovery | None = None

    def publish(self, *, events: bool, markers: bool) -> None:
        """Put `unisono-events` and `markers` on the network, and prepare to look for others.

        Raises:
            ConfigError: LSL does not understand a predicate.
        """
        if events:
            self._reporter.open(self._origin)
        if markers:
            self._markers = Markers(self._origin)
        self._discovery = Discovery(
            self._selection, self._own, self._pump, self._reporter.report, raise_limit()
        )

    def connect(self, wait_s: float, *, allow_missing: bool, cancelled: Callable[[], bool]) -> None:
        """Look for all, and wait until they are there; see `Engine.open`."""
        assert self._discovery is not None, "publish comes first"
        self._discovery.start()
        # Not its own `markers`: many devices are called so, and every recording that is replayed.
        own = [EVENTS.name] if self._reporter.uid else []
        readiness = Readiness(
            self._devices.processes,
            self._discovery,
            self._pump,
            self._reporter.report,
            own,
        )
        readiness.wait(wait_s, allow_missing=allow_missing, cancelled=cancelled)

    def _own(self) -> dict[str, str]:
        own: dict[str, str] = {}
        for device in self._devices.processes.values():
            snapshot = device.snapshot
            if snapshot.opened is not None:
                own |= dict.fromkeys(snapshot.opened.uids.values(), snapshot.name)
        for uid in (self._reporter.uid, self._markers.uid if self._markers else None):
            if uid is not None:
                own[uid] = DEVICE
        return own | self._player.uids

    def wait_connected(self, uids: set[str]) -> None:
        """Wait until streams that have come while the engine is open are connected."""
        if self._discovery is not None:
            self._pump.wait_connected(uids, CONNECTED_S)

    def update(self) -> None:
        """Connect to what has come; takes a second, or two."""
        if self._discovery is not None:
            self._discovery.update()

    def look_again(self) -> None:
        """Have what is missing looked for, if anything is."""
        if self._discovery is not None:
            self._discovery.look_again()

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What has been asked for and is not there."""
        return tuple(self._discovery.missing()) if self._discovery is not None else ()

    def status(self, running: Take | None) -> tuple[StreamStatus, ...]:
        """Give a snapshot of each stream; `running`: the take that is recorded now.

        Those that were replaced, and of a player that has been let go of, are missed by nobody but
        a recording.
        """
        let_go = running is None and self._player.snapshot is None
        found = []
        for stream in self._pump.streams:
            recorded = running.xdf.of(stream) if running is not None else None
            is_over = stream.is_replaced and recorded is None
            if not (is_over or (let_go and stream.device == PLAYER and stream.inlet is None)):
                found.append(stream_status(stream, self._pump.is_selected(stream), recorded))
        return tuple(found)

    # Choosing.

    @property
    def selection(self) -> frozenset[str] | None:
        """The names of the streams that the next recording gets; None = all."""
        return self._pump.selection

    def select(self, names: Iterable[str] | None) -> None:
        """Choose the streams of the next recording by name; None = all.

        The engine's own streams are always recorded; a camera is stored with its index stream.

        Raises:
            Unknown: there is no stream of such a name.
        """
        if names is None:
            self._pump.selection = None
            return
        wanted = frozenset(names)
        known = {stream.name for stream in self._pump.streams}
        ours = {stream.name for stream in self._pump.streams if stream.device == DEVICE}
        if unknown := wanted - known:
            raise Unknown(
                f"no stream {', '.join(map(repr, sorted(unknown)))}; "
                f"there are: {', '.join(sorted(known)) or 'none'}"
            )
        self._pump.selection = wanted - ours  # they alone would pass for a choice

    @property
    def has_data(self) -> bool:
        """Whether a stream of data is connected that the next recording gets."""
        return any(self._pump.is_chosen(stream.name) for stream in self._pump.data_streams)

    def mark(self, text: str, code: int | None = None, time: float | None = None) -> float:
        """Publish a marker, now or as of an LSL time; gives its stamp.

        Raises:
            ControlError: there is no marker stream, or the time makes no sense.
        """
        if self._markers is None:
            raise ControlError("no marker can be set: the engine is not open")
        return self._markers.push(text, code, time)

    # The end.

    def stop_looking(self) -> None:
        """Look for no more streams."""
        if self._discovery is not None:
            self._discovery.close()

    def withdraw(self) -> None:
        """Take `markers` from the network; `unisono-events` goes with the reporter."""
        markers, self._markers = self._markers, None
        if markers is not None:
            markers.close()
