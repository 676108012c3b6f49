"""Gives each take its share of what comes: the takes that are not drained yet, oldest first."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from acquire.lsl.inlet import OffsetEstimate
from acquire.lsl.origin import DEVICE
from acquire.pump.live_stream import LiveStream
from acquire.pump.stream_watch import Alarm
from acquire.take.exact_stamps import LostSamples
from acquire.take.routing import SANE_S, is_past, is_within, named_in, owner_of, shares
from acquire.take.take import Take
from acquire.take.xdf_recorder import RecordedStream, XdfRecorder
from devices.arrays import Array, F64Array
from recordings.marker_codes import text_of

QUIET_S = 0.1
"""A marker pushed right before the stop arrives within this time."""
PAST_TAKES = 8
"""Takes that a late marker may still be found to belong to."""


class Distributor:
    """Knows which takes want samples; not thread-safe, the pump's lock guards it."""

    def __init__(self) -> None:
        self.takes: tuple[Take, ...] = ()  # replaced whole: who only looks needs no lock
        self._past: deque[Take] = deque(maxlen=PAST_TAKES)

    @property
    def drains(self) -> bool:
        """Whether a take that was ended waits for its last samples."""
        return any(not take.is_open for take in self.takes)

    def add_stream(self, stream: LiveStream) -> None:
        """Give a new stream to the takes whose stop is still to come."""
        for take in self.takes:
            if take.is_open and gets(take, stream):
                take.xdf.add(stream, stream.found, stream.xml, stream.device)

    def add_take(self, take: Take, streams: Iterable[LiveStream]) -> None:
        """Have a take get samples, once its interval has a start."""
        for stream in streams:
            if stream.is_replaced or not gets(take, stream):
                continue
            recorded = take.xdf.add(stream, stream.found, stream.xml, stream.device)
            if stream.estimate is not None:
                take.xdf.note_offset(recorded, stream.estimate)
        self.takes = (*self.takes, take)

    def drop(self, take: Take) -> None:
        """Give a take nothing more."""
        self.takes = tuple(other for other in self.takes if other is not take)
        self._past.append(take)

    def flush(self, now: float) -> None:
        """Write what the takes were given."""
        for take in self.takes:
            take.xdf.flush(now)

    def note_offset(self, stream: LiveStream, estimate: OffsetEstimate) -> None:
        """Write a clock offset of a stream."""
        for take in self.takes:
            if (recorded := take.xdf.of(stream)) is not None:
                take.xdf.note_offset(recorded, estimate)

    def count(self, stream: LiveStream, losses: Iterable[LostSamples]) -> None:
        """Count what is missing in the take that it would be in; what has come is taken back."""
        takes = [take for take in self.takes if take.xdf.of(stream) is not None]
        for loss in losses:
            place = owner_of(takes, loss.stamp + stream.offset)
            if place is not None and (recorded := takes[place].xdf.of(stream)) is not None:
                note = XdfRecorder.note_loss if loss.lost > 0 else XdfRecorder.take_back
                note(recorded, loss.stamp, abs(loss.lost))

    def overflowed(self, stream: LiveStream, times: int) -> Iterator[tuple[str, Alarm]]:
        """Count that samples may have been dropped in the takes that get them; say it once each."""
        for take in self.takes:
            if (recorded := take.xdf.of(stream)) is None:
                continue
            if not recorded.overflows:
                yield stream.name, _overflow(stream, take)
            recorded.overflows += times

    def share(self, stream: LiveStream, stamps: F64Array, data: Array, now: float) -> None:
        """Give each take what belongs to it."""
        takes = [take for take in self.takes if take.xdf.of(stream) is not None]
        if not takes:
            return
        rate_hz, offset = stream.found.rate_hz, stream.offset
        only = takes[0]
        has_samples = stream.newest == only.number
        if len(takes) == 1 and is_within(only, stamps, offset, now, rate_hz, has_samples):
            self._keep(only, stream, stamps, data)
        else:
            named = named_in(data) if stream.is_index else None
            masks = shares(takes, stamps, offset, now, rate_hz, stream.newest, named)
            for take, mask in zip(takes, masks, strict=True):
                self._keep(take, stream, stamps[mask], data[mask])
        for take in takes:
            recorded = take.xdf.of(stream)
            assert recorded is not None
            if not take.is_open and is_past(take, stamps, offset, now):
                recorded.drained |= not stream.is_index or named_in(data)[-1] != take.number

    def _keep(self, take: Take, stream: LiveStream, stamps: F64Array, data: Array) -> None:
        recorded = take.xdf.of(stream)
        if recorded is None or not len(stamps):
            return
        take.xdf.keep(recorded, stamps, data)
        if stream.was_away and stream.losses is None:
            stream.lost += self._count_absence(take, recorded, float(stamps[0]))
        stream.was_away = False
        stream.newest = max(take.number, stream.newest or 0)

    def too_late(
        self, stream: LiveStream, stamps: F64Array, data: Array
    ) -> Iterator[tuple[str, Alarm]]:
        """Tell of samples without a rate that come after the drain of the take they belong to.

        Markers are named one by one: they can be added by hand. Others are counted.
        """
        counts: Counter[Take] = Counter()
        for stamp, row in zip(stamps.tolist(), data, strict=True) if self._past else ():
            place = owner_of(self._past, stamp + stream.offset)
            if place is None:
                continue
            take = self._past[place]
            if not stream.is_markers:
                counts[take] += 1
                continue
            text = (
                f"{stream.name}: marker {text_of(row[0])!r} came after the end of the "
                f"recording that it belongs to; its stamp is {stamp:.6f}"
            )
            yield stream.name, Alarm("warning", "marker-late", text, take.number)
        for take, count in counts.items():
            before = take.late[stream.name]
            total = take.late[stream.name] = before + count
            if not before or len(str(total)) > len(str(before)):  # the first, then tenfold ones
                text = f"{stream.name}: {total:,} samples came after the end of their recording"
                text += "" if total < 10 else " so far"
                yield stream.name, Alarm("warning", "samples-late", text, take.number)

    @staticmethod
    def _count_absence(take: Take, recorded: RecordedStream, stamp: float) -> int:
        """Count what a device's rate would have given while its process was gone; how many."""
        rate = recorded.found.rate_hz
        if not rate:
            return 0
        # Where it was gone as the take began, it should have been there from then on.
        last = take.interval.start if recorded.last is None else recorded.last
        missed = max(0, round((stamp - last) * rate) - 1)
        if missed:
            take.xdf.note_loss(recorded, stamp, missed)
            recorded.rowless += missed
        return missed

    def look_for_drained(self, streams: Sequence[LiveStream], now: float) -> None:
        """Tell the takes that have all that belongs to them."""
        for take in self.takes:
            if take.is_open:
                continue
            if (
                now >= take.drained_by
                or all(self._is_complete(take, s, now) for s in streams)
                or (now >= take.usually_by and not any(_is_due(take, s) for s in streams))
            ):
                take.drained.set()

    @staticmethod
    def _is_complete(take: Take, stream: LiveStream, now: float) -> bool:
        recorded = take.xdf.of(stream)
        if recorded is None or stream.inlet is None or recorded.drained:
            return True
        if stream.is_index and stream.device in take.gated:  # its gate may hold rows back
            return False
        # Markers have no next sample to wait for, and a stream that fell silent has none either.
        quiet = not stream.found.rate_hz or stream.watch.is_silent
        return quiet and now >= take.interval.stop + QUIET_S and not _holds_more(take, stream)


