"""`egi-ampserver`: EGI and Magstim amplifiers (NA400, NA410) through AmpServer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from devices.base import Clock, DeviceError, DeviceLost, StreamSpec
from devices.network.amp_server import DELAY_MS, AmpServerClient, command, details, microvolts_of
from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.connection import Connection, Host, Port
from devices.network.framing import WireError

LONGEST_ANSWER = 1 << 16


class EgiAmpserverSettings(NetworkSettings):
    """Two ports: of the data, and of the commands."""

    host: Host = Field(default="10.10.10.51", description="the amplifier")
    port: Port = Field(default=9879, description="of its data")
    command_port: Port = Field(default=9877, description="of its commands")
    rate_hz: Literal[250, 500, 1000] = Field(
        default=1000, description="samples a second; without `start`, as the other program has it"
    )
    start: bool = Field(
        default=True, description="false: another program (Net Station) runs it, we only listen"
    )


class EgiAmpserver(NetworkAmplifier):
    """AmpServer: commands on one connection, packets on another."""

    Settings = EgiAmpserverSettings
    summary = "EGI and Magstim amplifiers through AmpServer"
    manufacturer = "EGI"
    remedy = "switch the amplifier's AmpServer on, and compare address and ports"

    settings: EgiAmpserverSettings

    def __init__(self, settings: EgiAmpserverSettings, clock: Clock) -> None:
        self._microvolts = 0.0
        self._model = ""
        if settings.latency_ms is None:  # the filter's group delay
            settings = settings.model_copy(update={"latency_ms": DELAY_MS[settings.rate_hz]})
        super().__init__(settings, clock)

    def open(self) -> Sequence[StreamSpec]:
        """Ask what amplifier it is, start it, and listen."""
        given = self.settings
        orders = Connection(
            given.host, given.command_port, wait_s=given.connect_s, remedy=self.remedy
        )
        try:
            found = self._asked(orders, command("cmd_GetAmpDetails"))
            self._microvolts = microvolts_of(found)
            self._model = f"AmpServer {found['amp_type']}"
            if given.start:
                for order in self._start_orders():
                    self._asked(orders, order)
        finally:
            orders.close()
        return super().open()

    def _start_orders(self) -> Sequence[bytes]:
        return (
            command("cmd_Stop"),
            command("cmd_SetPower", 0),
            command("cmd_SetDecimatedRate", self.settings.rate_hz),
            command("cmd_SetPower", 1),
            command("cmd_DefaultAcquisitionState"),
            command("cmd_Start"),
        )

    def _asked(self, orders: Connection, order: bytes) -> dict[str, str]:
        """Give an order and wait for its answer."""
        name = order.split()[1].decode()
        try:
            orders.write(order)
            answer, deadline = b"", self.clock.now() + self.settings.connect_s
            while b"\n" not in answer:
                if len(answer) > LONGEST_ANSWER:
                    raise WireError("the answer has no end: it is not EGI's AmpServer")
                if self.clock.now() > deadline:
                    raise DeviceError(f"{orders.place} does not answer {name}; {self.remedy}")
                answer += orders.read()
            return details(answer.partition(b"\n")[0])
        except (DeviceLost, WireError) as error:
            raise DeviceError(f"{orders.place}, asked {name}: {error}; {self.remedy}") from error

    def make_client(self) -> AmpServerClient:
        """Begin a conversation."""
        return AmpServerClient(self._microvolts, float(self.settings.rate_hz), self._model)
