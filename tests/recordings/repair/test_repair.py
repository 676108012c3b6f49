"""Damaged files: what is whole comes through, and somebody else's reader takes the result."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.errors import RecordingError
from recordings.repair.xdf import finish_xdf, repair_xdf
from recordings.xdf import chunks
from recordings.xdf.reader import read_xdf

HEADER = (
    "<?xml version='1.0'?><info><name>{name}</name><type>T</type>"
    "<channel_count>{channels}</channel_count><nominal_srate>{rate}</nominal_srate>"
    "<channel_format>{format}</channel_format><created_at>0</created_at><desc/></info>"
)
ROUNDS, PER_CHUNK = 12, 5


@dataclass(frozen=True)
class Made:
    """A small recording, and where its chunks lie."""

    data: bytes
    chunks: tuple[tuple[str, int, int, int], ...]  # kind, stream, first byte, byte after


def _chunks() -> Iterator[tuple[str, int, bytes]]:
    yield "file", 0, chunks.file_header()
    numbers = HEADER.format(name="numbers", channels=2, rate=100, format="float32")
    yield "header", 1, chunks.stream_header(1, numbers)
    words = HEADER.format(name="words", channels=1, rate=0, format="string")
    yield "header", 2, chunks.stream_header(2, words)
    for k in range(ROUNDS):
        n = np.arange(k * PER_CHUNK, (k + 1) * PER_CHUNK)
        values = np.stack([n, -n], axis=1).astype(np.float32)
        yield "samples", 1, chunks.samples(1, 100 + n / 100.0, values)
        yield "samples", 2, chunks.string_samples(2, np.array([100.0 + k]), [[f"word {k}"]])
        yield "offset", 1, chunks.clock_offset(1, 100.0 + k, -0.25)
        if k % 4 == 3:
            yield "boundary", 0, chunks.boundary()
    count = ROUNDS * PER_CHUNK
    yield "footer", 1, chunks.stream_footer(1, 100.0, 100 + (count - 1) / 100, count, [])
    yield "footer", 2, chunks.stream_footer(2, 100.0, 100.0 + ROUNDS - 1, ROUNDS, [])


def _make() -> Made:
    data, parts = bytearray(chunks.MAGIC), []
    for kind, stream, content in _chunks():
        parts.append((kind, stream, len(data), len(data) + len(content)))
        data += content
    return Made(bytes(data), tuple(parts))


MADE = _make()


def rounds_of(path: Path) -> tuple[list[int], list[int]]:
    """Load with pyxdf; which rounds of numbers, and which words, are there."""
    streams, _ = pyxdf.load_xdf(str(path), synchronize_clocks=False, dejitter_timestamps=False)
    named = {s["info"]["name"][0]: s for s in streams}
    for stream in streams:
        assert int(stream["footer"]["info"]["sample_count"][0]) == len(stream["time_stamps"])
    numbers = named["numbers"]["time_series"] if "numbers" in named else np.zeros((0, 2))
    if len(numbers):
        stamps = named["numbers"]["time_stamps"]
        assert np.allclose(stamps, 100 + np.rint((stamps - 100) * 100) / 100)
    words = named["words"]["time_series"] if "words" in named else []
    return [int(n) for n in numbers[:, 0]] if len(numbers) else [], [
        int(row[0].split()[1]) for row in words
    ]


@settings(max_examples=80)
@given(cut=st.integers(4, len(MADE.data)))
def test_a_file_cut_anywhere_keeps_every_complete_chunk(tmp_path: Path, cut: int) -> None:
    source, target = tmp_path / "cut.xdf", tmp_path / "whole.xdf"
    target.unlink(missing_ok=True)
    source.write_bytes(MADE.data[:cut])
    done = repair_xdf(source, target)
    assert source.read_bytes() == MADE.data[:cut]
    whole = [c for c in MADE.chunks if c[3] <= cut]
    numbers, words = rounds_of(target)
    assert len(numbers) == PER_CHUNK * sum(c[:2] == ("samples", 1) for c in whole)
    assert len(words) == sum(c[:2] == ("samples", 2) for c in whole)
    assert done.bytes_kept + done.bytes_dropped == cut - len(chunks.MAGIC)


@settings(max_examples=150)
@given(at=st.integers(4, len(MADE.data) - 1), flip=st.integers(1, 255))
def test_a_flipped_byte_costs_its_chunk_alone(tmp_path: Path, at: int, flip: int) -> None:
    kind, stream, start, end = next(c for c in MADE.chunks if c[2] <= at < c[3])
    data = bytearray(MADE.data)
    data[at] ^= flip
    source, target = tmp_path / "flipped.xdf", tmp_path / "whole.xdf"
    target.unlink(missing_ok=True)
    source.write_bytes(data)
    repair_xdf(source, target)
    pyxdf.load_xdf(str(target), synchronize_clocks=False, dejitter_timestamps=False)
    with read_xdf(target) as recording:
        assert not recording.damage
        found = {s.id: s for s in recording.streams}
        for number in (1, 2):
            if (kind, stream) == ("header", number):
                continue  # without its header a stream cannot be read
            at_risk = {start} if (kind, stream) == ("samples", number) else set()
            mine = [c for c in MADE.chunks if c[:2] == ("samples", number)]
            expected = (len(mine) - len(at_risk)) * (PER_CHUNK if number == 1 else 1)
            assert len(found[number]) >= expected, (kind, stream, at - start, end - start)


def test_a_stamp_that_is_zeroed_costs_its_chunk_alone(tmp_path: Path) -> None:
    start = [c for c in MADE.chunks if c[:2] == ("samples", 1)][4][2]
    data = bytearray(MADE.data)
    record = 1 + 8 + 2 * 4
    first = start + 1 + 1 + 2 + 4 + 2  # length of length, length, tag, stream, number of samples
    first += MADE.data[start] + MADE.data[start + 1 + MADE.data[start] + 6] - 2
    while data[first] != 8:
        first += 1
    data[first + record : first + 2 * record] = bytes(record)
    source, target = tmp_path / "zeroed.xdf", tmp_path / "whole.xdf"
    source.write_bytes(data)
    repair_xdf(source, target)
    numbers, words = rounds_of(target)
    assert sorted(set(range(ROUNDS * PER_CHUNK)) - set(numbers)) == [*range(20, 25)]
    assert len(words) == ROUNDS


@pytest.mark.parametrize("count", [-7, 7])
def test_bytes_lost_or_put_in_amid_a_chunk_make_no_samples(tmp_path: Path, count: int) -> None:
    """Its length and its number of samples still fit then, as it ends in what comes after it."""
    _, _, start, end = [c for c in MADE.chunks if c[:2] == ("samples", 1)][4]
    at = (start + end) // 2
    data = MADE.data[:at] + bytes(range(8, 8 + count)) + MADE.data[at - min(count, 0) :]
    source, target = tmp_path / "shifted.xdf", tmp_path / "whole.xdf"
    source.write_bytes(data)
    repair_xdf(source, target)
    numbers, words = rounds_of(target)
    assert sorted(set(range(ROUNDS * PER_CHUNK)) - set(numbers)) == [*range(20, 25)]
    assert words == [*range(ROUNDS)]


@settings(max_examples=80)
@given(at=st.sampled_from([c[3] for c in MADE.chunks]), size=st.integers(1, len(MADE.data)))
def test_a_block_that_is_in_the_file_twice_makes_no_samples(
    tmp_path: Path, at: int, size: int
) -> None:
    source, target = tmp_path / "doubled.xdf", tmp_path / "whole.xdf"
    target.unlink(missing_ok=True)
    source.write_bytes(MADE.data[:at] + MADE.data[max(4, at - size) :])
    repair_xdf(source, target)
    numbers, words = rounds_of(target)
    assert numbers == sorted(set(numbers))
    assert words == sorted(set(words))


def test_a_marker_that_was_sent_twice_stays(tmp_path: Path) -> None:
    header = HEADER.format(name="words", channels=1, rate=0, format="string")
    word = chunks.string_samples(1, np.array([100.0]), [["twice"]])
    source, target = tmp_path / "sent.xdf", tmp_path / "whole.xdf"
    content = chunks.file_header() + chunks.stream_header(1, header) + word + word
    source.write_bytes(chunks.MAGIC + content)
    assert repair_xdf(source, target).streams[0].samples == 2


@pytest.mark.parametrize("format_", ["string", "float32"])
def test_a_burst_of_one_value_at_one_time_stays(tmp_path: Path, format_: str) -> None:
    """Of 1,536 samples 512 were read, and the file was said to be damaged: its chunks are alike."""
    header = HEADER.format(name="burst", channels=1, rate=0, format=format_)
    still = np.full(512, 100.0)
    words, zeros = [["x"]] * 512, np.zeros((512, 1), np.float32)
    chunk = (
        chunks.string_samples(1, still, words)
        if format_ == "string"
        else chunks.samples(1, still, zeros)
    )
    source, target = tmp_path / "sent.xdf", tmp_path / "whole.xdf"
    head = chunks.MAGIC + chunks.file_header() + chunks.stream_header(1, header)
    source.write_bytes(head + 3 * chunk)
    assert repair_xdf(source, target).streams[0].samples == 1536
    later = chunk.replace(struct.pack("<d", 100.0), struct.pack("<d", 101.0))
    source.write_bytes(head + chunk + later + chunk + later)  # a block that is there twice
    target.unlink()
    assert repair_xdf(source, target).streams[0].samples == 1024


def test_zeroed_blocks_and_a_missing_end(tmp_path: Path) -> None:
    zeroed = [c for c in MADE.chunks if c[0] == "samples"][6:9]
    data = bytearray(MADE.data)
    data[zeroed[0][2] : zeroed[-1][3]] = bytes(zeroed[-1][3] - zeroed[0][2])
    last = next(c for c in MADE.chunks if c[0] == "footer")
    source, target = tmp_path / "zeroed.xdf", tmp_path / "whole.xdf"
    source.write_bytes(data[: last[2] + 7])
    done = repair_xdf(source, target)
    numbers, words = rounds_of(target)
    assert sorted(set(range(ROUNDS * PER_CHUNK)) - set(numbers)) == [*range(15, 25)]
    assert sorted(set(range(ROUNDS)) - set(words)) == [3]
    assert all(s.footer_was_missing for s in done.streams)
    assert done.bytes_dropped == zeroed[-1][3] - zeroed[0][2] + 7


def test_offsets_that_are_no_measurement_are_left_out(tmp_path: Path) -> None:
    garbage = [(np.nan, 0.0), (4.6e-310, 1e-309), (1e200, -3.0), (100.0, np.inf)]
    extra = b"".join(
        chunks.chunk(chunks.Tag.CLOCK_OFFSET, struct.pack("<Idd", 1, *pair)) for pair in garbage
    )
    footer = next(c for c in MADE.chunks if c[0] == "footer")[2]
    source, target = tmp_path / "garbage.xdf", tmp_path / "whole.xdf"
    source.write_bytes(MADE.data[:footer] + extra + MADE.data[footer:])
    done = repair_xdf(source, target)
    assert (done.streams[0].offsets, done.streams[0].offsets_dropped) == (ROUNDS, len(garbage))
    with read_xdf(target) as recording:
        assert recording.streams[0].offset_values.tolist() == [-0.25] * ROUNDS


def test_a_crashed_file_is_finished_in_place(tmp_path: Path) -> None:
    footer = next(c for c in MADE.chunks if c[0] == "footer")[2]
    path = tmp_path / "crashed.xdf"
    torn = (
        MADE.data[:footer] + chunks.samples(1, np.array([200.0]), np.zeros((1, 2), np.float32))[:-3]
    )
    path.write_bytes(torn)
    done = finish_xdf(path)
    assert done is not None
    assert done.bytes_dropped == len(torn) - footer
    assert path.read_bytes()[:footer] == MADE.data[:footer]
    assert len(rounds_of(path)[0]) == ROUNDS * PER_CHUNK


def test_a_file_damaged_in_the_middle_is_not_finished_in_place(tmp_path: Path) -> None:
    data = bytearray(MADE.data)
    middle = next(c for c in MADE.chunks if c[0] == "samples")
    data[middle[2] : middle[2] + 4] = bytes(4)
    path = tmp_path / "damaged.xdf"
    path.write_bytes(data)
    assert finish_xdf(path) is None
    assert path.read_bytes() == bytes(data)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xdf", tmp_path / "b.xdf"
    source.write_bytes(MADE.data)
    target.write_text("mine")
    with pytest.raises(RecordingError, match="exists already"):
        repair_xdf(source, target)
    assert target.read_text() == "mine"
    (tmp_path / "c.xdf").write_text("not XDF")
    with pytest.raises(RecordingError, match="not an XDF file"):
        repair_xdf(tmp_path / "c.xdf", tmp_path / "d.xdf")
    assert not (tmp_path / "d.xdf").exists()


def test_what_a_killed_repair_leaves_is_no_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xdf", tmp_path / "b.xdf"
    source.write_bytes(MADE.data)
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from recordings.repair import xdf\n"
        "xdf.sync_file = lambda number: os._exit(9)\n"
        "xdf.repair_xdf(*map(Path, sys.argv[1:]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, source, target], check=False, timeout=60)
    assert done.returncode == 9
    assert not target.exists()
    repair_xdf(source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xdf", "b.xdf"]


def test_a_header_of_a_wrong_length_swallows_no_samples(tmp_path: Path) -> None:
    (start,) = [c[2] for c in MADE.chunks if c[:2] == ("header", 2)]
    expected = PER_CHUNK * sum(c[:2] == ("samples", 1) for c in MADE.chunks)
    path = tmp_path / "a.xdf"
    for flip in range(1, 256):
        data = bytearray(MADE.data)
        data[start + 1] ^= flip
        path.write_bytes(data)
        with read_xdf(path, strict=True) as recording:
            assert len(recording.streams[0]) == expected
