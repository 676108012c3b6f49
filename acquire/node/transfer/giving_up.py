"""What a node has lost: who waits for it is named, and waits no longer once that is given up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from acquire.errors import ConfigError
from acquire.node.transfer.collecting import Change, lost, recorded_as
from acquire.node.wire.models import Recording, RecordingState
from recordings.manifest import Manifest


def kept_no_more(
    node: str, listed: Iterable[Recording], sessions: Mapping[Path, Manifest]
) -> list[str]:
    """Name the sessions that wait for a node which keeps nothing of them any more.

    Args:
        node: its name.
        listed: what it says that it keeps.
        sessions: by their folders.
    """
    kept = {
        (recording.run_id, recording.session)
        for recording in listed
        if recording.files or recording.state is RecordingState.RECORDING
    }
    return [
        f"{folder.name}: the node keeps nothing of it any more; see what became of its data "
        f"folder, or: unisono collect {folder} --give-up {node}"
        for folder, manifest in sessions.items()
        if manifest.is_closed
        and any(file.node == node for file in manifest.pending)
        and (manifest.node_run, recorded_as(manifest)) not in kept
    ]


def give_up(folder: Path, node: str, reason: str, change: Change) -> list[str]:
    """Call lost what a session still waits for from a node; gives the names of the files.

    Should the node have them after all, collecting brings them, and they are lost no longer.

    Raises:
        ConfigError: the session waits for nothing from this node, or is not closed.
    """
    manifest = Manifest.load(folder)
    if not manifest.is_closed:
        raise ConfigError(f"{folder}: is still being recorded; stop it, and give up then")
    given_up = [file for file in manifest.pending if file.node == node]
    if not given_up:
        others = ", ".join(sorted({file.node for file in manifest.pending})) or "no node"
        raise ConfigError(f"{folder}: waits for nothing from node {node!r}, but from {others}")
    change(folder, lambda before: lost(before, given_up, reason))
    return [file.path for file in given_up]
