"""The simulated camera's face: a few looks drawn once, with the noise of a sensor over them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from devices.arrays import BoolArray, F64Array, U8Array
from devices.simulation.shapes import BLINK_SPAN_S, blink_wave, movement_wave, train
from devices.simulation.world import World

_BUDGET = 64_000_000  # bytes of all images together
_STEPS = ((5, 4), (3, 2), (2, 1))  # of lids and of the mouth; the first that fits the budget
_RESTING = 6  # images at rest, alike but for their noise
_NOISE_RMS = 2.0
NOISE_PEAK = 8  # every colour keeps this distance from 0 and 255: adding noise cannot wrap

Shot = Callable[[int], U8Array]
"""Makes a frame out of its number, which chooses the noise; shape (height, width)."""
Rgb = tuple[int, int, int]
BACKDROP: Rgb = (70, 150, 80)
_SKIN: Rgb = (200, 156, 130)
_HAIR: Rgb = (48, 38, 32)
_WHITE: Rgb = (225, 225, 222)
_IRIS: Rgb = (60, 46, 36)
_LIP: Rgb = (160, 84, 80)


class Look(NamedTuple):
    """Which image: how far the lids are down and how far the mouth has moved, in steps."""

    lid: int
    smile: int


class Canvas:
    """A raw frame of the backdrop, shape (height, width); shapes are painted on it in colour."""

    def __init__(self, width: int, height: int, pixel_format: str) -> None:
        self.raw = np.empty((height, width), np.uint8)
        self._mosaic = pixel_format == "BayerRG8"
        self.fill(np.ones((height, width), np.bool_), 0, 0, BACKDROP)

    def fill(self, where: BoolArray, top: int, left: int, colour: Rgb) -> None:
        """Paint `colour` where the mask says; its corner is at (top, left), both even."""
        height, width = where.shape
        box = self.raw[top : top + height, left : left + width]
        if not self._mosaic:
            box[where] = round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
            return
        for dy, dx, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
            box[dy::2, dx::2][where[dy::2, dx::2]] = colour[channel]

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Rgb) -> None:
        """Paint an ellipse with centre (x, y), pixels."""
        height, width = self.raw.shape
        top, left = max(0, int(y - ry)) & ~1, max(0, int(x - rx)) & ~1
        ys = np.arange(top, min(height, int(y + ry) + 2), dtype=np.float32)[:, None]
        xs = np.arange(left, min(width, int(x + rx) + 2), dtype=np.float32)
        self.fill(((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2 < 1, top, left, colour)


class Face:
    """Every look of the face as a raw image, ready to be handed out."""

    def __init__(self, width: int, height: int, pixel_format: str, key: int) -> None:
        size = width * height
        self._lids, self._smiles = next(
            (steps for steps in _STEPS if steps[0] * steps[1] * size <= _BUDGET), _STEPS[-1]
        )
        spare = int(_BUDGET // size) - self._lids * self._smiles
        rng = np.random.default_rng(key)
        noise = noise_of(rng, size)
        self._images: dict[Look, list[U8Array]] = {}
        for look in (Look(i, j) for i in range(self._lids) for j in range(self._smiles)):
            raw = self._draw(width, height, pixel_format, look)
            copies = 1 + max(0, min(_RESTING - 1, spare)) if look == Look(0, 0) else 1
            offsets = rng.integers(0, len(noise) - size, copies)
            self._images[look] = [raw + noise[o : o + size].reshape(raw.shape) for o in offsets]

    def shots(self, world: World, times: F64Array) -> list[Shot]:
        """Return what gives the frame at each of ascending LSL `times`, shape (n,)."""
        lids = train(world, "blink", blink_wave, BLINK_SPAN_S, times)
        moving = movement_wave(world.movements(float(times[0]), float(times[-1])), times)
        pairs = zip(lids.tolist(), moving.tolist(), strict=True)
        return [partial(self.image, self.look(lid, smile)) for lid, smile in pairs]

    def look(self, lid: float, smile: float) -> Look:
        """Return the look nearest to two shares in 0…1."""
        return Look(
            round(min(lid, 1.0) * (self._lids - 1)), round(min(smile, 1.0) * (self._smiles - 1))
        )

    def image(self, look: Look, number: int) -> U8Array:
        """Return the image of a look for frame `number`, shape (height, width); it is shared."""
        images = self._images[look]
        return images[number % len(images)]

    def _draw(self, width: int, height: int, pixel_format: str, look: Look) -> U8Array:
        canvas = Canvas(width, height, pixel_format)
        s, x, y = min(width, height), width / 2, 0.52 * height
        canvas.ellipse(x, y - 0.06 * s, 0.33 * s, 0.40 * s, _HAIR)
        canvas.ellipse(x, y, 0.29 * s, 0.38 * s, _SKIN)
        open_share = 1 - look.lid / max(self._lids - 1, 1)
        for side in (-1, 1):
            self._draw_eye(canvas, x + side * 0.12 * s, y - 0.08 * s, s, open_share)
        smile = look.smile / max(self._smiles - 1, 1)
        canvas.ellipse(x, y + 0.20 * s, (0.09 + 0.05 * smile) * s, 0.022 * s, _LIP)
        return canvas.raw

    @staticmethod
    def _draw_eye(canvas: Canvas, x: float, y: float, s: float, open_share: float) -> None:
        canvas.ellipse(x, y - 0.07 * s, 0.06 * s, 0.012 * s, _HAIR)
        height = max(0.026 * s * open_share, 0.003 * s)
        canvas.ellipse(x, y, 0.05 * s, height, _WHITE if open_share else _HAIR)
        if open_share:
            canvas.ellipse(x, y, 0.02 * s, min(height, 0.02 * s), _IRIS)


def noise_of(rng: np.random.Generator, size: int) -> U8Array:
    """Return sensor noise as bytes that add modulo 256, somewhat more than `size` of them."""
    noise = rng.standard_normal(size + 65_536, dtype=np.float32) * _NOISE_RMS
    steps: U8Array = np.clip(noise.round(), -NOISE_PEAK, NOISE_PEAK).astype(np.int8).view(np.uint8)
    return steps
