"""What a camera of OpenCV is asked for, and what it took."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field

from devices.base import DeviceError, Settings
from devices.camera.opencv_sources import is_address

RATE_TOLERANCE = 0.01

_LOG2 = ("DSHOW", "MSMF")  # these count exposure in powers of two of a second
_MANUAL = {"V4L2": 1, "DSHOW": 0, "MSMF": 0, "AVFOUNDATION": 0}


class OpencvSettings(Settings):
    """What is not given stays as the camera has it."""

    camera: int | str = Field(
        default=0, description="index, name (Linux), /dev/video0, or address: rtsp://…"
    )
    width: int | None = Field(default=None, gt=0, description="pixels")
    height: int | None = Field(default=None, gt=0, description="pixels")
    rate_hz: float | None = Field(default=None, gt=0, description="frames a second")
    pixel_format: Literal["Mono8", "RGB8"] = Field(default="RGB8", description="gray or colour")
    fourcc: str | None = Field(
        default=None, min_length=4, max_length=4, description="what the camera sends, such as MJPG"
    )
    exposure_us: float | None = Field(
        default=None, gt=0, description="setting it switches the automatic off"
    )
    gain: float | None = Field(default=None, description="in the camera's units")
    accept_nearest: bool = Field(
        default=False, description="take what the camera makes of these values; else an error"
    )
    backend: Literal["any", "v4l2", "dshow", "msmf", "avfoundation", "ffmpeg", "gstreamer"] = Field(
        default="any", description="which of OpenCV's"
    )

    def say(self, text: str) -> str:
        """Say something of this camera."""
        return f"{self.name} (camera {self.camera!r}): {text}"


class Configurator:
    """Asks one camera for its settings, and remembers what it took.

    `configure` and `set` are for the thread of the capture: a capture belongs to it alone.
    """

    def __init__(self, settings: OpencvSettings) -> None:
        self._settings = settings
        self.backend = ""
        self.rate_hz = 0.0
        self.exposure_us: float | None = None
        self.holds_last = False  # FFmpeg may, of JPEG pictures without a length
        # Pictures of HTTP have no time and no rate: FFmpeg counts 25 a second, whatever comes.
        self.tells_time = True
        self.notes: list[str] = []  # of what the camera took in place of what was asked for
        self.changed: dict[str, float] = {}  # by commands; done again after a loss

    def configure(self, cv2: Any, capture: Any) -> None:
        """Ask for the settings, in the order in which cameras need them.

        Raises:
            DeviceError: it does not take one, or does not tell its rate.
        """
        s, self.notes = self._settings, []
        self.backend = str(capture.getBackendName())
        jpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter_fourcc(*"MJPG")
        self.holds_last = jpeg and is_address(s.camera) and self.backend == "FFMPEG"
        self.tells_time = not (self.holds_last and str(s.camera).startswith("http"))
        if s.fourcc is not None:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*s.fourcc))
            raw = int(capture.get(cv2.CAP_PROP_FOURCC))
            took = bytes((raw >> shift) & 0xFF for shift in (0, 8, 16, 24)).decode("latin-1")
            self.compare("fourcc", s.fourcc, took)
        for prop, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, s.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, s.height),
            (cv2.CAP_PROP_FPS, s.rate_hz),
        ):
            if value is not None:
                capture.set(prop, value)
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        told = math.isfinite(rate) and rate > 0 and (self.tells_time or s.rate_hz is None)
        if not told:
            if s.rate_hz is None:
                raise DeviceError(s.say("does not tell its rate; set rate_hz"))
            rate = s.rate_hz
        self.rate_hz = rate
        if s.rate_hz is not None and abs(rate / s.rate_hz - 1) > RATE_TOLERANCE:
            self.compare("rate_hz", s.rate_hz, rate)
        wanted = {"exposure_us": s.exposure_us, "gain": s.gain} | self.changed
        for key, setting in wanted.items():
            if setting is not None:
                self.set(cv2, capture, key, setting)

    def set(self, cv2: Any, capture: Any, key: str, value: float) -> float:
        """Set `exposure_us` or `gain`, and give what the camera took.

        Raises:
            DeviceError: it cannot be set, or the camera took another value.
        """
        if key == "gain":
            done = capture.set(cv2.CAP_PROP_GAIN, value)
            took = float(capture.get(cv2.CAP_PROP_GAIN))
        else:
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL.get(self.backend, 0))
            done = capture.set(cv2.CAP_PROP_EXPOSURE, exposure_units(self.backend, value))
            took = exposure_us(self.backend, float(capture.get(cv2.CAP_PROP_EXPOSURE)))
        if not done:
            text = f"{key} cannot be set through {self.backend}; leave it out of the rig"
            raise DeviceError(self._settings.say(text))
        if not math.isclose(took, value, rel_tol=0.01):
            self.compare(key, value, took)
        if key == "exposure_us":
            self.exposure_us = took
        return took

    def compare(self, key: str, asked: object, took: object) -> None:
        """Note that the camera took another value.

        Raises:
            DeviceError: that is not accepted.
        """
        if asked == took:
            return
        given = f"{took:g}" if isinstance(took, float) else repr(took)
        if not self._settings.accept_nearest:
            raise DeviceError(
                self._settings.say(
                    f"{key} = {asked!r} was asked for, but the camera has {given}; "
                    "set it to that, leave it out, or set accept_nearest = true"
                )
            )
        self.notes.append(f"{key}: asked for {asked}, the camera took {given}")


def exposure_units(backend: str, exposure_us: float) -> float:
    """Give an exposure as the backend counts it: V4L2 in 100 µs, Windows in powers of two."""
    return math.log2(exposure_us * 1e-6) if backend in _LOG2 else exposure_us / 100


def exposure_us(backend: str, units: float) -> float:
    """Give an exposure in µs, as the backend counts it."""
    return 2.0**units * 1e6 if backend in _LOG2 else units * 100
