"""The scale and the middle of every trace, kept when the layout changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from acquire.lsl.streams import StreamKey
from devices.arrays import F64Array
from gui.plots.canvas import OVERLAP, Group
from gui.plots.scaling import AutoScale, Extent, extents, stepped, wandered
from gui.plots.traces import Place, Trace
from gui.signals.channel_info import ChannelKey

_FLOORS = {
    ("EEG", "µV"): 20.0,
    ("EOG", "µV"): 200.0,
    ("EMG", "µV"): 20.0,
    ("EDA", "µS"): 0.5,
    ("SKT", "°C"): 0.2,
}
"""Units a row that are never undercut: noise is not blown up to fill a row."""
GroupKey = tuple[StreamKey, str]


class TraceScales:
    """Chooses scales from what the traces do, or as the user wants them."""

    def __init__(self) -> None:
        self.automatic = True
        self.common = True
        self._scales: dict[GroupKey, AutoScale] = {}
        self._wished: dict[str, float] = {}  # as they were the last time
        self._middles: dict[ChannelKey, float] = {}
        self.extents: dict[ChannelKey, Extent] = {}

    def group(self, trace: Trace) -> GroupKey:
        """Name what shares a scale with a trace."""
        return trace.group if self.common else (trace.key, str(trace.channel.index))

    def of(self, trace: Trace) -> float:
        """Give a trace's scale in units a row; 0 = not known yet."""
        found = self._scales.get(self.group(trace))
        return found.scale if found else 0.0

    def is_off(self, trace: Trace, place: Place, height: float) -> bool:
        """Whether a part of a trace is not to be seen where it is drawn.

        It may use some of the rows beside its own; the first and the last row end at the picture.

        Args:
            trace: which one.
            place: its row, in pixels.
            height: of the picture, in pixels.
        """
        found, scale = self.extents.get(trace.channel_key), self.of(trace)
        if found is None or scale <= 0:
            return False
        shown = self._middles.get(trace.channel_key, found.middle)
        pixels, reach = place.height / scale, place.height * (0.5 + OVERLAP)
        highest = (found.middle + found.swing / 2 - shown) * pixels
        lowest = (shown - found.middle + found.swing / 2) * pixels
        return highest > min(reach, place.centre) or lowest > min(reach, height - place.centre)

    def look(
        self, traces: Sequence[Trace], group: Group, recent: tuple[F64Array, F64Array]
    ) -> bool:
        """Take in what traces did lately, shape (n, traces); whether something has changed."""
        swings: dict[GroupKey, list[float]] = {}
        for trace, found in zip(traces, extents(*recent), strict=True):
            if found is None:
                continue
            self.extents[trace.channel_key] = found
            swings.setdefault(self.group(trace), []).append(found.swing)
        changed = False
        for trace in traces:
            if (own := swings.pop(self.group(trace), None)) is not None:
                scale = self._scales.setdefault(
                    self.group(trace),
                    AutoScale(
                        _FLOORS.get((trace.channel.kind, trace.channel.unit), 0.0),
                        self._wished.get(_name(self.group(trace)), 0.0),
                    ),
                )
                if self.automatic or scale.scale == 0.0:
                    changed |= scale.look(own)
        changed |= self._centre(traces)
        self.apply(traces, group)
        return changed

    def _centre(self, traces: Sequence[Trace]) -> bool:
        changed = False
        for trace in traces:
            found = self.extents.get(trace.channel_key)
            if found is None or not (scale := self.of(trace)):
                continue
            if wandered(found.middle, self._middles.get(trace.channel_key, np.nan), scale):
                self._middles[trace.channel_key] = found.middle
                changed = True
        return changed

    def apply(self, traces: Sequence[Trace], group: Group) -> None:
        """Set the scales of a group."""
        group.rescale(
            np.array([self.of(trace) for trace in traces]),
            np.array([self._middles.get(trace.channel_key, np.nan) for trace in traces]),
        )

    def chosen(self) -> dict[str, float]:
        """Give the scales by the names of what they are for, where a hand has chosen them."""
        known = {_name(key): found.scale for key, found in self._scales.items() if found.scale}
        return {} if self.automatic else self._wished | known

    def wish(self, scales: Mapping[str, float]) -> None:
        """Begin with these: what `chosen` gave once."""
        self.automatic, self._wished = not scales, dict(scales)

    def step(self, steps: int) -> None:
        """Make everything smaller (positive) or larger; scales stay then."""
        self.automatic = False
        for scale in self._scales.values():
            if scale.scale:
                scale.scale = stepped(scale.scale, steps)


def _name(group: GroupKey) -> str:
    return f"{group[0].name}: {group[1]}"
