from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.errors import RecordingError
from recordings.features.face_motion import motion_files, motion_row, used_rate_hz
from recordings.features.task import Settings, features
from recordings.features.windows import Window
from recordings.manifest import Manifest
from recordings.motion.table import load_motion
from recordings.motion.task import used_frames
from tests.recordings.motion.files import write_motion
from tests.recordings.simulated_session import Plan, make_session

pytest.importorskip("pyarrow.parquet")


def write(folder: Path) -> Path:
    """Ten seconds, the face unseen from second 6 on; the mouth 3 px right, 4 px down at 2 s."""
    times = 100 + np.arange(300) / 30
    seen = np.where(times < 106, 1.0, np.nan)
    smile = ((times > 102) & (times < 102.2)) * seen
    columns = {
        "lip-left-right": 50 + 3 * smile,
        "lip-left-down": 80 + 4 * smile,
        "turn": 5 * smile - 2,
        "fitting": 0.8 * seen,
    }
    path = folder / "motion" / "face.parquet"
    write_motion(path, times, columns)
    return path


def test_how_far_a_face_moved_is_told_of_what_was_seen(tmp_path: Path) -> None:
    write(tmp_path)
    (path,) = motion_files(tmp_path)
    motion = load_motion(path)
    moved = motion_row(motion, 30.0, Window(101.0, 104.0, 101.0))
    assert moved["Motion_lip-left_Reach"] == pytest.approx(5.0)
    assert moved["Motion_turn_Range"] == pytest.approx(5.0)
    assert (moved["Motion_Quality"], moved["Motion_Missing"]) == pytest.approx((0.8, 0.0), abs=0.02)
    still = motion_row(motion, 30.0, Window(103.0, 105.0, 103.0))
    assert still["Motion_lip-left_Reach"] == 0
    half = motion_row(motion, 30.0, Window(105.0, 107.0, 105.0))
    assert half["Motion_Missing"] == pytest.approx(0.5, abs=0.02)
    away = motion_row(motion, 30.0, Window(107.0, 109.0, 107.0))
    assert np.isnan([away["Motion_lip-left_Reach"], away["Motion_Quality"]]).all()
    assert away["Motion_Missing"] == 1.0


def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RecordingError, match="run unisono motion again"):
        load_motion(path)
    assert motion_files(tmp_path / "nowhere") == []


@pytest.mark.parametrize("camera_hz", [15.0, 25.0, 30.0, 50.0, 60.0])
def test_of_a_slow_camera_nothing_is_missing_but_what_was_lost(
    tmp_path: Path, camera_hz: float
) -> None:
    rng = np.random.default_rng(1)
    stored = 100 + np.arange(round(20 * camera_hz)) / camera_hz
    stored += rng.uniform(-0.1, 0.1, len(stored)) / camera_hz
    stored = stored[(stored < 110) | (stored >= 115)]  # five seconds were lost
    times = stored[used_frames(stored)]
    path = tmp_path / "motion" / "face.parquet"
    write_motion(path, times, {"fitting": np.ones(len(times))})
    motion = load_motion(path)
    for start, missing in ((101.0, 0.0), (107.5, 0.5), (110.0, 1.0), (115.0, 0.0)):
        row = motion_row(motion, used_rate_hz(motion.times), Window(start, start + 5.0, start))
        assert row["Motion_Missing"] == pytest.approx(missing, abs=0.05)


def test_columns_without_a_suffix_are_of_the_same_camera_in_all_sessions(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=3.0))
    manifest = Manifest.load(session)
    (face,) = manifest.videos
    other = face.model_copy(update={"name": "above", "file": "above.nut"})
    start = manifest.lsl_start or 0.0
    times = start + np.arange(90) / 30
    write_motion(session / "motion" / f"{face.name}.parquet", times, {"fitting": np.ones(90)})
    for videos, suffix in (((face,), ""), ((face, other), f"_{face.name}")):
        manifest.model_copy(update={"videos": videos}).save(session)
        with open_session(session) as opened:
            rows, _ = features(opened, Settings(length_s=1.0, signals=("motion",)))
        assert [name for name in rows[0] if "Quality" in name] == [f"Motion_Quality{suffix}"]
