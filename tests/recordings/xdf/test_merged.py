"""What came over the network and what the sender kept, put together: the whole, sample by sample.

The oracle is pyxdf: it reads the file of all samples, and that is what the merged stream must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.arrays import BoolArray, F64Array
from recordings.errors import RecordingError
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf import chunks
from recordings.xdf.merged import MergedStream, added_in, read_merged
from recordings.xdf.stream import XdfStream
from tests.recordings.xdf_samples import header_xml, write

OFFSET = 4000.0
OFFSETS = [(100.0, OFFSET), (105.0, OFFSET), (110.0, OFFSET)]


@dataclass
class Samples:
    """What one stream has sent."""

    stamps: F64Array
    data: Any
    format_: str
    rate_hz: float = 100.0
    labels: tuple[str, ...] = ()
    type_: str = "EEG"

    def parts(self, keep: BoolArray, cuts: list[int], *, cut: float | None = None) -> list[bytes]:
        """Encode the samples to keep, in chunks that end at `cuts`."""
        width = len(self.data[0])
        head = header_xml("amp", self.type_, width, self.rate_hz, self.format_, "src", self.labels)
        found = [chunks.stream_header(7, head)]
        for part in np.split(np.flatnonzero(keep), cuts):
            stamps = self.stamps[part]
            if self.format_ == "string":
                rows = [self.data[k] for k in part.tolist()]
                found.append(chunks.string_samples(7, stamps, rows))
            elif len(part):
                found.append(chunks.samples(7, stamps, self.data[part]))
        ends = self.stamps[keep]
        first, last = (ends[0], ends[-1]) if len(ends) else (None, None)
        return [*found, chunks.stream_footer(7, first, last, len(ends), (), cut)]


def offsets() -> list[bytes]:
    return [chunks.clock_offset(7, *pair) for pair in OFFSETS]


@st.composite
def sent(draw: st.DrawFn) -> Samples:
    count = draw(st.integers(1, 60))
    # Stamps never fall, and some are alike: as those of an outlet of ours.
    steps = draw(st.lists(st.sampled_from([0.0, 0.01, 0.013]), min_size=count, max_size=count))
    stamps = np.asarray(100.0 + np.cumsum(steps), np.float64)
    format_ = draw(st.sampled_from([*chunks.CHANNEL_FORMATS.values(), "string"]))
    if format_ == "string":
        words = st.lists(st.sampled_from(["", "a", "ü\n", "<x>"]), min_size=2, max_size=2)
        return Samples(stamps, draw(st.lists(words, min_size=count, max_size=count)), format_)
    dtype = next(name for name, word in chunks.CHANNEL_FORMATS.items() if word == format_)
    few = st.lists(st.integers(-3, 3), min_size=2 * count, max_size=2 * count)
    data = np.array(draw(few), dtype).reshape(count, 2)
    if dtype.startswith("float"):
        data[data == 3] = np.nan
    return Samples(stamps, data, format_)


def cuts_of(draw: st.DataObject, count: int) -> list[int]:
    return sorted(draw.draw(st.lists(st.integers(0, count), max_size=4)))


def assert_is(stream: XdfStream, whole: dict[str, Any]) -> None:
    """Hold a stream against what pyxdf reads."""
    assert stream.stamps.tolist() == whole["time_stamps"].tolist()
    if stream.is_text:
        assert stream.strings == whole["time_series"]
    else:
        assert stream.data.dtype == whole["time_series"].dtype
        assert stream.data.tobytes() == whole["time_series"].tobytes()


def by_pyxdf(path: Path) -> dict[str, Any]:
    streams, _ = pyxdf.load_xdf(
        path, synchronize_clocks=False, dejitter_timestamps=False, handle_clock_resets=False
    )
    return cast("dict[str, Any]", streams[0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning:pyxdf")  # of stamps that are all alike
@settings(max_examples=100)
@given(sample=sent(), draw=st.data())
def test_whatever_was_lost_on_the_way_is_there(
    tmp_path: Path, sample: Samples, draw: st.DataObject
) -> None:
    count = len(sample.stamps)
    masks = st.lists(st.booleans(), min_size=count, max_size=count)
    came = np.array(draw.draw(masks), np.bool_)
    # What the copy lacks (its queue was full) came: nothing is in neither. Of samples of one stamp
    # and one value nobody can say which is which, so of these it lacks none.
    alone = np.isin(sample.stamps, duplicated(sample.stamps), invert=True)
    kept = np.array(draw.draw(st.one_of(st.just([True] * count), masks)), np.bool_)
    kept |= ~came | ~alone
    everything = np.ones(count, np.bool_)
    whole = write(tmp_path / "whole.xdf", sample.parts(everything, cuts_of(draw, count)))
    wire = [*sample.parts(came, cuts_of(draw, int(came.sum()))), *offsets()]
    path = write(tmp_path / "recording.xdf", wire)
    copy = write(tmp_path / "amp.copy.xdf", sample.parts(kept, cuts_of(draw, int(kept.sum()))))
    before = path.read_bytes(), copy.read_bytes()
    with read_merged(path, [copy], (None, None), strict=True) as recording:
        (stream,) = recording.streams
        assert_is(stream, by_pyxdf(whole))
        assert len(stream) == count
        assert int(added_in(stream).sum()) == count - int(came.sum())
        assert stream.offset_values.tolist() == [OFFSET] * 3
        assert stream.footer is not None
        assert stream.footer.count == count
        start, stop = sorted(draw.draw(st.tuples(*[st.integers(0, count)] * 2)))
        assert_window(stream, start, stop)
    assert before == (path.read_bytes(), copy.read_bytes())


def duplicated(stamps: F64Array) -> F64Array:
    found, counts = np.unique(stamps, return_counts=True)
    return np.asarray(found[counts > 1], np.float64)


def assert_window(stream: XdfStream, start: int, stop: int) -> None:
    assert stream.stamps_of(start, stop).tolist() == stream.stamps[start:stop].tolist()
    fresh = MergedStream(stream.received, stream.copy, (None, None))  # type: ignore[attr-defined]
    assert fresh.stamps_of(start, stop).tolist() == stream.stamps[start:stop].tolist()
    if stream.is_text:
        return
    assert fresh.read(start, stop, [1]).tobytes() == stream.data[start:stop, 1:].tobytes()
    firsts = stream.chunk_stamps()
    assert firsts is not None
    begins = [0, *stream.chunk_ends[:-1].tolist()] if len(stream) else []
    assert firsts.tolist() == stream.stamps[begins].tolist()
    assert stream.chunk_ends[-1:].tolist() == ([len(stream)] if len(stream) else [])


def counted(stamps: Any, first: int = 0, **changes: Any) -> Samples:
    values = np.arange(first, first + len(stamps), dtype=np.int16)[:, None]
    return Samples(stamps, values, "int16", **changes)


def merged(
    folder: Path, wire: list[bytes], *copies: list[bytes], interval: Any = (None, None)
) -> tuple[list[float], list[int]]:
    """Give the stamps and the first channel of the one stream, merged."""
    path = write(folder / "recording.xdf", wire)
    files = [write(folder / f"amp+{k}.copy.xdf", copy) for k, copy in enumerate(copies)]
    with read_merged(path, files, interval) as recording:
        (stream,) = recording.streams
        return stream.stamps.tolist(), stream.data[:, 0].astype(int).tolist()


def everything(sample: Samples, **changes: Any) -> list[bytes]:
    return sample.parts(np.ones(len(sample.stamps), np.bool_), [], **changes)


def test_two_copies_of_a_device_that_was_started_again_and_a_clock_that_began_anew(
    tmp_path: Path,
) -> None:
    before, after = 900.0 + 0.01 * np.arange(50), 3.0 + 0.01 * np.arange(50)
    whole = counted(np.r_[before, after])
    came = np.ones(100, np.bool_)
    came[20:30] = came[45:60] = False  # the cut lasted through the restart
    wire = [*whole.parts(came, []), chunks.clock_offset(7, 900.0, 0.0)]
    copies = everything(counted(before)), everything(counted(after, 50))
    stamps, values = merged(tmp_path, wire, *copies)
    assert values == list(range(100))
    assert stamps == whole.stamps.tolist()


@pytest.mark.parametrize(("more", "taken"), [(3, 0), (40, 40)])
def test_what_the_clocks_cut_apart_is_not_lost(tmp_path: Path, more: int, taken: int) -> None:
    """The copy goes on for three samples where the recorder cut; forty are a cable that was cut."""
    sample = counted(100.0 + 1e-3 * np.arange(500), rate_hz=1000.0)
    came = np.arange(500) < 400
    stop = float(sample.stamps[400 + more - 1]) + OFFSET + 1e-6
    wire = [*sample.parts(came, []), *offsets()]
    copy = sample.parts(np.arange(500) >= 10, [])
    _, values = merged(tmp_path, wire, copy, interval=(100.0 + OFFSET, stop))
    assert values == list(range(400 + taken))


def test_what_is_stamped_outside_of_the_recording_is_not_of_it(tmp_path: Path) -> None:
    sample = counted(100.0 + 1e-2 * np.arange(300))
    came = (np.arange(300) >= 50) & (np.arange(300) < 60)
    wire = [*sample.parts(came, []), *offsets()]
    interval = (100.2 - 1e-4 + OFFSET, 102.0 + 1e-4 + OFFSET)
    _, values = merged(tmp_path, wire, everything(sample), interval=interval)
    assert values == list(range(20, 201))


def rows(stamps: Any, takes: Any) -> Samples:
    data = np.full((len(stamps), len(INDEX_CHANNELS)), np.nan)
    data[:, 0], data[:, 5], data[:, 6] = np.arange(len(stamps)), Fate.STORED.code, takes
    return Samples(stamps, data, "double64", 100.0, INDEX_CHANNELS, "VideoFrames")


def test_rows_belong_by_the_take_that_they_name_and_up_to_the_cut(tmp_path: Path) -> None:
    takes = np.r_[np.nan, np.ones(98), np.nan]
    sample = rows(100.0 + 0.01 * np.arange(100), takes)
    came = np.arange(100) % 3 == 1
    wire = [*sample.parts(came, []), *offsets()]
    _, values = merged(tmp_path, wire, everything(sample), interval=(0.0, 0.1))
    assert values == list(range(1, 99))
    cut = float(sample.stamps[80])
    for name in ("recording.xdf", "amp+0.copy.xdf"):
        (tmp_path / name).unlink()
    stamps, values = merged(tmp_path, wire, everything(sample, cut=cut))
    assert values == list(range(1, 81))
    assert stamps[-1] == cut


def test_a_copy_that_is_none(tmp_path: Path) -> None:
    sample = counted(np.array([1.0, 2.0]))
    path = write(tmp_path / "recording.xdf", everything(sample))
    (bad := tmp_path / "amp.copy.xdf").write_bytes(b"nonsense")
    with pytest.raises(RecordingError, match=r"amp\.copy\.xdf.*collect this copy again"):
        read_merged(path, [bad], (None, None))
    told: list[RecordingError] = []
    with read_merged(path, [bad], (None, None), on_unreadable=told.append) as recording:
        assert len(recording.streams[0]) == 2
    assert len(told) == 1


def test_a_stream_of_another_shape_is_another_stream(tmp_path: Path) -> None:
    wire = everything(counted(np.array([1.0, 2.0])))
    other = Samples(np.array([1.0, 1.5]), np.zeros((2, 1), np.int32), "int32")
    assert merged(tmp_path, wire, everything(other))[0] == [1.0, 2.0]
