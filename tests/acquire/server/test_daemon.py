"""The daemon's life: one per folder, ended well by signals, closed to strangers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from acquire.errors import ConfigError
from acquire.server import data_lock
from acquire.server.event_log import NAME, EventLog
from acquire.serving.http_server import bind
from acquire.serving.loopback import is_loopback
from recordings import layout
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from recordings.xdf.reader import read_xdf
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import TIMEOUT_S, load, posix_only, unisono, wait_for, write_rig

TOKEN = "0123456789abcdef-secret"


def written(file: Path, name: str) -> int:
    """Count the samples of a stream in a file that is being written."""
    with read_xdf(file) as recording:
        return sum(len(stream) for stream in recording.streams if stream.name == name)


@posix_only
@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.soak)]
)
def test_a_signal_finishes_the_recording(tmp_path: Path, how: signal.Signals) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        folder = Path(daemon.post("recording/start")["session"])
        # Not by the status: that counts samples from before the start, too.
        wait_for(lambda: written(folder / "recording.xdf", daemon.eeg) >= 100)
        daemon.http.close()
        daemon.process.send_signal(how)
        assert daemon.wait().code == 0
        assert Manifest.load(folder).state is State.COMPLETE
        assert len(load(folder / "recording.xdf")[daemon.eeg].stamps) >= 100
        log = (daemon.data_dir / NAME).read_text().splitlines()
        codes = [json.loads(line)["code"] for line in log]
        assert codes[-2:] == ["recording-start", "recording-stop"]


def test_one_daemon_per_data_folder(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        rig = tmp_path / "rig.toml"
        ports = ("--port", "0", "--rcs-port", "0")
        second = unisono("daemon", rig, *ports, "--data-dir", daemon.data_dir, folder=tmp_path)
        assert second.code == 2
        assert f"another daemon (process {daemon.process.pid}) records into" in second.error
        taken = daemon.url.rsplit(":", 1)[1]
        other = tmp_path / "other"
        third = unisono("daemon", rig, "--port", taken, "--data-dir", other, folder=tmp_path)
        assert third.code == 2
        assert "choose with --port" in third.error


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_computer_is_not_called_taken(host: str) -> None:
    with pytest.raises(ConfigError, match="give --host a name or an address of this computer"):
        bind(host, 0, "--port")


def test_a_data_folder_that_is_gone_is_not_made_anew_on_another_disk(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        assert daemon.get("status")["disk"]["gone"] is False
        away = daemon.data_dir.rename(tmp_path / "unplugged")
        for mount_point_stays in (False, True):
            if mount_point_stays:
                daemon.data_dir.mkdir()
            assert daemon.get("status")["disk"]["gone"] is True
            refused = daemon.http.post("/api/recording/start", json={})
            assert refused.status_code == 409
            assert "is not the folder any more" in refused.json()["text"]
            assert "bring it back" in refused.json()["remedy"]
        assert not any(daemon.data_dir.iterdir())
        daemon.data_dir.rmdir()
        away.rename(daemon.data_dir)  # plugged in again
        assert daemon.get("status")["disk"]["gone"] is False
        daemon.post("recording/start")
        # Its lock alone is gone: a recording whose own file is gone would end by that.
        lock = daemon.data_dir / data_lock.NAME
        hidden = lock.rename(tmp_path / "lock")
        assert daemon.http.post("/api/recording/split", json={}).status_code == 409
        hidden.rename(lock)
        assert daemon.post("recording/stop")["state"] == "complete"


def test_a_token_is_needed_and_never_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o640)
    with Daemon(tmp_path, "--token-file", str(file)) as daemon:
        daemon.idle(TOKEN)
        assert "other users of this computer may read the token" in daemon.stderr
        for token in ("", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
            answer = daemon.http.get("/api/status", headers={"authorization": token})
            assert answer.status_code == 401
            assert answer.json()["code"] == "no-token"
        url = daemon.url.replace("http", "ws") + "/api/ws"
        with pytest.raises(InvalidStatus):
            connect(url)
        with connect(url, additional_headers={"authorization": f"Bearer {TOKEN}"}) as socket:
            assert json.loads(socket.recv(TIMEOUT_S))["type"] == "status"
        assert TOKEN not in daemon.stderr + daemon.stdout
        daemon.end()


@pytest.mark.parametrize(("token", "reason"), [(None, "--token-file"), ("short", "at least 16")])
def test_other_addresses_need_a_good_token(tmp_path: Path, token: str | None, reason: str) -> None:
    rig = write_rig(tmp_path, "")
    options = ["--host", "0.0.0.0", "--data-dir", str(tmp_path / "data")]
    if token is not None:
        (tmp_path / "token").write_text(token)
        options += ["--token-file", str(tmp_path / "token")]
    refused = unisono("daemon", rig, *options, folder=tmp_path)
    assert refused.code == 2
    assert reason in refused.error
    assert not (tmp_path / "data").exists()


def test_a_missing_stream_does_not_keep_it_from_running(tmp_path: Path) -> None:
    with Daemon(tmp_path, rig='[[expect]]\nname = "ghost"\n') as daemon:
        daemon.ready()
        assert daemon.get("status")["state"] == "opening"
        daemon.end()


def test_a_device_that_is_called_like_the_recorders_own_stream_is_refused(tmp_path: Path) -> None:
    """Two streams of its own events could not be told apart in the file."""
    rig = '[[device]]\nname = "unisono-events"\ndriver = "simulated-markers"\n'
    with Daemon(tmp_path, rig=rig) as daemon:
        result = daemon.wait()
    assert result.code == 2
    both = "device 'unisono-events' and the recorder both have a stream 'unisono-events'"
    assert both in result.error


def test_another_rig_does_not_lock_up_what_is_hashed_for_minutes(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        session = Path(daemon.post("recording/start")["session"])
        with (session / layout.RATINGS_NAME).open("wb") as file:
            file.truncate(200_000_000_000)  # as a raw video
        daemon.post("recording/stop")
        text = daemon.get("rig")["text"]
        refused = daemon.http.put("/api/rig", json={"text": text, "save": True})
        assert (refused.status_code, refused.json()["code"]) == (409, "not-now")
        assert "still being hashed" in refused.json()["text"]
        assert daemon.post("recording/start")["started"]
        assert daemon.post("recording/stop")["stopped"]


def test_names_of_this_computer() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "localhost.evil.example", "")))


def test_the_event_log_rotates(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=500, backups=2)
    for number in range(100):
        log.write(Event(time=number, source="x", level="info", code="c", text="t"))
    log.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    assert all(file.stat().st_size <= 500 for file in files)
    assert json.loads((tmp_path / NAME).read_text().splitlines()[-1])["time"] == 99


def test_other_commands_do_not_load_the_web_server() -> None:
    code = "import sys, acquire.cli.main, acquire.cli.live.record as _; "
    code += "print({'fastapi', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
