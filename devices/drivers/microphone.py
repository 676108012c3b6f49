"""`microphone`: any sound input of this computer, by PortAudio.

PortAudio says of each block when its first sample was at the converter, on a clock of its own, and
what that clock reads now; so the way from the converter to here is taken off, and only the clock is
mapped. Where a system does not say it, samples are counted instead.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
_CUT: Final = 31
"""So long are names of inputs at most in the oldest sound system of Windows."""


class MicrophoneSettings(SoundSettings):
    """Which input."""

    device: str = Field(
        default="",
        max_length=200,
        description="an input's name, or what only its name has in it; else the system's default",
    )
    latency_s: float | None = Field(
        default=None, gt=0, le=1, description="asked of the sound system; else its low one"
    )


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
        self._was_open = False
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
        channels = {one.name: one.channels for one in inputs}
        return [
            Plugged(
                id=f"microphone:{name}",
                description=f"sound input, {channels[name]} channels",
                snippet=(
                    f'[[device]]\nname = "voice"\ndriver = "microphone"\ndevice = {_toml(name)}\n'
                ),
            )
            for name in _distinct(one.name for one in inputs)
        ]

    def open(self) -> Sequence[StreamSpec | SoundSpec]:
        """Open the input and start it."""
        self.close()
        module = self._module()
        if self._was_open:  # PortAudio knows what was plugged in when it began, and nothing else
            _begin_again(module)
        settings = self.settings
        chosen = _chosen(_inputs(module), settings.device)
        name = chosen.name if chosen else "default"
        self._came = queue.Queue(self._came.maxsize)
        self._dropped = 0
        try:
            self._stream = module.InputStream(
                samplerate=settings.sample_rate_hz,
                blocksize=settings.block,
                channels=settings.channels,
                dtype="int16",
                device=chosen.number if chosen else None,
                latency=settings.latency_s or "low",
                callback=self._hear,
            )
            self._stream.start()
        except (module.PortAudioError, ValueError, OSError) as error:
            self.close()
            has = f"; it has {chosen.channels}, at {chosen.rate_hz:g} Hz" if chosen else ""
            raise DeviceError(
                f"sound input {name}: {one_line(error)} (asked for {settings.channels} channels at "
                f"{settings.sample_rate_hz} Hz{has}); set `channels` and `sample_rate_hz`, or "
                f"{_REMEDY}"
            ) from error
        self._was_open = True
        self._counter.began()
        return sound_specs(settings, "", name, {})

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


@dataclass(frozen=True, slots=True)
class _Input:
    """A sound input: PortAudio's number and name of it, and what it can do."""

    number: int
    name: str
    channels: int
    rate_hz: float


def _begin_again(module: Any) -> None:
    """Have PortAudio look at the sound cards anew; nothing is open.

    Raises:
        DeviceError: it does not begin.
    """
    with contextlib.suppress(module.PortAudioError):  # it did not begin the last time
        module._terminate()
    try:
        module._initialize()
    except module.PortAudioError as error:
        raise DeviceError(f"PortAudio does not begin: {one_line(error)}; {_REMEDY}") from error


def _inputs(module: Any) -> list[_Input]:
    """List the inputs.

    Raises:
        DeviceError: PortAudio cannot be asked.
    """
    try:
        devices = module.query_devices()
    except (module.PortAudioError, OSError, ValueError) as error:
        raise DeviceError(f"sound inputs cannot be listed: {one_line(error)}; {_REMEDY}") from error
    known = (
        _Input(
            number,
            str(device["name"]),
            int(device["max_input_channels"]),
            float(device["default_samplerate"]),
        )
        for number, device in enumerate(devices)
    )
    return [one for one in known if one.channels > 0]


def _chosen(inputs: Sequence[_Input], wanted: str) -> _Input | None:
    """Give the input that is wanted; None = the system's default.

    Windows has each once in each of its sound systems: the first is that of PortAudio's choice.

    Raises:
        DeviceError: there is none, or more than one is called so.
    """
    names = [one.name for one in inputs]
    if not names:
        raise DeviceError("this computer has no sound input; plug in a microphone")
    if not wanted:
        return None
    exact = [name for name in names if name == wanted]
    near = exact or [name for name in names if wanted.casefold() in name.casefold()]
    near = _distinct(near)
    if len(near) == 1:
        return next(one for one in inputs if one.name == near[0])
    listed = ", ".join(near or _distinct(names))
    what = "names more than one" if near else "is not there"
    raise DeviceError(f"sound input {wanted!r} {what}: {listed}; name one of these with `device`")


def _distinct(names: Iterable[str]) -> list[str]:
    """List each name once, and none that is the begin of another and was cut."""
    once = list(dict.fromkeys(names))
    return [
        name
        for name in once
        if len(name) != _CUT or not any(n != name and n.startswith(name) for n in once)
    ]


def _toml(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
