"""An engine records what is on a node, as if it were here."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import acquire
from acquire.errors import AcquireError, ControlError
from acquire.lsl.clock import local_clock
from acquire.node.client import ANSWER_S
from acquire.node.engine.connection import POLL_S
from acquire.node.engine.path_check import SLOW_S, examine
from acquire.node.engine.snapshot import NodeState
from acquire.node.transfer.collecting import jobs, merged_rows, release
from acquire.processes.messages import TakePreview
from acquire.rig.file import load_rig
from recordings.disk.hashing import sha256_of
from recordings.manifest import Manifest, State
from recordings.stream_kinds import Fate
from recordings.video.reader import count_packets
from tests.acquire.node.engine_with_node import (
    LABELS,
    LOOPBACK,
    begin,
    engine_of,
    node_state,
    over_relay,
    pair,
    record,
    source_of,
    wait_ready,
    write_rig,
)
from tests.acquire.node.node_program import Node
from tests.acquire.node.relay import Relay
from tests.acquire.program import Result, Unisono, kill, posix_only, wait_for


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with Node(tmp_path, "--pair", *LOOPBACK) as program:
        yield program.ready()


def test_what_is_on_a_node_is_recorded_like_what_is_here(node: Node, tmp_path: Path) -> None:
    rig = write_rig(tmp_path, pair(node), node.address)
    with engine_of(rig) as running:
        face, eeg, here = running.name("face"), running.name("eeg"), running.name("here")
        engine = running.engine
        previews: list[Any] = []

        def previewed() -> bool:  # there is none where no frame comes for a moment
            previews.append(engine.devices[face].request(TakePreview(face)))
            return previews[-1] is not None

        wait_for(previewed)
        assert previews[-1].jpeg[:2] == b"\xff\xd8"
        engine.start(running.data_dir, LABELS)
        take = engine.takes.running
        assert take is not None
        mine = [s for s in take.xdf.streams.values() if s.device in (face, eeg, here)]
        assert len(mine) == 3
        wait_for(lambda: all(s.samples > 50 for s in mine))
        # Not every row is of a stored frame: a camera that ran before begins its file a bit later.
        (frames,) = [s for s in mine if s.device == face]
        wait_for(lambda: frames.fates.get(Fate.STORED, 0) > 50, what="frames")
        outcome = engine.stop()
        assert outcome.state is State.COMPLETE, outcome.error
        manifest = Manifest.load(outcome.path)
    assert {p.path for p in manifest.pending} == {
        f"{face}.nut",
        f"{face}.copy.xdf",
        f"{eeg}.copy.xdf",
    }
    assert {p.node for p in manifest.pending} == {"cam-pc"}
    (video,) = manifest.videos
    assert video.frames > 50
    assert {s.device for s in manifest.streams} >= {face, eeg, here}
    assert {f.path for f in manifest.files} == {"recording.xdf", "truth.tsv"}
    assert [e for e in running.events if e.level != "info"] == []


def run(*arguments: str | Path, folder: Path) -> Result:
    """Run a command."""
    with Unisono(*arguments, folder=folder) as program:
        return program.wait()


def test_what_was_recorded_there_is_collected_and_released(node: Node, tmp_path: Path) -> None:
    rig = write_rig(tmp_path, pair(node), node.address)
    with engine_of(rig) as running:
        session = record(running)
    face = running.name("face")
    before = Manifest.load(session)
    with source_of(running.rig) as source, pytest.raises(AcquireError, match="is not here"):
        release(source, next(jobs(source, running.data_dir)))
    program = run("collect", session, "--json", folder=tmp_path)
    assert (program.code, program.json["pending"]) == (0, []), program
    after = Manifest.load(session)
    assert after.pending == ()
    files = {file.path: file for file in after.files}
    assert files.keys() >= {p.path for p in before.pending} | {f.path for f in before.files}
    for file in files.values():
        assert sha256_of(session / file.path) == file.sha256
    assert count_packets(session / f"{face}.nut") == after.videos[0].frames
    assert after.videos[0] == before.videos[0]
    assert not list(session.glob("*.part*"))
    again = run("collect", session, "--release", "--json", folder=tmp_path)
    assert (again.code, again.json["collected"]) == (0, [])
    with source_of(running.rig) as source:
        assert source.recordings() == []
    assert [path.name for path in node.data_dir.iterdir() if path.is_dir()] == []


def test_what_a_node_has_lost_for_good_is_given_up_and_never_passes(
    node: Node, tmp_path: Path
) -> None:
    rig = write_rig(tmp_path, pair(node), node.address)
    with engine_of(rig) as running:
        session = record(running)
    kill(node.tree())
    pending = {p.path for p in Manifest.load(session).pending}
    assert run("collect", session, folder=tmp_path).code == 2
    assert run("check", session, folder=tmp_path).code == 4
    several = run("collect", running.data_dir, "--give-up", "cam-pc", folder=tmp_path)
    assert several.code == 2
    assert "name one session" in several.error
    words = ("--give-up", "cam-pc", "--reason", "its disk is broken", "--json")
    given_up = run("collect", session, *words, folder=tmp_path)
    assert (given_up.code, set(given_up.json["lost"])) == (0, pending)
    checked = run("check", session, "--json", folder=tmp_path)
    assert (checked.code, checked.json["verdict"]) == (2, "FAIL")
    found = {f["subject"]: f for f in checked.json["findings"] if f["code"] == "lost-on-node"}
    assert found.keys() == pending
    assert {f["level"] for f in found.values()} == {"fail", "warn"}
    assert all("its disk is broken" in f["text"] for f in found.values())
    # There is nothing left to wait for.
    assert run("collect", session, "--json", folder=tmp_path).json["pending"] == []


def test_a_node_of_another_version_is_refused_and_both_are_named(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = write_rig(tmp_path, pair(node), node.address)
    here = acquire.__version__
    monkeypatch.setattr(acquire, "__version__", "9.9.9")
    with engine_of(rig, 0.0, allow_missing=True) as running:
        wait_for(lambda: "node-refused" in running.codes(), what="the refusal")
        with pytest.raises(ControlError, match="install the same version") as refused:
            running.engine.start(running.data_dir, LABELS)
    assert here in str(refused.value)
    assert "9.9.9" in str(refused.value)


def test_the_doctor_looks_at_the_way_to_a_node(node: Node, tmp_path: Path) -> None:
    known = pair(node)
    (table,) = load_rig(write_rig(tmp_path, known, node.address)).nodes
    found = list(examine(table))
    assert [f.level for f in found[::2]] == ["ok"] * 2, found
    assert "reached and paired with" in found[0].text
    (answered_ms,) = re.findall(r"answers in ([\d.]+) ms", found[1].text)
    slow = float(answered_ms) > SLOW_S * 1e3  # a busy machine may be
    assert found[1].level == ("warn" if slow else "ok"), found
    assert "not measured" in found[2].text
    stranger = table.model_copy(update={"fingerprint": "0" * 64})
    assert [(f.level, "--pair" in f.remedy) for f in examine(stranger)] == [("fail", True)]
    away = table.model_copy(update={"address": "127.0.0.1:1"})
    assert [f.level for f in examine(away)] == ["fail"]


def test_a_node_that_is_away_lets_nothing_begin_and_names_each_device(
    node: Node, tmp_path: Path
) -> None:
    with over_relay(node, tmp_path) as (relay, running):
        relay.cut()
        node_state(running, NodeState.UNREACHABLE)
        with pytest.raises(ControlError, match="cannot start") as refused:
            running.engine.start(running.data_dir, LABELS)
        assert f"{running.name('face')}: unreached for" in str(refused.value)
        assert f"{running.name('eeg')}: unreached for" in str(refused.value)
        assert list(running.data_dir.iterdir()) == []
        with pytest.raises(ControlError, match="unreached for"):
            running.engine.devices[running.name("face")].command("anything", {})
        relay.mend()
        node_state(running, NodeState.CONNECTED)
        record(running)


def test_what_was_not_begun_for_want_of_an_answer_is_not_recorded_later(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that hangs for a while has the order already, and carries it out afterwards."""
    monkeypatch.setattr("acquire.engine.beginnings.ARM_S", 0.5)
    rig = write_rig(tmp_path, pair(node), node.address)
    with engine_of(rig) as running, source_of(running.rig) as source:
        node.process.send_signal(signal.SIGSTOP)
        with pytest.raises(ControlError, match="no answer in time"):
            running.engine.start(running.data_dir, LABELS)
        node.process.send_signal(signal.SIGCONT)
        wait_for(lambda: source.recordings() != [], what="the order that was late")
        wait_for(lambda: all(r.ready for r in source.recordings()), what="its end")


