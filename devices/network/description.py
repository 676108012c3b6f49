"""From what an amplifier says of itself to the streams that are made of it."""

from __future__ import annotations

from typing import Any

from devices.base import MAX_RATE_HZ, MIN_RATE_HZ, Channel, StreamSpec
from devices.marker_codes import marker_spec
from devices.network.client import Description
from devices.network.framing import UnusableError


def checked(description: Description) -> Description:
    """Refuse what cannot be recorded, whoever said it.

    Raises:
        UnusableError: it has no channels, or a rate that none has.
    """
    if not description.channels:
        raise UnusableError("it says that it has no channels: is the amplifier connected and on?")
    if not MIN_RATE_HZ <= description.rate_hz <= MAX_RATE_HZ:
        raise UnusableError(f"it says that it samples {description.rate_hz:g} times a second")
    return description


def streams_of(
    description: Description, name: str, signals: dict[str, Any], manufacturer: str
) -> tuple[StreamSpec, ...]:
    """Describe the signals, the markers and, where it measures them, the impedances.

    Args:
        description: what the amplifier says.
        name: of the device; its streams are called after it.
        signals: what else the spec of the signals holds: type, whether they are counted, latency.
        manufacturer: whose it is.
    """
    common: dict[str, Any] = {"manufacturer": manufacturer, "model": description.model}
    channels = description.channels
    kohm = tuple(Channel(c.label, "kiloohms", "Impedance") for c in channels)
    specs = (
        StreamSpec(
            name=name,
            channels=channels,
            rate_hz=description.rate_hz,
            dtype="float32",
            can_drop_samples=True,
            **signals,
            **common,
        ),
        marker_spec(f"{name}-markers", **common),
        StreamSpec(f"{name}-impedance", "Impedance", kohm, 0.0, "float32", **common),
    )
    return specs if description.impedances else specs[:2]
