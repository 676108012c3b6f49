"""What a device that was away describes otherwise than before; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from devices.base import Channel, DeviceError, MediaSpec, StreamSpec

Specs = Mapping[str, StreamSpec | MediaSpec]
"""By name."""


class ChangedStreams(DeviceError):
    """It has come back with streams that its outlets cannot carry."""


def refuse_changes(before: Specs, now: Specs) -> None:
    """Hold a device to what it announced first.

    Raises:
        ChangedStreams: it announces something else; the message says what.
    """
    if (change := _change(before, now)) is not None:
        raise ChangedStreams(
            f"came back with other streams ({change}): set it as it was, or stop and start the "
            "device to record it as it is now"
        )


def _change(before: Specs, now: Specs) -> str | None:
    if before.keys() != now.keys():
        return f"{', '.join(now)}; there were {', '.join(before)}"
    for name, spec in now.items():
        was = before[name]
        for field in fields(was):
            old, new = getattr(was, field.name), getattr(spec, field.name, None)
            if field.name == "channels" and old != new:
                return f"{name}: {_of_channels(old, new or ())}"
            if old != new:
                return f"{name}: {field.name} is {new!r:.60}, was {old!r:.60}"
    return None


def _of_channels(old: Sequence[Channel], new: Sequence[Channel]) -> str:
    if len(old) != len(new):
        return f"{len(new)} channels, were {len(old)}"
    at = next(n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1])
    is_now, was = (" ".join((c.label, c.unit, c.kind)).strip()[:60] for c in (new[at], old[at]))
    return f"channel {at + 1} is {is_now!r}, was {was!r}"
