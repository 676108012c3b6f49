"""What of a stream the review draws: its curves in a stretch, filtered where filters act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gui.signals.channel_info import ChannelInfo, channels_of
from gui.signals.display_filter import DisplayFilter, FilterSettings
from recordings.review.signals import Curves, ReviewSignal

SETTLE_S = 3.0
"""Samples before the window that a filter gets, so that it has settled where the window begins."""


def do_act(filters: FilterSettings, signal: ReviewSignal, length_s: float) -> bool:
    """Say whether filters act on so long a stretch: it has to be drawn from samples."""
    return not filters.is_plain and signal.is_raw(length_s + SETTLE_S)


def filtered_curves(
    signal: ReviewSignal,
    picks: Sequence[int],
    shown: Sequence[ChannelInfo],
    filters: FilterSettings,
    span: tuple[float, float],
    columns: int,
) -> Curves:
    """Read channels of a stream, filtered where filters act.

    Args:
        signal: the stream.
        picks: numbers of its channels.
        shown: what these channels are.
        filters: what the operator has set.
        span: where it begins, LSL seconds, and its length, s.
        columns: pixels that it has.

    Raises:
        RecordingError: the file cannot be read any more.
    """
    left, length = span
    if not do_act(filters, signal, length):
        return signal.curves(left, left + length, columns, list(picks))
    known, wanted = list(shown), list(picks)
    if filters.reference:
        every = [c for c in channels_of_signal(signal) if c.kind == "EEG"]
        extra = [c for c in every if c.index not in picks]
        known, wanted = [*known, *extra], [*wanted, *(c.index for c in extra)]
    curves = signal.curves(left, left + length, columns, wanted, SETTLE_S)
    infos = [
        ChannelInfo(n, next(c.label for c in known if c.index == i), _kind(known, i), "")
        for n, i in enumerate(wanted)
    ]
    values = np.asarray(DisplayFilter(filters, infos, signal.rate_hz)(curves.values))
    keep = curves.times >= left - 2 / signal.rate_hz
    return Curves(curves.times[keep], values[keep][:, : len(picks)], curves.joined[keep], True)


def channels_of_signal(signal: ReviewSignal) -> tuple[ChannelInfo, ...]:
    """Say what the channels of a stream are."""
    xml = signal.stream.xdf.info.xml.decode("utf-8", "replace")
    return channels_of(xml, len(signal.stream.labels), signal.stream.type)


def _kind(channels: Iterable[ChannelInfo], index: int) -> str:
    return next((c.kind for c in channels if c.index == index), "")
