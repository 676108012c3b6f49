"""A session whose only file is still on a node, without anything having been recorded."""

from __future__ import annotations

import random
from pathlib import Path

from acquire.node.pairing.known import KnownNode
from acquire.node.store.store import Store
from recordings import layout
from recordings.manifest import Manifest, State
from recordings.manifest_entries import FileEntry, PendingFile

RUN = "0123456789abcdef"
NAME = "eeg.copy.xdf"
MB = 1_000_000


def kept_on_node(folder: Path, megabytes: int) -> tuple[Path, Path]:
    """Make a session, and the folder of a node that keeps its file; gives the session and the file.

    It is done before the node begins: what is there, it finds.
    """
    session, _ = layout.new_session_folder(folder / "data", "study", "01", "01", "test")
    (folder / "node-data").mkdir()
    kept, _ = Store(folder / "node-data").armed(RUN, layout.session_id(session), 1, "eeg", {})
    chance = random.Random(1)
    with (kept.folder / NAME).open("wb") as file:
        for _ in range(megabytes):
            file.write(chance.randbytes(MB))
    return session, kept.folder / NAME


def wait_for_node(session: Path, known: KnownNode, address: str) -> None:
    """Have the session wait for its file, from the node at this address."""
    node = {"name": "cam-pc", "address": address, "fingerprint": known.fingerprint}
    Manifest(
        state=State.COMPLETE,
        study="study",
        participant="01",
        session="01",
        task="test",
        run=1,
        software={},
        host={"node_run": RUN},
        rig={"node": [node]},
        files=(FileEntry(path="recording.xdf"),),
        pending=(PendingFile(path=NAME, node="cam-pc"),),
    ).save(session)
