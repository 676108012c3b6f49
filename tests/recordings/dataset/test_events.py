"""Windows of coded events: about their onset, labelled, with the flow to their apex."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, check_order, write_study
from recordings import load_study, open_session
from recordings.annotation.coder_file import annotations_folder, who
from recordings.annotation.model import Event, Moment, Span
from recordings.annotation.store import CodingStore
from recordings.dataset.signals import Wanted
from recordings.errors import RecordingError
from recordings.features import event_flow
from recordings.features.task import Settings, export, features

pytest.importorskip("skimage")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One session of 20 s; a consensus says that there are two events, one without an apex."""
    order = StudyOrder(tmp_path_factory.mktemp("events"), 1, seconds=20.0, film=Film(rate_hz=40.0))
    check_order(order)
    write_study(order)
    (session,) = order.folder.glob("sub-*/ses-*/sub-*")
    with open_session(session) as opened:
        times = opened.cameras["face"].times
    with CodingStore(session / "annotations", who("consensus"), session=session.name) as store:
        for id_, first, emotion, apex in (("a", 200, "joy", True), ("b", 400, "fear", False)):
            marks = [Moment(time=float(times[n]), frame=n) for n in (first, first + 8, first + 20)]
            store.put(
                "events",
                Event(
                    id=id_,
                    camera="face",
                    onset=marks[0],
                    apex=marks[1] if apex else None,
                    offset=marks[2],
                    kind="micro",
                    emotion=emotion,
                ),
            )
    return order.folder


def test_features_of_events_are_about_their_onsets(folder: Path) -> None:
    (session,) = folder.glob("sub-*/ses-*/sub-*")
    with open_session(session) as opened:
        rows, notes = features(opened, Settings(windows="event", signals=("SKT", "EMG")))
        times = opened.cameras["face"].times
    assert not notes
    assert [row["emotion"] for row in rows] == ["joy", "fear"]
    assert rows[0]["lsl_time"] == pytest.approx(times[200])
    assert rows[1]["apex_time"] is None
    assert rows[0]["SKT_Mean"] == pytest.approx(33.0, abs=0.2)
    assert 0 < rows[0]["EMG_Amplitude_Max_Time"] <= 8.0
    with (
        open_session(session) as opened,
        pytest.raises(RecordingError, match="nobody"),
    ):
        features(opened, Settings(windows="event", events_of="nobody"))


def test_a_face_that_stayed_still_is_a_table_without_rows(folder: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    (session,) = folder.glob("sub-*/ses-*/sub-*")
    place = annotations_folder(session, tmp_path / "coders")
    with CodingStore(place, who("still"), session=session.name) as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=700))
    settings = Settings(
        windows="event", events_of="still", annotations=tmp_path / "coders", signals=("EDA",)
    )
    with open_session(session) as opened:
        notes = export(opened, tmp_path / "out", settings)
    (path,) = (tmp_path / "out").rglob("*.parquet")
    assert pq.read_table(path).num_rows == 0
    assert notes == ["still has coded no event: the table has no row"]


def test_flow_is_known_where_a_face_and_both_marks_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, Wanted] = {"eda": 10, "face": "flow28"}
    with pytest.raises(RecordingError, match="ask for windows='event'"):
        load_study(folder, signals=found)
    study = load_study(folder, windows="event", signals=found, labels="emotion", after_s=3.0)
    assert study.labels == ["joy", "fear"]
    # What a detector makes of a drawn face is its own affair.
    monkeypatch.setattr(event_flow, "find_face", lambda picture: (80, 20, 160, 200))
    item = study[0]
    assert item["eda"].shape == (50, 1)
    assert item["eda_times"][0] == -2.0
    assert item["face"].shape == (1, 3, 28, 28)
    assert item["face_mask"].tolist() == [True]
    assert item["face_times"][0] == pytest.approx(8 / 40, abs=0.002)
    assert np.isfinite(item["face"]).all()
    assert study[1]["face_mask"].tolist() == [False]
    assert np.isnan(study[1]["face"]).all()
    monkeypatch.setattr(event_flow, "find_face", lambda picture: None)
    assert study[0]["face_mask"].tolist() == [False]
    assert study.to_xarray()["face"].dims[2:] == ("face_channel", "face_y", "face_x")
    study.close()


