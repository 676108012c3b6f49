"""A node as a program: paired, told to record, asked for what it has."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import pytest

import acquire
from acquire.errors import ConfigError, ControlError
from acquire.node.pairing.code import code_of
from acquire.node.pairing.discovery import look
from acquire.node.pairing.known import KnownNode
from acquire.node.pairing.pair import pair
from acquire.node.program.run import ALONE_S
from acquire.node.store.store import Store
from acquire.node.wire.coding import encode
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import LateStops, RecordingState
from acquire.processes.messages import Answer, ArmVideo, HostEvent, StartVideo, StopVideo
from acquire.rig.file import load_rig
from recordings.video.reader import VideoReader, count_packets
from tests.acquire.node.node_program import SESSION, Asking, Node, Refusal, camera
from tests.acquire.program import alive, module_of, unisono, wait_for
from tests.acquire.small_disk import disk


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with Node(tmp_path, "--pair", "--host", "127.0.0.1", "--block-bytes", "4096") as program:
        yield program.ready()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """An engine of a node that is only asked for what it refuses."""
    with Node(tmp_path_factory.mktemp("idle"), "--pair", "--host", "127.0.0.1") as program:
        yield program.ready().paired()


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


def test_an_order_that_comes_twice_is_carried_out_once(node: Node) -> None:
    engine = node.paired()
    face = camera()
    engine.begin(face)
    engine.open(face)
    engine.arm(face.name)
    number = engine.number
    again = ArmVideo(1, {face.name: Path(SESSION) / face.name})
    engine.request(face.name, again, number)
    engine.request(face.name, again, number - 1)
    engine.stop(face.name)
    assert len(list(node.data_dir.glob(f"{SESSION}/*.copy.xdf"))) == 1
    answers = [m.number for _, m in engine.heard if isinstance(m, Answer)]
    assert answers == sorted(set(answers))
    assert len(engine.begin(face).devices) == 1  # the run, too
    with pytest.raises(Refusal, match="other devices"):
        engine.begin(camera())


def test_what_was_not_acknowledged_comes_again(node: Node) -> None:
    engine = node.paired()
    face = camera()
    engine.begin(face)
    engine.open(face)
    first = list(engine.heard)
    engine.after, engine.heard = 0, []
    engine.listen()
    assert engine.heard[: len(first)] != []  # only what was acknowledged is let go of
    assert engine.heard[-1] in first


def test_a_stop_heard_late_has_the_video_cut(node: Node) -> None:
    """As after a cut cable: the camera went on, and what is offered ends with the stop."""
    engine = node.paired()
    face = engine.record(camera(), frames=250)
    (summary,) = engine.stop(face.name, ago_s=3.0)
    recording = engine.wait_ready()
    assert recording.state == "trimmed"
    name = summary.path.name
    data = engine.ask("GET", f"/api/node/recordings/{recording.id}/files/{name}")
    cut = node.folder / name
    cut.write_bytes(data)
    frames = count_packets(cut)
    assert 0 < frames < summary.frames - 100  # 3 s are 150 frames
    whole = node.data_dir / recording.id / name
    assert count_packets(whole) == summary.frames  # kept until the release
    with VideoReader(cut) as short, VideoReader(whole) as long:
        assert (short.frame(frames - 1) == long.frame(frames - 1)).all()
    assert engine.release(recording.id, {f.name: f.sha256 or "" for f in recording.files})["gone"]
    assert not whole.exists()


def test_another_version_is_refused_by_name(idle: Asking) -> None:
    with pytest.raises(Refusal, match=r"0\.0\.1") as refusal:
        idle.begin(version="0.0.1")
    assert refusal.value.status == 426
    assert acquire.__version__ in refusal.value.problem["text"]
    with pytest.raises(Refusal) as refusal:
        idle.begin(wire=WIRE + 1)
    assert refusal.value.status == 426
    assert idle.info().run_id is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"driver": "no-such"}, "no-such"),
        ({"settings": {"name": "face", "width": 1}}, "width"),
        ({"settings": {"name": "face", "node": "other", "width": 1}}, "width"),
        ({"settings": {"name": "face", "colour": "red"}}, "colour"),
    ],
)
def test_a_device_that_cannot_run_there_is_refused_with_the_nodes_name(
    idle: Asking, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refusal, match=words) as refusal:
        idle.begin(camera().model_copy(update={"name": "face", **change}))
    assert refusal.value.status == 422
    assert "node cam-pc" in refusal.value.problem["text"]


@pytest.mark.parametrize("text", ["[log]\nfile = /tmp/x\n[x]\na=1", "no section", "[lab\n"])
def test_liblsl_is_told_no_more_than_it_may_be(idle: Asking, text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        idle.begin(lsl_config=text)
    assert refusal.value.status == 422


def test_a_run_that_is_not_known(idle: Asking) -> None:
    engine = Asking(idle.known)
    for method, path in (
        ("GET", "/messages"),
        ("POST", "/requests"),
        ("DELETE", ""),
    ):
        body = b'{"requests": []}' if method == "POST" else None
        with pytest.raises(Refusal) as refusal:
            engine.ask(method, engine.run_path + path, body)
        assert refusal.value.status == 404
    engine.begin()
    with pytest.raises(Refusal) as refusal:
        engine.request("nobody", StopVideo(1, 0.0))
    assert refusal.value.status == 404
    engine.ask("DELETE", engine.run_path)


def test_the_run_of_a_dead_engine_is_adopted_and_kept(node: Node) -> None:
    engine = node.paired()
    face = engine.record()
    other = Asking(engine.known)
    with pytest.raises(Refusal, match="goes on") as refusal:
        other.begin(adopt=True)  # the first one lives
    assert refusal.value.status == 409
    with pytest.raises(Refusal, match="goes on"):
        other.ask("POST", f"{engine.run_path}/end", encode(LateStops(by_session={})))
    assert engine.run in refusal.value.problem["text"]
    wait_for(lambda: refused(other) == "records", what="an engine that is silent")
    other.begin(adopt=True)
    recording = other.wait_ready()
    assert (recording.run_id, recording.session) == (engine.run, SESSION)
    assert recording.state == "closed"
    video = next(f for f in recording.files if f.name.startswith(f"{face.name}.nut"))
    assert count_packets(node.data_dir / recording.id / video.name) >= 20
    with pytest.raises(Refusal) as refusal:
        engine.listen()
    assert refusal.value.status == 404


def refused(engine: Asking) -> str:
    """Say whether a run is refused because another one lives, or only because it records."""
    try:
        engine.begin()
    except Refusal as refusal:
        text = refusal.problem["text"] + refusal.problem["remedy"]
        return "records" if "adopt=true" in text else "lives"
    return ""


def test_the_end_of_a_run_ends_its_recording(node: Node) -> None:
    engine = node.paired()
    engine.record()
    engine.ask("DELETE", engine.run_path)
    assert not engine.info().recording
    assert engine.wait_ready().state == "closed"
    assert [module_of(p) for p in node.tree() if module_of(p)] == []


def test_a_data_folder_that_is_gone_does_not_keep_the_engine_from_stopping(node: Node) -> None:
    """The engine asks how the disk is before all else: every order waited for an answer."""
    engine = node.paired()
    face = engine.record()
    shutil.rmtree(node.data_dir)
    assert (engine.info().recording, engine.info().disk_total_bytes) == (True, 0)
    engine.stop(face.name)
    assert not engine.info().recording


def test_a_device_that_dies_leaves_its_file_and_begins_another(node: Node) -> None:
    engine = node.paired()
    face = engine.record()
    (process,) = [p for p in node.tree() if module_of(p) == "acquire.host.device_host"]
    process.kill()
    died = engine.event("device-died")
    assert face.name in died.text
    engine.heard.clear()
    engine.open(face)
    files = engine.arm(face.name)
    assert files[face.name].name.startswith(f"{face.name}+2.")
    engine.store(face.name)
    engine.stop(face.name)
    recording = engine.wait_ready()
    names = [f.name for f in recording.files]
    assert f"{face.name}.nut" in names
    assert f"{face.name}+2.nut" in names
    assert f"{face.name}+1.copy.xdf" in names
    first = next(f for f in recording.files if f.name == f"{face.name}.nut")
    assert first.frames == count_packets(node.data_dir / recording.id / first.name)
    assert (first.frames or 0) > 0


def test_a_folder_removed_while_it_is_recorded_is_told_and_costs_nothing_else(node: Node) -> None:
    engine = node.paired()
    face = engine.record()
    shutil.rmtree(node.data_dir / SESSION)
    told = engine.wait_for(
        lambda _, m: isinstance(m, HostEvent) and f"the folder of {SESSION} is gone" in m.text,
        "the folder is gone",
    )
    assert (told.level, told.code) == ("error", "node-disk")
    engine.stop(face.name)
    assert not engine.info().recording
    assert [r.files for r in engine.recordings()] == [()]


def test_without_a_word_for_max_hours_it_stops(node: Node) -> None:
    engine = node.paired()
    face = camera()
    engine.begin(face, max_hours=5 / 3600)
    engine.open(face)
    engine.arm(face.name)
    engine.store(face.name)

    def closed() -> bool:
        records = node.data_dir.glob("*/node-recording.json")
        return [json.loads(path.read_text())["state"] for path in records] == ["closed"]

    wait_for(closed, what="the end")
    assert "max_hours" in engine.event("node-unheard").text
    (summary,) = engine.stop(face.name)  # and the engine, once it is back, gets its answer
    assert summary.frames >= 20


def test_a_killed_node_offers_what_it_has(tmp_path: Path) -> None:
    with Node(tmp_path, "--pair", "--host", "127.0.0.1") as node:
        engine = node.ready().paired()
        engine.record()
        devices = [p for p in node.tree() if p.pid != node.process.pid]
        assert "acquire.host.device_host" in map(module_of, devices)
        node.process.kill()
        node.process.wait()
        wait_for(lambda: not alive(devices), what="the end of the devices")
    with Node(tmp_path) as again:
        engine = engine.at(again.ready().address)
        with pytest.raises(Refusal) as refusal:
            engine.listen()
        assert refusal.value.status == 404  # its engine begins the run anew
        recording = engine.wait_ready()
        assert recording.state == "left"
        video = next(f for f in recording.files if f.name.endswith(".nut"))
        assert (video.frames or 0) >= 20
        assert video.frames == count_packets(again.data_dir / recording.id / video.name)


def test_a_node_killed_while_it_hashes_and_serves(tmp_path: Path) -> None:
    """Nothing that was hashed, and no file, is lost; the rest is hashed by the next one."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    store = Store(data_dir)
    kept, _ = store.armed("r", SESSION, 1, "face", {"face": "face"})
    block = bytes(range(256)) * 4096
    for name in ("a", "b", "c"):
        with (kept.folder / f"{name}.nut").open("wb") as file:
            for number in range(60):
                file.write(number.to_bytes(8) + block)
    kept.change(state=RecordingState.CLOSED)
    whole = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in kept.folder.glob("*.nut")}
    engine = None
    for start in range(4):
        with Node(tmp_path, "--pair", "--host", "127.0.0.1", data_dir=data_dir) as node:
            node.ready()
            engine = engine.at(node.address) if engine else node.paired()
            known = {f.name: f.sha256 for f in engine.recordings()[0].files if f.sha256}
            if start < 3:
                wait_for(partial(has_hashed, kept.folder, start), what="hashes")
                reader = threading.Thread(target=give_up, args=(engine, kept.id))
                reader.start()
                node.process.kill()
                reader.join()
                assert known.items() <= whole.items()
            else:
                recording = engine.wait_ready()
                assert {f.name: f.sha256 for f in recording.files} == whole


