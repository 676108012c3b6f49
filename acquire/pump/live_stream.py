"""One stream as long as the engine knows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from acquire.lsl.inlet import Inlet, OffsetEstimate
from acquire.lsl.streams import FoundStream, description
from acquire.pump.stream_watch import StreamWatch
from acquire.take.loss_counter import LossCounter
from recordings.stream_kinds import INDEX_TYPES, SOUND_TYPE, is_marker_stream

DRIFT_S = 10.0
"""Two clock offsets this far apart tell a drift."""


@dataclass(eq=False, slots=True)
class LiveStream:
    """One selected stream, as long as the engine knows it."""

    found: FoundStream
    xml: str
    device: str | None
    inlet: Inlet | None
    watch: StreamWatch
    estimate: OffsetEstimate | None = None
    first_estimate: OffsetEstimate | None = None
    losses: LossCounter | None = None  # None where the device itself says what it lost
    was_away: bool = False  # its outlet was gone: the next sample comes after a gap
    newest: int | None = None  # the newest take that has samples of it
    lost: int = 0
    shares_clock: bool = False  # one of the rig's own devices, on this computer
    lost_at: float = -math.inf  # LSL time at which its connection broke
    is_replaced: bool = False  # it is gone, and another one has come in its place

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.found.key.name

    def is_followed_by(self, found: FoundStream) -> bool:
        """Whether a later outlet is of the same program: many give another id at each start.

        Each would be a stream that is missing from then on, and empty in every recording.
        """
        mine, other = self.found.key, found.key
        return (mine.name, mine.type, mine.hostname) == (other.name, other.type, other.hostname)

    def change(self, found: FoundStream, xml: str) -> str | None:
        """Say what is other now that its outlet is back; None where it goes on as it was."""
        before = self.found
        if before.shape != found.shape:
            return f"{found.shape_text} instead of {before.shape_text}"
        if not self.is_index and description(xml) != description(self.xml):
            return "another description: its channels may be others"
        return None

    @property
    def is_index(self) -> bool:
        """Whether its rows are frames of one of the rig's cameras, or blocks of a microphone."""
        return self.device is not None and self.found.key.type in INDEX_TYPES

    @property
    def is_sound(self) -> bool:
        """Whether its rows are blocks of a microphone's sound."""
        return self.is_index and self.found.key.type == SOUND_TYPE

    @property
    def is_markers(self) -> bool:
        """Whether its samples are events."""
        return is_marker_stream(self.found.key.type, self.found.dtype, self.found.rate_hz)

    @property
    def late_s(self) -> float:
        """By how much its newest samples are late, s."""
        return self.losses.late_s if self.losses is not None else 0.0

    @property
    def drift_ppm(self) -> float | None:
        """How much faster its computer's clock is; None before `DRIFT_S`."""
        first, last = self.first_estimate, self.estimate
        if first is None or last is None:
            return None
        span = last.collection_time - first.collection_time
        return -1e6 * (last.offset - first.offset) / span if span >= DRIFT_S else None

    @property
    def known_offset(self) -> float | None:
        """As `offset`; None where it is not measured yet: another computer's clock may be any."""
        return self.offset if self.shares_clock or self.estimate is not None else None

    @property
    def offset(self) -> float:
        """What to add to a stamp to compare it with this computer's clock.

        The rig's own devices here share the clock: the estimate would only add its noise.
        """
        if self.estimate is None or self.shares_clock:
            return 0.0
        return self.estimate.offset
