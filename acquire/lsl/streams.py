"""LabStreamingLayer: its configuration, outlets from specs, and what is on the network.

The only module that hides something of pylsl: everything else may use what it returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acquire.errors import ConfigError
from acquire.lsl.config import FORGET_S
from acquire.lsl.outlet import DTYPES
from devices.base import Dtype

if TYPE_CHECKING:
    import pylsl


@dataclass(frozen=True, slots=True)
class StreamKey:
    """What makes a stream the same one after its outlet was restarted."""

    name: str
    type: str
    source_id: str
    hostname: str


@dataclass(frozen=True, slots=True)
class FoundStream:
    """A stream on the network."""

    key: StreamKey
    uid: str
    channels: int
    rate_hz: float
    dtype: Dtype
    created_at: float
    info: Any  # the pylsl.StreamInfo that an inlet needs

    @property
    def shape(self) -> tuple[int, float, str]:
        """What must be equal for a restarted stream to go on in the same place."""
        return (self.channels, self.rate_hz, self.dtype)

    def __str__(self) -> str:
        rate = f"{self.rate_hz:g} Hz" if self.rate_hz else "irregular"
        return f"{self.key.name} ({self.key.type}, {self.channels} ch, {rate}, {self.key.hostname})"


def describe(info: pylsl.StreamInfo) -> FoundStream | None:
    """Read what a resolver found; None for a format that cannot be received.

    Texts have no rate, whatever their sender announces: they come when something happens.
    """
    dtype = DTYPES[info.channel_format()]
    if dtype is None:
        return None
    return FoundStream(
        key=StreamKey(info.name(), info.type(), info.source_id(), info.hostname()),
        uid=info.uid(),
        channels=info.channel_count(),
        rate_hz=0.0 if dtype == "string" else float(info.nominal_srate()),
        dtype=dtype,
        created_at=float(info.created_at()),
        info=info,
    )


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

        try:
            self._lsl = pylsl.ContinuousResolver(pred=self.predicate, forget_after=FORGET_S)
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
        resolver = self._lsl
        infos = resolver.results() if resolver is not None else ()
        streams = (describe(info) for info in infos)
        return list({s.uid: s for s in streams if s is not None}.values())