def has_hashed(folder: Path, files: int) -> bool:
    return len(list(folder.glob("*.blocks.json"))) >= files


def give_up(engine: Asking, id: str) -> None:
    """Fetch something, from a node that may end meanwhile."""
    with contextlib.suppress(OSError, HTTPException, ControlError):
        engine.raw("GET", f"/api/node/recordings/{id}/files/a.nut")


def test_one_node_a_folder(node: Node) -> None:
    with Node(node.folder, "--pair", "--host", "127.0.0.1") as second:
        result = second.wait()
    assert result.code == 2
    assert "another" in result.error
    assert node.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_that_is_ended_closes_its_recording(node: Node, number: int) -> None:
    engine = node.paired()
    face = engine.record()
    os.kill(node.process.pid, number)
    assert node.wait().code == 0
    (record,) = node.data_dir.glob("*/node-recording.json")
    assert json.loads(record.read_text())["state"] == "closed"
    assert count_packets(record.parent / f"{face.name}.nut") >= 20


def test_an_unpaired_node_listens_to_this_computer_alone(tmp_path: Path) -> None:
    with Node(tmp_path) as node:
        assert node.ready().said("ready ").startswith("https://127.0.0.1:")
        assert "--pair" in node.stderr
        fingerprint = node.said("fingerprint ")
        stranger = Asking(
            KnownNode(name="x", address=node.address, fingerprint=fingerprint, token="x")
        )
        with pytest.raises(Refusal) as refusal:
            stranger.info()
        assert refusal.value.status == 401
        with pytest.raises(ControlError, match="--pair"):
            pair(node.address, code_of("A" * 8, node.said("fingerprint ")), "x")
    with Node(tmp_path, "--host", "0.0.0.0") as node:
        result = node.wait()
    assert result.code == 2
    assert "--pair" in result.error