def test_a_node_that_hangs_at_a_split_is_in_what_comes_after_once_it_answers(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquire.engine.takes.ARM_FOR_SPLIT_S", 0.2)
    with engine_of(write_rig(tmp_path, pair(node), node.address)) as running:
        begin(running)
        face = running.name("face")
        node.process.send_signal(signal.SIGSTOP)
        running.engine.split(running.data_dir, LABELS)
        take = running.engine.takes.running
        assert take is not None
        assert face not in take.videos.devices
        node.process.send_signal(signal.SIGCONT)
        mine = [s for s in take.xdf.streams.values() if s.device == face]
        wait_for(lambda: any(s.fates.get(Fate.STORED, 0) > 20 for s in mine), what="frames")
        outcome = running.engine.stop()
        wait_ready(running.rig)
        wait_for(lambda: not Manifest.load(outcome.path).hashing, what="hashes")
        assert run("collect", running.data_dir, folder=tmp_path).code == 0
    (video,) = Manifest.load(outcome.path).videos
    assert video.frames == sum(count_packets(outcome.path / name) for name in video.files) > 20
    checked = run("check", outcome.path, "--json", folder=tmp_path)
    assert checked.json["verdict"] in ("PASS", "WARN"), checked.json["findings"]


@posix_only
@pytest.mark.parametrize("records", [False, True])
def test_a_node_that_hangs_keeps_no_engine_from_ending(
    node: Node, tmp_path: Path, records: bool
) -> None:
    """It took 11 s, and 24 s in a recording, whose files there are collected in any case."""
    with engine_of(write_rig(tmp_path, pair(node), node.address)) as running:
        if records:
            begin(running)
        node.process.send_signal(signal.SIGSTOP)
        began = local_clock()
        running.engine.close()
        took_s = local_clock() - began
    node.process.send_signal(signal.SIGCONT)
    assert took_s < POLL_S + 2 * ANSWER_S
    assert {"node-not-ended", "node-unreachable"} & set(running.codes())
    if records:
        (session,) = running.data_dir.rglob("session.json")
        manifest = Manifest.load(session.parent)
        assert manifest.state is State.COMPLETE
        assert {p.node for p in manifest.pending} == {"cam-pc"}
        # The node hears only now what the engine had sent it, which is for 5 s its own.
        wait_for(lambda: run("collect", running.data_dir, folder=tmp_path).code == 0)
        assert Manifest.load(session.parent).pending == ()


@pytest.mark.soak  # half a minute
def test_a_stop_while_the_cable_is_cut_is_heard_later_and_kept_to(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orders go over the relay, the rows do not: what is cut is the order to stop alone."""
    with over_relay(node, tmp_path) as (relay, running):
        begin(running)
        relay.cut()
        node_state(running, NodeState.UNREACHABLE)
        stopped = local_clock()
        outcome = running.engine.stop()
        assert outcome.state is State.COMPLETE, outcome.error
        manifest = Manifest.load(outcome.path)
        assert {p.bytes for p in manifest.pending} == {None}
        (told,) = [e for e in running.events if e.code == "video-failed" and "face" in e.text]
        assert "file not closed" in told.text
        assert "until they are collected" in told.text
        (copy,) = [e for e in running.events if e.code == "video-failed" and "eeg" in e.text]
        assert "own copy not closed" in copy.text  # it has no video
        # Nobody stopped it: it goes on.
        relay.mend()
        node_state(running, NodeState.CONNECTED)
        with source_of(running.rig) as source:
            wait_for(lambda: [r.state for r in source.recordings()] == ["trimmed"])
        wait_ready(running.rig)
        assert manifest.lsl_stop is not None
        assert abs(manifest.lsl_stop - stopped) < 1
        collected = run("collect", running.data_dir, folder=tmp_path)
        assert collected.code == 0, collected
    after = Manifest.load(outcome.path)
    (video,) = after.videos
    rows = merged_rows(outcome.path, video.name)
    assert video.frames == video.fates[Fate.STORED] > 0
    assert video.frames == count_packets(outcome.path / video.file)
    assert video.codec == "magicyuv"
    assert after.pending == ()
    assert len(rows) == video.captured


@pytest.mark.soak  # half a minute
def test_a_stop_that_was_lost_with_its_engine_is_kept_to_by_who_collects(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `record` leaves it, which ends while the cable is cut."""
    with Relay(node.port) as relay:
        rig = write_rig(tmp_path, pair(node), relay.address)
        with engine_of(rig) as running:
            begin(running)
            relay.cut()
            node_state(running, NodeState.UNREACHABLE)
            outcome = running.engine.stop()
        relay.mend()
        with source_of(running.rig) as source:
            assert [r.state for r in source.recordings()] == ["recording"]
            wait_for(lambda: run("collect", running.data_dir, folder=tmp_path).code == 0)
            assert [r.state for r in source.recordings()] == ["trimmed"]
    after = Manifest.load(outcome.path)
    assert after.pending == ()
    assert after.lsl_stop is not None
    (video,) = after.videos
    rows = merged_rows(outcome.path, video.name)
    assert video.frames == count_packets(outcome.path / video.file) > 0
    assert len(rows) == video.captured
    checked = run("check", outcome.path, "--json", folder=tmp_path)
    assert checked.json["verdict"] in ("PASS", "WARN"), checked.json["findings"]


@pytest.mark.soak  # half a minute
def test_a_recording_that_goes_on_in_another_while_the_node_is_away_gets_it_back(
    node: Node, tmp_path: Path
) -> None:
    with over_relay(node, tmp_path) as (relay, running):
        begin(running)
        face = running.name("face")
        relay.cut()
        node_state(running, NodeState.UNREACHABLE)
        first, _ = running.engine.split(running.data_dir, LABELS)
        take = running.engine.takes.running
        assert take is not None
        assert face not in take.videos.devices
        relay.mend()
        node_state(running, NodeState.CONNECTED)
        wait_for(lambda: face in take.videos.devices, what="the camera in the second")
        mine = [s for s in take.xdf.streams.values() if s.device == face]
        wait_for(lambda: all(s.fates.get(Fate.STORED, 0) > 20 for s in mine), what="frames")
        second = running.engine.stop()
        assert first.result().state is second.state is State.COMPLETE
        for outcome in (first.result(), second):
            assert f"{face}.nut" in {p.path for p in outcome.pending}
        wait_ready(running.rig)
        wait_for(lambda: not Manifest.load(second.path).hashing, what="hashes")
        collected = run("collect", running.data_dir, folder=tmp_path)
        assert collected.code == 0, collected
    for outcome in (first.result(), second):
        (video,) = Manifest.load(outcome.path).videos
        assert video.frames == video.fates[Fate.STORED] == count_packets(outcome.path / video.file)
        assert video.frames > 0


def test_a_node_that_is_started_again_gets_its_devices_again(node: Node, tmp_path: Path) -> None:
    with over_relay(node, tmp_path) as (relay, running):
        begin(running)
        kill(node.tree())
        node.process.wait()
        node_state(running, NodeState.UNREACHABLE)
        with Node(tmp_path, *LOOPBACK) as second:
            relay.to(second.ready().port)
            node_state(running, NodeState.CONNECTED)
            face, eeg = running.name("face"), running.name("eeg")
            wait_for(lambda: "device-died" in running.codes())
            wait_for(lambda: running.codes().count("device-back") == 2)
            take = running.engine.takes.running
            assert take is not None
            wait_for(
                lambda: f"{face}+2" in {p.path.partition(".")[0] for p in take.videos.pending()}
            )
            outcome = running.engine.stop()
            assert outcome.state is State.COMPLETE, outcome.error
            assert {p.path for p in Manifest.load(outcome.path).pending} == {
                f"{face}.nut",
                f"{face}+2.nut",
                f"{face}.copy.xdf",
                f"{face}+1.copy.xdf",
                f"{eeg}.copy.xdf",
                f"{eeg}+1.copy.xdf",
            }
            wait_ready(running.rig)
            assert run("collect", running.data_dir, folder=tmp_path).code == 0
    (video,) = Manifest.load(outcome.path).videos
    assert [Path(name).name for name in video.files] == [f"{face}.nut", f"{face}+2.nut"]
    assert sum(count_packets(outcome.path / name) for name in video.files) == video.frames
