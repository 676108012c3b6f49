"""`biopac`: an MP160 or MP150 through AcqKnowledge's network data transfer.

The direction is reversed: we ask over XML-RPC that the data be sent, and listen; AcqKnowledge
connects to us when its acquisition starts. Its delivery settings count from the next start on, so
an acquisition that is running already cannot be joined.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from devices.arrays import F32Array
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
from devices.network.biopac.columns import Columns
from devices.network.biopac.control import Control, Setup, Unanswered, discover
from devices.network.biopac.ndt import Group, Interleaved, NdtChannel, groups_of
from devices.network.connection import COALESCE_S, WAIT_S, Host, Port
from devices.network.doors import Doors
from devices.network.labels import unique_labels

ASK_S = 1.0
"""How long the answer is waited for, in a silence, to whether an acquisition runs."""
END_S = 0.5
"""How long the others are read once a connection has ended: what they hold belongs to its rows."""


class BiopacSettings(Settings):
    """Where AcqKnowledge is, how it is to send, and what its protocol does not tell."""

    host: Host = Field(description="the computer on which AcqKnowledge runs")
    port: Port | None = Field(default=None, description="its control port; else asked for")
    discovery: Host | None = Field(
        default=None, description="address that is asked for the port, or a broadcast; else `host`"
    )
    discovery_port: Port = Field(default=15012, description="port at which it is asked")
    mode: Literal["single", "multiple"] = Field(
        default="single", description="one connection for all channels, or one each"
    )
    own_host: str = Field(
        default="",
        description="this computer as AcqKnowledge reaches it; else as it sees our calls come",
    )
    units: dict[str, str] = Field(default={}, description="by the channel's label")
    start: bool = Field(
        default=True, description="start the acquisition; false: wait until the operator does"
    )
    wait_s: float = Field(default=5.0, gt=0, le=60, description="how long an answer may take")
    silent_s: float = Field(
        default=5.0, gt=0, le=600, description="silent for so long, it is opened again"
    )
    latency_ms: float | None = Field(
        default=None, ge=0, le=10_000, description="from electrode to packet, if it is known"
    )


class Biopac(Device):
    """AcqKnowledge's channels: a stream for each sampling rate, the fastest one under our name."""

    Settings = BiopacSettings
    summary = "BIOPAC MP160 and MP150 through AcqKnowledge (network data transfer)"

    settings: BiopacSettings

    def __init__(self, settings: BiopacSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._control: Control | None = None
        self._setup = Setup((), 0.0)
        self._groups: tuple[Group, ...] = ()
        self._doors: Doors | None = None  # where AcqKnowledge is to connect
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
            host, port = discover(asked, settings.wait_s, settings.discovery_port, host=host)
        control = self._control = Control(host, port, settings.wait_s)
        if control.call("getMPUnitType") == 0:
            raise DeviceError("AcqKnowledge has no MP unit; switch it on and connect it there")
        self._setup = control.setup()
        self._groups = groups_of(self._setup.channels)
        if control.running:
            raise DeviceError(
                "an acquisition is running in AcqKnowledge, and its data can be had from the next "
                "start on only: stop it there"
            )
        self._lay_out()
        self._direct(control)
        if settings.start:
            self._toggle(control)
            self._started = True
        return self._specs()

    def _lay_out(self) -> None:
        channels, single = self._setup.channels, self.settings.mode == "single"
        together = [channels] if single else [(channel,) for channel in channels]
        self._layouts = [Interleaved(one) for one in together]
        most, silent_s = self.settings.silent_s * self._setup.rate_hz, self.settings.silent_s
        self._side_by_side = Columns(channels, self._groups, most, silent_s)

    def _direct(self, control: Control) -> None:
        """Make doors, and tell AcqKnowledge to deliver through them."""
        single, channels = self.settings.mode == "single", self._setup.channels
        doors = self._doors = Doors(control.host, control.port, 1 if single else len(channels))
        control.change("TransportType", "tcp")
        control.change("DataConnectionMethod", self.settings.mode)
        control.call("changeDataConnectionHostname", self.settings.own_host)
        if single:
            control.change("SingleConnectionModePort", doors.ports[0])
        for place, channel in enumerate(channels):
            control.change("DataType", {"type": "float", "endian": "little"}, channel.id)
            if not single:
                control.change("DataConnectionPort", doors.ports[place], channel.id)
            control.change("DataDeliveryEnabled", True, channel.id)

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

    def _specs(self) -> Sequence[StreamSpec]:
        channels, rate_hz = self._setup.channels, self._setup.rate_hz
        labels = list(unique_labels(c.label for c in channels))
        latency = self.settings.latency_ms
        return tuple(
            StreamSpec(
                name=self._name_of(group),
                type="Physio",
                channels=tuple(self._channel(labels[i], channels[i]) for i in group.columns),
                rate_hz=rate_hz / group.divider,
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
        doors = self._doors
        assert doors is not None, "open() comes first"
        waits = self.resting = not self.settings.start and not doors.entered  # for the operator
        heard, told = self.clock.now(), False
        ended: float | None = None  # when the first connection was
        while True:
            begun = self.clock.now()
            for place, data in doors.received(WAIT_S):
                heard, told = self.clock.now(), False
                yield from self._chunks(place, data, heard)
            yield from self._turned_away(doors)
            if waits and doors.entered:
                waits = self.resting = False
                yield from self._look_again()
            now = self.clock.now()
            if doors.ended and (now - (ended := ended or now) > END_S or not doors.connected):
                raise doors.ended
            if now - heard > self._patience_s() and not told:
                notice = self._silence(now - heard)
                told = notice is not None
                heard = heard if told else now
                yield notice
            yield None
            self.clock.sleep_until(begun + COALESCE_S)

    def _patience_s(self) -> float:
        """Say how long nothing may come: samples may be farther apart than `silent_s`."""
        if self.resting:
            return self.settings.silent_s
        return max(self.settings.silent_s, 3 * self._groups[0].divider / self._setup.rate_hz)

    def _turned_away(self, doors: Doors) -> Iterator[Notice]:
        while doors.strangers_to_tell:
            yield Notice(
                "warning",
                "stranger-refused",
                f"{doors.strangers_to_tell.pop()} has connected and is not {self.settings.host}: "
                "it was not let in; if it is AcqKnowledge's computer, write that address as `host`",
            )

    def _look_again(self) -> Iterator[Notice | None]:
        """Look whether what has begun is what we asked about: operators change what they start.

        Without any framing, another channel or divider would put all values where they do not
        belong.
        """
        control = self._short_control()
        try:
            now = yield from control.setup_steps()
        except DeviceError as error:
            text = f"whether it records what it did before the start could not be asked: {error}"
            yield Notice("warning", "set-up-unknown", text)
        else:
            if now != self._setup:
                raise DeviceLost(
                    "AcqKnowledge's channels, dividers or rate were changed before the start, and "
                    "what it sends now cannot be told apart"
                )
        finally:
            control.close()

    def _short_control(self) -> Control:
        """Ask for a short time only: a driver that waits for longer seems to hang."""
        assert self._control is not None
        wait_s = min(ASK_S, self.settings.wait_s)
        return Control(self._control.host, self._control.port, wait_s)

    def _silence(self, for_s: float) -> Notice | None:
        """Say that nothing comes; the connection is kept as long as an acquisition may run.

        A program that hangs goes on where it was, and through no other connection. None: it is for
        the operator to start.

        Raises:
            DeviceLost: nothing will come through these doors.
        """
        assert self._doors is not None
        said = f"AcqKnowledge has sent nothing for {for_s:.1f} s"
        control = self._short_control()
        try:
            running = control.running
        except DeviceError as error:
            if self.resting and not isinstance(error, Unanswered):  # it has forgotten our doors
                raise DeviceLost(str(error)) from error
            return Notice("warning", "amplifier-silent", f"{said}, nor does it answer: is it busy?")
        finally:
            control.close()
        if running and not self._doors.entered:
            raise DeviceLost(
                f"AcqKnowledge records and has not connected to {self._doors.here}: have this "
                "computer's firewall let it in, or write as `own_host` how it sees this computer"
            )
        if self.resting:
            return None
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

    def _chunk(self, g: int, first: int, rows: F32Array, now: float) -> Chunk:
        group = self._groups[g]
        period_s = group.divider / self._setup.rate_hz
        own = (first + np.arange(len(rows), dtype=np.float64)) * period_s
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
        doors, self._doors = self._doors, None
        if doors is not None:
            doors.close()
