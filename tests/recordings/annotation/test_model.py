"""Events, frames that win over times, and what a scheme says about an event."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from recordings.annotation.frame_times import FrameTimes, frame_times, placed
from recordings.annotation.model import Event, Span
from recordings.annotation.scheme import SHIPPED, load_scheme, parse_scheme, warnings
from recordings.errors import RecordingError
from recordings.read.session import open_session
from tests.recordings.annotation.coded import START, event, frames_at
from tests.recordings.simulated_session import Plan, make_session


def test_an_offset_is_coded_or_not_but_never_both() -> None:
    assert event("a", 1, 2, None, coded=False).marks.keys() == {"onset", "apex"}
    with pytest.raises(ValidationError, match="not coded"):
        event("a", 1, 2, 3, coded=False)
    with pytest.raises(ValidationError, match="before its first"):
        Span(id="a", camera="face", first=5, last=4)


def test_frames_win_over_times_and_the_difference_is_told() -> None:
    frames = frames_at(200, 1000)
    coded = event("a", 10, 20, 30, rate_hz=200)
    assert placed(coded, frames) == (coded, ())
    late = FrameTimes("face", frames.times + 0.1, frames.device_frames + 1, 200.0)
    now, notes = placed(coded, late)
    assert now.onset is not None
    assert now.onset.frame == 10
    assert now.onset.time == pytest.approx(late.times[10])
    assert notes[0] == "onset: frame 10 is +100.0 ms from its coded time"
    assert notes[1] == "onset: frame 10 was the camera's 10, is its 11"
    short = frames_at(200, 25)
    now, notes = placed(coded, short)
    assert now.offset == coded.offset
    assert notes == ("offset: face has no frame 30; its last is 24",)


@pytest.mark.parametrize("rate_hz", [150.0, 200.0, 300.0, 500.0])
def test_the_nearest_frame_of_a_whole_millisecond_is_the_frame(rate_hz: float) -> None:
    frames = frames_at(rate_hz, 5000)
    for k in np.random.default_rng(1).integers(0, 5000, 300).tolist():
        ms = round(1e3 * (float(frames.times[k]) - float(frames.times[0])))
        assert frames.nearest(float(frames.times[0]) + ms / 1e3).frame == k


def test_the_end_of_a_video_in_whole_milliseconds_is_its_last_frame() -> None:
    frames = frames_at(300, 10)
    end = START + 0.034  # 33.33 ms, as another program rounds it
    assert frames.nearest(end).frame == 9


def test_times_outside_are_refused() -> None:
    frames = frames_at(100, 10)
    for time in (0.0, 1e9, float("nan")):
        with pytest.raises(ValueError, match="no frame at this time"):
            frames.nearest(time)


def test_a_time_in_a_gap_is_of_no_frame() -> None:
    whole = frames_at(100, 1000)
    kept = np.r_[0:100, 103:300, 800:1000]  # two frames lost, and five seconds
    frames = FrameTimes("face", whole.times[kept], whole.device_frames[kept], 100.0)
    assert frames.nearest(START + 1.015).device_frame == 103
    assert frames.nearest(START + 2.99 + 0.2).device_frame == 299
    for seconds in (3.3, 5.4, 7.7):
        with pytest.raises(ValueError, match="face has no frame at this time: it is in a gap"):
            frames.nearest(START + seconds)


def test_the_frames_of_a_session_are_those_that_are_stored(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=6.0, lost_frames=(5, 6)))
    with open_session(folder) as session:
        frames = frame_times(session.cameras["face"])
        assert frames.moment(5).device_frame == 7  # two were lost before it
        assert frames.nearest(frames.moment(5).time).frame == 5


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_schemes_have_words(name: str) -> None:
    scheme = load_scheme(name)
    assert scheme.name == name
    assert scheme.emotions
    assert scheme.units[4] == "brow lowerer"
    assert scheme.limits.micro_ms == 500


def test_a_scheme_names_what_is_odd() -> None:
    scheme = load_scheme("mmme")
    good = event("a", 10, 20, 30, "4", "disgust")
    assert warnings(good, scheme) == ()
    assert warnings(event("a", 10, 20, 61, "4", "disgust"), scheme) == (
        "micro of 510 ms, over 500",
    )
    exact = event("a", 10, 20, 60, "4", "disgust")
    assert warnings(exact, scheme) == ()
    assert exact.offset is not None
    late = exact.offset.model_copy(update={"time": exact.offset.time + 3e-5})  # stamps jitter
    assert warnings(exact.model_copy(update={"offset": late}), scheme) == ()
    assert warnings(event("a", 10, 36, None, "4", "disgust", coded=False), scheme) == (
        "onset to apex 260 ms, over 250",
    )
    odd = event("a", 30, 20, 10, "26+27+99", "rage", kind=None)
    assert warnings(odd, scheme) == (
        "micro or macro is missing",
        "apex is before onset",
        "offset is before apex",
        "emotion 'rage' is not in mmme",
        "action unit 99 is not in mmme",
        "action units 26+27 exclude each other",
    )
    assert "apex is missing" in warnings(Event(id="a", camera="face"), scheme)


def test_a_scheme_that_is_none_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"x: limits\.micro_ms: .*greater than 0"):
        parse_scheme('name = "x"\n[limits]\nmicro_ms = -1\n', "x")
    with pytest.raises(RecordingError, match="emotion: Extra inputs"):
        parse_scheme('name = "x"\nemotion = ["a"]\n', "x")
    with pytest.raises(RecordingError, match="shipped are casme2"):
        load_scheme("none")
    (tmp_path / "own.toml").write_text('name = "own"\n')
    assert load_scheme(tmp_path / "own.toml").name == "own"
