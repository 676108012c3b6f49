"""Finds frames in a stream of bytes: no I/O, no clock, never an exception.

Mostly one frame follows another, and they are only looked at. Else all places of a burst where a
frame may begin are judged at once by sync bytes, end bytes and checksum; then the frames are taken
from left to right. What lies between two of them is junk. A format that says little about where a
frame begins has to be seen several times in a row before it is believed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from devices.arrays import I64Array, U8Array
from devices.serial.binary_frames import FrameFormat
from devices.serial.checksums import NAMES, width_bits

_DECIDED = 8
"""After so many frames it is clear whether the checksum covers the sync bytes."""


class FrameParser:
    """One stream of frames. `skipped` and `wrong` count bytes that are junk and wrong checksums."""

    def __init__(self, frame: FrameFormat) -> None:
        self.frame = frame
        self.frames = 0
        self.skipped = 0
        self.wrong = 0
        over = frame.checksum_over
        self._spans = ["payload", "frame"] if over == "auto" else [over]
        if not frame.sync:
            self._spans = ["frame"]
        self._votes = dict.fromkeys(self._spans, 0)
        self._rest = b""
        self._locked = False
        self._junk = 0  # bytes since the last frame
        self._confirm = 3 if not frame.sync else 0 if frame.checksum else 1
        self._specimen: U8Array = np.empty((0, frame.length), np.uint8)  # with a wrong checksum
        at_end = frame.length - len(frame.end)
        self._marks = [*enumerate(frame.sync), *enumerate(frame.end, at_end)]  # where, which byte
        self._marked = np.array([at for at, _ in self._marks], np.intp)
        self._bytes = np.array([byte for _, byte in self._marks], np.uint8)

    def feed(self, data: bytes) -> tuple[U8Array, I64Array]:
        """Take bytes in; give whole frames (n, length) and how many were spoilt before each, (n,).

        Junk before the first frame of all counts whole lengths only: it begins with what was left
        of a frame when the port was opened.
        """
        buffer = np.frombuffer(self._rest + data, np.uint8)
        rows = self._in_step(buffer)
        if rows is None:
            return self._search(buffer)
        self._rest = buffer[rows.size :].tobytes()
        self.frames += len(rows)
        return rows, np.zeros(len(rows), np.int64)

    def _in_step(self, buffer: U8Array) -> U8Array | None:
        """Give the frames of a burst that go on where the last one ended, if all are right."""
        frame, count = self.frame, len(buffer) // self.frame.length
        rows = buffer[: count * frame.length].reshape(count, frame.length)
        if not (count and self._locked) or (rows[:, self._marked] != self._bytes).any():
            return None
        return rows if frame.checksum is None or self._right(rows).all() else None

    def _search(self, buffer: U8Array) -> tuple[U8Array, I64Array]:
        length = self.frame.length
        places = self._places(buffer)
        taken, stop = self._take(places, len(buffer))
        self._rest = buffer[stop:].tobytes()
        ends = taken + length
        before = np.concatenate([[0], ends[:-1]]) if len(taken) else ends
        junk = taken - before
        if len(taken):
            junk[0] += self._junk
            self._junk = 0
        self._junk += stop - (int(ends[-1]) if len(taken) else 0)
        self.skipped += int(junk.sum())
        spoilt = np.where(junk > 0, np.maximum(1, (junk + length // 2) // length), 0)
        if len(taken) and not self.frames:
            spoilt[0] = junk[0] // length
        self.frames += len(taken)
        rows = buffer[taken[:, None] + np.arange(length)]
        return rows, spoilt.astype(np.int64)

    def _places(self, buffer: U8Array) -> I64Array:
        """Find every offset at which the bytes are a valid frame."""
        frame, last = self.frame, len(buffer) - self.frame.length
        if last < 0:
            return np.empty(0, np.int64)
        fits = np.ones(last + 1, np.bool_)
        for at, byte in self._marks:
            fits &= buffer[at : at + last + 1] == byte
        places = np.flatnonzero(fits)
        if frame.checksum is None or not len(places):
            return places
        rows = buffer[places[:, None] + np.arange(frame.length)]
        right = self._right(rows)
        bad = len(rows) - int(right.sum())
        self.wrong += bad
        if bad and not self.frames:
            self._specimen = np.concatenate([self._specimen, rows[~right][:16]])[-16:]
        return places[right]

    def _right(self, rows: U8Array) -> npt.NDArray[np.bool_]:
        right = np.zeros(len(rows), np.bool_)
        for span in self._spans:
            good = self.frame.checksum_right(rows, span)
            self._votes[span] += int(good.sum())
            right |= good
        if len(self._spans) > 1 and max(self._votes.values()) >= _DECIDED:
            self._spans = [max(self._votes, key=lambda span: self._votes[span])]
        return right

    def _take(self, places: I64Array, size: int) -> tuple[I64Array, int]:
        """Choose frames that do not overlap; also say from which byte on nothing is decided."""
        length = self.frame.length
        steady = self._locked or not self._confirm
        if len(places) and steady and places[0] == 0 and (np.diff(places) == length).all():
            self._locked = True
            return places, self._end(int(places[-1]) + length, size)
        known = set(places.tolist())
        taken: list[int] = []
        position = 0
        for place in places.tolist():
            if place < position:
                continue
            sure = not self._confirm or (self._locked and place == position)
            if not sure:
                verdict = self._confirmed(place, known, size)
                if verdict is None:
                    self._locked = False
                    return np.array(taken, np.int64), place
                if not verdict:
                    continue
            taken.append(place)
            position = place + length
            self._locked = True
        return np.array(taken, np.int64), self._end(position, size)

    def _confirmed(self, place: int, known: set[int], size: int) -> bool | None:
        """Say whether enough frames follow a first one; None while they may still come."""
        for k in range(1, self._confirm + 1):
            following = place + k * self.frame.length
            if following + self.frame.length > size:
                return None
            if following not in known:
                return False
        return True

    def _end(self, position: int, size: int) -> int:
        """Give the first byte that may still become part of a frame."""
        undecided = size - self.frame.length + 1
        if position >= undecided:
            return position
        self._locked = False
        return max(position, undecided)

    def complaint(self) -> str:
        """Say in words why no frame has been found in what came."""
        came = self._junk + len(self._rest)
        text = f"no valid frame of {self.frame.length} bytes in {came} bytes"
        if not self.wrong:
            return f"{text}: the sync bytes {bytes(self.frame.sync).hex(' ')} never came"
        text += f": {self.wrong} had the right marks but a wrong checksum"
        return text + (f"; {hint}" if (hint := self._hint()) else "")

    def _hint(self) -> str:
        """Look for the checksum that would have fitted."""
        frame, rows = self.frame, self._specimen
        assert frame.checksum is not None
        width = width_bits(frame.checksum)
        if len(rows) < 4 or frame.packing != "bytes":
            return ""
        for name in (n for n in NAMES if width_bits(n) == width):
            for over in ("payload", "frame"):
                if frame.checksum_right(rows, over, name).mean() > 0.75:
                    return f'checksum = "{name}" with checksum_over = "{over}" would fit'
        return f"no {width}-bit checksum that is known here fits: compare the fields, too"
