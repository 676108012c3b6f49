"""`unisono motion` as a program: measured, there already, refused in a line."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from recordings.motion.table import load_motion, motion_path
from recordings.motion.tracing import COLUMNS
from recordings.privacy.erase import erase, plan
from recordings.study.reading import read_facts
from tests.acquire.program import posix_only, unisono
from tests.recordings.engines.test_engines import stand_in
from tests.recordings.exporting import all_files
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


@pytest.mark.parametrize(
    "engine",
    ["jobs", *(pytest.param(engine, marks=pytest.mark.soak) for engine in ("slurm", "dask"))],
)
@posix_only
def test_every_engine_measures_the_same(tmp_path: Path, engine: str) -> None:
    pytest.importorskip("skimage")
    data, script = tmp_path / "data", tmp_path / "array.sh"
    sessions = [make_session(data, film(frames=60), seconds=1.0).folder for _ in range(2)]
    (sessions[1] / "face.nut").unlink()  # one that cannot be read keeps the other from nothing
    sessions.append(make_session(data, film(frames=60), seconds=1.0).folder)
    options: dict[str, tuple[str | Path, ...]] = {
        "jobs": ("--jobs", "2"),
        "dask": ("--dask", "local", "--jobs", "2"),
        "slurm": ("--slurm-script", script),
    }
    order = ("motion", data, "--box", "--to")
    plain = unisono(*order, tmp_path / "plain", "--jobs", "1", folder=tmp_path)
    assert (plain.code, "face.nut: cannot be read" in plain.stderr) == (2, True), plain.stderr
    done = unisono(*order, tmp_path / engine, *options[engine], folder=tmp_path)
    said = done.stderr
    if engine == "slurm":
        assert (done.code, all_files(tmp_path / engine)) == (0, {})
        tool = stand_in(tmp_path / "bin")
        assert subprocess.run(["sh", script], env=tool, check=False).returncode == 0
        said = (tmp_path / "array.sh.array" / "collected.txt").read_text()
    assert said.count("error:") == 1
    assert "face.nut: cannot be read" in said
    tables = {n: (tmp_path / engine / n).read_bytes() for n in all_files(tmp_path / engine)}
    assert tables == {
        n: (tmp_path / "plain" / n).read_bytes() for n in all_files(tmp_path / "plain")
    }
    assert [n for n in tables if n.endswith(".parquet")] == [
        f"{session.name}/face.parquet" for session in (sessions[0], sessions[2])
    ]


def test_two_of_one_name_do_not_share_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    twins = [
        make_session(tmp_path / name, film(frames=60), seconds=1.0).folder for name in ("a", "b")
    ]
    run = unisono("motion", *twins, "--box", "--to", tmp_path / "traces", folder=tmp_path)
    assert run.code == 2
    assert f"{twins[0]} goes into" in run.stderr
    assert motion_path(tmp_path / "traces" / twins[0].name, "face").is_file()


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
