"""LabStreamingLayer: its configuration, outlets from specs, and what is on the network.

The only module that hides something of pylsl: everything else may use what it returns.
"""

from __future__ import annotations

import configparser
import io
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from acquire.errors import ConfigError
from devices.base import Array, Dtype, F64Array, StreamSpec

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

BUFFER_S = 60
"""What an outlet and an inlet hold at most; beyond that liblsl drops the oldest samples."""
FORGET_S = 3.0
"""How long a resolver lists an outlet after it was last heard of."""

# liblsl reports every lost connection on standard error; the engine says the same as an event.
_QUIET = {"log": {"level": "-3"}, "ports": {"PortRange": "128"}}
# Multicast to 127.0.0.1 reaches one socket only: the known peer is asked port by port instead.
_PRIVATE = {
    "multicast": {"ResolveScope": "machine"},
    "ports": {"IPv6": "disable"},
    "lab": {"KnownPeers": "{127.0.0.1}"},
}


def user_config() -> Path | None:
    """Find the configuration file that liblsl itself would load."""
    candidates = [
        os.environ.get("LSLAPICFG", ""),
        "lsl_api.cfg",
        "~/lsl_api/lsl_api.cfg",
        "/etc/lsl_api/lsl_api.cfg",
    ]
    for name in candidates:
        if name and (path := Path(name).expanduser()).is_file():
            return path
    return None


def configuration(session: str | None = None, *, private: bool = False) -> str | None:
    """Decide the LSL configuration of this process and of the devices it starts.

    Args:
        session: the SessionID that keeps neighbouring labs apart (`[rig] lsl_session`).
        private: loopback and a random SessionID, unless LSLAPICFG is set.

    Returns:
        The text for `configure`, or None where liblsl's own search is to be left alone.
    """
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    file = user_config()
    if private and "LSLAPICFG" not in os.environ:
        file = None
        parser.read_dict(_PRIVATE)
        session = session or f"unisono-{secrets.token_hex(6)}"
    if file is not None and session is None:
        return None
    if file is not None:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not an LSL configuration file: {error}") from error
    else:
        for section, values in _QUIET.items():
            for key, value in values.items():
                if not parser.has_section(section):
                    parser.add_section(section)
                parser.set(section, key, value)
    if session is not None:
        if not parser.has_section("lab"):
            parser.add_section("lab")
        parser.set("lab", "SessionID", session)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def configure(content: str | None) -> None:
    """Hand the configuration to liblsl; only the first call before any other LSL call counts."""
    if content is not None:
        import pylsl.util

        pylsl.util.set_config_content(content)


class LslClock:
    """The LSL clock, as drivers see it; `closing` ends every sleep."""

    def __init__(self, closing: threading.Event) -> None:
        import pylsl

        self._now = pylsl.local_clock
        self._closing = closing

    def now(self) -> float:
        """Return the LSL time in seconds."""
        return float(self._now())

    def sleep_until(self, time: float) -> None:
        """Sleep until LSL time `time`, or until the device closes."""
        if (left := time - self._now()) > 0:
            self._closing.wait(left)


def make_outlet(spec: StreamSpec, device: str) -> pylsl.StreamOutlet:
    """Announce a stream, with labels, units and origin by the XDF meta-data conventions."""
    import pylsl

    info = pylsl.StreamInfo(
        spec.name,
        spec.type,
        len(spec.channels),
        spec.rate_hz,
        DTYPES.index(spec.dtype),
        spec.source_id or f"unisono:{device}:{spec.name}",
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
    for key, value in spec.desc.items():
        desc.append_child_value(key, value)
    return pylsl.StreamOutlet(info, max_buffered=BUFFER_S)


class Outlet:
    """An outlet that enforces shape, dtype, contiguity and rising stamps."""

    def __init__(self, spec: StreamSpec, device: str) -> None:
        self.spec = spec
        self._lsl = make_outlet(spec, device)
        self.uid: str = self._lsl.get_info().uid()
        self._dtype = None if spec.dtype == "string" else np.dtype(spec.dtype)
        self.last_stamp = -np.inf

    def push(self, times: F64Array, data: Array) -> F64Array:
        """Push samples, shape (n, channels), with LSL times, shape (n,); give the stamps used.

        Stamps never fall: where the clock model steps back, they wait until it has caught up.
        """
        if data.shape != (len(times), len(self.spec.channels)):
            raise ValueError(
                f"{self.spec.name}: data of shape {data.shape}, expected "
                f"({len(times)}, {len(self.spec.channels)})"
            )
        stamps = np.maximum.accumulate(np.maximum(times, self.last_stamp))
        self.last_stamp = float(stamps[-1])
        if self._dtype is None:
            self._lsl.push_chunk([[str(v) for v in row] for row in data], stamps.tolist())
        else:
            rows = np.ascontiguousarray(data, dtype=self._dtype)
            self._lsl.push_chunk(rows, stamps.tolist())
        return cast("F64Array", stamps)

    @property
    def is_heard(self) -> bool:
        """Whether an inlet is connected."""
        return bool(self._lsl.have_consumers())

    def close(self) -> None:
        """Withdraw the stream from the network."""
        del self._lsl


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
    """Read what a resolver found; None for a format that cannot be received."""
    dtype = DTYPES[info.channel_format()]
    if dtype is None:
        return None
    return FoundStream(
        key=StreamKey(info.name(), info.type(), info.source_id(), info.hostname()),
        uid=info.uid(),
        channels=info.channel_count(),
        rate_hz=float(info.nominal_srate()),
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


def local_clock() -> float:
    """Return the LSL time in seconds."""
    import pylsl

    return float(pylsl.local_clock())
