from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.xdf import chunks
from tests.recordings.xdf_samples import header_xml, write

FORMATS = list(chunks.CHANNEL_FORMATS)
GOLDEN = Path(__file__).parent / "golden.xdf"


def load(path: Path) -> list[dict[str, Any]]:
    streams, _ = pyxdf.load_xdf(
        str(path),
        synchronize_clocks=False,
        dejitter_timestamps=False,
        handle_clock_resets=False,
    )
    return list(streams)


def naive_samples(stream_id: int, stamps: npt.NDArray[Any], data: npt.NDArray[Any]) -> bytes:
    """Write the chunk as the specification says it, value by value."""
    code = {"float32": "f", "float64": "d", "int8": "b", "int16": "h", "int32": "i", "int64": "q"}
    body = b""
    for stamp, row in zip(stamps, data, strict=True):
        body += struct.pack("<Bd", 8, stamp)
        body += b"".join(struct.pack("<" + code[data.dtype.name], v) for v in row.tolist())
    content = struct.pack("<HIBI", 3, stream_id, 4, len(stamps)) + body
    return struct.pack("<BI", 4, len(content)) + content


@given(
    dtype=st.sampled_from(FORMATS),
    channels=st.integers(1, 9),
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    seed=st.integers(0, 1 << 30),
)
def test_encoder_equals_the_specification_read_literally(
    dtype: str, channels: int, counts: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    encoder = chunks.SamplesEncoder(7, dtype, channels, capacity=8)
    for count in counts:
        stamps = rng.normal(size=count)
        data = rng.integers(-100, 100, (count, channels)).astype(dtype)
        expected = naive_samples(7, stamps, data) if count else b""
        assert bytes(encoder.encode(stamps, data)) == expected
        assert chunks.samples(7, stamps, data) == expected


def test_encoder_takes_non_contiguous_and_big_endian_data() -> None:
    stamps = np.arange(3.0)
    data = np.arange(6, dtype=np.int32).reshape(2, 3).T.astype(">i4")
    expected = naive_samples(1, stamps, data.astype("<i4"))
    assert bytes(chunks.SamplesEncoder(1, "int32", 2).encode(stamps, data)) == expected


def test_encoder_refuses_what_would_lose_values() -> None:
    encoder = chunks.SamplesEncoder(1, "float32", 2)
    with pytest.raises(TypeError, match="float64 samples in a stream of float32"):
        encoder.encode(np.zeros(1), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="shape"):
        encoder.encode(np.zeros(2), np.zeros((1, 2), np.float32))
    with pytest.raises(TypeError, match="no number format"):
        chunks.SamplesEncoder(1, "uint8", 2)


def test_long_chunks_get_an_eight_byte_length() -> None:
    head = chunks._LONG_SAMPLES_HEAD.pack(8, 5_000_000_000, 3, 1, 4, 2)
    assert len(head) == chunks._HEAD_ROOM
    assert head[0] == 8
    assert chunks.varlen(1 << 32) == b"\x08" + (1 << 32).to_bytes(8, "little")
    assert chunks.varlen(255) == b"\x01\xff"
    assert chunks.varlen(256) == b"\x04\x00\x01\x00\x00"


def test_a_stamp_of_zero_is_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xdf",
        [
            chunks.stream_header(1, header_xml(rate_hz=10)),
            chunks.samples(1, np.array([5.0, 0.0]), np.zeros((2, 1), np.float32)),
        ],
    )
    assert load(path)[0]["time_stamps"].tolist() == [5.0, 0.0]


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(texts, texts), max_size=8))
def test_strings_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.mktemp("strings") / "a.xdf"
    write(
        path,
        [
            chunks.stream_header(1, header_xml(channels=2, format_="string")),
            chunks.string_samples(1, np.arange(len(rows), dtype=float), rows),
        ],
    )
    assert load(path)[0]["time_series"] == [list(row) for row in rows]


def test_a_lone_surrogate_does_not_stop_a_recording() -> None:
    assert b"a?b" in chunks.string_samples(1, np.zeros(1), [["a\ud800b"]])


def golden() -> list[bytes]:
    return [
        chunks.stream_header(1, header_xml("eeg", "EEG", 2, 100.0, "float32", labels=["Fp1", "µ"])),
        chunks.stream_header(0x02C0FFEE, header_xml("marks", "Markers", 1, 0.0, "string")),
        chunks.boundary(),
        chunks.samples(1, np.array([1.0, 1.01]), np.array([[1, 2], [3, 4]], np.float32)),
        chunks.string_samples(0x02C0FFEE, np.array([1.005]), [["début " + "x" * 260]]),
        chunks.clock_offset(1, 1.5, -0.25),
        # pyxdf warns of a stream that has samples and no clock offset.
        chunks.clock_offset(0x02C0FFEE, 1.5, 0.0),
        chunks.boundary(),
        chunks.stream_footer(1, 1.0, 1.01, 2, [(1.5, -0.25)]),
        chunks.stream_footer(0x02C0FFEE, 1.005, 1.005, 1, [(1.5, 0.0)]),
    ]


def test_bytes_are_those_of_the_golden_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a.xdf", golden()).read_bytes() == GOLDEN.read_bytes()


def test_the_golden_file_loads_in_pyxdf_without_a_warning(caplog: Any) -> None:
    streams, _ = pyxdf.load_xdf(str(GOLDEN))
    assert not caplog.records
    eeg, marks = streams
    assert eeg["footer"]["info"]["sample_count"] == ["2"]
    assert eeg["clock_values"] == [-0.25]
    np.testing.assert_allclose(eeg["time_stamps"], [0.75, 0.76])
    assert marks["time_series"][0][0].startswith("début xx")
