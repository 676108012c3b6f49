"""Checksums of serial frames, computed over many frames at once.

Each takes frames as rows of bytes, shape (n, length), and gives one number a row. The CRCs are
named as in the catalogue of Greg Cook (reveng.sourceforge.io/crc-catalogue); the check values of
the tests come from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Literal, get_args

import numpy as np

from devices.arrays import U8Array, U32Array

Name = Literal[
    "sum8",
    "sum8-complement",
    "xor8",
    "sum16",
    "crc4",
    "crc8",
    "crc8-maxim",
    "crc8-rohc",
    "crc8-saej1850",
    "crc16-ccitt",
    "crc16-xmodem",
    "crc16-kermit",
    "crc16-modbus",
    "crc16-arc",
]
_Step = Callable[[U32Array, U8Array], U32Array]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True, slots=True)
class _Crc:
    width: int
    polynomial: int
    start: int = 0
    reflected: bool = False
    xor_out: int = 0


_CRCS: dict[str, _Crc] = {
    "crc8": _Crc(8, 0x07),
    "crc8-maxim": _Crc(8, 0x31, reflected=True),
    "crc8-rohc": _Crc(8, 0x07, start=0xFF, reflected=True),
    "crc8-saej1850": _Crc(8, 0x1D, start=0xFF, xor_out=0xFF),
    "crc16-ccitt": _Crc(16, 0x1021, start=0xFFFF),  # the one that is called CCITT-FALSE, too
    "crc16-xmodem": _Crc(16, 0x1021),
    "crc16-kermit": _Crc(16, 0x1021, reflected=True),
    "crc16-modbus": _Crc(16, 0x8005, start=0xFFFF, reflected=True),
    "crc16-arc": _Crc(16, 0x8005, reflected=True),
}


def width_bits(name: Name) -> int:
    """Return how many bits the checksum has: 4, 8 or 16."""
    return {"crc4": 4, "sum16": 16}.get(name) or (16 if name.startswith("crc16") else 8)


def compute(name: Name, rows: U8Array) -> U32Array:
    """Return the checksum of each row of bytes, shape (n, length)."""
    return _function(name)(rows)


@cache
def _function(name: Name) -> Callable[[U8Array], U32Array]:
    match name:
        case "sum8":
            return lambda rows: rows.sum(axis=1, dtype=np.uint32) & np.uint32(0xFF)
        case "sum8-complement":
            return lambda rows: -rows.sum(axis=1, dtype=np.int64).astype(np.uint32) & np.uint32(255)
        case "sum16":
            return lambda rows: rows.sum(axis=1, dtype=np.uint32) & np.uint32(0xFFFF)
        case "xor8":
            return lambda rows: np.bitwise_xor.reduce(rows, axis=1).astype(np.uint32)
    return partial(_crc, name)


def _crc(name: Name, rows: U8Array) -> U32Array:
    """Join what each byte adds where it stands: three steps for any length, not three a byte."""
    added, empty = _added(name, rows.shape[1])
    places = np.arange(rows.shape[1]) * 256
    joined: U32Array = np.bitwise_xor.reduce(added[rows + places], axis=1) ^ empty
    return joined


@lru_cache(maxsize=32)  # a device has one length of frames; where both are tried, some more
def _added(name: Name, length: int) -> tuple[U32Array, np.uint32]:
    """Return what each byte adds at each place, shape (length · 256,), and the CRC of zeros.

    A CRC is linear: that of a row is the exclusive or of these.
    """
    step, start, xor_out = _steps(name)
    added = np.empty((length, 256), np.uint32)
    value = step(np.zeros(256, np.uint32), np.arange(256, dtype=np.uint8))
    register, zero = np.array([start], np.uint32), np.zeros(1, np.uint8)
    for place in reversed(range(length)):
        added[place] = value
        value, register = step(value, zero), step(register, zero)
    return added.ravel(), register[0] ^ np.uint32(xor_out)


def _steps(name: Name) -> tuple[_Step, int, int]:
    """Return what takes one more byte into registers, their start, and what they end with."""
    if name == "crc4":
        return _crc4_byte, 0, 0
    crc = _CRCS[name]
    mask, shift = np.uint32((1 << crc.width) - 1), np.uint32(crc.width - 8)
    if crc.reflected:
        reflected = _reflected_table(crc)
        start = _reversed(crc.start, crc.width)
        return (
            lambda value, byte: (
                (value >> np.uint32(8)) ^ reflected[(value ^ byte) & np.uint32(0xFF)]
            ),
            start,
            crc.xor_out,
        )
    table = _table(crc)
    return (
        lambda value, byte: ((value << np.uint32(8)) & mask) ^ table[(value >> shift) ^ byte],
        crc.start,
        crc.xor_out,
    )


def _table(crc: _Crc) -> U32Array:
    top, mask = 1 << (crc.width - 1), (1 << crc.width) - 1
    values = []
    for byte in range(256):
        value = byte << (crc.width - 8)
        for _ in range(8):
            value = ((value << 1) ^ (crc.polynomial if value & top else 0)) & mask
        values.append(value)
    return np.array(values, np.uint32)


def _reflected_table(crc: _Crc) -> U32Array:
    polynomial = _reversed(crc.polynomial, crc.width)
    values = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        values.append(value)
    return np.array(values, np.uint32)


def _reversed(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def _crc4_byte(value: U32Array, byte: U8Array) -> U32Array:
    """BITalino's: x⁴ + x + 1, highest bit first, start 0; the last nibble, its own place, is 0.

    Source: BITalinoWorld/cpp-api, bitalino.cpp, and firmware-bitalino-revolution, uart.c.
    """
    register: U32Array = _CRC4[_CRC4[value] ^ (byte >> 4)] ^ (byte & np.uint32(0x0F))
    return register


def _crc4_step(value: int) -> int:
    for _ in range(4):
        value = ((value << 1) ^ (0x13 if value & 8 else 0)) & 0x1F
    return value & 0x0F


_CRC4 = np.array([_crc4_step(value) for value in range(16)], np.uint32)
