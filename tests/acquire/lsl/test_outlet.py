"""What an outlet announces is what the reader of a recording finds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.lsl.index_stream import index_spec
from acquire.lsl.outlet import LONGEST_WAIT_S, Outlet, as_utf8, rising, stream_info
from devices.base import ARRIVAL, Channel, StreamSpec, VideoSpec
from recordings.check.pair_bounds import arrival_findings
from recordings.xdf.header import StreamInfo
from tests.acquire.program import unique


@pytest.mark.parametrize("latency_s", [None, 0.061])
def test_a_known_latency_is_read_again(latency_s: float | None) -> None:
    name = unique("amp")
    spec = StreamSpec(name, "EEG", (Channel("Cz"),), 250.0, "float32", latency_s=latency_s)
    outlet = Outlet(spec, "amp")
    info = StreamInfo(outlet.describe().as_xml().encode())
    outlet.close()
    assert (info.name, info.latency_s) == (name, latency_s)


def test_one_stamp_far_ahead_does_not_stop_those_after_it() -> None:
    times = np.array([10.0, 11.0, 1e18, 11.1, 11.0, 11.2])
    assert rising(times, 9.0).tolist() == [10.0, 11.0, 1e18, 11.1, 11.1, 11.2]
    assert rising(np.array([12.0]), 1e18).tolist() == [12.0]
    assert rising(np.array([12.0, 13.5]), 13.0).tolist() == [13.0, 13.5]  # the clock model's steps


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40),
    st.floats(-1e9, 1e9),
    st.lists(st.integers(1, 39), max_size=4),
)
def test_stamps_wait_or_fall_by_themselves_however_they_are_cut(
    raw: list[float], last: float, cuts: list[int]
) -> None:
    times = np.array(raw)
    whole = rising(times, last)
    assert (whole >= times).all()
    assert (whole - times <= LONGEST_WAIT_S).all()
    pieces = []
    for piece in np.split(times, sorted(set(cuts))):
        if len(piece):
            pieces.append(rising(piece, last))
            last = float(pieces[-1][-1])
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize(
    ("value", "text", "fits"),
    [
        ("go", "go", True),
        (np.str_("go"), "go", True),
        (b"g\xc3\xb6", "gö", True),  # it was `b'g\\xc3\\xb6'`
        (np.bytes_(b"go"), "go", True),
        (7, "7", True),
        (np.float32(0.5), "0.5", True),
        ("port \ud800", "port \\ud800", False),  # it ended the stream
        (b"\xff", "\\xff", False),
        (None, "None", False),
    ],
)
def test_what_is_no_text_is_written_as_one(value: object, text: str, fits: bool) -> None:
    assert as_utf8(value) == (text, fits)


def test_a_text_without_utf_8_ends_no_stream() -> None:
    spec = StreamSpec(unique("marks"), "Markers", (Channel("m"), Channel("n")), 0.0, "string")
    outlet = Outlet(spec, "box")
    pushed = []
    outlet.tap = lambda stamps, rows: pushed.append(rows.tolist())
    outlet.push(np.array([1.0, 2.0]), np.array([["a\ud800", "b"], [None, "c"]], object))
    outlet.close()
    assert pushed == [[["a\\ud800", "b"], ["None", "c"]]]
    assert outlet.bad_values == 2


def test_times_of_arrival_are_in_the_description_of_the_synchronization() -> None:
    """A certificate could not know that a camera's own time was not told."""
    video = VideoSpec("face", 8, 8, "Mono8", 50.0, time_source=ARRIVAL)
    for spec, expected in (
        (index_spec(video, "raw", "none"), True),
        (index_spec(replace(video, time_source=""), "raw", "none"), False),
    ):
        header = StreamInfo(stream_info(spec, "face").as_xml().encode())
        assert header.has_times_of_arrival is expected
        exam = SimpleNamespace(shown="face", stream=SimpleNamespace(info=header), stamps=[1.0])
        found = [finding.code for finding in arrival_findings([exam])]  # type: ignore[list-item]
        assert found == ["stamps-of-arrival"] * expected
