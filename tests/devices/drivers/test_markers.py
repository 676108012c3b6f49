"""The simulated player: every stimulus event once, as JSON, at its true time."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from devices.base import Chunk, DeviceLost
from devices.drivers.simulated_markers import SimulatedMarkers
from devices.simulation.faults import Faults
from devices.simulation.world import World, WorldEvent
from tests.devices.clock import FakeClock
from tests.devices.reading import chunks

START = 1000.0


def play(seconds: float, faults: Faults | None = None) -> list[Chunk]:
    clock = FakeClock(START)
    player = SimulatedMarkers(
        SimulatedMarkers.Settings(name="protocol", faults=faults or Faults()), clock
    )
    player.open()
    return chunks(player, clock, seconds)


def expected(seconds: float) -> tuple[WorldEvent, ...]:
    return World(1).events("stimulus", START, START + seconds)


def texts(found: list[Chunk]) -> list[dict[str, Any]]:
    return [json.loads(chunk.data[0, 0]) for chunk in found]


def test_every_event_comes_once_at_its_true_time() -> None:
    found = play(200.0)
    assert [float(chunk.times[0]) for chunk in found] == [e.time for e in expected(200.0)]
    assert all(chunk.device_times is None for chunk in found)
    assert [text["code"] for text in texts(found)] == [e.code for e in expected(200.0)]


def test_the_text_has_the_keys_of_the_protocol_stream() -> None:
    onset_then_end = [t for t in texts(play(40.0)) if t["trial"] == 168]
    onset, end = onset_then_end
    assert onset == {
        "event": "onset",
        "trial": 168,
        "step": "clip",
        "stimulus": "clip-25",
        "code": 125,
        "frame": None,
        "requested": pytest.approx(onset["presented"] - 1 / 60),
        "presented": World(1).times("flash_on", 1007, 1009)[0],
    }
    assert (end["event"], end["code"], end["stimulus"]) == ("end", 100, "clip-25")


def test_latency_delays_the_arrival_and_not_the_time() -> None:
    clock = FakeClock(START)
    faults = Faults(latency_ms=300, jitter_ms=5)
    player = SimulatedMarkers(SimulatedMarkers.Settings(name="m", faults=faults), clock)
    player.open()
    for item in player.read():
        if item is not None:
            assert 0.3 <= clock.now() - item.times[0] <= 0.35
            assert item.times[0] == expected(20)[0].time
            return


def test_a_clock_of_its_own_gives_device_times() -> None:
    found = play(60.0, Faults(clock_offset_s=5, drift_ppm=100, latency_ms=20))
    own = np.array([c.device_times[0] for c in found if c.device_times is not None])
    true = np.array([e.time for e in expected(59.0)])
    assert own[: len(true)] == pytest.approx(5 + true * 1.0001, abs=1e-9)
    arrivals = np.array([c.times[0] for c in found])
    assert arrivals[: len(true)] == pytest.approx(true + 0.02, abs=1e-9)


def test_dropped_markers_are_counted() -> None:
    found = play(3000.0, Faults(drop_probability=0.2))
    lost = sum(chunk.lost for chunk in found)
    assert lost + len(found) == pytest.approx(len(expected(3000.0)), abs=1)
    assert lost == pytest.approx(200, rel=0.2)


def test_unplugging_costs_the_markers_in_between_and_counts_them() -> None:
    clock = FakeClock(START)
    faults = Faults(unplug_at_s=20, unplug_for_s=20)
    player = SimulatedMarkers(SimulatedMarkers.Settings(name="m", faults=faults), clock)
    player.open()
    before: list[Chunk] = []
    with pytest.raises(DeviceLost, match="unplugged"):
        before.extend(item for item in player.read() if item is not None)
    player.close()
    with pytest.raises(DeviceLost, match="still unplugged"):
        player.open()
    clock.time += 20.0
    player.open()
    after = chunks(player, clock, 30.0)
    gone = World(1).events("stimulus", START + 20, START + 40)
    assert sum(chunk.lost for chunk in after) == after[0].lost == len(gone)
    assert after[0].times[0] >= START + 40


def test_a_stall_holds_markers_back() -> None:
    found = play(30.0, Faults(stall_at_s=5, stall_for_s=10))
    assert [float(c.times[0]) for c in found] == [
        e.time for e in expected(30.0) if not math.isclose(e.time, START + 30)
    ]
