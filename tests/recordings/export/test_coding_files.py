"""A coder's events of a real session: out to files and in again, and in the exports."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from recordings import open_session
from recordings.annotation.action_units import parse_units
from recordings.annotation.agreement.arbitration import cases, settled
from recordings.annotation.agreement.coded_study import coding_of, read_sessions
from recordings.annotation.agreement.study_agreement import study_agreement
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.formats.held import Form
from recordings.annotation.frame_times import frame_times
from recordings.annotation.model import Event, Moment
from recordings.annotation.store import CodingStore
from recordings.errors import RecordingError
from recordings.export import clips, mmme
from recordings.export.bids import dataset as bids
from recordings.export.coding import export_events, form_of
from recordings.export.coding_import import take_in
from recordings.export.excerpts import ClipNames, Piece, clips_of
from recordings.read.session import Session
from recordings.study.cells import StepState
from recordings.study.reading import read_facts
from recordings.study.status import agreed
from tests.recordings.exporting import exported, study


@pytest.fixture
def session(tmp_path: Path) -> Path:
    (folder,) = study(tmp_path / "study", ("01",))
    with open_session(folder) as opened:
        frames = frame_times(opened.cameras["face"])
        clip = clips_of(opened)[0]
    first = frames.nearest(clip.start + 0.2).frame
    found = [
        Event(id="a", camera="face", onset=frames.moment(first), apex=frames.moment(first + 4),
              offset=frames.moment(first + 9), kind="micro", units=parse_units("4+L12B"),
              emotion="disgust"),
        Event(id="b", camera="face", onset=frames.moment(first + 20),
              apex=frames.moment(first + 31), offset_coded=False, kind="macro",
              units=parse_units("R14A"), emotion="happy"),
    ]  # fmt: skip
    with CodingStore(annotations_folder(folder), Who("anna")) as store:
        for one in found:
            store.put("events", one)
    return folder


def frames_of(folder: Path, coder: str) -> list[dict[str, int]]:
    return [{m: at.frame for m, at in e.marks.items()} for e in coding_of(folder, coder).on("face")]


def out(folder: Path, path: Path, form: Form) -> list[str]:
    with open_session(folder) as opened:
        return export_events(opened, path, form, "anna")


FILES: list[tuple[Form, str]] = [
    ("casme2", "a.csv"), ("samm", "a.csv"), ("samm-lv", "a.csv"), ("casme3", "a.csv"),
    ("mmme", "a.csv"), ("megc", "a.csv"), ("eaf", "a.eaf"), ("boris", "a.boris"),
    ("bids", "a_events.tsv"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "name"), FILES)
def test_frames_go_out_and_come_in_again(
    session: Path, tmp_path: Path, form: Form, name: str
) -> None:
    notes = out(session, tmp_path / name, form)
    assert any("count from" in note or "within the clip" in note for note in notes)
    done = take_in(session, tmp_path / name, form, "ben", looked=True)
    assert (done.taken, done.there, done.faults) == (2, 0, ())
    assert frames_of(session, "ben") == frames_of(session, "anna")
    ben = coding_of(session, "ben")
    assert [e.offset_coded for e in ben.on("face")] == [True, False]
    if form != "megc":  # which has no action units
        assert [e.units for e in ben.on("face")] == [parse_units("4+L12B"), parse_units("R14A")]
    again = take_in(session, tmp_path / name, form, "ben", looked=True)
    assert (again.taken, again.there) == (2, 2)
    with CodingStore(annotations_folder(session), Who("ben")) as store:
        assert store.entries == 1  # the same again is no edit
        store.undo()
        assert not store.coding.events
        assert not store.coding.looked


def test_an_import_leaves_what_was_edited_since_and_makes_nothing_twice(
    session: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.eaf"
    out(session, path, "eaf")
    done = take_in(session, path, None, "anna", looked=True)  # her own, as from ELAN
    assert (done.taken, done.there, done.notes) == (2, 2, ())
    take_in(session, path, None, "ben", looked=True)
    with CodingStore(annotations_folder(session), Who("ben")) as store:
        first, _ = store.coding.on("face")
        store.put("events", first.model_copy(update={"emotion": "fear"}))
    done = take_in(session, path, None, "ben", looked=True)
    assert (done.taken, done.there) == (2, 2)
    assert done.notes == ("1 events were edited since they were imported; they stay as they are",)
    assert [e.emotion for e in coding_of(session, "ben").on("face")] == ["fear", "happy"]
    text = path.read_text().replace("emotion=happy", "emotion=sad")
    path.write_text(text)
    (note, _) = take_in(session, path, None, "anna").notes
    assert note.startswith("1 of the events lie where anna has others")


@pytest.mark.parametrize("name", ["a.eaf", "a.boris"])
def test_a_video_that_is_a_clip_begins_where_the_clip_does(
    session: Path, tmp_path: Path, name: str
) -> None:
    out(session, tmp_path / name, "eaf" if name == "a.eaf" else "boris")
    text = (tmp_path / name).read_text().replace(f"{session.name}_face.mp4", "trial-001.mkv")
    (tmp_path / name).write_text(text)
    assert not take_in(session, tmp_path / name, None, "ben").faults
    with open_session(session) as opened:
        begin = int(opened.cameras["face"].times.searchsorted(clips_of(opened)[0].start))
    assert begin
    for ours, theirs in zip(frames_of(session, "anna"), frames_of(session, "ben"), strict=True):
        assert {m: at - ours[m] for m, at in theirs.items()} == dict.fromkeys(ours, begin)


def test_a_consensus_that_is_not_decided_yet_says_so(session: Path, tmp_path: Path) -> None:
    out(session, tmp_path / "a.eaf", "eaf")
    take_in(session, tmp_path / "a.eaf", None, "ben", looked=True)
    take_in(session, tmp_path / "a.eaf", None, "anna", looked=True)
    folder = annotations_folder(session)
    with CodingStore(folder, Who("ben")) as store:
        first = store.coding.on("face")[0]
        store.put("events", first.model_copy(update={"emotion": "fear"}))
    codings = [coding_of(session, name) for name in ("anna", "ben")]
    contested, agreed = cases(codings[0], codings[1], "face")
    with CodingStore(folder, Who("consensus")) as store:
        store.put_decision(*settled(agreed, ("anna", "ben"), "agreed", "cleo"))
    said = "consensus: 1 events of its coders are undecided on face, or changed since; open it"
    assert any(note.startswith(said) for note in _of_consensus(session, tmp_path))
    with CodingStore(folder, Who("consensus")) as store:
        store.put_decision(*settled(contested, ("anna", "ben"), "first", "cleo"))
    assert not any("undecided" in note for note in _of_consensus(session, tmp_path))
    (folder / "ben.json").unlink()
    (folder / "ben.journal").unlink()
    assert any("not known" in note for note in _of_consensus(session, tmp_path))


def _of_consensus(session: Path, folder: Path) -> list[str]:
    with open_session(session) as opened:
        return export_events(opened, folder / "c.eaf", "eaf", "consensus")


def test_a_consensus_without_any_decision_is_undecided(session: Path, tmp_path: Path) -> None:
    folder = annotations_folder(session)
    with CodingStore(folder, Who("ben")) as store:
        for event in coding_of(session, "anna").on("face"):
            store.put("events", event.model_copy(update={"emotion": "fear"}))
    with CodingStore(folder, Who("consensus")):
        pass  # opened, and closed again
    said = "consensus: 2 events of its coders are undecided on face"
    assert any(note.startswith(said) for note in _of_consensus(session, tmp_path))
    cell = agreed(read_facts(session.parent, session).coders)
    assert (cell.state, cell.why) == (StepState.MISSING, "2 events are undecided")
    with CodingStore(folder, Who("cleo")):
        pass  # of three coders, two may have nothing to decide
    with CodingStore(folder, Who("dora")):
        pass
    assert not any("undecided" in note for note in _of_consensus(session, tmp_path))


def test_decisions_hold_where_a_repair_has_changed_the_times(session: Path, tmp_path: Path) -> None:
    folder = annotations_folder(session)
    with CodingStore(folder, Who("ben")) as store:
        for event in coding_of(session, "anna").on("face"):
            store.put("events", event.model_copy(update={"emotion": "fear"}))
    found = cases(coding_of(session, "anna"), coding_of(session, "ben"), "face")
    with CodingStore(folder, Who("consensus")) as store:
        for case in found:
            store.put_decision(*settled(case, ("anna", "ben"), "first", "cleo"))
    assert not any("undecided" in note for note in _of_consensus(session, tmp_path))
    for names in (("ben",), ("anna", "ben")):  # one has coded after the repair, and both
        for name in names:
            with CodingStore(folder, Who(name)) as store:
                for event in store.coding.on("face"):
                    late: dict[str, Moment] = {
                        mark: at.model_copy(update={"time": at.time + 10.0})
                        for mark, at in event.marks.items()
                    }
                    store.put("events", event.model_copy(update=late))
        assert not any("undecided" in note for note in _of_consensus(session, tmp_path))


@pytest.mark.parametrize("name", ["annotations/anna.csv", "session.csv", "annotations/x/a.eaf"])
def test_no_file_goes_where_it_could_replace_the_session_s(session: Path, name: str) -> None:
    there = {path: path.read_bytes() for path in session.rglob("*") if path.is_file()}
    with pytest.raises(RecordingError, match="lies in a session or among coders' files"):
        out(session, session / name, "eaf" if name.endswith(".eaf") else "samm")
    with pytest.raises(RecordingError, match="a table is no JSON"):
        out(session, session.parent / "anna.json", "samm")
    assert {path: path.read_bytes() for path in session.rglob("*") if path.is_file()} == there


def in_three_states(folder: Path) -> list[Event]:
    """Have the coder carl say of an offset that it is there, unset, and not coded for good."""
    with open_session(folder) as opened:
        frames = frame_times(opened.cameras["face"])
        first = frames.nearest(clips_of(opened)[0].start + 0.1).frame
    found = [
        Event(id=f"c{n}", camera="face", onset=frames.moment(at), apex=frames.moment(at + 2),
              offset=frames.moment(at + 4) if n == 0 else None, offset_coded=n != 2, kind="macro",
              note="one\ntwo\tthree", confidence=4, suggestion_used=True)
        for n, at in enumerate(range(first, first + 30, 10))
    ]  # fmt: skip
    with CodingStore(annotations_folder(folder), Who("carl")) as store:
        for one in found:
            store.put("events", one)
    return found


@pytest.mark.parametrize(("form", "name"), FILES)
def test_what_a_form_cannot_give_back_is_said(
    session: Path, tmp_path: Path, form: Form, name: str
) -> None:
    found = in_three_states(session)
    with open_session(session) as opened:
        notes = "\n".join(export_events(opened, tmp_path / name, form, "carl"))
    assert take_in(session, tmp_path / name, form, "ben").faults == ()
    again = coding_of(session, "ben").on("face")
    words = {
        "offset_coded": "offset of 1 events is not set yet",
        "note": "note",
        "confidence": "confidence of 3 events",
        "suggestion_used": "use of a suggestion of 3 events",
        "kind": "micro or macro of 3 events",
    }
    for field, said in words.items():
        same = [getattr(e, field) for e in again] == [getattr(e, field) for e in found]
        assert same == (said not in notes), (field, notes)


def test_an_event_without_onset_comes_in_again(session: Path, tmp_path: Path) -> None:
    found = in_three_states(session)[0]
    with CodingStore(annotations_folder(session), Who("dora")) as store:
        store.put("events", found.model_copy(update={"onset": None}))
    for form, name in FILES:
        with open_session(session) as opened:
            export_events(opened, tmp_path / name, form, "dora")
        assert take_in(session, tmp_path / name, form, f"x{form}".replace("-", "")).faults == (), (
            form
        )
        (again,) = coding_of(session, f"x{form}".replace("-", "")).on("face")
        assert again.onset is None, form
        assert again.apex == found.apex, form


def test_events_of_another_camera_are_told(session: Path, tmp_path: Path) -> None:
    with CodingStore(annotations_folder(session), Who("anna")) as store:
        store.put(
            "events", store.coding.events["a"].model_copy(update={"id": "s", "camera": "side"})
        )
    told = "anna, 1 events: are of the camera side, which has no index; left out"
    assert told in out(session, tmp_path / "a.csv", "casme2")
    (done,) = exported("bids", [session], tmp_path / "bids", bids.Settings(coder="anna"))
    assert told in "\n".join(done.notes)
    settings = clips.Settings(form="pair", coder="anna")
    (done,) = exported("clips", [session], tmp_path / "clips", settings)
    assert told in "\n".join(done.notes)


def test_rows_of_another_participant_or_clip_are_told(session: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion\n"
        "1,trial-001/img1.jpg,3,5,9,4,sadness\n"
        "1,trial-001,3,5,9,4,sadness\n"
        "2,trial-001,3,5,9,4,sadness\n"
        "1,EP99,3,5,9,4,sadness\n"
        "1,face,3,5,900000,4,sadness\n"
        "1,trial-001,2000,2005,2009,4,sadness\n"
    )
    (exported_clips,) = exported(
        "clips", [session], tmp_path / "clips", clips.Settings(form="frames")
    )
    count = sum("trial-001" in name and name.endswith(".png") for name in exported_clips.files)
    done = take_in(session, path, "casme2", "ben")
    assert done.faults == (
        "line 2: no clip 'trial-001/img1.jpg' in this session; left out",
        "line 5: no clip 'EP99' in this session; left out",
        "line 6: face has no frame 899999; its last is 897; left out",
        f"line 7: trial-001 has no frame 2000; its last is {count}; left out",
        "1 rows are of other participants; left out",
    )
    with open_session(session) as opened:
        start = clips_of(opened)[0].start
        first = int(opened.cameras["face"].times.searchsorted(start))
    assert frames_of(session, "ben") == [
        {"onset": first + 2, "apex": first + 4, "offset": first + 8}
    ]


@pytest.mark.parametrize(("form", "name"), FILES)
def test_an_event_whose_marks_are_in_no_order_is_named_and_not_turned_round(
    session: Path, tmp_path: Path, form: Form, name: str
) -> None:
    """BORIS would have it begin at its first frame, whichever that is."""
    first = frames_of(session, "anna")[0]["onset"]
    with open_session(session) as opened:
        frames = frame_times(opened.cameras["face"])
    marks = {"onset": frames.moment(first + 3), "apex": frames.moment(first)}
    with CodingStore(annotations_folder(session), Who("anna")) as store:
        store.put("events", store.coding.events["a"].model_copy(update=marks))
    notes = out(session, tmp_path / name, form)
    said = (
        f"anna, event a: apex is before onset (onset {first + 3}, apex {first}, offset {first + 9})"
    )
    assert f"{said}; left out" in notes
    done = take_in(session, tmp_path / name, form, "ben")
    assert frames_of(session, "ben") == frames_of(session, "anna")[1:]
    assert not done.faults


def test_a_coder_who_has_not_coded_is_told_with_those_who_have(
    session: Path, tmp_path: Path
) -> None:
    with (
        open_session(session) as opened,
        pytest.raises(RecordingError, match="not coded by 'ben'; there are: anna"),
    ):
        export_events(opened, tmp_path / "a.eaf", "eaf", "ben")
    (done,) = exported("clips", [session], tmp_path / "x", clips.Settings(coder="consensus"))
    assert "not coded by 'consensus'" in done.error
    with pytest.raises(RecordingError, match="of which corpus"):
        form_of(tmp_path / "a.csv", None)
    assert form_of(tmp_path / "a.EAF", None) == "eaf"


def test_clips_of_a_coder_have_the_coded_frames(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "clips"
    settings = clips.Settings(form="pair", coder="anna")
    (done,) = exported("clips", [session], target, settings)
    assert done.outcome == "exported"
    with (target / session.name / "clips.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    coded = frames_of(session, "anna")
    assert [int(r["first_frame"]) + int(r["onset_frame"]) for r in rows] == [
        c["onset"] for c in coded
    ]
    assert [r["action_units"] for r in rows] == ["4+L12B", "R14A"]
    assert (target / session.name / "clips.jsonl").exists()
    (again,) = exported("clips", [session], target, settings)
    assert again.outcome == "there already"
    with CodingStore(annotations_folder(session), Who("anna")) as store:
        store.remove("events", "b")
    (after,) = exported("clips", [session], target, settings)
    assert after.outcome == "exported"  # what was coded since is in it
    with (target / session.name / "clips.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 1


def test_mmme_s_sheet_is_filled_by_a_coder(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "mmme"
    exported("mmme", [session], target, mmme.Settings(coder="anna"))
    with (target / "01" / session.name / "coding_file.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first, second, *empty = rows
    assert (first["Type"], first["OffsetCoded"], first["dif"]) == ("micro", "yes", "4")
    assert (second["OffsetTime"], second["OffsetCoded"]) == ("", "no")
    assert all(row["OnsetTime"] == "" and row["Marker"] for row in empty)
    done = take_in(session, target / "01" / session.name / "coding_file.csv", "mmme", "ben")
    assert frames_of(session, "ben") == frames_of(session, "anna")
    assert done.faults == ()  # clips that nobody coded are none


def test_what_has_no_clip_in_mmme_s_sheet_is_told(session: Path, tmp_path: Path) -> None:
    with open_session(session) as opened:
        first = frame_times(opened.cameras["face"]).moment(0)
    with CodingStore(annotations_folder(session), Who("anna")) as store:
        store.put("events", Event(id="early", camera="face", onset=first))
    (done,) = exported("mmme", [session], tmp_path / "out", mmme.Settings(coder="anna"))
    assert "1 events lie in no clip; left out" in done.notes
    assert "1 events lie in no clip; left out" in out(session, tmp_path / "a.csv", "mmme")


def test_expressions_are_among_the_events_of_bids(session: Path, tmp_path: Path) -> None:
    (done,) = exported("bids", [session], tmp_path / "bids", bids.Settings(coder="anna"))
    assert done.outcome == "exported", done.error
    (events,) = (tmp_path / "bids").rglob("*_events.tsv")
    with events.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    coded = [row for row in rows if row["trial_type"].endswith("expression")]
    assert [row["trial_type"] for row in coded] == ["micro-expression", "macro-expression"]
    assert [row["action_units"] for row in coded] == ["4+L12B", "R14A"]
    assert coded[1]["offset_frame"] == coded[1]["duration"] == "n/a"
    onsets = [float(row["onset"]) for row in rows]
    assert onsets == sorted(onsets)
    about = json.loads(events.with_suffix(".json").read_text())
    assert "from 0" in about["onset_frame"]["Description"]


def test_annotations_may_lie_elsewhere(session: Path, tmp_path: Path) -> None:
    out(session, tmp_path / "a.eaf", "eaf")
    elsewhere = tmp_path / "own"
    take_in(session, tmp_path / "a.eaf", None, "ben", annotations=elsewhere)
    assert not (session / "annotations" / "ben.json").exists()
    assert (elsewhere / session.name / "ben.json").exists()
    settings = clips.Settings(form="pair", coder="ben", annotations=elsewhere)
    (done,) = exported("clips", [session], tmp_path / "clips", settings)
    assert done.outcome == "exported"


def test_nobody_imports_as_the_consensus(session: Path, tmp_path: Path) -> None:
    out(session, tmp_path / "a.eaf", "eaf")
    with pytest.raises(RecordingError, match="no coder can be called consensus"):
        take_in(session, tmp_path / "a.eaf", None, "Consensus")
    assert {path.suffix for path in annotations_folder(session).iterdir()} <= {
        ".json", ".journal", ".lock"
    }  # fmt: skip
    assert not list(annotations_folder(session).glob("[cC]onsensus*"))


def test_agreement_is_of_frames_where_times_are_those_of_before_a_repair(
    session: Path, tmp_path: Path
) -> None:
    out(session, tmp_path / "a.eaf", "eaf")
    take_in(session, tmp_path / "a.eaf", None, "ben", looked=True)
    take_in(session, tmp_path / "a.eaf", None, "anna", looked=True)
    folder = annotations_folder(session)
    (fresh,), _ = read_sessions([session])
    assert not fresh.notes
    with CodingStore(folder, Who("ben")) as store:
        for event in store.coding.on("face"):
            late: dict[str, Moment] = {
                name: Moment(time=at.time + 10.0, frame=at.frame, device_frame=at.device_frame)
                for name, at in event.marks.items()
            }
            store.put("events", event.model_copy(update=late))
    (odd,), problems = read_sessions([session])
    assert not problems
    (note,) = odd.notes
    assert "2 events of ben have other times than their frames; the frames count" in note
    found = study_agreement([odd])
    assert found.notes == odd.notes
    assert found.pairs == study_agreement([fresh]).pairs
    assert found.pairs[0].agreement.by_apex.hits == 1
    assert {b.differences.bias_ms for b in found.pairs[0].agreement.boundaries} <= {0.0, None}


def shown_again(opened: Session) -> list[Piece]:
    """The clip of a session, as if it had been shown three times."""
    (clip,) = clips_of(opened)
    return [
        replace(clip, name=f"trial-{n}", start=clip.start + n / 2, end=clip.start + n / 2 + 0.4)
        for n in range(3)
    ]


def test_events_of_a_clip_that_is_shown_again_stay_in_it(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("coding", "coding_import"):
        monkeypatch.setattr(f"recordings.export.{module}.clips_of", shown_again)
    with open_session(session) as opened:
        frames = frame_times(opened.cameras["face"])
        starts = [clip.start for clip in shown_again(opened)]
    with CodingStore(annotations_folder(session), Who("zoe")) as store:
        for number, start in enumerate(starts):
            apex = frames.nearest(start + 0.1)
            store.put(
                "events", Event(id=f"z{number}", camera="face", apex=apex, offset_coded=False)
            )
    with open_session(session) as opened:
        export_events(opened, tmp_path / "a.csv", "mmme", "zoe")
    done = take_in(session, tmp_path / "a.csv", "mmme", "ben")
    assert done.faults == ()
    assert frames_of(session, "ben") == frames_of(session, "zoe")


def test_the_clip_of_a_row() -> None:
    clips = [
        Piece("trial-001", 0, 1, 101),
        Piece("trial-002", 2, 3, 102),
        Piece("trial-003", 4, 5, 101),
    ]
    names = ClipNames(clips)
    assert names.find(102.0, "whatever") is clips[1]
    for name in ("trial-003", "frames/101-2", "frames\\101-2", "101-2 "):
        assert names.find(101.0, name) is clips[2]
    assert names.find(101.0, "frames/101") is clips[0]
    for marker, name, said in (
        (None, "", "no clip with marker"),
        (103, "", "no clip with marker 103"),
        (101.5, "", "no clip with marker 101.5"),
        (101, "", "marker 101 begins 2 clips, and Filename '' is none"),
        (101, "trial-002", "marker 101 begins 2 clips"),
    ):
        with pytest.raises(ValueError, match=said):
            names.find(marker, name)


def test_what_does_not_begin_in_its_clip_is_told(session: Path, tmp_path: Path) -> None:
    with open_session(session) as opened:
        (clip,) = clips_of(opened)
    length = clip.end - clip.start
    path = tmp_path / "coded.csv"
    path.write_text(
        "Subject,Marker,OnsetTime,ApexTime,OffsetTime,Action Units,Estimated Emotion\n"
        f"1,{clip.code},{length - 0.05:.3f},{length + 0.1:.3f},,4,sad\n"
        f"1,{clip.code},{length + 0.5:.3f},{length + 0.6:.3f},,4,sad\n"
        f"1,{clip.code},-0.1,0.1,0.2,4,sad\n"
    )
    said = tuple(
        f"line {n}: begins {begun:g} s into its clip, which lasts {length:.3f} s; left out"
        for n, begun in ((3, round(length + 0.5, 3)), (4, -0.1))
    )
    assert take_in(session, path, "mmme", "ben").faults == said
    assert len(frames_of(session, "ben")) == 1
    settings = clips.Settings(events=path, form="pair")
    (done,) = exported("clips", [session], tmp_path / "pair", settings)
    assert done.notes == tuple(f"coded.csv, {text}" for text in said)
