"""Tables, EDF, video, clips and the MMME layout, each read back by somebody else's program."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest

from recordings import open_session
from recordings.errors import RecordingError
from recordings.export import clips, mmme, tables, video
from recordings.export.edf import export as edf
from recordings.export.excerpts import Piece, folders_of
from recordings.export.mmme_sheet import CODING_COLUMNS
from recordings.read.sessions import find_sessions
from recordings.video.face_box import steady_box
from tests.recordings.drawn_faces import hide_the_detector
from tests.recordings.exporting import all_files, exported, study
from tests.recordings.simulated_session import FPS, START, Plan, make_session


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return study(tmp_path_factory.mktemp("study"))


def _one(kind: str, session: Path, target: Path, settings: object) -> Path:
    (done,) = exported(kind, [session], target, settings)
    assert done.outcome == "exported", done
    return target


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_tables_hold_every_value(
    sessions: list[Path], tmp_path: Path, format_: Literal["csv", "parquet"]
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    target = _one("csv", sessions[0], tmp_path, tables.Settings(format_))
    path = target / f"{sessions[0].name}_eeg.{format_}"
    if format_ == "csv":
        table = np.loadtxt(path, delimiter=",", skiprows=1)
        head = path.read_text().split("\n", 1)[0]
        assert head.startswith("time,lsl_time,Fp1 [microvolts]")
    else:
        columns = pq.read_table(path)
        table = np.stack([columns.column(n).to_numpy() for n in range(columns.num_columns)], 1)
    with open_session(sessions[0]) as session:
        times, values = session["eeg"].read()
    np.testing.assert_allclose(table[:, 1], times, atol=1e-6)
    np.testing.assert_allclose(table[:, 0], times - START, atol=1e-6)
    np.testing.assert_array_equal(table[:, 2:].astype(np.float32), values)
    if format_ == "csv":
        with (target / f"{sessions[0].name}_protocol.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert json.loads(rows[0]["marker"])["event"] in ("onset", "end")


def test_what_the_recorder_noticed_is_a_table_where_it_is_named(
    sessions: list[Path], tmp_path: Path
) -> None:
    """Its texts repeat what drivers say, such as the path in a user's home that was not found."""
    file = f"{sessions[0].name}_unisono-events.csv"
    (done,) = exported("csv", [sessions[0]], tmp_path / "all", tables.Settings())
    assert file not in all_files(tmp_path / "all")
    assert any("may name computers and paths" in note for note in done.notes)
    named = tables.Settings(streams=("unisono-events",))
    assert file in all_files(_one("csv", sessions[0], tmp_path / "named", named))


@pytest.mark.parametrize(("format_", "steps"), [("edf", 2**16), ("bdf", 2**24)])
def test_edf_is_read_by_pyedflib(
    sessions: list[Path], tmp_path: Path, format_: Literal["edf", "bdf"], steps: int
) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    settings = edf.Settings(format_, ("eeg",))
    target = _one("edf", sessions[0], tmp_path, settings)
    with open_session(sessions[0]) as session:
        raw = session.to_mne()
    with pyedflib.EdfReader(str(target / f"{sessions[0].name}_eeg.{format_}")) as reader:
        assert reader.getSignalLabels() == ["Fp1", "VEO", "EKG", "Trigger"]
        assert reader.getSampleFrequency(0) == 1000.0
        wanted = raw.get_data()[:3] * 1e6
        for n in range(3):
            values = reader.readSignal(n)[: raw.n_times]
            np.testing.assert_allclose(values, wanted[n], atol=2 * np.ptp(wanted[n]) / steps)
        onsets, _, texts = reader.readAnnotations()
    ours = [(a["onset"], a["description"]) for a in raw.annotations]
    found = [(t, text) for t, text in zip(onsets, texts, strict=True) if not text.startswith("BAD")]
    assert [text for _, text in found] == [text for _, text in ours if not text.startswith("BAD")]
    assert any(text == "BAD_ACQ_SKIP" for text in texts)


