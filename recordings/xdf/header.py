"""What the XML of a stream's header and footer says, read with distrust.

Files come from other labs and other programs: entity bombs are refused, text that is not UTF-8 is
decoded as Windows' western page, and a field that is missing has a harmless default.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import defusedxml.ElementTree as SafeTree
import numpy as np
from defusedxml import DefusedXmlException

from recordings.marker_codes import text_of
from recordings.stream_kinds import is_index_stream, is_marker_stream
from recordings.units import is_no_unit
from recordings.xdf.chunks import CHANNEL_FORMATS

# The types of numpy for the words of XDF; a string stream has none.
DTYPES: Final[dict[str, np.dtype[Any]]] = {
    word: np.dtype(name).newbyteorder("<") for name, word in CHANNEL_FORMATS.items()
}

_OF_CHANNEL: Final = ("label", "unit", "type")
# A header may claim any number: so many are described, and none that is real has more.
_MOST_CHANNELS: Final = 1 << 20
# What is none, rather than what is: so long ranges would take `re` 10 ms at each start.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_STRAY = re.compile("&(?!(?:amp|lt|gt|quot|apos|#x[0-9a-fA-F]{1,12}|#[0-9]{1,12});)")
_REFERENCE = re.compile("&#(x[0-9a-fA-F]{1,12}|[0-9]{1,12});")


class BadXml(ValueError):
    """The XML of a header or footer cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """One channel as `<desc><channels>` describes it; unknown = empty."""

    label: str
    unit: str
    kind: str


@dataclass(frozen=True, slots=True)
class Footer:
    """What the writer said at the end of a stream; unknown = None."""

    first: float | None
    last: float | None
    count: int | None
    cut: float | None = None  # of a node's own copy: later samples are not of the recording


_LATEST_S = 60.0
"""What says that it is later is not believed."""


class StreamInfo:
    """The header of one stream: its fields, and the whole tree as `root`."""

    def __init__(self, xml: bytes) -> None:
        """Read the content of a StreamHeader chunk, without the stream id.

        Raises:
            BadXml: it is no XML, is hostile, or names no usable format and channel count.
        """
        self.xml = xml
        self.root = parse_xml(xml)
        self.name = self.text("name")
        self.type = self.text("type")
        self.source_id = self.text("source_id")
        self.hostname = self.text("hostname")
        self.uid = self.text("uid")
        self.channel_format = self.text("channel_format")
        rate_hz = _number(self.text("nominal_srate"))
        self.rate_hz = max(rate_hz or 0.0, 0.0)
        self.has_bad_rate = rate_hz is None or rate_hz < 0  # taken for none
        if self.channel_format not in DTYPES and self.channel_format != "string":
            raise BadXml(f"channel format {self.channel_format!r} is unknown")
        count = _number(self.text("channel_count"))
        if count is None or count < 0 or count != int(count):
            raise BadXml(f"channel count {self.text('channel_count')!r} is no number")
        self.channel_count = int(count)
        # Asked for once a chunk, of which a long recording has hundreds of thousands.
        self.dtype: np.dtype[Any] | None = DTYPES.get(self.channel_format)
        """The type of the values; None for strings."""
        self.sample_bytes = self.channel_count * (self.dtype.itemsize if self.dtype else 0)
        """The bytes of one numeric sample without its stamp."""

    @property
    def dtype_name(self) -> str:
        """The type of the values as numpy calls it; "string" for strings."""
        return "string" if self.dtype is None else self.dtype.name

    @property
    def is_index(self) -> bool:
        """Whether the rows are the frames of one of our cameras."""
        return is_index_stream(self.type, self.dtype_name, self.labels)

    @property
    def is_markers(self) -> bool:
        """Whether the samples are events: strings, or numbers without a rate of type `Markers`."""
        return is_marker_stream(self.type, self.dtype_name, self.rate_hz)

    @property
    def cleaned_xml(self) -> str | None:
        """The header as every reader takes it; None where it is that already.

        What is no character of XML is replaced, and a rate that is no number is 0.
        """
        text = clean_text(self.xml)
        count = self.text("channel_count")
        no_rate = _number(self.text("nominal_srate")) is None
        if text.encode() == self.xml and not no_rate and count == str(self.channel_count):
            return None
        root = parse_xml(self.xml)
        for name, value in (("nominal_srate", self.rate_hz), ("channel_count", self.channel_count)):
            element = root.find(name)
            if element is None:
                element = SubElement(root, name)
            element.text = str(value)
        return '<?xml version="1.0"?>' + tostring(root, encoding="unicode")

    def text(self, path: str) -> str:
        """Return the text at `path` below `<info>`, such as `desc/reference/label`; "" if none."""
        return (self.root.findtext(path) or "").strip()

    @cached_property
    def channels(self) -> tuple[ChannelInfo, ...]:
        """One entry a channel; channels without a description are numbered from 1."""
        entries = self.root.findall("desc/channels/channel")[: self.channel_count]
        rows = ([_line(e.findtext(key) or "") for key in _OF_CHANNEL] for e in entries)
        found = [
            ChannelInfo(label, "" if is_no_unit(unit) else unit, kind) for label, unit, kind in rows
        ]
        missing = range(len(found) + 1, min(self.channel_count, _MOST_CHANNELS) + 1)
        return (*found, *(ChannelInfo(str(n), "", "") for n in missing))

    @property
    def described_channels(self) -> int:
        """How many channels the header describes; other programs describe more, or fewer."""
        return len(self.root.findall("desc/channels/channel"))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the channels."""
        return tuple(channel.label for channel in self.channels)

    @property
    def can_drop_samples(self) -> bool:
        """Whether the device may leave samples out (a camera does): no line fits its stamps."""
        return self.text("desc/synchronization/can_drop_samples").lower() == "true"

    @property
    def counts_losses(self) -> bool:
        """Whether the device has a counter: what it says is lost is so, and nothing else."""
        return self.text("desc/synchronization/counts_losses").lower() == "true"

    @property
    def has_times_of_arrival(self) -> bool:
        """Whether its device's own clock does not tell: its stamps are when it was heard."""
        return self.text("desc/synchronization/time_source").lower() == "arrival"

    @property
    def latency_s(self) -> float | None:
        """By how much its stamps are too late, as it announces; None where it does not say."""
        value = _number(self.text("desc/synchronization/offset_mean"))
        return value if value is not None and abs(value) <= _LATEST_S else None


