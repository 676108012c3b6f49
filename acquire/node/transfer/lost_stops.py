"""Orders to stop that never reached a node: their engine ended while the cable was cut.

The session here says when it ended. The node is told by whoever collects, and cuts there what it
went on recording.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from acquire.errors import ControlError
from acquire.node.client import NodeClient
from acquire.node.clock import compare
from acquire.node.wire.models import LateStops, NodeInfo, RecordingState
from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.xdf.reader import read_xdf

END_S = 30.0
"""How long a node may take to close its files."""
LAST_OFFSETS = 5
_OVER = (State.COMPLETE, State.REPAIRED, State.FAILED)


def end_what_was_stopped(node: str, client: NodeClient, data_dir: Path) -> list[str]:
    """End what a node still records although its session is over here; gives the sessions.

    Nothing is ended while one of the sessions of that run goes on, or while its engine lives.

    Raises:
        AcquireError: the node does not answer, or does not do it.
    """
    info = client.ask("GET", "/api/node", NodeInfo)
    if info.run_id is None or not info.recording:
        return []
    stops = _stops(node, info, data_dir, client)
    if not stops:
        return []
    try:
        order = LateStops(by_session=stops)
        client.tell("POST", f"/api/node/runs/{info.run_id}/end", order, END_S)
    except ControlError as error:
        raise ControlError(f"node {node} still records {', '.join(stops)}: {error}") from error
    return list(stops)


def _stops(node: str, info: NodeInfo, data_dir: Path, client: NodeClient) -> dict[str, float]:
    """Say when each session ended that the node still records; none where one goes on."""
    stops = {}
    for kept in info.kept:
        if kept.run_id != info.run_id or kept.state is not RecordingState.RECORDING:
            continue
        folder = layout.find_session(data_dir, kept.session)
        if folder is None:
            return {}
        try:
            manifest = Manifest.load(folder)
        except RecordingError:
            return {}
        if (
            manifest.node_run != kept.run_id
            or manifest.state not in _OVER
            or manifest.lsl_stop is None
        ):
            return {}
        offset = _offset(node, manifest, folder)
        if offset is None:  # nothing of the node ever came
            offset = compare(client).offset
        stops[kept.session] = manifest.lsl_stop - offset
    return stops


def _offset(node: str, manifest: Manifest, folder: Path) -> float | None:
    """Give what to add to the node's LSL time, s, as it was last measured in the recording.

    The clock of today is no help where one of the computers was started anew since.
    """
    rig: dict[str, Any] = manifest.rig or {}
    names = {d.get("name") for d in rig.get("device", []) if d.get("node") == node}
    streams = {s.name for s in manifest.streams if s.device in names}
    with read_xdf(folder / layout.XDF_NAME) as recording:
        last = [
            float(np.median(stream.offset_values[-LAST_OFFSETS:]))
            for stream in recording.streams
            if stream.name in streams and len(stream.offset_values)
        ]
    return float(np.median(last)) if last else None