def test_five_wrong_codes_end_the_pairing(node: Node) -> None:
    right, fingerprint = node.said("code "), node.said("fingerprint ")
    for _ in range(5):
        with pytest.raises(ControlError, match="wrong"):
            pair(node.address, code_of("A" * 8, fingerprint), "x")
    with pytest.raises(ControlError, match="--pair"):
        pair(node.address, right, "x")


def test_paired_by_commands(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "engine-home"))
    rig = tmp_path / "rig.toml"
    rig.write_text('[rig]\nname = "lab"\n')
    done = unisono(
        "pair", node.address, "--code", node.said("code ").lower(), "--rig", rig, folder=tmp_path
    )
    assert done.code == 0, done.stderr
    wait_for(lambda: node.said("paired with engine "), what="word of it")
    (table,) = load_rig(rig).nodes
    assert (table.name, table.fingerprint) == ("cam-pc", node.said("fingerprint "))
    assert table.fingerprint in done.stdout
    (kept,) = (tmp_path / "engine-home" / "unisono" / "nodes").iterdir()
    token = json.loads(kept.read_text())["token"]
    assert token not in done.stdout + done.stderr + rig.read_text()
    told = unisono("nodes", "--json", folder=tmp_path).json["paired"]
    assert [(row["name"], row["reached"]) for row in told] == [("cam-pc", True)]
    assert token not in json.dumps(told)
    assert node.end() == 0
    lines = unisono("nodes", folder=tmp_path).stdout
    assert "firewall" in lines
    again = unisono("pair", node.address, "--code", "x", folder=tmp_path)
    assert again.code == 2
    assert "16" in again.error


