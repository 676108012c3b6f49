"""What one camera shot, as a coder needs it: each stored frame at its own number."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from gui.coding.shot import shots_of
from recordings import open_session
from recordings.annotation.frame_times import frame_times
from recordings.review.session import ReviewSession
from tests.recordings.strip_session import Film, make_session


def test_a_frame_whose_stamp_is_no_number_moves_no_other(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=60, splits=(30,)), seconds=0.6)
    times = made.films["face"].times
    lost = [0, 20, 21, 59]
    path = made.folder / "recording.xdf"
    data = path.read_bytes()
    for stamp in times[lost]:
        data = data.replace(struct.pack("<d", stamp), struct.pack("<d", np.nan), 1)
    path.write_bytes(data)
    with ReviewSession(made.folder) as review, open_session(made.folder) as session:
        frames = shots_of(review)["face"].frames
        exported = frame_times(session.cameras["face"])
    assert np.array_equal(frames.times, exported.times)
    there = np.delete(np.arange(60), lost)
    assert np.allclose(frames.times[there], times[there])
    assert np.allclose(frames.times[lost], times[lost], atol=2e-3), "where its neighbours say"
    assert frames.nearest(float(times[40])).frame == 40


def test_a_video_without_index_is_coded_by_its_nominal_rate(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=30, indexed=False), seconds=0.3)
    with ReviewSession(made.folder) as review:
        frames = shots_of(review)["face"].frames
    assert len(frames) == 30
    assert np.allclose(np.diff(frames.times), 0.01)
