"""The two kinds of `FrameStream`: pictures of a camera, and sound of a microphone."""

from __future__ import annotations

from acquire.camera.frame_stream import FrameStream
from acquire.camera.gate import Gate
from acquire.camera.preview import PreviewTap
from acquire.camera.video_files import FileEvent, VideoFiles
from acquire.lsl.config import BUFFER_S
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.index_stream import index_spec, sound_index_spec
from acquire.lsl.outlet import Outlet
from acquire.processes.loss_log import LossLog
from acquire.rig.video import VideoOptions
from devices.arrays import Array
from devices.base import SoundSpec, VideoSpec
from recordings.video.pixel_formats import pixel_format


class CameraStream(FrameStream):
    """Publishes the frames of one camera and has them stored."""

    def __init__(
        self,
        spec: VideoSpec,
        device: str,
        options: VideoOptions,
        model: ClockModel,
        losses: LossLog,
        buffer_s: int = BUFFER_S,
        origin: str = "",
    ) -> None:
        """Announce the index stream and start the encoder.

        Raises:
            RecordingError: the codec does not fit the camera's format or rate, or there is not
                enough memory for the ring.
        """
        files = self._videos = VideoFiles(spec, options)
        outlet = Outlet(index_spec(spec, files.codec, files.tiling), device, buffer_s, origin)
        gate = Gate(options.gate) if options.gate else None
        super().__init__(spec, files, outlet, model, losses, gate)
        self._format = pixel_format(spec.pixel_format)
        self.preview = PreviewTap(self._format, spec.width, spec.height)

    def show(self, image: Array, stamp: float, device_frame: int) -> None:
        """Let a preview be made of a frame, if one is wanted."""
        self.preview.offer(image, stamp, device_frame)

    def new_events(self) -> list[FileEvent]:
        """Give what has happened to the files; an encoder that has died is replaced on the way."""
        events = super().new_events()
        if self._videos.encoder_died:
            with self._lock:
                self._give_up_held()
                self._videos.bury()
        if self._videos.encoder_due:
            with self._lock:
                self._videos.revive()
        return events + super().new_events()

    def misfit(self, image: Array) -> str | None:
        """Say what a picture is that has other bytes than announced, or stands on its side."""
        spec = self.spec
        assert isinstance(spec, VideoSpec)
        fits = image.ndim < 2 or len(image) == spec.height
        if fits and image.nbytes == self._format.frame_bytes(spec.width, spec.height):
            return None
        announced = f"{spec.pixel_format}, {spec.height} rows of {spec.width} pixels"
        return f"a picture of shape {image.shape} and {image.dtype}, announced is {announced}"


class SoundStream(FrameStream):
    """Publishes the blocks of one microphone and has them stored."""

    def __init__(
        self,
        spec: SoundSpec,
        device: str,
        model: ClockModel,
        losses: LossLog,
        buffer_s: int = BUFFER_S,
        origin: str = "",
    ) -> None:
        """Announce the index stream."""
        from acquire.camera.sound_files import SoundFiles  # FFmpeg: no other device needs it

        outlet = Outlet(sound_index_spec(spec), device, buffer_s, origin)
        super().__init__(spec, SoundFiles(spec), outlet, model, losses)