def test_a_full_disk_ends_the_recording_in_good_order(tmp_path: Path) -> None:
    with (
        disk(tmp_path, 16 << 20) as data_dir,
        Node(tmp_path, "--pair", "--host", "127.0.0.1", data_dir=data_dir) as node,
    ):
        engine = node.ready().paired()
        face = engine.record(camera(rate_hz=100))
        event = engine.event("node-full")
        assert event.level == "error"
        assert "release" in event.text
        (summary,) = engine.stop(face.name)
        assert summary.frames > 0
        recording = engine.wait_ready()
        video = next(f for f in recording.files if f.name == summary.path.name)
        assert count_packets(data_dir / recording.id / video.name) == summary.frames
        assert engine.release(recording.id, {f.name: f.sha256 or "" for f in recording.files}) == {
            "gone": True
        }


def test_a_node_is_found_on_the_interface_that_was_named(tmp_path: Path) -> None:
    with Node(tmp_path, "--announce", "127.0.0.1") as node:
        wanted = (node.ready().address, node.said("fingerprint "))

        def found() -> bool:
            return wanted in [(n.address, n.fingerprint) for n in look("127.0.0.1", 3.0)]

        wait_for(found, what="the node")
    with pytest.raises(ConfigError, match=r"there are: .*lo"):
        look("no-such", 0.1)


def test_nothing_is_announced_unless_asked_for(tmp_path: Path) -> None:
    with Node(tmp_path) as node:
        mine = node.ready().said("fingerprint ")
        assert mine not in [n.fingerprint for n in look("127.0.0.1", 1.0)]


def test_a_device_that_dies_while_no_engine_is_heard_goes_on(node: Node) -> None:
    """And the engine, once it is back, opens it as ever, and disturbs nothing by that."""
    engine = node.paired()
    face = engine.record()
    cut_at = time.monotonic()
    wait_for(lambda: time.monotonic() - cut_at > ALONE_S, what="an engine that is silent")
    (died,) = devices_of(node)
    died.kill()
    second = node.data_dir / SESSION / f"{face.name}+2.nut"
    wait_for(lambda: second.exists() and second.stat().st_size > 100_000, what="the next file")
    assert face.name in engine.event("device-died").text
    assert "no engine" in engine.event("device-back").text
    (before,) = devices_of(node)
    engine.heard.clear()
    engine.open(face)
    assert engine.arm(face.name)[face.name].name == second.name
    engine.answer(face.name, StartVideo(1, engine.clock()))
    assert devices_of(node) == [before]
    (summary,) = engine.stop(face.name)
    assert summary.path.name == second.name
    names = [f.name for f in engine.wait_ready().files]
    assert len([n for n in names if n.endswith(".nut")]) == 2
    assert count_packets(second) == summary.frames


def devices_of(node: Node) -> list[psutil.Process]:
    return [p for p in node.tree() if module_of(p) == "acquire.host.device_host"]


@pytest.mark.skipif(sys.platform != "linux", reason="the helper is systemd's")
def test_the_computer_stays_awake_while_it_records(tmp_path: Path) -> None:
    helper = tmp_path / "systemd-inhibit"
    helper.write_text('#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n')
    helper.chmod(0o755)
    path = ("env", f"PATH={tmp_path}:{os.environ['PATH']}")
    with Node(tmp_path, "--pair", "--host", "127.0.0.1", prefix=path) as node:
        engine = node.ready().paired()
        face = camera()
        engine.begin(face)
        engine.open(face)
        assert not helpers_of(node)
        engine.arm(face.name)
        wait_for(lambda: helpers_of(node), what="its helper")
        engine.store(face.name)
        engine.stop(face.name)
        wait_for(lambda: not helpers_of(node), what="its end")


def helpers_of(node: Node) -> list[psutil.Process]:
    found = []
    for process in node.tree():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name() == "cat":
                found.append(process)
    return found
