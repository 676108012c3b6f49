"""The drivers of docs/examples, and what makes one short: chunks of one sample, waits, ticks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.base import Channel, Chunk, Device, DeviceError, DeviceLost, StreamSpec
from devices.drivers.simulated_physio import SimulatedPhysio
from devices.registry import find
from tests.devices.clock import FakeClock
from tests.devices.contract import check
from tests.devices.network.server import scripted
from tests.devices.wire import RealClock

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


def made(name: str, clock: Any, **settings: Any) -> Any:
    driver = find(name, FOLDER)
    return driver(driver.Settings(name="x", **settings), clock)


def lines_of(name: str) -> int:
    return len((FOLDER / f"{name}.py").read_text().splitlines())


def test_a_sensor_that_calls_back_keeps_the_contract() -> None:
    check(find("grip", FOLDER), {"name": "grip"}, 1.0, RealClock())


def test_a_sensor_behind_tcp_in_under_forty_lines() -> None:
    assert lines_of("tcp_band") < 40
    sent = [f"{20_000 * k},{k}\n".encode() for k in range(50)]
    sent[10] = b"nonsense\n"
    sent[20:22] = [b"400000,", b"20\n" + sent[21]]
    with scripted((sent, False)) as server:
        device = made("tcp-band", RealClock(), host="127.0.0.1", port=server.port)
        device.open()
        found: list[Chunk] = []
        with pytest.raises(DeviceLost, match="has closed"):
            found.extend(item for item in device.read() if isinstance(item, Chunk))
        device.close()
    assert [c.data[0, 0] for c in found] == [k for k in range(50) if k != 10]
    assert [c.lost for c in found if c.lost] == [1]
    assert found[-1].device_times == pytest.approx([49 * 0.02])


def physio(clock: FakeClock, seconds: float) -> tuple[Any, list[Chunk]]:
    source = SimulatedPhysio(SimulatedPhysio.Settings(name="p", seed=3), clock)
    (spec,) = source.open()
    end = clock.now() + seconds
    found = []
    for item in source.read():
        if isinstance(item, Chunk):
            found.append(item)
        if clock.now() > end:
            return (source, spec), found
    raise AssertionError


def test_a_heart_rate_is_computed_live() -> None:
    clock = FakeClock()
    (source, spec), found = physio(clock, 30.0)
    device = made("heart-rate", clock, source="p")
    device.open()
    device.hear("p", [c.label for c in spec.channels])
    for chunk in found:
        device.take(chunk)
    rates = [item for item in itertools.islice(device.read(), 200) if item is not None]
    first, last = found[0].times[0], found[-1].times[-1]
    beats = [event.time for event in source.world.events("heartbeat", first, last)]
    assert len(rates) == pytest.approx(len(beats) - 1, abs=2)
    told = np.array([c.data[0, 0] for c in rates])
    true = 60 / np.diff(beats)
    assert np.median(told) == pytest.approx(np.median(true), rel=0.02)


def test_a_rise_of_skin_conductance_sets_a_marker() -> None:
    clock = FakeClock()
    device = made("eda-trigger", clock, source="p")
    device.open()
    device.hear("p", ["EDA"])
    times = np.arange(0, 10, 0.01)
    values = 5 + 0.3 * (times > 3) * np.clip(times - 3, 0, 1) + 0.3 * (times > 7)
    device.take(Chunk("p", times, values[:, None]))
    marks = [item for item in itertools.islice(device.read(), 50) if item is not None]
    assert [c.data[0, 0] for c in marks] == ["7", "7"]


@pytest.mark.parametrize("name", ["heart-rate", "eda-trigger"])
def test_a_channel_that_is_not_there_is_named(name: str) -> None:
    device = made(name, FakeClock(), source="p")
    device.open()
    with pytest.raises(DeviceError, match="p has no channel"):
        device.hear("p", ["a", "b"])


def test_a_chunk_of_one_sample() -> None:
    spec = StreamSpec("s", "X", (Channel("a"), Channel("b")), 1.0, "int16")
    chunk = Chunk.of(spec, 2.0, [3, 4], device_time=1.0, lost=2)
    assert (chunk.stream, chunk.data.tolist()) == ("s", [[3, 4]])
    assert chunk.data.dtype == np.int16
    assert (chunk.times.tolist(), chunk.lost) == ([2.0], 2)
    assert chunk.device_times is not None
    assert Chunk.of("m", 2.0, ["x"]).data.dtype == object


class Idle(Device):
    summary = "nothing"

    def open(self) -> list[StreamSpec]:
        return []

    def read(self) -> Iterator[None]:
        yield None

    def close(self) -> None: ...


@given(rate=st.floats(0.5, 500), late=st.floats(0, 0.05))
def test_ticks_hold_their_rate_and_the_rhythm(rate: float, late: float) -> None:
    clock = FakeClock(late_s=late)
    ticks, last = Idle(None, clock).ticks(rate), clock.now()
    due: list[float] = []
    while len(due) < 40:
        time_ = next(ticks)
        assert clock.now() - last <= 0.2 + late
        last = clock.now()
        if time_ is not None:
            due.append(time_)
    steps = np.diff(due) * rate
    assert np.allclose(steps, steps.round(), atol=1e-6)
    assert (steps.round() >= 1).all()
    if late * rate < 0.5:
        assert (steps.round() == 1).all()
