"""`camera-opencv`: webcams (UVC) and anything else that OpenCV opens, network streams included.

V4L2 on Linux, DirectShow or Media Foundation on Windows, AVFoundation on macOS, FFmpeg for paths
and addresses. OpenCV tells no frame numbers: frames are numbered as they come, and a frame that a
webcam swallowed leaves no trace but a longer interval between two time stamps. `lost` counts what
was dropped on this computer. A picture that cannot be grabbed or decoded, or that has another size
than the first one, is a frame without a picture; but FFmpeg scales another size to the first one's,
and nothing tells of it.

The time of a frame is the stamp of the backend, where that rises from frame to frame, less half the
exposure where it is known. JPEG pictures over HTTP have no time, and get that of their arrival.
V4L2 stamps in this computer's monotonic clock when a frame begins to arrive; such a stamp needs no
clock model and gets none.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from devices.arrays import U8Array
from devices.base import (
    ARRIVAL,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Frame,
    Notice,
    Plugged,
    VideoSpec,
    one_line,
)
from devices.camera.opencv_capture import TIMEOUT_S, Capture, Picture, import_cv2
from devices.camera.opencv_configurator import Configurator, OpencvSettings
from devices.camera.opencv_sources import NoSource, find, found, is_address, silent, why_not
from devices.camera.picture_size import PictureSize

OPEN_S = 10.0
POLL_S = 0.1
HANGS_S = 1.0
"""How much longer than a source may be silent a call of OpenCV is waited for."""
SAME_CLOCK_S = 1.0
"""A stamp of V4L2 so close to our own clock is of the same clock; some drivers use another."""

_HELD = (
    "has ended; if it sends its pictures without their length, the last one is lost and not in the "
    "count: FFmpeg gives such a picture when the next one begins"
)


class OpencvCamera(Device):
    """One camera; pictures have shape (height, width), in RGB8 (height, width, 3)."""

    Settings = OpencvSettings
    summary = "webcams and network cameras through OpenCV"
    settings: OpencvSettings

    def __init__(self, settings: OpencvSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._capture: Capture | None = None
        # Taken while opening: the last one's size is the truth, those before it are spoilt.
        self._first: list[Picture] = []
        self._size = PictureSize(())
        self._number = 0
        self._stamp = 0.0
        self._configurator = Configurator(settings)

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether OpenCV is missing; it is not imported for that."""
        if importlib.util.find_spec("cv2") is None:
            return "OpenCV is not installed; install it with: pip install opencv-python"
        return None

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the video nodes of Linux; elsewhere OpenCV can only open cameras one by one."""
        return found()

    def open(self) -> Sequence[VideoSpec]:
        """Open the camera, set it up, and wait for the first picture.

        Raises:
            DeviceError: it is absent or busy, or does not take a setting.
        """
        self.close()
        try:
            spec = self._open()
        except (DeviceError, NoSource, FutureTimeoutError, ImportError, RuntimeError) as error:
            self.close()
            text = str(error) if isinstance(error, DeviceError) else self._failed(error)
            raise DeviceError(text) from error
        return (spec,)

    def read(self) -> Iterator[Frame | Notice | None]:
        """Yield frames as they arrive, and a notice where their size changes."""
        assert self._capture is not None, "open() comes first"
        alive = self.clock.now()
        while True:
            ended = self._capture.ended.is_set()  # asked first: what came before is still there
            picture = self._first.pop(0) if self._first else self._capture.next(POLL_S)
            if picture is not None:
                alive = self.clock.now()
                if picture.image is not None and (notice := self._size.notice(picture.image.shape)):
                    yield notice
                yield self._frame(picture)
            elif ended or self.clock.now() - alive > TIMEOUT_S + HANGS_S:
                if self._configurator.holds_last:
                    yield Notice("info", "last-picture", self.settings.say(_HELD))
                network = ", and the network" if is_address(self.settings.camera) else ""
                raise DeviceLost(
                    self.settings.say(
                        f"sends nothing any more; check its cable and its power{network}"
                    )
                )
            else:
                yield None

    def close(self) -> None:
        """Let go of the camera."""
        capture, self._capture, self._first = self._capture, None, []
        if capture is not None:
            capture.close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `exposure` (exposure_us) or `gain` (gain); answers what the camera took."""
        key = {"exposure": "exposure_us", "gain": "gain"}.get(name)
        value = args.get(key) if key and len(args) == 1 else None
        if key is None or isinstance(value, bool) or not isinstance(value, int | float):
            raise DeviceError(
                self.settings.say(
                    f"unknown command {name!r} {dict(args)}; this camera knows: "
                    "exposure, with exposure_us, and gain, with gain"
                )
            )
        capture = self._capture
        if capture is None or capture.ended.is_set():
            raise DeviceError(
                self.settings.say("is not open at the moment; try again when it is back")
            )
        cv2, made = import_cv2(), self._configurator
        took: float = capture.ask(lambda c: made.set(cv2, c, key, float(value)))
        made.changed[key] = took
        return {key: took}

    # Opening.

    def _open(self) -> VideoSpec:
        cv2 = import_cv2()
        source = find(self.settings.camera)
        color = self.settings.pixel_format == "RGB8"
        code = cv2.COLOR_BGR2RGB if color else cv2.COLOR_BGR2GRAY
        api = getattr(cv2, f"CAP_{self.settings.backend.upper()}")
        wait = [cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_S * 1000]
        wait += [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round((OPEN_S - TIMEOUT_S) * 1000)]

        def make() -> Any:
            ffmpeg = isinstance(source, str) and not source.startswith("/dev/")
            parameters = (wait,) if ffmpeg else ()
            return cv2.VideoCapture(source, api, *parameters)

        def convert(image: Any) -> Any:
            if image.ndim == 2:
                return (
                    image if code == cv2.COLOR_BGR2GRAY else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
                )
            return cv2.cvtColor(image, code)

        self._capture = Capture(self.clock, make, convert)
        if not self._capture.start(OPEN_S):
            raise DeviceError(self.settings.say(why_not(source)))
        self._stamp = 0.0
        self._capture.ask(lambda c: self._configurator.configure(cv2, c))
        return self._look()

    def _look(self) -> VideoSpec:
        """Take the first picture: its size is what the camera really has."""
        s, took = self.settings, self._configurator
        assert self._capture is not None
        self._capture.run()
        end = self.clock.now() + OPEN_S
        image: U8Array | None = None
        while image is None:
            if self._capture.ended.is_set() or self.clock.now() > end:
                raise DeviceError(self.settings.say(self._no_picture()))
            if (picture := self._capture.next(POLL_S)) is not None:
                self._first.append(picture)
                image = picture.image
        self._size = PictureSize(image.shape)
        height, width = image.shape[:2]
        for key, asked, side in (("width", s.width, width), ("height", s.height, height)):
            if asked is not None:
                took.compare(key, asked, side)
        desc = {"backend": took.backend}
        if took.notes:
            desc["rounded_by_camera"] = "; ".join(took.notes)
        return VideoSpec(
            name=s.name,
            width=width,
            height=height,
            pixel_format=s.pixel_format,
            rate_hz=took.rate_hz,
            model=str(s.camera),
            time_source="" if took.tells_time else ARRIVAL,
            desc=desc,
        )

    def _no_picture(self) -> str:
        if spoilt := len(self._first):
            return f"opens, but none of its first {spoilt} pictures can be decoded; restart it"
        return "opens, but sends no picture; " + silent(
            self.settings.camera, "is another program using it?"
        )

    # Frames.

    def _frame(self, picture: Picture) -> Frame:
        self._number += 1 + picture.dropped
        took = self._configurator
        half = (took.exposure_us or 0.0) * 0.5e-6
        device_time: float | None = None
        time = picture.arrival - half
        if took.tells_time and picture.stamp > self._stamp:
            device_time = picture.stamp - half
            same = took.backend == "V4L2" and abs(picture.arrival - picture.stamp) < SAME_CLOCK_S
            # In our own clock nothing is left to fit: the host then maps the stamp to itself.
            time = device_time if same else picture.arrival
        if picture.stamp:
            self._stamp = picture.stamp
        image = picture.image
        fault: str | None = "the picture could not be decoded"
        if image is not None:
            fault = self._size.fault(image.shape)
        return Frame(
            stream=self.settings.name,
            device_frame=self._number,
            time=time,
            image=image if fault is None else None,
            device_time=device_time,
            exposure_us=took.exposure_us,
            fault=fault,
            lost=picture.dropped,
        )

    def _failed(self, error: BaseException) -> str:
        if isinstance(error, FutureTimeoutError):
            remedy = silent(self.settings.camera, "unplug it and plug it in again")
            return self.settings.say(f"did not open within {OPEN_S:g} s; {remedy}")
        if isinstance(error, ImportError):
            return self.settings.say(
                f"OpenCV cannot be loaded ({error}); pip install opencv-python"
            )
        return self.settings.say(one_line(error))