def test_a_table_has_the_flow_that_a_model_gets(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with pytest.raises(ValueError, match="flow28 is of events"):
        Settings(signals=("flow28",))
    monkeypatch.setattr(event_flow, "find_face", lambda picture: (80, 20, 160, 200))
    (session,) = folder.glob("sub-*/ses-*/sub-*")
    with open_session(session) as opened:
        export(opened, tmp_path, Settings(windows="event", signals=("flow28", "flow256")))
    (path,) = tmp_path.rglob("*_features.parquet")
    table = parquet.read_table(path).to_pylist()
    with load_study(folder, windows="event", signals={"face": "flow28"}) as study:
        expected = study[0]["face"][0]
    found = np.array([table[0][f"Flow28_{name}"] for name in event_flow.MAPS], np.float32)
    np.testing.assert_array_equal(found.reshape(3, 28, 28), expected)
    assert len(table[0]["Flow256_strain"]) == 256 * 256
    assert (table[0]["Flow28_Missing"], table[1]["Flow28_Missing"]) == (0.0, 1.0)
    assert table[1]["Flow28_u"] is None
    about = json.loads(path.with_suffix(".json").read_text())
    assert "row by row" in about["Columns"]["Flow28_v"]
    assert "missing" in about["Columns"]["Flow28_Missing"]


def test_coded_expressions_label_sliding_windows(folder: Path) -> None:
    study = load_study(folder, signals={"skt": 4}, labels="expression", length_s=1.0)
    with open_session(study.places[0].session) as session:
        times, start = session.cameras["face"].times, session.start
    known = {place.number: place.label for place in study.places}
    apex = int((times[208] - start) // 1.0) + 1
    assert known[apex] == 1
    assert sum(known.values()) == 2  # of the second, its onset stands for the apex
    assert 15 <= len(known) <= 20


def test_what_nobody_has_looked_at_is_no_example_of_a_still_face(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "study")
    (session,) = (tmp_path / "study").glob("sub-*/ses-*/sub-*")
    with CodingStore(session / "annotations", who("consensus")) as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=299))  # of 800
        store.put("not_codable", Span(id="h", camera="face", first=50, last=60))
    study = load_study(tmp_path / "study", signals={"skt": 4}, labels="expression", length_s=1.0)
    with open_session(session) as opened:
        times, start = opened.cameras["face"].times, opened.start
    still = [place.number for place in study.places if place.label == 0]
    ends = [start + number for number in still]  # windows of a second, from 1
    assert all(end <= times[300] for end in ends)
    assert 3 <= len(still) <= 6
    hand = int((times[55] - start) // 1.0) + 1
    assert hand not in still
    assert sum(place.label for place in study.places) == 2  # both events are still examples


def test_what_a_consensus_has_not_decided_is_no_example(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "study")
    (session,) = (tmp_path / "study").glob("sub-*/ses-*/sub-*")
    with open_session(session) as opened:
        times, start = opened.cameras["face"].times, opened.start
    whole = Span(id="s", camera="face", first=0, last=len(times) - 1)
    marks = [Moment(time=float(times[n]), frame=n) for n in (600, 620)]
    alone = Event(id="e", camera="face", onset=marks[0], offset=marks[1])
    for name, found in (("anna", [alone]), ("ben", [])):
        with CodingStore(session / "annotations", who(name)) as store:
            store.put("looked", whole)
            for event in found:
                store.put("events", event)
    with CodingStore(session / "annotations", who("consensus")) as store:
        store.put("looked", whole)
    plain = load_study(folder, signals={"skt": 4}, labels="expression", length_s=1.0)
    study = load_study(tmp_path / "study", signals={"skt": 4}, labels="expression", length_s=1.0)
    held = {int((times[n] - start) // 1.0) + 1 for n in range(600, 621)}
    assert {p.number for p in plain.places} - {p.number for p in study.places} == held
    (session / "annotations" / "anna.json").unlink()  # handed over without its coders' files
    again = load_study(tmp_path / "study", signals={"skt": 4}, labels="expression", length_s=1.0)
    assert len(again.places) == len(plain.places)


def test_frames_win_where_a_session_was_repaired(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "study")
    (session,) = (tmp_path / "study").glob("sub-*/ses-*/sub-*")
    with CodingStore(session / "annotations", who("consensus")) as store:
        for event in store.coding.events.values():
            late: dict[str, Moment] = {
                name: at.model_copy(update={"time": at.time + 3})
                for name, at in event.marks.items()
            }
            store.put("events", event.model_copy(update=late))
    plain = load_study(folder, signals={"skt": 4}, labels="expression", length_s=1.0)
    moved = load_study(tmp_path / "study", signals={"skt": 4}, labels="expression", length_s=1.0)
    assert [(p.number, p.label) for p in moved.places] == [
        (p.number, p.label) for p in plain.places
    ]


def test_coders_files_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "study")
    (session,) = (tmp_path / "study").glob("sub-*/ses-*/sub-*")
    (session / "annotations").rename(tmp_path / session.name)
    for windows in ("sliding", "event"):
        study = load_study(
            tmp_path / "study", windows=windows, signals={"skt": 4}, annotations=tmp_path,
            labels="expression" if windows == "sliding" else "emotion",
        )  # fmt: skip
        assert sum(place.label in (1, "joy", "fear") for place in study.places) == 2
