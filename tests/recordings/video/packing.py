"""What a camera sends of a picture: the inverse of what `pixel_formats` makes of its bytes."""

from __future__ import annotations

import numpy as np

from recordings.arrays import U8Array, U16Array
from recordings.video.pixel_formats import Picture, PixelFormat


def to_frame(picture: Picture, fmt: PixelFormat) -> U8Array:
    """Turn a picture back into the bytes that the camera delivered."""
    samples = np.ascontiguousarray(picture, fmt.dtype).reshape(-1)
    return pack(samples, fmt.bits) if fmt.packed else samples.view(np.uint8)


def pack(samples: U16Array, bits: int) -> U8Array:
    """Pack samples into 10 or 12 bits each, low bits first; the inverse of `unpack`."""
    group, per = (5, 4) if bits == 10 else (3, 2)
    groups = -(-samples.size // per)
    padded = np.zeros(groups * per, np.uint16)
    padded[: samples.size] = samples
    wide = padded.reshape(groups, per)
    out = np.zeros((groups, group), np.uint8)
    for i in range(per):
        byte, shift = divmod(i * bits, 8)
        out[:, byte] |= (wide[:, i] << shift & 0xFF).astype(np.uint8)
        out[:, byte + 1] |= (wide[:, i] >> (8 - shift)).astype(np.uint8)
    return out.reshape(-1)[: -(-samples.size * bits // 8)]
