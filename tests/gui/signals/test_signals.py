"""What is computed of signals, against signals whose truth is known."""

from __future__ import annotations

import threading

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.arrays import F64Array
from devices.drivers.simulated_physio import CHANNELS, ECG, PPG, RSP, SimulatedPhysio
from devices.simulation.simulated_signal import SignalSettings
from gui.plots.scaling import AutoScale, extents, nice, shown, stepped
from gui.signals import signal_monitor
from gui.signals.channel_info import ChannelInfo, channels_of
from gui.signals.display_filter import DisplayFilter, FilterSettings
from gui.signals.live_streams import LiveStreams
from gui.signals.marker_text import marker_text
from gui.signals.quality import troubles
from gui.signals.spectra import spectrum
from gui.signals.vitals import heart_rate_ecg, heart_rate_ppg, respiration_rate

RATE = 500.0
EEG = tuple(ChannelInfo(i, f"E{i}", "EEG", "µV") for i in range(4))


def seconds(length: float) -> F64Array:
    return np.arange(round(length * RATE)) / RATE


def test_chunks_are_filtered_as_the_whole_would_be() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((3000, 4))
    settings = FilterSettings(1.0, 40.0, 50.0, "average")
    whole = DisplayFilter(settings, EEG, RATE)(data)
    chunked, at = DisplayFilter(settings, EEG, RATE), 0
    parts = []
    while at < len(data):
        n = int(rng.integers(1, 90))
        parts.append(chunked(data[at : at + n]))
        at += n
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-9)


def test_the_notch_takes_the_mains_and_leaves_the_rest() -> None:
    t = seconds(20)
    data = np.stack([np.sin(2 * np.pi * 10 * t) + 5 * np.sin(2 * np.pi * 50 * t)] * 4, axis=1)
    found = DisplayFilter(FilterSettings(notch_hz=50.0), EEG, RATE)(data)[-2000:, 0]
    power = np.abs(np.fft.rfft(found))
    hz = np.fft.rfftfreq(2000, 1 / RATE)
    assert power[hz == 50.0] < 0.05 * power[hz == 10.0]
    assert power[hz == 10.0] == pytest.approx(1000, rel=0.05)


def test_a_value_that_is_no_number_does_not_poison_a_filter() -> None:
    data = np.ones((1000, 4))
    data[100, 2] = np.nan
    found = DisplayFilter(FilterSettings(high_pass_hz=1.0), EEG, RATE)(data)
    assert np.isnan(found[:, 2]).sum() == 1
    assert np.isfinite(found[:, [0, 1, 3]]).all()


def test_spectrum_is_that_of_mne() -> None:
    rng = np.random.default_rng(3)
    data = rng.standard_normal((4000, 3)) + np.sin(2 * np.pi * 10 * seconds(8))[:, None]
    ours = spectrum(data, RATE, ("a", "b", "c"), "µV")
    assert ours is not None
    theirs, hz = mne.time_frequency.psd_array_welch(
        data.T, RATE, n_fft=1000, n_overlap=500, window="hann", verbose="error"
    )
    np.testing.assert_allclose(ours.hz, hz)
    np.testing.assert_allclose(ours.power.T[:, 2:], theirs[:, 2:], rtol=1e-6)
    assert ours.band_power("α").min() > 5 * ours.band_power("δ").max() / 3


@pytest.mark.parametrize("seed", [1, 7])
def test_rates_are_those_of_the_simulated_world(seed: int) -> None:
    device = SimulatedPhysio(SignalSettings(name="p", seed=seed, rate_hz=RATE), None)  # type: ignore[arg-type]
    t = 5000.0 + seconds(60)
    rows = np.zeros((len(t), len(CHANNELS)), np.float32)
    device.draw(rows, t)
    noise = np.random.default_rng(seed).standard_normal(rows.shape) * 0.01
    data = rows.astype(np.float64) + noise
    beats = np.diff(device.world.times("heartbeat", t[-1] - 10, t[-1]))
    truth = 60 / float(np.median(beats))
    assert heart_rate_ecg(data[-5000:, ECG], RATE) == pytest.approx(truth, abs=4)
    assert heart_rate_ppg(data[-5000:, PPG], RATE) == pytest.approx(truth, abs=4)
    breaths = np.diff(device.world.times("breath", t[-1] - 40, t[-1]))
    expected = 60 / float(np.median(breaths))
    assert respiration_rate(data[-20000:, RSP], RATE) == pytest.approx(expected, abs=2)


