"""`unicorn-udp`: datagrams, counted; what is none is told; silence is a loss."""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, DeviceError, DeviceLost, Notice
from devices.drivers.unicorn_udp import ROW_BYTES, UnicornUdp
from devices.simulation.servers.unicorn_server import UnicornServer
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import Playing, signals
from tests.devices.network.test_biopac import free_port
from tests.devices.wire import RealClock, read_until, samples


@pytest.fixture
def device() -> Iterator[UnicornUdp]:
    one = UnicornUdp(UnicornUdp.Settings(name="u", port=free_port(), silent_s=0.4), RealClock())
    yield one
    one.close()


def send(device: UnicornUdp, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as side:
        for datagram in datagrams:
            side.sendto(datagram, ("127.0.0.1", device.settings.port))


def row(number: float) -> bytes:
    return struct.pack("<17f", *[number] * 8, 0, 0, 1, 0, 0, 0, 90, number, 1)


def test_samples_come_and_the_contract_is_kept(device: UnicornUdp) -> None:
    check_settings(UnicornUdp, {"name": "u", "port": 1000})
    played = Playing(UnicornServer(signals(), "127.0.0.1", device.settings.port), 250.0)
    try:
        for _ in range(2):
            check_data(device, device.open(), RealClock(), {}, 0.4)
            device.close()
        (spec,) = device.open()
        found = read_until(device, lambda found: samples(found) >= 100)
    finally:
        played.close()
    assert (spec.channels[0].unit, spec.channels[-3].label) == ("microvolts", "Battery")
    assert np.diff([c.data[0, -2] for c in found]).tolist() == [1] * (len(found) - 1)


def test_what_the_count_misses_is_lost_and_repeats_are_dropped(device: UnicornUdp) -> None:
    device.open()
    send(device, *map(row, (10, 11, 15, 15, 16)), row(float("nan")), row(17))
    found = read_until(device, lambda found: samples(found) >= 5)
    assert [c.data[0, 0] for c in found] == [10, 11, 15, 16, 17]
    assert [c.lost for c in found] == [0, 0, 3, 0, 0]


def test_a_datagram_that_is_none_is_told_once(device: UnicornUdp) -> None:
    device.open()
    send(device, b"hello", b"x" * 2000, b"", row(1))
    items = []
    for item in device.read():
        items.append(item)
        if isinstance(item, Chunk):
            break
    notices = [item for item in items if isinstance(item, Notice)]
    assert [notice.code for notice in notices] == ["odd-datagram"]
    assert device.command("status", {}) == {"odd_datagrams": 2}


def test_silence_and_a_taken_port_are_named(device: UnicornUdp) -> None:
    device.open()
    send(device, row(1))
    with pytest.raises(DeviceLost, match="nothing has come on UDP port"):
        list(itertools.islice(device.read(), 100))
    second = UnicornUdp(device.settings, RealClock())
    with pytest.raises(DeviceError, match="Address already in use; write an address"):
        second.open()


@given(rows=st.lists(st.binary(min_size=ROW_BYTES, max_size=ROW_BYTES), max_size=20))
def test_any_numbers_are_a_sample_or_nothing(rows: list[bytes]) -> None:
    device = UnicornUdp(UnicornUdp.Settings(name="u", port=free_port()), RealClock())
    device.open()
    chunks = [
        chunk
        for number, row in enumerate(rows)
        for chunk in device._sample(np.frombuffer(row, "<f4").astype(np.float32), number / 250)
    ]
    device.close()
    assert all(np.isfinite(chunk.data).all() and chunk.lost >= 0 for chunk in chunks)
