"""Gazepoint's Open Gaze protocol, as text: the client's side.

Lines of one XML element each. `SET` switches what a record holds, `REC` is one; answers (`ACK`,
`NACK`) come between them. Coordinates are parts of the screen, 0 to 1 from the upper left. Facts:
an independent client, the vendor's sample and two stand-ins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import numpy as np
from defusedxml import DefusedXmlException

from devices.base import Channel
from devices.network.client import AmplifierClient, Description, Mark, Message, Samples, Warned
from devices.network.framing import WireError
from devices.network.labels import text_of

LONGEST_LINE: Final = 1 << 16
CHANNELS: Final[Mapping[str, Channel]] = {
    "BPOGX": Channel("Gaze X", "screen", "Gaze"),
    "BPOGY": Channel("Gaze Y", "screen", "Gaze"),
    "BPOGV": Channel("Gaze valid", "", ""),
    "LPMM": Channel("Pupil left", "mm", "Pupil"),
    "LPMMV": Channel("Pupil left valid", "", ""),
    "RPMM": Channel("Pupil right", "mm", "Pupil"),
    "RPMMV": Channel("Pupil right valid", "", ""),
    "BKID": Channel("Blink", "", "Blink"),
}
"""The attributes of a record that become channels."""
_OURS: Final = frozenset(("ACK", "NACK", "REC", "CAL"))
_WANTED: Final = ("COUNTER", "TIME", "POG_BEST", "PUPILMM", "BLINK", "USER_DATA")


class OpenGazeClient(AmplifierClient):
    """Switches on what is wanted, then listens."""

    def __init__(self, rate_hz: float) -> None:
        """Take the tracker's rate: the protocol has no word for it."""
        super().__init__()
        self._rate_hz = rate_hz
        self._rest = b""
        self._told = False
        self._user = ""

    def begin(self) -> None:
        """Ask for records."""
        for name in _WANTED:
            self._set(f"ENABLE_SEND_{name}")
        self._set("ENABLE_SEND_DATA")

    def _set(self, name: str, state: int = 1) -> None:
        self._outgoing += f'<SET ID="{name}" STATE="{state}" />\r\n'.encode()

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise WireError("what comes has no line ends: no Open Gaze server")
        for line in lines:
            if line := line.strip():
                yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[Message]:
        try:
            element = defusedxml.ElementTree.fromstring(text_of(line))
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            if not self.speaks:
                raise WireError("what comes is not Gazepoint's Open Gaze") from error
            yield _not_understood(line)
            return
        self.speaks |= element.tag in _OURS
        if element.tag == "NACK":
            yield Warned("not-granted", f"the tracker refuses {element.get('ID', '?')[:40]!r}")
        elif element.tag == "REC":
            yield from self._record(element.attrib, line)

    def _record(self, found: Mapping[str, str], line: bytes) -> Iterator[Message]:
        number = _number(found.get("CNT"))
        if not (number >= 0 and number == int(number)):
            if not self._told:
                raise WireError("its records have no counter: is this another version?")
            yield _not_understood(line)
            return
        if not self._told:
            self._told = True
            channels = tuple(CHANNELS.values())
            yield Description(channels, self._rate_hz, "Gazepoint (Open Gaze)")
        row = np.array([[_number(found.get(name)) for name in CHANNELS]], np.float32)
        first = int(number) % self.wraps
        yield Samples(row, first)
        user = found.get("USER", "")
        if user not in (self._user, "", "0"):
            yield Mark(user[:200], first)
        self._user = user

    def end(self) -> None:
        """Switch the records off."""
        self._set("ENABLE_SEND_DATA", 0)


def _not_understood(line: bytes) -> Warned:
    """Tell of a line that is spoilt; was it a record, the next one's counter says so, too."""
    return Warned(
        "not-understood", f"a line is no record: {line[:60].decode('ascii', 'replace')!r}"
    )


def _number(text: str | None) -> float:
    """Read a number; what is none is NaN."""
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if abs(value) < 1e15 else math.nan
