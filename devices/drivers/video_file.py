"""`video-file`: a video file as a camera, at the file's rate or another.

Frame k is shown at the time of opening plus k / rate; the time stamps inside the file are not used,
so a file of variable rate plays at its average. A packet that cannot be decoded is a frame without
a picture. When a file that does not loop is over, the device stays open and delivers nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from devices.base import (
    BEAT_S,
    Clock,
    Device,
    DeviceError,
    Frame,
    Notice,
    Settings,
    VideoSpec,
    wait,
)
from devices.camera.film import Film, Picture
from devices.simulation.faults import Faults, Link
from devices.simulation.pacing import Pacer

LATE_S = 1.0  # a frame that nobody fetched for this long is gone


class VideoFileSettings(Settings):
    """The file, and how it is played."""

    path: Path = Field(description="the file; may begin with ~")
    loop: bool = Field(default=True, description="again from the start at its end")
    rate_hz: float | None = Field(
        default=None, gt=0, le=10_000, description="frames a second; else the file's own"
    )
    pixel_format: Literal["Mono8", "Mono10", "Mono12", "Mono16", "RGB8"] = Field(
        default="Mono8", description="what its pictures become"
    )


class VideoFile(Device):
    """Plays a file; images have shape (height, width), in RGB8 (height, width, 3)."""

    Settings = VideoFileSettings
    summary = "a video file played as a camera"

    def __init__(self, settings: VideoFileSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._path = settings.path.expanduser()
        self._film: Film | None = None
        self._pacer: Pacer | None = None
        self._pictures: Iterator[Picture] = iter(())

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether PyAV is missing."""
        try:
            import av  # noqa: F401
        except ImportError as error:
            return f"PyAV cannot be imported ({error}); install it with: pip install av"
        return None

    def open(self) -> Sequence[VideoSpec]:
        """Open the file and look at its first frame.

        Raises:
            DeviceError: there is no such file, or it has no video that can be decoded.
        """
        rate_hz, film = self._open_film()
        self._pictures = film.pictures(loop=self.settings.loop)
        height, width = film.size.shape[:2]
        if self._pacer is None:
            link = Link(Faults(), 0, self.settings.name)
            self._pacer = Pacer(self.clock, link, rate_hz, packet=1, skip_after_s=LATE_S)
        self._pacer.open()
        spec = VideoSpec(
            name=self.settings.name,
            width=width,
            height=height,
            pixel_format=self.settings.pixel_format,
            rate_hz=rate_hz,
            model="video-file",
            desc={"file": self._path.name},
        )
        return (spec,)

    def read(self) -> Iterator[Frame | Notice | None]:
        """Yield the frames on schedule; frames that are more than 1 s overdue are lost."""
        assert self._pacer is not None, "open() comes first"
        assert self._film is not None, "open() comes first"
        yield from self._film.notices()
        for run in self._pacer.runs():
            if run is None:
                yield None
                continue
            for _ in range(run.lost):
                next(self._pictures, None)
            for i, time in enumerate(run.arrivals.tolist()):
                picture = next(self._pictures, None)
                if picture is None:
                    yield from self._idle()
                    return
                (image, fault), lost = picture, run.lost if i == 0 else 0
                number = run.first + i
                yield Frame(self.settings.name, number, time, image, fault=fault, lost=lost)

    def close(self) -> None:
        """Close the file."""
        self._pictures = iter(())
        film, self._film = self._film, None
        if film is not None:
            film.close()

    def _idle(self) -> Iterator[None]:
        while True:
            yield from wait(self.clock, self.clock.now() + BEAT_S)
            yield None

    def _open_film(self) -> tuple[float, Film]:
        name, path = self.settings.name, self._path
        if not path.is_file():
            raise DeviceError(f"{name}: there is no file {path}; correct `path` in the rig")
        self.close()
        try:
            self._film = Film(path, self.settings.pixel_format)
        except DeviceError as error:
            raise DeviceError(f"{name}: {error}") from error
        rate = self.settings.rate_hz or self._film.rate_hz
        if not rate:
            self.close()
            raise DeviceError(f"{name}: {path} does not say its frame rate; set `rate_hz`")
        return rate, self._film
