"""Electrodes are measured by clicking, with the stand-in of a CURRY server on the real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.window import parts
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.acquire.program import unique, write_rig
from tests.acquire.test_network_amplifiers import DEVICE, standing_in
from tests.gui.windows import click, idle, light, picture, wait_until, window

pytestmark = pytest.mark.usefixtures("qapp")


def show(found: RecorderWindow) -> None:
    dock = parts.dock_of(found.impedances)
    assert dock is not None
    dock.show()
    dock.raise_()


def test_an_amplifier_over_the_network_measures_its_electrodes(
    tmp_path: Path, qtbot: QtBot
) -> None:
    first, second = unique("amp-a"), unique("amp-b")
    with standing_in("curry", tmp_path) as one, standing_in("curry", tmp_path) as other:
        text = "".join(
            DEVICE.format(name=name, driver="curry", port=port)
            for name, port in ((first, one), (second, other))
        )
        order = WindowOrder(write_rig(tmp_path, text), data_dir=tmp_path / "data")
        with window(order) as found:
            idle(found)
            show(found)
            told: list[str] = []
            found.client.event_came.connect(lambda info: told.append(info.event.code))
            panel = found.impedances
            wait_until(lambda: panel.devices.count() == 2, what="both amplifiers")
            panel.devices.setCurrentText(first)
            assert panel.result.text() == first
            click(panel.measure)
            wait_until(lambda: len(panel.map.kohm) > 60, what="impedances")
            assert panel.result.text().startswith(f"{first}: ")
            wait_until(lambda: told.count("command") == 1, what="the order as an event")
            picture(found, "impedances")
            panel.devices.setCurrentText(second)
            assert not panel.measure.isChecked()
            wait_until(lambda: told.count("command") > 1, what="that it is off")
            assert told.count("command") == 2, "what is asked each second is no event"
            assert not panel.map.kohm
            wait_until(lambda: light(found, first) == "alive", what="signals of the first again")
            click(panel.measure)
            wait_until(lambda: len(panel.map.kohm) > 60, what="those of the second")
            click(panel.measure)


def test_without_an_amplifier_that_can_nothing_is_offered(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("bio")
    with standing_in("biopac", tmp_path) as port:
        rig = write_rig(tmp_path, DEVICE.format(name=name, driver="biopac", port=port))
        with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
            idle(found)
            show(found)
            assert not found.impedances.measure.isEnabled()
            assert not found.impedances.devices.isVisible()
