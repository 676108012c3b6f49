"""Stands in for AcqKnowledge's network data transfer: discovery, control, and data towards us.

Every `dividers[i]`-th sample of channel i is sent; what is a trigger is digital, the rest analog,
and comes first. Two threads of its own answer: one the control calls, one the question where the
control port is.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Any
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

import numpy as np

from devices.arrays import F32Array
from devices.simulation.servers.serving import Packet, Signals, no_door

CONNECT_S = 2.0
_FORMATS = {"float": "f4", "double": "f8", "short": "i2"}
_SHORT_SCALE = 0.01


class _Control(SimpleXMLRPCServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client leave amid its request without a traceback."""


class BiopacServer:
    """AcqKnowledge with an MP160."""

    def __init__(
        self,
        signals: Signals,
        host: str,
        port: int = 0,
        *,
        discovery_port: int | None = None,
        dividers: Sequence[int] = (),
    ) -> None:
        """Listen; `discovery_port` None: nobody is told where.

        Raises:
            DeviceError: a port is taken or may not be used.
        """
        self._signals = signals
        digital = [channel.kind == "Trigger" for channel in signals.channels]
        self._places = [  # type and index of each channel, as the protocol names it
            ("digital" if is_digital else "analog", digital[:i].count(is_digital))
            for i, is_digital in enumerate(digital)
        ]
        self._dividers = [*dividers, *[1] * (len(signals.channels) - len(dividers))]
        # The control thread changes what the thread that sends reads.
        self._lock = threading.Lock()
        self._formats = dict.fromkeys(range(len(signals.channels)), ("double", "little"))
        self._delivered: set[int] = set()
        self._ports: dict[int, int] = {}
        self._mode, self._single_port, self._hostname = "single", 15020, ""
        self._caller = host
        self.running = False
        self.silent = False  # records on and sends nothing
        self._links: dict[int, socket.socket] = {}  # by channel; of −1 in single mode
        self._sent = 0  # hardware samples since the start
        self.dialog: threading.Event | None = None  # while it is not set, toggling waits for it
        try:
            self._rpc = _Control((host, port), self._handler(), logRequests=False, allow_none=True)
            self._discovery = _listening(host, discovery_port)
        except OSError as error:
            raise no_door(host, port, error) from error
        self._rpc.register_introspection_functions()
        for name in dir(self):
            if name.startswith("acq_"):
                self._rpc.register_function(getattr(self, name), "acq." + name[4:])
        self._threads = [threading.Thread(target=self._rpc.serve_forever, args=(0.05,))]
        if self._discovery is not None:
            self._threads.append(threading.Thread(target=self._tell_port, args=(self._discovery,)))
        for thread in self._threads:
            thread.start()

    @property
    def port(self) -> int:
        """The control port."""
        return int(self._rpc.server_address[1])

    def _handler(server) -> type[SimpleXMLRPCRequestHandler]:  # noqa: N805 - `self` is the request
        class Handler(SimpleXMLRPCRequestHandler):
            rpc_paths = ("/RPC2",)
            timeout = CONNECT_S  # one after the other is served: who says nothing keeps nobody out

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing of requests that are none, nor of clients that leave."""

            def do_POST(self) -> None:  # noqa: N802 - the library's name
                server._caller = self.client_address[0]
                super().do_POST()

        return Handler

    def _tell_port(self, asked: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                question, address = asked.recvfrom(256)
                if question == b"AcqP Client":
                    asked.sendto(b"AcqP Server Port:%d" % self.port, address)

    # Control.

    def acq_getMPUnitType(self) -> int:  # noqa: D102, N802 - the protocol's names
        return 160

    def acq_getEnabledChannels(self, kind: str) -> list[int]:  # noqa: D102, N802
        return [index for its_kind, index in self._places if its_kind == kind]

    def acq_getChannelLabel(self, channel: dict[str, Any]) -> str:  # noqa: D102, N802
        return self._signals.channels[self._index(channel)].label

    def acq_getChannelScaling(self, channel: dict[str, Any]) -> dict[str, float]:  # noqa: D102, N802
        self._index(channel)
        return {"scale": _SHORT_SCALE, "offset": 0.0}

    def acq_getSamplingRate(self) -> float:  # noqa: D102, N802
        return self._signals.rate_hz

    def acq_getDownsamplingDivider(self, channel: dict[str, Any]) -> int:  # noqa: D102, N802
        return int(self._dividers[self._index(channel)])

    def acq_changeTransportType(self, kind: str) -> int:  # noqa: D102, N802
        if kind != "tcp":
            raise Fault(1, "this stand-in sends over TCP alone")
        return 0

    def acq_changeDataConnectionMethod(self, mode: str) -> int:  # noqa: D102, N802
        self._mode = mode
        return 0

    def acq_changeDataConnectionHostname(self, name: str) -> int:  # noqa: D102, N802
        self._hostname = name
        return 0

    def acq_changeSingleConnectionModePort(self, port: int) -> int:  # noqa: D102, N802
        self._single_port = port
        return 0

    def acq_getSingleConnectionModePort(self) -> int:  # noqa: D102, N802
        return self._single_port

    def acq_changeDataConnectionPort(self, channel: dict[str, Any], port: int) -> int:  # noqa: D102, N802
        self._ports[self._index(channel)] = port
        return 0

    def acq_changeDataType(self, channel: dict[str, Any], how: dict[str, str]) -> int:  # noqa: D102, N802
        if how.get("type") not in _FORMATS or how.get("endian") not in ("little", "big"):
            raise Fault(2, "unknown data type")
        self._formats[self._index(channel)] = how["type"], how["endian"]
        return 0

    def acq_changeDataDeliveryEnabled(self, channel: dict[str, Any], on: bool) -> int:  # noqa: D102, N802
        index = self._index(channel)
        (self._delivered.add if on else self._delivered.discard)(index)
        return 0

    def acq_getAcquisitionInProgress(self) -> bool:  # noqa: D102, N802
        return self.running

    def acq_toggleAcquisition(self) -> int:  # noqa: D102, N802
        if self.dialog is not None:
            self.dialog.wait()
        if self.running:
            self.stop()
        else:
            self._start()
        return 0

    def _index(self, channel: dict[str, Any]) -> int:
        place = channel.get("type"), channel.get("index")
        if place not in self._places:
            raise Fault(3, f"no channel {channel}")
        return self._places.index(place)

    # Data.

    def _start(self) -> None:
        host = self._hostname or self._caller
        wanted = (
            {-1: self._single_port}
            if self._mode == "single"
            else {i: self._ports[i] for i in sorted(self._delivered)}
        )
        links = {}
        for channel, port in wanted.items():
            with contextlib.suppress(OSError):  # nobody listens: it records without
                links[channel] = socket.create_connection((host, port), CONNECT_S)
        with self._lock:
            self._links, self._sent, self.running = links, 0, True

    def stop(self) -> None:
        """End the acquisition, as its button does."""
        with self._lock:
            self.running = False
            self._hang_up()

    def _hang_up(self) -> None:
        for link in self._links.values():
            link.close()
        self._links = {}

    def turn(self, packet: Packet | None) -> None:
        """Send a packet to whoever is connected."""
        with self._lock:
            if packet is None or not self.running or self.silent:
                return
            try:
                if (link := self._links.get(-1)) is not None:
                    link.sendall(self._interleaved(packet.rows))
                else:
                    for channel, one in self._links.items():
                        rows = np.arange(self._sent, self._sent + len(packet.rows))
                        kept = packet.rows[rows % self._dividers[channel] == 0, channel]
                        one.sendall(self._encoded(kept, channel))
            except OSError:  # hung up on: it records on
                self._hang_up()
            self._sent += len(packet.rows)

    def _interleaved(self, rows: F32Array) -> bytes:
        channels = sorted(self._delivered)
        if len({(self._formats[c], self._dividers[c]) for c in channels}) == 1:
            step = self._dividers[channels[0]]
            kept = rows[-self._sent % step :: step]
            return self._encoded(kept[:, channels], channels[0])
        out = b""
        for i, row in enumerate(rows, self._sent):
            for c in channels:
                if i % self._dividers[c] == 0:
                    out += self._encoded(row[c : c + 1], c)
        return out

    def _encoded(self, values: F32Array, channel: int) -> bytes:
        kind, endian = self._formats[channel]
        scaled = (values / _SHORT_SCALE).round() if kind == "short" else values
        return scaled.astype(("<" if endian == "little" else ">") + _FORMATS[kind]).tobytes()

    def close(self) -> None:
        """Close everything."""
        if self.dialog is not None:
            self.dialog.set()
        self._rpc.shutdown()
        self._rpc.server_close()
        self.stop()  # not before: a call that a dialog held would connect after it
        if self._discovery is not None:
            with contextlib.suppress(OSError):  # wakes the thread that waits in it
                self._discovery.shutdown(socket.SHUT_RDWR)
            self._discovery.close()
        for thread in self._threads:
            thread.join()


def _listening(host: str, port: int | None) -> socket.socket | None:
    if port is None:
        return None
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asked.bind((host, port))
    except OSError:
        asked.close()
        raise
    return asked
