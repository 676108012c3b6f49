"""The player through the control API of a daemon as it is run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acquire.server.api.protocol_models import ProtocolInfo
from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.player_programs import PROTOCOL
from tests.acquire.program import event_codes, kill, load, module_of, posix_only, wait_for


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("protocol")) as found:
        yield found


def info(daemon: Daemon) -> ProtocolInfo:
    return ProtocolInfo.model_validate(daemon.get("protocol"))


def refused(daemon: Daemon, path: str, body: Any = None) -> str:
    answer = daemon.http.post(f"/api/protocol/{path}", json=body)
    assert answer.status_code in (409, 422), answer.text
    return str(answer.json()["text"])


def test_the_operator_through_the_api(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "short.toml"
    # A clip is still on when an order comes that a busy computer gives late.
    file.write_text(PROTOCOL.replace("duration_s = 0.6", "duration_s = 5"))
    assert info(daemon).state == "none"
    assert refused(daemon, "start") == "no protocol is loaded"
    assert "demo" in daemon.get("protocol/shipped")["protocols"]
    missing = refused(daemon, "load", {"protocol": str(tmp_path / "no.toml"), "headless": True})
    assert "no such protocol file" in missing
    nobody = refused(daemon, "load", {"protocol": "~no-such-person/a.toml", "headless": True})
    assert "no such protocol file" in nobody
    order = {"protocol": str(file), "participant": "07", "headless": True, "simulate": True}
    loaded = daemon.post("protocol/load", order)
    assert (loaded["state"], loaded["protocol"], loaded["trials"]) == ("loaded", "short", 2)
    folder = Path(daemon.post("recording/start", {"participant": "07"})["session"])

    preview = {"protocol": "demo", "headless": True, "only_trial": 2}
    assert "a preview's markers would be in it" in refused(daemon, "load", preview)
    daemon.post("protocol/start")
    assert "cannot start" in refused(daemon, "start")
    wait_for(lambda: info(daemon).step == "clip")
    following = info(daemon).following
    assert following is not None
    assert (following.trial, following.stimulus) == (2, "b")
    assert daemon.post("protocol/pause")["state"] in ("running", "paused")
    wait_for(lambda: info(daemon).state == "paused")
    assert "is paused; abort it" in daemon.http.post("/api/protocol/load", json=order).text.replace(
        '","remedy":"', "; "
    )
    daemon.post("protocol/resume")
    daemon.post("protocol/repeat")
    # Its onset is said to us before the recorder has the marker, which a kill would take with it:
    # fixation and clip, pause and resume, repeat, fixation and clip.
    wait_for(lambda: daemon.stream("protocol")["samples"] >= 9)
    players = [p for p in daemon.tree() if module_of(p) == "acquire.player.host"]
    kill(players)
    wait_for(lambda: info(daemon).state == "crashed")
    assert "process ended (signal 9)" in (info(daemon).error or "")
    resumed = daemon.post("protocol/resume")
    assert resumed["trial"] == 2
    wait_for(lambda: info(daemon).state == "ended")
    wait_for(lambda: daemon.get("status")["state"] == "recording")  # it goes on without the player
    daemon.post("recording/stop", {"verify": True})

    stream = load(folder / "recording.xdf")["protocol"]
    markers = [json.loads(text) for text in stream.strings]
    events = [m["event"] for m in markers]
    assert events.count("onset") == sum(events.count(e) for e in ("end", "repeat", "abort"))
    assert [events.count(e) for e in ("pause", "resume", "repeat", "abort")] == [1, 1, 1, 1]
    assert [m["by"] for m in markers if m["event"] == "abort"] == ["crash"]
    told = event_codes(folder, "protocol")
    for code in ("protocol-start", "protocol-pause", "player-died", "player-back"):
        assert code in told
    assert "protocol-unrecorded" not in told  # it had ended
    assert "ratings.tsv" in {f.path for f in Manifest.load(folder).files}


def test_a_stop_says_that_the_protocol_goes_on_without_it(daemon: Daemon, tmp_path: Path) -> None:
    """Its answers were in no recording from then on, and nobody was told."""
    file = tmp_path / "long.toml"
    file.write_text(PROTOCOL.replace("duration_s = 0.6", "duration_s = 200"))
    daemon.post("protocol/load", {"protocol": str(file), "participant": "08", "headless": True})
    folder = Path(daemon.post("recording/start", {"participant": "08"})["session"])
    daemon.post("protocol/start")
    wait_for(lambda: info(daemon).step == "clip")
    daemon.post("recording/stop", {})
    assert "protocol-unrecorded" in event_codes(folder, "protocol")
    daemon.post("protocol/abort")
    wait_for(lambda: info(daemon).state == "aborted")


@posix_only
def test_a_pipe_is_no_protocol(daemon: Daemon, tmp_path: Path) -> None:
    """Who reads it waits for a writer, and the daemon's end waited for that."""
    os.mkfifo(tmp_path / "pipe.toml")
    for name in (str(tmp_path / "pipe.toml"), os.devnull):
        assert "is a pipe or a device" in refused(daemon, "load", {"protocol": name})


def test_what_a_failed_load_has_ended_is_missed_by_nobody(daemon: Daemon, tmp_path: Path) -> None:
    """`protocol` stayed in the list, red, though no protocol was loaded and nothing recorded."""
    names = ("good", "broken", "empty", "spoilt")
    good, broken, empty, spoilt = (tmp_path / f"{name}.toml" for name in names)
    generated = "generate = { duration_s = 0.6 }"
    good.write_text(PROTOCOL)
    broken.write_text(PROTOCOL.replace("[protocol]", "[protocoll]"))
    empty.write_text(PROTOCOL.replace(generated, 'file = "gone.mp4"', 1))
    spoilt.write_text(PROTOCOL.replace(generated, 'file = "spoilt.mp4"', 1))
    (tmp_path / "spoilt.mp4").write_bytes(b"no film")
    daemon.post("protocol/load", {"protocol": str(good), "headless": True})
    wait_for(lambda: daemon.stream("protocol")["connected"])
    refused(daemon, "load", {"protocol": str(broken), "headless": True})
    assert "gone.mp4" in refused(daemon, "load", {"protocol": str(empty), "headless": True})
    # What is no protocol has ended nothing, nor has one whose files are not there.
    assert daemon.stream("protocol")["connected"]
    assert info(daemon).state == "loaded"
    assert "spoilt.mp4" in refused(daemon, "load", {"protocol": str(spoilt), "headless": True})
    wait_for(lambda: "protocol" not in {s["name"] for s in daemon.get("streams")})
