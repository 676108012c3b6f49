"""The simulated amplifiers: the world can be found again in what they deliver."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from devices.arrays import Array, F64Array
from devices.base import Chunk, Device
from devices.drivers.simulated_eeg import CAP, EEGSettings, SimulatedEEG
from devices.drivers.simulated_physio import CHANNELS, SimulatedPhysio
from devices.simulation.faults import Faults
from devices.simulation.shapes import blink_wave, breathing, ecg_wave, ppg_wave, scr_wave
from devices.simulation.simulated_signal import Blocks, loop_frequencies, pink
from devices.simulation.world import Kind, World
from tests.devices.clock import FakeClock
from tests.devices.reading import chunks, joined, matched_time

SECONDS = 400.0

Signal = tuple[F64Array, Array, dict[str, int]]


def record(device: Device, clock: FakeClock, seconds: float) -> Signal:
    """Return true times (there is no clock fault), data, and the columns by label."""
    (spec,) = device.open()
    times, data = joined(chunks(device, clock, seconds))
    return times, data, {c.label: i for i, c in enumerate(spec.channels)}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def eeg() -> Signal:
    clock = FakeClock(5e5)
    return record(SimulatedEEG(EEGSettings(name="eeg", channels=4), clock), clock, SECONDS)


@pytest.fixture(scope="module")
def physio() -> Signal:
    clock = FakeClock(5e5)
    device = SimulatedPhysio(SimulatedPhysio.Settings(name="bio"), clock)
    return record(device, clock, SECONDS)


def timing_errors_ms(
    signal: Signal, label: str, kind: Kind, wave: Callable[[F64Array], F64Array], span: float
) -> F64Array:
    times, data, columns = signal
    truth = World(1).times(kind, times[0] + 1, times[-1] - 1)
    found = [matched_time(times, data[:, columns[label]], t, wave, span) for t in truth]
    return np.abs(np.array(found) - truth) * 1e3


def test_a_blink_can_be_timed_in_veo(eeg: Signal) -> None:
    errors = timing_errors_ms(eeg, "VEO", "blink", blink_wave, 0.3)
    assert len(errors) == pytest.approx(SECONDS / 4, abs=3)
    assert np.percentile(errors, 99) < 0.3


def test_an_r_peak_can_be_timed_in_ekg_and_ecg(eeg: Signal, physio: Signal) -> None:
    for signal, label in ((eeg, "EKG"), (physio, "ECG")):
        errors = timing_errors_ms(signal, label, "heartbeat", ecg_wave, 0.1)
        assert len(errors) > 400
        assert np.percentile(errors, 99) < 0.1


def test_the_largest_sample_of_an_ecg_is_the_r_peak(physio: Signal) -> None:
    times, data, columns = physio
    ecg = data[:, columns["ECG"]]
    for beat in World(1).times("heartbeat", times[0] + 1, times[-1] - 1):
        a, b = np.searchsorted(times, (beat - 0.3, beat + 0.3))
        assert times[a + ecg[a:b].argmax()] == pytest.approx(beat, abs=0.0025)


def test_a_pulse_can_be_timed_in_ppg(physio: Signal) -> None:
    errors = timing_errors_ms(physio, "PPG", "pulse", ppg_wave, 0.3)
    assert np.percentile(errors, 99) < 0.1


def test_the_trigger_channel_and_the_digital_lines_hold_the_code(
    eeg: Signal, physio: Signal
) -> None:
    lines = [physio[2][f"Digital STP {i}"] for i in range(8)]
    levels = physio[1][:, lines]
    assert set(np.unique(levels)) == {0.0, 5.0}
    codes = ((levels > 2.5) * (1 << np.arange(8))).sum(axis=1)
    for times, values in ((physio[0], codes), (eeg[0], eeg[1][:, eeg[2]["Trigger"]])):
        rises = np.flatnonzero((values[1:] > 0) & (values[:-1] == 0)) + 1
        events = World(1).events("stimulus", times[0], times[-1])
        assert values[rises].tolist() == [event.code for event in events]
        for i, event in zip(rises, events, strict=True):
            assert 0 <= times[i] - event.time <= 0.001 + 1e-9
            assert (values[i : i + 9] == event.code).all()
            assert not values[i + 11 : i + 1000].any()


def test_muscles_work_in_a_movement(eeg: Signal, physio: Signal) -> None:
    for (times, data, columns), label in ((eeg, "EMG"), (physio, "EMG A")):
        emg = data[:, columns[label]]
        movements = [
            m for m in World(1).movements(times[0] + 9, times[-1] - 9) if m.offset - m.onset > 1
        ]
        for m in movements:
            a, b, c = np.searchsorted(times, (m.apex - 0.1, m.apex + 0.1, m.offset + 0.01))
            rest = emg[c : c + 100].std()
            assert emg[a:b].std() > 2.5 * rest


def test_alpha_and_mains_stand_out_of_a_falling_spectrum() -> None:
    clock = FakeClock()
    device = SimulatedEEG(EEGSettings(name="eeg"), clock)
    _, data, columns = record(device, clock, 17.0)
    power = np.abs(np.fft.rfft(data[:16_000].astype(np.float64), axis=0)) ** 2
    f = np.fft.rfftfreq(16_000, 1e-3)

    def band(label: str, low: float, high: float) -> float:
        return float(power[(f >= low) & (f < high), columns[label]].mean())

    assert band("Oz", 9, 11) > 10 * band("Oz", 13, 16)
    assert band("Oz", 9, 11) > 10 * band("Fz", 9, 11)
    assert band("C3", 2, 4) > 3 * band("C3", 20, 40) > 3 * 3 * band("C3", 200, 400)
    assert band("Cz", 49.9, 50.1) > 30 * band("Cz", 51, 60)


def test_blinks_are_frontal() -> None:
    clock = FakeClock()
    times, data, columns = record(SimulatedEEG(EEGSettings(name="eeg"), clock), clock, 60.0)
    peaks = np.searchsorted(times, World(1).times("blink", times[0] + 1, times[-1] - 1))
    for label, size in (("Fp1", 120), ("Fz", 35), ("Oz", 0), ("VEO", 250)):
        column = data[:, columns[label]]
        height = (column[peaks] - (column[peaks - 100] + column[peaks + 200]) / 2).mean()
        assert height == pytest.approx(size, abs=15)


def test_breath_skin_and_temperature_are_those_of_a_body(physio: Signal) -> None:
    times, data, columns = physio
    rsp = data[:, columns["RSP"]]
    assert np.abs(rsp - breathing(World(1), times)).max() < 0.1
    assert 4.9 < data[:, columns["EDA"]].min() < data[:, columns["EDA"]].max() < 8
    assert 32 < data[:, columns["SKT A"]].min() < data[:, columns["SKT B"]].max() < 36
    onset = World(1).times("flash_on", times[0] + 1, times[-1] - 9)
    i = np.searchsorted(times, onset)
    eda = data[:, columns["EDA"]]
    assert (eda[i + 3000] > eda[i + 1500]).all()


def test_channels_are_in_the_order_of_mmme() -> None:
    labels = [channel.label for channel in CHANNELS]
    assert labels[:8] == ["PPG", "RSP", "EMG A", "SKT A", "EDA", "ECG", "EMG B", "SKT B"]
    assert labels[8:] == [f"Digital STP {i}" for i in range(8)]
    (spec,) = SimulatedEEG(EEGSettings(name="eeg"), FakeClock()).open()
    assert [c.label for c in spec.channels[64:]] == ["HEO", "VEO", "EKG", "EMG", "Trigger"]
    assert len(set(CAP)) == 64


def test_fewer_channels_are_spread_over_the_cap() -> None:
    (spec,) = SimulatedEEG(EEGSettings(name="eeg", channels=3), FakeClock()).open()
    labels = [channel.label for channel in spec.channels]
    assert labels[0] == "Fp1"
    assert labels[2] == "Iz"
    assert len(labels) == 8


def test_a_fast_device_clock_samples_the_same_world_more_often() -> None:
    clock = FakeClock()
    faults = Faults(drift_ppm=500, clock_offset_s=42)
    device = SimulatedEEG(EEGSettings(name="eeg", channels=1, faults=faults), clock)
    own, data, columns = record(device, clock, 60.0)
    assert len(own) == pytest.approx(60_000 * 1.0005, abs=25)
    true = (own - 42) / 1.0005
    signal = (true, data, columns)
    assert timing_errors_ms(signal, "VEO", "blink", blink_wave, 0.3).max() < 0.3


def test_two_devices_with_one_seed_have_different_noise_and_the_same_blinks() -> None:
    data = []
    for name in ("a", "b"):
        clock = FakeClock()
        _, values, columns = record(SimulatedEEG(EEGSettings(name=name), clock), clock, 20.0)
        data.append(values)
    assert abs(np.corrcoef(data[0][:, columns["Cz"]], data[1][:, columns["Cz"]])[0, 1]) < 0.5
    assert np.corrcoef(data[0][:, columns["VEO"]], data[1][:, columns["VEO"]])[0, 1] > 0.99


def test_blocks_give_the_same_rows_however_they_are_cut() -> None:
    def render(first: int, stop: int) -> np.ndarray:
        return np.arange(first, stop, dtype=np.float32)[:, None]

    blocks = Blocks(render, 10)
    for first, stop in ((0, 3), (3, 10), (7, 34), (34, 35), (5, 6), (90, 130)):
        assert blocks.rows(first, stop)[:, 0].tolist() == list(range(first, stop))


@pytest.mark.parametrize("rate_hz", [1.0, 250.5, 1000.0, 20_000.0])
def test_noise_fits_any_rate(rate_hz: float) -> None:
    f = loop_frequencies(rate_hz)
    assert f[0, 0] == 0
    assert f[-1, 0] <= rate_hz / 2 * 1.001
    assert np.isfinite(pink(f)).all()
    device = SimulatedEEG(EEGSettings(name="eeg", rate_hz=rate_hz), clock := FakeClock())
    _, data, _ = record(device, clock, 3.0)
    assert np.isfinite(data).all()
    assert len(data) == pytest.approx(3 * rate_hz, rel=0.4, abs=2)


def test_waves_are_as_documented() -> None:
    for wave in (blink_wave, ecg_wave, ppg_wave):
        dt = np.linspace(-0.6, 0.9, 150_001)
        values = wave(dt)
        assert dt[values.argmax()] == pytest.approx(0, abs=1e-5)
        assert values.max() == pytest.approx(1, abs=1e-3)
    assert blink_wave(np.array([-0.04, 0.08, -0.081, 0.161])) == pytest.approx([0.5, 0.5, 0, 0])
    assert ppg_wave(np.array([-0.07, -0.15])) == pytest.approx([0.5, 0], abs=1e-6)
    assert scr_wave(np.array([0.0, 1.5, 1e3])) == pytest.approx([0, 0, 0], abs=1e-9)
    assert scr_wave(np.arange(0, 25, 0.01)).max() == pytest.approx(1.5, abs=0.3)


def test_codes_that_are_heard_are_on_the_trigger_line() -> None:
    clock = FakeClock()
    settings = EEGSettings(name="e", channels=1, codes_from="protocol")
    device = SimulatedEEG(settings, clock)
    assert [query.name for query in device.inputs()] == ["protocol"]
    device.open()
    rows: list[tuple[float, float]] = []
    sent = {0.1: 101, 0.105: 100, 0.5: 7}  # the second waits until the line is free
    waiting = [(clock.now() + after, code) for after, code in sent.items()]
    start = clock.now()
    for chunk in device.read():
        while waiting and waiting[0][0] <= clock.now():
            time, code = waiting.pop(0)
            text = np.array([[f'{{"code": {code}}}']], dtype=object)
            device.take(Chunk("protocol", np.array([time]), text))
        if chunk is not None:
            rows += zip(chunk.times.tolist(), chunk.data[:, -1].tolist(), strict=True)
        if clock.now() > start + 1:
            break
    codes = [code for _, code in rows]
    begun = [b for a, b in pairwise(codes) if b not in (a, 0)]
    assert begun == [101, 100, 7]
    assert {code: codes.count(code) for code in begun} == {101: 10, 100: 10, 7: 10}
