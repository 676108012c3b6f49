"""A transfer whose engine and whose node are killed in its midst; and one that is held back."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from acquire.node.client import READ_S, client_of
from acquire.node.clock import compare
from acquire.node.transfer.collecting import change_manifest
from acquire.node.transfer.collector import Collector
from acquire.node.transfer.sources import NodeSource
from acquire.node.wire.models import Recording
from acquire.processes.messages import Tell
from acquire.rig.node import NodeTable
from recordings.disk.hashing import sha256_of
from recordings.manifest import Manifest
from recordings.study.catalogue import Catalogue
from tests.acquire.node.engine_with_node import BLOCK, LOOPBACK, pair
from tests.acquire.node.kept_session import MB, NAME, kept_on_node, wait_for_node
from tests.acquire.node.node_program import Node
from tests.acquire.node.relay import Relay
from tests.acquire.program import Unisono, kill, posix_only, wait_for


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def wait_hashed(kept: Path) -> None:
    wait_for(lambda: list(kept.parent.glob("*.blocks.json")), what="hashes")


@posix_only
def test_killed_on_either_side_it_goes_on_and_fetches_nothing_twice(tmp_path: Path) -> None:
    session, kept = kept_on_node(tmp_path, 8)
    size = kept.stat().st_size
    with Node(tmp_path, "--pair", *LOOPBACK) as first, Relay(first.ready().port) as relay:
        wait_for_node(session, pair(first), relay.address)
        wait_hashed(kept)
        relay.mb_per_s = 8.0
        with Unisono("collect", session, folder=tmp_path) as collect:
            wait_for(lambda: relay.bytes_up > size / 4, what="a quarter")
            kill(collect.tree())
            collect.process.wait()
        assert not (session / NAME).exists()
        assert [p.path for p in Manifest.load(session).pending] == [NAME]
        with Unisono("collect", session, folder=tmp_path) as collect:
            wait_for(lambda: relay.bytes_up > size / 2, what="a half")
            kill(first.tree())
            first.process.wait()
            relay.mend()  # the system tells of a connection whose program is gone
            result = collect.wait()
        assert result.code == 2
        assert "see that it runs, and its cable" in result.error
        with Node(tmp_path, *LOOPBACK) as second:
            relay.to(second.ready().port)
            with Unisono("collect", session, folder=tmp_path) as collect:
                assert collect.wait().code == 0
        whole = sha256_of(kept)
    (entry,) = [f for f in Manifest.load(session).files if f.path == NAME]
    assert sha256_of(session / NAME) == entry.sha256 == whole
    assert Manifest.load(session).pending == ()
    assert not list(session.glob("*.part*"))
    # At most the block that was on its way, for each that was killed; and what is said around it.
    assert relay.bytes_up < size * 1.05 + 2 * BLOCK


def test_a_node_that_has_another_address_now_is_collected_from_once_paired_anew(
    tmp_path: Path,
) -> None:
    session, kept = kept_on_node(tmp_path, 1)
    with Node(tmp_path, "--pair", *LOOPBACK) as node:
        wait_for_node(session, pair(node.ready()), "127.0.0.1:1")
        wait_hashed(kept)
        with Unisono("collect", session, folder=tmp_path) as collect:
            assert collect.wait().code == 0
    assert sha256_of(session / NAME) == sha256_of(kept)


def test_a_node_that_was_set_up_anew_is_collected_from_once_paired_anew(tmp_path: Path) -> None:
    session, kept = kept_on_node(tmp_path, 1)
    with Node(tmp_path, "--pair", *LOOPBACK) as node:
        wait_for_node(session, pair(node.ready()), node.address)
        wait_hashed(kept)
        port = node.port
        node.end()
    anew = tmp_path / "another-home"
    with Node(tmp_path, "--pair", *LOOPBACK, home=anew, port=port) as node:
        node.ready()
        with Unisono("collect", session, folder=tmp_path) as collect:
            assert "pair with it anew" in collect.wait().error
        pair(node)
        with Unisono("collect", session, folder=tmp_path) as collect:
            assert collect.wait().code == 0
    assert sha256_of(session / NAME) == sha256_of(kept)


def test_what_a_node_keeps_no_more_is_not_waited_for_in_silence(tmp_path: Path) -> None:
    session, kept = kept_on_node(tmp_path, 1)
    with Node(tmp_path, "--pair", *LOOPBACK) as node:
        wait_for_node(session, pair(node.ready()), node.address)
        shutil.rmtree(kept.parent)
        with Unisono("collect", session, folder=tmp_path) as collect:
            result = collect.wait()
    assert result.code == 2
    assert "keeps nothing of it any more; see what became of its data folder" in result.error
    assert result.error.endswith(f"unisono collect {session} --give-up cam-pc")


def collector_of(
    node: NodeTable,
    folder: Path,
    is_recording: Callable[[], bool] = lambda: False,
    report: Tell = lambda *what: None,
) -> Collector:
    return Collector(
        [node],
        folder / "data",
        Catalogue(folder / "data"),
        is_recording=is_recording,
        change=change_manifest,
        report=report,
        collected=lambda session: None,
    )


def looks_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Have a collector look again at once; gives how often it has."""
    looks: list[str] = []
    list_them = NodeSource.recordings

    def recordings(source: NodeSource) -> list[Recording]:
        looks.append(source.node)
        return list_them(source)

    monkeypatch.setattr(NodeSource, "recordings", recordings)
    monkeypatch.setattr("acquire.node.transfer.collector.LOOK_S", 0.05)
    return lambda: len(looks)


