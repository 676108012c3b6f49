"""The control API of a daemon as it is run: every answer is what happened."""

from __future__ import annotations

import json
import socket as socket_module
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from acquire.server.api.websocket import STATUS_S
from recordings.manifest import Manifest, State
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import TIMEOUT_S, load, wait_for

LABELS = {"participant": "07", "session": "02", "task": "rest"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("api"), camera=True) as found:
        yield found


def test_a_recording_from_start_to_verdict(daemon: Daemon) -> None:
    started = daemon.post("recording/start", LABELS | {"notes": "first"})
    assert started["started"]
    folder = Path(started["session"])
    status = daemon.get("status")
    assert status["state"] == "recording"
    assert status["session"] == str(folder)
    assert status["labels"] == LABELS | {"study": "study"}
    assert 0 <= status["clock"] - started["first_sample"] < 60

    again = daemon.post("recording/start", {"participant": "99"})
    assert again == started | {"started": False}  # it answers with what runs

    now = daemon.get("status")["clock"]
    first = daemon.post("markers", {"text": "begin", "code": 5, "time": now})
    assert first == {"stamp": now, "recorded": True}
    second = daemon.post("markers", {"text": "größer"})["stamp"]
    assert daemon.post("notes", {"text": "yawned"})["recorded"]
    assert daemon.post("notes", {"text": "moved", "time": now})["recorded"]
    told = [e["event"] for e in daemon.get("events") if e["event"]["text"] == "moved"]
    assert [event["time"] for event in told] == [now]
    daemon.wait_for_samples(daemon.eeg)

    stopped = daemon.post("recording/stop", {"verify": True})
    assert stopped["stopped"]
    assert stopped["state"] == "complete"
    assert stopped["verdict"] in ("PASS", "WARN")
    assert stopped["session"] == str(folder)
    (known,) = daemon.get("participants")
    assert known == {"participant": "07", "sessions": ["02"], "next_session": "03"}
    assert daemon.http.get("/api/participants?study=..").status_code == 422
    counts = {s["name"]: s["samples"] for s in stopped["streams"]}
    streams = load(folder / "recording.xdf")
    assert counts == {name: len(s.stamps) for name, s in streams.items()}
    marks = streams["markers"]
    assert [json.loads(s) for s in marks.strings] == [
        {"text": "begin", "code": 5, "time": now},
        {"text": "größer", "code": None, "time": second},
    ]
    assert marks.stamps.tolist() == [now, second]
    assert streams[daemon.eeg].stamps[0] >= started["first_sample"]
    manifest = Manifest.load(folder)
    assert manifest.state is State.COMPLETE
    assert manifest.notes == "first"
    assert "yawned" in [e.text for e in manifest.events]

    assert daemon.post("recording/stop") | {"verdict": None} == stopped | {
        "stopped": False,
        "verdict": None,
    }
    newest = daemon.get("sessions")[0]
    assert newest["session"] == str(folder)
    assert newest["verdict"] == stopped["verdict"]
    assert daemon.get(f"sessions/{newest['id']}") == newest
    report = daemon.http.get(f"/api/sessions/{newest['id']}/report")
    assert report.status_code == 200
    assert "<html" in report.text


def test_many_callers_start_one_recording(daemon: Daemon) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: daemon.post("recording/start", {"task": "many"}), range(8))
        )
        assert sum(a["started"] for a in answers) == 1
        assert len({a["session"] for a in answers}) == 1
        stops = list(pool.map(lambda _: daemon.post("recording/stop"), range(8)))
    assert sum(s["stopped"] for s in stops) == 1
    assert {s["session"] for s in stops} == {answers[0]["session"]}


def test_a_stop_during_a_start_ends_what_was_begun(daemon: Daemon) -> None:
    with ThreadPoolExecutor(2) as pool:
        start = pool.submit(daemon.post, "recording/start", {"task": "brief"})
        while not start.done() and daemon.get("status")["state"] == "idle":
            pass
        stop = daemon.post("recording/stop")
    assert stop["session"] == start.result()["session"]
    assert daemon.get("status")["state"] == "idle"


def test_the_run_that_is_asked_for_is_used_once(daemon: Daemon) -> None:
    order = {"task": "run", "run": 4}
    assert daemon.post("recording/start", order)["session"].endswith("_run-04")
    daemon.post("recording/stop")
    refused = daemon.post("recording/start", order, 409)
    assert refused["code"] == "run-taken"
    assert daemon.get("status")["state"] == "idle"
    assert daemon.post("recording/start", {"task": "run"})["session"].endswith("_run-05")
    daemon.post("recording/stop")


def test_only_selected_streams_are_recorded(daemon: Daemon) -> None:
    def choose(names: list[str] | None) -> None:
        answer = daemon.http.put("/api/streams/selection", json={"names": names})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"names": names}

    choose([daemon.eeg])
    assert not daemon.stream(daemon.face)["selected"]
    folder = Path(daemon.post("recording/start", {"task": "chosen"})["session"])
    daemon.wait_for_samples(daemon.eeg)
    daemon.post("recording/stop")
    choose(None)
    assert set(load(folder / "recording.xdf")) == {daemon.eeg, "unisono-events", "markers"}
    assert not list(folder.glob(f"{daemon.face}*"))
    unknown = daemon.http.put("/api/streams/selection", json={"names": ["nobody"]})
    assert unknown.status_code == 404
    for nothing in ([], ["markers", "unisono-events"]):  # the engine's own are no choice
        answer = daemon.http.put("/api/streams/selection", json={"names": nothing})
        assert answer.json() == {"names": []}
        assert daemon.post("recording/start", {}, 409)["code"] == "not-now"
    choose(None)


