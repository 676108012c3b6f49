"""What this program publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.config import BUFFER_S
from acquire.lsl.origin import source_id_of
from devices.arrays import Array, F64Array
from devices.base import Dtype, StreamSpec

if TYPE_CHECKING:
    import pylsl

DTYPES: Final[tuple[Dtype | None, ...]] = (
    None,
    "float32",
    "float64",
    "string",
    "int32",
    "int16",
    "int8",
    "int64",
)
"""LSL's channel formats by their number."""


ITEM_BYTES: Final[Mapping[Dtype, int]] = {
    "float32": 4,
    "float64": 8,
    "string": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "int64": 8,
}
"""What a value takes; of a string, as a guess."""


LONGEST_WAIT_S: Final = 5.0
"""A stamp that would have to wait longer for the one before it comes after one that was wrong."""


def rising(times: F64Array, last: float) -> F64Array:
    """Give times, shape (n,), that do not fall below `last` nor below each other.

    Where one would have to wait for over `LONGEST_WAIT_S`, they fall, and rise from there.
    """
    stamps = np.maximum.accumulate(np.maximum(times, last))
    if (stamps - times > LONGEST_WAIT_S).any():
        for k, time in enumerate(times.tolist()):
            last = time if last - time > LONGEST_WAIT_S else max(last, time)
            stamps[k] = last
    return cast("F64Array", stamps)


def fitted(data: Array, dtype: np.dtype[Any]) -> tuple[Array, int]:
    """Give values, of any shape, in a stream's format, and how many of them it cannot hold.

    In a format of whole numbers a value beyond its range becomes the end of it, as that of an
    amplifier which is overdriven; one that is no number the lowest; others are rounded.
    """
    if dtype.kind != "i" or np.can_cast(data.dtype, dtype):
        return np.ascontiguousarray(data, dtype), 0
    limits = np.iinfo(dtype)
    whole = np.rint(data) if data.dtype.kind == "f" else data
    rounded = int(np.count_nonzero(whole != data)) if data.dtype.kind == "f" else 0
    if data.size and _is_within(whole, limits):  # as nearly always, for half of the work
        return np.ascontiguousarray(whole, dtype), rounded
    low = np.zeros(data.shape, bool) if data.dtype.kind == "u" else ~(whole >= limits.min)
    # A float has no 2^63 - 1: what is equal to it there is beyond it.
    high = whole >= limits.max + 1.0 if data.dtype.kind == "f" else whole > limits.max
    rows = np.where(low | high, 0, whole).astype(dtype)
    rows[low], rows[high] = limits.min, limits.max
    return np.ascontiguousarray(rows), int((low | high | (whole != data)).sum())


def as_utf8(value: object) -> tuple[str, bool]:
    """Give a value of a stream of texts as one that has UTF-8, and whether it was one.

    Numbers are written as they are, and bytes are UTF-8; what has none is escaped.
    """
    try:
        text = value.decode() if isinstance(value, bytes) else str(value)
        text.encode()
    except UnicodeDecodeError:
        return cast("bytes", value).decode(errors="backslashreplace"), False
    except UnicodeEncodeError:
        return str(value).encode(errors="backslashreplace").decode(), False
    return text, isinstance(value, str | bytes | int | float | np.number)


def _is_within(values: Array, limits: np.iinfo[Any]) -> bool:
    """Whether all are within the limits of a format; what is no number is not."""
    # As numbers of Python, which compare exactly: a float has no 2^63 - 1.
    return bool(limits.min <= values.min().item() and values.max().item() <= limits.max)


