"""An engine and a node of one rig, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from acquire.engine.engine import Engine
from acquire.lsl.config import configuration
from acquire.node.client import client_of
from acquire.node.engine.snapshot import NodeState
from acquire.node.pairing.known import KnownNode, remember
from acquire.node.transfer.sources import NodeSource
from acquire.pump.selection import Selection
from acquire.rig.file import Rig, load_rig
from acquire.take.folder import Labels
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from tests.acquire.node.node_program import Node
from tests.acquire.node.relay import Relay
from tests.acquire.program import TIMEOUT_S, unique, wait_for

LABELS = Labels(study="nodes", participant="01")
BLOCK = 1 << 17
LOOPBACK = ("--host", "127.0.0.1", "--block-bytes", str(BLOCK))
"""How a node is started here: on this computer, and its files have many blocks."""


def write_rig(folder: Path, known: KnownNode, address: str, more: str = "") -> Path:
    """Write a rig with a camera and an EEG on the node, and an EEG here."""
    path = folder / "rig.toml"
    face, eeg, here = unique("face"), unique("eeg"), unique("here")
    path.write_text(
        f"""
[rig]
data_dir = "{folder / "data"}"

[[node]]
name = "cam-pc"
address = "{address}"
fingerprint = "{known.fingerprint}"
{more}

[[device]]
name = "{face}"
driver = "simulated-camera"
node = "cam-pc"
codec = "magicyuv"
width = 320
height = 240
rate_hz = 50

[[device]]
name = "{eeg}"
driver = "simulated-eeg"
node = "cam-pc"
channels = 4
rate_hz = 250

[[device]]
name = "{here}"
driver = "simulated-eeg"
channels = 4
rate_hz = 250
"""
    )
    return path


@dataclass
class Running:
    """An engine whose events are kept."""

    engine: Engine
    rig: Rig
    events: list[Event] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.rig.table.data_dir

    def codes(self) -> list[str]:
        """List the codes of all events so far."""
        return [event.code for event in self.events]

    def name(self, stem: str) -> str:
        """Give the name of the rig's device that begins so."""
        return next(d.name for d in self.rig.devices if d.name.startswith(stem))


@contextmanager
def engine_of(
    rig_file: Path, wait_s: float = TIMEOUT_S, *, allow_missing: bool = False
) -> Iterator[Running]:
    """Open an engine."""
    rig = load_rig(rig_file)
    rig.table.data_dir.mkdir(exist_ok=True)
    events: list[Event] = []
    config = configuration(rig.table.lsl_session, peers=rig.peers)
    with Engine(
        rig,
        Selection(),
        config,
        on_event=events.append,
        publish_markers=True,
        data_dir=rig.table.data_dir,
    ) as engine:
        engine.open(wait_s, allow_missing=allow_missing)
        yield Running(engine, rig, events)


@contextmanager
def over_relay(node: Node, folder: Path) -> Iterator[tuple[Relay, Running]]:
    """Open an engine whose orders, not its streams, go over a cable that can be cut."""
    with (
        Relay(node.port) as relay,
        engine_of(write_rig(folder, pair(node), relay.address)) as running,
    ):
        yield relay, running


def pair(node: Node) -> KnownNode:
    """Pair this test's user with a node."""
    known = node.paired().known
    remember(known)
    return known


def begin(running: Running) -> None:
    """Begin a recording, and wait until something of all devices is in it."""
    running.engine.start(running.data_dir, LABELS)
    take = running.engine.takes.running
    assert take is not None
    names = {d.name for d in running.rig.devices}
    mine = [s for s in take.xdf.streams.values() if s.device in names]
    assert len(mine) == len(names)
    wait_for(lambda: all(s.samples > 50 for s in mine), what="samples")


def record(running: Running) -> Path:
    """Record a little; gives the session, whose files on the node are hashed."""
    begin(running)
    outcome = running.engine.stop()
    assert outcome.state is State.COMPLETE, outcome.error
    wait_ready(running.rig)
    wait_for(lambda: not Manifest.load(outcome.path).hashing, what="hashes")
    return outcome.path


def wait_ready(rig: Rig) -> None:
    """Wait until the node has hashed what it keeps."""
    with source_of(rig) as source:
        wait_for(lambda: all(r.ready for r in source.recordings()), what="hashes on the node")


@contextmanager
def source_of(rig: Rig) -> Iterator[NodeSource]:
    """Give what the rig's node keeps."""
    (table,) = rig.nodes
    with client_of(table) as client:
        yield NodeSource(table.name, client)


def node_state(running: Running, state: NodeState) -> None:
    """Wait until the engine sees its node so."""
    wait_for(lambda: running.engine.nodes.snapshots[0].state is state, what=f"node {state}")
