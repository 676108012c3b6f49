"""Random numbers by counter: draw i depends on (seed, stream of draws, i) and on nothing else.

SplitMix64 (Steele, Lea and Flood 2014) on a counter. Two processes, or two windows cut differently
out of the same hour, get the same numbers without exchanging any state.
"""

from __future__ import annotations

import zlib

import numpy as np

from devices.arrays import F64Array, I64Array

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB


def _mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * _M1) & _MASK
    value = ((value ^ (value >> 27)) * _M2) & _MASK
    return value ^ (value >> 31)


def make_key(seed: int, *names: str) -> int:
    """Return the 64-bit key of one stream of draws."""
    key = _mix((seed * _GOLDEN + 1) & _MASK)
    for name in names:
        key = _mix((key + zlib.crc32(name.encode()) * _GOLDEN) & _MASK)
    return key


def uniform(key: int, number: int) -> float:
    """Return draw `number` (any integer) of stream `key`, in [0, 1)."""
    return float(_mix((key + number * _GOLDEN) & _MASK) >> 11) * 2.0**-53


def uniforms(key: int, numbers: I64Array) -> F64Array:
    """Return the draws `numbers`, shape (n,); the same values as `uniform` one by one."""
    x = numbers.astype(np.int64).view(np.uint64) * np.uint64(_GOLDEN) + np.uint64(key)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(_M1)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(_M2)
    x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
