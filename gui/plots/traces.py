"""Which channels are shown, in which order, and how much room each one gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from acquire.lsl.streams import StreamKey
from gui.signals.channel_info import ChannelInfo, ChannelKey

_POSITIONS = "FP1 FP2 F7 F3 FZ F4 F8 T3 T7 C3 CZ C4 T4 T8 T5 P7 P3 PZ P4 T6 P8 O1 O2"
TEN_TWENTY = frozenset(_POSITIONS.split())
MAX_EEG = 21
"""More than this cannot be read at once: then the 10-20 positions are shown at first."""
_ORDER = ("EEG", "EOG", "EMG", "ECG", "PPG", "RSP", "EDA", "SKT")
_HIDDEN = ("Trigger",)
COMMON = ("EEG", "EOG", "EMG")
"""Kinds whose channels share one scale."""
_WEIGHTS = {"EEG": 1.0, "EOG": 1.3}
_OTHER_WEIGHT = 1.8


@dataclass(frozen=True, slots=True)
class Trace:
    """One channel of one stream that is shown."""

    key: StreamKey
    channel: ChannelInfo

    @property
    def group(self) -> tuple[StreamKey, str]:
        """What shares a scale."""
        kind = self.channel.kind
        return self.key, kind if kind in COMMON else f"{kind} {self.channel.index}"

    @property
    def channel_key(self) -> ChannelKey:
        """What is known of its channel goes by this."""
        return self.key, self.channel.index


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trace is drawn: its middle and its height, in pixels."""

    centre: float
    height: float


def first_choice(channels: Sequence[ChannelInfo]) -> list[ChannelInfo]:
    """Choose the channels of a stream that are shown as long as nobody has chosen."""
    found: list[ChannelInfo] = []
    for kind, members in by_kind(channels).items():
        if kind in _HIDDEN:
            continue
        if kind == "EEG" and len(members) > MAX_EEG:
            known = [c for c in members if c.label.upper() in TEN_TWENTY]
            found += known if len(known) >= 8 else members[:MAX_EEG]
        elif kind in ("EEG", "EOG", "ECG"):
            found += members
        else:
            found += members[: 1 if kind in _ORDER else MAX_EEG]
    return found


def by_kind(channels: Iterable[ChannelInfo]) -> dict[str, list[ChannelInfo]]:
    """Sort channels by kind, in the order in which they are shown."""
    found: dict[str, list[ChannelInfo]] = {}
    for channel in channels:
        found.setdefault(channel.kind, []).append(channel)
    order = {kind: i for i, kind in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def rank(channels: Sequence[ChannelInfo]) -> int:
    """Give the place of a stream among others: EEG first."""
    kinds = {c.kind for c in channels}
    return next((i for i, kind in enumerate(_ORDER) if kind in kinds), len(_ORDER))


def several_amplifiers(traces: Sequence[Trace]) -> bool:
    """Say whether more than one stream has EEG: then labels alone do not tell whose they are."""
    return len({t.key for t in traces if t.channel.kind == "EEG"}) > 1


def _starts(traces: Sequence[Trace]) -> list[int]:
    """Give the numbers of the traces that a stream begins with."""
    return [n for n, t in enumerate(traces) if n == 0 or traces[n - 1].key != t.key]


def layout(traces: Sequence[Trace], height: float, header: float = 0.0) -> list[Place]:
    """Share the height among traces: single signals get more of it than electrodes.

    Each stream has a header of this height above its own, unless those took half of it all.
    """
    weights = [_WEIGHTS.get(t.channel.kind, _OTHER_WEIGHT) for t in traces]
    total = sum(weights) or 1.0
    heads = _starts(traces)
    if len(heads) * header > height / 2:
        heads = []
    left = height - len(heads) * header
    places, top = [], 0.0
    for number, weight in enumerate(weights):
        room = left * weight / total
        top += header if number in heads else 0.0
        places.append(Place(top + room / 2, room))
        top += room
    return places


def pages(traces: Sequence[Trace], height: float, row: float, header: float) -> list[slice]:
    """Give the parts of which each fits into a height, with so much for each row and header.

    Empty where all of them fit.
    """
    heads, starts, used = set(_starts(traces)), [0], 0.0
    for number in range(len(traces)):
        needed = row + header * (number in heads)
        if used + needed > height and number > starts[-1]:
            starts.append(number)
            used, needed = 0.0, row + header
        used += needed
    found = [slice(*ends) for ends in zip(starts, [*starts[1:], len(traces)], strict=True)]
    return found if len(found) > 1 else []


def headers(traces: Sequence[Trace], places: Sequence[Place]) -> list[tuple[float, str]]:
    """Give the middle of each header, in pixels, and the name that stands there."""
    found = []
    for number in _starts(traces):
        before = places[number - 1] if number else Place(0.0, 0.0)
        end, top = (
            before.centre + before.height / 2,
            places[number].centre - places[number].height / 2,
        )
        if top - end > 1.0:  # there was room for it
            found.append(((end + top) / 2, traces[number].key.name))
    return found
