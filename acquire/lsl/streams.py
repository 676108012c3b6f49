"""What is on the network: streams as a resolver finds them, and which can be received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acquire.errors import ConfigError
from acquire.lsl.config import FORGET_S
from acquire.lsl.outlet import DTYPES, ITEM_BYTES
from devices.base import MAX_RATE_HZ, MIN_RATE_HZ, Dtype

if TYPE_CHECKING:
    import pylsl


@dataclass(frozen=True, slots=True)
class StreamKey:
    """What makes a stream the same one after its outlet was restarted."""

    name: str
    type: str
    source_id: str
    hostname: str


MAX_CHANNELS = 65_536
MAX_BYTES_PER_S = 250e6
"""Twice what gigabit Ethernet carries: what announces more is a mistake in its program."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A stream on the network that cannot be received: liblsl would end this process, or hang."""

    uid: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundStream:
    """A stream on the network."""

    key: StreamKey
    uid: str
    channels: int
    rate_hz: float
    dtype: Dtype
    info: Any  # the pylsl.StreamInfo that an inlet needs
    announced_hz: float = 0.0  # of texts, too: liblsl sizes its buffers by it

    @property
    def shape(self) -> tuple[int, float, str]:
        """What must be equal for a restarted stream to go on in the same place."""
        return (self.channels, self.rate_hz, self.dtype)

    @property
    def shape_text(self) -> str:
        """Its shape in words."""
        channels = f"{self.channels} channel{'' if self.channels == 1 else 's'} of {self.dtype}"
        return f"{channels} at {self.rate_hz:g} Hz" if self.rate_hz else f"{channels}, irregular"

    @property
    def sample_bytes(self) -> int:
        """What a sample takes, without its stamp; of a string, as a guess."""
        return self.channels * ITEM_BYTES[self.dtype]

    def __str__(self) -> str:
        rate = f"{self.rate_hz:g} Hz" if self.rate_hz else "irregular"
        return f"{self.key.name} ({self.key.type}, {self.channels} ch, {rate}, {self.key.hostname})"


def describe(info: pylsl.StreamInfo) -> FoundStream | Refused:
    """Read what a resolver found, and hold it against what can be received.

    Texts have no rate, whatever their sender announces: they come when something happens. What it
    announces has to be within bounds all the same, as liblsl goes by it.
    """
    number = info.channel_format()
    dtype = DTYPES[number] if 0 <= number < len(DTYPES) else None
    if dtype is None:
        reason = f"its format, number {number}, is none that can be received"
        return Refused(info.uid(), info.name(), reason)
    announced = float(info.nominal_srate())
    found = FoundStream(
        key=StreamKey(info.name(), info.type(), info.source_id(), info.hostname()),
        uid=info.uid(),
        channels=info.channel_count(),
        rate_hz=0.0 if dtype == "string" else announced,
        dtype=dtype,
        info=info,
        announced_hz=announced,
    )
    if (beyond := _beyond(found)) is not None:
        return Refused(found.uid, found.key.name, beyond)
    return found


def _beyond(found: FoundStream) -> str | None:
    """Say which limit a stream is beyond; None where it is within all of them."""
    rate, channels = found.announced_hz, found.channels
    if not 1 <= channels <= MAX_CHANNELS:
        return f"it has {channels} channels, allowed are 1 to {MAX_CHANNELS:,}"
    if rate != 0 and not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        limits = f"0 (irregular) or {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz"
        return f"its nominal rate is {rate:g} Hz, allowed are {limits}"
    per_s = rate * found.sample_bytes
    if per_s > MAX_BYTES_PER_S:
        return f"it announces {per_s / 1e6:,.0f} MB/s, allowed are {MAX_BYTES_PER_S / 1e6:g} MB/s"
    return None


def description(xml: str) -> str:
    """Give what a program says of its stream beside its shape: channels, units, settings.

    Not what is another each time it is started, as its uid and its ports: that stands before it.
    """
    return xml.partition("<desc")[2]


class Resolver:
    """Watches the network for streams, all of them or those that match a predicate."""

    def __init__(self, predicate: str | None = None) -> None:
        """Start watching.

        Raises:
            ConfigError: LSL does not understand the predicate.
        """
        self.predicate = predicate
        self.resume()

    def resume(self) -> None:
        """Ask the network again, after a `pause`."""
        import pylsl

        # liblsl writes "session and predicate": an "or" without brackets would reach into the
        # sessions of other labs.
        bracketed = None if self.predicate is None else f"({self.predicate})"
        try:
            self._lsl = pylsl.ContinuousResolver(pred=bracketed, forget_after=FORGET_S)
        except RuntimeError as error:
            raise ConfigError(
                f"--streams {self.predicate!r}: not a predicate that LSL understands; "
                "for instance: type='EEG' and starts-with(name,'Cyton')"
            ) from error

    def pause(self) -> None:
        """Stop asking; nothing is found until `resume`."""
        self._lsl = None

    def found(self) -> list[FoundStream]:
        """List the streams seen in the last `FORGET_S`; the same stream seen twice counts once."""
        return [stream for stream in self.look() if isinstance(stream, FoundStream)]

    def look(self) -> list[FoundStream | Refused]:
        """List them with those that cannot be received."""
        resolver = self._lsl
        infos = resolver.results() if resolver is not None else ()
        streams = (describe(info) for info in infos)
        return list({s.uid: s for s in streams}.values())
