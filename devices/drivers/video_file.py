"""`video-file`: a video file as a camera, at the file's rate or another.

Frame k is shown at the time of opening plus k / rate; the time stamps inside the file are not used,
so a file of variable rate plays at its average. When a file that does not loop is over, the device
stays open and delivers nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from devices.arrays import U8Array
from devices.base import Clock, Device, DeviceError, Frame, Settings, VideoSpec
from devices.simulation.faults import Faults, Link
from devices.simulation.pacing import BEAT_S, Pacer, wait

if TYPE_CHECKING:
    import av
    import av.container

LATE_S = 1.0  # a frame that nobody fetched for this long is gone

_FORMATS = {"Mono8": "gray", "RGB8": "rgb24"}  # PFNC name: FFmpeg's name


class VideoFileSettings(Settings):
    """`path` may begin with ~; without `rate_hz` the file's own rate is used."""

    path: Path
    loop: bool = True
    rate_hz: float | None = Field(default=None, gt=0, le=10_000)
    pixel_format: Literal["Mono8", "RGB8"] = "Mono8"


class VideoFile(Device):
    """Plays a file; images have shape (height, width), in RGB8 (height, width, 3)."""

    Settings = VideoFileSettings
    summary = "a video file played as a camera"

    def __init__(self, settings: VideoFileSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._path = settings.path.expanduser()
        self._container: av.container.InputContainer | None = None
        self._pacer: Pacer | None = None
        self._images: Iterator[U8Array] = iter(())

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
        rate_hz, (width, height) = self._open_file()
        if self._pacer is None:
            link = Link(Faults(), 0, self.settings.name)
            self._pacer = Pacer(self._clock, link, rate_hz, packet=1, skip_after_s=LATE_S)
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

    def read(self) -> Iterator[Frame | None]:
        """Yield the frames on schedule; frames that are more than 1 s overdue are lost."""
        assert self._pacer is not None, "open() comes first"
        for run in self._pacer.runs():
            if run is None:
                yield None
                continue
            for _ in range(run.lost):
                next(self._images, None)
            for i, time in enumerate(run.arrivals.tolist()):
                image = next(self._images, None)
                if image is None:
                    yield from self._idle()
                lost = run.lost if i == 0 else 0
                yield Frame(self.settings.name, run.first + i, time, image, lost=lost)

    def close(self) -> None:
        """Close the file."""
        self._images = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _idle(self) -> Iterator[None]:
        while True:
            yield from wait(self._clock, self._clock.now() + BEAT_S)
            yield None

    def _open_file(self) -> tuple[float, tuple[int, int]]:
        import av

        if not self._path.is_file():
            raise DeviceError(
                f"{self.settings.name}: there is no file {self._path}; correct `path` in the rig"
            )
        self.close()
        try:
            self._container = av.open(str(self._path))
            stream = self._container.streams.video[0]
            frame = next(self._container.decode(stream))
        except (av.FFmpegError, IndexError, StopIteration) as error:
            self.close()
            raise DeviceError(self._undecodable(error)) from error
        rate = self.settings.rate_hz or float(stream.average_rate or stream.guessed_rate or 0)
        if not rate:
            self.close()
            raise DeviceError(
                f"{self.settings.name}: {self._path} does not say its frame rate; set `rate_hz`"
            )
        self._images = self._decode()
        return rate, (frame.width, frame.height)

    def _decode(self) -> Iterator[U8Array]:
        import av

        name = _FORMATS[self.settings.pixel_format]
        try:
            while self._container is not None:
                self._container.seek(0)
                for frame in self._container.decode(video=0):
                    yield _pixels(frame, name)
                if not self.settings.loop:
                    return
        except av.FFmpegError as error:
            raise DeviceError(self._undecodable(error)) from error

    def _undecodable(self, error: Exception) -> str:
        reason = str(error) or "it holds no video frame"
        return (
            f"{self.settings.name}: {self._path} cannot be decoded as video ({reason}); "
            "convert it, for instance with: ffmpeg -i FILE -c:v ffv1 OUT.mkv"
        )


def _pixels(frame: Any, name: str) -> U8Array:
    image: U8Array = frame.to_ndarray(format=name)
    return image
