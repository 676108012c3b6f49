"""Frames with a stamp that cannot be true, and frames long apart: neither costs an export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.export import video
from recordings.motion.task import used_frames
from recordings.read.session import open_session
from recordings.review.session import ReviewSession
from tests.recordings.exporting import exported
from tests.recordings.strip_session import Film, make_session

RATE_HZ = 60.0


def put(at: int, stamp: float) -> Callable[[F64Array], F64Array]:
    def stamped(times: F64Array) -> F64Array:
        found = times.copy()
        found[at] = stamp
        return found

    return stamped


def shown_at(folder: Path, target: Path) -> list[float]:
    """Export to MP4; give the times of its frames, seconds."""
    (done,) = exported("video", [folder], target, video.Settings())
    assert done.outcome == "exported", done
    with av.open(str(target / done.files[0])) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


@pytest.mark.parametrize("at", [0, 60, 119])
@pytest.mark.parametrize("stamp", [1.7e9, 1e300, np.nan, -np.inf])
def test_a_frame_whose_stamp_cannot_be_true_is_where_its_neighbours_say(
    at: int, stamp: float, tmp_path: Path
) -> None:
    film = Film(frames=120, rate_hz=RATE_HZ, stamped=put(at, stamp))
    made = make_session(tmp_path / "data", film, seconds=2.0)
    truth = made.films["face"].times
    with open_session(made.folder) as session:
        times = session.cameras["face"].times
        assert np.abs(times - truth).max() < 1.5 / RATE_HZ
        assert len(used_frames(times)) in (59, 60)
    with ReviewSession(made.folder) as session:
        assert session.cameras["face"].rows.numbers.tolist() == list(range(120))
    assert np.allclose(shown_at(made.folder, tmp_path / "mp4"), times - times[0], atol=2e-6)


@pytest.mark.parametrize(("gap_s", "tick_s"), [(600.0, 1e-6), (2400.0, 1e-5), (30_000.0, 1e-4)])
def test_a_video_has_a_gap_of_any_length(gap_s: float, tick_s: float, tmp_path: Path) -> None:
    def stamped(times: F64Array) -> F64Array:
        return times + np.where(np.arange(len(times)) < 30, 0.0, gap_s)

    film = Film(frames=60, rate_hz=RATE_HZ, stamped=stamped)
    made = make_session(tmp_path / "data", film, seconds=1.0)
    truth = stamped(made.films["face"].times)
    assert np.allclose(shown_at(made.folder, tmp_path / "mp4"), truth - truth[0], atol=tick_s)


def test_no_grid_is_made_of_a_clock_that_was_set() -> None:
    times = np.arange(90) / RATE_HZ
    times[45:] += 1.7e9
    assert 44 <= len(used_frames(times)) <= 47
    assert not len(used_frames(np.full(9, np.nan)))
