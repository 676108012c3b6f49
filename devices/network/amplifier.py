"""A device out of an `AmplifierClient`: connect, be told the channels, read, notice the end.

The number of each sample is the device's clock: it counts at the amplifier's own pace, and the host
maps it to the LSL clock. The count outlives a connection, so that what passed meanwhile is exact
where the amplifier went on.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from devices.arrays import F64Array
from devices.base import Chunk, Clock, Device, DeviceError, DeviceLost, Notice, Settings, StreamSpec
from devices.network.client import (
    AmplifierClient,
    Description,
    Impedances,
    Mark,
    Message,
    Restarted,
    Samples,
    Stopped,
    Warned,
)
from devices.network.connection import COALESCE_S, Connection, Host, Port
from devices.network.description import checked, streams_of
from devices.network.framing import UnusableError, WireError
from devices.network.sample_count import COUNT_ANEW, SampleCount
from devices.network.stand_still import StandStill

MOST_EARLY = 50
"""So many warnings are kept that come before the description: more say nothing new."""
MARK_REACH_S = 60.0
"""A marker farther from the newest sample has a spoilt place."""
MARK_CHARACTERS = 1_000
"""Markers are words; what is longer is cut."""


class NetworkSettings(Settings):
    """`host` and `port` of the amplifier's own program, which is the server."""

    host: Host = Field(description="the computer on which the amplifier's program runs")
    port: Port
    connect_s: float = Field(
        default=5.0, gt=0, le=60, description="how long a connection and its first answer may take"
    )
    # A program that hangs goes on through the connection that it has, and a line that is dead is
    # noticed before: this is for one that has forgotten us.
    silent_s: float = Field(
        default=30.0, gt=0, le=600, description="silent for so long, it is opened again"
    )
    latency_ms: float | None = Field(
        default=None, ge=0, le=10_000, description="from electrode to packet, if it is known"
    )


