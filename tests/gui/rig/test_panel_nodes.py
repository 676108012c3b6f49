"""Nodes in the rig panel: a row each, and what is known of the chosen one."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from acquire.node.engine.snapshot import NodeState
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo, NodeStatus, TransferInfo
from gui.rig.panel import RigPanel
from tests.gui.window.statuses import recording_status

AWAY = "unreached for 42 s"


def node(state: NodeState = NodeState.CONNECTED, **changes: object) -> NodeStatus:
    whole = NodeStatus(
        name="cam-pc",
        address="cam-pc:8766",
        state=state,
        reason="",
        since_s=42.0,
        version="0.2.0",
        free_bytes=3_000 * 10**9,
        total_bytes=4_000 * 10**9,
        offset_s=-1234.56789,
        uncertainty_s=0.0004,
        kept=3,
    )
    return whole.model_copy(update=changes)


def camera(away: str | None = None) -> DeviceInfo:
    return DeviceInfo(
        name="face",
        driver="simulated-camera",
        state=DeviceState.RUNNING,
        error=None,
        streams=(),
        cameras=("face",),
        drift_ppm=None,
        ring_fill=0.0,
        fates={},
        node="cam-pc",
        away=away,
    )


@pytest.fixture
def panel(qtbot: QtBot) -> RigPanel:
    panel = RigPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 700)
    panel.show()
    return panel


def show(panel: RigPanel, found: NodeStatus, device: DeviceInfo) -> None:
    panel.show_status(
        recording_status().model_copy(update={"nodes": (found,), "devices": (device,)})
    )


def test_a_rig_without_nodes_shows_no_list_of_them(panel: RigPanel) -> None:
    panel.show_status(recording_status())
    assert not panel.nodes.isVisible()


def test_a_node_shows_its_disk_and_then_its_transfer(panel: RigPanel) -> None:
    show(panel, node(), camera())
    (row,) = panel.nodes.rows.rows
    assert (row.title, row.value, row.health, row.note) == (
        "cam-pc",
        "3,000 GB free",
        "alive",
        "",
    )
    assert panel.nodes.isVisible()
    moving = TransferInfo(session="/data/x", file="face.nut", done=63, total=100, rests=False)
    show(panel, node(transfer=moving), camera())
    assert panel.nodes.rows.rows[0].value == "transfer 63%"
    show(panel, node(transfer=moving.model_copy(update={"rests": True})), camera())
    assert panel.nodes.rows.rows[0].value == "transfer 63% (rests)"


def test_a_node_that_is_away_is_no_green_light_on_its_devices_either(panel: RigPanel) -> None:
    show(panel, node(NodeState.UNREACHABLE, reason=AWAY), camera(AWAY))
    (row,), (device,) = panel.nodes.rows.rows, panel.devices.rows.rows
    assert (row.health, row.note) == ("warning", AWAY)
    assert (device.health, device.note) == ("warning", f"cam-pc: {AWAY}")


def test_why_nothing_can_be_collected_is_told(panel: RigPanel) -> None:
    show(panel, node(problem="the disk is full"), camera())
    (row,) = panel.nodes.rows.rows
    assert (row.health, row.note) == ("warning", "the disk is full")
