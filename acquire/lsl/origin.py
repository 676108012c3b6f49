"""Whose a stream is: the source id of what we publish names the rig and the run of its engine.

Two engines with one rig file have streams of the same names. A receiver that reconnects by source
id, as liblsl's own recovery does, stays with the engine that it began with: within a run a
device keeps its source ids, however often it is started anew.
"""

from __future__ import annotations

import re

DEVICE = "unisono"
"""What stands for a device where a stream is the engine's own: its events and markers."""
_PREFIX = "unisono"
_RIG_LENGTH = 40
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


def origin_of(rig: str, run: str) -> str:
    """Name the run of an engine: what the source ids of all its streams begin with."""
    return f"{_UNFIT.sub('-', rig)[:_RIG_LENGTH] or 'rig'}:{run}"


def source_id_of(origin: str, device: str, stream: str) -> str:
    """Make the source id of a stream; without an origin there is no engine behind it."""
    return ":".join(part for part in (_PREFIX, origin, device, stream) if part)


def is_anothers(source_id: str, origin: str) -> bool:
    """Say whether a stream is of another engine; those of other programs are not."""
    ours = f"{_PREFIX}:{origin}:"
    return source_id.startswith(f"{_PREFIX}:") and not source_id.startswith(ours)
