"""`egi-ampserver` against a stand-in for AmpServer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, Device, DeviceError
from devices.drivers.egi_ampserver import EgiAmpserver
from devices.network.amp_server import PACKET, AmpServerClient, details
from devices.network.client import Message
from devices.network.framing import WireError
from devices.simulation.servers.egi_server import EgiServer
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import Playing, opened, scripted, signals
from tests.devices.wire import RealClock, read_until, samples


@pytest.fixture
def devices() -> Iterator[list[Device]]:
    made: list[Device] = []
    yield made
    for one in made:
        one.close()


@contextlib.contextmanager
def playing(**more: Any) -> Iterator[tuple[EgiServer, Playing]]:
    server = EgiServer(signals(), "127.0.0.1", 0, **more)
    played = Playing(server)
    try:
        yield server, played
    finally:
        played.close()


def connect(made: list[Device], server: EgiServer, **more: Any) -> Any:
    one = opened(EgiAmpserver, server.port, command_port=server.command_port, rate_hz=500, **more)
    made.append(one)
    return one


def of(found: list[Chunk], stream: str = "amp") -> list[Chunk]:
    return [chunk for chunk in found if chunk.stream == stream]


def test_packets_are_samples_with_the_filters_delay(devices: list[Device]) -> None:
    check_settings(EgiAmpserver, {"name": "amp"})
    assert PACKET.itemsize == 1264
    with playing() as (server, _):
        one = connect(devices, server)
        for _ in range(2):
            check_data(one, one.open(), RealClock(), {}, 0.4)
            one.close()
        spec, _ = one.open()
        found = read_until(one, lambda found: bool(of(found, "amp-markers")))
    assert (len(spec.channels), spec.latency_s, spec.model) == (32, 0.061, "AmpServer NA400")
    numbers = np.concatenate([c.data[:, 0] for c in of(found)]).round()
    assert (np.diff(numbers) == 1).all()
    assert of(found, "amp-markers")[0].data[0, 0].isdigit()


def test_repeated_packets_are_taken_once_and_missing_ones_are_lost(devices: list[Device]) -> None:
    with playing(repeats=2) as (server, played):
        one = connect(devices, server)
        one.open()
        before = read_until(one, lambda found: samples(of(found)) >= 100)
        played.skip = 3
        wanted = samples(of(before)) + 100
        found = before + read_until(one, lambda new: samples(of(before + new)) >= wanted)
    numbers = np.concatenate([c.data[:, 0] for c in of(found)]).round()
    assert sorted(set(np.diff(numbers))) == [1, 31]
    assert sum(c.lost for c in found) == 30


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "{place}: what comes is not EGI's.*compare address"),
        (b"(sendCommand_return (status failed))\n", "{place}.*not carried out a command.*compare"),
        (b"x" * 100_000, "{place}: the answer has no end: it is not EGI's"),
        (b"", "{place}.*has closed the connection; switch the amplifier's AmpServer on"),
        (
            b"(sendCommand_return (status complete)(amp_type NA300)(packet_format 1))\n",
            "an amplifier NA300 with packets of format 1 is not read here",
        ),
    ],
)
def test_what_is_not_read_is_named(answer: bytes, said: str, devices: list[Device]) -> None:
    with scripted(([answer], bool(answer))) as server:
        one = opened(EgiAmpserver, server.port, command_port=server.port)
        devices.append(one)
        place = f"port {server.port}, asked cmd_GetAmpDetails"
        with pytest.raises(DeviceError, match=said.format(place=place)):
            one.open()


@given(data=st.binary(max_size=3000))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(WireError):
        assert all(isinstance(m, Message) for m in AmpServerClient(1, 500, "x").receive(data))
    with contextlib.suppress(WireError):
        details(data)