def preview(daemon: Daemon, **headers: str) -> httpx.Response:
    """Ask until there is a picture: there is none where no frame comes for a moment."""
    answers: list[httpx.Response] = []

    def is_there() -> bool:
        answers.append(daemon.http.get(f"/api/devices/{daemon.face}/preview.jpg", headers=headers))
        return answers[-1].status_code != 409

    wait_for(is_there, what="a picture")
    assert answers[-1].status_code == 200, answers[-1].text
    return answers[-1]


def test_what_there_is(daemon: Daemon) -> None:
    devices = {d["name"]: d for d in daemon.get("devices")}
    assert set(devices) == {daemon.eeg, daemon.marks, daemon.face}
    assert {d["state"] for d in devices.values()} == {"running"}
    assert devices[daemon.face]["cameras"] == [daemon.face]
    assert daemon.get("disk")["free_bytes"] > 0
    assert daemon.get("rig")["parsed"]["device"][0]["name"] == daemon.eeg
    picture = preview(daemon)
    assert picture.content.startswith(b"\xff\xd8")
    assert float(picture.headers["x-lsl-time"]) <= daemon.get("status")["clock"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "devices/nobody/preview.jpg", None, 404),
        ("POST", "devices/nobody/command", {"name": "x"}, 404),
        ("GET", "sessions/..%2f..%2fetc/report", None, 404),
        ("GET", "sessions/study.sub-..%2f_ses-01_task-a_run-01/report", None, 404),
        ("GET", "nothing", None, 404),
        ("POST", "recording/start", {"participant": "../up"}, 422),
        ("POST", "recording/start", {"particpant": "01"}, 422),
        ("POST", "recording/start", {"run": 0}, 422),
        ("POST", "markers", {"text": ""}, 422),
        ("POST", "markers", {"text": "x", "time": 1.0}, 409),
        ("POST", "markers", {"text": "x", "time": 1e300}, 409),
        ("POST", "notes", {"text": "x" * 100_000}, 413),
        ("DELETE", "status", None, 405),
    ],
)
def test_what_cannot_be_done_is_said(
    daemon: Daemon, method: str, path: str, body: object, status: int
) -> None:
    answer = daemon.http.request(method, f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert set(problem) == {"code", "text", "remedy"}
    assert all(problem.values())


def test_a_camera_less_device_has_no_preview(daemon: Daemon) -> None:
    answer = daemon.http.get(f"/api/devices/{daemon.eeg}/preview.jpg")
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8765"},
        {"host": "127.0.0.1@evil.example"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"host": "["},
        {"host": "[::1"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
)
def test_pages_of_other_sites_get_nothing(daemon: Daemon, headers: dict[str, str]) -> None:
    for method, path in (("GET", "status"), ("POST", "recording/stop")):
        answer = daemon.http.request(method, f"/api/{path}", headers=headers)
        assert answer.status_code == 403, headers
    with pytest.raises(InvalidStatus):
        connect(
            daemon.url.replace("http", "ws") + "/api/ws",
            additional_headers={"origin": "http://evil.example"},
        )


def test_no_other_page_may_show_what_is_answered(daemon: Daemon) -> None:
    policy = "cross-origin-resource-policy"
    ours = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
    assert preview(daemon, **ours).headers[policy] == "same-origin"
    for path in ("/", "/api/status", "/api/nothing"):
        assert daemon.http.get(path).headers[policy] == "same-origin"
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert daemon.http.get("/", headers=link | {"sec-fetch-dest": "document"}).status_code == 200


def test_silent_connections_do_not_lock_anybody_out(daemon: Daemon) -> None:
    address = ("127.0.0.1", int(daemon.url.rpartition(":")[2]))
    silent = [socket_module.create_connection(address, timeout=TIMEOUT_S) for _ in range(70)]
    try:
        silent[-1].sendall(b"GET /api/status HT")  # and never the rest
        with httpx.Client(base_url=daemon.url, timeout=TIMEOUT_S) as client:
            assert client.get("/healthz").status_code == 200
        assert silent[0].recv(1) == b"", "the oldest is closed for a newer one"
        assert silent[-1].recv(1) == b"", "a request has to be complete in time"
    finally:
        for one in silent:
            one.close()


def told(events: list[Any]) -> list[Any]:
    """Leave out that a session of a test before was checked meanwhile."""
    return [event for event in events if event["code"] != "checked"]


def test_the_socket_tells_the_status_and_events_as_they_happen(daemon: Daemon) -> None:
    with connect(daemon.url.replace("http", "ws") + "/api/ws", open_timeout=TIMEOUT_S) as socket:
        first = json.loads(socket.recv(TIMEOUT_S))
        assert first["type"] == "status"
        assert first["status"]["state"] == "idle"
        daemon.post("notes", {"text": "as it happens"})
        events: list[Any] = []
        clocks: list[float] = []
        while (
            not told(events) or len(clocks) < 11
        ):  # more have queued up where this test stood still
            message = json.loads(socket.recv(TIMEOUT_S))
            if message["type"] == "event":
                events.append(message["event"])
            else:
                clocks.append(message["status"]["clock"])
        assert [e["text"] for e in told(events)] == ["as it happens"]
        # Ten a second: on a busy computer fewer, but some follow each other that fast.
        assert (len(clocks) - 1) / (clocks[-1] - clocks[0]) < 15
        assert min(after - before for before, after in pairwise(clocks)) < 2 * STATUS_S
    numbers = [e["number"] for e in daemon.get("events")]
    assert numbers == sorted(set(numbers))
    assert told([e["event"] for e in daemon.get(f"events?after={numbers[-1]}")]) == []
