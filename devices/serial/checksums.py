"""Checksums of serial frames, computed over many frames at once.

Each takes frames as rows of bytes, shape (n, length), and gives one number a row. The CRCs are
named as in the catalogue of Greg Cook (reveng.sourceforge.io/crc-catalogue); the check values of
the tests come from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
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
        case "crc4":
            return _crc4
    crc = _CRCS[name]
    table = _reflected_table(crc) if crc.reflected else _table(crc)
    return lambda rows: _run(crc, table, rows)


def _run(crc: _Crc, table: U32Array, rows: U8Array) -> U32Array:
    value = np.full(len(rows), _reversed(crc.start, crc.width) if crc.reflected else crc.start)
    value = value.astype(np.uint32)
    mask, shift = np.uint32((1 << crc.width) - 1), np.uint32(crc.width - 8)
    for column in rows.T:
        if crc.reflected:
            value = (value >> np.uint32(8)) ^ table[(value ^ column) & np.uint32(0xFF)]
        else:
            value = ((value << np.uint32(8)) & mask) ^ table[(value >> shift) ^ column]
    return value ^ np.uint32(crc.xor_out)


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


def _crc4(rows: U8Array) -> U32Array:
    """BITalino's: x⁴ + x + 1, highest bit first, start 0; the last nibble, its own place, is 0.

    Source: BITalinoWorld/cpp-api, bitalino.cpp, and firmware-bitalino-revolution, uart.c.
    """
    value = np.zeros(len(rows), np.uint8)
    for column in rows.T:
        value = _CRC4[value] ^ (column >> 4)
        value = _CRC4[value] ^ (column & 0x0F)
    return value.astype(np.uint32)


def _crc4_step(value: int) -> int:
    for _ in range(4):
        value = ((value << 1) ^ (0x13 if value & 8 else 0)) & 0x1F
    return value & 0x0F


_CRC4 = np.array([_crc4_step(value) for value in range(16)], np.uint8)
