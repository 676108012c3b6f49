"""`simulated-photodiode`: a light sensor on the patch of a simulated screen.

The player tells when the patch of a frame that was really swapped went on or off, by UDP datagrams
`<LSL time> <0|1>` on this computer. That way is beside the markers: what a photodiode finds in this
signal is an independent witness of what the markers say.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from devices.arrays import Array, F64Array
from devices.base import Channel, Chunk, Clock, Device, DeviceError, Settings, StreamSpec
from devices.counter_rng import make_key

DARK_V, LIT_V = 0.2, 3.0
NOISE_V = 0.02
BEAT_S = 0.020
HOLD_BACK_S = 0.150
"""Samples are given so late, so that the datagram of a flash has come by then."""


class SimulatedPhotodiodeSettings(Settings):
    """Where it hears of flashes, and how it shows them."""

    port: int = Field(ge=0, le=65535, description="any free one: the player tells it there")
    rate_hz: float = Field(default=1000.0, ge=10, le=50_000, description="samples a second")
    lag_ms: float = Field(default=0.0, ge=0, le=500, description="from the swap to the light")
    seed: int = Field(default=1, description="of its noise")


class SimulatedPhotodiode(Device):
    """One channel of volts."""

    Settings = SimulatedPhotodiodeSettings
    summary = "simulated light sensor on the photodiode patch of the stimulus player"
    simulated = True

    def __init__(self, settings: SimulatedPhotodiodeSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._socket: socket.socket | None = None
        self._edges: list[tuple[float, bool]] = []
        self._lit = False
        self._rng = np.random.default_rng(make_key(settings.seed, settings.name, "noise"))

    def open(self) -> Sequence[StreamSpec]:
        """Listen at the port."""
        self.close()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(("127.0.0.1", self.settings.port))
        except OSError as error:
            self.close()
            raise DeviceError(
                f"UDP port {self.settings.port}: {error.strerror}; choose another with `port`"
            ) from error
        return (
            StreamSpec(
                name=self.settings.name,
                type="Light",
                channels=(Channel("light", "volts", "Light"),),
                rate_hz=self.settings.rate_hz,
                dtype="float32",
                manufacturer="Unisono",
                model="simulated-photodiode",
                desc={"simulated": "yes"},
            ),
        )

    def read(self) -> Iterator[Chunk | None]:
        """Yield what the sensor saw, a little later."""
        start, sent = self.clock.now(), 0
        while True:
            self.clock.sleep_until(self.clock.now() + BEAT_S)
            self._listen()
            ready = int((self.clock.now() - HOLD_BACK_S - start) * self.settings.rate_hz)
            if ready <= sent:
                yield None
                continue
            times = start + np.arange(sent, ready) / self.settings.rate_hz
            sent = ready
            yield Chunk(self.settings.name, times, self._volts(times))

    def _listen(self) -> None:
        while self._socket is not None:
            try:
                words = self._socket.recv(64).split()
                edge = float(words[0]) + self.settings.lag_ms * 1e-3, words[1] == b"1"
            except BlockingIOError:
                return
            except (OSError, ValueError, IndexError):  # somebody else's datagram
                continue
            self._edges.append(edge)

    def _volts(self, times: F64Array) -> Array:
        lit = np.full(len(times), self._lit)
        for time, state in self._edges:
            lit[times >= time] = state
        self._lit = bool(lit[-1])
        self._edges = [edge for edge in self._edges if edge[0] > times[-1]]
        noise = NOISE_V * self._rng.standard_normal(len(times))
        return (np.where(lit, LIT_V, DARK_V) + noise).astype(np.float32)[:, None]

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
