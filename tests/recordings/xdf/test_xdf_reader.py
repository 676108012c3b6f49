from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recordings.errors import RecordingError
from recordings.xdf import chunks
from recordings.xdf.reader import XdfRecording, read_xdf
from tests.recordings.bare_files import bare, texts
from tests.recordings.xdf.test_chunks import GOLDEN, naive_samples
from tests.recordings.xdf_samples import header_xml, write


def oracle(path: Path) -> dict[int, dict[str, Any]]:
    streams, _ = pyxdf.load_xdf(
        str(path),
        synchronize_clocks=False,
        dejitter_timestamps=False,
        handle_clock_resets=False,
    )
    return {stream["info"]["stream_id"]: stream for stream in streams}


def assert_equals_pyxdf(recording: XdfRecording) -> None:
    theirs = oracle(recording.path)
    assert {s.id for s in recording.streams} == set(theirs)
    for ours in recording.streams:
        other = theirs[ours.id]
        np.testing.assert_array_equal(ours.stamps, other["time_stamps"])
        if ours.is_text:
            assert ours.strings == other["time_series"]
        else:
            np.testing.assert_array_equal(ours.data, other["time_series"])
            if len(ours):  # pyxdf forgets the type of an empty stream
                assert ours.data.dtype == other["time_series"].dtype
        assert ours.offset_times.tolist() == other["clock_times"]
        assert ours.offset_values.tolist() == other["clock_values"]


def bare_samples(stream_id: int, stamps: Any, data: Any, kept: Any) -> bytes:
    """Write a chunk as LabRecorder does: a stamp only where `kept` is true."""
    whole = naive_samples(stream_id, stamps, data)
    head, body, size = whole[:16], whole[16:], 9 + data[0].nbytes
    parts = [body[n * size : (n + 1) * size] for n in range(len(data))]
    body = b"".join(p if keep else b"\0" + p[9:] for p, keep in zip(parts, kept, strict=True))
    return head[:1] + (11 + len(body)).to_bytes(4, "little") + head[5:] + body


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(list(chunks.CHANNEL_FORMATS)),
    channels=st.integers(1, 5),
    kept=st.lists(st.lists(st.booleans(), min_size=1, max_size=60), max_size=4),
    rate=st.sampled_from([0.0, 10.0, 333.3]),
    seed=st.integers(0, 1 << 30),
)
@example("int16", 1, [[True] * 20 + [False] * 90 + [True, False] * 20], 1000.0, 1)
def test_equals_pyxdf_with_and_without_stamps(
    tmp_path_factory: pytest.TempPathFactory,
    dtype: str,
    channels: int,
    kept: list[list[bool]],
    rate: float,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    xml = header_xml(channels=channels, rate_hz=rate, format_=chunks.CHANNEL_FORMATS[dtype])
    parts = [chunks.stream_header(3, xml)]
    for flags in kept:
        data = rng.integers(-100, 100, (len(flags), channels)).astype(dtype)
        parts.append(bare_samples(3, rng.normal(size=len(flags)), data, flags))
        parts.append(chunks.clock_offset(3, rng.normal(), rng.normal()))
    path = write(tmp_path_factory.mktemp("x") / "a.xdf", parts)
    with read_xdf(path) as recording:
        assert recording.damage == ()
        assert_equals_pyxdf(recording)
        stream = recording.streams[0]
        start, stop = sorted(rng.integers(0, len(stream) + 1, 2).tolist())
        part = stream.read(start, stop, [channels - 1])
        np.testing.assert_array_equal(part[:, 0], stream.data[start:stop, -1])


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["clock_resets.xdf", "empty_streams.xdf", "minimal.xdf"])
def test_equals_pyxdf_on_real_files(name: str, sample_data: Path) -> None:
    with read_xdf(sample_data / name) as recording:
        assert recording.damage == ()
        assert_equals_pyxdf(recording)


