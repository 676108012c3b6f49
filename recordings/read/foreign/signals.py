"""Streams in memory: what replay and import take, from whatever file they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from recordings.arrays import Array, F64Array
from recordings.xdf.header import ChannelInfo


@dataclass(slots=True)
class SignalStream:
    """One stream; `read(a, b)` gives samples a to b, shape (n, channels)."""

    name: str
    type: str
    channels: tuple[ChannelInfo, ...]
    rate_hz: float  # 0 = irregular
    dtype: str  # of numpy, or `string`
    times: F64Array
    read: Callable[[int, int], Array]
    can_drop_samples: bool = False
    source_id: str = ""
    manufacturer: str = ""
    model: str = ""
    number: int = -1  # in an XDF file: its id


@dataclass(slots=True)
class SignalFile:
    """The streams of a file, and what a person should know of it."""

    streams: list[SignalStream]
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Column:
    """One channel of a file; `read(a, b)` gives samples a to b of `count`, shape (n,).

    `times`, shape (count,), are those of samples that are not even.
    """

    rate_hz: float
    info: ChannelInfo
    count: int
    read: Callable[[int, int], F64Array]
    times: F64Array | None = None

    @classmethod
    def of(cls, rate_hz: float, info: ChannelInfo, values: F64Array) -> Column:
        """Make one of even samples in memory."""
        return cls(rate_hz, info, len(values), lambda start, stop: values[start:stop])


def even_streams(name: str, type_: str, columns: Iterable[Column]) -> list[SignalStream]:
    """Make one stream of all channels of one rate and length."""
    groups: dict[tuple[float, int], list[Column]] = {}
    for column in columns:
        groups.setdefault((column.rate_hz, column.count), []).append(column)
    return [
        _even(name if len(groups) == 1 else f"{name}-{rate:g}Hz", type_, group, rate)
        for (rate, _), group in groups.items()
    ]


def _even(name: str, type_: str, columns: list[Column], rate_hz: float) -> SignalStream:
    times, count = columns[0].times, columns[0].count

    def read(start: int, stop: int) -> Array:
        # Side by side only when asked for: all of a recording is many times its file.
        return np.stack([column.read(start, stop) for column in columns], axis=1)

    return SignalStream(
        name=name,
        type=type_,
        channels=tuple(column.info for column in columns),
        rate_hz=rate_hz,
        dtype="float64",
        times=np.arange(count) / rate_hz if times is None else times,
        read=read,
    )


def marker_streams(name: str, entries: list[tuple[float, str]]) -> list[SignalStream]:
    """Make a stream of markers (seconds, text); none of none."""
    if not entries:
        return []
    order = sorted(entries, key=lambda entry: entry[0])
    texts = np.array([[text] for _, text in order], dtype=object)
    return [
        SignalStream(
            name=f"{name}-markers",
            type="Markers",
            channels=(ChannelInfo("marker", "", ""),),
            rate_hz=0.0,
            dtype="string",
            times=np.array([time for time, _ in order]),
            read=lambda start, stop: texts[start:stop],
        )
    ]
