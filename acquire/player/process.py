"""The stimulus player's process, seen from the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acquire.player.messages import Loaded, Marked, Opens, PlayerStatus
from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import Ends, HostEvent, Loss
from recordings.stream_kinds import PLAYER_STREAM

NAME = PLAYER_STREAM
"""What events call the player; its stream of markers has the same name."""
FLUSH_S = 1.0
"""How long it may take to publish what it has gathered: it looks once a frame."""


class PlayerProcess(DeviceLink):
    """A process like a device's; it also says what it shows."""

    def __init__(
        self,
        module: str,
        on_event: Callable[[str, HostEvent], None],
        on_opening: Callable[[Opens], None],
        on_mark: Callable[[Marked], None],
        on_status: Callable[[PlayerStatus], None],
    ) -> None:
        super().__init__(NAME, "stimulus player", on_event, _no_loss)
        self.module = module
        self._on_opening = on_opening
        self._on_mark = on_mark
        self._on_status = on_status
        self.loaded: Loaded | None = None

    def flush(self) -> Ends:
        """Have it publish what it has gathered; gives where its streams end now."""
        return self._publish_all(FLUSH_S)

    def _hear(self, message: Any) -> None:
        match message:
            case Opens():
                self._on_opening(message)
            case Marked():
                self._on_mark(message)
            case PlayerStatus():
                self._on_status(message)
            case Loaded():
                self.loaded = message
            case _:
                super()._hear(message)


def _no_loss(name: str, loss: Loss) -> None:
    """A player loses no samples."""
