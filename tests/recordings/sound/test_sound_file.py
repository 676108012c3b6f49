"""Sound files: what was written is read, whole or cut off, and nothing else is taken for one."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings.arrays import I16Array
from recordings.errors import RecordingError
from recordings.sound.reader import SoundFile, count_blocks
from recordings.sound.trim import trimmed
from recordings.sound.writer import SoundWriter

RATE_HZ, BLOCK, BLOCKS = 48_000, 1024, 60
SAMPLES = BLOCK * BLOCKS


def noise(channels: int, blocks: int = BLOCKS) -> I16Array:
    rng = np.random.default_rng(channels)
    return rng.integers(-20_000, 20_000, (blocks * BLOCK, channels)).astype(np.int16)


def written(path: Path, samples: I16Array, *, close: bool = True) -> SoundWriter:
    writer = SoundWriter(path, RATE_HZ, samples.shape[1], BLOCK)
    for number, block in enumerate(samples.reshape(-1, BLOCK, samples.shape[1])):
        assert writer.write(block) == number
    if close:
        writer.close()
    return writer


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "a.flac"
    written(path, noise(2))
    return path


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, SAMPLES + BLOCK), st.integers(0, SAMPLES + BLOCK))
def test_any_stretch_is_read_as_it_was_written(stereo: Path, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    read = SoundFile(stereo).samples(start, stop)
    assert np.array_equal(read, noise(2)[start:stop])


def test_every_place_near_the_end_is_found(tmp_path: Path) -> None:
    """Of one of the last packets libav's search finds none."""
    rng = np.random.default_rng(1)
    quiet = (rng.standard_normal((SAMPLES, 1)) * 100).astype(np.int16)
    path = tmp_path / "a.flac"
    written(path, quiet)
    file = SoundFile(path)
    for start in range(SAMPLES // 2, SAMPLES, BLOCK):
        assert np.array_equal(file.samples(start, SAMPLES), quiet[start:])
        assert np.array_equal(file.samples(start + 5, start + 9), quiet[start + 5 : start + 9])


def test_a_file_says_what_it_is(stereo: Path) -> None:
    file = SoundFile(stereo)
    assert (file.block, file.sample_rate_hz, file.channels) == (BLOCK, RATE_HZ, 2)
    assert count_blocks(stereo) == BLOCKS
    assert file.count_samples() == SAMPLES


def test_a_file_that_is_cut_grows_no_more(tmp_path: Path) -> None:
    writer = written(tmp_path / "a.flac", noise(1), close=False)
    os.truncate(writer.path, 1000)
    with pytest.raises(RecordingError, match="cut while it was being recorded: 1,000 bytes"):
        writer.write(noise(1, 1))
    writer.close()


def test_what_a_crash_leaves_can_be_read(tmp_path: Path) -> None:
    """The header never learned how long it is; less than a second is still in the encoder."""
    path, left = tmp_path / "a.flac", tmp_path / "left.flac"
    writer = written(path, noise(1), close=False)
    left.write_bytes(path.read_bytes())
    writer.close()
    whole = SoundFile(left).count_samples()
    assert SAMPLES - RATE_HZ < whole <= SAMPLES
    assert np.array_equal(SoundFile(left).samples(0, SAMPLES), noise(1)[:whole])


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0, 1))
def test_a_torn_file_ends_with_its_last_whole_packet(stereo: Path, share: float) -> None:
    data = stereo.read_bytes()
    torn = stereo.with_name("torn.flac")
    torn.write_bytes(data[: round(share * len(data))])
    try:
        file = SoundFile(torn)
        whole = file.count_samples()
    except RecordingError:
        assert share < 0.2  # cut within the header
        return
    assert whole <= SAMPLES
    assert np.array_equal(file.samples(0, SAMPLES), noise(2)[:whole])


def test_damage_in_the_middle_is_no_end(stereo: Path, tmp_path: Path) -> None:
    data = bytearray(stereo.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(data)
    with pytest.raises(RecordingError, match="is damaged: what follows sample"):
        SoundFile(damaged).samples(0, SAMPLES)


@pytest.mark.parametrize("blocks", [0, 1, 37, BLOCKS])
def test_trimming_keeps_the_first_blocks(stereo: Path, tmp_path: Path, blocks: int) -> None:
    target = tmp_path / "b.flac"
    trimmed(stereo, target, blocks)
    assert count_blocks(target) == blocks
    assert np.array_equal(SoundFile(target).samples(0, SAMPLES), noise(2)[: blocks * BLOCK])


def test_trimming_refuses_what_is_not_there(stereo: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=f"{BLOCKS} whole blocks, {BLOCKS + 1} were asked"):
        trimmed(stereo, tmp_path / "b.flac", BLOCKS + 1)
    assert not list(tmp_path.iterdir())
    with pytest.raises(RecordingError, match="no file is ever overwritten"):
        trimmed(stereo, stereo, 1)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with pytest.raises(RecordingError, match="3 channels at 48000 Hz"):
        SoundWriter(path, RATE_HZ, 3, BLOCK)
    with pytest.raises(RecordingError, match=r"44100\.5 Hz"):
        SoundWriter(path, 44_100.5, 1, BLOCK)
    with pytest.raises(RecordingError, match="cannot be written"):
        SoundWriter(tmp_path / "no" / "a.flac", RATE_HZ, 1, BLOCK)
    writer = written(path, noise(1, 1), close=False)
    with pytest.raises(RecordingError, match="a block of 7 samples; all have 1024"):
        writer.write(noise(1)[:7])
    writer.close()
    writer.close()
    with pytest.raises(RecordingError, match="exists already"):
        SoundWriter(path, RATE_HZ, 1, BLOCK)


@pytest.mark.parametrize("content", [b"", b"no sound" * 100, b"fLaC" + bytes(100)])
def test_what_is_no_sound_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"a\.flac"):
        count_blocks(path)


def test_a_sound_of_another_program_is_none_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with av.open(str(path), "w", format="flac") as out:
        stream = out.add_stream("flac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(RecordingError, match="how long its blocks are is not in it"):
        SoundFile(path)


def test_a_sound_that_was_encoded_again_with_more_bits_is_not_cut_to_16(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with av.open(str(path), "w", format="flac") as out:
        out.metadata["UNISONO_BLOCK"] = "1024"
        stream = out.add_stream("flac", rate=8000, layout="mono")
        stream.codec_context.format = "s32"
        frame = av.AudioFrame.from_ndarray(np.full((1, 8192), 1 << 24, np.int32), "s32", "mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(RecordingError, match="samples of the form s32, not of 16 bits"):
        SoundFile(path)
