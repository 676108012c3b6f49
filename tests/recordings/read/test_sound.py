"""Onsets and stretches of a sound: each at its time, none that nobody heard begin."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from recordings.arrays import F64Array, I16Array
from recordings.errors import RecordingError
from recordings.manifest_entries import SoundEntry
from recordings.read.sound import Sound
from recordings.read.stream import Stream
from recordings.sound.writer import SoundWriter
from recordings.stream_kinds import Fate

RATE_HZ, BLOCK, ZERO_S = 48_000, 1024, 1000.0
BLOCK_S, HALF_S = BLOCK / RATE_HZ, 0.5 / RATE_HZ


def noise(blocks: int, rms: float = 50.0) -> I16Array:
    return np.random.default_rng(0).normal(0, rms, blocks * BLOCK).astype(np.int16)


def clap(samples: I16Array, at: int, level: float = 20_000.0) -> float:
    """Add a clap that begins with sample `at`, and give the LSL time of its onset."""
    k = np.arange(min(1200, len(samples) - at))
    wave = level * np.exp(-k / 150) * np.cos(0.26 * k)
    samples[at : at + len(k)] = np.clip(samples[at : at + len(k)] + wave, -32768, 32767)
    return ZERO_S + at / RATE_HZ - HALF_S


def stored(
    folder: Path, samples: I16Array, lost: Collection[int] = (), *, rate_hz: float = RATE_HZ
) -> Sound:
    """Store the blocks of a sound, but for those that are lost, with a row for each."""
    rows: list[tuple[float, float, float]] = []
    kept = 0
    writer = SoundWriter(folder / "voice.flac", rate_hz, 1, BLOCK)
    for number, block in enumerate(samples.reshape(-1, BLOCK, 1)):
        if number in lost:
            rows.append((-1, number, Fate.DEVICE_LOST.code))
        else:
            rows.append((writer.write(block), number, Fate.STORED.code))
            kept += 1
    writer.close()
    entry = SoundEntry(
        name="voice",
        file="voice.flac",
        codec="flac",
        rate_hz=RATE_HZ / BLOCK,
        sample_rate_hz=RATE_HZ,
        channels=1,
        block=BLOCK,
        frames=kept,
        lsl_start=ZERO_S,
    )
    times = ZERO_S + np.arange(len(rows)) * BLOCK_S
    index: Any = SimpleNamespace(read=lambda channels: (times, np.array(rows)), mended=times)
    return Sound(entry, cast(Stream, index), folder)


def errors(found: F64Array, *true: float) -> F64Array:
    assert len(found) == len(true), found - ZERO_S
    apart: F64Array = np.abs(found - np.array(true))
    return apart


@pytest.mark.parametrize("at", [49, 140, 40 * BLOCK, 40 * BLOCK - 5, 141 * BLOCK - 20])
def test_a_clap_is_found_wherever_it_lies_in_its_block(tmp_path: Path, at: int) -> None:
    samples = noise(141)
    true = clap(samples, at)
    assert errors(stored(tmp_path, samples).onsets(), true).max() < 1e-9


def test_a_clap_right_behind_a_loss_is_at_its_own_time(tmp_path: Path) -> None:
    samples = noise(300)
    true = [clap(samples, number * BLOCK + 60) for number in (41, 241)]
    sound = stored(tmp_path, samples, {40, *range(141, 241)})
    assert errors(sound.onsets(), *true).max() < 1e-9


def test_within_a_millisecond_of_a_loss_nothing_is_told(tmp_path: Path) -> None:
    """Least of all the time of the sample before the loss, two seconds earlier."""
    samples = noise(300)
    clap(samples, 241 * BLOCK + 20)
    true = clap(samples, 280 * BLOCK)
    assert errors(stored(tmp_path, samples, range(141, 241)).onsets(), true).max() < 1e-9


def test_what_goes_on_behind_a_loss_or_a_split_has_no_onset_there(tmp_path: Path) -> None:
    """Nobody knows when it began: in the blocks that are lost, or in the take before."""
    samples = noise(300)
    clap(samples, 0)
    clap(samples, 241 * BLOCK - 60)
    true = clap(samples, 280 * BLOCK)
    sound = stored(tmp_path, samples, range(141, 241))
    assert errors(sound.onsets(), true).max() < 1e-9


def test_the_end_of_a_clap_that_a_split_cuts_is_an_onset_before_it_alone(tmp_path: Path) -> None:
    samples = noise(200)
    true = clap(samples, 100 * BLOCK - 30)
    halves = []
    for number, half in enumerate((samples[: 100 * BLOCK], samples[100 * BLOCK :])):
        (folder := tmp_path / str(number)).mkdir()
        halves.append(stored(folder, half).onsets())
    assert errors(halves[0], true).max() < 1e-9
    assert not len(halves[1])


@pytest.mark.parametrize("offset", [-20_000, 8_000])
def test_the_offset_of_a_sound_card_is_no_sound(tmp_path: Path, offset: int) -> None:
    samples = noise(150)
    samples += np.int16(offset)
    true = [clap(samples, at, 10_000) for at in (40_000, 90_000)]
    assert errors(stored(tmp_path, samples).onsets(), *true).max() < 1e-9


@pytest.mark.parametrize("rms", [2_000, 4_000])
def test_noise_is_no_onset_and_moves_none(tmp_path: Path, rms: float) -> None:
    samples = noise(300, rms)
    true = [clap(samples, at, 30_000) for at in (40_000, 90_000, 200_000)]
    assert errors(stored(tmp_path, samples).onsets(), *true).max() < 1e-9


@pytest.mark.parametrize("level", [0, -32768])
def test_a_sound_that_stands_still_has_no_onset(tmp_path: Path, level: int) -> None:
    sound = stored(tmp_path, np.full(50 * BLOCK, level, np.int16))
    assert not len(sound.onsets())
    assert sound.peak_db == -math.inf


def test_the_loudest_sample_is_told(tmp_path: Path) -> None:
    samples = np.zeros(20 * BLOCK, np.int16)
    samples[5000] = -16384
    assert stored(tmp_path, samples).peak_db == pytest.approx(-6.02, abs=0.01)


def test_any_stretch_is_what_was_stored_in_it(tmp_path: Path) -> None:
    samples = noise(60)
    sound = stored(tmp_path, samples, {20, 21})
    times, read = sound.read()
    kept = np.r_[0 : 20 * BLOCK, 22 * BLOCK : 60 * BLOCK]
    assert np.array_equal(read[:, 0], samples[kept])
    assert np.abs(times - (ZERO_S + kept / RATE_HZ)).max() < 1e-9
    for start, stop in [(1000.3, 1000.5), (1000.43, 1000.46), (-math.inf, 1000.01), (1001, 1e9)]:
        inside = (times >= start) & (times < stop)
        part_times, part = sound.read(start, stop)
        assert np.array_equal(part_times, times[inside])
        assert np.array_equal(part, read[inside])
    for start, stop in [(1000.5, 1000.3), (0.0, 1.0), (1e9, 2e9), (1000.5, 1000.5)]:
        assert [len(part) for part in sound.read(start, stop)] == [0, 0]


def test_a_row_that_was_lost_on_its_way_takes_its_block_alone(tmp_path: Path) -> None:
    """The file has a block there that nobody knows the time of."""
    samples = noise(150)
    true = [clap(samples, number * BLOCK + 100) for number in (40, 100)]
    clap(samples, 70 * BLOCK + 100)
    sound = stored(tmp_path, samples)
    times, rows = sound.stream.read(channels=[])
    kept = np.arange(150) != 70
    index: Any = SimpleNamespace(
        read=lambda channels: (times[kept], rows[kept]), mended=times[kept]
    )
    sound = Sound(sound.entry, index, tmp_path)
    assert errors(sound.onsets(), *true).max() < 1e-9
    _, read = sound.read()
    assert np.array_equal(read[:, 0], np.delete(samples.reshape(150, BLOCK), 70, 0).ravel())


def test_a_clock_that_is_set_back_hides_no_clap(tmp_path: Path) -> None:
    samples = noise(200)
    true = [clap(samples, number * BLOCK + 100) for number in (40, 110)]
    sound = stored(tmp_path, samples)
    times, rows = sound.stream.read(channels=[])
    times = times - 5.0 * (np.arange(200) >= 100)
    index: Any = SimpleNamespace(read=lambda channels: (times, rows), mended=times)
    found = Sound(sound.entry, index, tmp_path).onsets()
    assert errors(found, true[1] - 5.0, true[0]).max() < 1e-9


@pytest.mark.parametrize("window", [(math.nan, None), (None, math.nan)])
def test_what_is_no_time_is_refused(
    tmp_path: Path, window: tuple[float | None, float | None]
) -> None:
    with pytest.raises(RecordingError, match=r"voice: .*nan.* is no stretch of it"):
        stored(tmp_path, noise(1)).read(*window)


def test_a_file_of_another_rate_is_not_read_as_its_own(tmp_path: Path) -> None:
    sound = stored(tmp_path, noise(3), rate_hz=44_100)
    with pytest.raises(RecordingError, match="at 44100 Hz, the manifest 1024 in 1 at 48000 Hz"):
        sound.read()
