"""Key reports of Cedrus response pads (the XID protocol): bytes in, keys out; pure.

A key that is pressed or let go is a report of six bytes: `k`, one byte of port (bits 0 to 3),
pressed (bit 4) and key (bits 5 to 7), and the pad's timer, ms, 32 bits, little-endian. Boxes of the
second generation send nine: `o`, port, key, pressed (the digit 1 or 0), the timer, and a zero.
Source: https://cedrus.com/support/xid/commands.htm
"""

from __future__ import annotations

from dataclasses import dataclass

_SHORT, _LONG = 6, 9
_KEYS = 8
"""Key 8 of a report of six bytes is told as 0."""
PORT_STEP = 10
"""The code of a key is its number, and so much more a port: port 0 has the keys."""
_LARGEST_PORT = 9


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key, pressed or let go."""

    port: int
    key: int  # from 1 on
    pressed: bool
    timer_ms: int

    @property
    def code(self) -> int:
        """What tells it from all other keys of the pad."""
        return self.port * PORT_STEP + self.key


class KeyReports:
    """Finds reports in a stream of bytes; what is none is skipped and counted."""

    def __init__(self) -> None:
        self._rest = b""
        self.skipped = 0

    def feed(self, data: bytes) -> list[KeyReport]:
        """Take bytes in and give the reports that are whole.

        No bytes say that none has come for a while: what is not whole by then never will be, and
        would take the beginning of the next report for its end.
        """
        if not data:
            self.skipped += len(self._rest)
            self._rest = b""
        buffer, at, found = self._rest + data, 0, []
        while at < len(buffer):
            size = {ord("k"): _SHORT, ord("o"): _LONG}.get(buffer[at], 0)
            if size and at + size > len(buffer):
                break
            report = _read(buffer[at : at + size]) if size else None
            if report is not None:
                found.append(report)
            self.skipped += report is None
            at += size if report is not None else 1
        self._rest = buffer[at:]
        return found


def _read(raw: bytes) -> KeyReport | None:
    if len(raw) == _SHORT:
        port, pressed, key = raw[1] & 0x0F, bool(raw[1] & 0x10), raw[1] >> 5
        timer = raw[2:6]
    else:
        port, key, pressed, timer = raw[1], raw[2], raw[3] in (1, ord("1")), raw[4:8]
        port -= ord("0") if port >= ord("0") else 0
        if raw[3] not in (0, 1, ord("0"), ord("1")) or raw[8]:
            return None
    key = key or _KEYS
    if port > _LARGEST_PORT or key >= PORT_STEP:
        return None
    return KeyReport(port, key, pressed, int.from_bytes(timer, "little"))


class HeldKeys:
    """Makes states of a line of keys: the code of the newest that was pressed, 0 once none is."""

    def __init__(self) -> None:
        self._held: set[int] = set()

    def state(self, report: KeyReport) -> int | None:
        """Take in a report; give the new state, None where it stays."""
        if report.pressed:
            self._held.add(report.code)
            return report.code
        was_held = bool(self._held)
        self._held.discard(report.code)
        return 0 if was_held and not self._held else None