def test_a_video_has_its_true_times(sessions: list[Path], tmp_path: Path) -> None:
    target = _one("video", sessions[0], tmp_path, video.Settings(crf=1))
    with open_session(sessions[0]) as session:
        camera = session.cameras["face"]
        times, first = camera.times, camera.frame(0)
    with av.open(str(target / f"{sessions[0].name}_face.mp4")) as container:
        frames = list(container.decode(video=0))
    shown = np.array([f.time for f in frames], np.float64)
    np.testing.assert_allclose(shown - shown[0], times - times[0], atol=2e-4)
    error = np.abs(frames[0].to_ndarray(format="gray").astype(int) - first.astype(int))
    assert error.mean() < 3


def test_frames_that_come_together_stay_near_their_times() -> None:
    times = 100 + np.array([0.0, 0.01, 0.01, 0.005, 0.02, *(0.03 + np.arange(5000) / 5000)])
    for rate in (1e6, 1000.0):
        stamps = video.ticks(times, rate)
        assert np.all(np.diff(stamps) > 0)
        np.testing.assert_array_equal(
            stamps[:5] - stamps[1], np.array([-0.01 * rate, 0, 1, 2, 0.01 * rate])
        )
    microseconds = video.ticks(times, 1e6)
    np.testing.assert_allclose(microseconds[4:] / 1e6, times[4:] - 100, atol=1e-6)


def test_colours_of_a_mosaic_are_right_way_round() -> None:
    mosaic = np.zeros((16, 16), np.uint8)
    mosaic[::2, ::2] = 200  # RGGB: red alone
    for name, rolled in (("BayerRG8", (0, 0)), ("BayerGR8", (0, 1)), ("BayerGB8", (1, 0))):
        rgb = video.to_rgb(np.roll(mosaic, rolled, (0, 1)), name)
        assert rgb[6:10, 6:10, 0].min() > 150
        assert rgb[6:10, 6:10, 1:].max() < 50
    blue = video.to_rgb(np.roll(mosaic, (1, 1), (0, 1)), "BayerBG8")
    assert blue[6:10, 6:10, 0].min() > 150


def test_the_folders_of_many_clips_of_one_code_take_no_time() -> None:
    clips_ = [Piece(f"trial-{n:03d}", 0.0, 1.0, 101 + n % 2) for n in range(20_000)]
    names = folders_of([*clips_, Piece("trial-x", 0.0, 1.0, None)])
    assert names[:4] == ["101", "102", "101-2", "102-2"]
    assert (names[-2], names[-1], len(set(names))) == ("102-10000", "trial-x", 20_001)


def test_the_mmme_layout(sessions: list[Path], tmp_path: Path) -> None:
    target = _one("mmme", sessions[0], tmp_path, mmme.Settings())
    folder = target / "01" / sessions[0].name
    with (folder / "coding_file.csv").open(newline="") as file:
        sheet = list(csv.DictReader(file))
    assert tuple(sheet[0]) == CODING_COLUMNS
    with open_session(sessions[0]) as session:
        trials = [t for t in session.trials() if t.end is not None]
        assert trials
        camera = session.cameras["face"]
        for row, trial in zip(sheet, trials, strict=True):
            assert int(row["Marker"]) == trial.code
            images = sorted((folder / row["Filename"]).iterdir())
            assert trial.end is not None
            inside = (camera.times >= trial.onset) & (camera.times < trial.end)
            assert len(images) == inside.sum()
            year, *_, counter, marker = images[0].stem.split("-")
            assert (year, int(marker)) == ("2026", trial.code)
            assert 1 <= int(counter) <= 1000
            with av.open(str(images[0])) as image:
                picture = next(image.decode(video=0)).to_ndarray(format="gray")
            np.testing.assert_array_equal(picture, camera.frame(int(np.flatnonzero(inside)[0])))
    signal = np.loadtxt(folder / "eeg.csv", delimiter=",", skiprows=1)
    assert {t.code for t in trials} <= set(signal[:, -1].astype(int))


