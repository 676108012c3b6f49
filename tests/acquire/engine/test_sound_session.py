"""A microphone in a recording that is split: each block in one take, on the clock of all others."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError
from recordings.export.staging import run_task
from recordings.export.tables import Settings
from recordings.manifest import Manifest, State
from recordings.privacy.erase import erase, plan
from recordings.privacy.identity import find_traces
from recordings.read.session import open_session
from recordings.read.sound import TooManyOnsets
from recordings.repair.session import finish_session
from recordings.sound.writer import SoundWriter
from recordings.stream_kinds import INDEX_CHANNELS, SOUND_TYPE, Fate
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import alive, load, unique, wait_for

RIG = """
[[device]]
name = "{mic}"
driver = "simulated-microphone"

[[device]]
name = "{{marks}}"
driver = "simulated-markers"
"""
NUMBER, FATE = (INDEX_CHANNELS.index(name) for name in ("device_frame", "fate"))


@dataclass(frozen=True)
class Run:
    """A recording that was split twice."""

    folders: list[Path]
    sound: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder, mic = tmp_path_factory.mktemp("sound"), unique("mic")
    with Daemon(folder, rig=RIG.format(mic=mic)) as daemon:
        daemon.idle()
        started = daemon.post("recording/start", {"participant": "01"})
        daemon.wait_for_samples(f"{mic}-sound", 300)
        splits = []
        for _ in range(2):
            splits.append(daemon.post("recording/split"))
            daemon.wait_for_samples(f"{mic}-sound", 60)
        daemon.post("recording/stop")
        daemon.end()
    sessions = [started["session"], *(split["after"]["session"] for split in splits)]
    return Run(list(map(Path, sessions)), f"{mic}-sound")


def test_each_block_is_in_one_take(run: Run) -> None:
    rows = [load(f / "recording.xdf")[run.sound].data for f in run.folders]
    stored = [part[part[:, FATE] == Fate.STORED.code] for part in rows]
    numbers = np.concatenate(stored)[:, NUMBER]
    assert (np.diff(numbers) == 1).all()
    for folder, part in zip(run.folders, stored, strict=True):
        (entry,) = Manifest.load(folder).sounds
        assert entry.frames == len(part) == entry.fates[Fate.STORED]
        assert entry.captured == sum(entry.fates.values())


def test_the_sound_goes_on_from_file_to_file(run: Run) -> None:
    """The tone has no leap where one file ends and the next begins."""
    ends = []
    for folder in run.folders:
        with open_session(folder) as session:
            times, samples = session.sounds[run.sound].read()
        assert (np.diff(times) > 0).all()
        ends.append((times, samples))
    for (before, first), (after, second) in itertools.pairwise(ends):
        assert after[0] - before[-1] == pytest.approx(1 / 48_000, abs=2e-4)
        tone = np.concatenate([first[-200:], second[:200]])[:, 0].astype(float)
        assert np.abs(np.diff(tone)).max() < 15 or np.abs(tone).max() > 1000  # or within a click


def test_a_block_that_takes_longer_than_a_stop_waits_is_in_its_take(tmp_path: Path) -> None:
    mic = unique("mic")
    slow = RIG.replace('microphone"', 'microphone"\nsample_rate_hz = 8000\nblock = 8192')
    with Daemon(tmp_path, rig=slow.format(mic=mic)) as daemon:
        daemon.idle()
        before = daemon.post("recording/start", {"participant": "01"})["session"]
        daemon.wait_for_samples(f"{mic}-sound", 3)
        after = daemon.post("recording/split")["after"]["session"]
        daemon.wait_for_samples(f"{mic}-sound", 2)
        daemon.post("recording/stop")
        daemon.end()
    takes = [Path(session) for session in (before, after)]
    rows = [load(folder / "recording.xdf")[f"{mic}-sound"] for folder in takes]
    for folder, part in zip(takes, rows, strict=True):
        (entry,) = Manifest.load(folder).sounds
        assert entry.fates[Fate.STORED] == entry.captured == entry.frames == len(part.data)
    assert (np.diff(np.concatenate([part.data for part in rows])[:, NUMBER]) == 1).all()
    last, stop = rows[-1].stamps[-1], Manifest.load(takes[-1]).lsl_stop
    assert stop is not None
    assert last + 1.024 > stop  # all of it was stored, the block that was not over at the stop too


def test_it_is_a_file_of_the_take(run: Run) -> None:
    for folder in run.folders:
        manifest = Manifest.load(folder)
        (entry,) = manifest.sounds
        (file,) = (f for f in manifest.files if f.path == entry.file)
        assert entry.file == f"{run.sound}.flac"
        assert file.sha256 == sha256_of(folder / entry.file)
        assert (entry.sample_rate_hz, entry.channels, entry.block) == (48_000, 1, 1024)
        (stream,) = (s for s in manifest.streams if s.name == run.sound)
        assert stream.type == SOUND_TYPE
        assert stream.simulated


def test_the_certificate_finds_the_clicks(run: Run) -> None:
    report = check(run.folders[0])
    assert report.verdict is Verdict.PASS, report.findings
    (ledger,) = report.sounds
    assert ledger.stored == ledger.packets > 250
    (found,) = (t for t in report.truth if t.kind == "click")
    assert found.truth.events >= 1
    assert found.truth.missed == 0
    assert found.truth.max_ms < 1.0


def test_onsets_lie_at_their_markers(run: Run) -> None:
    with open_session(run.folders[0]) as session:
        onsets = session.sounds[run.sound].onsets()
        markers = np.array([m.time for m in session.markers() if "stimulus" in m.marker.fields])
        inside = markers[(markers > session.start + 0.2) & (markers < session.stop - 0.2)]
        assert len(inside)
        around = [session.sounds[run.sound].read(t - 1e-3, t + 1e-3) for t in onsets.tolist()]
    nearest = np.abs(onsets[:, None] - inside).min(axis=0)
    assert nearest.max() < 1e-3
    for onset, (times, samples) in zip(onsets, around, strict=True):
        soft, loud = (np.abs(samples[part]).max() for part in (times < onset, times > onset))
        assert loud > 10 * soft
        # Between the two samples, or its doubt would be a whole one, and the bounds have a half.
        assert np.abs(times - onset).min() == pytest.approx(0.5 / 48_000, rel=0.05)


def test_a_sound_that_is_loud_too_often_is_said_to_be_no_series_of_taps(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(run.folders[0]) as session, pytest.raises(TooManyOnsets) as caught:
        session.sounds[run.sound].onsets(most=0)
    assert "times, 0 are the most" in str(caught.value)
    before = check(run.folders[0])
    monkeypatch.setattr("recordings.check.media.MOST_ONSETS", 0)
    report = check(run.folders[0])
    (told,) = (f for f in report.findings if f.code == "onsets-too-many")
    assert (told.level, told.subject) == ("info", run.sound)
    assert "is no series of taps, and is compared with no markers" in told.text
    assert (report.verdict, report.taps) == (before.verdict, ())


def test_a_file_that_is_cut_or_changed_fails(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(run.folders[0], tmp_path / run.folders[0].name)
    file = folder / f"{run.sound}.flac"
    file.write_bytes(file.read_bytes()[:-20_000])
    codes = {f.code for f in check(folder).findings if f.level == "fail"}
    assert {"file-changed", "ledger-file"} <= codes
    with open_session(folder) as session, pytest.raises(RecordingError, match="cut off or changed"):
        session.sounds[run.sound].read()
    file.unlink()
    report = check(folder)
    assert report.verdict is Verdict.FAIL
    assert any(f.code == "file-missing" and f.subject == file.name for f in report.findings)


def test_a_repair_says_how_much_of_a_sound_is_gone(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(run.folders[0], tmp_path / run.folders[0].name)
    file = folder / f"{run.sound}.flac"
    file.write_bytes(file.read_bytes()[:-20_000])
    assert finish_session(folder) is not None
    manifest = Manifest.load(folder)
    (entry,) = manifest.sounds
    assert entry.taken_back > 0
    text = f"{entry.taken_back:,} of {run.sound} that its rows call stored are in no file"
    assert [text in event.text for event in manifest.events if event.code == "repaired"] == [True]


def test_a_file_that_cannot_be_decoded_fails_without_its_hash(run: Run, tmp_path: Path) -> None:
    """Its packets are all there, so that the ledger agrees."""
    folder = shutil.copytree(run.folders[0], tmp_path / run.folders[0].name)
    file = folder / f"{run.sound}.flac"
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 100] = bytes(100)
    file.write_bytes(data)
    report = check(folder, hashes=False)
    assert report.verdict is Verdict.FAIL, report.findings
    assert any(f.code == "sound-unread" and f.subject == run.sound for f in report.findings)


@pytest.mark.parametrize(
    ("gain", "code"), [(0.0, "sound-silent"), (0.9, None), (1.01, "sound-clipped")]
)
def test_a_microphone_that_was_muted_or_too_loud_is_warned_about(
    gain: float, code: str | None, run: Run, tmp_path: Path
) -> None:
    folder = shutil.copytree(run.folders[0], tmp_path / run.folders[0].name)
    (entry,) = Manifest.load(folder).sounds
    (folder / entry.file).unlink()
    writer = SoundWriter(folder / entry.file, 48_000, 1, entry.block)
    tone = gain * 32767 * np.sin(np.linspace(0, 20 * np.pi, entry.block, endpoint=False))
    for _ in range(entry.frames):
        writer.write(np.clip(tone, -32768, 32767).astype(np.int16)[:, np.newaxis])
    writer.close()
    told = [f for f in check(folder, hashes=False).findings if f.code.startswith("sound-")]
    assert [(f.level, f.code, f.subject) for f in told] == [("warn", code, run.sound)] * bool(code)


def test_a_voice_identifies_and_is_erased(run: Run, tmp_path: Path) -> None:
    study = tmp_path / "study"
    folder = shutil.copytree(run.folders[0], study / "sub-01" / "ses-01" / run.folders[0].name)
    traces = {trace.file: trace.what for trace in find_traces(folder)}
    assert "voice" in traces[f"{run.sound}.flac"]
    old = 1e9  # or it would be taken for one that still runs
    os.utime(folder / "recording.xdf", (old, old))
    done = erase(study, plan(study, "01"))
    assert not done.left
    assert not list(study.rglob("*.flac"))


def test_a_session_with_sound_can_be_replayed_and_recorded(run: Run, tmp_path: Path) -> None:
    """Rows of blocks without the blocks would be a sound that nobody stored."""
    rig = f'[[device]]\nname = "{unique("old")}"\ndriver = "replay"\npath = "{run.folders[0]}"\n'
    with Daemon(tmp_path, rig=rig) as daemon:
        daemon.idle()
        folder = Path(daemon.post("recording/start", {"participant": "01"})["session"])
        daemon.wait_for_samples(run.sound.replace("-sound", "-level"), 50)
        daemon.post("recording/stop")
        said = "".join(daemon.http.get("/api/events").text)
        daemon.end()
    manifest = Manifest.load(folder)
    assert run.sound not in {stream.name for stream in manifest.streams}
    assert not [f for f in check(folder).findings if f.level == "fail"]
    assert f"{run.sound}: sound is not replayed; its level is" in said


def test_an_export_says_that_it_has_no_sound(run: Run, tmp_path: Path) -> None:
    notes = run_task("csv", run.folders[0], tmp_path / "out", Settings())
    assert any(run.sound in note and "a voice identifies" in note for note in notes)
    assert not list(tmp_path.rglob("*.flac"))


def test_after_a_crash_the_sound_is_finished(tmp_path: Path) -> None:
    mic = unique("mic")
    with Daemon(tmp_path, rig=RIG.format(mic=mic)) as daemon:
        daemon.idle()
        folder = Path(daemon.post("recording/start", {"participant": "01"})["session"])
        daemon.wait_for_samples(f"{mic}-sound", 200)
        processes = daemon.tree()
        os.killpg(daemon.process.pid, signal.SIGKILL)
        daemon.http.close()
        daemon.wait()
    wait_for(lambda: not alive(processes), what="the end of its devices, which finish their files")
    assert finish_session(folder) is not None
    manifest = Manifest.load(folder)
    (entry,) = manifest.sounds
    assert manifest.state is State.REPAIRED
    assert entry.frames > 150
    assert entry.fates[Fate.STORED] == entry.frames - entry.untimed
    report = check(folder)
    assert report.verdict is Verdict.WARN, report.findings
    with open_session(folder) as session:
        times, _ = session.sounds[entry.name].read()
    assert len(times) == entry.fates[Fate.STORED] * entry.block
