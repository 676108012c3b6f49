"""The head of the textured face at rest: skin with grain, hair, nose, mouth, eyes that can shut.

Lengths are shares of `s`, the shorter side of the picture; 0, 0 is the middle of the face.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from devices.arrays import F32Array, F64Array, U8Array
from devices.simulation.face import BACKDROP, NOISE_PEAK, Rgb

EYE: Final = (0.12, -0.08)
"""The middle of the eye at the right of the picture."""
EYE_SIZE: Final = (0.05, 0.026)
"""How far it reaches from there: aside, and up and down where it is open."""

_SKIN: Final[Rgb] = (200, 156, 130)
_HAIR: Final[Rgb] = (48, 38, 32)
_WHITE: Final[Rgb] = (222, 222, 218)
_IRIS: Final[Rgb] = (88, 66, 48)
_DARK: Final[Rgb] = (36, 28, 26)
_LIP: Final[Rgb] = (164, 88, 84)
_GRAINS: Final = ((0.0016, 6.0), (0.0042, 5.0), (0.011, 4.0), (0.03, 4.0))
"""Of the skin: sizes in s, and how strong each is."""


def _gray(colours: F32Array) -> F32Array:
    """Return the brightness of RGB colours, shape (…, 3)."""
    return np.asarray(np.rint(colours @ np.array([0.299, 0.587, 0.114], np.float32)))


class Eye(NamedTuple):
    """One eye in each drawing: open and shut, shapes (sources, height, width)."""

    top: int
    left: int
    opened: F32Array
    shut: F32Array
    across: F32Array  # of each pixel, from −1 to 1 between the corners
    down: F32Array  # of each pixel, in px below the line between the corners
    reach: float  # of the lids above and below that line, px
    lash: float  # how thick the lashes are, px

    def close_lids(self, sources: list[U8Array], lid: float) -> None:
        """Draw the eye into the drawings, the lid down by a share 0…1."""
        edge = -self.reach * (1 - 2 * lid) * np.sqrt(np.maximum(1 - self.across**2, 0))
        below = np.clip(self.down - edge + 0.5, 0, 1) * (np.abs(self.across) < 1)
        dark = np.exp(-(((self.down - edge) / self.lash) ** 2)) * (np.abs(self.across) < 1.1)
        for source, opened, shut in zip(sources, self.opened, self.shut, strict=True):
            eye = (shut + (opened - shut) * below) * (1 - 0.7 * dark)
            height, width = eye.shape
            source[self.top : self.top + height, self.left : self.left + width] = _bytes(eye)


def _bytes(values: F32Array) -> U8Array:
    return np.clip(np.rint(values), NOISE_PEAK, 255 - NOISE_PEAK).astype(np.uint8)


class Head:
    """The head at rest in colour, float32 of shape (height, width, 3), and its eyes."""

    def __init__(
        self, shape: tuple[int, int], x: float, y: float, s: float, rng: np.random.Generator
    ) -> None:
        self._s = s
        self._xs = (np.arange(shape[1], dtype=np.float32) - np.float32(x)) / np.float32(s)
        ys = (np.arange(shape[0], dtype=np.float32) - np.float32(y)) / np.float32(s)
        self._ys = ys[:, None]
        self._rgb = np.empty((*shape, 3), np.float32)
        self._rgb[:] = BACKDROP
        grain = _grain(rng, shape, s)
        hairs = _blurred(rng, shape, 1.2, 3.0, 9.0)
        self._paint(self._ellipse(0, -0.06, 0.33, 0.40), _HAIR, hairs)
        self._paint_skin(grain)
        self._paint_nose()
        self._paint_mouth(grain)
        for side in (-1, 1):
            self._paint_brow(side, hairs)
        self._shut = self._rgb.copy()
        for side in (-1, 1):
            self._paint_eye(side)

    def sources(self, channels: Sequence[int] | None) -> tuple[list[U8Array], list[Eye]]:
        """Return the drawings of these channels, or one in gray, and the eyes in them."""
        planes = [
            [_gray(rgb)] if channels is None else [rgb[:, :, channel] for channel in channels]
            for rgb in (self._rgb, self._shut)
        ]
        eyes = [self._eye(side, planes[0], planes[1]) for side in (-1, 1)]
        return [_bytes(np.ascontiguousarray(plane)) for plane in planes[0]], eyes

    def _eye(self, side: int, opened: list[F32Array], shut: list[F32Array]) -> Eye:
        (x, y), (rx, ry), s = EYE, EYE_SIZE, self._s
        left = int(np.searchsorted(self._xs, side * x - 1.15 * rx))
        right = int(np.searchsorted(self._xs, side * x + 1.15 * rx))
        top = int(np.searchsorted(self._ys[:, 0], y - 1.5 * ry))
        bottom = int(np.searchsorted(self._ys[:, 0], y + 1.5 * ry))
        at = np.s_[top:bottom, left:right]
        return Eye(
            top,
            left,
            np.stack([plane[at] for plane in opened]),
            np.stack([plane[at] for plane in shut]),
            (self._xs[left:right] - side * x) / rx,
            (self._ys[top:bottom] - y) * s,
            ry * s,
            max(1.0, 0.005 * s),
        )

    def _ellipse(self, x: float, y: float, rx: float, ry: float) -> F32Array:
        """Return a mask, 0…1, one pixel soft at its edge."""
        far = np.sqrt(((self._xs - x) / rx) ** 2 + ((self._ys - y) / ry) ** 2)
        return np.asarray(np.clip((1 - far) * np.float32(min(rx, ry) * self._s) + 0.5, 0, 1))

    def _spot(self, x: float, y: float, rx: float, ry: float) -> F32Array:
        """Return a soft spot, 1 in its middle."""
        far = ((self._xs - x) / rx) ** 2 + ((self._ys - y) / ry) ** 2
        return np.asarray(np.exp(np.float32(-0.5) * far))

    def _paint(self, mask: F32Array | F64Array, colour: Rgb, grain: F32Array | None = None) -> None:
        for channel, value in enumerate(colour):
            plane = self._rgb[:, :, channel]
            new = np.float32(value) if grain is None else value + grain
            plane += (new - plane) * mask

    def _shade(self, by: F32Array) -> None:
        self._rgb *= 1 + by[:, :, None]

    def _paint_skin(self, grain: F32Array) -> None:
        mask = self._ellipse(0, 0, 0.29, 0.38)
        far = (self._xs / 0.29) ** 2 + (self._ys / 0.38) ** 2
        self._paint(mask, _SKIN, grain)
        self._shade(np.float32(-0.28) * np.minimum(far, np.float32(1)) ** 2 * mask)
        for side in (-1, 1):
            self._shade(0.06 * self._spot(side * 0.15, 0.09, 0.05, 0.04))  # cheeks
            self._shade(-0.16 * self._spot(side * 0.12, -0.075, 0.062, 0.036))  # sockets
            for step in range(6):  # the fold from the nose to the mouth
                x, y = 0.062 + 0.009 * step, 0.10 + 0.016 * step
                self._shade(-0.05 * self._spot(side * x, y, 0.006, 0.012))
        self._shade(-0.14 * self._spot(0, 0.268, 0.05, 0.009))  # below the lip
        self._shade(0.05 * self._spot(0, 0.315, 0.05, 0.03))  # chin

    def _paint_nose(self) -> None:
        self._shade(0.12 * self._spot(0, -0.01, 0.012, 0.06))
        self._shade(0.16 * self._spot(0, 0.062, 0.02, 0.02))
        self._shade(-0.18 * self._spot(0, 0.102, 0.03, 0.007))
        for side in (-1, 1):
            self._shade(-0.14 * self._spot(side * 0.030, -0.02, 0.009, 0.05))
            self._shade(-0.22 * self._spot(side * 0.054, 0.075, 0.006, 0.018))
            self._paint(self._ellipse(side * 0.024, 0.092, 0.013, 0.007), _DARK)

    def _paint_mouth(self, grain: F32Array) -> None:
        lips = np.maximum(
            self._ellipse(0, 0.205, 0.09, 0.021), self._ellipse(0, 0.213, 0.075, 0.026)
        )
        self._paint(lips, _LIP, grain)
        self._shade(0.10 * self._spot(0, 0.222, 0.04, 0.006))
        self._paint(self._ellipse(0, 0.202, 0.088, 0.0045), _DARK)

    def _paint_brow(self, side: int, hairs: F32Array) -> None:
        arch = self._ys + 0.150 + 0.018 * (1 - ((self._xs - side * 0.125) / 0.065) ** 2)
        along = np.clip((0.065 - np.abs(self._xs - side * 0.125)) * 30, 0, 1)
        self._paint(np.exp(-((arch / 0.0115) ** 2)) * along, _HAIR, hairs)

    def _paint_eye(self, side: int) -> None:
        (x, y), (rx, ry) = EYE, EYE_SIZE
        x *= side
        white = self._ellipse(x, y, rx, ry)
        self._paint(white, _WHITE)
        self._shade(-0.25 * white * self._spot(x, y - ry, rx, 0.4 * ry))
        self._paint(white * self._ellipse(x, y, 0.021, 0.021), _IRIS)
        self._paint(white * self._ellipse(x, y, 0.009, 0.009), _DARK)
        self._paint(white * self._ellipse(x + 0.006, y - 0.007, 0.004, 0.004), (250, 250, 250))


def _grain(rng: np.random.Generator, shape: tuple[int, int], s: float) -> F32Array:
    total = np.zeros(shape, np.float32)
    for size, strength in _GRAINS:
        spread = max(0.7, size * s)
        shrink = max(1, int(spread / 3))  # coarse grain is blurred small and enlarged
        small = (-(-shape[0] // shrink), -(-shape[1] // shrink))
        field = _blurred(rng, small, spread / shrink, spread / shrink, strength)
        total += np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC))
    return total


def _blurred(
    rng: np.random.Generator, shape: tuple[int, int], across: float, down: float, strength: float
) -> F32Array:
    """Return noise with grain of a size, its standard deviation `strength`."""
    noise = rng.standard_normal(shape, np.float32)
    field = np.asarray(cv2.GaussianBlur(noise, (0, 0), across, sigmaY=down), np.float32)
    return field * np.float32(strength / float(field.std()))
