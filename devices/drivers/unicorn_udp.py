"""`unicorn-udp`: g.tec's Unicorn Hybrid Black through its own UDP program."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence

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
from devices.network.connection import WAIT_S, Host
from devices.network.sample_count import SampleCount

RATE_HZ = 250.0
LABELS = (
    *(f"EEG {n}" for n in range(1, 9)),
    *("ACC X", "ACC Y", "ACC Z", "GYR X", "GYR Y", "GYR Z", "Battery", "Counter", "Validation"),
)
UNITS = ("microvolts",) * 8 + ("g",) * 3 + ("degrees/s",) * 3 + ("percent", "", "")
COUNTER = LABELS.index("Counter")
ROW_BYTES = 4 * len(LABELS)
COUNTED = 1 << 24  # float32 counts no further in steps of one


class UnicornUdpSettings(Settings):
    """`host` and `port`: the address of this computer that the Unicorn program sends to."""

    host: Host = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    first_s: float = Field(default=10.0, gt=0, le=120)  # for the first datagram
    silent_s: float = Field(default=5.0, gt=0, le=600)


class UnicornUdp(Device):
    """One datagram a sample: 17 numbers, the 16th counts them."""

    Settings = UnicornUdpSettings
    summary = "g.tec Unicorn Hybrid Black through Unicorn UDP"

    settings: UnicornUdpSettings

    def __init__(self, settings: UnicornUdpSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._socket: socket.socket | None = None
        self._count = SampleCount(RATE_HZ, COUNTED)
        self._odd = 0  # datagrams of another length

    def open(self) -> Sequence[StreamSpec]:
        """Listen; the program is not asked for anything."""
        self.close()
        host, port = self.settings.host, self.settings.port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self.close()
            raise DeviceError(
                f"{host} UDP port {port}: {error.strerror}; write an address of this computer, and "
                "a port that no other program has"
            ) from error
        self._socket.settimeout(WAIT_S)
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
        """Yield each datagram; one of another length is told once."""
        assert self._socket is not None, "open() comes first"
        heard, limit = self.clock.now(), self.settings.first_s
        while True:
            data = b""
            with contextlib.suppress(TimeoutError):
                data = self._socket.recv(2048)
            now = self.clock.now()
            if len(data) == ROW_BYTES:
                heard, limit = now, self.settings.silent_s
                yield from self._sample(np.frombuffer(data, "<f4").astype(np.float32), now)
            elif data:
                self._odd += 1
                if self._odd == 1:
                    yield Notice(
                        "warning",
                        "odd-datagram",
                        f"a datagram of {len(data)} bytes is no sample of {len(LABELS)} numbers: "
                        "acquire all channels in Unicorn UDP",
                    )
            if now - heard > limit:
                raise DeviceLost(
                    f"nothing has come on UDP port {self.settings.port} for {now - heard:.1f} s; "
                    "start Unicorn UDP and have it send to this computer"
                )
            yield None

    def _sample(
        self, row: np.ndarray[tuple[int], np.dtype[np.float32]], now: float
    ) -> Iterator[Chunk]:
        number = float(row[COUNTER])
        if not 0 <= number < COUNTED or not np.isfinite(row).all():
            return
        place = self._count.place(int(number), 1, now)
        if not place.skip:
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
        return {"odd_datagrams": self._odd}
