"""Simulated studies: sound by the check, the same bytes however they are made, broken on order."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.errors import ConfigError
from acquire.simulation import session as simulated_session
from acquire.simulation import study
from acquire.simulation.broken import FAULTS
from acquire.simulation.resuming import begun
from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, check_order, write_study
from acquire.take.folder import software
from recordings import layout, open_session
from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.errors import DiskFull, RecordingError
from recordings.export.bids.shared_tables import read_tsv
from recordings.manifest import Manifest
from recordings.stream_kinds import Fate

FILM = Film(320, 240, 40.0)


@pytest.fixture(scope="module", autouse=True)
def _tracker() -> None:
    """Start what follows the resources of pools: it stays until the tests end."""
    resource_tracker.ensure_running()


def made(order: StudyOrder) -> list[Path]:
    check_order(order)
    found: list[Path] = []
    write_study(order, found.append)
    return found


def order(folder: Path, participants: int = 1, seconds: float = 12.0) -> StudyOrder:
    return StudyOrder(folder, participants, seconds=seconds, film=FILM)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (folder,) = made(order(tmp_path_factory.mktemp("simulated")))
    return folder


def test_a_sound_session_passes_its_check(session: Path) -> None:
    report = check(session)
    assert report.verdict is Verdict.PASS, [f for f in report.findings if f.level != "info"]
    assert report.simulated
    found = {(t.stream, t.kind): t.truth for t in report.truth}
    assert {k for k, _ in found} == {"eeg", "physio", "face", "protocol"}
    assert all(truth.missed == 0 for truth in found.values())


def test_every_part_of_a_session_is_there(session: Path) -> None:
    with open_session(session) as opened:
        assert opened.manifest is not None
        assert opened.manifest.simulated
        streams = {s.name: s for s in opened}
        assert streams["eeg"].xdf.info.channel_count == 69
        assert streams["physio"].xdf.info.channel_count == 16
        eeg = streams["eeg"]
        assert len(eeg) == pytest.approx(12_000, abs=2)
        assert eeg.fit.segments  # the amplifier's computer has a clock of its own
        assert abs(eeg.xdf.stamps[0] - opened.start) > 1.0
        assert eeg.first == pytest.approx(opened.start, abs=2e-3)
        camera = opened.cameras["face"]
        assert len(camera) == pytest.approx(12 * 40, abs=1)
        # The number that is drawn into each picture is the one in its row.
        for k in (0, 17, len(camera) - 1):
            bits = camera.frame(k)[4, 4 : 32 * 8 : 8] > 127
            number = int("".join(str(int(bit)) for bit in bits), 2)
            assert number == camera.device_frames[k]
        markers = [m.marker.fields for m in opened.markers("protocol")]
        plan = json.loads((session / layout.PROTOCOL_NAME).read_text())["plan"]
    shown = [m["stimulus"] for m in markers if m["event"] == "onset"]
    by_trial = {trial["trial"]: trial["stimulus"] for trial in plan["trials"]}
    assert shown
    assert shown == [by_trial[m["trial"]] for m in markers if m["event"] == "onset"]
    _, rows = read_tsv(session / layout.RATINGS_NAME)
    answers = [m for m in markers if m["event"] == "answer"]
    assert [row["value"] for row in rows] == [str(m["value"]) for m in answers]
    kinds = {line.split("\t")[0] for line in (session / "truth.tsv").read_text().splitlines()}
    assert {"heartbeat", "movement_apex", "blink"} <= kinds


def contents(root: Path) -> dict[str, bytes]:
    files = (p for p in root.rglob("*") if p.is_file() and p.suffix != ".lock")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def test_the_same_seed_gives_the_same_bytes_however_many_jobs(tmp_path: Path) -> None:
    one = replace(order(tmp_path / "a", 2, 6.0), coders=2)
    made(one)
    made(replace(one, data_dir=tmp_path / "b", jobs=2))
    a, b = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert sorted(a) == sorted(b)
    assert [name for name in a if a[name] != b[name]] == []
    assert sum("/annotations/" in name for name in a) == 4
    made(replace(one, data_dir=tmp_path / "c", seed=2))
    other = contents(tmp_path / "c")
    same = [name for name in a if a[name] == other[name] and not name.endswith("protocol.json")]
    assert [name for name in same if "/annotations/" not in name] == []
    assert len(same) < 4  # a coder may have seen nothing in either


def test_how_much_is_rendered_at_a_time_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = made(replace(order(tmp_path / "one", seconds=5.0), film=None))
    monkeypatch.setattr(simulated_session, "_BLOCK_S", 1.0)
    (other,) = made(replace(order(tmp_path / "other", seconds=5.0), film=None))
    assert contents(one) == contents(other)


def test_participants_differ(tmp_path: Path) -> None:
    first, second = made(replace(order(tmp_path, 2, 3.0), film=None))
    assert first.name.startswith("sub-01_")
    with open_session(first) as a, open_session(second) as b:
        assert not np.allclose(a["eeg"].xdf.read(0, 100), b["eeg"].xdf.read(0, 100))
        assert a.manifest is not None
        assert b.manifest is not None
        assert a.manifest.host == b.manifest.host
        assert a.manifest.seed != b.manifest.seed


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows(tmp_path: Path, fault: str) -> None:
    one = replace(order(tmp_path, 1, 8.0), broken={"01": fault})
    (folder,) = made(one)
    if fault in ("no-manifest", "no-xdf"):
        with pytest.raises(RecordingError):
            check(folder)
        return
    report = check(folder)
    wanted = Verdict.WARN if fault in ("lost-samples", "unplugged") else Verdict.FAIL
    assert report.verdict is wanted, report.findings
    assert FAULTS[fault].what in Manifest.load(folder).notes


def test_frames_that_the_camera_lost_have_rows(tmp_path: Path) -> None:
    from acquire.simulation import broken, session

    lossy = broken.Fault("the camera loses frames", {"face": {"drop_probability": 0.1}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "FAULTS", {"lossy": lossy})
        folder = session.write_session(
            session.SessionOrder(tmp_path, "study", "01", 0, "host", 5, 8.0, FILM, "lossy")
        )
    (video,) = Manifest.load(folder).videos
    assert video.fates[Fate.DEVICE_LOST] > 5
    assert video.fates[Fate.STORED] == video.frames
    assert video.captured == video.frames + video.fates[Fate.DEVICE_LOST]
    assert not [f for f in check(folder).findings if f.level == "fail"]


def test_without_room_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "free_bytes", lambda path: 1_000_000)
    with pytest.raises(DiskFull, match=r"are needed and 0.00 GB are free; .*--no-video"):
        check_order(order(tmp_path, 3))
    assert list(tmp_path.iterdir()) == []


def test_the_estimate_holds(session: Path) -> None:
    written = sum(p.stat().st_size for p in session.iterdir())
    assert written <= order(session).bytes() <= 2 * written
    with_coders = replace(order(session), coders=20)
    assert with_coders.bytes() > order(session).bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"participants": 0}, "--participants 0"),
        ({"broken": {"09": "damaged"}}, "the participants are 01 to 01"),
        ({"broken": {"01": "cursed"}}, "there are lost-samples"),
        ({"film": Film(64, 64, 60.0)}, "too narrow"),
        ({"film": Film(320, 240, 25.0)}, "--rate 25: give at least 40"),
        ({"film": Film(320, 240, 40.0, "vhs")}, "codec"),
    ],
)
def test_a_bad_order_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_order(replace(order(tmp_path), **change))  # type: ignore[arg-type]


def test_a_study_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    made(replace(order(tmp_path, 1, 2.0), film=None))
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match="exists already"):
        check_order(order(tmp_path))
    assert contents(tmp_path) == before


def test_what_is_there_is_not_written_again_and_what_is_missing_is(tmp_path: Path) -> None:
    one = replace(order(tmp_path, 3, 2.0), film=None, broken={"02": "no-manifest"})
    folders = made(one)
    before = contents(tmp_path)
    shutil.rmtree(folders[2])
    left = tmp_path / "simulated" / ".unisono" / "killed.simulating" / "sub-03"
    left.mkdir(parents=True)
    assert made(one) == [folders[2]]
    assert contents(tmp_path) == before
    assert not left.exists()
    assert made(replace(one, jobs=2)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 2}, "begun with --seed 1, not 2"),
        ({"seconds": 3.0}, "begun with --seconds 2.0, not 3.0"),
        ({"participants": 2}, "begun with --participants 1, not 2"),
        ({"film": FILM}, "begun with --no-video true, not false"),
        ({"broken": {"01": "damaged"}}, 'begun with --broken {}, not {"01": "damaged"}'),
        ({"film": FILM, "coders": 1}, "begun with --coders 0, not 1"),
    ],
)
def test_another_order_does_not_go_on(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    one = replace(order(tmp_path, 1, 2.0), film=None)
    made(one)
    with pytest.raises(ConfigError, match=re.escape(said)):
        check_order(replace(one, **change))
    with pytest.raises(ConfigError, match=re.escape(said)):
        write_study(replace(one, **change))


def test_other_versions_do_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = replace(order(tmp_path, 1, 2.0), film=None)
    made(one)
    monkeypatch.setattr(study, "software", lambda: {**software(), "numpy": "1.0"})
    with pytest.raises(ConfigError, match=r"begun with numpy .*, and this is 1\.0"):
        check_order(one)


def test_an_order_that_is_damaged_or_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    one = replace(order(tmp_path, 1, 2.0), film=None)
    made(one)
    file = tmp_path / "simulated" / ".unisono" / "simulation.json"
    for text in ("", "[]", "{"):
        file.write_text(text)
        with pytest.raises(ConfigError, match="exists already, and nothing is overwritten"):
            check_order(one)


def test_two_do_not_write_one_study(tmp_path: Path) -> None:
    one = replace(order(tmp_path, 1, 2.0), film=None)
    with (
        begun(one.folder, one.options),
        pytest.raises(ConfigError, match="another `unisono simulate study` writes here"),
    ):
        write_study(one)
    assert len(made(one)) == 1


def test_a_textured_face_has_skin(tmp_path: Path) -> None:
    scatter = {}
    for look in ("drawn", "textured"):
        film = replace(FILM, look=look)
        (folder,) = made(replace(order(tmp_path / look, 1, 2.0), film=film))
        assert f'look = "{look}"' in str(Manifest.load(folder).rig_text)
        assert check(folder).verdict is Verdict.PASS
        with open_session(folder) as opened:
            picture = opened.cameras["face"].frame(20)
        scatter[look] = float(picture[130:150, 130:145].std())  # of the cheek, noise and all
    assert scatter["textured"] > 2 * scatter["drawn"], scatter