class NetworkAmplifier(Device):
    """Reads one amplifier over TCP; subclasses name the protocol."""

    Settings: ClassVar[type[NetworkSettings]]
    manufacturer: ClassVar[str]
    remedy: ClassVar[str]
    """What to do at the amplifier's program where nothing comes."""
    stream_type: ClassVar[str] = "EEG"

    settings: NetworkSettings

    def __init__(self, settings: NetworkSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._connection: Connection | None = None
        self._client: AmplifierClient = self.make_client()
        self._description: Description | None = None
        self._count: SampleCount | None = None
        self._shift = 0  # from the server's numbers to those that never wrap
        self._still = StandStill(1.0)  # of a count that is our own
        self._heard = 0.0  # LSL time of the newest signals
        self._spoke = 0.0  # and of anything
        self._early: list[Message] = []  # warnings, and what came in a breath with the description
        self._unspoken = ""  # what is known of a server that does not describe itself
        self._impedances: dict[str, float] = {}
        self._impedance_wish: bool | None = None

    @abstractmethod
    def make_client(self) -> AmplifierClient:
        """Begin a conversation."""

    # Opening.

    def open(self) -> Sequence[StreamSpec]:
        """Connect and be told the channels."""
        settings = self.settings
        self.close()
        self._connection = Connection(
            settings.host, settings.port, wait_s=settings.connect_s, remedy=self.remedy
        )
        self._client = self.make_client()
        try:
            description = self._introduced()
        except DeviceLost as error:
            raise DeviceError(f"{error} before it said what it records; {self.remedy}") from error
        except WireError as error:
            raise DeviceError(self._foreign(error)) from error
        if description is None:
            raise DeviceError(
                f"{self._link.place}: it {self._unspoken} (waited {settings.connect_s:g} s); "
                f"{self.remedy}"
            )
        self._description = description
        if self._count is None:
            self._count = SampleCount(description.rate_hz, self._client.wraps)
        self._count.renew()
        self._still = StandStill(description.rate_hz)
        self._heard = self._spoke = self.clock.now()
        self.resting = False  # what was said on another connection holds no more
        latency = settings.latency_ms
        signals = {
            "type": self.stream_type,
            "counts_losses": self._client.counts,
            "latency_s": None if latency is None else latency * 1e-3,
        }
        return streams_of(description, settings.name, signals, self.manufacturer)

    def _foreign(self, error: WireError) -> str:
        place = f"{self.settings.host} port {self.settings.port}"
        if isinstance(error, UnusableError):
            return f"{place}: {error}; {self.remedy}"
        return f"{place}: {error}; is it another program's port? {self.remedy}"

    def _introduced(self) -> Description | None:
        """Talk until the amplifier is described; None = it has not been in time."""
        deadline = self.clock.now() + self.settings.connect_s
        self._early = []
        self._unspoken = "is connected and does not say what it records"
        self._client.begin()
        self._send()
        while self.clock.now() < deadline:
            data = self._link.read()
            messages = list(self._client.receive(data))
            if self._client.speaks:
                self._unspoken = "speaks its protocol, and does not say what it records"
            elif data:
                self._unspoken = (
                    "sends something, and not what it records: is it another program's port?"
                )
            self._send()
            for at, message in enumerate(messages):
                if isinstance(message, Warned):
                    self._early += [message][: MOST_EARLY - len(self._early)]
                elif isinstance(message, Description):
                    self._early += messages[at + 1 :]
                    return checked(message)
        return None

    @property
    def _link(self) -> Connection:
        assert self._connection is not None, "open() comes first"
        return self._connection

    def _send(self) -> None:
        if data := self._client.take_outgoing():
            self._link.write(data)

    # Reading.

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield what comes, packet by packet."""
        early, self._early = self._early, []
        yield from self._all_told(early, self.clock.now())
        while True:
            data = self._link.read()
            now = self.clock.now()
            yield from self._all_told(self._client.receive(data), now)
            self._grant_wish()
            self._send()
            self._judge_silence(now, came=bool(data))
            yield None
            if data:
                self.clock.sleep_until(now + COALESCE_S)

    def _all_told(self, messages: Iterable[Message], now: float) -> Iterator[Chunk | Notice]:
        try:
            for message in messages:
                yield from self._told(message, now)
        except WireError as error:
            raise DeviceLost(self._foreign(error)) from error

    def _grant_wish(self) -> None:
        on, self._impedance_wish = self._impedance_wish, None
        if on is not None:
            self._client.measure_impedances(on=on)
            self.resting = on  # the signals rest meanwhile, and may be counted anew
            self._counter.renew()

    def _judge_silence(self, now: float, *, came: bool) -> None:
        """Hold it to its signals: whoever sends words alone would be waited for without end."""
        self._spoke = now if came else self._spoke
        if self.resting:
            self._heard = now
        elif now - self._heard > self.settings.silent_s:
            what = "words, and no signals," if self._spoke > self._heard else "nothing"
            raise DeviceLost(
                f"{self._link.place} has sent {what} for {now - self._heard:.1f} s; {self.remedy}"
            )

    def _told(self, message: Message, now: float) -> Iterator[Chunk | Notice]:
        match message:
            case Samples():
                yield from self._samples(message, now)
            case Mark():
                yield from self._mark(message, now)
            case Impedances():
                yield from self._measured(message, now)
            case Description():
                if checked(message) != self._description:
                    raise DeviceLost("it records other channels now; it is opened again for them")
            case Restarted():
                self.resting = False
                self._counter.renew()
            case Stopped():
                self.resting = True  # until it is started there: that is no fault of the line
                yield Notice("warning", "amplifier-stopped", f"was stopped; {self.remedy}")
            case Warned():
                yield Notice("warning", message.code, message.text)

    def _mark(self, mark: Mark, now: float) -> Iterator[Chunk | Notice]:
        """Give a marker the time of its sample; of its arrival where it cannot lie there."""
        text, number = mark.text, mark.number + self._shift
        if len(text) > MARK_CHARACTERS:
            text = text[:MARK_CHARACTERS]
            said = f"a marker of {len(mark.text):,} characters is cut to {MARK_CHARACTERS:,}"
            yield Notice("warning", "marker-cut", f"{said}: {text[:40]!r}…")
        near = self._counter.reaches(number, MARK_REACH_S)
        if not near:
            said = f"{text[:40]!r} is to lie at sample {mark.number:,}, far from the signals"
            yield Notice("warning", "marker-misplaced", f"{said}: it has the time of its arrival")
        yield Chunk(
            f"{self.settings.name}-markers",
            np.array([now]),
            np.array([[text]], dtype=object),
            self._device_times(number, 1) if near else None,
        )

    @property
    def _counter(self) -> SampleCount:
        assert self._count is not None, "open() comes first"
        return self._count

    def _samples(self, message: Samples, now: float) -> Iterator[Chunk | Notice]:
        self.resting = False
        place = self._counter.place(message.number, message.rows, now)
        if place.anew and self._client.counts:
            yield Notice("warning", *COUNT_ANEW)
        self._shift = place.first - place.skip - message.number
        rows = message.rows[place.skip :]
        if len(rows):
            self._heard = now
            end = place.first + len(rows)
            lost = place.lost if self._client.counts else self._still.unseen(end, now)
            yield Chunk(
                self.settings.name,
                np.full(len(rows), now),
                rows,
                self._device_times(place.first, len(rows)),
                lost,
            )

    def _device_times(self, first: int, count: int) -> F64Array:
        assert self._description is not None
        numbers = first + self._still.dropped + np.arange(count, dtype=np.float64)
        return numbers / self._description.rate_hz

    def _measured(self, message: Impedances, now: float) -> Iterator[Chunk | Notice]:
        assert self._description is not None
        labels = [channel.label for channel in self._description.channels]
        if not self._description.impedances or len(message.kiloohms) != len(labels):
            count = f"{len(message.kiloohms)} impedances for {len(labels)} channels"
            yield Notice("warning", "impedances-odd", f"{count}: they are left out")
            return
        self._heard = now
        # What is no number, or below 0, was not measured.
        kohm = np.where(message.kiloohms >= 0, message.kiloohms, np.nan).astype(np.float32)
        self._impedances = dict(zip(labels, kohm.tolist(), strict=True))
        yield Chunk(f"{self.settings.name}-impedance", np.array([now]), kohm[None])

    # The rest.

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`impedance` {on}, `status`."""
        match name:
            case "impedance":
                on = bool(args.get("on", True))
                if self._description is None or not self._description.impedances:
                    raise DeviceError(
                        f"{self.settings.name}: its protocol gives no impedances; measure them in "
                        "the amplifier's own program"
                    )
                # The reading thread alone talks to the server: two would mix their requests.
                self._impedance_wish = on
                return {"on": on, "impedance_kohm": dict(self._impedances)}
            case "status":
                return {"impedance_kohm": dict(self._impedances)}
        return super().command(name, args)

    def close(self) -> None:
        """Take leave of the server and hang up."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._client.end()
        with contextlib.suppress(DeviceError):  # it has gone: nobody is left to take leave of
            if goodbye := self._client.take_outgoing():
                connection.write(goodbye)
        connection.close()
