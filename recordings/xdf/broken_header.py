"""A stream's header that is no XML any more: what is whole of it, so that its samples are not lost.

One flipped bit in a label would else cost the whole stream.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import unescape

from recordings.xdf.header import BadXml, StreamInfo, clean_text, parse_xml

_FIELD: Final = re.compile(
    r"<(name|type|channel_count|channel_format|nominal_srate|source_id|uid|hostname|created_at"
    r"|session_id|version)>([^<]*)</\1>"
)
_CHANNEL: Final = re.compile(r"<channel>.*?</channel>", re.DOTALL)


def whole_of(xml: bytes) -> StreamInfo:
    """Read the fields that are whole, and the channels where as many are found as there are.

    Raises:
        BadXml: nothing says how many channels there are, and of which format.
    """
    text = clean_text(xml)
    head = text.partition("<desc>")[0]  # channels have a type as well
    root = Element("info")
    for name, value in _FIELD.findall(head):
        if root.find(name) is None:
            SubElement(root, name).text = unescape(value)
    if root.find("name") is None:
        SubElement(root, "name").text = "unnamed"  # pyxdf reads none without
    info = StreamInfo(tostring(root))
    channels = _CHANNEL.findall(text)
    if channels and len(channels) == info.channel_count:
        described = SubElement(SubElement(root, "desc"), "channels")
        described.extend(_channel(channel, n) for n, channel in enumerate(channels, 1))
        info = StreamInfo(tostring(root))
    return info


def _channel(xml: str, number: int) -> Element:
    try:
        return parse_xml(xml.encode())
    except BadXml:
        unknown = Element("channel")
        SubElement(unknown, "label").text = str(number)
        return unknown
