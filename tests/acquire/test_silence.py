"""What is silent, absent or taken away is said: by an error, an event and the verdict."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pylsl
import pytest

from acquire.cli.live.record import Exit, _exit_code
from acquire.take.take import Outcome
from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.manifest import Manifest, State
from recordings.manifest_entries import StreamEntry
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import (
    Unisono,
    event_codes,
    load,
    posix_only,
    unique,
    unisono,
    wait_for,
    write_rig,
)
from tests.acquire.sources import Source, Sources
from tests.acquire.test_failing_drivers import counted, write_drivers


@pytest.mark.parametrize("predicate", [None, "type='Markers'", "starts-with(name,'unisono')"])
def test_a_session_of_nothing_is_refused(predicate: str | None, tmp_path: Path) -> None:
    chosen = ("--streams", predicate) if predicate else ()
    result = unisono(
        *("record", *chosen, "--wait", "1.5", "--seconds", "1", "--participant", "01"),
        *("--data-dir", tmp_path / "data"),
        folder=tmp_path,
    )
    assert result.code == 2, result.stderr
    assert "no stream" in result.error
    assert "--allow-missing" in result.error
    assert not list(tmp_path.rglob("*.xdf"))


def test_nothing_that_was_allowed_fails_its_check(tmp_path: Path) -> None:
    result = unisono(
        *("record", "--allow-missing", "--wait", "0.5", "--seconds", "0.5", "--json"),
        *("--participant", "01", "--data-dir", tmp_path),
        folder=tmp_path,
    )
    assert result.json["verdict"] == "FAIL", result.stderr
    assert "no-streams" in event_codes(result.session)


def test_a_daemon_refuses_to_record_nothing(tmp_path: Path) -> None:
    with Daemon(tmp_path, rig="") as daemon:
        daemon.idle()
        refused = daemon.post("recording/start", status=409)
        assert "no stream of data" in refused["text"]
        assert "--allow-missing" in refused["remedy"]
        assert not list(daemon.data_dir.rglob("*.xdf"))
        name = unique("late")
        with Sources(Source(name)):
            wait_for(lambda: name in {s["name"] for s in daemon.get("streams")}, what=name)
            assert daemon.post("recording/start")["started"]
            daemon.post("recording/stop")
        daemon.end()


def test_a_daemon_may_be_allowed_to_record_nothing(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--allow-missing", rig="") as daemon:
        daemon.idle()
        folder = Path(daemon.post("recording/start")["session"])
        daemon.post("recording/stop")
        daemon.end()
    assert check(folder).verdict is Verdict.FAIL


def test_a_stream_that_was_asked_for_and_may_be_missing_is_an_alarm(tmp_path: Path) -> None:
    there, gaze = unique("there"), unique("gaze")
    with Sources(Source(there)):
        result = unisono(
            *("record", "--streams", f"name='{there}'", "--streams", f"name='{gaze}'"),
            *("--allow-missing", "--wait", "3", "--seconds", "1", "--json"),
            *("--participant", "01", "--data-dir", tmp_path),
            folder=tmp_path,
        )
    assert result.code == 1
    assert f"warning: no stream matches name='{gaze}'" in result.stderr
    assert "not-found" in event_codes(result.session)


def test_a_stream_that_came_while_recording_says_so(tmp_path: Path) -> None:
    """Markers that a script had sent before it was connected are nowhere, and leave no gap."""
    first, second = unique("first"), unique("second")
    with Daemon(tmp_path, rig="") as daemon, Sources(Source(first)):
        daemon.idle()
        daemon.wait_for_samples(first)
        session = Path(daemon.post("recording/start")["session"])
        with Sources(Source(second, rate_hz=0.0)):
            wait_for(lambda: second in {s["name"] for s in daemon.get("streams")}, what=second)
            daemon.post("recording/stop")
        daemon.end()
    assert event_codes(session, second)[:1] == ["stream-new"]
    assert "stream-new" not in event_codes(session, first)


EXPECTING = """
[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 2
rate_hz = 250

[[expect]]
name = "gaze-{eeg}"
"""


def test_an_expected_stream_that_never_came_is_no_pass(tmp_path: Path) -> None:
    with Daemon(tmp_path, rig=EXPECTING) as daemon:
        daemon.idle()
        gaze = f"gaze-{daemon.eeg}"

        def record() -> tuple[int, Path]:
            session = Path(daemon.post("recording/start")["session"])
            return daemon.post("recording/stop")["alarms"], session

        alarms, without = record()
        with Sources(Source(gaze)):
            wait_for(lambda: not daemon.get("status")["missing"], what=gaze)
            _, beside = record()
            daemon.http.put("/api/streams/selection", json={"names": [daemon.eeg]})
            _, unwanted = record()
        daemon.end()
    assert alarms == 1
    assert event_codes(without).count("not-found") == 1
    (missed,) = [f for f in check(without).findings if f.code == "device-absent"]
    assert (missed.level, gaze in missed.subject) == ("warn", True)
    for session in (beside, unwanted):
        assert Manifest.load(session).absent == ()
        assert "not-found" not in event_codes(session)
    assert "not-selected" in event_codes(unwanted)


MARKS = """
import sys, time
import numpy as np
from devices.base import Channel, Chunk, Device, DeviceError, Settings, StreamSpec
{on_import}

class Marks(Device):
    Settings = Settings
    summary = "made in a test"

    def __init__(self, settings, clock):
        self.name, self.clock = settings.name, clock

    def open(self):
        {on_open}
        return (StreamSpec(self.name, "Markers", (Channel("m", kind="Marker"),), 0.0, "string"),)

    def read(self):
        {on_read}
        while True:
            yield None
            self.clock.sleep_until(self.clock.now() + 0.1)

    def close(self):
        pass
"""
SILENT = {
    "never-opens": ({"on_open": "time.sleep(600)"}, "device-missing"),
    "read-hangs": ({"on_read": "time.sleep(600)"}, "device-hangs"),
    "read-fails": ({"on_read": "raise DeviceError('no')"}, "device-failed"),
    "open-exits": ({"on_open": "sys.exit()"}, "device-failed"),
}


def test_a_device_that_says_nothing_is_named(tmp_path: Path) -> None:
    rig = write_drivers(tmp_path, {"good": {}})
    for name, (parts, _) in SILENT.items():
        code = MARKS.format(**{"on_import": "", "on_open": "pass", "on_read": "pass"} | parts)
        (tmp_path / "drivers" / f"{name.replace('-', '_')}.py").write_text(code)
        rig.write_text(rig.read_text() + f'[[device]]\nname = "{name}"\ndriver = "{name}"\n')
    with Unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--json"),
        *("--allow-missing", "--wait", "12"),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        wait_for(lambda: all(program.stderr.count(f": {name}: ") for name in SILENT))
        wait_for(lambda: "good" in counted(tmp_path))
        result = program.stop()
    assert result.code == 1
    assert result.json["verdict"] == "WARN"
    for name, (_, code) in SILENT.items():
        assert event_codes(result.session, name).count(code) == 1, name
    named = {f.subject for f in check(result.session).findings if f.level == "warn"}
    assert set(SILENT) <= named
    assert {f.code for f in check(result.session).findings if f.subject == "good"} <= {
        *("begins-late", "latency-unmeasured", "loss-unseen")
    }
    assert set(Manifest.load(result.session).absent) == {"never-opens", "open-exits"}


def test_a_driver_that_exits_at_import_is_named(tmp_path: Path) -> None:
    (tmp_path / "drivers").mkdir()
    code = MARKS.format(on_import="sys.exit('no SDK')", on_open="pass", on_read="pass")
    (tmp_path / "drivers" / "bad.py").write_text(code)
    rig = write_rig(
        tmp_path, '[rig]\ndriver_dir = "drivers"\n[[device]]\nname = "b"\ndriver = "bad"\n'
    )
    result = unisono("rig", "check", rig, folder=tmp_path)
    assert result.code == 2
    assert "SystemExit: no SDK" in result.error


VIDEO = """
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = 50
"""


@posix_only
@pytest.mark.parametrize("how", ["deleted", pytest.param("moved", marks=pytest.mark.soak)])
def test_a_video_that_is_taken_away_is_told_at_once(how: str, tmp_path: Path) -> None:
    rig = write_rig(tmp_path, VIDEO)
    with Unisono(
        *("record", rig, "--data-dir", tmp_path, "--participant", "01", "--no-report", "--json"),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        wait_for(lambda: [f for f in tmp_path.rglob("face.*") if f.stat().st_size > 50_000])
        (video,) = tmp_path.rglob("face.*")
        video.unlink() if how == "deleted" else video.rename(tmp_path / "elsewhere")
        wait_for(lambda: "face" in program.stderr, what="the event")
        result = program.stop()
    assert event_codes(result.session).count("video-gone") == 1
    assert f"error: {video.name}: is not there any more" in result.stderr
    assert result.code == 1


def outcome(*, lost: int = 0, alarms: int = 0, state: State = State.COMPLETE) -> Outcome:
    stream = StreamEntry(
        id=1,
        name="s",
        type="",
        source_id="",
        hostname="",
        channels=1,
        rate_hz=0,
        dtype="",
        lost=lost,
    )
    return Outcome(1, Path(), state, (stream,), (), alarms)


@pytest.mark.parametrize(
    ("ended", "interrupted", "code"),
    [
        (outcome(), False, Exit.DONE),
        (outcome(), True, Exit.INTERRUPTED),
        (outcome(lost=1), True, Exit.LOSSES),
        (outcome(alarms=1), True, Exit.LOSSES),
        (outcome(state=State.FAILED), True, Exit.FAILED),
    ],
)
def test_a_loss_outranks_an_interruption(ended: Outcome, interrupted: bool, code: Exit) -> None:
    assert _exit_code(ended, interrupted) is code


@posix_only
def test_ctrl_c_after_an_alarm_exits_with_1(tmp_path: Path) -> None:
    name = unique("gone")
    source = Sources(Source(name))
    with (
        source,
        Unisono(
            *("record", "--xdf", tmp_path / "a.xdf", "--streams", f"name='{name}'", "--json"),
            folder=tmp_path,
        ) as program,
    ):
        program.wait_for_line()
        source.kill()
        wait_for(lambda: "its outlet is gone" in program.stderr)
        program.process.send_signal(signal.SIGINT)
        assert program.wait().code == 1


def test_a_bare_file_has_what_came_from_the_subscription_on(tmp_path: Path) -> None:
    name = unique("script")
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(name, "Markers", 1, 0, "string", name))
    other = pylsl.StreamOutlet(pylsl.StreamInfo(name + "-eeg", "EEG", 1, 100, "float32", name))
    stamps: list[float] = []

    def script() -> None:
        outlet.wait_for_consumers(60)
        outlet.push_sample(["begin"])
        other.wait_for_consumers(60)
        stamps.append(pylsl.local_clock())
        other.push_sample([7.0], stamps[0])

    thread = threading.Thread(target=script)
    thread.start()
    file = tmp_path / "a.xdf"
    result = unisono(
        *("record", "--xdf", file, "--streams", f"starts-with(name,'{name}')", "--seconds", "3"),
        folder=tmp_path,
    )
    thread.join()
    assert result.code in (0, 1), result.stderr
    streams = load(file)
    assert streams[name].strings == ["begin"]
    assert streams[name + "-eeg"].stamps.tolist() == stamps
