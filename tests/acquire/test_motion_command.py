"""`unisono motion` as a program: measured, there already, refused in a line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from recordings.motion.table import load_motion, motion_path
from recordings.motion.tracing import COLUMNS
from recordings.privacy.erase import erase, plan
from recordings.study.reading import read_facts
from tests.acquire.program import unisono
from tests.recordings.motion.test_task import film
from tests.recordings.strip_session import make_session


def test_a_session_is_measured_by_the_box_where_there_are_no_models(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    made = make_session(tmp_path, film(frames=120), seconds=2.0)
    arguments = ("motion", str(made.folder), "--models", str(tmp_path / "none"))
    run = unisono(*arguments, folder=tmp_path)
    assert run.code == 0, run.stderr
    assert "no models for landmarks" in run.stderr
    assert "--get-models" in run.stderr
    assert "100 %" in run.stderr
    assert "by face box, a face in 100.0 %" in run.stdout
    motion = load_motion(motion_path(made.folder / "motion", "face"))
    assert motion.by == "face box"
    assert len(motion.frames) == pytest.approx(60, abs=2)
    assert motion.column("turn").size == len(motion.frames)
    assert motion.rows.shape[1] == len(COLUMNS)
    again = unisono(*arguments, folder=tmp_path)
    assert again.code == 0
    assert "there already" in again.stdout


def test_what_lies_elsewhere_goes_with_a_participant_who_withdraws(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    made = make_session(tmp_path, film(frames=60), seconds=1.0)
    to, others = tmp_path / "traces", tmp_path / "traces" / "another-session"
    others.mkdir(parents=True)
    arguments = ("motion", str(made.folder), "--box", "--to", str(to))
    assert unisono(*arguments, folder=tmp_path).code == 0
    assert motion_path(to / made.folder.name, "face").is_file()
    study = made.folder.parents[2]
    assert read_facts(study, made.folder).exports == ()  # it is no step that a study would miss
    planned = plan(study, "01")
    assert planned.stages == (to / made.folder.name,)
    (to / made.folder.name / "mine.txt").write_text("not of the program")
    assert plan(study, "01").stages == ()
    (to / made.folder.name / "mine.txt").unlink()
    assert erase(study, planned).left == []
    assert list(to.iterdir()) == [others]


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    wheel = tmp_path / "mediapipe.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mediapipe/modules/face_landmark/face_landmark.tflite", "another")
        inside = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
        archive.writestr(inside, "another")
    for arguments, words in (
        ((), "name a session"),
        (("--from", str(tmp_path / "none.whl")), "is no wheel with the two models"),
        (("--from", str(wheel), "--models", str(tmp_path / "kept")), "has SHA-256"),
        ((str(tmp_path / "nothing"),), "no session"),
    ):
        run = unisono("motion", *arguments, folder=tmp_path)
        assert run.code == 2
        assert words in " ".join(run.stderr.split()), run.stderr
        assert "Traceback" not in run.stderr
    assert not (tmp_path / "kept").exists()