def stream_info(spec: StreamSpec, device: str, origin: str = "") -> pylsl.StreamInfo:
    """Describe a stream, with labels, units and origin by the XDF meta-data conventions."""
    import pylsl

    info = pylsl.StreamInfo(
        spec.name,
        spec.type,
        len(spec.channels),
        spec.rate_hz,
        DTYPES.index(spec.dtype),
        source_id_of(origin, device, spec.source_id or spec.name),
    )
    desc = info.desc()
    channels = desc.append_child("channels")
    for channel in spec.channels:
        node = channels.append_child("channel")
        node.append_child_value("label", channel.label)
        if channel.unit:
            node.append_child_value("unit", channel.unit)
        if channel.kind:
            node.append_child_value("type", channel.kind)
    acquisition = desc.append_child("acquisition")
    acquisition.append_child_value("manufacturer", spec.manufacturer or "unknown")
    acquisition.append_child_value("model", spec.model or "unknown")
    synchronization = desc.append_child("synchronization")
    synchronization.append_child_value("can_drop_samples", str(spec.can_drop_samples).lower())
    synchronization.append_child_value("counts_losses", str(spec.counts_losses).lower())
    if spec.latency_s is not None:  # what is to be subtracted from the stamps, by the XDF words
        synchronization.append_child_value("offset_mean", repr(spec.latency_s))
    if spec.time_source:
        synchronization.append_child_value("time_source", spec.time_source)
    for key, value in spec.desc.items():
        desc.append_child_value(key, value)
    return info


def ends_of(outlets: Iterable[Outlet]) -> dict[str, float]:
    """Give the stamps of the last samples by LSL uid, without outlets that had none."""
    return {o.uid: o.last_stamp for o in outlets if np.isfinite(o.last_stamp)}


class Outlet:
    """An outlet that enforces shape, dtype, contiguity and rising stamps."""

    def __init__(
        self, spec: StreamSpec, device: str, buffer_s: int = BUFFER_S, origin: str = ""
    ) -> None:
        """Announce a stream of a device; `origin` is whose it is (`acquire.lsl.origin`).

        `buffer_s` is how much of it is kept for a listener that is cut off.
        """
        import pylsl

        self.spec = spec
        self._lsl = pylsl.StreamOutlet(stream_info(spec, device, origin), max_buffered=buffer_s)
        self.uid: str = self._lsl.get_info().uid()
        self.tap: Callable[[F64Array, Array], None] | None = None
        """Gets what was pushed, as it was pushed, in the thread that pushed it: stamps, shape (n,),
        and values, shape (n, channels); both are the caller's, and may change afterwards."""
        self._dtype = None if spec.dtype == "string" else np.dtype(spec.dtype)
        self.last_stamp = -np.inf
        self.bad_stamps = 0  # of the driver's, that were no numbers
        self.bad_values = 0  # of the driver's, that its format cannot hold

    def push(self, times: F64Array, data: Array) -> F64Array:
        """Push samples, shape (n, channels), with LSL times, shape (n,); give the stamps used.

        Where the clock model steps back, stamps wait until it has caught up. They fall where that
        would take over `LONGEST_WAIT_S`: one that is far too late must not stop all that follow.
        """
        if data.shape != (len(times), len(self.spec.channels)):
            raise ValueError(
                f"{self.spec.name}: data of shape {data.shape}, expected "
                f"({len(times)}, {len(self.spec.channels)})"
            )
        if not np.isfinite(times).all():  # one NaN would make every later stamp one
            times = self._numbers(times)
        stamps = rising(times, self.last_stamp)
        self.last_stamp = float(stamps[-1])
        if self._dtype is None:
            texts = [[as_utf8(v) for v in row] for row in data]
            self.bad_values += sum(not fits for row in texts for _, fits in row)
            rows = np.array([[text for text, _ in row] for row in texts], object)
            self._lsl.push_chunk(rows.tolist(), stamps.tolist())
        else:
            rows, unfit = fitted(data, self._dtype)
            self.bad_values += unfit
            self._lsl.push_chunk(rows, stamps.tolist())
        if self.tap is not None:
            self.tap(stamps, rows)
        return stamps

    def _numbers(self, times: F64Array) -> F64Array:
        """Give what is no number the time before it, and count it in `bad_stamps`."""
        good = np.isfinite(times)
        self.bad_stamps += int(np.sum(~good))
        before = self.last_stamp
        if not np.isfinite(before):
            before = float(times[good][0]) if good.any() else local_clock()
        return cast("F64Array", np.maximum.accumulate(np.where(good, times, before)))

    def describe(self) -> pylsl.StreamInfo:
        """Give the stream as the network sees it."""
        return self._lsl.get_info()

    @property
    def is_heard(self) -> bool:
        """Whether an inlet is connected."""
        return bool(self._lsl.have_consumers())

    def close(self) -> None:
        """Withdraw the stream from the network."""
        del self._lsl
