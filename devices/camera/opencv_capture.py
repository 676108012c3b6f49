"""A camera read by OpenCV in a thread of its own: `cv2.VideoCapture` can block for seconds.

All calls of the capture are made in that thread: OpenCV does not say which may be made elsewhere.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from devices.arrays import U8Array
from devices.base import Clock

WAITING = 8
"""Pictures that wait to be fetched. When they are that many, the newest is dropped and counted."""
TIMEOUT_S = 2
"""After so long without a picture a camera is taken for gone."""
AGAIN_S = 0.01
"""A source that is over fails at once, again and again: between two tries it rests."""
AT_ONCE_S = 0.001
"""What fails sooner has not even looked for a picture."""
_POS_MSEC = 0  # cv2.CAP_PROP_POS_MSEC
_HAS_KEY_FRAME = 67  # cv2.CAP_PROP_LRF_HAS_KEY_FRAME; FFmpeg alone knows it
_OPENCV_SETS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")


def import_cv2() -> Any:
    """Import OpenCV, and undo what it does to the environment.

    The package `opencv-python` points Qt to plugins of its own, which breaks any other Qt program
    that is started later. https://github.com/opencv/opencv-python/issues/572

    Raises:
        ImportError: it is not installed, or a system library is missing.
    """
    before = {name: os.environ.get(name) for name in _OPENCV_SETS}
    # V4L2 knows no timeout by argument; the default is 10 s.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(TIMEOUT_S))
    # Windows: with them a camera takes 10 to 60 s to open. Not tried.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    try:
        import cv2
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    cv2.utils.logging.setLogLevel(0)  # the driver reports what goes wrong, in one line
    return cv2


@dataclass(frozen=True, slots=True)
class Picture:
    """What one grab gave; `image` is None where it could not be decoded."""

    arrival: float
    stamp: float  # s, as the backend gives it; 0 = none
    image: U8Array | None
    dropped: int  # right before this one


class Capture:
    """Owns a `cv2.VideoCapture` from opening to release."""

    def __init__(
        self, clock: Clock, make: Callable[[], Any], convert: Callable[[Any], U8Array]
    ) -> None:
        self._clock = clock
        self._make = make
        self._convert = convert
        self._grabbing = False
        self._dropped = 0
        self._pictures: queue.Queue[Picture] = queue.Queue(WAITING)
        self._jobs: queue.Queue[tuple[Callable[[Any], Any], Future[Any]]] = queue.Queue()
        self._stop = threading.Event()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="opencv capture", daemon=True)
        self._opened: Future[bool] = Future()

    def start(self, timeout_s: float) -> bool:
        """Open the source; False where OpenCV cannot, and `TimeoutError` when it takes too long."""
        self._thread.start()
        return self._opened.result(timeout_s)

    def ask(self, job: Callable[[Any], Any]) -> Any:
        """Have the thread call `job(capture)` between two pictures, and give its result."""
        future: Future[Any] = Future()
        self._jobs.put((job, future))
        return future.result(TIMEOUT_S + 1.0)  # a picture under way may take all of its time first

    def run(self) -> None:
        """Begin to take pictures."""
        self._grabbing = True

    def next(self, timeout_s: float) -> Picture | None:
        """Give the next picture, or None after `timeout_s`."""
        try:
            return self._pictures.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Release the source; when a call hangs in the driver, as soon as it returns."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(1.0)  # long enough for a picture under way

    def _run(self) -> None:
        capture = self._open()
        if capture is None:
            return
        try:
            self._grab_all(capture)
        finally:
            capture.release()
            self.ended.set()
            self._refuse()

    def _grab_all(self, capture: Any) -> None:
        """Grab until the source is gone: one picture that is spoilt is not its end."""
        failed: list[tuple[float, float]] = []  # since the last picture: when, and how long it took
        heard = self._clock.now()
        while not self._stop.is_set():
            self._work(capture)
            if not self._grabbing:
                heard = self._clock.now()
                continue
            begun = self._clock.now()
            picture = self._take(capture)
            now = self._clock.now()
            if picture is not None:
                # Only now is it known that they were pictures, and not the end of the source.
                for arrival, _ in failed:
                    self._put(Picture(arrival, 0.0, None, 0))
                self._put(picture)
                failed, heard = [], now
            elif now - heard >= TIMEOUT_S:
                self._put_last(failed)
                return
            else:
                failed.append((now, now - begun))
                self._stop.wait(AGAIN_S)

    def _put_last(self, failed: list[tuple[float, float]]) -> None:
        """Hand over what can be told of the end: pictures that were spoilt, and those dropped.

        As long as grabs took their time there were pictures; the last such one, before those that
        failed at once, waited for the end.
        """
        slow = list(itertools.takewhile(lambda one: one[1] > AT_ONCE_S, failed))
        pictures = [Picture(arrival, 0.0, None, 0) for arrival, _ in slow]
        if len(slow) < len(failed):
            pictures = pictures[:-1]
        if self._dropped:  # the last of them stands for all
            pictures.insert(0, Picture(self._clock.now(), 0.0, None, self._dropped - 1))
        for picture in pictures:
            while not self._stop.is_set():
                with contextlib.suppress(queue.Full):
                    self._pictures.put(picture, timeout=0.05)
                    break

    def _put(self, picture: Picture) -> None:
        """Hand a picture over; where nobody fetches them, count it with the next one."""
        try:
            self._pictures.put_nowait(replace(picture, dropped=self._dropped))
            self._dropped = 0
        except queue.Full:
            self._dropped += 1

    def _open(self) -> Any:
        try:
            capture = self._make()
            opened = capture.isOpened()
        except Exception as error:  # cv2.error, and whatever a backend raises
            self._opened.set_exception(error)
            return None
        self._opened.set_result(opened)
        return capture if opened else None

    def _work(self, capture: Any) -> None:
        """Do the jobs that wait; before the first picture there is nothing else to do."""
        try:
            job, future = self._jobs.get(block=not self._grabbing, timeout=0.05)
        except queue.Empty:
            return
        try:
            future.set_result(job(capture))
        except Exception as error:
            future.set_exception(error)

    def _take(self, capture: Any) -> Picture | None:
        if not capture.grab():
            # FFmpeg read a picture (in JPEG each is a key frame), and could not decode it; where
            # it read nothing, as the source is over or silent, there is no such packet.
            spoilt = capture.get(_HAS_KEY_FRAME) == 1
            return Picture(self._clock.now(), 0.0, None, 0) if spoilt else None
        arrival = self._clock.now()
        stamp = capture.get(_POS_MSEC) * 1e-3
        try:
            whole, image = capture.retrieve()
            picture = self._convert(image) if whole and image is not None else None
        except Exception:  # cv2.error: what was grabbed is no picture, or of another kind
            picture = None
        return Picture(arrival, stamp, picture, 0)

    def _refuse(self) -> None:
        while not self._jobs.empty():
            self._jobs.get()[1].set_exception(RuntimeError("the camera is gone"))
