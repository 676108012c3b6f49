"""The video files of one camera: one a take.

More if the codec had to be changed, or the encoder's process died: what takes most of the memory is
what a system short of it kills first, and the rest of the session must not be lost for that.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Final

from acquire.camera.encoder_link import EncoderLink
from acquire.camera.overload import Cause, Overload, Pace
from acquire.camera.video_take import VideoTake
from acquire.errors import AcquireError
from acquire.processes.restarts import Restarts
from acquire.rig.video import VideoOptions
from devices.arrays import Array
from devices.base import VideoSpec
from recordings.errors import RecordingError
from recordings.layout import video_stem
from recordings.manifest_entries import Level
from recordings.stream_kinds import Fate
from recordings.video.codecs import choose_codec, video_path
from recordings.video.pixel_formats import pixel_format

RING_SLOTS = 16
"""The ring never holds fewer frames than this."""
CLOSE_S = 15.0
"""How long the encoder may take to empty a full ring and close the file."""
ALARM_FILL = 0.25
"""From so full a ring on somebody should know."""

# What to fall back to where the processor is too slow, and where the disk is. Always lossless, and
# nothing that needs several times the processor: where a disk is too slow for MagicYUV, FFV1 would
# lose more frames than it saves.
_INSTEAD: Final[dict[Cause, dict[str, str]]] = {
    "processor": {
        "ffv1": "magicyuv",
        "x264-lossless": "magicyuv",
        "magicyuv": "raw",
        "ffvhuff": "raw",
    },
    "disk": {"raw": "magicyuv"},
}


FileEvent = tuple[Level, str, str, int | None]
"""Level, code, text, and the take that it concerns."""


class VideoFiles:
    """Hands frames to the encoder process and knows which file they are in."""

    def __init__(self, spec: VideoSpec, options: VideoOptions) -> None:
        """Start the encoder.

        Raises:
            RecordingError: the codec does not fit, or there is not enough memory for the ring.
        """
        self._spec, self._options = spec, options
        self._format = pixel_format(spec.pixel_format)
        self._use(options.codec)
        self._encoder = self._new_encoder()
        self._restarts = Restarts()
        self._due: float | None = None  # when a dead encoder is replaced; inf = not again
        self.take: VideoTake | None = None  # the one whose file is open, or is to be
        self._events: list[FileEvent] = []
        self._overload = Overload()
        self._came = 0  # frames that the ring has taken
        self._given_up: set[str] = set()  # codecs that were too slow here, by processor or disk

    def _new_encoder(self) -> EncoderLink:
        spec, options = self._spec, self._options
        seconds = options.ring_s + (options.gate.hold_s if options.gate else 0.0)
        encoder = EncoderLink(
            width=spec.width,
            height=spec.height,
            pixel_format=spec.pixel_format,
            rate_hz=spec.rate_hz,
            slots=max(RING_SLOTS, round(seconds * spec.rate_hz)),
        )
        encoder.start()
        return encoder

    def _use(self, codec: str) -> None:
        chosen = choose_codec(codec, self._format, self._spec.rate_hz)
        self.codec = chosen.name
        raw = chosen.container == "raw"
        size = self._spec.width, self._spec.height
        self.tiling = "none" if raw else self._format.tiling(*size)

    def path_of(self, take: VideoTake) -> Path:
        """Name the first file of a take."""
        spec = self._spec
        return video_path(take.stem, self.codec, spec.pixel_format, spec.rate_hz).absolute()

    def begin(self, take: VideoTake) -> None:
        """Send the frames that follow to the first file of a take.

        Without an encoder there is none yet; `revive` opens it.

        Raises:
            AcquireError: the encoder is gone.
        """
        self.take = take
        if self._encoder.status().ended:  # a take that begins waits for no back-off
            self._replace_encoder()
        self._open(take)

    def end(self) -> None:
        """Close the take's file once the frames committed so far are in it; returns at once."""
        take, self.take = self.take, None
        self._encoder.end()
        if take is not None:
            take.close(self._spec.name)

    def _replace_encoder(self) -> None:
        self._encoder.finish(0)
        try:
            self._encoder, self._due = self._new_encoder(), None
        except (OSError, RecordingError) as error:
            raise AcquireError(f"{self._spec.name}: no encoder can be started: {error}") from error

    @property
    def encoder_died(self) -> bool:
        """Whether the encoder's process has ended by itself; `bury` it."""
        return self._due is None and self._encoder.status().ended

    def bury(self) -> None:
        """Let go of a dead encoder's memory; no frame may be held by then."""
        self._encoder.finish(0)
        self._wait_for_another()

    def _wait_for_another(self) -> None:
        now = time.monotonic()
        delay = self._restarts.died("encoder", now)
        self._due = math.inf if delay is None else now + delay

    @property
    def encoder_due(self) -> bool:
        """Whether a dead encoder is to be replaced now."""
        return self._due is not None and time.monotonic() >= self._due

    def revive(self) -> None:
        """Start another encoder; a take that is being written goes on in a further file."""
        take = self.take
        number = take.number if take is not None else None
        try:
            self._replace_encoder()
            if take is not None:
                self._open(take)
        except AcquireError as error:
            self._wait_for_another()
            self._events.append(("error", "video-failed", str(error), number))
            return
        where = "; frames go into a new file from here on" if take is not None else ""
        text = f"{self._spec.name}: its encoder was started again{where}"
        self._events.append(("info", "encoder-back", text, number))

    def _open(self, take: VideoTake) -> None:
        self._overload.forget()
        stem = video_stem(take.stem, len(take.files) + 1)
        take.files.append(self._encoder.begin(stem, self.codec, hash_raw=take.hash_raw))

    def hold(self, image: Array) -> bool:
        """Put a frame into the ring; False = not stored, see `why_not`."""
        if self._encoder.error is not None:
            return False
        kept = self._encoder.hold(image)
        self._came += kept
        if self._options.degrades and self.take is not None and (cause := self._too_slow(kept)):
            self._change_codec(cause, self.take)
        return kept

    def why_not(self) -> Fate:
        """Say why `hold` refused."""
        failed = self._encoder.error is not None
        return Fate.ENCODER_ERROR if failed else Fate.RING_FULL

    def commit(self) -> int:
        """Have the oldest frame held written; its index in the file, or NOT_STORED."""
        return self._encoder.commit()

    def skip(self) -> None:
        """Drop the oldest frame held."""
        self._encoder.skip()

    def _too_slow(self, kept: bool) -> Cause | None:
        told, ring = self._encoder.told, self._encoder.ring
        if not told.ready:  # what fills the ring is its start
            self._overload.forget()
            return None
        pace = Pace(time.monotonic(), self._came, ring.fill, ring.slots, told.wanted_s)
        if not kept:
            return self._overload.refused(pace)
        # With a gate the frames that wait say nothing: most of them wait for its decision.
        return self._overload.took(pace) if self._options.gate is None else None

    def _change_codec(self, slow: Cause, take: VideoTake) -> None:
        """Go on in a further file, with a codec that costs less; never back to one given up."""
        self._overload.forget()
        before, cheaper = self.codec, _INSTEAD[slow].get(self.codec)
        if cheaper is None or cheaper in self._given_up:
            return
        try:
            self._use(cheaper)
        except RecordingError:  # the format has no such codec: go on as it is
            return
        self._given_up.add(before)
        self._open(take)
        text = (
            f"{self._spec.name}: the {slow} is too slow for {before}; {self.codec} in a new file "
            "from here on"
        )
        self._events.append(("warning", "codec-changed", text, take.number))

    def new_events(self) -> list[FileEvent]:
        """Give what has happened since the last call."""
        events, self._events = self._events, []
        status, take, name = self._encoder.status(), self.take, self._spec.name
        if take is None:
            return events
        if status.error is not None and take.files and status.error != take.failure:
            take.failure = status.error
            code = "disk-full" if status.disk_full else "video-failed"
            text = f"{name}: frames are not stored any more: {status.error}"
            events.append(("error", code, text, take.number))
        if not take.alarmed and self._options.gate is None and self.ring_fill() > ALARM_FILL:
            take.alarmed = True
            text = f"{name}: the ring is {self.ring_fill():.0%} full: the encoder falls behind"
            events.append(("info", "ring-filling", text, take.number))
        return events

    def ring_fill(self) -> float:
        """How full the ring is, 0…1."""
        status = self._encoder.status()
        return status.waiting / status.slots

    def close(self) -> None:
        """Finish the file and end the encoder."""
        self._encoder.finish(CLOSE_S)
