"""One device of a node's run: its process, and the orders that wait for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from acquire.errors import ControlError
from acquire.node.models import DeviceRequest
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import HostEvent, Loss, Opened
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
        self._carry_out = carry_out
        self._lock = threading.Lock()  # of two requests over the network, one is first
        self._last = 0
        self._orders: queue.Queue[DeviceRequest | None] = queue.Queue()
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
            self._orders.put(request)

    def start(self, order: object, cwd: Path) -> None:
        """Start the process anew."""
        if self.link.alive:
            self.link.close(CLOSE_S)
        self.link.start(order, cwd)

    def close(self) -> None:
        """End the process, its video first, and the orders that still wait."""
        self._orders.put(None)
        self._thread.join()
        self.link.close(CLOSE_S)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            self._carry_out(self, order)
