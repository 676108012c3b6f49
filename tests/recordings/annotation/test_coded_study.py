"""A study's files together: who is compared with whom, what is not read, how far they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from recordings.annotation.agreement.coded_study import (
    CodedSession,
    coders_of,
    coding_of,
    read_sessions,
)
from recordings.annotation.agreement.study_agreement import study_agreement
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Span
from recordings.annotation.plan import Plan
from recordings.annotation.store import CodingStore
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from tests.recordings.annotation.coded import coding, event
from tests.recordings.annotation.test_agreement import FIRST, SECOND


def session(name: str, **codings: object) -> CodedSession:
    there = {coder.replace("_", "+"): found for coder, found in codings.items()}
    return CodedSession(name, 100.0, {"face": 2000}, there)  # type: ignore[arg-type]


def test_who_is_compared_with_whom() -> None:
    one = coding(FIRST)
    coded = session(
        "s", anna=one, anna_2=one, ben=one, cleo=one, consensus=one, expert=one
    )  # fmt: skip
    plan = Plan(coders=("anna", "ben"), gold="expert", trainees=("cleo",))
    found = {
        (p.first, p.second): p.relation for p in study_agreement([coded], plan).pairs if p.session
    }
    assert found == {
        ("anna", "anna+2"): "same coder again",
        ("anna", "ben"): "two coders",
        ("expert", "anna"): "against gold",
        ("expert", "ben"): "against gold",
        ("expert", "cleo"): "against gold",
    }
    without = {(p.first, p.second) for p in study_agreement([coded]).pairs}
    assert ("anna", "cleo") in without
    assert not any("consensus" in pair for pair in without)


def test_a_study_is_its_sessions_together() -> None:
    both = [
        session("one", anna=coding(FIRST), ben=coding(SECOND)),
        session("two", anna=coding([]), ben=coding([], looked=(0, 9))),
        session("three", anna=coding(FIRST, looked=(0, 9)), ben=coding([], looked=(10, 20))),
    ]
    whole, *parts = study_agreement(both).pairs
    assert [part.session for part in parts] == ["one", "two"]  # of three, no frame is shared
    assert whole.agreement.frames == 1010
    assert whole.agreement.by_interval == parts[0].agreement.by_interval


def test_progress_is_of_all_frames() -> None:
    rows = study_agreement([session("s", anna=coding(FIRST, looked=(0, 499)))]).progress
    assert [(r.coder, r.looked.value, r.events) for r in rows] == [("anna", 0.25, 6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sub-01_ses-01_task-test_run-01"
    made.mkdir()
    Manifest(
        state=State.COMPLETE, study="s", participant="01", session="01", task="test", run=1,
        software={}, host={}, lsl_start=100.0,
    ).save(made)  # fmt: skip
    for coder in ("anna", "ben"):
        with CodingStore(annotations_folder(made), Who(coder)) as store:
            store.put("events", event(coder, 1, 2, 3))
    return made


def test_what_cannot_be_read_is_named_and_the_rest_is_read(folder: Path) -> None:
    path = annotations_folder(folder) / "ben.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"version": 9}))
    (found,), problems = read_sessions([folder])
    assert list(found.codings) == ["anna"]
    assert len(problems) == 1
    assert "ben.json: written as unisono-coding version 9" in problems[0]
    assert coders_of(folder) == ["anna", "ben"]
    with pytest.raises(RecordingError, match="not coded by 'cleo'; there are: anna, ben"):
        coding_of(folder, "cleo")


def test_two_sessions_of_one_name_are_two(folder: Path, tmp_path: Path) -> None:
    with CodingStore(annotations_folder(folder), Who("anna")) as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=99))
    with CodingStore(annotations_folder(folder), Who("ben")) as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=99))
    other = shutil.copytree(folder, tmp_path / "other" / folder.name)
    Manifest.load(other).model_copy(update={"lsl_start": 99.0}).save(other)  # another room
    found, problems = read_sessions([folder, other])
    assert not problems
    whole, *parts = study_agreement(found).pairs
    assert whole.agreement.frames == 200
    assert [part.session for part in parts] == [
        f"{tmp_path.name}/{folder.name}", f"other/{folder.name}",
    ]  # fmt: skip


def test_a_copy_of_another_coder_s_file_is_told(folder: Path) -> None:
    where = annotations_folder(folder)
    shutil.copy(where / "anna.json", where / "cleo.json")
    (found,), problems = read_sessions([folder])
    assert not problems
    (note,) = found.notes
    assert "cleo.json was begun by anna, whose file is there, too" in note
    (where / "anna.json").rename(where / "dora.json")
    (where / "anna.journal").unlink()
    (found,), _ = read_sessions([folder])
    assert not found.notes  # who is called otherwise now is no copy


def test_a_file_that_is_another_session_s_is_told(folder: Path) -> None:
    late = Manifest.load(folder).model_copy(update={"lsl_start": 900.0, "lsl_stop": 960.0})
    late.save(folder)  # the same files of coders, copied into a later session
    (found,), _ = read_sessions([folder])
    assert [note.partition(": ")[2] for note in found.notes] == [
        f"1 events of {coder} lie outside of the recording by their times: is the file that of "
        "another session?"
        for coder in ("anna", "ben")
    ]


def test_schemes_that_differ_are_told(folder: Path) -> None:
    for coder, scheme in (("cleo", "samm"), ("dora", "mmme")):
        with CodingStore(annotations_folder(folder), Who(coder), scheme=scheme):
            pass
    (found,), _ = read_sessions([folder])
    (note,) = found.notes
    assert note.endswith("whose words may differ: cleo samm, dora mmme")


def test_what_macos_lays_beside_a_file_is_no_coder(folder: Path) -> None:
    (annotations_folder(folder) / "._anna.json").write_bytes(b"\0\5\x16\7")
    assert coders_of(folder) == ["anna", "ben"]


def test_a_file_that_is_being_written_is_read_as_it_is(folder: Path) -> None:
    with CodingStore(annotations_folder(folder), Who("anna")) as store:
        store.put("events", event("more", 5, 6, 7))
        (found,), problems = read_sessions([folder])
        assert not problems
        assert found.codings["anna"] == store.coding


def test_codings_that_are_out_of_reach_are_told(folder: Path, tmp_path: Path) -> None:
    """They were none: no two coders had looked at the same frames."""
    shutil.rmtree(annotations_folder(folder))
    annotations_folder(folder).symlink_to(tmp_path / "unplugged")
    _, problems = read_sessions([folder])
    (problem,) = problems
    assert problem.endswith("annotations: a link that leads nowhere: who coded there is not known")
    with pytest.raises(RecordingError, match="is no folder; name the one with the coders' files"):
        read_sessions([folder], tmp_path / "typo")
