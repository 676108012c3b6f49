"""What an engine sees of its node holds when it is seen."""

from __future__ import annotations

from typing import Any

import pytest

from acquire.node.engine.connection import Connection
from acquire.node.engine.snapshot import NodeState
from acquire.node.wire.models import RunOrder
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