def test_fields_of_header_and_footer() -> None:
    with read_xdf(GOLDEN) as recording:
        eeg, marks = recording.streams
        assert (eeg.name, eeg.info.type, eeg.info.hostname, eeg.info.uid) == (
            "eeg",
            "EEG",
            "lab",
            "u-eeg",
        )
        assert eeg.info.labels == ("Fp1", "µ")
        assert (eeg.info.rate_hz, eeg.info.channel_count) == (100.0, 2)
        assert eeg.footer is not None
        assert (eeg.footer.first, eeg.footer.last, eeg.footer.count) == (1.0, 1.01, 2)
        assert marks.is_text
        assert recording.boundaries == 2
        assert recording.stream("marks") is marks
        with pytest.raises(RecordingError, match="there are: eeg, marks"):
            recording.stream("gaze")
        with pytest.raises(RecordingError, match="holds strings"):
            marks.read()


def session_chunks() -> list[bytes]:
    """A small file with everything in it: 12 sample chunks of two streams."""
    rng = np.random.default_rng(5)
    parts = [
        chunks.stream_header(1, header_xml("eeg", channels=3, rate_hz=100.0)),
        chunks.stream_header(2, header_xml("marks", "Markers", format_="string")),
        chunks.boundary(),
    ]
    for n in range(6):
        stamps = n + np.arange(4) / 4
        parts.append(chunks.samples(1, stamps, rng.normal(size=(4, 3)).astype(np.float32)))
        parts.append(chunks.string_samples(2, stamps[:2], [["äö"], ["x" * n]]))
        parts.append(chunks.clock_offset(1, n, 0.5))
        if n % 3 == 2:
            parts.append(chunks.boundary())
    return [*parts, chunks.stream_footer(1, 0, 5.75, 24), chunks.stream_footer(2, 0, 5.25, 12)]


@functools.cache
def whole_file() -> tuple[bytes, list[int]]:
    """Return the bytes of that file and where each chunk ends."""
    parts = session_chunks()
    head = chunks.MAGIC + chunks.file_header()
    ends = [len(head) + n for n in np.cumsum([len(c) for c in parts]).tolist()]
    return head + b"".join(parts), ends


def counts_before(cut: int) -> tuple[int, int]:
    """Return the samples of both streams in the chunks that end before `cut`."""
    parts, ends = session_chunks(), whole_file()[1]
    whole = [c for c, end in zip(parts, ends, strict=True) if end <= cut and c[5:7] == b"\3\0"]
    short = [c for c, end in zip(parts, ends, strict=True) if end <= cut and c[2:4] == b"\3\0"]
    return 4 * len(whole), 2 * len(short)


def test_cut_at_any_byte_keeps_every_whole_chunk(tmp_path: Path) -> None:
    raw, ends = whole_file()
    path = tmp_path / "cut.xdf"
    path.write_bytes(raw)
    for cut in reversed(range(4, len(raw))):
        os.truncate(path, cut)  # a file written anew would wait for the disk each time
        with read_xdf(path) as recording:
            found = {s.name: len(s) for s in recording.streams}
            eeg, marks = counts_before(cut)
            assert (found.get("eeg", 0), found.get("marks", 0)) == (eeg, marks)
            header_end = ends[0] - len(session_chunks()[0])
            assert bool(recording.damage) == (cut not in (4, header_end, *ends))
            for stream in recording.streams:
                assert len(stream.stamps) == len(stream)


@contextlib.contextmanager
def flipped(path: Path, position: int, flip: int) -> Iterator[None]:
    """Change one byte for a while; writing thousands of files would wait for the disk."""
    with path.open("r+b", buffering=0) as file:
        file.seek(position)
        (good,) = file.read(1)
        for value in (good ^ flip, good):
            file.seek(position)
            file.write(bytes([value]))
            if value != good:
                yield


def test_one_wrong_byte_costs_its_own_chunk_at_most(tmp_path: Path) -> None:
    raw, ends = whole_file()
    path = tmp_path / "flipped.xdf"
    path.write_bytes(raw)
    headers = ends[1]  # a stream without its header cannot be read at all
    for position in range(headers, len(raw)):
        for flip in (0x01, 0x80, 0xFF):
            with flipped(path, position, flip), read_xdf(path) as recording:
                eeg, marks = (recording.stream(name) for name in ("eeg", "marks"))
                lost = (24 - len(eeg), 12 - len(marks))
                assert lost in ((0, 0), (4, 0), (0, 2)), (position, flip, lost)
                if lost != (0, 0):
                    assert sum(d.size for d in recording.damage) <= 100
                assert len(eeg.data) == len(eeg.stamps) == len(eeg)


