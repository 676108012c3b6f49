"""What an engine sees of its node holds when it is seen."""

from __future__ import annotations

from typing import Any

import pytest

from acquire.node.client import NodeRefused
from acquire.node.engine.connection import Connection
from acquire.node.engine.snapshot import NodeState
from acquire.node.wire.models import NodeInfo, RunOrder
from acquire.processes.messages import Command
from acquire.rig.node import NodeTable


def _no_run(local_host: str | None) -> RunOrder:
    raise AssertionError("nothing is sent")


def test_who_sees_that_a_node_is_reached_may_order_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that was begun in the very moment was refused: the node was away."""
    table = NodeTable(name="cam-pc", address="127.0.0.1", fingerprint="0" * 64)
    connection = Connection(table, "run", _no_run, lambda _: False, lambda *_: None)
    note, seen = connection._note, list[NodeState]()

    def note_and_order(**changes: Any) -> None:
        note(**changes)
        seen.append(connection.snapshot.state)
        connection.post("face", 1, Command("status", {}))  # it makes sense now or never

    monkeypatch.setattr(connection, "_note", note_and_order)
    connection._enter_state(NodeState.CONNECTED)
    assert seen == [NodeState.CONNECTED]


class Told:
    """A device's link, as a connection sees it."""

    def __init__(self) -> None:
        self.lost_by: list[str] = []

    def heard(self, message: Any) -> None:
        raise AssertionError(message)

    def refused(self, number: int, text: str) -> None:
        raise AssertionError(text)

    def lost(self, text: str) -> None:
        self.lost_by.append(text)


def test_a_node_that_another_engine_has_takes_its_devices_once_however_long_it_does() -> None:
    """They died anew with each look at the node, and were given up as broken after eight."""
    table = NodeTable(name="cam-pc", address="127.0.0.1", fingerprint="0" * 64)
    connection = Connection(table, "run", _no_run, lambda _: False, lambda *_: None)
    connection.attach("face", device := Told())
    taken = NodeInfo(
        name="cam-pc",
        version="1",
        run_id="other",
        engine="lab-2",
        disk_free_bytes=0,
        disk_total_bytes=0,
        hostname="cam-pc",
    )
    for _ in range(10):
        with pytest.raises(NodeRefused, match="works for another engine now"):
            connection._lose_run(taken)
    assert len(device.lost_by) == 1
    connection._lose_run(taken.model_copy(update={"run_id": None}))
    assert device.lost_by[1:] == ["node cam-pc is free again"]
