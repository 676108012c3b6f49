"""A daemon is killed; the next one finishes what it has left."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

import psutil

from acquire.server.recovery import DEAD_S, QUIET_S, Recovery, Unfinished
from recordings import layout
from recordings.manifest import Manifest, State
from recordings.repair.session import repair_session
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import kill, load, unisono, wait_for
from tests.recordings.simulated_session import Plan, make_session

LOST_S = 1.0


def _nobody(folder: Path) -> None:
    raise AssertionError(f"{folder} was closed")


def crash(folder: Path) -> tuple[Path, int]:
    """Record, and kill -9 everything; the session, and how many samples of the EEG it had."""
    with Daemon(folder, camera=True) as daemon:
        daemon.idle()
        session = Path(daemon.post("recording/start", {"participant": "01"})["session"])
        before = daemon.stream(daemon.eeg)["samples"]
        daemon.wait_for_samples(daemon.eeg, 500)
        daemon.wait_for_samples(daemon.face, 30)
        received = daemon.stream(daemon.eeg)["samples"] - before
        processes = daemon.tree()
        kill(processes)
        daemon.http.close()
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.wait_procs(processes, timeout=10)
    return session, received


def recovered(daemon: Daemon) -> list[dict[str, Any]]:
    events = [e["event"] for e in daemon.get("events?limit=1000")]
    return [e for e in events if e["code"] == "recovered"]


def test_the_next_daemon_finishes_the_session(tmp_path: Path) -> None:
    session, received = crash(tmp_path)
    assert Manifest.load(session).state is State.RECORDING
    copy = tmp_path / "copy"
    shutil.copytree(session, copy)
    with Daemon(tmp_path, camera=True) as daemon:
        daemon.idle()
        wait_for(lambda: Manifest.load(session).state is not State.RECORDING)
        wait_for(lambda: recovered(daemon))  # the manifest comes first
        (told,) = recovered(daemon)
        assert session.name in told["text"]
        wait_for(lambda: (session / layout.REPORT_JSON_NAME).exists(), what="its report")
        daemon.end()
    manifest = Manifest.load(session)
    assert manifest.state is State.REPAIRED
    streams = load(session / "recording.xdf")  # fails at a warning of pyxdf
    for entry in manifest.streams:
        assert entry.samples == len(streams[entry.name].stamps) == streams[entry.name].footer_count
    eeg = next(s for s in manifest.streams if s.rate_hz == 250)
    assert eeg.samples >= received - LOST_S * 250 > 0
    checked = unisono("check", session, "--json", folder=tmp_path)
    assert checked.json["verdict"] in ("PASS", "WARN"), checked.json["findings"]
    assert Manifest.load(copy).state is State.RECORDING

    done = repair_session(copy, tmp_path / "repaired")
    assert Manifest.load(copy).state is State.RECORDING
    assert {s.name: s.samples for s in done.streams} == {
        s.name: s.samples for s in manifest.streams
    }
    checked = unisono("check", tmp_path / "repaired", "--json", folder=tmp_path)
    assert checked.json["verdict"] in ("PASS", "WARN"), checked.json["findings"]


def test_a_session_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        session = Path(daemon.post("recording/start", {"participant": "01"})["session"])
        daemon.wait_for_samples(daemon.eeg)
        told: list[str] = []
        recovery = Recovery(
            daemon.data_dir, lambda *event: told.append(event[2]), _nobody, lambda: False
        )
        recovery.start()
        wait_for(lambda: not [t for t in threading.enumerate() if t.name == "recovery"])
        recovery.close()
        assert told == []
        assert Manifest.load(session).state is State.RECORDING
        daemon.post("recording/stop")
        daemon.end()
    assert Manifest.load(session).state is State.COMPLETE


def test_nothing_is_hashed_while_anything_records(tmp_path: Path) -> None:
    """The next participant comes while a terabyte of the crash is still to be read."""
    session = make_session(tmp_path, Plan(seconds=1.0))
    manifest = Manifest.load(session)
    host = manifest.host | {"name": socket.gethostname(), "pid": "999999999"}
    files = tuple(file.model_copy(update={"sha256": None}) for file in manifest.files)
    left = {"host": host, "hashing": True, "files": files}
    manifest.model_copy(update=left).save(session)
    records, asked = threading.Event(), threading.Semaphore(0)
    records.set()

    def is_recording() -> bool:
        asked.release()
        return records.is_set()

    recovery = Recovery(tmp_path, lambda *event: None, _nobody, is_recording)
    try:
        recovery.start()
        for _ in range(10):  # more looks than what nobody writes is watched for
            assert asked.acquire(timeout=30)
        assert Manifest.load(session).hashing
        records.clear()
        wait_for(lambda: not Manifest.load(session).hashing, what="hashes")
    finally:
        recovery.close()
    assert all(file.sha256 for file in Manifest.load(session).files)


def test_what_a_dead_recorder_left_is_finished_once_no_file_of_it_grows(tmp_path: Path) -> None:
    """A camera that went on to its end was counted while it still wrote."""
    xdf, video = tmp_path / layout.XDF_NAME, tmp_path / "face.nut"
    xdf.touch()
    left = Unfinished(tmp_path, dead=True, now=10.0)
    for k in range(1, 8):
        video.write_bytes(bytes(k))
        assert left.grows(10.0 + k * DEAD_S) is None
    assert left.grows(17.0 * DEAD_S + DEAD_S / 2) is None
    assert left.grows(17.0 * DEAD_S + DEAD_S) is False


def test_of_a_recorder_that_nobody_can_see_the_file_decides(tmp_path: Path) -> None:
    xdf = tmp_path / layout.XDF_NAME
    xdf.touch()
    quiet, grows = (Unfinished(tmp_path, dead=False, now=10.0) for _ in range(2))
    (tmp_path / layout.REPORT_JSON_NAME).write_text("{}")  # whoever looks at it
    assert quiet.grows(10.0 + QUIET_S / 2) is None
    assert quiet.grows(10.0 + QUIET_S) is False
    xdf.write_bytes(b"XDF:")
    assert grows.grows(10.0 + QUIET_S) is True
