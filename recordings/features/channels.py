"""Which channels of a session carry which signal, and in which unit their values are given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recordings.features.physiology import KINDS
from recordings.read.stream import Stream
from recordings.read.to_mne import KINDS as MNE_KINDS
from recordings.read.to_mne import channel_kinds, unique_labels
from recordings.stream_kinds import is_no_electrode
from recordings.units import parse_unit
from recordings.xdf.header import ChannelInfo

_ALSO: Final[Mapping[str, str]] = {
    "EKG": "ECG",
    "BVP": "PPG",
    "PULSE": "PPG",
    "GSR": "EDA",
    "RESP": "RSP",
    "RESPIRATION": "RSP",
    "TEMP": "SKT",
    "TEMPERATURE": "SKT",
}
_DERIVED: Final = frozenset({"RATE", "HR", "BPM", "RR", "IBI", "HRV", "INTERVAL", "QUALITY"})
"""Words of channels that are made of a signal, as BIOPAC's "ECG rate": they are none."""


_UNITS: Final[Mapping[str, str]] = {
    "EEG": "µV",
    "EOG": "µV",
    "ECG": "mV",
    "PPG": "V",
    "EDA": "µS",
    "RSP": "V",
    "SKT": "°C",
    "EMG": "mV",
}
"""Of each kind, whatever the file has: two amplifiers of one study may have two."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; `suffix` tells the columns of further ones of its kind from the first's."""

    kind: str
    stream: Stream
    number: int
    label: str
    suffix: str = ""


def body_channels(streams: Iterable[Stream]) -> list[Channel]:
    """List the channels of ECG, PPG, EDA, RSP, SKT and EMG.

    The first of a kind has no suffix. Streams come by name, for their order in a file is that in
    which they were found; those of an EEG amplifier come after the others.
    """
    found: list[Channel] = []
    for stream in sorted(streams, key=lambda s: (_is_eeg(s), s.shown)):
        named = zip(body_kinds(stream), unique_labels(stream), strict=True)
        for number, (kind, label) in enumerate(named):
            if kind is None:
                continue
            taken = {other.suffix for other in found if other.kind == kind}
            suffix = free(f"_{column_label(label)}", taken) if taken else ""
            found.append(Channel(kind, stream, number, label, suffix))
    return found


def body_kinds(stream: Stream) -> list[str | None]:
    """Return the kind of body signal of each channel of a stream, None of what is none.

    What the header says, else a word of the label; where no channel says anything, the stream's
    type.
    """
    channels = stream.xdf.info.channels
    kinds = [_kind_of(channel) for channel in channels]
    own = _known(stream.type)
    if own is None or any(kinds) or any(channel.kind for channel in channels):
        return kinds
    return [None if _is_other(channel.label) else own for channel in channels]


def _kind_of(channel: ChannelInfo) -> str | None:
    if _is_other(channel.label):
        return None
    told = _known(channel.kind)
    return told if told or channel.kind.upper() in MNE_KINDS else _known(channel.label)


def _known(text: str) -> str | None:
    known = (_ALSO.get(word, word) for word in _words(text))
    return next((word for word in known if word in KINDS), None)


def _is_other(label: str) -> bool:
    """Whether a channel is a counter, say, or was made of a signal."""
    return is_no_electrode(label) or not _DERIVED.isdisjoint(_words(label))


def _words(text: str) -> list[str]:
    return re.findall("[A-Z]+", text.upper())


def units_of(stream: Stream) -> list[tuple[float, str]]:
    """Return what the values of each channel are multiplied with, and the unit that they then have.

    One that names no unit is taken to have that of its kind. One whose unit is none of its kind, or
    that is of no kind, stays as it is in the file.
    """
    kinds = zip(body_kinds(stream), channel_kinds(stream), strict=True)
    channels = zip(kinds, stream.units, strict=True)
    return [_in_unit(body or other.upper(), unit) for (body, other), unit in channels]


def _in_unit(kind: str, unit: str) -> tuple[float, str]:
    wanted = parse_unit(_UNITS.get(kind, ""))
    known = parse_unit(unit) if unit else wanted
    if wanted is None or known is None or known.base != wanted.base:
        return 1.0, unit
    return known.factor / wanted.factor, wanted.symbol


def strange_unit(channel: Channel) -> str:
    """Return the unit of a channel whose values stay as they are, for it is none of its kind."""
    unit = units_of(channel.stream)[channel.number][1]
    return "" if unit == _UNITS[channel.kind] else unit


def eeg_columns(streams: Iterable[Stream]) -> list[tuple[Stream, list[int], list[str]]]:
    """List the streams with electrodes, each with its electrodes' numbers and names for columns.

    No two are called alike: of a second stream, its name follows a label that the first has, too.
    """
    found: list[tuple[Stream, list[int], list[str]]] = []
    taken: set[str] = set()
    for stream in sorted(filter(_is_eeg, streams), key=lambda s: s.shown):
        labels: list[str] = []
        before = frozenset(taken)
        for number in (numbers := electrodes(stream)):
            name = column_label(stream.labels[number])
            name = f"{name}_{column_label(stream.shown)}" if name in before else name
            labels.append(free(name, taken))
            taken.add(labels[-1])
        if numbers:
            found.append((stream, numbers, labels))
    return found


def _is_eeg(stream: Stream) -> bool:
    return stream.type.upper() == "EEG"


def electrodes(stream: Stream) -> list[int]:
    """Return the numbers of a stream's channels that are EEG."""
    return [n for n, kind in enumerate(channel_kinds(stream)) if kind == "eeg"]


def column_label(label: str) -> str:
    """Return a channel's label as a part of a column's name: letters of any script, digits, `_`."""
    return re.sub(r"\W+", "_", label).strip("_") or "x"


def free(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: itself, or with `_2`, `_3`…"""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found
