"""What the samples themselves say: values that are no numbers, channels that do not move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import Array, BoolArray, I64Array
from recordings.certificate import Finding, Severity
from recordings.stream_kinds import VIDEO_TYPE
from recordings.xdf.reader import XdfStream

FLAT_S: Final = 5.0
"""An electrode that has exactly one value for so long was off, or its amplifier at its limit."""
_BLOCK: Final = 1 << 20  # values read at once
_BODY: Final = frozenset({"EEG", "EOG", "ECG", "EMG"})
_MAY_REST: Final = frozenset({"TRIGGER", "STIM", "DIGITAL", "STATUS", "COUNTER", "BATTERY"})
_NAMED: Final = 8


@dataclass(slots=True)
class Values:
    """What was counted of a stream, each of shape (channels,)."""

    samples: int
    nan: I64Array
    endless: I64Array
    flat: I64Array  # samples of the longest stretch of one value

    @property
    def constant(self) -> BoolArray:
        """Which channels have one value from start to end."""
        return np.asarray(self.flat == self.samples)


def count_values(stream: XdfStream) -> Values:
    """Count in bounded memory what is no number, and the longest stretch of one value."""
    width = stream.info.channel_count
    zero = np.zeros(width, np.int64)
    found = Values(len(stream), zero.copy(), zero.copy(), zero.copy())
    begun = zero.copy()  # where the value that goes on was first seen
    last: Array | None = None
    step = max(_BLOCK // max(width, 1), 2)
    for start in range(0, len(stream), step):
        data = stream.read(start, start + step)
        if data.dtype.kind == "f":
            found.nan += np.isnan(data).sum(axis=0)
            found.endless += np.isinf(data).sum(axis=0)
        block = data if last is None else np.vstack([last, data])
        # Where a value differs from the one before; nothing differs from what is no number.
        with np.errstate(invalid="ignore"):
            differs = (block[1:] != block[:-1]) & ~(_nan(block[1:]) & _nan(block[:-1]))
        first = start + (last is None)
        for channel in range(width):
            changes = np.flatnonzero(differs[:, channel]) + first
            edges = np.r_[begun[channel], changes]
            if len(changes):
                longest = int(np.diff(edges).max())
                found.flat[channel] = max(found.flat[channel], longest)
                begun[channel] = changes[-1]
        last = data[-1:]
    if len(stream):
        found.flat = np.maximum(found.flat, len(stream) - begun)
    return found


def _nan(data: Array) -> Array:
    return np.isnan(data) if data.dtype.kind == "f" else np.zeros(data.shape, np.bool_)


def value_findings(stream: XdfStream) -> Iterator[Finding]:
    """Say which channels of a signal hold what is no measurement.

    A warning for electrodes; elsewhere it may be meant so (an eye tracker that sees no eye).
    """
    info = stream.info
    if stream.is_text or info.is_index or info.type == VIDEO_TYPE or not len(stream):
        return
    if info.is_markers or not info.channel_count:
        return
    values = count_values(stream)
    level: Severity = "warn" if info.type.upper() in _BODY else "info"
    for code, counts, what in (
        ("not-a-number", values.nan, "no numbers (NaN)"),
        ("endless", values.endless, "endless (inf)"),
    ):
        if counts.any():
            share = counts.sum() / (values.samples * info.channel_count)
            yield Finding(
                level=level,
                code=code,
                subject=stream.name,
                text=f"{counts.sum():,} values are {what}, {_percent(float(share))}, in "
                f"{_channels(stream, counts > 0)}",
                remedy="an analysis has to leave them out; EDF holds 0 instead",
            )
    yield from _flat_findings(stream, values)


def _flat_findings(stream: XdfStream, values: Values) -> Iterator[Finding]:
    """Say which sensors did not move; it is information: a spare input does not either."""
    info = stream.info
    sensors = np.ones(info.channel_count, np.bool_)
    for number, channel in enumerate(info.channels):
        sensors[number] = channel.kind.upper() not in _MAY_REST
    known = sensors & ((values.nan + values.endless) < values.samples)
    constant = values.constant & known
    if constant.any() and values.samples > max(2.0, info.rate_hz):
        yield Finding(
            level="info",
            code="constant",
            subject=stream.name,
            text=f"one value from start to end in {_channels(stream, constant)}",
            remedy="check the electrode or sensor, and that the device measures this channel",
        )
    if info.type.upper() not in _BODY or info.rate_hz <= 0:
        return
    seconds = values.flat / info.rate_hz
    flat = (seconds >= FLAT_S) & ~values.constant & known
    if flat.any():
        yield Finding(
            level="info",
            code="flat",
            subject=stream.name,
            text=f"one value for up to {seconds[flat].max():.1f} s in {_channels(stream, flat)}",
            remedy="an electrode was off, or the amplifier at its limit",
        )


def _channels(stream: XdfStream, which: Array) -> str:
    labels = [
        c.label for c, is_one in zip(stream.info.channels, which.tolist(), strict=False) if is_one
    ]
    if len(labels) == len(which) > 1:
        return f"all {len(labels)} channels"
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(labels[:_NAMED]) + more


def _percent(share: float) -> str:
    return f"{100 * share:.2g} % of all"