def test_an_engine_says_once_that_a_node_keeps_nothing_of_a_session_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`collect` alone did: the daemon waited, and said nothing."""
    session, kept = kept_on_node(tmp_path, 1)
    said: list[tuple[str, str]] = []
    with Node(tmp_path, "--pair", *LOOPBACK) as node, Relay(node.ready().port) as relay:
        known = pair(node)
        wait_for_node(session, known, node.address)
        # In a study that was renamed it is not found by its name, and is on the node all the same.
        study = session.parents[2].rename(tmp_path / "data" / "renamed")
        moved = study / session.relative_to(session.parents[2])
        table = NodeTable(name="cam-pc", address=relay.address, fingerprint=known.fingerprint)
        collector = collector_of(table, tmp_path, report=lambda *what: said.append(what[2:]))
        looks = looks_of(monkeypatch)
        collector.start()
        try:
            wait_for(lambda: looks() > 2, what="looks at what is there")
            assert said == []
            shutil.rmtree(kept.parent)
            wait_for(lambda: said, what="the event")
            seen = looks()
            wait_for(lambda: looks() > seen + 2, what="more looks")
            relay.cut()  # the next look is under way when the engine ends: it tells nothing new
            wait_for(lambda: relay.holds, what="a look that hangs")
        finally:
            collector.close()
            relay.mend()
    ((code, text),) = said
    assert code == "not-collected"
    assert "keeps nothing of it any more" in text
    assert text.endswith(f"unisono collect {moved} --give-up cam-pc")
    (transfer,) = collector.transfers
    assert transfer.error == text


@posix_only
def test_a_node_that_hangs_in_the_midst_of_a_file_keeps_no_engine_from_ending(
    tmp_path: Path,
) -> None:
    """The end of a daemon took half a minute: as long as a disk there may take."""
    session, kept = kept_on_node(tmp_path, 8)
    with Node(tmp_path, "--pair", *LOOPBACK) as node, Relay(node.ready().port) as relay:
        known = pair(node)
        wait_for_node(session, known, relay.address)
        wait_hashed(kept)
        relay.mb_per_s = 4.0
        table = NodeTable(name="cam-pc", address=relay.address, fingerprint=known.fingerprint)
        collector = collector_of(table, tmp_path)
        collector.start()
        wait_for(lambda: relay.bytes_up > kept.stat().st_size / 4, what="a quarter")
        relay.cut()
        begun = time.monotonic()
        collector.close()
        assert time.monotonic() - begun < READ_S / 3
        relay.mend()
        again = collector_of(table, tmp_path)
        again.start()
        try:
            wait_for(lambda: Manifest.load(session).pending == (), what="the rest")
        finally:
            again.close()
    assert sha256_of(session / NAME) == sha256_of(kept)


def test_beside_a_recording_it_is_as_slow_as_the_rig_says(tmp_path: Path) -> None:
    mb_per_s = 4.0
    session, kept = kept_on_node(tmp_path, 8)
    with Node(tmp_path, "--pair", *LOOPBACK) as node:
        known = pair(node.ready())
        wait_for_node(session, known, node.address)
        wait_hashed(kept)
        table = NodeTable(
            name="cam-pc",
            address=node.address,
            fingerprint=known.fingerprint,
            transfer="while-recording",
            transfer_mb_per_s=mb_per_s,
        )
        times: list[float] = []

        def recording() -> bool:
            times.append(time.monotonic())
            return True

        collector = collector_of(table, tmp_path, recording)
        collector.start()
        try:
            wait_for(lambda: Manifest.load(session).pending == (), what="collected")
        finally:
            collector.close()
    assert sha256_of(session / NAME) == sha256_of(kept)
    # Nobody waits before the first piece.
    assert times[-1] - times[0] >= (8 * MB - BLOCK) / (mb_per_s * 1e6)


def test_clocks_are_compared_within_the_bound_over_a_slow_and_uneven_way(tmp_path: Path) -> None:
    """Node and engine share a clock here: what is found is the error."""
    with Node(tmp_path, "--pair", *LOOPBACK) as node, Relay(node.ready().port) as relay:
        known = pair(node)
        relay.delay_s, relay.jitter_s, relay.chance = 5e-3, 10e-3, random.Random(7)
        table = NodeTable(name="cam-pc", address=relay.address, fingerprint=known.fingerprint)
        with client_of(table) as client:
            found = [compare(client) for _ in range(20)]
    for clock in found:
        assert abs(clock.offset) <= clock.uncertainty
        assert clock.uncertainty >= relay.delay_s  # both ways were as slow as they are said to be
    # The ways differ, else this would show nothing.
    assert max(abs(clock.offset) for clock in found) > 1e-4
