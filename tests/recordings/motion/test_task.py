"""Motion of a session on the disk: begun, broken off, gone on with, and there already."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from devices.simulation.textured_face import TexturedFace
from devices.simulation.world import World
from recordings.arrays import U8Array
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.motion import task
from recordings.motion.models import Models
from recordings.motion.table import load_motion, motion_path, said_of
from recordings.motion.task import Settings, joined, run_task, stretches, used_frames
from recordings.motion.tracing import COLUMNS, Finder
from recordings.owner import this_process
from recordings.read.session import open_session
from recordings.stream_kinds import Fate
from tests.recordings.motion.faces import HEIGHT, WIDTH, Knowing, known_face
from tests.recordings.strip_session import Film, Made, make_session

SECONDS = 3.0


def painter(key: int) -> Callable[[float, int], U8Array]:
    face, world = TexturedFace(WIDTH, HEIGHT, "Mono8", key), World(key)

    def paint(time: float, number: int) -> U8Array:
        (shot,) = face.shots(world, np.array([time]))
        return shot(number)

    return paint


def film(**changes: object) -> Film:
    frames = round(SECONDS * 60)
    given: dict[str, object] = {"frames": frames, "rate_hz": 60.0, "size": (WIDTH, HEIGHT)}
    return Film(**given | {"paint": painter(3)} | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    gated = {Fate.GATED: ((40, 70),)}
    folder = tmp_path_factory.mktemp("motion")
    return make_session(folder, film(fates=gated, splits=(100,)), seconds=SECONDS)


@pytest.fixture(autouse=True)
def told_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The face is known: what is tested here is the way through the session."""

    def finder(models: Models | None) -> Finder:
        return Knowing(known_face())

    monkeypatch.setattr(task, "finder_of", finder)
    monkeypatch.setattr(task, "STRETCH", 20)


def test_the_used_frames_are_those_of_the_grid(made: Made) -> None:
    with open_session(made.folder) as session:
        times = session.cameras["face"].times
    used = used_frames(times)
    assert len(used) == len(set(used.tolist()))
    grid = times[0] + np.arange(int(SECONDS * 30)) / 30
    for moment in grid[grid <= times[-1]]:
        before = np.flatnonzero(times <= moment + 1e-9)[-1]
        assert before in used
    assert used_frames(np.empty(0)).size == 0


def test_a_table_has_a_row_a_used_frame_with_its_number(made: Made, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    notes = run_task(made.folder, tmp_path, Settings(), lambda *done: told.append(done))
    motion = load_motion(motion_path(tmp_path, "face"))
    with open_session(made.folder) as session:
        camera = session.cameras["face"]
        assert (motion.frames == used_frames(camera.times)).all()
        assert motion.times == pytest.approx(camera.times[motion.frames], abs=1e-9)
    assert motion.by == "told"
    assert np.isfinite(motion.rows[:, 0]).all()
    assert told[-1] == (len(motion.frames), len(motion.frames))
    assert "a face in 100.0 %" in notes[0]
    assert [path.name for path in tmp_path.iterdir()] == ["face.parquet"]


def test_what_was_broken_off_is_gone_on_with_and_gives_the_same(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_task(made.folder, whole, Settings())

    def stop(done: int, total: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_task(made.folder, broken, Settings(), stop)
    assert not motion_path(broken, "face").exists()
    asked: list[int] = []
    picture = task._Pictures._picture

    def counted(self: task._Pictures, number: int) -> U8Array:
        asked.append(number)
        return picture(self, number)

    monkeypatch.setattr(task._Pictures, "_picture", counted)
    run_task(made.folder, broken, Settings())
    one, other = (load_motion(motion_path(folder, "face")) for folder in (whole, broken))
    assert min(asked) == one.frames[39]
    assert np.array_equal(one.rows, other.rows, equal_nan=True)
    asked.clear()
    assert "there already" in run_task(made.folder, broken, Settings())[0]
    assert asked == []


def test_another_way_of_measuring_begins_anew(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_task(made.folder, tmp_path, Settings())
    before = said_of(motion_path(tmp_path, "face"))
    now = task.VERSION
    monkeypatch.setattr(task, "VERSION", now + 1)
    assert "there already" not in run_task(made.folder, tmp_path, Settings())[0]
    after = said_of(motion_path(tmp_path, "face"))
    assert before is not None
    assert after is not None
    assert (before["version"], after["version"]) == (now, now + 1)


def test_a_stretch_that_was_torn_is_measured_again(made: Made, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_task(made.folder, tmp_path, Settings(), stop)
    (part,) = (tmp_path / "face.parts").glob("*.npy")
    part.write_bytes(part.read_bytes()[:100])
    run_task(made.folder, tmp_path, Settings())
    assert np.isfinite(load_motion(motion_path(tmp_path, "face")).rows[:, 0]).all()


def test_stretches_are_joined_where_they_meet() -> None:
    assert [(s.start, s.stop) for s in stretches(45)] == [(0, 20), (19, 40), (39, 45)]
    rows = np.zeros((45, len(COLUMNS)))
    rows[:, 0] = np.arange(45.0)
    parts = [rows[s.start : s.stop] - rows[s.start, :] for s in stretches(45)]
    assert (joined(parts)[:, 0] == rows[:, 0]).all()
    parts[1][:] = np.nan
    assert joined(parts)[-1, 0] == pytest.approx(19 + 5)
    assert joined([]).shape == (0, len(COLUMNS))


def test_beside_the_session_it_leaves_the_check_as_it_was(tmp_path: Path) -> None:
    made = make_session(tmp_path, film(frames=60), seconds=1.0)
    before = check(made.folder).findings
    run_task(made.folder, made.folder / "motion", Settings())
    assert check(made.folder).findings == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("bare", "bare file without video"),
        ("recording", "is being recorded"),
        ("crashed", "was never closed; run unisono repair"),
        ("camera", r"no camera 'side'; there are: face"),
        ("missing", r"face\.nut: cannot be read .*copy it back"),
        ("cut", r"has no frame \d+ .*unisono repair"),
    ],
)
def test_what_cannot_be_measured_is_said(spoil: str, words: str, tmp_path: Path) -> None:
    state = State.RECORDING if spoil in ("recording", "crashed") else State.COMPLETE
    made = make_session(tmp_path, film(frames=60), seconds=1.0, state=state)
    settings = Settings(("side",)) if spoil == "camera" else Settings()
    video = made.folder / "face.nut"
    if spoil == "recording":
        host = {"name": socket.gethostname()} | this_process()
        Manifest.load(made.folder).model_copy(update={"host": host}).save(made.folder)
    if spoil == "missing":
        video.unlink()
    if spoil == "cut":
        video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    path = made.folder / "recording.xdf" if spoil == "bare" else made.folder
    if spoil == "bare":
        (made.folder / "session.json").unlink()
    with pytest.raises(RecordingError, match=words):
        run_task(path, tmp_path / "out", settings)
