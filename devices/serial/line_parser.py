"""Finds readings in a stream of text lines: no I/O, no clock, never an exception.

A line is one reading: numbers between separators, or a JSON object. A line that is none counts as
spoilt. What was left of a line when the port was opened may look like a whole one ("23" of "123"),
so that separated text is believed from the first line end on; JSON shows by itself whether it is
whole. Numbers may have a decimal comma where that separates nothing, and a label before a colon, as
for Arduino's plotter (`A0:1`); labels that are those of the columns say which one a number is of. A
header line before the first reading is no spoilt one.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.arrays import F64Array, I64Array
from devices.serial.readings import TIME_UNITS, Scale

MAX_LINE = 4096
"""Bytes without a line end that are given up as spoilt."""


_AFTER_LABEL = re.compile(r":\s+")


class ColumnSpec(BaseModel):
    """One column: a value is `number · scale + offset`, in `unit`; the role `time` needs a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    label: str = Field(min_length=1, description="the channel's")
    unit: str = Field(default="", description="such as microsiemens; of a time its unit")
    scale: Scale = Field(default=1.0, description="value = number × scale + offset")
    offset: float = Field(default=0.0, allow_inf_nan=False, description="see `scale`")
    kind: str = Field(default="", description="EDA, PPG…; else as the label says")
    role: Literal["value", "counter", "time", "skip"] = Field(
        default="value", description="what the numbers are"
    )
    key: str = Field(default="", description="json: the member, where it is not the label")
    wraps_at: int | None = Field(
        default=None, gt=1, description="where a counter or a time starts again from 0"
    )


