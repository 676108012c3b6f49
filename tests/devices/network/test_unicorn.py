"""`unicorn-udp`: datagrams, counted; what is none is told; silence is a loss."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, DeviceError, DeviceLost, Notice
from devices.drivers.unicorn_udp import ROW_BYTES, UnicornUdp
from devices.simulation.servers.unicorn_server import UnicornServer
from tests.devices.contract import check_data, check_settings
from tests.devices.network.server import Playing, has_ipv6
from tests.devices.wire import RealClock, read_until, samples
from tests.ports import free_port


@pytest.fixture
def device() -> Iterator[UnicornUdp]:
    one = UnicornUdp(
        UnicornUdp.Settings(name="u", port=free_port(udp=True), silent_s=1.0), RealClock()
    )
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
    played = Playing(UnicornServer("127.0.0.1", device.settings.port), 250.0)
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
    assert device.command("status", {})["odd_datagrams"] == 2


def test_silence_and_a_taken_port_are_named(device: UnicornUdp) -> None:
    device.open()
    send(device, row(1))
    with pytest.raises(DeviceLost, match="no sample has come on UDP port"):
        list(itertools.islice(device.read(), 100))
    second = UnicornUdp(device.settings, RealClock())
    with pytest.raises(DeviceError, match="Address already in use; write an address"):
        second.open()


def read(device: UnicornUdp, count: int) -> list[Any]:
    """Read until so many samples are there."""
    items: list[Any] = []
    for item in device.read():
        items += [item] if item is not None else []
        if sum(isinstance(x, Chunk) for x in items) == count:
            return items
    raise AssertionError("read() ended by itself")


def test_a_datagram_that_was_overtaken_is_lost_once(device: UnicornUdp) -> None:
    """The count began anew, and one that was there was lost, too."""
    device.open()
    send(device, *map(row, (10, 12, 11, 13, 14)))
    items = read(device, 4)
    assert [x.data[0, 0] for x in items] == [10, 12, 13, 14]
    assert [x.lost for x in items] == [0, 1, 0, 0]


@contextlib.contextmanager
def playing(device: UnicornUdp, datagram: bytes) -> Iterator[None]:
    """Send one again and again, from one place."""
    stop = threading.Event()
    side = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def play() -> None:
        while not stop.wait(0.004):
            side.sendto(datagram, ("127.0.0.1", device.settings.port))

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        side.close()


@pytest.mark.parametrize("number", [float("nan"), -5.0, 7.0])
def test_a_sender_without_samples_is_silent(number: float) -> None:
    """Datagrams of no number, or of one that stood still, were waited for without end."""
    settings = UnicornUdp.Settings(name="u", port=free_port(udp=True), first_s=0.4, silent_s=0.4)
    device = UnicornUdp(settings, RealClock())
    device.open()
    with playing(device, row(number)), pytest.raises(DeviceLost, match="no sample has come"):
        list(itertools.islice(device.read(), 2000))
    device.close()


def test_a_second_program_is_left_out_and_told(device: UnicornUdp) -> None:
    """Its numbers between those of the first were losses that nobody had."""
    device.open()
    here = ("127.0.0.1", device.settings.port)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
    ):
        for number in range(10):
            first.sendto(row(number), here)
            second.sendto(row(number + 300), here)
        items = read(device, 10)
    chunks = [x for x in items if isinstance(x, Chunk)]
    assert [x.data[0, 0] for x in chunks] == list(range(10))
    assert not any(x.lost for x in chunks)
    assert [x.code for x in items if isinstance(x, Notice)] == ["another-sender"]


def test_a_count_that_jumps_is_told(device: UnicornUdp) -> None:
    device.open()
    send(device, *map(row, (5000, 5001, 0, 1)))
    items = read(device, 4)
    assert [x.code for x in items if isinstance(x, Notice)] == ["count-anew"]


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
def test_it_listens_at_an_address_of_ipv6() -> None:
    device = UnicornUdp(
        UnicornUdp.Settings(name="u", host="::1", port=free_port(udp=True)), RealClock()
    )
    device.open()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as side:
        side.sendto(row(1), ("::1", device.settings.port))
    assert read(device, 1)
    device.close()


@given(rows=st.lists(st.binary(min_size=ROW_BYTES, max_size=ROW_BYTES), max_size=20))
def test_any_numbers_are_a_sample_or_nothing(rows: list[bytes]) -> None:
    device = UnicornUdp(UnicornUdp.Settings(name="u", port=free_port(udp=True)), RealClock())
    device.open()
    chunks = [
        chunk
        for number, row in enumerate(rows)
        for chunk in device._datagram(row, ("127.0.0.1", 1), number / 250)
        if isinstance(chunk, Chunk)
    ]
    device.close()
    assert all(np.isfinite(chunk.data).all() and chunk.lost >= 0 for chunk in chunks)
