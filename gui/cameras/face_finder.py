"""Looks for the face in a camera's pictures, once a second, beside the main thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from gui.plots.picture import GUIDE, Share
from recordings.video.face_box import LOOK_PX, find_face

log = logging.getLogger(__name__)

PERIOD_S = 1.0
SLACK = 1 / 6
"""Share of the found box that may stick out on each side: the box jitters, and that of the
simulated face, which fills the picture, sticks out by a seventh (tests/bench/bench_face.py)."""


def is_inside(face: Share) -> bool:
    """Whether a face that was found is where it should be, but for `SLACK`."""
    return all(
        start + SLACK * size >= low and start + (1 - SLACK) * size <= low + room
        for start, size, low, room in zip(face[:2], face[2:], GUIDE[:2], GUIDE[2:], strict=True)
    )


class FaceFinder(QObject):
    """Takes pictures as they come and looks at one a second, one at a time; the rest it drops.

    Each look has a thread of its own that ends with it: nothing waits while nobody asks. The
    detector lets go of the interpreter's lock while it searches.
    """

    looked = Signal(object)
    """The largest face, a `Share`, or None where there is none."""
    failed = Signal(str)
    """It cannot be looked for; the text says why. It is not tried again."""

    def __init__(
        self, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._next = 0.0
        self._thread: threading.Thread | None = None
        self._ended = False

    def offer(self, image: QImage) -> None:
        """Look at a picture, unless a look is under way or the last one was just now."""
        busy = self._thread is not None and self._thread.is_alive()
        if self._ended or busy or self._clock() < self._next:
            return
        self._next = self._clock() + PERIOD_S
        self._thread = threading.Thread(
            target=self._look, args=(image,), name="face finder", daemon=True
        )
        self._thread.start()

    def look_now(self) -> None:
        """Look at the next picture, however soon it comes."""
        self._next = 0.0

    def close(self) -> None:
        """End; a look under way is waited for: its thread must not outlive what it tells."""
        self._ended = True
        if self._thread is not None:
            self._thread.join(5.0)  # one that hangs must not keep the window open

    def _look(self, image: QImage) -> None:
        try:
            face = _face_in(image)
        except Exception as error:  # what is only for the eye must not end the window
            log.exception("faces cannot be looked for")
            self._ended = True
            self.failed.emit(str(error))
        else:
            self.looked.emit(face)


def _face_in(image: QImage) -> Share | None:
    # Shrunk by Qt: OpenCV, once imported, points the programs that the window starts at a Qt of
    # its own, and `find_face` does without it where a picture is gray and small.
    if image.width() > LOOK_PX:
        image = image.scaledToWidth(LOOK_PX, Qt.TransformationMode.SmoothTransformation)
    gray = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(gray.constBits(), np.uint8).reshape(gray.height(), gray.bytesPerLine())
    box = find_face(rows[:, : gray.width()])
    if box is None:
        return None
    left, top, width, height = box
    return (
        left / gray.width(),
        top / gray.height(),
        width / gray.width(),
        height / gray.height(),
    )
