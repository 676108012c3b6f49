"""Which channels of which stream are shown, and in which order; knows no widget.

What was chosen goes by the names of streams and the labels of channels, so that it holds for the
stream that comes back after a cable was pulled, and for the next recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from acquire.lsl.streams import StreamKey
from gui.plots.traces import first_choice, rank
from gui.signals.channel_info import ChannelInfo
from gui.signals.live_streams import ShownStream


class ChannelChoice:
    """One viewer's choice. Main thread; others may ask what is shown."""

    def __init__(self) -> None:
        self._chosen: dict[StreamKey, frozenset[int]] = {}
        self._wished: dict[str, frozenset[str]] = {}  # as it was the last time, by name and label
        self.order: dict[str, list[str]] = {}
        """Labels by the name of their stream, the uppermost first; not there: as the device."""
        self.streams: list[str] = []
        """Names of streams, the uppermost first; empty: EEG first."""

    # What is shown.

    def shown(self, stream: ShownStream) -> list[ChannelInfo]:
        """List the channels of a stream that are shown, in their order."""
        wanted = self._indices(stream)
        return [c for c in self.ordered(stream) if c.index in wanted]

    def _indices(self, stream: ShownStream) -> frozenset[int]:
        if (chosen := self._chosen.get(stream.key)) is not None:
            return chosen
        if (labels := self._wished.get(stream.key.name)) is not None:
            return frozenset(c.index for c in stream.channels if c.label in labels)
        # Numbers without a rate are logs, such as the frames of a stimulus player.
        first = first_choice(stream.channels) if stream.found.rate_hz else []
        return frozenset(c.index for c in first)

    def choose(self, key: StreamKey, channels: Iterable[int]) -> None:
        """Show these channels of a stream."""
        self._chosen[key] = frozenset(channels)

    def wish(self, choice: Mapping[str, Iterable[str]]) -> None:
        """Show these channels of streams as soon as those are there, unless others are chosen."""
        self._wished = {name: frozenset(labels) for name, labels in choice.items()}

    def leave(self, stream: ShownStream) -> None:
        """Leave what was chosen of a stream that is gone to the next one of its name."""
        if stream.key in self._chosen:
            self._wished[stream.key.name] = frozenset(c.label for c in self.shown(stream))
            del self._chosen[stream.key]

    def choice(self, streams: Iterable[ShownStream]) -> dict[str, list[str]]:
        """Give the labels that were chosen, by the name of their stream.

        What was chosen of a stream that is not there today is still chosen.
        """
        found = {name: sorted(labels) for name, labels in self._wished.items()}
        for stream in streams:
            if stream.key in self._chosen:
                found[stream.key.name] = [c.label for c in self.shown(stream)]
        return found

    # The order.

    def ordered(self, stream: ShownStream) -> list[ChannelInfo]:
        """List all channels of a stream in their order; those of one label stand together."""
        wished = self.order.get(stream.key.name)
        if not wished:
            return list(stream.channels)
        at = {label: n for n, label in enumerate(merged(_labels(stream), wished))}
        return sorted(stream.channels, key=lambda c: at[c.label])

    def sorted(self, streams: Iterable[ShownStream]) -> list[ShownStream]:
        """Put streams in their order."""
        found = sorted(streams, key=lambda s: (rank(s.channels), s.key.name, s.key.source_id))
        at = {name: n for n, name in enumerate(merged([s.key.name for s in found], self.streams))}
        return sorted(found, key=lambda s: at[s.key.name])

    def move(self, stream: ShownStream, picked: Iterable[str], before: str | None) -> None:
        """Put channels of a stream before another one, by their labels; None = at the end."""
        labels = merged(_labels(stream), self.order.get(stream.key.name, ()))
        self.order[stream.key.name] = moved(labels, picked, before)

    def move_streams(
        self, streams: Iterable[ShownStream], picked: Iterable[str], before: str | None
    ) -> None:
        """Put some of these streams before another one, by their names; None = at the end."""
        names = merged([s.key.name for s in self.sorted(streams)], self.streams)
        self.streams = moved(names, picked, before)

    def restore_order(self) -> None:
        """Show all as the devices have them, EEG first."""
        self.order, self.streams = {}, []


def _labels(stream: ShownStream) -> list[str]:
    return [c.label for c in stream.channels]


def merged(names: Iterable[str], wished: Iterable[str]) -> list[str]:
    """Give what is wished, in that order, and each other name behind the one that it follows."""
    found, last = [*dict.fromkeys(wished)], None
    there = set(found)
    for name in names:
        if name not in there:
            found.insert(0 if last is None else found.index(last) + 1, name)
            there.add(name)
        last = name
    return found


def moved(names: Sequence[str], picked: Iterable[str], before: str | None) -> list[str]:
    """Put what is picked, in the order that it has, before another name; None = at the end."""
    taken = set(picked)
    rest = [name for name in names if name not in taken]
    # What it is put before may be picked itself: then before the next that is not.
    follow = [n for n in names[names.index(before) :] if n not in taken] if before else []
    at = rest.index(follow[0]) if follow else len(rest)
    return [*rest[:at], *(name for name in names if name in taken), *rest[at:]]
