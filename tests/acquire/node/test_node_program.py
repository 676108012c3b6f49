"""A node as a program: paired, told to record, asked for what it has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from recordings.video.reader import VideoReader, count_packets
from tests.acquire.node.node_program import SESSION, Node, Refusal, camera


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with Node(tmp_path, "--pair", "--host", "127.0.0.1", "--block-bytes", "4096") as program:
        yield program.ready()


def test_a_take_from_its_arming_to_its_release(node: Node) -> None:
    engine = node.paired()
    face = camera()
    info = engine.begin(face)
    assert [d.name for d in info.devices] == [face.name]
    engine.open(face)
    files = engine.arm(face.name)
    assert str(files[face.name]) == files[face.name].name
    engine.store(face.name)
    assert engine.info().recording
    (summary,) = engine.stop(face.name)
    assert summary.frames >= 20
    assert str(summary.path) == summary.path.name

    recording = engine.wait_ready()
    assert (recording.session, recording.take, recording.state) == (SESSION, 1, "closed")
    video = next(f for f in recording.files if f.name == summary.path.name)
    base = f"/api/node/recordings/{recording.id}/files"
    data = engine.ask("GET", f"{base}/{video.name}")
    assert hashlib.sha256(data).hexdigest() == video.sha256
    assert [
        hashlib.sha256(data[i : i + 4096]).hexdigest() for i in range(0, len(data), 4096)
    ] == list(video.blocks)
    part = engine.raw("GET", f"{base}/{video.name}", headers={"range": "bytes=4096-8191"})
    assert (part[0], part[2]) == (206, data[4096:8192])
    assert part[1]["content-range"] == f"bytes 4096-8191/{len(data)}"
    assert engine.raw("GET", f"{base}/{video.name}", headers={"range": "bytes=99999999-"})[0] == 416

    path = node.data_dir / recording.id / video.name
    with VideoReader(path) as reader:
        assert reader.info.width == 320
    assert count_packets(path) == summary.frames
    hashes = {f.name: f.sha256 or "" for f in recording.files}
    with pytest.raises(Refusal, match="nothing was deleted"):
        engine.release(recording.id, hashes | {video.name: "0" * 64})
    assert path.exists()
    assert engine.release(recording.id, hashes) == {"gone": True}
    assert not path.parent.exists()
    assert engine.recordings() == []
    engine.ask("DELETE", engine.run_path)
    assert engine.info().run_id is None
    assert node.end() == 0
