"""`unicorn-udp`: g.tec's Unicorn Hybrid Black through its own UDP program."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any

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
from devices.network.connection import WAIT_S, Host, Port
from devices.network.sample_count import COUNT_ANEW, SampleCount

RATE_HZ = 250.0
LABELS = (
    *(f"EEG {n}" for n in range(1, 9)),
    *("ACC X", "ACC Y", "ACC Z", "GYR X", "GYR Y", "GYR Z", "Battery", "Counter", "Validation"),
)
UNITS = ("microvolts",) * 8 + ("g",) * 3 + ("degrees/s",) * 3 + ("percent", "", "")
COUNTER = LABELS.index("Counter")
ROW_BYTES = 4 * len(LABELS)
COUNTED = 1 << 24  # float32 counts no further in steps of one
OVERTAKEN = 8
"""Datagrams may overtake so many others on their way."""
TURN_S = 1.0
"""A program that has sent nothing for so long may be followed by another one."""
DATAGRAM_BYTES = 1 << 16  # any: Windows makes an error of one that does not fit
_ODD = {
    "odd-datagram": "{sender} sends what is no sample of 17 numbers: acquire all channels in "
    "Unicorn UDP",
    "spoilt-datagram": "{sender} sends a sample with a value that is no number: it is lost",
    "another-sender": "{sender} sends to this port, too: its datagrams are left out; end one of "
    "the two programs",
}
"""What is told once of datagrams that are no samples, and counted."""


class UnicornUdpSettings(Settings):
    """Where the Unicorn program sends to."""

    host: Host = Field(
        default="127.0.0.1", description="address of this computer that Unicorn UDP sends to"
    )
    port: Port = Field(description="port that it sends to")
    first_s: float = Field(
        default=10.0, gt=0, le=120, description="how long the first datagram may take"
    )
    silent_s: float = Field(
        default=5.0, gt=0, le=600, description="silent for so long, it is opened again"
    )


class UnicornUdp(Device):
    """One datagram a sample: 17 numbers, the 16th counts them."""

    Settings = UnicornUdpSettings
    summary = "g.tec Unicorn Hybrid Black through Unicorn UDP"

    settings: UnicornUdpSettings

    def __init__(self, settings: UnicornUdpSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._socket: socket.socket | None = None
        self._count = SampleCount(RATE_HZ, COUNTED, OVERTAKEN)
        self._odd = dict.fromkeys(_ODD, 0)  # datagrams that were no samples
        self._sender: object = None
        self._heard = 0.0  # LSL time of the newest sample

    def open(self) -> Sequence[StreamSpec]:
        """Listen; the program is not asked for anything."""
        self.close()
        host, port = self.settings.host, self.settings.port
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.bind(address)
        except OSError as error:
            self.close()
            raise DeviceError(
                f"{host} UDP port {port}: {error.strerror}; write an address of this computer, and "
                "a port that no other program has"
            ) from error
        self._socket.settimeout(WAIT_S)
        self._sender = None
        self._count.renew()
        kinds = ("EEG",) * 8 + ("ACC",) * 3 + ("GYRO",) * 3 + ("", "", "")
        channels = tuple(map(Channel, LABELS, UNITS, kinds))
        self.stream = StreamSpec(
            name=self.settings.name,
            type="EEG",
            channels=channels,
            rate_hz=RATE_HZ,
            dtype="float32",
            manufacturer="g.tec",
            model="Unicorn Hybrid Black (UDP)",
            can_drop_samples=True,
            counts_losses=True,
        )
        return (self.stream,)

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield each datagram; what is none of its samples is told once."""
        self._heard, limit = self.clock.now(), self.settings.first_s
        while True:
            data, sender = self._received()
            now, before = self.clock.now(), self._heard
            if data:
                yield from self._datagram(data, sender, now)
            if self._heard > before:
                limit = self.settings.silent_s
            if now - self._heard > limit:
                place = f"UDP port {self.settings.port}"
                raise DeviceLost(
                    f"no sample has come on {place} for {now - self._heard:.1f} s; start Unicorn "
                    "UDP and have it send to this computer"
                )
            yield None

    def _received(self) -> tuple[bytes, object]:
        assert self._socket is not None, "open() comes first"
        try:
            return self._socket.recvfrom(DATAGRAM_BYTES)
        except TimeoutError:
            return b"", None
        except OSError as error:
            raise DeviceLost(f"UDP port {self.settings.port}: {error.strerror or error}") from error

    def _datagram(self, data: bytes, sender: object, now: float) -> Iterator[Chunk | Notice]:
        if len(data) != ROW_BYTES:
            yield from self._told("odd-datagram", sender)
            return
        row = np.frombuffer(data, "<f4").astype(np.float32)
        number = float(row[COUNTER])
        if not 0 <= number < COUNTED or not np.isfinite(row).all():
            yield from self._told("spoilt-datagram", sender)
        elif sender == self._sender or self._sender is None or now - self._heard > TURN_S:
            if sender != self._sender:  # it may count from anywhere
                self._count.renew()
            self._sender = sender
            yield from self._sample(row, int(number), now)
        else:
            yield from self._told("another-sender", sender)

    def _told(self, code: str, sender: Any) -> Iterator[Notice]:
        self._odd[code] += 1
        if self._odd[code] == 1:
            yield Notice("warning", code, _ODD[code].format(sender=sender[0]))

    def _sample(
        self, row: np.ndarray[tuple[int], np.dtype[np.float32]], number: int, now: float
    ) -> Iterator[Chunk | Notice]:
        place = self._count.place(number, row[None], now)
        if place.anew:
            yield Notice("warning", *COUNT_ANEW)
        if not place.skip:
            self._heard = now
            own = np.array([place.first / RATE_HZ])
            yield Chunk(self.stream.name, np.array([now]), row[None], own, place.lost)

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def command(self, name: str, args: object) -> dict[str, int]:
        """`status`: datagrams that were no samples."""
        if name != "status":
            raise DeviceError(f"unicorn-udp has no command {name!r}; there is: status")
        return {code.replace("-", "_") + "s": count for code, count in self._odd.items()}