def test_clips_frames_and_pairs(sessions: list[Path], tmp_path: Path) -> None:
    sheet = tmp_path / "coded.csv"
    with open_session(sessions[0]) as session:
        trial = next(t for t in session.trials() if t.end and t.end < session.stop - 0.5)
        camera = session.cameras["face"]
        apex = camera.number_at(trial.onset + 0.2)
        wanted = camera.frame(apex)
    sheet.write_text(
        "Subject,Marker,OnsetTime,ApexTime,OffsetTime,Action Units,Estimated Emotion,Type\n"
        f"01,{trial.code},0.1,0.2,0.3,4+7,anger,Micro\n"
        f"09,{trial.code},0.1,0.2,0.3,4,anger,Micro\n"
        f"01,999,0.1,0.2,0.3,4,anger,Micro\n"
    )
    settings = clips.Settings(events=sheet, form="pair", box=(4, 6, 41, 30))
    (done,) = exported("clips", sessions[:1], tmp_path / "pair", settings)
    assert done.notes == ("coded.csv, line 4: no clip with marker 999; left out",)
    folder = tmp_path / "pair" / sessions[0].name
    (row,) = [json.loads(line) for line in (folder / "clips.jsonl").read_text().splitlines()]
    assert (row["action_units"], row["emotion"], row["code"]) == ("4+7", "anger", trial.code)
    assert (row["onset_frame"], row["apex_frame"]) == (0, pytest.approx(10, abs=1))
    with av.open(str(folder / row["apex_image"])) as image:
        picture = next(image.decode(video=0)).to_ndarray(format="gray")
    np.testing.assert_array_equal(picture, wanted[6:36, 4:44])
    _one("clips", sessions[0], tmp_path / "clip", clips.Settings())
    with (tmp_path / "clip" / sessions[0].name / "clips.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with av.open(str(tmp_path / "clip" / sessions[0].name / rows[0]["video"])) as container:
        decoded = [f.to_ndarray(format="gray") for f in container.decode(video=0)]
    assert len(decoded) == int(rows[0]["frames"])
    with open_session(sessions[0]) as session:
        first = session.cameras["face"].frame(int(rows[0]["first_frame"]))
    np.testing.assert_array_equal(decoded[0], first)
    around = clips.Settings("onset", form="frames", before_s=0.05, after_s=0.1)
    _one("clips", sessions[0], tmp_path / "frames", around)
    counts = [len(list(d.iterdir())) for d in (tmp_path / "frames" / sessions[0].name).glob("on*")]
    assert all(abs(count - 0.15 * FPS) <= 2 for count in counts)


def test_marks_of_clips_are_frames_of_theirs(sessions: list[Path], tmp_path: Path) -> None:
    """An onset between two frames, the nearer one before it, was frame -1."""
    with open_session(sessions[0]) as session:
        camera = session.cameras["face"]
        trial = next(t for t in session.trials() if t.end and t.end < session.stop - 0.5)
        onset = camera.number_at(trial.onset + 0.1)
        time = float(camera.times[onset]) - trial.onset
    sheet = tmp_path / "coded.csv"
    lines = [f"01,{trial.code},{time + late:.6f},{time + 0.1:.6f}" for late in (-0.002, 0, 0.002)]
    sheet.write_text("\n".join(["Subject,Marker,OnsetTime,OffsetTime", *lines]))
    _one("clips", sessions[0], tmp_path / "coded", clips.Settings(events=sheet))
    rows = _rows(tmp_path / "coded" / sessions[0].name / "clips.csv")
    assert [int(r["first_frame"]) + int(r["onset_frame"]) for r in rows] == [onset] * 3
    assert [r["onset_frame"] for r in rows] == ["0"] * 3
    _one("clips", sessions[0], tmp_path / "trials", clips.Settings())
    rows = _rows(tmp_path / "trials" / sessions[0].name / "clips.csv")
    assert all(0 <= int(r["onset_frame"]) <= int(r["offset_frame"]) for r in rows)


def test_a_mark_in_a_gap_of_the_camera_is_told(tmp_path: Path) -> None:
    with open_session(make_session(tmp_path / "whole", Plan(seconds=9.0))) as session:
        trial = next(t for t in session.trials() if t.end and t.end < session.stop - 0.5)
    onset = round((trial.onset - START) * FPS)
    lost = tuple(range(onset - 60, onset + 40))
    gapped = make_session(tmp_path / "gapped", Plan(seconds=9.0, lost_frames=lost))
    (done,) = exported("clips", [gapped], tmp_path / "clips", clips.Settings())
    (note,) = [note for note in done.notes if note.startswith("trial-001")]
    assert note.startswith("trial-001: its onset is 0.4")
    assert note.endswith("s from the nearest frame")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("installed", [True, False])
def test_a_face_is_found_by_its_features_or_its_skin(
    sample_data: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed:
        hide_the_detector(monkeypatch)
    with av.open(str(sample_data / "single_face.mp4")) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    box = steady_box(frames[::20])
    assert box is not None
    left, top, width, height = box
    # Seen by a person: eyes at (260, 170) and (330, 167), mouth at (297, 247).
    assert 100 < left < 240 < 350 < left + width < 450
    assert top < 150 < 290 < top + height


def test_the_face_of_a_gray_camera_is_cut_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=7.0, face=(320, 240)))
    settings = clips.Settings("onset", before_s=0.05, after_s=0.1, crop="face")
    target = _one("clips", session, tmp_path / "out", settings)
    with (target / session.name / "clips.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        left, top, width, height = map(int, row["box"].split(","))
        # The drawn face: from (90, 34) to (230, 216); see `devices.simulation.face`.
        assert 5 < left < 90 < 230 < left + width < 315
        assert top < 34 < 216 < top + height
        with av.open(str(target / session.name / row["video"])) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="gray")
        with open_session(session) as opened:
            frame = opened.cameras["face"].frame(int(row["first_frame"]))
        wide = width - width % 2
        np.testing.assert_array_equal(picture, frame[max(top, 0) :, left : left + wide])
    hide_the_detector(monkeypatch)
    (done,) = exported("clips", [session], tmp_path / "without", settings)
    assert done.outcome == "failed"
    assert "pip install 'unisono[face]'" in done.error
    assert "--box LEFT,TOP,WIDTH,HEIGHT" in done.error


