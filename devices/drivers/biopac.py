"""`biopac`: an MP160 or MP150 through AcqKnowledge's network data transfer.

The direction is reversed: we ask over XML-RPC that the data be sent, and listen; AcqKnowledge
connects to us when its acquisition starts. Its delivery settings count from the next start on, so
an acquisition that is running already cannot be joined.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from devices.base import (
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Notice,
    Settings,
    StreamSpec,
)
from devices.channel_kinds import kind_of
from devices.network.columns import Columns
from devices.network.connection import READ_BYTES, WAIT_S, keep_alive
from devices.network.labels import unique_labels
from devices.network.ndt import Control, Group, Interleaved, NdtChannel, discover, groups_of

COALESCE_S = 0.005
ASK_S = 1.0
"""How long the answer is waited for, in a silence, to whether an acquisition runs."""
END_S = 0.5
"""How long the others are read once a connection has ended: what they hold belongs to its rows."""


class BiopacSettings(Settings):
    """`port` is the control port; without it, the program is asked for it at `discovery`."""

    host: str = Field(min_length=1, max_length=253)
    port: int | None = Field(default=None, ge=1, le=65535)
    discovery: str | None = None  # the address that is asked (a broadcast's, too); else `host`
    discovery_port: int = Field(default=15012, ge=1, le=65535)
    mode: Literal["single", "multiple"] = "single"  # one connection for all channels, or one each
    own_host: str = ""  # this computer as AcqKnowledge sees it; empty: as it sees our calls come
    units: dict[str, str] = Field(default={})  # by label: the protocol does not tell them
    start: bool = True  # whether to start the acquisition; else it is waited for
    wait_s: float = Field(default=5.0, gt=0, le=60)  # for each answer
    silent_s: float = Field(default=5.0, gt=0, le=600)
    latency_ms: float | None = Field(default=None, ge=0, le=10_000)


class Biopac(Device):
    """AcqKnowledge's channels: a stream for each sampling rate, the fastest one under our name."""

    Settings = BiopacSettings
    summary = "BIOPAC MP160 and MP150 through AcqKnowledge (network data transfer)"

    settings: BiopacSettings

    def __init__(self, settings: BiopacSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._control: Control | None = None
        self._channels: tuple[NdtChannel, ...] = ()
        self._groups: tuple[Group, ...] = ()
        self._rate_hz = 0.0
        self._doors: list[socket.socket] = []  # where AcqKnowledge is to connect
        self._links: list[socket.socket] = []
        self._selector: selectors.BaseSelector | None = None
        self._layouts: list[Interleaved] = []
        self._side_by_side = Columns((), (), 0.0, 0.0)
        self._started = False  # the acquisition, by us

    # Opening.

    def open(self) -> Sequence[StreamSpec]:
        """Ask for the channels, and have their data sent to us."""
        self.close()
        settings = self.settings
        host, port = settings.host, settings.port
        if port is None:
            asked = settings.discovery or host
            host, port = discover(asked, settings.wait_s, settings.discovery_port)
        control = self._control = Control(host, port, settings.wait_s)
        if control.call("getMPUnitType") == 0:
            raise DeviceError("AcqKnowledge has no MP unit; switch it on and connect it there")
        self._channels = control.channels()
        self._groups = groups_of(self._channels)
        self._rate_hz = control.rate_hz()
        if control.running:
            raise DeviceError(
                "an acquisition is running in AcqKnowledge, and its data can be had from the next "
                "start on only: stop it there"
            )
        self._direct(control)
        self._wait_at_doors()
        if settings.start:
            self._toggle(control)
            self._started = True
        return self._specs()

    def _direct(self, control: Control) -> None:
        """Make doors, and tell AcqKnowledge to deliver through them."""
        single = self.settings.mode == "single"
        control.call("changeTransportType", "tcp")
        control.call("changeDataConnectionMethod", self.settings.mode)
        control.call("changeDataConnectionHostname", self.settings.own_host)
        family = socket.AF_INET6 if ":" in control.host else socket.AF_INET
        here = _own_address(control.host, control.port, family)
        for _ in range(1 if single else len(self._channels)):
            door = socket.create_server((here, 0), family=family, backlog=1)
            door.setblocking(False)
            self._doors.append(door)
        if single:
            control.call("changeSingleConnectionModePort", self._doors[0].getsockname()[1])
        for place, channel in enumerate(self._channels):
            control.call("changeDataType", channel.id, {"type": "float", "endian": "little"})
            if not single:
                port = self._doors[place].getsockname()[1]
                control.call("changeDataConnectionPort", channel.id, port)
            control.call("changeDataDeliveryEnabled", channel.id, True)

    def _toggle(self, control: Control) -> None:
        """Start the acquisition; a dialog may hold the call though it starts."""
        try:
            control.call("toggleAcquisition")
        except DeviceError as refused:
            running = False
            with contextlib.suppress(DeviceError):
                running = control.running
            if not running:
                raise DeviceError(str(refused)) from refused

    def _wait_at_doors(self) -> None:
        self._selector = selectors.DefaultSelector()
        for place, door in enumerate(self._doors):
            self._selector.register(door, selectors.EVENT_READ, (place, None))
        single = self.settings.mode == "single"
        together = [self._channels] if single else [(channel,) for channel in self._channels]
        self._layouts = [Interleaved(channels) for channels in together]
        most, silent_s = self.settings.silent_s * self._rate_hz, self.settings.silent_s
        self._side_by_side = Columns(self._channels, self._groups, most, silent_s)

    def _specs(self) -> Sequence[StreamSpec]:
        labels = list(unique_labels(c.label for c in self._channels))
        latency = self.settings.latency_ms
        return tuple(
            StreamSpec(
                name=self._name_of(group),
                type="Physio",
                channels=tuple(self._channel(labels[i], self._channels[i]) for i in group.columns),
                rate_hz=self._rate_hz / group.divider,
                dtype="float32",
                manufacturer="BIOPAC",
                model="AcqKnowledge (network data transfer)",
                can_drop_samples=True,
                latency_s=None if latency is None else latency * 1e-3,
            )
            for group in self._groups
        )

    def _name_of(self, group: Group) -> str:
        first = group == self._groups[0]
        return self.settings.name + ("" if first else f"-by{group.divider}")

    def _channel(self, label: str, channel: NdtChannel) -> Channel:
        kind = "Trigger" if channel.kind == "digital" else kind_of(label)
        return Channel(label, self.settings.units.get(label, ""), kind)

    # Reading.

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield what comes; nothing comes before the acquisition starts."""
        assert self._selector is not None, "open() comes first"
        self.resting = not self.settings.start and not self._links
        heard, told = self.clock.now(), False
        ended: tuple[DeviceLost, float] | None = None  # the first one, and when
        while True:
            begun = self.clock.now()
            for key, _ in self._selector.select(WAIT_S):
                place, link = key.data
                if link is None:
                    self._let_in(self._selector, place)
                    continue
                try:
                    data = _received(link)
                except DeviceLost as gone:
                    self._selector.unregister(link)
                    ended = ended or (gone, self.clock.now())
                    continue
                heard, self.resting = self.clock.now(), False
                yield from self._chunks(place, data, heard)
                told = False
            now = self.clock.now()
            if ended and (now - ended[1] > END_S or not self._connected(self._selector)):
                raise ended[0]
            if not self.resting and now - heard > self.settings.silent_s and not told:
                yield self._silence(now - heard)
                told = True
            yield None
            self.clock.sleep_until(begun + COALESCE_S)

    @staticmethod
    def _connected(selector: selectors.BaseSelector) -> bool:
        return any(key.data[1] is not None for key in selector.get_map().values())

    def _silence(self, for_s: float) -> Notice:
        """Say that nothing comes; the connection is kept as long as an acquisition may run.

        A program that hangs goes on where it was, and through no other connection.
        """
        assert self._control is not None
        said = f"AcqKnowledge has sent nothing for {for_s:.1f} s"
        wait_s = min(ASK_S, self.settings.wait_s)  # a driver that waits longer seems to hang
        try:
            running = Control(self._control.host, self._control.port, wait_s).running
        except DeviceError:
            return Notice("warning", "amplifier-silent", f"{said}, nor does it answer: is it busy?")
        if not running:
            raise DeviceLost(f"{said}: its acquisition has ended")
        return Notice("warning", "amplifier-silent", f"{said}, though it records; look there")

    def _chunks(self, place: int, data: bytes, now: float) -> Iterator[Chunk]:
        for g, first, rows in self._layouts[place].feed(data):
            if self.settings.mode == "single":
                yield self._chunk(g, first, rows, now)
            else:
                for piece in self._side_by_side.add(place, rows[:, 0], now):
                    yield self._chunk(*piece, now)

    def _let_in(self, selector: selectors.BaseSelector, place: int) -> None:
        """Let AcqKnowledge connect, and nobody else."""
        assert self._control is not None
        try:
            link, address = self._doors[place].accept()
        except OSError:  # it has changed its mind
            return
        if address[0] not in _addresses(self._control.host):
            link.close()
            return
        link.setblocking(False)
        keep_alive(link)
        self._links.append(link)
        selector.unregister(self._doors[place])
        selector.register(link, selectors.EVENT_READ, (place, link))

    def _chunk(self, g: int, first: int, rows: Any, now: float) -> Chunk:
        group = self._groups[g]
        own = (first + np.arange(len(rows), dtype=np.float64)) * (group.divider / self._rate_hz)
        return Chunk(self._name_of(group), np.full(len(rows), now), rows, own)

    def close(self) -> None:
        """Stop what we started, and shut the doors."""
        control, self._control = self._control, None
        if control is not None:
            if self._started:
                with contextlib.suppress(DeviceError):  # it has gone, or a dialog waits
                    if control.running:
                        control.call("toggleAcquisition")
            control.close()
        self._started = False
        if self._selector is not None:  # before what it watches: it asks each for its number
            self._selector.close()
            self._selector = None
        for one in (*self._links, *self._doors):
            one.close()
        self._links.clear()
        self._doors.clear()


def _received(link: socket.socket) -> bytes:
    try:
        data = link.recv(READ_BYTES)
    except OSError as error:
        raise DeviceLost(f"AcqKnowledge is gone: {error.strerror or error}") from error
    if not data:
        raise DeviceLost("AcqKnowledge has closed the connection: its acquisition has ended")
    return data


def _addresses(host: str) -> set[str]:
    with contextlib.suppress(OSError):
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    return {host}


def _own_address(host: str, port: int, family: int) -> str:
    """Find the address of this computer that `host` sees: only there are the doors."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))  # of a datagram socket: nothing is sent
            return str(probe.getsockname()[0])
        except OSError as error:
            raise DeviceError(f"there is no way to {host}: {error.strerror or error}") from error
