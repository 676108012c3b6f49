"""Binary frames of a fixed length: what one is made of, and what its bytes mean.

A frame is sync bytes, fields, checksum, end bytes, in this order. Fields are whole bytes, or, with
`packing` set, bits without gaps; `bits-reversed` counts them from the frame's last byte on, which
is how BITalino packs. There the checksum is a field of its own, with the role `checksum`.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import accumulate
from typing import Annotated, Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.arrays import BoolArray, F64Array, U8Array
from devices.serial import checksums
from devices.serial.readings import TIME_UNITS, Scale

Byte = Annotated[int, Field(ge=0, le=255)]
Packing = Literal["bytes", "bits", "bits-reversed"]
_BITS = re.compile(r"b([1-9]|[12][0-9]|3[0-2])")
_WHOLE = re.compile(r"[iu](8|16|24|32)|f(32|64)")


class FieldSpec(BaseModel):
    """One field: a value is `raw · scale + offset`, in `unit`. The role `time` needs a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(min_length=1, description="the channel's")
    type: str = Field(
        pattern=f"^({_WHOLE.pattern}|{_BITS.pattern})$",
        description="i8 u8 i16 u16 i24 u24 i32 u32 f32 f64; b1 to b32 where bits are packed",
    )
    role: Literal["value", "counter", "time", "checksum", "skip"] = Field(
        default="value", description="what it is"
    )
    unit: str = Field(default="", description="such as millivolts; of a time its unit")
    kind: str = Field(default="", description="ECG, EDA…; else as the name says")
    scale: Scale = Field(default=1.0, description="value = number × scale + offset")
    offset: float = Field(default=0.0, allow_inf_nan=False, description="see `scale`")
    endian: Literal["little", "big"] | None = Field(default=None, description="else the frame's")

    @property
    def bits(self) -> int:
        """Its width."""
        return int(self.type[1:])

    @property
    def modulus(self) -> int:
        """Where an unsigned number of this width starts again."""
        return 1 << self.bits


