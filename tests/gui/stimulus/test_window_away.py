"""The participant's window is closed, hidden, or given another size."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QPointF, QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from acquire.player import link
from acquire.player.marks import Picture
from acquire.player.messages import PlayOrder
from acquire.player.player import Player
from acquire.player.process import PlayerProcess
from acquire.player.run import Run
from acquire.processes.messages import HostEvent
from acquire.protocol.file import load_protocol
from acquire.protocol.planner import make_plan
from gui.stimulus.sight import HIDDEN_S, Sight
from gui.stimulus.stage import Scene
from gui.stimulus.surface import UNSWAPPED_S, GlSurface, RasterSurface
from tests.acquire.player_programs import Heard
from tests.acquire.program import wait_for
from tests.gui.windows import wait_until

LONG = """
[protocol]
name = "long"
[[block]]
name = "b"
[[block.step]]
kind = "instruction"
text = "wait"
code = 7
end_code = 8
[[block.step]]
kind = "rating"
scales = ["valence"]
"""


class Shown:
    """Stands where the stage is: counts frames, hears of the window."""

    wants_pointer = False
    wants_text = False
    is_over = False

    def __init__(self) -> None:
        self.frames = 0
        self.left = 0
        self.sizes: list[QSize] = []

    def scene(self, due: float) -> Scene:
        return Scene(Picture(), None, QPointF(0, 0))

    def paint(self, painter: Any, scene: Scene) -> None:
        pass

    def swapped(self, scene: Scene, due: float, presented: float) -> None:
        self.frames += 1

    def key(self, name: str, text: str, time: float) -> None:
        pass

    def compose(self, text: str) -> None:
        pass

    def pointer(self, at: QPointF, time: float, *, pressed: bool, held: bool) -> None:
        pass

    def resize(self, size: QSize, ratio: float) -> None:
        self.sizes.append(size)

    def leave(self, time: float) -> bool:
        self.left += 1
        return self.is_over


def test_a_window_that_is_closed_stays_until_all_is_marked(qtbot: QtBot) -> None:
    window, shown = RasterSurface(), Shown()
    over: list[bool] = []
    window.resize(200, 100)
    window.show()
    window.begin(shown, 1 / 60, lambda: bool(over))
    wait_until(lambda: shown.frames > 2)
    assert not window.close()
    assert shown.left == 1
    assert window.isVisible()
    shown.is_over = True
    assert not window.close()
    assert not window.isVisible()
    over.append(True)
    wait_until(lambda: window.stage is None)
    assert window.close()


def test_frames_go_on_behind_a_window_that_nobody_sees(qtbot: QtBot) -> None:
    """Without a swap nothing was obeyed, and nothing marked; not even the engine's end was seen."""
    window, shown = GlSurface(), Shown()
    over: list[bool] = []
    window.begin(shown, 1 / 60, lambda: bool(over))
    wait_until(lambda: shown.frames > 3)
    over.append(True)
    wait_until(lambda: window.stage is None)
    window.close()


def test_after_a_hitch_the_swap_that_comes_is_waited_for(qtbot: QtBot) -> None:
    """What it shows would have its onset before anybody saw it."""
    window, shown = GlSurface(), Shown()
    window.begin(shown, 1 / 60, lambda: False)
    time.sleep(2 * UNSWAPPED_S)
    QCoreApplication.processEvents()
    assert shown.frames == 0
    window.stage = None
    window.close()


class Hidden:
    """A window that is, or is not, on a screen."""

    exposed = True

    def isExposed(self) -> bool:  # noqa: N802 - Qt's name
        return self.exposed


def test_a_protocol_that_nobody_sees_pauses_and_says_so() -> None:
    told: list[Any] = []
    player = Player(Run(make_plan(load_protocol("demo"), "01")), told.append)
    window = Hidden()
    sight = Sight(window, player)  # type: ignore[arg-type]
    player.run.start(1.0)
    window.exposed = False
    sight.look(10.0)
    sight.look(10.0 + HIDDEN_S / 2)
    assert str(player.run.state) == "running"  # a screen that changes its mode
    window.exposed = True
    sight.look(10.6)
    window.exposed = False
    sight.look(11.0)
    sight.look(11.0 + HIDDEN_S)
    assert str(player.run.state) == "paused"
    sight.look(11.0 + 3 * HIDDEN_S)
    player.close()
    (event,) = [m for m in told if isinstance(m, HostEvent)]
    assert event.code == "screen-gone"
    assert "window is hidden: the protocol pauses; show it, then resume" in event.text


# The process.


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    module = "tests.gui.stimulus.disturbed_player"
    monkeypatch.setattr(link, "PlayerProcess", lambda _, *rest: PlayerProcess(module, *rest))
    players: list[Heard] = []

    def disturb(how: str, **options: Any) -> Heard:
        monkeypatch.setenv("DISTURBANCE", how)
        path = tmp_path / "p.toml"
        path.write_text(LONG)
        players.append(Heard(PlayOrder(str(path), "01", windowed=True, **options)))
        return players[-1]

    yield disturb
    for player in players:
        player.link.close()


def test_closing_the_window_ends_the_protocol_in_good_order(load: Any) -> None:
    """It was a player that died: an onset without an end, and a new window by itself."""
    player = load("close")
    player.link.command("start")
    player.wait_over()
    (abort,) = player.seen(event="abort")
    assert (abort.fields["by"], abort.fields["code"]) == ("participant", 8)
    assert Counter(m.fields["event"] for m in player.marks) == {"onset": 1, "abort": 1}
    assert "player-died" not in player.codes
    snapshot = player.link.snapshot
    assert snapshot
    assert not snapshot.crashed


def test_a_window_of_another_size_is_drawn_anew(load: Any, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    player = load("resize 640 480", screenshots=shots)
    player.link.command("start")
    player.wait_for(event="onset", step="instruction")
    wait_for(lambda: any("640 x 480 now; see that all" in text for _, text in player.events))
    player.link.command("key", {"name": "space"})
    player.wait_for(event="onset", step="rating.valence")
    question = shots / "002-rating.valence.png"
    wait_for(lambda: question.exists() and not QImage(str(question)).isNull())
    assert QImage(str(question)).size() == QSize(640, 480)
