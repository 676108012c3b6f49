"""What lies between this computer and a node: for `unisono doctor`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import acquire
from acquire.errors import AcquireError
from acquire.finding import Finding
from acquire.node.client import NodeClient, client_of
from acquire.node.clock import NodeClock, compare
from acquire.node.transfer.sources import NodeSource
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import NodeInfo
from acquire.rig.node import NodeTable

ASKS = 10
SLOW_S = 0.005
"""A round trip this long is a radio link: wired ones take 0.2 ms."""
SLOW_MB_PER_S = 20.0


def examine(table: NodeTable) -> Iterator[Finding]:
    """Look whether a node of a rig is reached, known, of this version, and how fast it is."""
    subject = f"node {table.name}"
    try:
        with client_of(table) as client:
            yield version(subject, client.ask("GET", "/api/node", NodeInfo))
            yield clock(subject, compare(client, ASKS))
            yield bandwidth(subject, _mb_per_s(client, table.name))
    except AcquireError as error:  # each ends with its remedy
        text, _, remedy = str(error).rpartition("; ")
        yield Finding("fail", subject, text or remedy, remedy if text else "")


def _mb_per_s(client: NodeClient, name: str) -> float | None:
    """Fetch one block of what the node keeps; None where it keeps nothing."""
    source = NodeSource(name, client)
    for recording in source.recordings():
        for file in recording.files:
            if file.bytes:
                begun = time.perf_counter()
                room = memoryview(bytearray(min(file.bytes, file.block_bytes)))
                count = source.read(recording.id, file.name, 0, room, lambda count: None)
                return count / 1e6 / (time.perf_counter() - begun)
    return None


def version(subject: str, info: NodeInfo) -> Finding:
    """Judge a node's version."""
    if (info.wire, info.version) != (WIRE, acquire.__version__):
        return Finding(
            "fail",
            subject,
            f"runs Unisono {info.version} (wire {info.wire}), this is {acquire.__version__} "
            f"(wire {WIRE})",
            "install the same version on both",
        )
    return Finding("ok", subject, f"reached and paired with; Unisono {info.version}")


def clock(subject: str, found: NodeClock) -> Finding:
    """Judge how well its clock is known by asking it; recordings use LSL's own measure."""
    round_trip_s, offset = 2 * found.uncertainty, found.offset
    text = (
        f"answers in {round_trip_s * 1e3:.2f} ms; its LSL clock needs {offset:+,.4f} s "
        f"± {round_trip_s * 500:.2f} ms"
    )
    if round_trip_s > SLOW_S:
        return Finding("warn", subject, text, "connect it by cable: a radio link adds milliseconds")
    return Finding("ok", subject, text)


def bandwidth(subject: str, mb_per_s: float | None) -> Finding:
    """Judge how fast its files come."""
    if mb_per_s is None:
        return Finding("ok", subject, "keeps nothing: how fast files come is not measured")
    text = f"one block came at {mb_per_s:,.0f} MB/s"
    if mb_per_s < SLOW_MB_PER_S:
        remedy = "a video of an hour takes many hours so: see the cable and the switch"
        return Finding("warn", subject, text, remedy)
    return Finding("ok", subject, text)