def _line(text: str) -> str:
    """Return text as one line: a second one of a label would be a row of its own in many files."""
    return _NO_LINE.sub(" ", text).strip()


def clean_text(xml: bytes) -> str:
    """Decode UTF-8, else Windows' western page; no character of XML becomes the replacement one.

    Programs write `µV` in their system's page: with a character replaced it is no unit.
    """
    return clean_xml(text_of(xml))


def clean_xml(xml: str) -> str:
    """Replace what is no character of XML, written out or as a reference: liblsl gives `&#1;`.

    An ampersand that begins no reference stands for itself. One such character makes a whole file
    unreadable to other programs.
    """
    if "<![CDATA[" in xml:  # there an ampersand is one
        return _REFERENCE.sub(_allowed, _NOT_XML.sub("\ufffd", xml))
    return _REFERENCE.sub(_allowed, _STRAY.sub("&amp;", _NOT_XML.sub("\ufffd", xml)))


def _allowed(reference: re.Match[str]) -> str:
    """Return a reference to a character as it is if XML has the character."""
    text = reference[1]
    number = int(text[1:], 16) if text[0] == "x" else int(text)
    known = number < 0x110000 and not _NOT_XML.match(chr(number))
    return reference[0] if known else "\ufffd"


def parse_xml(xml: bytes) -> Element:
    """Return the root of an XML document.

    Raises:
        BadXml: it is not well-formed, or declares entities.
    """
    try:
        root: Element = SafeTree.fromstring(clean_text(xml), forbid_dtd=True)
    except (ParseError, ValueError) as error:
        what = "hostile" if isinstance(error, DefusedXmlException) else "broken"
        raise BadXml(f"{what} XML ({error})") from error
    return root


def parse_footer(xml: bytes) -> Footer:
    """Read the content of a StreamFooter chunk, without the stream id.

    Raises:
        BadXml: it is no XML.
    """
    root = parse_xml(xml)
    count = _number(root.findtext("sample_count"))
    return Footer(
        _number(root.findtext("first_timestamp")),
        _number(root.findtext("last_timestamp")),
        None if count is None else int(count),
        _number(root.findtext("cut")),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