def test_many_sessions_at_once_and_one_that_fails(sessions: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "sub-03_ses-01_task-test_run-01"
    broken.mkdir(parents=True)
    (broken / "session.json").write_text((sessions[0] / "session.json").read_text())
    (broken / "recording.xdf").write_bytes(b"")
    found = [*sessions, *find_sessions([tmp_path / "broken"])]
    # A program of its own: processes of a pool have a helper that lives as long as their parent.
    out = tmp_path / "out"
    code = "from acquire.cli.main import main; main()"
    order = ["export", "csv", *map(str, found), "--to", str(out), "--stream", "protocol"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *order, "--jobs", "2", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 2
    done = json.loads(ran.stdout.splitlines()[-1])
    assert [d["outcome"] for d in done] == ["exported", "exported", "failed"]
    assert ran.stderr.count("\n") == 1
    assert "recording.xdf" in ran.stderr
    assert len(all_files(out)) == 2
    with pytest.raises(RecordingError, match="no session, and no folder with sessions"):
        find_sessions([tmp_path / "out"])


def test_two_sessions_of_one_name_are_not_mixed(sessions: list[Path], tmp_path: Path) -> None:
    settings = tables.Settings(streams=("protocol",))
    twin = tmp_path / "elsewhere" / sessions[0].name
    twin.mkdir(parents=True)
    for name in ("session.json", "recording.xdf"):
        (twin / name).write_bytes((sessions[0] / name).read_bytes())
    manifest = (twin / "session.json").read_text()
    (twin / "session.json").write_text(
        manifest.replace("2026-11-20T10:00:00", "2025-01-01T10:00:00")
    )
    _one("csv", sessions[0], tmp_path / "out", settings)
    (done,) = exported("csv", [twin], tmp_path / "out", settings)
    assert done.outcome == "failed"
    assert "export this one to a folder of its own" in done.error
