"""Trigger outputs: no codes merge, and every write is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Chunk, DeviceError, DeviceLost, Notice
from devices.drivers.trigger_out_serial import TriggerOutSerial
from devices.triggers.pulses import Pulses
from tests.devices.clock import FakeClock
from tests.devices.contract import check_settings, check_specs
from tests.devices.wire import RealClock, Wire, read_until, samples, wire


@given(st.lists(st.tuples(st.integers(1, 255), st.floats(0, 0.05)), max_size=40))
def test_every_code_is_held_and_followed_by_rest(codes: list[tuple[int, float]]) -> None:
    pulses = Pulses(0.01, 0.005, limit=1000)
    arriving = list(zip((c for c, _ in codes), np.cumsum([d for _, d in codes]), strict=True))
    writes: list[tuple[float, int]] = []
    now = 0.0
    while arriving or pulses.due() is not None:
        due = pulses.due()
        coming = arriving[0][1] if arriving else np.inf
        if due is None or coming <= max(due, now):
            now = max(now, float(coming))
            pulses.add(arriving.pop(0)[0], now)
        else:
            now = max(now, due)
        while (write := pulses.next(now)) is not None:
            writes.append((now, write.code))
    assert [code for _, code in writes[::2]] == [code for code, _ in codes]
    assert all(code == 0 for _, code in writes[1::2])
    times = np.array([t for t, _ in writes])
    assert (times[1::2] - times[::2] >= 0.01 - 1e-9).all()
    assert (times[2::2] - times[1:-1:2] >= 0.005 - 1e-9).all()


def test_a_full_queue_refuses() -> None:
    pulses = Pulses(1.0, 0.0, limit=2)
    assert [pulses.add(code, 0.0) for code in (1, 2, 3)] == [True, True, False]
    assert pulses.clear() == 2
    assert pulses.due() is None


@pytest.fixture
def line() -> Iterator[Wire]:
    with wire() as made:
        yield made


def box(line: Wire, **changes: Any) -> TriggerOutSerial:
    settings = {"name": "box", "port": line.path, "source": "protocol"} | changes
    return TriggerOutSerial(TriggerOutSerial.Settings(**settings), RealClock())


def marker(*texts: str, at: float | None = None) -> Chunk:
    now = RealClock().now() if at is None else at
    return Chunk("protocol", np.full(len(texts), now), np.array([[t] for t in texts], dtype=object))


def test_contract(line: Wire) -> None:
    check_settings(TriggerOutSerial, {"name": "box", "port": line.path})
    device = box(line)
    device.close()
    specs = device.open()
    check_specs(specs, "box")
    device.close()
    device.close()
    assert device.open() == specs
    device.close()


class Turns(threading.Condition):
    """A reader's wait that takes exactly as long as was asked for, by a clock that tests move."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout > 0
        self._clock.time += timeout
        return False


def test_codes_of_markers_go_out_one_after_the_other(line: Wire) -> None:
    clock = FakeClock()
    settings = TriggerOutSerial.Settings(
        name="box", port=line.path, source="protocol", pulse_ms=5, gap_ms=5
    )
    device = TriggerOutSerial(settings, clock)
    device.open()
    device._wake = Turns(clock)
    assert line.received() == b"\x00"
    device.take(marker('{"code": 101}', "no code", "7", '{"code": 101}', at=clock.time))
    found, end = [], clock.time + 0.03
    for item in device.read():
        found.append(item)
        if clock.time > end:
            break
    device.close()
    # Equal codes, too, are apart: without the rest between them they would be one.
    assert line.received() == bytes([101, 0, 7, 0, 101, 0, 0])
    rows = np.concatenate([chunk.data for chunk in found if isinstance(chunk, Chunk)])
    assert rows[:, 0].tolist() == [101, 7, 101]
    np.testing.assert_allclose(rows[:, 2] - rows[:, 1], [0, 0.010, 0.020], atol=1e-6)


