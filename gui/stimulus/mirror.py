"""What the participant sees, small and seldom, for the operator; made in a thread of its own."""

from __future__ import annotations

import queue
import threading

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage

from acquire.player.host import PlayerHost

PERIOD_S = 0.5
QUALITY = 60


class Mirror:
    """Takes a picture now and then; one that comes while it is busy is left out."""

    def __init__(self, host: PlayerHost) -> None:
        self._host = host
        self._pictures: queue.Queue[QImage | None] = queue.Queue(1)
        self._taken = 0.0
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def is_due(self, now: float) -> bool:
        """Whether it wants a picture."""
        return now - self._taken >= PERIOD_S and self._pictures.empty()

    def take(self, picture: QImage, now: float) -> None:
        """Hand over a small picture that nobody changes any more."""
        self._pictures.put_nowait(picture)
        self._taken = now

    def close(self) -> None:
        """End its thread."""
        self._pictures.put(None)  # waits until the last picture is taken
        self._thread.join(2.0)  # an encoder that hangs must not keep the player open

    def _run(self) -> None:
        while (picture := self._pictures.get()) is not None:
            data = QByteArray()
            buffer = QBuffer(data)
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            picture.save(buffer, "JPEG", QUALITY)  # type: ignore[call-overload]
            buffer.close()
            self._host.mirror = bytes(data.data())