class LineFormat(BaseModel):
    """The description of a line, as it stands in the rig file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["separated", "json"] = Field(
        default="separated", description="numbers between separators, or an object a line"
    )
    separator: str = Field(default=",", description='`""` or a blank: any white space')
    columns: tuple[ColumnSpec, ...] = Field(min_length=1, description="in the order of the line")

    @model_validator(mode="after")
    def _sound(self) -> LineFormat:
        labels = [column.label for column in self.columns]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two columns have one label: {', '.join(labels)}")
        for role in ("counter", "time"):
            if sum(column.role == role for column in self.columns) > 1:
                raise ValueError(f"two columns have the role {role!r}; one is enough")
        if (time := self.role("time")) is not None and time.unit not in TIME_UNITS:
            raise ValueError(
                f"column {time.label!r}: unit {time.unit!r} is no time; use milliseconds"
            )
        if not any(column.role == "value" for column in self.columns):
            raise ValueError("no column is a value; give one without a role")
        return self

    @property
    def values(self) -> tuple[ColumnSpec, ...]:
        """The columns that become channels."""
        return tuple(column for column in self.columns if column.role == "value")

    def role(self, role: str) -> ColumnSpec | None:
        """Return the column that has this role."""
        return next((column for column in self.columns if column.role == role), None)


class LineParser:
    """One stream of lines; `malformed` counts lines that are none."""

    def __init__(self, line: LineFormat) -> None:
        self.line = line
        self.lines = 0
        self.malformed = 0
        self._rest = b""
        self._begun = line.format == "json"  # a line end has been seen
        self._overlong = False
        self._spoilt = 0  # since the last good line
        self._bytes = 0
        self._last_bad = b""
        self._separator = None if not line.separator.strip(" ") else line.separator
        self._keys = [column.key or column.label for column in line.columns]
        self._skip = [column.role == "skip" for column in line.columns]

    def feed(self, data: bytes) -> tuple[F64Array, I64Array]:
        """Take bytes in; give unscaled numbers (n, columns), and spoilt lines before each (n,)."""
        self._bytes += len(data)
        *whole, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        rows: list[list[float]] = []
        spoilt: list[int] = []
        for line in whole:
            if (numbers := self._judge(line)) is not None:
                rows.append(numbers)
                spoilt.append(self._spoilt)
                self._spoilt = 0
                self.lines += 1
        if len(self._rest) > MAX_LINE:
            self._rest, self._overlong = b"", True
        shape = (len(rows), len(self._keys))
        return np.array(rows, np.float64).reshape(shape), np.array(spoilt, np.int64)

    def _judge(self, line: bytes) -> list[float] | None:
        overlong, self._overlong = self._overlong, False
        first, self._begun = not self._begun, True
        if first or not (line.strip() or overlong):
            return None
        numbers = None if overlong else self._numbers(line)
        if numbers is None and not (self.lines or self.malformed) and self._is_header(line):
            self._last_bad = line
            return None
        # JSON that was cut by the opening of the port is no reading that has been lost.
        if numbers is None and (self.lines or self.malformed or self.line.format != "json"):
            self._spoilt += 1
        if numbers is None:
            self.malformed += 1
            self._last_bad = line
        return numbers

    def _numbers(self, line: bytes) -> list[float] | None:
        try:
            text = line.decode("ascii" if self.line.format == "separated" else "utf-8")
            if self.line.format == "json":
                fields = self._of_object(json.loads(text))
            else:
                fields = self._separated(text)
            if len(fields) != len(self._keys) or ("_" in text[:MAX_LINE] and self._odd(fields)):
                return None
            numbers = [
                0.0 if skip else self._number(field)
                for field, skip in zip(fields, self._skip, strict=True)
            ]
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return None
        return numbers if all(map(math.isfinite, numbers)) else None

    def _separated(self, text: str) -> list[str]:
        """Split a line; what labels name other columns than those they stand in is put there."""
        if ":" not in text:
            return text.split(self._separator)
        if self._separator is None:
            text = _AFTER_LABEL.sub(":", text)
        fields = text.split(self._separator)
        labels = [field.rpartition(":")[0].strip() for field in fields]
        pairs = zip(labels, self._keys, strict=False)  # as many as there should be is seen later
        if any(label in self._keys and label != key for label, key in pairs):
            by_label = dict(zip(labels, fields, strict=True))
            return [by_label[key] for key in self._keys]
        return fields

    def _number(self, field: Any) -> float:
        if isinstance(field, str):
            label, colon, field = field.rpartition(":")
            if colon and label[-1:].isdigit() and not any(map(str.isalpha, label)):
                raise ValueError("a time of day, or another compound")
            if "," in field and "." not in field:
                field = field.replace(",", ".", 1)
        return float(field)

    def _is_header(self, line: bytes) -> bool:
        """Whether it names as many columns as there are, and no number stands in it."""
        text = line.decode("utf-8", "replace")
        if self.line.format == "json" or not text.strip().replace("\t", " ").isprintable():
            return False
        fields = text.split(self._separator)
        names = [f for f in fields if f.strip() and not set(f.strip()[:1]) & set("0123456789+-.:")]
        return len(fields) == len(names) == len(self._keys)

    def _of_object(self, found: Any) -> list[Any]:
        if not isinstance(found, dict):
            raise TypeError("not a JSON object")
        values = [0 if skip else found[k] for k, skip in zip(self._keys, self._skip, strict=True)]
        if any(not isinstance(value, int | float) for value in values):
            raise TypeError("not numbers")
        return values

    def _odd(self, fields: list[Any]) -> bool:
        """Whether a number is written as Python alone writes it (1_000)."""
        pairs = zip(fields, self._skip, strict=True)
        return any("_" in str(field) for field, skip in pairs if not skip)

    def complaint(self) -> str:
        """Say in words why no reading has been found in what came."""
        text = f"no valid line in {self._bytes} bytes"
        sample = self._last_bad or self._rest
        shown = sample[:60].decode("ascii", "backslashreplace")
        if not sample or sum(b < 9 or b > 126 for b in sample) > len(sample) // 4:
            return f"{text}: what comes is no text ({sample[:16].hex(' ')})"
        if not self._last_bad:
            return f"{text}: no line end among them ({shown!r})"
        if self.line.format == "json":
            return f"{text}: expected an object with {', '.join(self._keys)}, got {shown!r}"
        found = len(sample.decode("ascii", "replace").split(self._separator))
        return (
            f"{text}: expected {len(self._keys)} numbers separated by "
            f"{self.line.separator!r}, got {found}: {shown!r}"
        )