@pytest.mark.parametrize("pulse_ms", [5, 20, 150, 450])
def test_a_reader_waits_no_longer_than_to_the_end_of_a_pulse(
    pulse_ms: int, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The length of a pulse is that of the reader's waits: of no other is it to be asked."""
    clock = FakeClock()
    settings = TriggerOutSerial.Settings(
        name="box", port=line.path, source="protocol", pulse_ms=pulse_ms, gap_ms=5
    )
    device = TriggerOutSerial(settings, clock)
    device.open()
    device._wake = Turns(clock)
    wrote: list[tuple[int, float]] = []
    monkeypatch.setattr(device, "write_line", lambda code: wrote.append((code, clock.time)))
    device.command("test", {"code": 3})
    device.command("test", {"code": 4})
    reading = device.read()
    while len(wrote) < 4:
        next(reading)
    device.close()
    codes, times = zip(*wrote[:4], strict=True)
    assert codes == (3, 0, 4, 0)
    np.testing.assert_allclose(np.diff(times), [pulse_ms / 1e3, 0.005, pulse_ms / 1e3], atol=1e-6)


def test_a_pulse_ends_while_the_host_reads_and_not_before(line: Wire) -> None:
    device = box(line, pulse_ms=20)
    device.open()
    edges: list[tuple[float, float, int]] = []  # not before, not after, what

    def watch() -> None:
        looked = time.monotonic()
        while len(edges) < 3:
            before, looked = looked, time.monotonic()
            edges.extend((before, time.monotonic(), byte) for byte in line.received())

    thread = threading.Thread(target=watch)
    thread.start()
    threading.Timer(0.05, lambda: device.command("test", {"code": 3})).start()
    read_until(device, lambda f: len(edges) >= 3)
    thread.join()
    device.close()
    _, rise, fall = edges
    assert [code for *_, code in edges] == [0, 3, 0]
    # How late a busy system wakes the reader is no matter of the driver's: what it asks for is
    # held to the microsecond above.
    assert fall[1] - rise[0] >= 0.019


def test_cedrus_commands(line: Wire) -> None:
    device = box(line, style="cedrus", pulse_ms=8)
    device.open()
    device.take(marker("5"))
    device.close()
    assert line.received() == b"mp\x08\x00\x00\x00mh\x05\x00"


def test_what_cannot_be_sent_is_counted(line: Wire) -> None:
    device = box(line, codes={"100": "clip end"})
    device.take(marker("9"))
    device.open()
    device.take(marker("300", "-1", "100", "101"))
    found = read_until(device, lambda f: samples(f) >= 2)
    status = device.command("status", {})
    assert status["refused"] == {9: 1, 300: 1, -1: 1}
    assert status["unknown"] == {9: 1, 300: 1, -1: 1, 101: 1}
    assert sum(chunk.lost for chunk in found) == 3
    for bad in (0, 256, "x", True):
        with pytest.raises(DeviceError, match="code"):
            device.command("test", {"code": bad})
    device.close()


def test_a_box_that_is_unplugged_is_lost() -> None:
    with wire() as line:
        device = box(line)
        device.open()
        line.unplug()
        device.take(marker("5"))
        with pytest.raises(DeviceLost, match="takes no bytes"):
            read_until(device, lambda f: False)
        with pytest.raises(DeviceError):
            device.open()
        device.close()


def test_codes_are_read_from_the_rig() -> None:
    rig: dict[str, Any] = {"name": "a", "port": "x", "codes": {"100": "clip end"}}
    assert TriggerOutSerial.Settings(**rig).codes == {100: "clip end"}
    with pytest.raises(ValueError, match="no code"):
        TriggerOutSerial.Settings(**(rig | {"codes": {"end": "clip end"}}))


def test_a_line_that_vanishes_is_told_at_once_and_what_it_cost_is_counted(tmp_path: Path) -> None:
    port = tmp_path / "box"
    with wire() as before, wire() as after:
        port.symlink_to(before.path)
        settings = TriggerOutSerial.Settings(name="box", port=str(port), source="protocol")
        device = TriggerOutSerial(settings, RealClock())
        device.open()
        before.unplug()
        with pytest.raises(DeviceLost, match="has gone"):  # though nobody writes anything
            read_until(device, lambda f: False)
        for code in range(1, 85):
            device.take(marker(str(code)))
        notice, chunk = device.while_away()  # it may not come back
        assert isinstance(notice, Notice)
        assert isinstance(chunk, Chunk)
        assert notice.text == "84 codes not sent: the line was not open"
        assert (len(chunk.times), chunk.lost) == (0, 84)
        for code in range(1, 4):
            device.take(marker(str(code)))
        port.unlink()
        port.symlink_to(after.path)
        device.open()
        told: list[Notice] = []
        lost = 0
        for item in device.read():
            told += [item] if isinstance(item, Notice) else []
            lost += item.lost if isinstance(item, Chunk) else 0
            if lost:
                break
        device.close()
    assert told == []  # a count, not a notice each time
    assert lost == 3
