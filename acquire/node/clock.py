"""A node's LSL clock, compared with this one by asking for it."""

from __future__ import annotations

from dataclasses import dataclass

from acquire.lsl.clock import local_clock
from acquire.node.client import NodeClient
from acquire.node.wire.models import ClockReading

ASKS = 5


@dataclass(frozen=True, slots=True)
class NodeClock:
    """The node's LSL clock against this one's: what to add to a stamp of the node's."""

    offset: float
    uncertainty: float  # half a round trip, s
    at: float  # LSL time here


def compare(client: NodeClient, asks: int = ASKS) -> NodeClock:
    """Ask a node for its clock some times; the quickest answer counts.

    Raises:
        AcquireError: see `NodeClient.ask`.
    """
    return min((_compare_once(client) for _ in range(asks)), key=lambda clock: clock.uncertainty)


def _compare_once(client: NodeClient) -> NodeClock:
    before = local_clock()
    theirs = client.ask("GET", "/api/node/clock", ClockReading).lsl_clock
    after = local_clock()
    half = (after - before) / 2
    return NodeClock(before + half - theirs, half, after)
