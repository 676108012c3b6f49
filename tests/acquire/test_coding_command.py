"""`unisono coding …` as labs use it: a study, two coders, files, figures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from acquire.cli.windows import _turn
from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Span
from recordings.annotation.store import CodingStore
from recordings.errors import RecordingError
from recordings.export.coding_turns import next_session, turns_of
from recordings.layout import PLAN_NAME
from recordings.manifest import Manifest
from recordings.read.sessions import find_sessions
from recordings.repair.session import repair
from tests.acquire.program import unisono
from tests.recordings.annotation.coded import event
from tests.recordings.annotation.test_agreement import FIRST, SECOND
from tests.recordings.exporting import study
from tests.recordings.strip_session import Film, make_session


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """A study whose first session two coders coded; ben has looked at part of it."""
    first, _ = study(tmp_path / "data", ("01", "02"))
    for coder, events, last in (("anna", FIRST, 897), ("ben", SECOND, 799)):
        with CodingStore(annotations_folder(first), Who(coder), scheme="mmme") as store:
            for one in events:
                store.put("events", one)
            store.put("looked", Span(id="s", camera="face", first=0, last=last))
    (tmp_path / "data" / "coding.toml").write_text('coders = ["anna", "ben"]\noverlap = 1.0\n')
    return tmp_path / "data"


def test_agreement_as_table_json_and_page(coded: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = unisono("coding", "agreement", str(coded), "--html", str(page), folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "anna and ben, two coders" in done.stdout
    assert "0.92 (12/13)" in done.stdout
    assert "4 of 5/5" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3  # onset, apex, offset
    assert "<script" not in text
    assert "Confusion of units" in text
    done = unisono("coding", "agreement", str(coded), "--json", folder=tmp_path)
    whole, session = done.json["pairs"]
    assert whole["agreement"]["by_interval"]["f1"] == pytest.approx(0.8)
    assert (whole["session"], session["session"]) == ("", "sub-01_ses-01_task-test_run-01")
    assert whole["agreement"] == session["agreement"]
    (anna, ben) = done.json["progress"]
    assert (anna["looked"]["value"], ben["looked"]["count"]) == (1.0, 800)


def test_a_name_in_a_file_is_text_on_the_page(coded: Path, tmp_path: Path) -> None:
    folder = next(coded.rglob("annotations"))
    (folder / "<b>x.json").write_text("{}")
    done = unisono(
        "coding", "agreement", str(coded), "--html", str(tmp_path / "page.html"), folder=tmp_path
    )
    assert done.code == 1
    assert "not read: coder '<b>x'" in done.stderr
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;x" in text
    assert "<b>x" not in text


def test_turns_are_those_of_the_plan(coded: Path, tmp_path: Path) -> None:
    done = unisono("coding", "turns", str(coded), "anna", folder=tmp_path)
    assert sorted(done.stdout.split()) == [
        "sub-01_ses-01_task-test_run-01", "sub-02_ses-01_task-test_run-01",
    ]  # fmt: skip
    done = unisono("coding", "turns", str(coded), "anna", "--by", "trial", folder=tmp_path)
    assert "trial 1" in done.stdout
    refused = unisono("coding", "turns", str(coded), "eve", folder=tmp_path)
    assert refused.code == 2
    assert "names no coder 'eve'; it has anna, ben" in refused.stderr


def test_what_comes_next_is_what_was_not_looked_at(coded: Path) -> None:
    found, name, _ = next_session(coded, "anna")
    session = found.session
    assert (session.name, name) == ("sub-02_ses-01_task-test_run-01", "anna")
    # Ben has looked at the first until frame 799: its last trial is not over by then.
    ben = [turn.session for turn in turns_of(coded, "ben", "session").coded]
    assert next_session(coded, "ben")[0].session == ben[0]
    with CodingStore(annotations_folder(session), Who("anna"), scheme="mmme") as store:
        store.put("looked", Span(id="s", camera="face", first=0, last=500))
        assert next_session(coded, "anna")[0].session == session
        store.put("not_codable", Span(id="h", camera="face", first=501, last=2000, reason="hand"))
    with pytest.raises(RecordingError, match="looked at all 2 sessions"):
        next_session(coded, "anna")


def test_only_the_cameras_that_the_study_codes_are_asked_for(coded: Path, tmp_path: Path) -> None:
    plan = 'coders = ["anna", "ben"]\noverlap = 1.0\ncameras = ["face"]\n'
    first = find_sessions([coded])[0]
    with CodingStore(annotations_folder(first), Who("anna")) as store:
        store.put("looked", Span(id="b", camera="body", first=0, last=9))
    (coded / PLAN_NAME).write_text(plan)
    assert next_session(coded, "anna")[0].session != first
    done = unisono("coding", "agreement", str(coded), "--json", folder=tmp_path)
    assert f"{first.name}: what anna coded on body is left out" in done.stderr
    assert done.json["progress"][0]["looked"]["value"] == 1.0
    (coded / PLAN_NAME).write_text(plan.replace("face", "fase"))
    said = r"all 0 sessions of the order that can be coded; not read: .*cameras = fase: .* but face"
    with pytest.raises(RecordingError, match=said):
        next_session(coded, "anna")
    done = unisono("coding", "agreement", str(coded), folder=tmp_path)
    assert "no two coders have looked at the same frames" in done.stdout
    assert "cameras = fase: this session has none of these but face" in done.stderr


def test_files_of_other_programs_are_of_the_camera_that_is_coded(tmp_path: Path) -> None:
    film = Film(noise=False)
    folder = make_session(tmp_path, film, replace(film, name="side")).folder
    (tmp_path / "study" / PLAN_NAME).write_text('coders = ["anna"]\ncameras = ["side"]\n')
    with CodingStore(annotations_folder(folder), Who("anna")) as store:
        store.put("events", event("a", 10, 12, 20, "4", camera="side"))
    file = tmp_path / "a.tsv"
    done = unisono("coding", "export", str(folder), "anna", str(file), folder=tmp_path)
    assert (done.code, file.read_text().count("\n")) == (0, 2), done.stderr
    done = unisono("coding", "import", str(file), str(folder), "--as", "ben", folder=tmp_path)
    assert "taken as of the camera side; --camera names another" in done.stdout
    assert [one.camera for one in coding_of(folder, "ben").events.values()] == ["side"]
    done = unisono(
        "coding", "export", str(folder), "anna", str(file), "--camera", "face", folder=tmp_path
    )
    assert "1 events: are of the camera side; left out" in done.stdout
    done = unisono("study", "status", str(tmp_path), folder=tmp_path)
    assert "○ missing: anna 0 %, ben 0 %" in done.stdout


@pytest.mark.parametrize(("hidden", "said"), [("", "sub-02_ses-01"), ("participant", "the next")])
def test_what_comes_next_is_named_unless_the_participant_is_hidden(
    coded: Path, capsys: pytest.CaptureFixture[str], hidden: str, said: str
) -> None:
    plan = f'coders = ["anna", "ben"]\noverlap = 1.0\nhide = {[hidden] if hidden else []}\n'
    (coded / PLAN_NAME).write_text(plan)
    session, name = _turn(coded, "anna", None)
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.endswith(f", as {name}\n")
    assert (session.name in told) == (not hidden)


def test_what_cannot_be_read_keeps_no_other_from_being_coded(
    coded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One unreadable manifest was an error for all coders."""
    (coded / PLAN_NAME).write_text('coders = ["anna", "ben"]\noverlap = 0.0\n')
    before = {name: turns_of(coded, name, "session") for name in ("anna", "ben")}
    first, second = find_sessions([coded])
    recorded = Manifest.load(first).clock[0].when.timestamp()
    os.utime(first / "recording.xdf", (recorded, recorded))
    (first / "session.json").write_text("{")
    (coded / "sub-03").symlink_to("unplugged")
    for name, turns in before.items():
        found = turns_of(coded, name, "session")
        # Who had another one has it still.
        assert found.coded == tuple(turn for turn in turns.coded if turn.session != first)
        assert [problem.partition(": ")[0] for problem in found.problems] == [
            str(first / "session.json"),
            str(coded / "sub-03"),
        ]
    for by in ("session", "trial"):
        outs = [
            unisono("coding", "turns", str(coded), name, "--by", by, folder=tmp_path)
            for name in ("anna", "ben")
        ]
        assert [out.code for out in outs] == [1, 1]
        assert all(first.name in out.stderr and "sub-03" in out.stderr for out in outs)
        assert any(second.name in out.stdout for out in outs)
        uncounted = "those of the 1 recorded after it may be another coder's; repair it"
        assert all((uncounted in out.stderr) is (by == "trial") for out in outs)
    whose = next(name for name, turns in before.items() if turns.coded[0].session == second)
    assert _turn(coded, whose, None)[0] == second
    assert "not read: " in capsys.readouterr().err
    (coded / PLAN_NAME).write_text('coders = ["anna"]\nhide = ["participant"]\n')
    _turn(coded, "anna", None)
    told = capsys.readouterr().err
    assert "sessions that cannot be read: 2" in told
    assert "sub-" not in told


