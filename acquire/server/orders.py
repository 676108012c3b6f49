"""Orders to devices and to the player, none of which waits for others' recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acquire.engine.engine import Engine
from acquire.errors import ControlError
from acquire.player.link import refuse_stand_in
from acquire.player.messages import PlayOrder
from acquire.processes.messages import Preview, TakePreview

Opened = Callable[[], Engine]
"""Gives the engine of now, another after the rig was changed; raises where there is none."""


class DeviceOrders:
    """What is asked of the devices of the rig."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def start(self, name: str) -> bool:
        """Start a device; False = it runs already.

        Raises:
            AcquireError: there is none of that name, or it does not start.
        """
        return self._opened().devices.start(name)

    def stop(self, name: str) -> bool:
        """Stop a device, also while it is being recorded; False = it does not run.

        Raises:
            AcquireError: there is none of that name.
        """
        return self._opened().devices.stop(name)

    def command(self, name: str, order: str, args: dict[str, Any]) -> dict[str, Any]:
        """Pass a command to a driver; gives its answer.

        Raises:
            AcquireError: there is none of that name, or it refuses.
        """
        return self._opened().devices[name].command(order, args)

    def preview(self, name: str, stream: str | None) -> Preview:
        """Make a preview of a camera's next frame.

        Raises:
            AcquireError: it is no camera, or no frame comes.
        """
        process = self._opened().devices[name]
        names = [video.name for video in process.snapshot.videos]
        if not names:
            raise ControlError(f"{name}: is not a camera that runs")
        if stream is not None and stream not in names:
            raise ControlError(f"{name}: has no video {stream!r}; there are: {', '.join(names)}")
        found: Preview | None = process.request(TakePreview(stream or names[0]))
        if found is None:
            raise ControlError(f"{name}: no frame came; see its state")
        return found


class PlayerOrders:
    """What is asked of the stimulus player."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def load(self, order: PlayOrder) -> None:
        """Start a stimulus player with a protocol.

        Raises:
            AcquireError: it cannot be played, or another one is, or a preview would be recorded.
        """
        engine = self._opened()
        refuse_stand_in(engine.rig)
        if order.only_trial is not None and engine.takes.running is not None:
            raise ControlError(
                "a recording runs, and a preview's markers would be in it; stop the recording first"
            )
        engine.player.load(order)

    def command(self, name: str) -> None:
        """Have the player start, pause, resume, skip, repeat or abort.

        Raises:
            ControlError: nothing is loaded, or it cannot be done now.
        """
        self._opened().player.command(name)

    def hand_on_key(self, name: str, text: str, time: float | None, via: str) -> None:
        """Hand a key to the player; of no account where no page listens.

        Raises:
            ControlError: nothing is loaded, or the player died.
        """
        args = {"name": name, "text": text, "time": time, "via": via}
        self._opened().player.command("key", args)
