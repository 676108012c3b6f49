"""Devices and the rig, through the control API of a daemon as it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import event_codes, load, module_of, wait_for


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("devices"), camera=True) as found:
        yield found


def state(daemon: Daemon, name: str) -> str:
    return str(next(d["state"] for d in daemon.get("devices") if d["name"] == name))


def test_stopped_and_started_while_it_is_recorded(daemon: Daemon) -> None:
    folder = Path(daemon.post("recording/start", {"task": "pause"})["session"])
    daemon.wait_for_samples(daemon.face, 20)
    for name in (daemon.eeg, daemon.face):
        answer = daemon.post(f"devices/{name}/stop")
        assert (answer["changed"], answer["device"]["state"]) == (True, "closed")
        assert not daemon.post(f"devices/{name}/stop")["changed"]
    wait_for(lambda: daemon.stream(daemon.eeg)["health"] == "missing")
    assert "gone" in daemon.stream(daemon.eeg)["reason"]
    for name in (daemon.eeg, daemon.face):
        answer = daemon.post(f"devices/{name}/start")
        assert (answer["changed"], answer["device"]["state"]) == (True, "running")
        assert not daemon.post(f"devices/{name}/start")["changed"]
    for name in (daemon.eeg, daemon.face):
        wait_for(lambda name=name: daemon.stream(name)["connected"])  # type: ignore[misc]
        daemon.wait_for_samples(name, 20)
    assert daemon.stream(daemon.eeg)["lost"] > 50
    stopped = daemon.post("recording/stop", {"verify": True})
    assert stopped["state"] == "complete"
    # The next recording begins at nothing; what was lost before is told apart.
    daemon.post("recording/start", {"task": "after"})
    told = daemon.stream(daemon.eeg)
    assert (told["lost"], told["lost_before"] > 50) == (0, True)
    daemon.post("recording/stop")
    manifest = Manifest.load(folder)
    codes = event_codes(folder, daemon.eeg)
    assert [c for c in codes if c.startswith("device")] == ["device-stopped", "device-started"]
    (video,) = manifest.videos
    assert video.files == (f"{daemon.face}.nut", f"{daemon.face}+2.nut")
    assert video.frames == video.fates["stored"]  # type: ignore[index]
    lost = {s.name: s.lost for s in manifest.streams}
    assert lost[daemon.eeg] > 50
    assert load(folder / "recording.xdf")[daemon.eeg].footer_count > 50


def test_restarted_after_a_crash_and_on_demand(daemon: Daemon) -> None:
    def processes() -> list[psutil.Process]:
        return [p for p in daemon.tree() if module_of(p) == "acquire.host.device_host"]

    before = {p.pid for p in processes()}
    victim = processes()[0]
    victim.kill()
    wait_for(lambda: len({p.pid for p in processes()} - {victim.pid}) == len(before))
    wait_for(lambda: state(daemon, daemon.eeg) == "running")
    for code in ("device-died", "device-back"):
        wait_for(
            lambda code=code: (  # type: ignore[misc]
                code in [e["event"]["code"] for e in daemon.get("events?limit=1000")]
            ),
            what=code,
        )
    answer = daemon.post(f"devices/{daemon.marks}/restart")
    assert answer["device"]["state"] == "running"


def test_other_settings(daemon: Daemon) -> None:
    path = f"/api/devices/{daemon.eeg}/settings"
    found = daemon.http.get(path).json()
    assert found["settings"]["channels"] == 4
    assert "channels" in found["json_schema"]["properties"]
    settings = found["settings"] | {"channels": 8, "rate_hz": 500}
    answer = daemon.http.put(path, json={"settings": settings})
    assert answer.status_code == 200, answer.text
    assert answer.json()["settings"]["channels"] == 8
    wait_for(lambda: 500 in [s["rate_hz"] for s in daemon.get("streams")])
    wait_for(lambda: daemon.stream(daemon.eeg)["connected"])
    folder = Path(daemon.post("recording/start", {"task": "changed"})["session"])
    refused = daemon.http.put(path, json={"settings": settings})
    assert refused.status_code == 409
    daemon.wait_for_samples(daemon.eeg)
    daemon.post("recording/stop")
    manifest = Manifest.load(folder)
    assert manifest.rig is not None
    (table,) = (d for d in manifest.rig["device"] if d["name"] == daemon.eeg)
    assert table["channels"] == 8
    assert [s.channels for s in manifest.streams if s.name == daemon.eeg] == [8 + 5]
    refused = daemon.http.put(path, json={"settings": {"chanels": 8}})
    assert refused.status_code == 422
    assert "chanels" in refused.json()["text"]
    assert state(daemon, daemon.eeg) == "running"


def test_what_there_is_not(daemon: Daemon) -> None:
    for action in ("start", "stop", "restart"):
        refused = daemon.post(f"devices/nobody/{action}", None, 404)
        assert "nobody" in refused["text"]
    assert daemon.http.get("/api/devices/nobody/settings").status_code == 404


def test_runs(daemon: Daemon) -> None:
    assert daemon.get("runs?task=none") == {"existing": [], "next": 1}
    daemon.post("recording/start", {"task": "counted", "run": 3})
    daemon.post("recording/stop")
    assert daemon.get("runs?task=counted") == {"existing": [3], "next": 4}


def test_another_rig(daemon: Daemon) -> None:
    before = daemon.get("rig")
    path = Path(before["path"])
    bad = daemon.http.put("/api/rig", json={"text": "[rig]\nnam = 1\n"})
    assert bad.status_code == 422
    assert "nam" in bad.json()["text"]
    text = before["text"].replace("channels = 4", "channels = 6")
    answer = daemon.http.put("/api/rig", json={"text": text, "save": True})
    assert answer.status_code == 200, answer.text
    assert path.read_text() == text
    wait_for(lambda: daemon.get("status")["state"] == "idle")
    path.write_text(text + "# of another program\n")
    refused = daemon.http.put("/api/rig", json={"text": text, "save": True})
    assert refused.status_code == 409
    assert "another program has changed it" in refused.json()["text"]
    assert path.read_text().endswith("# of another program\n"), "it was overwritten"
    path.write_text(text)
    wait_for(lambda: daemon.get("status")["state"] == "idle")
    wait_for(lambda: not daemon.get("status")["missing"])
    assert daemon.stream(daemon.eeg)["channels"] == 6 + 5
    daemon.post("recording/start", {"task": "another"})
    daemon.wait_for_samples(daemon.eeg)
    assert daemon.post("recording/stop")["state"] == "complete"
