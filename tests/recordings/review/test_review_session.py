"""Opening a session to look at it: what is missing, changed, or still recorded is said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.read.session import open_session
from recordings.review.lanes import next_event
from recordings.review.session import ReviewSession
from recordings.stream_kinds import Fate
from recordings.video.reader import VideoReader
from tests.recordings.strip_session import START, Film, Made, make_session, number_in


def texts(session: ReviewSession, lane: str) -> list[str]:
    return [m.text for found in session.lanes if found.name == lane for m in found.marks]


@pytest.mark.parametrize("codec", ["raw", "magicyuv", "ffvhuff", "ffv1", "x264-crf"])
def test_every_picture_is_that_of_its_row(tmp_path: Path, codec: str) -> None:
    fates = {Fate.GATED: [(5, 9)], Fate.DEVICE_LOST: [(70, 71)]}
    film = Film(frames=90, splits=(33, 61), codecs=(codec,), fates=fates)
    made = make_session(tmp_path, film, seconds=1.0)
    truth = made.films["face"]
    assert len(truth.files) == 3
    assert "+2" in truth.files[1]
    with ReviewSession(made.folder) as session:
        camera = session.cameras["face"]
        order = np.random.default_rng(1).permutation(len(camera.chain))
        numbers = truth.numbers[truth.stored]
        assert [number_in(camera.chain.picture(k)) for k in order] == numbers[order].tolist()


def test_lanes_say_what_happened(tmp_path: Path) -> None:
    fates = {Fate.GATED: [(100, 150)], Fate.RING_FULL: [(300, 303)]}
    made = make_session(tmp_path, Film(fates=fates))
    with ReviewSession(made.folder) as session:
        assert [lane.name for lane in session.lanes] == ["markers", "trials", "gaps", "alarms"]
        assert texts(session, "trials") == [f"{n} · clip-{n}" for n in range(1, 5)]
        assert texts(session, "gaps") == [
            "eeg: 500 samples lost",
            "face: 50 frames gated",
            "face: 3 frames ring full",
        ] or sorted(texts(session, "gaps")) == sorted(
            ["eeg: 500 samples lost", "face: 50 frames gated", "face: 3 frames ring full"]
        )
        assert texts(session, "alarms") == ["eeg: rate low"]
        trial = session.lanes[1].at(START + 2.5)
        assert trial is not None
        assert (trial.start, trial.stop) == (START + 2.25, START + 2.75)
        assert next_event(session.lanes, START, 1) == START + 0.25
        assert next_event(session.lanes, START + 0.25, -1) is None
        assert next_event(session.lanes, START + 9, 1) is None


def test_a_missing_video_leaves_the_rest(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(), Film(name="side"))
    (made.folder / "face.nut").unlink()
    with ReviewSession(made.folder) as session:
        assert session.cameras["face"].info is None
        assert len(session.cameras["face"].rows) == 400
        assert number_in(session.cameras["side"].chain.picture(3)) == 1003
        assert any("face.nut" in text for text in session.problems())


def test_a_missing_part_costs_its_own_frames_alone(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=60, splits=(20, 40)), seconds=1.0)
    (made.folder / made.films["face"].files[1]).unlink()
    with ReviewSession(made.folder) as session:
        chain = session.cameras["face"].chain
        assert number_in(chain.picture(45)) == 1045
        with pytest.raises(RecordingError, match=r"face\+2\.nut is not in the session's folder"):
            chain.picture(25)


def test_a_changed_file_is_said_and_shown(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=20), seconds=1.0)
    video = made.folder / made.films["face"].files[0]
    with video.open("r+b") as file:
        file.seek(-40, 2)
        file.write(b"\x55" * 8)
    with ReviewSession(made.folder) as session:
        assert session.problems() == []
        (said,) = session.changed_files()
        assert "SHA-256 is not that of the manifest" in said
        assert number_in(session.cameras["face"].chain.picture(2)) == 1002
    with video.open("ab") as file:
        file.write(b"more")
    with ReviewSession(made.folder) as session:
        assert any("bytes" in text for text in session.problems())


def test_a_video_without_index_has_the_times_of_its_rate(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=50, indexed=False, splits=(20,)), seconds=1.0)
    with ReviewSession(made.folder) as session:
        camera = session.cameras["face"]
        assert len(camera.rows) == 50
        assert not camera.rows.are_stamps
        assert camera.rows.times[10] == pytest.approx(START + 0.1)
        assert "no index" in camera.problem
        assert [number_in(camera.chain.picture(k)) for k in (0, 20, 49)] == [1000, 1020, 1049]


def test_a_video_that_is_cut_off_says_where(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=50, codecs=("raw",)), seconds=1.0)
    video = made.folder / made.films["face"].files[0]
    with VideoReader(video) as reader:
        size = reader.info.frame_bytes
    with video.open("r+b") as file:
        file.truncate(4096 + 30 * size + 7)
    with ReviewSession(made.folder) as session:
        chain = session.cameras["face"].chain
        assert number_in(chain.picture(29)) == 1029
        with pytest.raises(RecordingError, match="ends after 30 frames"):
            chain.picture(30)


def grown(made: Made, folder: Path, share: float) -> None:
    """Leave of a session what was on the disk at a share of its recording."""
    shutil.copytree(made.folder, folder)
    for name in ("recording.xdf", *made.films["face"].files):
        path = folder / name
        with path.open("r+b") as file:
            file.truncate(round(path.stat().st_size * share))


def test_a_session_that_is_recorded_is_what_lay_on_the_disk(tmp_path: Path) -> None:
    film = Film(frames=200, rate_hz=50.0)
    made = make_session(tmp_path / "data", film, state=State.RECORDING)
    folder = tmp_path / "growing"
    grown(made, folder, 0.6)
    with ReviewSession(folder) as session:
        assert session.is_recording
        assert list(session.changed_files()) == []
        camera = session.cameras["face"]
        assert len(camera.rows) == 200  # one chunk in this file, and it is whole
        seen = len(VideoReader(folder / made.films["face"].files[0]))
        assert 90 <= seen <= 125
        for k in range(seen):
            assert number_in(camera.chain.picture(k)) == 1000 + k, "never a torn frame"
        for k in range(seen, 200):
            with pytest.raises(RecordingError, match="refresh"):
                camera.chain.picture(k)


@pytest.mark.parametrize("what", ["nothing", "folder", "text", "no xdf"])
def test_what_is_no_session_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x"
    if what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("hello")
    elif what == "no xdf":
        path = make_session(tmp_path, Film(frames=2), seconds=1.0).folder
        (path / "recording.xdf").unlink()
    with pytest.raises(RecordingError):
        ReviewSession(path)


def test_a_bare_xdf_file_has_its_signals(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=20), seconds=3.0)
    bare = tmp_path / "bare.xdf"
    shutil.copy(made.folder / "recording.xdf", bare)
    with ReviewSession(bare) as session:
        assert session.cameras == {}
        assert [s.name for s in session.signals] == ["eeg"]
        assert len(session.rows_without_camera()) > 100
        assert session.title == "bare.xdf"


def test_a_manifest_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=5), seconds=1.0)
    (tmp_path / "face.nut").write_bytes(b"outside")
    manifest = Manifest.load(made.folder)
    video = manifest.videos[0].model_copy(update={"file": "../../../../face.nut"})
    manifest.model_copy(update={"videos": (video,), "files": ()}).save(made.folder)
    with pytest.raises(RecordingError, match=r"videos\.0\.file: .*no file of a session"):
        ReviewSession(made.folder)


def test_where_the_first_file_is_gone_the_next_one_is_shown(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=60, splits=(20, 40)), seconds=1.0)
    (made.folder / "face.nut").unlink()
    with ReviewSession(made.folder) as session:
        camera = session.cameras["face"]
        assert camera.info is not None
        assert number_in(camera.chain.picture(25)) == 1025
        with pytest.raises(RecordingError, match=r"face\.nut is not in the session's folder"):
            camera.chain.picture(5)


def test_a_part_of_other_pixels_is_told_and_not_drawn(tmp_path: Path) -> None:
    film = Film(frames=60, splits=(30,))
    made = make_session(tmp_path / "8", film, seconds=1.0)
    deep = make_session(tmp_path / "12", replace(film, pixel_format="Mono12"), seconds=1.0)
    shutil.copy(deep.folder / "face+2.nut", made.folder / "face+2.nut")
    with ReviewSession(made.folder) as session:
        assert number_in(session.cameras["face"].chain.picture(5)) == 1005
        with pytest.raises(RecordingError, match="pictures of Mono12, and not of Mono8"):
            session.cameras["face"].chain.picture(35)
    with (
        open_session(made.folder) as recorded,
        pytest.raises(RecordingError, match="pictures of Mono12, the manifest says Mono8"),
    ):
        recorded.cameras["face"].frame(35)
