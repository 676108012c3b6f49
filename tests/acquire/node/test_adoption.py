"""A daemon that was killed while its node recorded: the next one ends that, and collects it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.disk.hashing import sha256_of
from recordings.manifest import Manifest, State
from recordings.stream_kinds import Fate
from recordings.video.reader import count_packets
from tests.acquire.daemon_program import Daemon
from tests.acquire.node.engine_with_node import LOOPBACK, pair, write_rig
from tests.acquire.node.node_program import Node
from tests.acquire.program import kill, wait_for
from tests.acquire.server.api.test_metrics import of, scrape


def test_the_next_daemon_adopts_what_the_killed_one_was_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with Node(tmp_path, "--pair", *LOOPBACK) as node:
        node.ready()
        rig = write_rig(tmp_path, pair(node), node.address, "release = true").read_text()
        with Daemon(tmp_path, rig=rig) as first:
            first.idle()
            face = next(d["name"] for d in first.get("devices") if d["cameras"])
            session = Path(first.post("recording/start", {"participant": "01"})["session"])
            first.wait_for_samples(face)
            first.http.close()
            kill(first.tree())
        recorded = node.data_dir / f"study.{session.name}"
        stored = recorded / f"{face}.nut"
        wait_for(stored.exists, what="the first frames")  # its rows may come first
        size = stored.stat().st_size
        wait_for(lambda: stored.stat().st_size > size, what="more frames")
        before = Manifest.load(session)
        assert (before.state, {p.node for p in before.pending}) == (State.RECORDING, {"cam-pc"})
        with Daemon(tmp_path, rig=rig) as second:
            second.ready()

            def codes() -> list[str]:
                return [row["event"]["code"] for row in second.get("events")]

            wait_for(lambda: "node-adopted" in codes(), what="adoption")
            wait_for(lambda: "recovered" in codes(), what="recovery")
            wait_for(lambda: "released" in codes(), what="transfer")
            (told,) = second.get("nodes")
            assert (told["name"], told["state"], told["transfer"]) == ("cam-pc", "connected", None)
            assert abs(told["offset_s"]) < 1
            assert told["free_bytes"] > 0
            found = scrape(second)
            assert of(found, "unisono_node_state", "cam-pc", "connected") == 1
            assert of(found, "unisono_node_state", "cam-pc", "unreachable") == 0
            assert abs(of(found, "unisono_node_clock_offset_seconds", "cam-pc")) < 1
            assert of(found, "unisono_node_disk_free_bytes", "cam-pc") > 0
            assert of(found, "unisono_node_transfer_bytes", "cam-pc") == 0
            second.end()
    after = Manifest.load(session)
    assert (after.state, after.pending) == (State.REPAIRED, ())
    (video,) = after.videos
    assert video.frames == video.fates[Fate.STORED] == count_packets(session / video.file) > 100
    assert video.untimed == video.taken_back == 0
    for file in after.files:
        assert sha256_of(session / file.path) == file.sha256
    assert not recorded.exists()