class FrameFormat(BaseModel):
    """The description of a frame, as it stands in the rig file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    sync: tuple[Byte, ...] = Field(default=(), description="bytes that begin a frame")
    fields: tuple[FieldSpec, ...] = Field(min_length=1, description="in the order of the frame")
    endian: Literal["little", "big"] = Field(default="little", description="order of its bytes")
    packing: Packing = Field(
        default="bytes", description="fields of whole bytes, or bits from the first or last byte on"
    )
    checksum: checksums.Name | None = Field(
        default=None, description="which one follows the fields"
    )
    checksum_over: Literal["auto", "payload", "frame"] = Field(
        default="auto", description="without or with the sync bytes; auto: found out"
    )
    checksum_endian: Literal["little", "big"] | None = Field(
        default=None, description="else the frame's"
    )
    end: tuple[Byte, ...] = Field(default=(), description="bytes that end a frame")

    @model_validator(mode="after")
    def _sound(self) -> FrameFormat:
        pattern = _WHOLE if self.packing == "bytes" else _BITS
        for field in self.fields:
            if not pattern.fullmatch(field.type):
                known = "i8…u32, f32, f64" if self.packing == "bytes" else "b1…b32"
                raise ValueError(
                    f"field {field.name!r}: type {field.type!r} does not go with packing = "
                    f"{self.packing!r}; use {known}"
                )
            if field.role in ("counter", "checksum") and field.type[0] not in "ub":
                raise ValueError(
                    f"field {field.name!r}: a {field.role} is unsigned; use u{field.bits}"
                )
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError(f"two fields have one name: {', '.join(names)}")
        for role in ("counter", "time", "checksum"):
            if sum(field.role == role for field in self.fields) > 1:
                raise ValueError(f"two fields have the role {role!r}; one is enough")
        if (time := self.role("time")) is not None and time.unit not in TIME_UNITS:
            raise ValueError(
                f"field {time.name!r}: unit {time.unit!r} is no time; use microseconds"
            )
        if not any(field.role == "value" for field in self.fields):
            raise ValueError("no field is a value; give one without a role")
        return self._synchronizable()

    def _synchronizable(self) -> FrameFormat:
        own = self.role("checksum")
        if self.packing == "bytes" and own is not None:
            raise ValueError("the checksum comes after the fields by itself; remove that field")
        if self.packing != "bytes" and self.checksum and own is None:
            raise ValueError("packed bits: say with role = 'checksum' where the checksum is")
        if own is not None and own.bits != checksums.width_bits(self.checksum or "crc4"):
            raise ValueError(f"field {own.name!r}: {self.checksum} does not have {own.bits} bits")
        if self.packing == "bytes" and self.checksum == "crc4":
            raise ValueError("crc4 is half a byte; it needs packing = 'bits' or 'bits-reversed'")
        if not self.sync and not self.checksum:
            raise ValueError("nothing tells where a frame begins; give sync bytes or a checksum")
        return self

    def role(self, role: str) -> FieldSpec | None:
        """Return the field that has this role."""
        return self._roles.get(role)

    @cached_property
    def _roles(self) -> dict[str, FieldSpec]:
        """The first field of each role."""
        return {field.role: field for field in reversed(self.fields)}

    @cached_property
    def values(self) -> tuple[FieldSpec, ...]:
        """The fields that become channels."""
        return tuple(field for field in self.fields if field.role == "value")

    @cached_property
    def payload_bytes(self) -> int:
        """Length of the fields."""
        return -(-sum(field.bits for field in self.fields) // 8)

    @cached_property
    def length(self) -> int:
        """Length of a whole frame, bytes."""
        return len(self.sync) + self.payload_bytes + self._trailer + len(self.end)

    @property
    def _trailer(self) -> int:
        if self.checksum is None or self.packing != "bytes":
            return 0
        return checksums.width_bits(self.checksum) // 8

    def checksum_right(
        self, rows: U8Array, over: str, name: checksums.Name | None = None
    ) -> BoolArray:
        """Tell which frames, shape (n, length), carry the right checksum, as bool (n,)."""
        name = name or self.checksum
        assert name is not None
        first = len(self.sync) if over == "payload" else 0
        if own := self.role("checksum"):
            blank = self._without(own, rows)
            said = self._bits(rows, own)
            return cast("BoolArray", checksums.compute(name, blank[:, first:]) == said)
        stop = len(self.sync) + self.payload_bytes
        said = rows[:, stop].astype(np.uint32)
        if self._trailer == 2:
            low, high = rows[:, stop].astype(np.uint32), rows[:, stop + 1].astype(np.uint32)
            if (self.checksum_endian or self.endian) == "big":
                low, high = high, low
            said = low | (high << np.uint32(8))
        return cast("BoolArray", checksums.compute(name, rows[:, first:stop]) == said)

    def column(self, rows: U8Array, field: FieldSpec) -> F64Array:
        """Return the raw numbers of one field, shape (n,), exactly."""
        if self.packing != "bytes":
            return self._bits(rows, field).astype(np.float64)
        at = len(self.sync) + self._starts[field.name] // 8
        raw = rows[:, at : at + field.bits // 8]
        if (field.endian or self.endian) == "big":
            raw = raw[:, ::-1]
        return _little(np.ascontiguousarray(raw), field.type)

    def scaled(self, rows: U8Array) -> F64Array:
        """Return the values of all channels in their units, shape (n, channels)."""
        scales, offsets = self._scaling
        raw = np.concatenate([self._run(rows, run) for run in self._runs], axis=1)
        return raw * scales + offsets

    @cached_property
    def _scaling(self) -> tuple[F64Array, F64Array]:
        """What each channel is multiplied with, and what is added, shape (channels,) each."""
        scales = np.array([field.scale for field in self.values], np.float64)
        return scales, np.array([field.offset for field in self.values], np.float64)

    @cached_property
    def _runs(self) -> tuple[tuple[FieldSpec, ...], ...]:
        """The channels in runs that lie side by side in one form: each is read at once."""
        runs: list[list[FieldSpec]] = []
        for field in self.values:
            before = runs[-1][-1] if runs else None
            beside = (
                before is not None
                and self.packing == "bytes"
                and not field.type.endswith("24")
                and (before.type, before.endian) == (field.type, field.endian)
                and self._starts[before.name] + before.bits == self._starts[field.name]
            )
            if beside:
                runs[-1].append(field)
            else:
                runs.append([field])
        return tuple(map(tuple, runs))

    def _run(self, rows: U8Array, run: tuple[FieldSpec, ...]) -> F64Array:
        """Return the raw numbers of fields side by side, shape (n, fields), exactly."""
        first = run[0]
        if len(run) == 1:
            return self.column(rows, first)[:, None]
        at = len(self.sync) + self._starts[first.name] // 8
        raw = np.ascontiguousarray(rows[:, at : at + len(run) * first.bits // 8])
        order = ">" if (first.endian or self.endian) == "big" else "<"
        size = first.bits // 8
        return raw.view(f"{order}{first.type[0]}{size}").astype(np.float64)

    @cached_property
    def _starts(self) -> dict[str, int]:
        """Where each field begins in the payload, bits."""
        ends = accumulate((field.bits for field in self.fields), initial=0)
        return {field.name: start for field, start in zip(self.fields, ends, strict=False)}

    def _payload(self, rows: U8Array) -> U8Array:
        payload = rows[:, len(self.sync) : len(self.sync) + self.payload_bytes]
        return payload[:, ::-1] if self.packing == "bits-reversed" else payload

    def _bits(self, rows: U8Array, field: FieldSpec) -> F64Array:
        at = self._starts[field.name]
        bits = np.unpackbits(self._payload(rows), axis=1)[:, at : at + field.bits]
        weights = 2.0 ** np.arange(field.bits - 1, -1, -1)
        number: F64Array = bits @ weights
        return number

    def _without(self, field: FieldSpec, rows: U8Array) -> U8Array:
        """Copy frames with the bits of one field set to 0."""
        mask = np.ones(self.payload_bytes * 8, np.uint8)
        at = self._starts[field.name]
        mask[at : at + field.bits] = 0
        keep = np.packbits(mask)
        if self.packing == "bits-reversed":
            keep = keep[::-1]
        copy = rows.copy()
        copy[:, len(self.sync) : len(self.sync) + self.payload_bytes] &= keep
        return copy


def _little(raw: U8Array, kind: str) -> F64Array:
    """Read little-endian numbers from rows of their bytes, contiguous."""
    if kind.endswith("24"):
        number = raw.astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], np.int32)
        if kind == "i24":
            number = number - ((number >> 23) << 24)
        return number.astype(np.float64)
    return raw.view(f"<{kind[0]}{int(kind[1:]) // 8}")[:, 0].astype(np.float64)