def test_sessions_of_one_name_are_two(coded: Path, tmp_path: Path) -> None:
    """Two rooms that number their participants alike, in one study."""
    alone = [turn.name for turn in turns_of(coded, "ben", "session").coded]
    first, _ = study(coded / "room2", ("01", "02"), seed=13)
    turns = turns_of(coded, "anna", "session").coded
    assert len({turn.session for turn in turns}) == 4
    assert len({turn.name for turn in turns}) == 4
    assert {turn.turn.item.nth for turn in turns} == {1, 2}
    # What was dealt before the other room came is in the order in which it was.
    before = [t for t in turns_of(coded, "ben", "session").coded if "room2" not in t.session.parts]
    assert [turn.session.name for turn in before] == alone
    done = unisono("coding", "turns", str(coded), "anna", folder=tmp_path)
    assert len(set(done.stdout.split())) == 4, done.stdout
    for session in (t.session for t in turns if t.session != first):
        with CodingStore(annotations_folder(session), Who("anna"), scheme="mmme") as store:
            store.put("looked", Span(id="s", camera="face", first=0, last=2000))
    assert next_session(coded, "anna")[0].session == first  # the other one of its name is done
    refused = unisono(
        "coding", "agreement", str(coded), "--annotations", str(tmp_path), folder=tmp_path
    )
    assert refused.code == 2
    assert "have one name, and would have the same files in" in refused.stderr


