"""How an engine stands with a node, at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from acquire.lsl.clock import local_clock

if TYPE_CHECKING:  # the window, which asks for a state alone, loads no client of nodes
    from acquire.node.clock import NodeClock
    from acquire.node.wire.models import NodeInfo


class NodeState(StrEnum):
    """How an engine stands with a node."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # it answers, and does not work for this engine
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NodeSnapshot:
    """What the engine knows of a node now."""

    name: str
    address: str
    state: NodeState = NodeState.CONNECTING
    since: float = 0.0  # LSL time
    why: str | None = None  # in words, where it is unreachable or refuses
    info: NodeInfo | None = None  # as it was last heard
    clock: NodeClock | None = None

    @property
    def connected(self) -> bool:
        """Whether orders arrive now."""
        return self.state is NodeState.CONNECTED

    @property
    def trouble(self) -> str | None:
        """Say in words why orders do not arrive; None where they do."""
        if self.connected:
            return None
        if self.state is NodeState.UNREACHABLE and self.info is not None:
            return f"unreached for {local_clock() - self.since:.0f} s"
        return self.why or f"node {self.name} is {self.state}"
