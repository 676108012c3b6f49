"""`simulated-camera`: a face that blinks and moves with the world, at any size and rate.

Frames come from a loop of images drawn once; per frame only the strip and the patch are written, so
that the camera costs little beside the one copy that its consumer makes. The look `textured` draws
each frame anew (`devices.simulation.textured_face`): what measures faces needs skin, sub-pixel
movements and a head that is never quite still. The strip, top left, is the device frame number: 32
cells of 8×8 pixels in one row, most significant bit first, 255 for one and 0 for zero. The patch,
top right, 64×64 pixels, is 255 while the world's photodiode is lit at the middle of the exposure,
else 0. Both lie over the raw mosaic.

Sample k of the schedule is the middle of the exposure of device frame k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import Field, field_validator

from devices.arrays import BoolArray, F64Array, U8Array
from devices.base import Clock, Device, DeviceError, Frame, VideoSpec
from devices.counter_rng import make_key
from devices.simulation.face import Face, Shot
from devices.simulation.faults import Link
from devices.simulation.pacing import Pacer, Run
from devices.simulation.simulated_signal import SimulatedSettings
from devices.simulation.world import World

CELL = 8
CELLS = 32
PATCH = 64
LATE_S = 1.0  # a frame that nobody fetched for this long is gone

# The 64 pixels of one row for each value of a byte.
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
_BYTES = (_BITS * np.uint8(255)).repeat(CELL, axis=1)


class _Filmed(Protocol):
    """What stands before the camera."""

    def __init__(self, width: int, height: int, pixel_format: str, key: int) -> None: ...

    def shots(self, world: World, times: F64Array) -> list[Shot]:
        """Return what gives the frame at each of ascending LSL `times`."""


class CameraSettings(SimulatedSettings):
    """Form of the pictures, and what they show."""

    width: int = Field(default=640, le=16_384, multiple_of=2, description="pixels, even")
    height: int = Field(default=480, le=16_384, multiple_of=2, description="pixels, even")
    rate_hz: float = Field(default=200.0, ge=0.1, le=10_000, description="frames a second")
    pixel_format: Literal["Mono8", "BayerRG8"] = Field(
        default="Mono8", description="gray or mosaic"
    )
    exposure_us: float | None = Field(
        default=None, gt=0, description="else 5 ms, or 80 % of a frame where that is shorter"
    )
    look: Literal["drawn", "textured"] = Field(
        default="drawn",
        description="`textured`: skin, a head that drifts, movements of 1 to 3 px in six regions",
    )

    @field_validator("width")
    @classmethod
    def _room_across(cls, width: int) -> int:
        if width < CELL * CELLS + PATCH:
            raise ValueError(
                f"{width} is too narrow: the frame number strip ({CELL * CELLS} px) and the flash "
                f"patch ({PATCH} px) need at least {CELL * CELLS + PATCH}"
            )
        return width

    @field_validator("height")
    @classmethod
    def _room_down(cls, height: int) -> int:
        if height < PATCH:
            raise ValueError(f"{height} is too low: the flash patch needs at least {PATCH}")
        return height


class SimulatedCamera(Device):
    """Yields frames of a simulated face, numbered and lit by the world's photodiode."""

    Settings = CameraSettings
    summary = "simulated camera: a face that blinks and moves, numbered frames, flash patch"
    simulated = True

    def __init__(self, settings: CameraSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._world = World(settings.seed)
        link = Link(settings.faults, settings.seed, settings.name)
        self._pacer = Pacer(clock, link, settings.rate_hz, packet=1, skip_after_s=LATE_S)
        self._exposure_us = settings.exposure_us or min(5000.0, 0.8e6 / settings.rate_hz)
        self._face: _Filmed | None = None
        self._ahead: tuple[int, list[Shot], BoolArray] = (0, [], np.empty(0, np.bool_))

    def open(self) -> Sequence[VideoSpec]:
        """Draw the loop of images and start."""
        s = self.settings
        self._check_exposure(self._exposure_us)
        if self._face is None:
            self._face = self._new_face()
        self._pacer.open()
        spec = VideoSpec(
            name=s.name,
            width=s.width,
            height=s.height,
            pixel_format=s.pixel_format,
            rate_hz=s.rate_hz,
            manufacturer="Unisono",
            model="simulated-camera",
            desc={
                "simulated": "yes",
                "seed": str(s.seed),
                "strip": f"{CELLS} cells of {CELL}x{CELL} px, top left, one row, MSB first",
                "patch": f"{PATCH}x{PATCH} px, top right",
            },
        )
        return (spec,)

    def read(self) -> Iterator[Frame | None]:
        """Yield frames as they arrive; frames that are more than 1 s overdue are lost."""
        for run in self._pacer.runs():
            if run is None:
                yield None
            else:
                yield from self._frames(run)

    def close(self) -> None:
        """Let go of the images."""
        self._face = None
        self._ahead = (0, [], np.empty(0, np.bool_))

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `exposure`, with the argument exposure_us."""
        if name != "exposure" or set(args) != {"exposure_us"}:
            raise DeviceError(
                f"{self.settings.name}: unknown command {name!r} {dict(args)}; "
                "this camera knows: exposure, with exposure_us"
            )
        self._check_exposure(float(args["exposure_us"]))
        self._exposure_us = float(args["exposure_us"])
        return {"exposure_us": self._exposure_us}

    def _new_face(self) -> _Filmed:
        s = self.settings
        kind: type[_Filmed] = Face
        if s.look == "textured":
            from devices.simulation.textured_face import TexturedFace  # OpenCV takes its time

            kind = TexturedFace
        return kind(s.width, s.height, s.pixel_format, make_key(s.seed, s.name, "face"))

    def _check_exposure(self, exposure_us: float) -> None:
        longest = 1e6 / self.settings.rate_hz
        if not 0 < exposure_us <= longest:
            raise DeviceError(
                f"{self.settings.name}: exposure_us = {exposure_us:g} is out of range; at "
                f"{self.settings.rate_hz:g} frames a second it is more than 0 and at most "
                f"{longest:.0f}"
            )

    def _frames(self, run: Run) -> Iterator[Frame]:
        own = self._pacer.device_times(run.first, run.stop).tolist()
        arrivals = run.arrivals.tolist()
        for i, number in enumerate(range(run.first, run.stop)):
            yield Frame(
                stream=self.settings.name,
                device_frame=number,
                time=arrivals[i],
                image=self._image(number),
                device_time=own[i],
                exposure_us=self._exposure_us,
                lost=run.lost if i == 0 else 0,
            )

    def _image(self, number: int) -> U8Array:
        assert self._face is not None, "open() comes first"
        first, shots, lit = self._ahead
        if not first <= number < first + len(shots):
            first, shots, lit = self._ahead = self._look_ahead(self._face, number)
        image = shots[number - first](number)
        image[:CELL, : CELL * CELLS] = np.concatenate(
            [_BYTES[byte] for byte in (number & 0xFFFFFFFF).to_bytes(4, "big")]
        )
        image[:PATCH, -PATCH:] = 255 if lit[number - first] else 0
        return image

    def _look_ahead(self, face: _Filmed, first: int) -> tuple[int, list[Shot], BoolArray]:
        """Ask the world for the next second at once: cheaper than frame by frame."""
        times = self._pacer.true_times(first, first + max(1, round(self.settings.rate_hz)))
        return first, face.shots(self._world, times), self._world.lit_at(times)
