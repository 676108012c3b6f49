"""The nodes of one rig, as its engine has them."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import acquire
from acquire.lsl.config import configuration_for
from acquire.node.engine.connection import Connection
from acquire.node.engine.link import NodeLink, OffsetOf
from acquire.node.engine.snapshot import NodeSnapshot
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import RunDevice, RunOrder
from acquire.processes.futures import all_at_once
from acquire.processes.link import Link
from acquire.processes.messages import Tell
from acquire.processes.rig_devices import Hear, NoteLoss, process_of
from acquire.rig.file import DeviceTable, Rig
from recordings import layout, owner
from recordings.errors import RecordingError
from recordings.manifest import Manifest


class Nodes:
    """A connection to each node of a rig, under one run."""

    def __init__(
        self,
        rig: Callable[[], Rig],
        lsl_config: str | None,
        data_dir: Path | None,
        report: Tell,
        offset_of: OffsetOf,
        back: Callable[[str], None],
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            rig: gives the rig as it is now; its nodes and device names never change.
            lsl_config: the engine's own.
            data_dir: where sessions go: what a dead engine has left on a node is known by them.
            report: hears what happens.
            offset_of: see `NodeLink`.
            back: gets each device that has gone on while its node was not reached; may wait.
        """
        self._back = back
        self._rig = rig
        self._lsl_config = lsl_config
        self._data_dir = data_dir
        self._report = report
        self._offset_of = offset_of
        self.run_id = secrets.token_hex(8)
        self.connections = {
            (name := table.name): Connection(
                table,
                self.run_id,
                self._order_for(name),
                self._was_left,
                partial(self._report, name),
                self._reached,
            )
            for table in rig().nodes
        }

    def link(self, table: DeviceTable, hear: Hear, note_loss: NoteLoss) -> Link:
        """Give the link to a device, wherever it runs."""
        if table.node is None:
            return process_of(table, hear, note_loss)
        connection = self.connections[table.node]
        return NodeLink(table.name, table.driver, connection, self._offset_of, hear, note_loss)

    @property
    def snapshots(self) -> tuple[NodeSnapshot, ...]:
        """All of them now."""
        return tuple(connection.snapshot for connection in self.connections.values())

    def start(self) -> None:
        """Connect to all."""
        for connection in self.connections.values():
            connection.start()

    def close(self) -> None:
        """End the run on all of them, at the same time."""
        all_at_once(connection.close for connection in self.connections.values())

    def _order_for(self, node: str) -> Callable[[str | None], RunOrder]:
        def order(local_host: str | None) -> RunOrder:
            rig = self._rig()
            return RunOrder(
                engine=socket.gethostname(),
                version=acquire.__version__,
                wire=WIRE,
                lsl_session=rig.table.lsl_session,
                lsl_config=configuration_for(local_host, self._lsl_config),
                devices=tuple(
                    RunDevice.model_validate(table, from_attributes=True)
                    for table in rig.devices
                    if table.node == node
                ),
            )

        return order

    def _reached(self, devices: Iterable[str]) -> None:
        """See to the devices of a node that is reached again, in a thread of its own.

        That of the connection brings the answers which this waits for.
        """
        names = list(devices)

        def see_to() -> None:
            for name in names:
                self._back(name)

        threading.Thread(target=see_to, name="node reached", daemon=True).start()

    def _was_left(self, session: str) -> bool:
        """Say whether a session was being recorded here, by an engine that is dead."""
        folder = layout.find_session(self._data_dir, session) if self._data_dir else None
        if folder is None:
            return False
        try:
            host = Manifest.load(folder).host
        except RecordingError:
            return False
        return host.get("name") == socket.gethostname() and owner.lives(host) is not True
