"""One stream of an open session: any window of it, with the stamps that are wanted."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recordings.arrays import BoolArray, F64Array
from recordings.errors import RecordingError
from recordings.lateness.axis import Axis, Given, all_times
from recordings.lateness.decision import tells_time
from recordings.lateness.mending import mended
from recordings.lateness.pace import Pace
from recordings.manifest_entries import StreamEntry
from recordings.read.own_copy import completed
from recordings.read.pace import pace_of
from recordings.stamps.bad_stamps import bad_stamps
from recordings.stamps.clock_offsets import ClockFit, correct, correct_in_place, fit_offsets
from recordings.xdf.stream import XdfStream


class Stamps(StrEnum):
    """What is done to the stamps of a file.

    raw: nothing: seconds of the sender's clock. corrected: the line through the clock offsets of
    each stretch between clock resets is added: the recording computer's clock. dejittered:
    corrected, stamps that cannot be true put where their neighbours say, then put on an even pace
    with the losses kept (`recordings.lateness`); for streams with a rate alone, and not for those
    whose device may leave samples out.
    """

    RAW = "raw"
    CORRECTED = "corrected"
    DEJITTERED = "dejittered"


def latency_of(xdf: XdfStream, entry: StreamEntry | None) -> float | None:
    """Say by how much the stamps are too late, s: as measured, else as announced, else None."""
    measured = entry.latency_s if entry is not None else None
    return xdf.info.latency_s if measured is None else measured


class Stream:
    """One stream; `len` is its number of samples. Nothing is read before it is asked for."""

    def __init__(
        self, xdf: XdfStream, entry: StreamEntry | None, subtract_latency: bool, shown: str
    ) -> None:
        self.xdf = xdf
        self.shown = shown  # its name, with what tells it from others of that name
        self._received_entry = entry
        self.name = xdf.name
        self.type = xdf.info.type
        self.rate_hz = 0.0 if xdf.is_text else xdf.info.rate_hz  # texts have none, whatever is said
        self.labels = xdf.info.labels
        self.units = tuple(channel.unit for channel in xdf.info.channels)
        self.is_text = xdf.is_text
        self.latency_s = latency_of(xdf, entry)
        if subtract_latency and self.latency_s is None:
            raise RecordingError(f"{self.name}: its latency was never measured; leave it in")
        self._shift = -self.latency_s if subtract_latency and self.latency_s is not None else 0.0

    @cached_property
    def entry(self) -> StreamEntry | None:
        """What the manifest says of it, with what its node's own copy has added; None: nothing."""
        return completed(self._received_entry, self.xdf)

    def __len__(self) -> int:
        return len(self.xdf)

    def __repr__(self) -> str:
        return f"{self.name} ({self.type}, {len(self.labels)} × {len(self)} at {self.rate_hz:g} Hz)"

    @cached_property
    def fit(self) -> ClockFit:
        """How its clock relates to the recording computer's."""
        return fit_offsets(self.xdf.offset_times, self.xdf.offset_values)

    @property
    def first(self) -> float:
        """LSL time of its first sample; NaN where it has none."""
        return float(self._corrected_at(0, 1)[0]) if len(self) else math.nan

    @property
    def last(self) -> float:
        """LSL time of its last sample; NaN where it has none."""
        return float(self._corrected_at(len(self) - 1, len(self))[0]) if len(self) else math.nan

    @property
    def is_markers(self) -> bool:
        """Whether its samples are events: strings, or numbers without a rate of type `Markers`."""
        return self.xdf.info.is_markers

    def marker_rows(self) -> list[list[str]]:
        """Give all samples as markers: strings as they are, numbers as their digits.

        Raises:
            RecordingError: the stream is a signal.
        """
        if self.is_text:
            return self.strings
        if self.rate_hz:
            raise RecordingError(
                f"stream {self.name!r} is a signal, not markers: it has "
                f"{len(self.labels)} channels at {self.rate_hz:g} Hz; markers are strings, or "
                "numbers without a rate"
            )
        return [[_digits(value) for value in row] for row in self.xdf.read()]

    @cached_property
    def strings(self) -> list[list[str]]:
        """All samples of a string stream, one str a channel."""
        return self.xdf.strings

    def times(
        self,
        start: float | None = None,
        stop: float | None = None,
        stamps: Stamps | str = Stamps.CORRECTED,
    ) -> F64Array:
        """Give the times of the samples from `start` to before `stop`, seconds, shape (n,).

        `start` and `stop` are LSL times whatever the stamps are; None = from the first, to the
        last.
        """
        return self._times(self.window(start, stop), Stamps(stamps))

    def read(
        self,
        start: float | None = None,
        stop: float | None = None,
        *,
        channels: list[int] | list[str] | str | None = None,
        stamps: Stamps | str = Stamps.CORRECTED,
    ) -> tuple[F64Array, npt.NDArray[Any]]:
        """Give (times, values) of the samples from `start` to before `stop`.

        Shapes (n,) and (n, channels); values in the file's own type and unit.

        Raises:
            RecordingError: the samples are strings, or there is no such channel.
        """
        where = self.window(start, stop)
        chosen = [channels] if isinstance(channels, str) else channels
        picked = None if chosen is None else [self._channel(c) for c in chosen]
        if Stamps(stamps) is Stamps.CORRECTED and self._is_simple:
            raw, values = self.xdf.read_stamped(where.start, where.stop, picked)
            return self._shifted(raw), values
        values = self.xdf.read(where.start, where.stop, picked)
        return self._times(where, Stamps(stamps)), values

    def window(self, start: float | None = None, stop: float | None = None) -> slice:
        """Say which samples lie from LSL time `start` to before `stop`."""
        count = len(self)
        if not count or (start is None and stop is None):
            return slice(0, count)
        first = 0 if start is None else self._search(start)
        last = count if stop is None else self._search(stop)
        return slice(first, max(first, last))

    # Times.

    def _times(self, where: slice, stamps: Stamps) -> F64Array:
        if stamps is Stamps.RAW:
            return self.xdf.stamps_of(where.start, where.stop)
        if stamps is Stamps.DEJITTERED and self.rate_hz and not self.xdf.info.can_drop_samples:
            return self.dejittered[where].copy()
        return self._corrected_at(where.start, where.stop)

    def _corrected_at(self, start: int, stop: int) -> F64Array:
        if self._is_simple:
            return self._shifted(self.xdf.stamps_of(start, stop))
        return self._corrected[start:stop].copy()

    def _shifted(self, stamps: F64Array) -> F64Array:
        return correct(stamps, self.fit) + self._shift

    @cached_property
    def _is_simple(self) -> bool:
        """Whether one line corrects every stamp: then a window needs no other samples."""
        return len(self.fit.segments) <= 1

    @cached_property
    def _corrected(self) -> F64Array:
        times = self.xdf.stamps_of(0, len(self))  # not `stamps`, which would be kept beside these
        correct_in_place(times, self.fit)
        times += self._shift
        return times

    @property
    def axis(self) -> Axis:
        """The dejittered times of all samples, seconds, as a rule that takes no memory."""
        even = self.rate_hz and not self.xdf.info.can_drop_samples
        return self.pace.axis if even else Given(self._corrected)

    @cached_property
    def dejittered(self) -> F64Array:
        """The dejittered times of all samples, shape (n,), seconds; shared: not to be changed."""
        axis = self.axis
        return axis.times if isinstance(axis, Given) else all_times(axis)

    @cached_property
    def bad_stamps(self) -> BoolArray:
        """Which stamps of a stream with a rate cannot be true, shape (n,)."""
        return bad_stamps(self._corrected, self.rate_hz)

    @cached_property
    def mended(self) -> F64Array:
        """The corrected times, those that cannot be true where their neighbours say."""
        return mended(self._corrected, self.bad_stamps, self.rate_hz)

    @cached_property
    def tells_time(self) -> bool:
        """Whether its stamps are numbers, and go on where it has a rate."""
        return tells_time(self._corrected, self.rate_hz)

    @cached_property
    def pace(self) -> Pace:
        """What its stamps and its device tell: losses, and even times for all samples."""
        return pace_of(self.xdf, self.entry, self._corrected)

    def forget(self) -> None:
        """Let go of what was computed of all samples; asked for again, it is computed again."""
        for name in ("_corrected", "bad_stamps", "mended", "pace", "dejittered"):
            self.__dict__.pop(name, None)
        self.xdf.__dict__.pop("stamps", None)

    # Searching.

    def _search(self, time: float) -> int:
        """Find the first sample at or after LSL time `time`."""
        ends, firsts = self.xdf.chunk_ends, self._chunk_firsts
        if firsts is None:
            # One stamp that cannot be true would hide all samples after it.
            return int(np.searchsorted(np.maximum.accumulate(self.mended), time))
        chunk = max(int(np.searchsorted(firsts, time)) - 1, 0)
        begin = int(ends[chunk - 1]) if chunk else 0
        inside = self._corrected_at(begin, int(ends[chunk]))
        return begin + int(np.searchsorted(inside, time))

    @cached_property
    def _chunk_firsts(self) -> F64Array | None:
        """LSL times of the chunks' first samples; None where they are not in order."""
        if not self._is_simple or (stamps := self.xdf.chunk_stamps()) is None:
            return None
        firsts = self._shifted(stamps)
        return firsts if np.all(np.diff(firsts) >= 0) else None

    def _channel(self, channel: int | str) -> int:
        if isinstance(channel, int):
            if not 0 <= channel < len(self.labels):
                raise RecordingError(
                    f"{self.name}: no channel {channel}; it has {len(self.labels)}, counted from 0"
                )
            return channel
        try:
            return self.labels.index(channel)
        except ValueError:
            known = ", ".join(self.labels[:20])
            raise RecordingError(f"{self.name}: no channel {channel!r}; it has {known}") from None


def _digits(value: Any) -> str:
    """Return a number of a marker as short as its own type reads it back; "" for no number."""
    if not np.isfinite(value):
        return ""
    if isinstance(value, np.integer):
        return str(value)
    return np.format_float_positional(value, trim="-")
