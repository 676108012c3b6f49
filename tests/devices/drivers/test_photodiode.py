"""The photodiode: edges to a fraction of a sample, whatever the levels and the chunks are."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.arrays import F64Array
from devices.base import Chunk, DeviceError, Notice
from devices.drivers.photodiode import Photodiode
from devices.triggers.light_edges import Edge, EdgeDetector
from devices.triggers.light_levels import Levels
from tests.devices.contract import check_settings, check_specs
from tests.devices.wire import RealClock, read_until, samples

RATE = 1000.0


def light(times: F64Array, flashes: list[tuple[float, float]], rise_s: float = 0.004) -> F64Array:
    """Return 0…1: linear flanks of `rise_s`, whose middle is at the given times."""
    level = np.zeros(len(times))
    for on, off in flashes:
        up = np.clip((times - on) / rise_s + 0.5, 0, 1)
        down = np.clip((times - off) / rise_s + 0.5, 0, 1)
        level += up - down
    return level


def run(detector: EdgeDetector, times: F64Array, values: F64Array, sizes: list[int]) -> list[Edge]:
    edges: list[Edge] = []
    at, k = 0, 0
    while at < len(times):
        size = sizes[k % len(sizes)]
        edges += detector.feed(times[at : at + size], values[at : at + size])
        at, k = at + size, k + 1
    return edges


FLASHES = [(2.0003, 2.1007), (5.4321, 5.5), (9.7, 9.8404), (13.1, 13.2)]
EXPECTED = [(t, rising) for on, off in FLASHES for t, rising in ((on, True), (off, False))]


def check(edges: list[Edge], tolerance_s: float) -> None:
    assert [edge.rising for edge in edges] == [rising for _, rising in EXPECTED]
    assert [e.time for e in edges] == pytest.approx([t for t, _ in EXPECTED], abs=tolerance_s)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_edges_do_not_depend_on_how_the_signal_is_cut(sizes: list[int]) -> None:
    times = np.arange(0, 15, 1 / RATE)
    detector = EdgeDetector(Levels(0.35, 0.65))
    check(run(detector, times, light(times, FLASHES), sizes), 1e-6)


@pytest.mark.parametrize(
    ("low", "swing", "noise"), [(0, 1, 0.01), (-300, 20, 0.5), (5, 1e-3, 2e-5)]
)
@pytest.mark.parametrize("size", [10, 137])
def test_levels_are_found_and_no_flash_is_lost(
    low: float, swing: float, noise: float, size: int
) -> None:
    times = np.arange(0, 15, 1 / RATE)
    rng = np.random.default_rng(1)
    values = low + swing * light(times, FLASHES) + rng.normal(0, noise, len(times))
    values[777] = low + 100 * swing  # one wild sample
    detector = EdgeDetector()
    check(run(detector, times, values, [size]), 0.5e-3)
    assert detector.levels is not None
    assert detector.levels.middle == pytest.approx(low + swing / 2, abs=0.1 * swing)


def test_a_flank_of_many_samples_is_one() -> None:
    times = np.arange(0, 15, 1 / 20_000)
    values = light(times, FLASHES) + np.random.default_rng(7).normal(0, 0.005, len(times))
    check(run(EdgeDetector(), times, values, [2000]), 0.5e-3)


def test_noise_alone_has_no_edges() -> None:
    times = np.arange(0, 60, 1 / RATE)
    values = np.random.default_rng(2).normal(0, 1, len(times))
    detector = EdgeDetector()
    assert run(detector, times, values, [100]) == []
    assert detector.levels is None


@pytest.mark.parametrize("flicker_hz", [170, 200, 240])
@pytest.mark.parametrize("duty", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("rate", [1000.0, 2000.0])
@pytest.mark.parametrize("levels", [None, Levels(0.35, 0.65)])
def test_the_backlight_of_a_screen_is_no_flash(
    flicker_hz: float, duty: float, rate: float, levels: Levels | None
) -> None:
    times = np.arange(0, 22, 1 / rate)
    flashes = [(t + 0.0003, t + 0.1203) for t in np.arange(1, 21, 2.0)]
    lit = (times * flicker_hz) % 1 < duty
    noise = np.random.default_rng(3).normal(0, 0.01, len(times))
    values = light(times, flashes, 1e-6) * lit + noise
    edges = run(EdgeDetector(levels), times, values, [200])
    assert [edge.rising for edge in edges] == [True, False] * len(flashes)
    late = np.array([edge.time for edge in edges]) - np.array(flashes).ravel()
    # The light comes with the backlight's next turn, and goes with its last.
    assert np.abs(late).max() < 1 / flicker_hz + 1 / rate


@pytest.mark.parametrize("moved", [-0.8, -0.45, 0.45, 0.7, 3.0])
@pytest.mark.parametrize("quickly", [True, False])
@pytest.mark.parametrize("gain", [1.0, 0.6, 1.7])
def test_a_baseline_that_moves_loses_no_flash(moved: float, quickly: bool, gain: float) -> None:
    times = np.arange(0, 80, 1 / RATE)
    flashes = [(t + 0.0, t + 0.1) for t in np.arange(1, 79, 2.0)]
    lasts_s = 1e-3 if quickly else 10.0 * max(1.0, abs(moved))
    step = np.clip((times - 40.5) / lasts_s + 0.5, 0, 1)
    noise = np.random.default_rng(4).normal(0, 0.01, len(times))
    values = light(times, flashes) * (1 + (gain - 1) * step) + moved * step + noise
    edges = run(EdgeDetector(), times, values, [100])
    onsets = np.array([edge.time for edge in edges if edge.rising])
    true = np.array([on for on, _ in flashes])
    found = np.abs(onsets[:, None] - true).min(axis=0) < 0.002
    assert found.all()
    assert len(onsets) <= len(true) + 1, "the step itself may look like one"


def test_a_light_that_comes_slowly_is_no_flash() -> None:
    times = np.arange(0, 20, 1 / RATE)
    values = times / 2 + np.random.default_rng(8).normal(0, 1e-3, len(times))
    detector = EdgeDetector()
    assert run(detector, times, values, [100]) == []
    assert detector.levels is None


def test_one_bit_of_noise_and_a_long_rest_are_no_flashes() -> None:
    times = np.arange(0, 120, 1 / RATE)
    flashes = [(t + 0.0, t + 0.1) for t in np.arange(3, 20, 2.0)] + [(115.0, 115.1)]
    flips = np.random.default_rng(5).random(len(times)) < 0.001
    values = np.round(500 * light(times, flashes)) + flips
    edges = run(EdgeDetector(), times, values, [100])
    onsets = [edge.time for edge in edges if edge.rising and edge.time > 3 - 0.01]
    assert onsets == pytest.approx([on for on, _ in flashes], abs=1e-3)


def test_confidence_is_high_for_a_light_and_low_for_a_mumble() -> None:
    times = np.arange(0, 15, 1 / RATE)
    clean, poor = EdgeDetector(), EdgeDetector(Levels(0.35, 0.65))
    assert clean.confidence == 0
    run(clean, times, light(times, FLASHES), [100])
    assert clean.confidence > 0.99
    run(poor, times, 0.5 + 0.1 * np.sin(times), [100])
    assert poor.confidence < 0.1


def test_levels_follow_a_slow_change() -> None:
    times = np.arange(0, 200, 1 / RATE)
    flashes = [(t + 0.0, t + 0.1) for t in np.arange(1, 199, 2.0)]
    values = light(times, flashes) * np.linspace(1, 0.3, len(times)) + np.linspace(0, 1, len(times))
    edges = run(EdgeDetector(), times, values, [100])
    onsets = [edge.time for edge in edges if edge.rising]
    assert len(onsets) == len(flashes)
    assert onsets == pytest.approx([on for on, _ in flashes], abs=0.002)


def test_a_film_beside_the_patch_is_neither_flash_nor_weaker_light() -> None:
    times = np.arange(0, 130, 1 / RATE)
    switched = [2.0, 4.0, 5.0, 6.0, 10.0, 60.0, 62.0, 64.0, 68.0, 118.0, 120.0]
    lit = np.searchsorted(switched, times, side="right") % 2
    rng = np.random.default_rng(3)
    film = np.repeat(rng.uniform(0, 0.4, 130), 1000)  # each second another picture
    during = (times > 10.5) & (times < 60) | (times > 68.5) & (times < 118)
    detector = EdgeDetector()
    edges = run(detector, times, lit + film * during + rng.normal(0, 0.005, len(times)), [100])
    assert [edge.time for edge in edges] == pytest.approx(switched, abs=0.002)
    assert detector.weakened is None


def test_a_light_that_has_fallen_to_less_than_half_is_told_once_and_found_by_calibrate() -> None:
    """A sensor that slips: no flash was found from then on, and nobody was told."""
    device, told, onsets = diode(channel=0), [], []
    device.open()
    reading = device.read()
    times = np.arange(0, 60, 1 / RATE)
    lit = light(times, [(t, t + 1.0) for t in np.arange(2, 60, 2.0)])
    values = lit * np.where(times < 20.5, 1.0, 0.3)
    values += np.random.default_rng(6).normal(0, 0.005, len(times))
    for start in range(0, len(times), 100):
        part = slice(start, start + 100)
        device.take(Chunk("x", times[part], values[part, None].astype(np.float32)))
        for found in takewhile(lambda item: item is not None, reading):
            if isinstance(found, Notice):
                told.append((times[start], found.code, found.text))
            elif found is not None:
                onsets += found.times.tolist()
        if start == 40_000:
            device.command("calibrate", {})
    device.close()
    assert [code for _, code, _ in told] == ["light-unclear"]
    assert re.match(r"the light changes by 3[01]% of what it did", told[0][2])
    assert 22 < told[0][0] < 30
    assert sum(t > 45 for t in onsets) == 14
    assert sum(22 < t < 40 for t in onsets) == 0


def diode(**changes: Any) -> Photodiode:
    return Photodiode(
        Photodiode.Settings(**({"name": "light", "source": "x"} | changes)), RealClock()
    )


def signal(sign: float = 1.0, channels: int = 3) -> Chunk:
    times = np.arange(0, 15, 1 / RATE)
    data = np.zeros((len(times), channels), np.float32)
    data[:, 1] = sign * light(times, FLASHES)
    return Chunk("x", times + 1000, data)


def test_contract() -> None:
    check_settings(Photodiode, {"name": "light", "source": "x"})
    device = diode()
    device.close()
    specs = device.open()
    check_specs(specs, "light")
    device.close()
    assert device.open() == specs


@pytest.mark.parametrize("dark_is_high", [False, True])
def test_markers_of_a_channel(dark_is_high: bool) -> None:
    device = diode(channel=1, dark_is_high=dark_is_high)
    device.open()
    assert [query.name for query in device.inputs()] == ["x"]
    device.take(signal(-1.0 if dark_is_high else 1.0))
    device.take(Chunk("x", np.array([1016.0]), np.zeros((1, 3), np.float32)))
    found = read_until(device, lambda f: samples(f) >= 8)
    device.close()
    times = np.concatenate([chunk.times for chunk in found]) - 1000
    events = [json.loads(row[0])["event"] for chunk in found for row in cast("Any", chunk.data)]
    assert times == pytest.approx([t for t, _ in EXPECTED], abs=1e-4)
    assert events == ["flash_on", "flash_off"] * 4
    status = device.command("status", {})
    assert status["onsets"] == 4
    assert status["threshold"] == pytest.approx(-0.5 if dark_is_high else 0.5, abs=0.05)
    assert device.command("calibrate", {})["calibrated"] is False


def test_fixed_levels_and_onsets_only() -> None:
    device = diode(channel=1, threshold=0.5, hysteresis=0.2, offsets=False)
    device.open()
    device.take(signal())
    found = read_until(device, lambda f: samples(f) >= 4)
    device.close()
    assert samples(found) == 4


def test_what_cannot_be_a_light_sensor() -> None:
    device = diode(channel=3)
    with pytest.raises(DeviceError, match="channel 3 of x: it has 3, counted from 0"):
        device.take(signal())
    with pytest.raises(DeviceError, match="stream of text"):
        diode().take(Chunk("x", np.zeros(1), np.array([["a"]], dtype=object)))
    with pytest.raises(ValueError, match="go together"):
        Photodiode.Settings(name="a", source="x", threshold=1.0)


@pytest.mark.parametrize("size", [1, 20, 4000])
@pytest.mark.parametrize("levels", [None, Levels(0.35, 0.65)])
@pytest.mark.parametrize("gap", [(6.0, 9.75), (5.45, 13.15), (5.45, 8.0)])
def test_what_is_switched_where_samples_are_missing_has_no_time(
    gap: tuple[float, float], levels: Levels | None, size: int
) -> None:
    times = np.arange(0, 15, 1 / RATE)
    values = light(times, FLASHES)
    there = (times < gap[0]) | (times > gap[1])
    edges = run(EdgeDetector(levels), times[there], values[there], [size])
    seen = [(t, rising) for t, rising in EXPECTED if not gap[0] < t < gap[1]]
    assert [edge.rising for edge in edges] == [rising for _, rising in seen]
    assert [edge.time for edge in edges] == pytest.approx([t for t, _ in seen], abs=1e-3)
