"""Arbitrary bytes, and arbitrary damage to a real file: named errors, bounded memory, a whole copy.

tests/fuzz/fuzz_xdf.py does the same for as long as one likes, guided by coverage.
"""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recordings.xdf import chunks
from recordings.xdf.reader import read_xdf
from tests.fuzz.xdf_targets import check_bytes
from tests.recordings.repair.test_repair import MADE
from tests.recordings.xdf_samples import header_xml, write

SLACK = settings(max_examples=12)


@SLACK
@given(data=st.binary(max_size=400))
@example(data=b"")
@example(data=b"\x08" + b"\xff" * 8)
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    check_bytes(data, tmp_path)
    check_bytes(b"XDF:" + data, tmp_path)


edits = st.lists(
    st.tuples(st.integers(4, len(MADE.data) - 1), st.binary(min_size=1, max_size=12)), max_size=6
)


@SLACK
@given(edits=edits, cut=st.integers(4, len(MADE.data)))
def test_any_damage(tmp_path: Path, edits: list[tuple[int, bytes]], cut: int) -> None:
    data = bytearray(MADE.data)
    for at, patch in edits:
        data[at : at + len(patch)] = patch
    check_bytes(bytes(data[:cut]), tmp_path)


@SLACK
@given(order=st.permutations(range(len(MADE.chunks) // 2)))
def test_chunks_in_any_order(tmp_path: Path, order: list[int]) -> None:
    parts = [MADE.data[MADE.chunks[n][2] : MADE.chunks[n][3]] for n in order]
    check_bytes(b"XDF:" + b"".join(parts), tmp_path)


@pytest.mark.parametrize("count", [2**32 - 1, pytest.param(2**31, marks=pytest.mark.soak)])
@pytest.mark.parametrize("what", ["chunk", "samples", "string", "channels"])
def test_memory_does_not_follow_a_lying_length(tmp_path: Path, what: str, count: int) -> None:
    text = header_xml(format_="string")
    channels = count if what == "channels" else 1
    numbers = header_xml(name="n", channels=channels, rate_hz=100)
    lies = {
        "chunk": b"\x04" + struct.pack("<I", count) + b"\x03\x00\x01\x00\x00\x00",
        "samples": chunks.chunk(
            chunks.Tag.SAMPLES, struct.pack("<IBI", 1, 4, count) + b"\x08" + bytes(20)
        ),
        "string": chunks.chunk(
            chunks.Tag.SAMPLES,
            struct.pack("<IBBBdBI", 2, 1, 1, 8, 1.0, 4, count) + b"short",
        ),
        "channels": chunks.chunk(
            chunks.Tag.SAMPLES, struct.pack("<IBB", 1, 1, 1) + b"\x08" + bytes(40)
        ),
    }  # fmt: skip
    parts = [chunks.stream_header(1, numbers), chunks.stream_header(2, text), lies[what]]
    path = write(tmp_path / "lie.xdf", parts)
    tracemalloc.start()
    with read_xdf(path) as recording:
        assert recording.damage
        for stream in recording.streams:
            assert len(stream) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
    check_bytes(path.read_bytes(), tmp_path)


def test_entity_bombs_and_text_that_is_not_utf8(tmp_path: Path) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(
            f'<!ENTITY {b} "{("&" + a + ";") * 10}">'
            for a, b in zip("abcdefg", "bcdefgh", strict=True)
        )
        + "]><info><name>&h;</name></info>"
    )
    latin = header_xml(name="eeg").encode().replace(b"eeg", b"\xe9\xe8g")
    data = chunks.chunk(chunks.Tag.STREAM_HEADER, struct.pack("<I", 7) + latin)
    path = write(tmp_path / "bomb.xdf", [chunks.stream_header(1, bomb), data])
    with read_xdf(path) as recording:
        assert [s.id for s in recording.streams] == [7]
        assert recording.streams[0].name == "éèg"
        assert any("hostile XML" in d.reason for d in recording.damage)
    check_bytes(path.read_bytes(), tmp_path)
