"""What a stream's description says of its channels."""

from __future__ import annotations

from dataclasses import dataclass

from defusedxml import ElementTree

from acquire.lsl.streams import StreamKey

UNITS = {
    "microvolts": "µV",
    "microvolt": "µV",
    "uv": "µV",
    "millivolts": "mV",
    "volts": "V",
    "microsiemens": "µS",
    "celsius": "°C",
    "degrees celsius": "°C",
    "degrees per second": "°/s",
    "kiloohms": "kΩ",
}
# Names that cap makers give to channels of other kinds.
_KINDS = {
    "EKG": "ECG",
    "VEOG": "EOG",
    "HEOG": "EOG",
    "GSR": "EDA",
    "RESP": "RSP",
    "STIM": "Trigger",
}


ChannelKey = tuple[StreamKey, int]
"""A channel among those of all streams: its stream and its number there."""


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """One channel as it is shown."""

    index: int
    label: str
    kind: str
    unit: str


def channels_of(xml: str, count: int, stream_type: str) -> tuple[ChannelInfo, ...]:
    """Read `<desc>`; what it does not say is numbered and takes the stream's type."""
    try:
        nodes = ElementTree.fromstring(xml).findall("./desc/channels/channel")
    except (ElementTree.ParseError, ValueError):
        nodes = []
    if len(nodes) != count:
        nodes = []
    found = []
    for index in range(count):
        node = nodes[index] if nodes else None

        def text(tag: str, node: object = node) -> str:
            return " ".join((node.findtext(tag) or "").split()) if node is not None else ""  # type: ignore[attr-defined]

        kind = text("type") or stream_type or "signal"
        unit = text("unit")
        found.append(
            ChannelInfo(
                index,
                text("label") or str(index + 1),
                _KINDS.get(kind.upper(), kind),
                UNITS.get(unit.lower(), unit),
            )
        )
    return tuple(found)
