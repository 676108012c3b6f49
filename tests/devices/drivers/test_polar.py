"""`polar` against a stand-in client that plays notifications: there is no Bluetooth here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from bleak.exc import BleakError
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, Device, DeviceError, DeviceLost, Notice
from devices.bluetooth import polar_words as words
from devices.drivers.polar import Polar
from tests.devices.contract import check_settings
from tests.devices.wire import RealClock, read_until, samples

START_NS = 700_000_000_000_000_000
ECG_HZ = 130


def packed(rows: np.ndarray[Any, Any], number: int, last_ns: int, size: int) -> bytes:
    """Write a frame with differences of 12 bits, by Python's integers alone."""
    out = bytes([number]) + last_ns.to_bytes(8, "little") + b"\x80"
    out += b"".join(int(v).to_bytes(size, "little", signed=True) for v in rows[0])
    for first in range(1, len(rows), 7):
        block = np.diff(rows[first - 1 : first + 7], axis=0).ravel().tolist()
        whole = sum((int(v) & 0xFFF) << 12 * n for n, v in enumerate(block))
        out += bytes([12, len(rows[first : first + 7])])
        out += whole.to_bytes(-(-12 * len(block) // 8), "little")
    return out


def ecg(first: int, count: int = 13) -> bytes:
    """Write a plain frame whose samples are their numbers."""
    last_ns = START_NS + round((first + count - 1) / ECG_HZ * 1e9)
    body = b"".join(
        (n - 100).to_bytes(3, "little", signed=True) for n in range(first, first + count)
    )
    return b"\0" + last_ns.to_bytes(8, "little") + b"\0" + body


class StandIn:
    """Plays a sensor that is worn; tests change what it does."""

    made: ClassVar[list[StandIn]] = []
    refuses: ClassVar[int] = 0
    skips: ClassVar[frozenset[int]] = frozenset()  # frames that are lost on the air
    ends_after: ClassVar[int | None] = None
    odd: ClassVar[bytes] = b""

    def __init__(self, address: str, gone: Callable[[Any], None], timeout: float) -> None:
        self.address, self._gone = address, gone
        self._heard: dict[str, Callable[[Any, bytearray], None]] = {}
        self._task: asyncio.Task[None] | None = None
        self.stopped = False
        self.made.append(self)

    async def connect(self) -> None:
        if self.address == "away":
            raise BleakError("Device with address away was not found")

    async def start_notify(self, uuid: str, heard: Callable[[Any, bytearray], None]) -> None:
        self._heard[uuid] = heard

    async def write_gatt_char(self, uuid: str, data: bytes, response: bool) -> None:
        assert (uuid, response) == (words.CONTROL, True)
        if data[0] == 2:
            error = self.refuses
            self._heard[words.CONTROL](None, bytearray([0xF0, 2, data[1], error, 0]))
            if not error:
                self._task = asyncio.get_running_loop().create_task(self._play())

    async def _play(self) -> None:
        beat = self._heard.get(words.HEART_RATE)
        for n in range(10_000):
            if n == self.ends_after:
                self._gone(None)
                return
            if n == 2 and self.odd:
                self._heard[words.DATA](None, bytearray(self.odd))
            if n not in self.skips:
                self._heard[words.DATA](None, bytearray(ecg(13 * n)))
            if beat is not None and n % 10 == 9:
                beat(None, bytearray(b"\x10\x3c\x00\x04\x00\x04"))
            await asyncio.sleep(0.002)

    async def disconnect(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.stopped = True


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Polar]]:
    made: list[Device] = []

    def polar(address: str = "A0:9E:1A:00:00:01", **settings: Any) -> Polar:
        one = Polar(Polar.Settings(name="chest", address=address, **settings), RealClock())
        made.append(one)
        return one

    monkeypatch.setattr(Polar, "make_client", StandIn)
    monkeypatch.setattr(StandIn, "made", [])
    yield polar
    for one in made:
        one.close()


def test_ecg_and_beats_come_with_the_sensors_time(make: Callable[..., Polar]) -> None:
    check_settings(Polar, {"name": "chest", "address": "a"})
    one = make()
    specs = {spec.name: spec for spec in one.open()}
    assert [(s.name, s.rate_hz) for s in specs.values()] == [
        ("chest-ecg", 130.0),
        ("chest-hr", 0.0),
    ]
    found = read_until(one, lambda f: sum(c.stream == "chest-hr" for c in f) >= 2)
    heart = next(c for c in found if c.stream == "chest-hr")
    assert heart.data.tolist() == [[60.0, 1000.0], [60.0, 1000.0]]
    assert np.diff(heart.times) == pytest.approx([1.0])
    beats = [c for c in found if c.stream == "chest-ecg"]
    assert np.concatenate([c.data for c in beats])[:, 0].tolist() == list(
        range(-100, 13 * len(beats) - 100)
    )
    own = np.concatenate([c.device_times for c in beats if c.device_times is not None])
    assert np.diff(own) == pytest.approx(1 / ECG_HZ, rel=1e-4)
    one.close()
    assert StandIn.made[-1].stopped
    one.open()
    assert samples(read_until(one, lambda f: len(f) > 3)) > 13


def test_frames_that_were_lost_are_counted(
    make: Callable[..., Polar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandIn, "skips", frozenset({5, 6, 20}))
    one = make(signals=("ecg",))
    assert [spec.name for spec in one.open()] == ["chest"]
    found = read_until(one, lambda f: samples(f) > 13 * 25)
    assert [c.lost for c in found if c.lost] == [26, 13]


def test_a_notification_of_something_else_is_told_once(
    make: Callable[..., Polar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandIn, "odd", b"\x07" * 30)
    one = make(signals=("ecg",))
    one.open()
    notices, count = [], 0
    for item in one.read():
        if isinstance(item, Notice):
            notices.append(item.text)
        count += isinstance(item, Chunk)
        if count > 10:
            break
    assert notices == ["left out: measurement 7 was not asked for"]
    assert one.command("status", {}) == {"odd_notifications": 1}


@pytest.mark.parametrize(("error", "why"), [(13, "charges"), (12, "is it worn"), (99, "error 99")])
def test_a_refusal_is_told_in_words(
    make: Callable[..., Polar], monkeypatch: pytest.MonkeyPatch, error: int, why: str
) -> None:
    monkeypatch.setattr(StandIn, "refuses", error)
    with pytest.raises(DeviceError, match=f"ecg was refused: .*{why}"):
        make().open()


def test_one_that_is_not_there_or_goes_away(
    make: Callable[..., Polar], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match=r"away was not found; wear it"):
        make("away").open()
    monkeypatch.setattr(StandIn, "ends_after", 3)
    one = make(signals=("ecg",))
    one.open()
    with pytest.raises(DeviceLost, match="the connection has ended"):
        read_until(one, lambda _: False)


def test_without_bluetooth_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the system's Bluetooth service."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    one = Polar(Polar.Settings(name="chest", address="A0:9E:1A:00:00:01"), RealClock())
    with pytest.raises(DeviceError, match=r"Bluetooth A0:9E:1A:00:00:01: .*; (plug in|wear it)"):
        one.open()
    one.close()


@given(
    rows=st.lists(st.lists(st.integers(-400, 400), min_size=4, max_size=4), min_size=1, max_size=40)
)
def test_packed_samples_come_out_as_they_were(rows: list[list[int]]) -> None:
    frame = words.read_frame(packed(np.array(rows), 1, 5_000_000_000, 3))
    assert (frame.measurement, frame.last_s) == ("ppg", 5.0)
    assert frame.samples.tolist() == rows


@given(st.binary(max_size=80))
def test_whatever_comes_is_refused_in_words(data: bytes) -> None:
    refused = []
    for read in (words.read_frame, words.read_beat, words.refusal):
        try:
            read(data)
        except words.PolarWireError as error:
            refused.append(str(error))
    assert all(refused)


def test_a_clock_that_is_set_has_lost_nothing() -> None:
    """A sensor that learns the date was said to have lost 20 years of samples, which broke it."""
    clock, rows = words.FrameClock(130.0), np.zeros((13, 1), np.int64)
    at = [5.0, 5.1, 6e8, 6e8 + 0.1, 6e8 + 0.3]
    placed = [clock.place(words.Frame("ecg", last_s, rows)) for last_s in at]
    assert [lost for _, lost in placed] == [0, 0, 0, 0, 13]
    assert np.diff(placed[2][0]) == pytest.approx(1 / 130, rel=1e-3)
