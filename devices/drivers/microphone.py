"""`microphone`: any sound input of this computer, by PortAudio.

PortAudio says of each block when its first sample was at the converter, on a clock of its own, and
what that clock reads now; so the way from the converter to here is taken off, and only the clock is
mapped. Where a system does not say it, samples are counted instead.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from devices.base import (
    BEAT_S,
    Chunk,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Frame,
    Notice,
    Plugged,
    SoundSpec,
    StreamSpec,
    one_line,
)
from devices.sound.block_counter import BlockCounter, Heard
from devices.sound.blocks import SoundSettings, items, sound_specs

WAITING_S: Final = 10.0
"""So much sound may wait to be read; what comes next is counted as lost."""
_REMEDY: Final = "see the system's sound settings, or name another with `device`"


class MicrophoneSettings(SoundSettings):
    """`device`: the name of an input, or what only its name has in it; the default without."""

    device: str = Field(default="", max_length=200)
    latency_s: float | None = Field(default=None, gt=0, le=1)


class Microphone(Device):
    """Yields blocks of sound, and their level."""

    Settings = MicrophoneSettings
    summary = "microphone or other sound input of this computer, by PortAudio"

    portaudio: ClassVar[Callable[[], Any] | None] = None
    """A test's own in place of the module `sounddevice`."""

    settings: MicrophoneSettings

    def __init__(self, settings: MicrophoneSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._stream: Any = None
        most = round(WAITING_S * settings.sample_rate_hz / settings.block)
        self._came: queue.Queue[Heard] = queue.Queue(most)
        self._dropped = 0
        self._counter = BlockCounter(settings.block / settings.sample_rate_hz)

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether sounddevice or PortAudio is missing."""
        try:
            cls._module()
        except DeviceError as error:
            return str(error)
        return None

    @classmethod
    def _module(cls) -> Any:
        if cls.portaudio is not None:
            return cls.portaudio()
        try:
            import sounddevice
        except ImportError:
            raise DeviceError(
                "sounddevice is not installed; pip install 'unisono[audio]'"
            ) from None
        except OSError as error:  # the package is there, the library that it loads is not
            raise DeviceError(
                f"PortAudio cannot be used ({error}); on Linux: sudo apt install libportaudio2"
            ) from None
        return sounddevice

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the inputs that PortAudio knows."""
        try:
            inputs = _inputs(cls._module())
        except DeviceError:
            return ()
        return [
            Plugged(
                id=f"microphone:{name}",
                description=f"sound input, {channels} channels",
                snippet=(
                    f'[[device]]\nname = "voice"\ndriver = "microphone"\ndevice = {_toml(name)}\n'
                ),
            )
            for name, channels in inputs
        ]

    def open(self) -> Sequence[StreamSpec | SoundSpec]:
        """Open the input and start it."""
        self.close()
        module = self._module()
        settings = self.settings
        name = _chosen(_inputs(module), settings.device)
        self._came = queue.Queue(self._came.maxsize)
        self._dropped = 0
        try:
            self._stream = module.InputStream(
                samplerate=settings.sample_rate_hz,
                blocksize=settings.block,
                channels=settings.channels,
                dtype="int16",
                device=name or None,
                latency=settings.latency_s or "low",
                callback=self._hear,
            )
            self._stream.start()
        except (module.PortAudioError, ValueError, OSError) as error:
            self.close()
            raise DeviceError(
                f"sound input {name or 'default'}: {one_line(error)} (asked for "
                f"{settings.channels} channels at {settings.sample_rate_hz} Hz); {_REMEDY}"
            ) from error
        self._counter.began()
        return sound_specs(settings, "", name or "default", {})

    def _hear(self, data: Any, frames: int, time: Any, flags: Any) -> None:
        """Take a block; called in a thread of PortAudio's, which must never wait."""
        heard = Heard(
            np.array(data, np.int16),
            float(time.inputBufferAdcTime),
            float(time.currentTime),
            self.clock.now(),
            bool(flags.input_overflow),
            self._dropped,
        )
        try:
            self._came.put_nowait(heard)
        except queue.Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def read(self) -> Iterator[Frame | Chunk | Notice | None]:
        """Yield each block and its level."""
        while True:
            try:
                heard = self._came.get(timeout=BEAT_S)
            except queue.Empty:
                if self._stream is None or not self._stream.active:
                    raise DeviceLost(
                        "the sound input has stopped: plugged out, or the sound system ended; "
                        f"{_REMEDY}"
                    ) from None
                yield None
                continue
            block = self._counter.place(heard)
            if block.notice is not None:
                yield block.notice
            yield from items(
                self.settings,
                heard.samples,
                block.number,
                block.time,
                block.device_time,
                block.lost,
            )

    def close(self) -> None:
        """Stop the input."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)


def _inputs(module: Any) -> list[tuple[str, int]]:
    """List (name, channels) of the inputs.

    Raises:
        DeviceError: PortAudio cannot be asked.
    """
    try:
        devices = module.query_devices()
    except (module.PortAudioError, OSError, ValueError) as error:
        raise DeviceError(f"sound inputs cannot be listed: {one_line(error)}; {_REMEDY}") from error
    known = ((str(d["name"]), int(d["max_input_channels"])) for d in devices)
    return [(name, channels) for name, channels in known if channels > 0]


def _chosen(inputs: Sequence[tuple[str, int]], wanted: str) -> str:
    """Give the name of the input that is wanted; "" = the system's default.

    Raises:
        DeviceError: there is none, or more than one is called so.
    """
    names = [name for name, _ in inputs]
    if not names:
        raise DeviceError("this computer has no sound input; plug in a microphone")
    if not wanted:
        return ""
    exact = [name for name in names if name == wanted]
    near = exact or [name for name in names if wanted.casefold() in name.casefold()]
    if len(set(near)) == 1:
        return near[0]
    listed = ", ".join(dict.fromkeys(near or names))
    what = "names more than one" if near else "is not there"
    raise DeviceError(f"sound input {wanted!r} {what}: {listed}; name one of these with `device`")


def _toml(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