def test_nothing_has_no_rate() -> None:
    assert respiration_rate(np.zeros(20000), RATE) is None
    assert heart_rate_ecg(np.zeros(5000), RATE) is None
    assert heart_rate_ppg(np.zeros(5000), RATE) is None


def test_channels_that_are_no_good_are_named() -> None:
    t = seconds(4)
    rng = np.random.default_rng(0)
    good = rng.standard_normal(len(t)) * 10
    clipped = np.clip(good, -8, 8)
    mains = good * 0.1 + 40 * np.sin(2 * np.pi * 50 * t)
    data = np.stack([good, np.full(len(t), 7.0), clipped, mains], axis=1)
    assert troubles(data, EEG, RATE, 50.0) == {1: "flat", 2: "clipped", 3: "mains"}
    assert troubles(data * np.nan, EEG, RATE, 50.0)[0] == "no data"


@given(st.floats(1e-6, 1e6))
def test_scales_are_nice(value: float) -> None:
    found = nice(value)
    assert value * (1 - 1e-6) <= found <= value * 2.51
    assert stepped(stepped(found, 1), -1) == pytest.approx(found)
    assert stepped(found, 1) > found


def test_the_scale_follows_only_what_lasts() -> None:
    scale = AutoScale()
    assert scale.look([40.0])
    before = scale.scale
    assert not scale.look([400.0])
    assert not scale.look([45.0])
    assert scale.scale == before
    for _ in range(3):
        scale.look([400.0])
    assert scale.scale > before


def test_extents_leave_rare_artefacts_and_gaps_out() -> None:
    low = np.tile(np.linspace(-1, 1, 200)[:, None], 3)
    low[5, 0], low[:, 1] = 1e6, np.nan
    low[::2, 2] = np.nan
    first, none, half = extents(low, low)
    assert first is not None
    assert first.swing < 2.5
    assert none is None
    assert half is not None
    assert half.swing == pytest.approx(first.swing, abs=0.1)
    assert shown(2000, "µV") == "2 mV"


@given(st.text(max_size=200), st.integers(0, 5))
def test_any_description_gives_channels(xml: str, count: int) -> None:
    found = channels_of(xml, count, "EEG")
    assert [c.index for c in found] == list(range(count))
    assert all(c.label and c.kind for c in found)


def test_markers_are_called_what_they_say() -> None:
    assert marker_text(b'{"event": "onset", "trial": 3, "code": 112}').label == "112 onset"
    assert marker_text("S  5").label == "S 5"
    assert marker_text("Übung".encode("cp1252")).label == "Übung"
    assert marker_text(7).label == "7"
    assert len(marker_text("x" * 100).label) <= 24
    assert marker_text("{not json").label == "{not json"


def test_a_look_that_ends_after_the_window_is_told_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look may outlast the wait for its thread; its words went to a window that was gone."""
    monkeypatch.setattr(signal_monitor, "PERIOD_S", 3600.0)  # whoever waits need not wait so long
    looks, go = threading.Event(), threading.Event()
    told: list[signal_monitor.Findings] = []

    class Slow(signal_monitor.SignalMonitor):
        def look(self) -> signal_monitor.Findings:
            looks.set()
            go.wait(30)
            return signal_monitor.Findings()

    monitor = Slow(LiveStreams.__new__(LiveStreams), lambda stream: [], told.append)
    monitor.start()
    monitor.look_now()
    assert looks.wait(30)
    monitor._closing.set()
    go.set()
    monitor.close()
    assert told == []


@pytest.mark.parametrize("closing", [True, False])
def test_a_look_that_fails_is_told_unless_all_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, closing: bool
) -> None:
    """What it reads is taken down around a look that outlasts the window."""
    monkeypatch.setattr(signal_monitor, "PERIOD_S", 0.01)
    again, go = threading.Event(), threading.Event()

    class Failing(signal_monitor.SignalMonitor):
        looks = 0

        def look(self) -> signal_monitor.Findings:
            self.looks += 1
            if self.looks > 1 or closing:
                again.set()
                go.wait(30)
            raise RuntimeError("gone")

    monitor = Failing(LiveStreams.__new__(LiveStreams), lambda stream: [], lambda found: None)
    with caplog.at_level("INFO"):
        monitor.start()
        assert again.wait(30)
        monitor._closing.set()
        go.set()
        monitor.close()
    assert len(caplog.records) == (0 if closing else 1)
