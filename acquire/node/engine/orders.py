"""Orders that wait for a node: they leave while it is reached, and only once it has taken them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from acquire.errors import ControlError

MAX_WAITING: Final = 10_000
"""More are refused: nobody gives so many in a recording."""
BATCH: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A request to a device, as it is written on the wire."""

    device: str
    number: int
    is_momentary: bool  # it makes sense now or never
    text: bytes


class OrderQueue:
    """The orders to one node, oldest first."""

    def __init__(self, node: str) -> None:
        self._node = node
        # Whoever orders puts them in, a thread sends them, another one hears whether they may
        # leave. Never held while anything is sent or told.
        self._changed = threading.Condition()
        self._orders: deque[Order] = deque()
        self._leaves = False
        self._ended = False

    def put(self, order: Order) -> bool:
        """Have an order wait for its turn; False: it is momentary, and the node not reached.

        Raises:
            ControlError: too many wait.
        """
        with self._changed:
            if order.is_momentary and not self._leaves:
                return False
            if len(self._orders) >= MAX_WAITING:
                raise ControlError(
                    f"{order.device}: {MAX_WAITING} orders wait for node {self._node}; "
                    "see its cable"
                )
            self._orders.append(order)
            self._changed.notify_all()
            return True

    def release(self) -> None:
        """Let orders leave: the node is reached."""
        with self._changed:
            self._leaves = True
            self._changed.notify_all()

    def hold(self) -> list[Order]:
        """Keep orders back; gives the momentary ones, which wait no longer."""
        with self._changed:
            self._leaves = False
            momentary = [order for order in self._orders if order.is_momentary]
            self._orders = deque(order for order in self._orders if not order.is_momentary)
            self._changed.notify_all()
        return momentary

    def forget(self) -> None:
        """Let go of all that waits."""
        with self._changed:
            self._orders.clear()
            self._changed.notify_all()

    def end(self, timeout_s: float) -> bool:
        """Give out no more, once what was ordered last has left, if it can; whether it has."""
        with self._changed:
            self._changed.wait_for(lambda: not self._orders or not self._leaves, timeout_s)
            self._ended = True
            self._changed.notify_all()
            return not self._orders

    def next_batch(self) -> list[Order]:
        """Wait for what can leave; empty once it is the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or (self._orders and self._leaves))
            if self._ended:
                return []
            return [self._orders[n] for n in range(min(BATCH, len(self._orders)))]

    def taken(self, batch: Iterable[Order]) -> None:
        """Note that the node has taken these."""
        gone = set(batch)
        with self._changed:
            # Not by count: meanwhile the queue may have been emptied.
            self._orders = deque(order for order in self._orders if order not in gone)
            self._changed.notify_all()
