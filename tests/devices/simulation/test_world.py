"""The world: pure, the same for everyone, and shaped as its docstrings say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.counter_rng import make_key, uniform, uniforms
from devices.simulation.world import (
    AMPLITUDES_PX,
    CLIP_CODES,
    CLIP_END,
    KINDS,
    PULSE_TRANSIT_S,
    REGIONS,
    SIDES,
    Kind,
    World,
)

seeds = st.integers(-(2**70), 2**70)
moments = st.floats(-1e7, 1e7)
kinds = st.sampled_from(KINDS)


@given(seeds, st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_draws_are_the_same_one_by_one(seed: int, numbers: list[int]) -> None:
    key = make_key(seed, "x")
    together = uniforms(key, np.array(numbers, dtype=np.int64))
    assert together.tolist() == [uniform(key, number) for number in numbers]
    assert ((together >= 0) & (together < 1)).all()


def test_draws_are_spread_evenly_and_differ_between_streams() -> None:
    numbers = np.arange(100_000)
    a, b = uniforms(make_key(1, "a"), numbers), uniforms(make_key(1, "b"), numbers)
    assert np.histogram(a, 10, (0, 1))[0] == pytest.approx(np.full(10, 10_000), abs=500)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02
    assert abs(np.corrcoef(a[1:], a[:-1])[0, 1]) < 0.02


@given(seeds, kinds, moments, st.floats(0, 60), st.floats(0, 1))
def test_events_do_not_depend_on_how_time_is_cut(
    seed: int, kind: Kind, t0: float, length: float, share: float
) -> None:
    world, t1 = World(seed), t0 + length
    cut = t0 + share * (t1 - t0)
    whole = world.events(kind, t0, t1)
    assert whole == World(seed).events(kind, t0, cut) + World(seed).events(kind, cut, t1)
    assert all(t0 <= event.time < t1 for event in whole)
    wider = [event for event in world.events(kind, t0 - 100, t1 + 100) if t0 <= event.time < t1]
    assert list(whole) == wider


@given(seeds, kinds, moments)
def test_events_of_a_kind_ascend_and_never_stop(seed: int, kind: Kind, t0: float) -> None:
    times = World(seed).times(kind, t0, t0 + 60)
    assert len(times) >= 6
    assert (np.diff(times) > 0).all()


@given(seeds, moments)
def test_rates_are_those_of_a_body(seed: int, t0: float) -> None:
    world = World(seed)
    beats, blinks = (np.diff(world.times(kind, t0, t0 + 60)) for kind in ("heartbeat", "blink"))
    assert 0.7 < beats.min() < beats.max() < 1.05
    assert 1.1 < blinks.min() < blinks.max() < 7
    stimuli = np.diff(world.times("stimulus", t0, t0 + 60))
    assert 1.999 < stimuli.min() < stimuli.max() < 4.001


@given(seeds, moments)
def test_pulse_follows_the_heart(seed: int, t0: float) -> None:
    world = World(seed)
    pulses = world.times("pulse", t0, t0 + 20)
    beats = world.times("heartbeat", t0 - 1, t0 + 21)
    gaps = np.abs(pulses[:, None] - PULSE_TRANSIT_S - beats).min(axis=1)
    assert gaps.max() < 1e-8


@given(seeds, moments)
def test_stimuli_alternate_and_count_the_clips(seed: int, t0: float) -> None:
    events = World(seed).events("stimulus", t0, t0 + 400)
    onsets = [event.code for event in events if event.code != CLIP_END]
    for a, b in itertools.pairwise(events):
        assert (a.code == CLIP_END) != (b.code == CLIP_END)
    assert set(onsets) == set(CLIP_CODES)
    for first, second in itertools.pairwise(onsets):
        assert first is not None
        assert second == (first + 1 if first < CLIP_CODES[-1] else CLIP_CODES[0])


@given(seeds, moments)
def test_flash_begins_with_each_onset_and_is_lit_between(seed: int, t0: float) -> None:
    world = World(seed)
    on = world.events("flash_on", t0, t0 + 60)
    onsets = [e for e in world.events("stimulus", t0, t0 + 60) if e.code != CLIP_END]
    assert [(e.time, e.code) for e in on] == [(e.time, e.code) for e in onsets]
    off = {e.index: e.time for e in world.events("flash_off", t0, t0 + 61)}
    for event in on:
        end = off[event.index]
        assert 0.0599 < end - event.time < 0.1401
        around = [event.time, (event.time + end) / 2, event.time - 1e-6, end]
        assert world.lit_at(np.array(around)).tolist() == [True, True, False, False]


@given(seeds, moments)
def test_lit_agrees_with_the_flashes(seed: int, t0: float) -> None:
    world = World(seed)
    times = t0 + np.arange(0, 30, 0.005)
    on = world.times("flash_on", t0 - 1, t0 + 30)
    off = world.times("flash_off", t0 - 1, t0 + 31)
    expected = np.zeros(len(times), np.bool_)
    for a in on:
        expected |= (times >= a) & (times < off[off > a][0])
    assert (world.lit_at(times) == expected).all()


@given(seeds, moments)
def test_codes_are_held_ten_milliseconds(seed: int, t0: float) -> None:
    world = World(seed)
    for event in world.events("stimulus", t0, t0 + 20):
        at = event.time + np.array([-1e-6, 0, 0.00999, 0.01001])
        assert world.code_at(at).tolist() == [0, event.code, event.code, 0]


@given(seeds, moments)
def test_movements_have_an_apex_between_and_agree_with_the_events(seed: int, t0: float) -> None:
    world = World(seed)
    movements = world.movements(t0, t0 + 60)
    for a, b in itertools.pairwise(movements):
        assert a.offset < b.onset
    for m in movements:
        assert m.onset < m.apex < m.offset
        assert 0.3 <= m.intensity <= 1
        assert m.offset > t0
        assert m.onset < t0 + 60
        for kind, time in (("onset", m.onset), ("apex", m.apex), ("offset", m.offset)):
            name = next(k for k in KINDS if k == f"movement_{kind}")
            assert time in world.times(name, time - 1, time + 1)


def test_some_movements_are_micro() -> None:
    movements = World(1).movements(0, 8000)
    assert 0.3 < sum(m.offset - m.onset < 0.5 for m in movements) / len(movements) < 0.4


@given(seeds, moments)
def test_truth_holds_every_kind_in_order(seed: int, t0: float) -> None:
    world = World(seed)
    truth = world.truth(t0, t0 + 30)
    assert [e.time for e in truth] == sorted(e.time for e in truth)
    assert len(truth) == sum(len(world.times(kind, t0, t0 + 30)) for kind in KINDS)
    assert {e.kind for e in truth} == set(KINDS)


def test_twenty_seconds_hold_several_of_what_is_measured() -> None:
    for seed in range(50):
        for kind, least in (("stimulus", 5), ("flash_on", 3), ("blink", 4), ("heartbeat", 22)):
            assert len(World(seed).times(kind, 12345.6, 12365.6)) >= least  # type: ignore[arg-type]


def test_seeds_differ() -> None:
    assert not set(World(1).times("blink", 0, 600)) & set(World(2).times("blink", 0, 600))


def test_movements_go_to_all_regions_and_sides_by_all_amplitudes() -> None:
    world = World(1)
    movements = world.movements(0, 8000)
    for name, values in (("region", REGIONS), ("side", SIDES), ("amplitude_px", AMPLITUDES_PX)):
        counts = [sum(getattr(m, name) == value for m in movements) for value in values]
        assert min(counts) > 0.7 * 1000 / len(values)
    told = {(e.time, e.region, e.amplitude_px) for e in world.events("movement_apex", 0, 8000)}
    inside = [m for m in movements if 0 <= m.apex < 8000]
    assert told == {(m.apex, f"{m.region}-{m.side}", m.amplitude_px) for m in inside}