def _is_due(take: Take, stream: LiveStream) -> bool:
    """Say whether samples from before a take's stop are on their way: a stream that is late."""
    recorded, rate_hz, watch = take.xdf.of(stream), stream.found.rate_hz, stream.watch
    if recorded is None or recorded.drained or stream.inlet is None:
        return False
    if not rate_hz:
        return _holds_more(take, stream)
    if watch.is_silent or (stream.is_index and stream.device in take.gated):
        return False
    newest = watch.last_stamp + stream.offset
    if not abs(newest - watch.last_arrival) <= SANE_S:
        return False
    # A block of sound comes once its last sample has: its row may be late by a block, or by two.
    uneven_s = 0.0 if stream.is_sound else 1.5 / rate_hz
    return newest + uneven_s < take.interval.stop


def _holds_more(take: Take, stream: LiveStream) -> bool:
    """Say whether a burst from before a take's stop is here, and not all of it is pulled yet."""
    newest = stream.watch.last_stamp + stream.offset
    return stream.inlet is not None and newest <= take.interval.stop and stream.inlet.backlog() > 0


def _overflow(stream: LiveStream, take: Take) -> Alarm:
    text = (
        f"{stream.name}: more samples came at once than LSL's buffers hold, which drop the oldest "
        "without a count; "
        + (
            "the gap is counted from the stamps"
            if stream.found.rate_hz
            else "have its program send them in smaller portions, some thousand a second"
        )
    )
    return Alarm("error", "samples-dropped", text, take.number)


def gets(take: Take, stream: LiveStream) -> bool:
    """Say whether a take gets a stream; the engine's own are always recorded."""
    return take.gets(stream.name) or stream.device == DEVICE
