"""EGI's packets and Gazepoint's lines in odd pieces, cut off, repeated, and of another net."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from devices.base import Chunk, DeviceError, DeviceLost, Notice
from devices.drivers.egi_ampserver import EgiAmpserver
from devices.drivers.gazepoint import Gazepoint
from tests.acquire.program import TIMEOUT_S
from tests.devices.network.packets import egi, egi_packet, facing, items_of, record
from tests.devices.wire import read_until

DETAILS = b"(sendCommand_return (status complete)(amp_type NA400)(packet_format 2))\n"
Script = tuple[Iterable[bytes], bool]
BOTH: list[tuple[Any, list[Script], bytes]] = [
    (
        EgiAmpserver,
        [([DETAILS], True)],
        b"".join(egi(*(egi_packet(5 * k + i) for i in range(5))) for k in range(4)),
    ),
    (Gazepoint, [], b"".join(record(k) + b'<ACK ID="X" STATE="1" />\r\n' for k in range(20))),
]
PROTOCOLS = pytest.mark.parametrize(("driver", "orders", "said"), BOTH, ids=["egi", "gaze"])


def settings(driver: Any) -> dict[str, Any]:
    return {"start": False, "rate_hz": 500} if driver is EgiAmpserver else {}


def taken(items: list[Any]) -> tuple[int, int]:
    """Count samples and losses."""
    chunks = [x for x in items if isinstance(x, Chunk) and x.stream == "amp"]
    return sum(len(c.times) for c in chunks), sum(c.lost for c in chunks)


@PROTOCOLS
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_any_pieces_give_the_same(
    driver: Any, orders: list[Script], said: bytes, size: int
) -> None:
    pieces = [said[i : i + size] for i in range(0, len(said), size)]
    with facing(driver, *orders, (pieces, True), **settings(driver)) as one:
        one.open()
        items: list[Any] = []
        for item in one.read():
            items.append(item)
            if taken(items)[0] == 20:
                break
    assert taken(items) == (20, 0)
    assert not [x for x in items if isinstance(x, Notice)]


@PROTOCOLS
def test_a_close_in_mid_packet_is_a_loss(driver: Any, orders: list[Script], said: bytes) -> None:
    with facing(driver, *orders, ([said[:-50]], False), **settings(driver)) as one:
        one.open()
        items: list[Any] = []
        with pytest.raises(DeviceLost, match="has closed the connection"):
            items.extend(one.read())
    assert 15 <= taken(items)[0] < 20


@PROTOCOLS
def test_what_came_twice_is_taken_once(driver: Any, orders: list[Script], said: bytes) -> None:
    with facing(
        driver, *orders, ([said, said, said[: len(said) // 2]], False), **settings(driver)
    ) as one:
        one.open()
        items: list[Any] = []
        with pytest.raises(DeviceLost):
            items.extend(one.read())
    assert taken(items) == (20, 0)


@PROTOCOLS
def test_silence_is_a_loss(driver: Any, orders: list[Script], said: bytes) -> None:
    with facing(driver, *orders, ([said], True), silent_s=0.4, **settings(driver)) as one:
        one.open()
        with pytest.raises(DeviceLost, match=r"has sent nothing for \d+\.\d s; "):
            read_until(one, lambda _: False)


@PROTOCOLS
def test_who_says_nothing_is_given_up(driver: Any, orders: list[Script], said: bytes) -> None:
    with (
        facing(driver, *orders, ([], True), connect_s=0.3, **settings(driver)) as one,
        pytest.raises(DeviceError, match="does not say what it records"),
    ):
        one.open()


def test_a_command_connection_that_says_nothing_is_given_up() -> None:
    with (
        facing(EgiAmpserver, ([], True), connect_s=0.3, start=False) as one,
        pytest.raises(DeviceError, match="does not answer cmd_GetAmpDetails; switch"),
    ):
        one.open()


@pytest.mark.parametrize("net", [2, 15])
def test_another_net_is_a_loss(net: int) -> None:
    is_open = threading.Event()

    def said() -> Iterator[bytes]:
        yield egi(egi_packet(0), egi_packet(1))
        is_open.wait(TIMEOUT_S)  # with the first packets it would be refused at once
        yield egi(egi_packet(2, net))

    with facing(EgiAmpserver, ([DETAILS], True), (said(), True), start=False) as one:
        (spec, _) = one.open()
        is_open.set()
        assert len(spec.channels) == 32
        with pytest.raises(DeviceLost, match=r"it records other channels now|has no net"):
            read_until(one, lambda _: False)


def test_egis_packets_with_a_hole_count_it() -> None:
    said = [egi(*(egi_packet(n) for n in (0, 1, 5, 6))), egi(egi_packet(10))]
    with facing(EgiAmpserver, ([DETAILS], True), (said, True), start=False) as one:
        one.open()
        assert taken(items_of(one, 3)) == (5, 6)
