"""Nothing is played that nobody sees: a screen that is gone or a window that is hidden pauses."""

from __future__ import annotations

from PySide6.QtGui import QWindow

from acquire.lsl.clock import local_clock
from acquire.player.marks import PlayState
from acquire.player.player import Player

HIDDEN_S = 1.0
"""So long a window may be away, as it is for a moment when a screen changes its mode."""


class Sight:
    """Watches whether the participant's window is on a screen."""

    def __init__(self, window: QWindow, player: Player) -> None:
        self._window, self._player = window, player
        self._hidden_since: float | None = None

    def look(self, now: float) -> None:
        """Look, at LSL time `now`."""
        if self._window.isExposed() or self._player.run.state is not PlayState.RUNNING:
            self._hidden_since = None
        elif self._hidden_since is None:
            self._hidden_since = now
        elif now - self._hidden_since >= HIDDEN_S:
            self._hidden_since = None
            lose_sight(self._player, "the participant's window is hidden", "show it")


def lose_sight(player: Player, why: str, remedy: str) -> None:
    """Pause: nobody sees what is shown."""
    now = local_clock()
    if player.run.state is PlayState.RUNNING:
        player.run.pause(now)
    player.complain("screen-gone", f"{why}: the protocol pauses; {remedy}, then resume", now)
