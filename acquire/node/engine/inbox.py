"""What a node says of its devices, handed to their links: each message once, in its order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from acquire.node.engine.orders import Order
from acquire.node.wire.models import Messages
from recordings.manifest_entries import Level


class Listener(Protocol):
    """A device's link: what a connection has to tell it."""

    def heard(self, message: Any) -> None:
        """A message of the device has come."""

    def refused(self, number: int, text: str) -> None:
        """A request will not be answered."""

    def lost(self, text: str) -> None:
        """The node knows nothing of the device any more."""


class Inbox:
    """The links of one node's devices, and how far its messages have come."""

    def __init__(self, node: str, tell: Callable[[Level, str, str], None]) -> None:
        """Prepare; `tell` hears level, code and text of what was lost."""
        self._node, self._tell = node, tell
        self.links: dict[str, Listener] = {}
        self.last = 0
        """The number of the newest message of the run."""
        self._dropped = 0

    def begin(self) -> None:
        """Count from the first message of a run."""
        self.last = self._dropped = 0

    def take(self, said: Messages) -> None:
        """Hand out what has come."""
        for device, status in said.statuses.items():
            if (link := self.links.get(device)) is not None:
                link.heard(status)
        for item in said.items:
            if item.n <= self.last:
                continue
            self.last = item.n
            if (link := self.links.get(item.device)) is not None:
                link.heard(item.message)
        if said.dropped > self._dropped:
            lost, self._dropped = said.dropped - self._dropped, said.dropped
            text = f"node {self._node}: {lost} of its events were not fetched in time"
            self._tell("warning", "node-events-lost", text)

    def refuse(self, order: Order, text: str) -> None:
        """Tell whose order will not be carried out, and why."""
        if (link := self.links.get(order.device)) is not None:
            link.refused(order.number, f"{order.device}: {text}")

    def lose(self, text: str) -> None:
        """Tell all that the node knows nothing of them any more, and why."""
        for link in self.links.values():
            link.lost(text)
