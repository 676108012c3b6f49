"""A face that can be measured: skin with texture, a head that drifts and turns, small movements.

It is a pure function of the seed, of time and of the number of the frame, which chooses the noise.
A head is drawn once; of a frame only the part with the head is drawn anew, in one interpolation:

- The head drifts by up to `DRIFT_PX` each way, leans by up to `LEAN_DEG` and turns by up to
  `TURN_DEG`, as a picture on a board would: there is no depth in it.
- A movement of the world shifts the skin around one place, most in the middle and by half of that
  `SPREAD` · 1.18 away. The places and directions are `PLACES`.
- The lids go down and up again in a blink.

Lengths are in units of `s`, the shorter side of the picture, around the middle of the face; a
pixel of the crop is `CROP_PX` · s. Left and right are the person's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import cv2
import numpy as np

from devices.arrays import F32Array, F64Array, U8Array
from devices.counter_rng import make_key, uniform
from devices.simulation.face import Canvas, Shot, noise_of
from devices.simulation.head_drawing import EYE, EYE_SIZE, Head
from devices.simulation.shapes import BLINK_SPAN_S, blink_wave, hump, train
from devices.simulation.world import Movement, Region, Side, World

CROP_PX: Final = 4 * 2 * (EYE[0] - EYE_SIZE[0]) / 256
"""A crop of 256 px is four times as wide as the inner corners of the eyes are apart."""
SPREAD: Final = 0.028
"""Standard deviation of the bell by which a movement fades from its place."""
DRIFT_PX: Final = 10.0  # of the crop, each way
LEAN_DEG: Final = 2.0
TURN_DEG: Final = 6.0
HEAD_HZ: Final = 80.0
"""The head takes a new place so often, less than a tenth of a pixel on: that is less work."""

PLACES: Final[dict[Region, tuple[tuple[float, float], tuple[float, float]]]] = {
    "inner-brow": ((0.080, -0.150), (0.0, -1.0)),
    "outer-brow": ((0.165, -0.147), (0.0, -1.0)),
    "lower-lid": ((0.120, -0.048), (0.0, -1.0)),
    "nose": ((0.040, 0.075), (0.0, -1.0)),
    "mouth-corner": ((0.090, 0.200), (0.8, -0.6)),
    "lip": ((0.028, 0.228), (0.0, 1.0)),
}
"""Where the skin moves, on the side at the right of the picture, and which way: right, down."""

_REACH: Final = 3.0  # spreads: farther away nothing moves
_HALF: Final = (0.36, 0.49, 0.41)  # of the part that is drawn anew: aside, above, below
_CENTRE_Y: Final = 0.52  # of the height
_PERIODS_S: Final = {
    "x": (12.0, 18.0),
    "y": (11.0, 17.0),
    "lean": (13.0, 20.0),
    "turn": (12.0, 19.0),
}
_FASTER: Final = 2.3  # the second wave of each
_SECOND: Final = 0.35  # its share


class Pose(NamedTuple):
    """How the head is at a moment: lids 0…1, shift in px of the crop, angles in radians."""

    lid: float
    x: float
    y: float
    lean: float
    turn: float
    moving: tuple[tuple[Movement, float], ...]  # each with how far it has gone, 0…1


def poses(world: World, times: F64Array) -> list[Pose]:
    """Return the pose at each of ascending LSL `times`, shape (n,)."""
    lids = np.minimum(train(world, "blink", blink_wave, BLINK_SPAN_S, times), 1.0)
    steps = np.floor(times * HEAD_HZ) / HEAD_HZ
    sway = [_sway(world.seed, name, steps) for name in _PERIODS_S]
    columns = np.column_stack([lids, *sway]).tolist()
    moving = _moving(world.movements(float(times[0]), float(times[-1])), times)
    rows = zip(columns, moving, strict=True)
    return [Pose(lid, x, y, lean, turn, parts) for (lid, x, y, lean, turn), parts in rows]


def _sway(seed: int, name: str, times: F64Array) -> F64Array:
    """Return a slow wave that never leaves its bounds, for one of the ways a head moves."""
    key = make_key(seed, "head", name)
    low, high = _PERIODS_S[name]
    period = low + (high - low) * uniform(key, 0)
    first = np.sin(2 * np.pi * (times / period + uniform(key, 1)))
    second = np.sin(2 * np.pi * (times * _FASTER / period + uniform(key, 2)))
    bound = {"lean": math.radians(LEAN_DEG), "turn": math.radians(TURN_DEG)}.get(name, DRIFT_PX)
    return np.asarray(bound * ((1 - _SECOND) * first + _SECOND * second))


def _moving(
    movements: Sequence[Movement], times: F64Array
) -> list[tuple[tuple[Movement, float], ...]]:
    parts: list[list[tuple[Movement, float]]] = [[] for _ in times]
    for m in movements:
        a, b = np.searchsorted(times, (m.onset, m.offset))
        shares = hump(times[a:b] - m.apex, m.apex - m.onset, m.offset - m.apex)
        for at, share in enumerate(shares.tolist(), int(a)):
            parts[at].append((m, share))
    return [tuple(part) for part in parts]


class _Plane(NamedTuple):
    """Pixels of one colour: which drawing they show, and where they lie in the raw picture."""

    source: int
    top: int
    left: int
    step: int


class TexturedFace:
    """Draws the frames of a face, each into the same buffer: use one before asking for the next."""

    def __init__(self, width: int, height: int, pixel_format: str, key: int) -> None:
        self._s = s = float(min(width, height))
        self._centre = (width / 2, _CENTRE_Y * height)
        x, y = self._centre
        self._left, self._top = (
            max(0, int(x - _HALF[0] * s)) & ~1,
            max(0, int(y - _HALF[1] * s)) & ~1,
        )
        self._right = min(width, int(x + _HALF[0] * s)) & ~1
        self._bottom = min(height, int(y + _HALF[2] * s)) & ~1
        rng = np.random.default_rng(key)
        head = Head(self._box_shape, x - self._left, y - self._top, s, rng)
        if pixel_format == "BayerRG8":
            self._planes = [_Plane(0, 0, 0, 2), _Plane(1, 0, 1, 2), _Plane(1, 1, 0, 2)]
            self._planes.append(_Plane(2, 1, 1, 2))
            self._sources, self._eyes = head.sources((0, 1, 2))
        else:
            self._planes = [_Plane(0, 0, 0, 1)]
            self._sources, self._eyes = head.sources(None)
        self._noise = noise_of(rng, width * height)
        self._clean = Canvas(width, height, pixel_format).raw
        self._frame = np.empty((height, width), np.uint8)
        self._lid = -1.0  # as nothing is drawn yet
        self._drawn: Pose | None = None
        self._back = np.zeros((2, 3))

    def shots(self, world: World, times: F64Array) -> list[Shot]:
        """Return what draws the frame at each of ascending LSL `times`, shape (n,)."""
        return [partial(self.image, pose) for pose in poses(world, times)]

    def image(self, pose: Pose, number: int) -> U8Array:
        """Draw a pose for frame `number`, shape (height, width); valid until the next is drawn."""
        head = pose._replace(moving=())
        if head != self._drawn:
            self._draw(head)
        frame = self._frame
        start = number * 40_503 % (len(self._noise) - frame.size)
        noise = self._noise[start : start + frame.size].reshape(frame.shape)
        np.add(self._clean, noise, out=frame)
        for movement, share in pose.moving:
            for plane in self._planes:
                self._shift_skin(
                    self._in_box(frame, plane), self._in_box(noise, plane), plane, movement, share
                )
        return frame

    def _in_box(self, picture: U8Array, plane: _Plane) -> U8Array:
        """Return the pixels of a plane in the part of a picture that has the head."""
        box = picture[self._top : self._bottom, self._left : self._right]
        return box[plane.top :: plane.step, plane.left :: plane.step]

    @property
    def _box_shape(self) -> tuple[int, int]:
        return self._bottom - self._top, self._right - self._left

    def _to_drawing(self, pose: Pose) -> F64Array:
        """Return the matrix (2, 3) from a pixel of the box to the drawing it shows."""
        x, y = self._centre[0] - self._left, self._centre[1] - self._top
        unit = CROP_PX * self._s
        cos, sin, narrow = math.cos(pose.lean), math.sin(pose.lean), math.cos(pose.turn)
        turn = np.array([[cos / narrow, sin / narrow], [-sin, cos]])
        shift = np.array([x, y]) - turn @ (x + pose.x * unit, y + pose.y * unit)
        return np.hstack([turn, shift[:, None]])

    def _draw(self, pose: Pose) -> None:
        """Draw a head without noise, none of its skin shifted."""
        if pose.lid != self._lid:
            self._lid = pose.lid
            for eye in self._eyes:
                eye.close_lids(self._sources, pose.lid)
        self._drawn, self._back = pose, self._to_drawing(pose)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for plane in self._planes:
            to_box = np.diag([plane.step, plane.step, 1.0])
            to_box[:2, 2] = plane.left, plane.top
            part = self._in_box(self._clean, plane)
            part[:] = cv2.warpAffine(
                self._sources[plane.source],
                self._back @ to_box,
                part.shape[::-1],
                flags=flags,
                borderMode=cv2.BORDER_REPLICATE,
            )

    def _shift_skin(
        self, head: U8Array, noise: U8Array, plane: _Plane, movement: Movement, share: float
    ) -> None:
        """Draw the skin around a place anew, where it has moved to."""
        place, way = place_of(movement.region, movement.side)
        back, s, spread = self._back, self._s, SPREAD * self._s
        middle = (self._centre[0] - self._left, self._centre[1] - self._top)
        there = np.array([middle[0] + place[0] * s, middle[1] + place[1] * s])
        x, y = np.linalg.solve(back[:, :2], there - back[:, 2]).tolist()  # where the box shows it
        first = [max(0, math.floor((c - _REACH * spread) / plane.step)) for c in (x, y)]
        last = [math.ceil((c + _REACH * spread) / plane.step) for c in (x, y)]
        stop = [min(end, size) for end, size in zip(last, head.shape[::-1], strict=True)]
        xs = np.arange(first[0], stop[0], dtype=np.float32) * plane.step + plane.left
        ys = (np.arange(first[1], stop[1], dtype=np.float32) * plane.step + plane.top)[:, None]
        bell = _bell(ys - y, spread) * _bell(xs - x, spread)
        bell *= np.float32(movement.amplitude_px * share * CROP_PX * s)
        a, b = back.astype(np.float32)
        from_x = a[0] * xs + a[1] * ys + a[2] - bell * np.float32(way[0])
        from_y = b[0] * xs + b[1] * ys + b[2] - bell * np.float32(way[1])
        skin = cv2.remap(
            self._sources[plane.source],
            from_x,
            from_y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        at = np.s_[first[1] : stop[1], first[0] : stop[0]]
        np.add(skin, noise[at], out=head[at])


def place_of(region: Region, side: Side) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where a region lies and which way it moves, in the picture: right, down."""
    (x, y), (right, down) = PLACES[region]
    sign = 1 if side == "left" else -1
    return (sign * x, y), (sign * right, down)


def _bell(distance: F32Array, spread: float) -> F32Array:
    return np.asarray(np.exp(np.float32(-0.5 / spread**2) * distance * distance))