@settings(max_examples=300, deadline=None)
@given(junk=st.binary(max_size=400), at=st.integers(0, 2000), replace=st.booleans())
def test_junk_anywhere_never_raises(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int, replace: bool
) -> None:
    raw, _ = whole_file()
    at = min(at, len(raw) - 4) + 4
    path = tmp_path_factory.mktemp("junk") / "a.xdf"
    path.write_bytes(raw[:at] + junk + raw[at + len(junk) * replace :])
    with read_xdf(path) as recording:
        for stream in recording.streams:
            values = stream.strings if stream.is_text else stream.data
            assert len(values) == len(stream.stamps) == len(stream)


@pytest.mark.parametrize("count", [2**31, 2**63])
def test_a_lying_length_is_not_believed(tmp_path: Path, count: int) -> None:
    samples = b"\x03\0\1\0\0\0" + chunks.varlen(count) + bytes(40)
    path = write(
        tmp_path / "a.xdf",
        [
            chunks.stream_header(1, header_xml(rate_hz=10)),
            b"\x08" + (2**62).to_bytes(8, "little") + samples,
            chunks.varlen(len(samples)) + samples,
            chunks.samples(1, np.zeros(1), np.ones((1, 1), np.float32)),
        ],
    )
    with read_xdf(path) as recording:
        assert recording.streams[0].data.tolist() == [[1.0]]
        assert len(recording.damage) == 2


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    "<info><name>&b;</name></info>"
)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "hostile XML"),
        ("<info><name>", "broken XML"),
        (header_xml(format_="complex"), "channel format 'complex'"),
        (header_xml(channels=-1), "channel count '-1'"),
    ],
)
def test_a_bad_header_is_counted_and_the_rest_read(tmp_path: Path, xml: str, reason: str) -> None:
    parts = [chunks.stream_header(9, xml), *session_chunks()]
    with read_xdf(write(tmp_path / "a.xdf", parts)) as recording:
        assert [s.name for s in recording.streams] == ["eeg", "marks"]
        assert reason in recording.damage[0].reason
        assert recording.damage[0].stream_id == 9


def test_text_that_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    header = chunks.stream_header(1, header_xml("e-x", format_="string")).replace(
        b"e-x", b"e\xff\x02"
    )
    samples = chunks.string_samples(1, np.ones(1), [["abc"]]).replace(b"abc", b"a\xffc")
    with read_xdf(write(tmp_path / "a.xdf", [header, samples])) as recording:
        assert recording.streams[0].name == "eÿ�"
        assert recording.streams[0].strings == [["aÿc"]]  # pyxdf: a�c


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an XDF file"),
        (b"RIFF....", "not an XDF file"),
        (b"version https://git-lfs.github.com/spec/v1", "fetch it with git lfs pull"),
        (b"/annex/objects/MD5E-s1--0.xdf", "or datalad get"),
        (b"\x1f\x8b\x08", "gunzip"),
        (b"0       X X X X", "is an EDF file, not an XDF file; unisono replay plays it"),
        (b"\xffBIOSEMI", "is a BDF file, not an XDF file; unisono replay plays it"),
        (b"Brain Vision Data", "BrainVision recording, not an XDF file; unisono replay plays it"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=f"a.xdf.*{reason}"):
        read_xdf(path)
    with pytest.raises(RecordingError, match="cannot be read"):
        read_xdf(tmp_path / "none.xdf")


def test_texts_that_are_no_utf8_stay_what_they_were(tmp_path: Path) -> None:
    """As programs of Windows write them: two markers became one and the same."""
    sent = [["\u00dcbung"], ["Gr\u00f6\u00dfe"], ["plain"]]
    path = bare(tmp_path / "m.xdf", texts("markers", sent, [1000.0, 1001.0, 1002.0]))
    raw = path.read_bytes()
    for row in sent:  # of the same length, as the file says how long each is
        latin = row[0].encode("cp1252")
        utf8 = row[0].encode()
        raw = raw.replace(bytes([len(utf8)]) + utf8, bytes([len(utf8)]) + latin.ljust(len(utf8)))
    path.write_bytes(raw)
    with XdfRecording(path) as recording:
        assert [[row[0].strip()] for row in recording.streams[0].strings] == sent
