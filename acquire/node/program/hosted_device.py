"""One device of a node's run: its process, and the orders that wait for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from acquire.errors import ControlError
from acquire.node.wire.models import DeviceRequest
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import HostEvent, Loss, Open, Opened
from acquire.rig.file import DeviceTable

MAX_ORDERS: Final = 1000
CLOSE_S: Final = 5.0


class HostedLink(DeviceLink):
    """A device process whose `Opened` somebody wants to hear as well."""

    def __init__(
        self,
        table: DeviceTable,
        on_event: Callable[[str, HostEvent], None],
        on_loss: Callable[[str, Loss], None],
        on_opened: Callable[[str, Opened], None],
    ) -> None:
        super().__init__(table.name, table.driver, on_event, on_loss)
        self._on_opened = on_opened

    def _hear(self, message: object) -> None:
        super()._hear(message)
        if isinstance(message, Opened):
            self._on_opened(self.name, message)


class HostedDevice:
    """A device process, and a thread that carries out its orders one after the other.

    Args:
        link: the process, not started yet.
        carry_out: does one order; whatever it raises is its own to tell.
    """

    def __init__(
        self, link: DeviceLink, carry_out: Callable[[HostedDevice, DeviceRequest], None]
    ) -> None:
        self.link = link
        self.revived: dict[int, Any] = {}
        """By take: what was answered when it was armed without the engine, and not yet told it."""
        self._carry_out = carry_out
        self._opened_as: tuple[Open, Open] | None = None  # what it got, and what the engine said
        self._is_revived = False
        self._lock = threading.Lock()  # of two requests over the network, one is first
        self._last = 0
        self._orders: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(
            target=self._run, name=f"device {link.name} orders", daemon=True
        )
        self._thread.start()

    @property
    def name(self) -> str:
        """The device's name."""
        return self.link.name

    def order(self, request: DeviceRequest) -> None:
        """Have a request carried out, unless it was before.

        Raises:
            ControlError: too many wait.
        """
        with self._lock:
            if request.number <= self._last:  # it came, and its answer was lost on the way
                return
            if self._orders.qsize() >= MAX_ORDERS:
                raise ControlError(
                    f"{self.name}: {MAX_ORDERS} orders wait already; see why it does not answer"
                )
            self._last = request.number
            self.call(partial(self._carry_out, self, request))

    def call(self, action: Callable[[], None]) -> None:
        """Have something done between two orders."""
        self._orders.put(action)

    # In its own thread.

    def start(self, order: Open, as_ordered: Open, cwd: Path) -> None:
        """Start the process anew; `as_ordered` is what the engine said."""
        if self.link.alive:
            self.link.close(CLOSE_S)
        self._opened_as = order, as_ordered
        self._is_revived = False
        self.revived.clear()
        self.link.start(order, cwd)

    def start_again(self, cwd: Path) -> bool:
        """Start it as it was, without the engine; False = it never was."""
        if self._opened_as is None:
            return False
        self.start(*self._opened_as, cwd)
        self._is_revived = True
        return True

    def revived_as(self, order: Open) -> Opened | None:
        """Give what it has opened if it was started again just as the engine wants it now."""
        wanted = self._opened_as is not None and self._opened_as[1] == order
        fits = self._is_revived and wanted and self.link.alive
        self._is_revived = False
        return self.link.snapshot.opened if fits else None

    def close(self) -> None:
        """End the process, its video first, and the orders that still wait; from any thread."""
        self._orders.put(None)
        self._thread.join()  # first: the orders that wait go over the link
        self.link.close(CLOSE_S)

    def _run(self) -> None:
        while (action := self._orders.get()) is not None:
            action()