def test_a_file_goes_out_and_comes_in(coded: Path, tmp_path: Path) -> None:
    session = str(next(coded.rglob("annotations")).parent)
    eaf, table = str(tmp_path / "anna.eaf"), tmp_path / "t.csv"
    out = unisono("coding", "export", session, "anna", eaf, folder=tmp_path)
    assert out.code == 0, out.stderr
    assert "unisono export video" in out.stdout  # the MP4 that it names is not there
    into = ("coding", "import", eaf, session, "--as", "cleo", "--looked")
    done = unisono(*into, folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "6 events, 0 of them there already" in done.stdout
    table.write_text("Subject,Filename,Onset Frame,Apex Frame,Offset Frame\n1,face,9,5,9\n")
    done = unisono(
        "coding", "import", str(table), session, "--as", "cleo", "--form", "samm", folder=tmp_path
    )
    assert done.code == 1
    assert "t.csv, line 2: apex is before onset; left out" in done.stderr
    refused = unisono("coding", "import", str(table), session, "--as", "cleo", folder=tmp_path)
    assert refused.code == 2
    assert "of which corpus? say --form casme2|" in refused.stderr


def test_a_coder_whose_file_is_open_is_not_written_to(coded: Path, tmp_path: Path) -> None:
    folder = next(coded.rglob("annotations"))
    table = tmp_path / "t.csv"
    table.write_text("Subject,Filename,Onset,Apex,Offset\n1,face,9,15,19\n")
    with CodingStore(folder, Who("anna")) as store:
        store.put("events", event("z", 1, 2, 3))
        refused = unisono(
            "coding", "import", str(table), str(folder.parent), "--as", "anna", "--form", "samm",
            folder=tmp_path,
        )  # fmt: skip
    assert refused.code == 2
    assert "anna's file is open in process" in refused.stderr


def test_a_session_and_its_repaired_copy_are_coded_once(coded: Path, tmp_path: Path) -> None:
    """What was coded in both counted twice, and coders were to code the crashed one as well."""
    first = find_sessions([coded])[0]
    before = [turn.session for turn in turns_of(coded, "anna", "session").coded]
    repaired = repair(first).target.parent
    done = unisono("coding", "agreement", str(coded), "--json", folder=tmp_path)
    whole, session = done.json["pairs"]
    assert session["session"] == repaired.name
    assert whole["agreement"] == session["agreement"]
    assert f"{first}: left out with what anna, ben coded in it" in done.stderr
    after = [turn.session for turn in turns_of(coded, "anna", "session").coded]
    assert sorted(after) == sorted(repaired if path == first else path for path in before)
