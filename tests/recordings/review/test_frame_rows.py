"""Which row decides at a moment, against a search one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.manifest import Manifest
from recordings.read.session import open_session
from recordings.review.frame_rows import FrameRows, rows_of, rows_without_index
from recordings.stream_kinds import Fate
from tests.recordings.strip_session import START, Film, make_session


def rows(times: list[float], stored: list[bool] | None = None) -> FrameRows:
    there = np.array(stored if stored is not None else [True] * len(times), np.bool_)
    return FrameRows(
        np.array(times, np.float64),
        np.arange(len(times)),
        np.where(there, 0, Fate.GATED.code).astype(np.int64),
        np.where(there, np.cumsum(there) - 1, -1).astype(np.int64),
        np.arange(len(times)),
    )


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(-2, 52))
def test_the_row_with_the_greatest_stamp_not_after_decides(stamps: list[int], at: int) -> None:
    times = sorted(float(s) for s in stamps)
    before = [n for n, t in enumerate(times) if t <= at]
    assert rows(times).at(float(at)) == (before[-1] if before else -1)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 29))
def test_the_last_stored_row_is_found(stored: list[bool], at: int) -> None:
    at = min(at, len(stored) - 1)
    found = rows([float(n) for n in range(len(stored))], stored)
    before = [n for n in range(at + 1) if stored[n]]
    assert found.last_stored(at) == (before[-1] if before else -1)
    assert bool(found.is_stored(at)) == stored[at]


def test_rows_of_gated_split_and_lost_frames(tmp_path: Path) -> None:
    fates = {Fate.GATED: [(10, 20)], Fate.DEVICE_LOST: [(50, 52)]}
    made = make_session(tmp_path, Film(frames=100, splits=(40, 70), fates=fates), seconds=1.0)
    truth = made.films["face"]
    with open_session(made.folder) as session:
        camera = session.cameras["face"]
        found = rows_of(camera)
        files, index = camera.places
    assert np.allclose(found.times, truth.times)
    assert np.array_equal(found.stored >= 0, truth.stored)
    assert np.array_equal(found.stored[truth.stored], np.arange(truth.stored.sum()))
    assert np.array_equal(found.devices, truth.numbers)
    assert [found.fate(n) for n in (0, 10, 50)] == [Fate.STORED, Fate.GATED, Fate.DEVICE_LOST]
    assert np.bincount(files).tolist() == [30, 28, 30]
    assert index[30] == 0


def test_frames_that_were_taken_back_have_no_picture(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=30), seconds=1.0)
    manifest = Manifest.load(made.folder)
    video = manifest.videos[0].model_copy(update={"taken_back": 3, "frames": 27})
    manifest.model_copy(update={"videos": (video,)}).save(made.folder)
    with open_session(made.folder) as session:
        found = rows_of(session.cameras["face"])
    assert found.stored[26:].tolist() == [26, -1, -1, -1]
    assert found.fate(29) is Fate.ENCODER_ERROR


def test_a_video_without_index_has_no_stamps() -> None:
    found = rows_without_index(5, 10.0, START)
    assert found.at(START + 0.25) == 2
    assert not found.are_stamps
    assert found.at(START - 9) == -1


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_that_is_none_is_no_division_by_zero(rate: float) -> None:
    assert len(rows_without_index(3, rate, 0.0)) == 3
