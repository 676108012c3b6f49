from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulation.simulated_signal import NoiseLoop, loop_frequencies, pink
from recordings.features.bands import BANDS, band_powers, differential_entropy

# Away from the limits of its band by what a tapered second blurs, 2 Hz, or in its middle.
SINES = {"Theta": (6.0, 6.0), "Alpha": (10.0, 11.0), "Beta": (15.0, 28.0), "Gamma": (32.0, 45.0)}


@given(
    st.sampled_from(sorted(SINES)),
    st.floats(0, 1),
    st.floats(0.1, 100),
    st.floats(0, 6.28),
    st.sampled_from([250.0, 512.0, 1000.0]),
)
def test_the_power_of_a_sine_is_half_the_square_of_its_amplitude(
    band: str, share: float, amplitude: float, phase: float, rate: float
) -> None:
    low, high = SINES[band]
    times = np.arange(int(10 * rate)) / rate
    wave = amplitude * np.sin(2 * np.pi * (low + share * (high - low)) * times + phase)
    powers = band_powers(wave[:, None], rate)
    expected = np.where(np.array(list(BANDS)) == band, amplitude**2 / 2, 0.0)
    assert powers[0] == pytest.approx(expected, abs=0.02 * amplitude**2 / 2)


def test_the_power_of_simulated_noise_over_ten_minutes_is_that_of_its_spectrum() -> None:
    rate, rms = 1000.0, 6.0
    frequencies = loop_frequencies(rate)
    levels = np.repeat(pink(frequencies), 40, axis=1)
    still = np.zeros(40)
    loop = NoiseLoop(rate, levels, np.full(40, rms), still, 50.0, key=7)
    powers = band_powers(loop.rows(0, 600_000), rate).mean(axis=0)
    spectrum = pink(frequencies)[:, 0] ** 2
    for (low, high), power in zip(BANDS.values(), powers, strict=True):
        inside = (frequencies[:, 0] >= low) & (frequencies[:, 0] < high)
        expected = rms**2 * spectrum[inside].sum() / spectrum.sum()
        assert power == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(("rate", "seconds"), [(250.0, 1.0), (125.0, 20.0), (256.0, 9.0)])
def test_seconds_overlap_by_half_and_each_counts_once(rate: float, seconds: float) -> None:
    """As SciPy's Welch has it, with the bins at a limit shared by both bands."""
    values = np.random.default_rng(1).normal(50.0, 3.0, (round(seconds * rate), 2))
    size = round(rate)
    welch = pytest.importorskip("scipy.signal").welch
    _, density = welch(
        *(values, rate, "hann", size, size - size // 2), detrend="constant", axis=0
    )  # fmt: skip
    expected = [
        density[round(low) : round(high) + 1].sum(axis=0)
        - (density[round(low)] + density[round(high)]) / 2
        for low, high in BANDS.values()
    ]
    assert band_powers(values, rate) == pytest.approx(np.array(expected).T)


def test_seconds_with_a_missing_sample_count_for_nothing() -> None:
    times = np.arange(4000) / 1000
    values = np.sin(2 * np.pi * 10 * times)[:, None].repeat(3, axis=1)
    values[:2100, 1] *= 100
    values[2050, 1] = np.nan
    values[:, 2] = np.nan
    powers = band_powers(values, 1000.0)
    values[:2000, 1] = np.nan
    assert band_powers(values, 1000.0)[1, 2] == pytest.approx(powers[0, 2], rel=0.01)
    assert powers[1, 2] > 100
    assert np.isnan(powers[2]).all()
    assert np.isnan(band_powers(values[:999], 1000.0)).all()


def test_a_band_above_half_the_rate_is_unknown() -> None:
    powers = band_powers(np.random.default_rng(1).normal(size=(600, 1)), 60.0)
    assert np.isfinite(powers[0, :4]).all()
    assert np.isnan(powers[0, 4])


def test_differential_entropy_is_that_of_a_normal_distribution() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    powers = np.array([0.3, 2.0, 50.0])
    expected = [scipy_stats.norm(scale=p**0.5).entropy() for p in powers]
    assert differential_entropy(powers) == pytest.approx(expected)
    assert np.isnan(differential_entropy(np.array([0.0, np.nan]))).all()
