"""BIDS datasets, judged by the official validator and read back by mne-bids."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import open_session
from recordings.export.bids.dataset import Settings
from recordings.export.bids.shared_tables import read_tsv
from tests.recordings.exporting import RATINGS, all_files, exported, study

SETTINGS = Settings(name="A study")
EEG = Path("sub-01/ses-01/eeg/sub-01_ses-01_task-test_run-01")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def dataset(sessions: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bids")
    stimuli = target.parent / "clips"
    stimuli.mkdir(exist_ok=True)
    with open_session(sessions[0]) as session:
        shown = [trial.stimulus for trial in session.trials()]
    for name in shown:
        (stimuli / f"{name}.mp4").write_bytes(b"not looked into")
    settings = Settings(name="A study", stimuli=stimuli)
    done = exported("bids", sessions, target, settings)
    assert [d.outcome for d in done] == ["exported", "exported"], done
    return target


def _validate(folder: Path) -> list[dict[str, Any]]:
    program = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("bids-validator-deno is not installed")
    done = subprocess.run(
        [program, str(folder), "--format", "json"], capture_output=True, text=True, timeout=120
    )
    answer = json.loads(done.stdout)
    return [i for i in answer["issues"]["issues"] if i.get("severity") == "error"]


def test_the_validator_finds_no_error(dataset: Path) -> None:
    assert _validate(dataset) == []


def test_both_participants_are_in_the_shared_tables(dataset: Path) -> None:
    _, rows = read_tsv(dataset / "participants.tsv")
    assert [row["participant_id"] for row in rows] == ["sub-01", "sub-02"]
    _, ratings = read_tsv(next((dataset / "phenotype").glob("*.tsv")))
    assert ratings[0]["clip_1_valence"] == "7"  # whichever trial that was


def test_mne_bids_reads_what_was_recorded(dataset: Path, sessions: list[Path]) -> None:
    import mne_bids

    path = mne_bids.BIDSPath(
        subject="01", session="01", task="test", run="01", datatype="eeg", root=dataset
    )
    raw = mne_bids.read_raw_bids(path, verbose="error")
    with open_session(sessions[0]) as session:
        values = session["eeg"].read()[1]
    assert raw.info["sfreq"] == 1000.0
    assert raw.info["line_freq"] == 50.0
    np.testing.assert_allclose(raw.get_data()[0, :1900] * 1e6, values[:1900, 0], atol=0.2)


def test_events_stand_where_the_trigger_line_steps(dataset: Path, sessions: list[Path]) -> None:
    _, rows = read_tsv(dataset / f"{EEG}_events.tsv")
    onsets = [row for row in rows if row["event"] == "onset"]
    assert onsets
    assert all(row["stim_file"] == f"{row['stimulus']}.mp4" for row in onsets)
    with open_session(sessions[0]) as session:
        raw = session.to_mne()
    trigger = raw.get_data(picks=["Trigger"])[0]
    for row in onsets:
        at = int(row["sample"])
        assert float(row["onset"]) == pytest.approx(at / 1000, abs=6e-4)
        if not 1990 < at < 2210:
            assert int(row["value"]) in trigger[at - 1 : at + 3]


def test_physio_is_on_the_time_axis_of_the_eeg(dataset: Path, sessions: list[Path]) -> None:
    about = json.loads((dataset / f"{EEG}_recording-physio_physio.json").read_text())
    with gzip.open(dataset / f"{EEG}_recording-physio_physio.tsv.gz", "rt") as file:
        data = np.loadtxt(file)
    with open_session(sessions[0]) as session:
        values = session["physio"].read()[1]
    np.testing.assert_allclose(data, values, rtol=1e-6, atol=1e-7)
    assert about["Columns"][:2] == ["ecg", "ppg"]
    assert about["SamplingFrequency"] == pytest.approx(1000.0, rel=1e-3)
    assert about["StartTime"] == pytest.approx(-0.0003, abs=2e-4)


def test_a_rerun_does_nothing_and_an_interrupted_one_continues(
    sessions: list[Path], tmp_path: Path
) -> None:
    assert exported("bids", sessions[:1], tmp_path, SETTINGS)[0].outcome == "exported"
    before = all_files(tmp_path)
    stage = tmp_path / ".unisono" / f"{sessions[1].name}.bids.stage"
    (stage / "sub-02").mkdir(parents=True)
    (stage / "sub-02" / "torn").write_text("half")
    done = exported("bids", sessions, tmp_path, SETTINGS)
    assert [d.outcome for d in done] == ["there already", "exported"]
    after = all_files(tmp_path)
    own = {name: size for name, size in before.items() if name != "participants.tsv"}
    assert own.items() <= after.items()
    assert not any("torn" in name for name in after)
    again = exported("bids", sessions, tmp_path, SETTINGS)
    assert [d.outcome for d in again] == ["there already"] * 2
    other = exported("bids", sessions[:1], tmp_path, Settings(name="A study", days_back=400))
    assert other[0].outcome == "exported"
    assert set(all_files(tmp_path)) == set(after)


def test_no_host_name_or_path_gets_into_it(dataset: Path, sessions: list[Path]) -> None:
    for name in all_files(dataset):
        if not name.endswith((".nut", ".eeg", ".gz")):
            text = (dataset / name).read_text(encoding="utf-8-sig")
            assert str(sessions[0].parent) not in text, name
            assert '"lab"' not in text, name


def test_a_session_without_eeg_is_valid_too(sessions: list[Path], tmp_path: Path) -> None:
    for folder in sessions[:1]:
        copy = tmp_path / "study" / folder.name
        shutil.copytree(folder, copy)
        data = (copy / "recording.xdf").read_bytes()
        (copy / "recording.xdf").write_bytes(data.replace(b"<type>EEG<", b"<type>ExG<"))
        (done,) = exported("bids", [copy], tmp_path / "bids", Settings(video="mp4"))
        assert done.outcome == "exported", done
    assert _validate(tmp_path / "bids") == []
    parent = tmp_path / "bids" / "sub-01" / "ses-01" / "beh"
    names = {path.name.split("run-01_")[1] for path in parent.iterdir()}
    assert {"events.tsv", "recording-eeg_physio.tsv.gz", "recording-face_video.mp4"} <= names


def test_two_sessions_of_a_participant_who_was_asked_other_things_are_valid(tmp_path: Path) -> None:
    sessions = study(tmp_path / "data", ("01", "02"))
    other = sessions[0].with_name(sessions[0].name.replace("ses-01", "ses-02"))
    shutil.copytree(sessions[0], other)
    text = json.loads((other / "session.json").read_text()) | {"session": "02"}
    (other / "session.json").write_text(json.dumps(text))
    for folder in (sessions[1], other):
        (folder / "ratings.tsv").write_text(RATINGS.replace("clip-1", "clip-9"))
    done = exported("bids", [*sessions, other], tmp_path / "bids", SETTINGS)
    assert [d.outcome for d in done] == ["exported"] * 3, done
    assert _validate(tmp_path / "bids") == []
    (first, second) = sorted((tmp_path / "bids" / "phenotype").glob("*.tsv"))
    for path, people in ((first, ["sub-01", "sub-02"]), (second, ["sub-01"])):
        columns, rows = read_tsv(path)
        assert [row["participant_id"] for row in rows] == people
        about = json.loads(path.with_suffix(".json").read_text())
        assert set(columns) - {"participant_id"} <= set(about)
    exported("bids", [other, *sessions[::-1]], tmp_path / "turned round", SETTINGS)
    for path in (tmp_path / "bids" / "phenotype").iterdir():
        same = tmp_path / "turned round" / "phenotype" / path.name
        assert same.read_bytes() == path.read_bytes()
