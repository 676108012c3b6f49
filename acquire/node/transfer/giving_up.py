"""What a node has lost for good: the session says so, and waits no longer."""

from __future__ import annotations

from pathlib import Path

from acquire.errors import ConfigError
from acquire.node.transfer.collecting import Change, lost
from recordings.manifest import Manifest


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
