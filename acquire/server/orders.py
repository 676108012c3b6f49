"""Orders to devices and to the player that take more than handing them on.

None of them waits for others' recordings.
"""

from __future__ import annotations

from pathlib import Path

from acquire.engine.engine import Engine
from acquire.errors import ConfigError, ControlError
from acquire.player.link import refuse_stand_in
from acquire.player.messages import PlayOrder
from acquire.processes.messages import Preview, TakePreview
from recordings.names import at_home


def take_preview(engine: Engine, name: str, stream: str | None) -> Preview:
    """Make a preview of the next frame of a device's camera.

    Raises:
        AcquireError: it is no camera, or no frame comes.
    """
    process = engine.devices[name]
    names = [video.name for video in process.snapshot.videos]
    if not names:
        raise ControlError(f"{name}: is not a camera that runs")
    if stream is not None and stream not in names:
        raise ControlError(f"{name}: has no video {stream!r}; there are: {', '.join(names)}")
    found: Preview | None = process.request(TakePreview(stream or names[0]))
    if found is None:
        raise ControlError(f"{name}: no frame came; see its state")
    return found


def load_player(engine: Engine, order: PlayOrder) -> None:
    """Start a stimulus player with a protocol.

    Raises:
        AcquireError: it cannot be played, or another one is, or a preview would be recorded.
    """
    path = at_home(Path(order.protocol))
    if path.exists() and not (path.is_file() or path.is_dir()):
        # To read one may take for ever, and the end of the player, and of all, would wait for it.
        raise ConfigError(f"{path}: is a pipe or a device; name a file")
    refuse_stand_in(engine.rig)
    if order.only_trial is not None and engine.takes.running is not None:
        raise ControlError(
            "a recording runs, and a preview's markers would be in it; stop the recording first"
        )
    engine.player.load(order)
