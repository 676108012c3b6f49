"""GenICam cameras in common: from what a buffer says to a `Frame` with its number and its time."""

from __future__ import annotations

import re
from dataclasses import replace

from devices.arrays import U8Array
from devices.base import DeviceError, Frame, Notice
from devices.camera.genicam_nodes import Configured, GenicamSettings

IDS_16_BIT = 0xFFFF
LONGEST_GAP = 0x7FFF
"""More missing frames than this are not believed: the camera counts anew."""
WIDTHS = (16, 32, 64)
LONGEST_OVER_END = 1000
"""So many frames may be missing over the end of what a number of these bits holds."""
EXACT = 1 << 48
"""Ids beyond are counted from there: in the index a number is exact up to 2^53."""

HOLD_S = 0.5
SET_BACK = 3
"""After so many rising stamps that are behind, the camera's clock was set back."""
WITHOUT_TIME = (
    "it has the time of its arrival, with all that the transport and a busy computer add, and so "
    "may others, without a further word; where the camera has a chunk with its time, name it as "
    "`chunk_timestamp` (camera-genicam)"
)

_PIXEL_FORMAT = re.compile(r"(?:Mono|Bayer(?:RG|GR|GB|BG))(8|10|12|16|10p|12p)")
_SHIFT = {"exposure-start": 0.5, "exposure-middle": 0.0, "exposure-end": -0.5}


def line_bytes(device: str, pixel_format: str, width: int) -> int:
    """Give the bytes of one line of a picture.

    Raises:
        DeviceError: the format cannot be recorded.
    """
    if pixel_format == "RGB8":
        return 3 * width
    match = _PIXEL_FORMAT.fullmatch(pixel_format)
    if match is None:
        raise DeviceError(
            f"{device}: pixel format {pixel_format} cannot be recorded; set pixel_format to Mono, "
            "BayerRG, BayerGR, BayerGB or BayerBG with 8, 10, 10p, 12, 12p or 16, or to RGB8"
        )
    bits = {"8": 8, "10p": 10, "12p": 12}.get(match[1], 16)
    return (width * bits + 7) // 8


class FrameNumbers:
    """Makes one ascending number of a camera's frame ids, and counts the ids that never came.

    GigE Vision block ids of 16 bits run 1…65535 and go on at 1; others go on at 0 once their bits
    are used up. After the camera was opened again its ids start anew, and the numbers go on where
    they were.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._number: int | None = None
        self._wraps = False

    def restart(self, *, wraps: bool) -> None:
        """Expect any id next; `wraps` says whether ids may have 16 bits only."""
        self._last = None
        self._wraps = wraps

    def take(self, frame_id: int) -> tuple[int, int]:
        """Give the number of a whole frame, and how many frames are missing before it."""
        step = self._step(frame_id)
        if step is None:
            step = 1  # the camera counts anew: how many are missing cannot be known
        self._last = frame_id
        self._number = frame_id % EXACT if self._number is None else self._number + step
        return self._number, step - 1

    def take_broken(self, frame_id: int) -> tuple[int, int]:
        """Do the same for a broken frame.

        Where the packet with its id is what got lost, the buffer shows the id of an older frame:
        such a frame is taken for the next one.
        """
        if self._last is not None and self._step(frame_id) is None:
            frame_id = 1 if self._wraps and self._last == IDS_16_BIT else self._last + 1
        return self.take(frame_id)

    def _step(self, frame_id: int) -> int | None:
        if self._last is None:
            return 1
        step = frame_id - self._last
        if step <= 0 and self._wraps and self._last <= IDS_16_BIT:
            step += IDS_16_BIT
        elif step < 0:
            over = (step + (1 << bits) for bits in WIDTHS)
            step = next((one for one in over if 0 < one <= LONGEST_OVER_END), step)
        return step if 0 < step <= LONGEST_GAP else None


class FrameMaker:
    """Numbers and times the frames of one camera; outlives its being away.

    A broken frame has no stamp of its own (the buffer may show that of an older frame) and arrives
    late, when the wait for its packets is over. It is held back until the next whole frame, and
    gets a time between its neighbours: stamped at arrival it would push good frames back.

    `exposure_us` is what the camera was last set to; a change takes effect a frame or two later.
    """

    def __init__(self, settings: GenicamSettings) -> None:
        self.exposure_us: float | None = None
        self.shape: tuple[int, ...] = ()
        self.bytes = 0  # of a picture
        self.size = (0, 0)  # width and height
        self._settings = settings
        self._numbers = FrameNumbers()
        self._last: tuple[int, float] | None = None  # number and device time of a whole frame
        self._broken: list[Frame] = []  # at most HOLD_S of them
        self._period = 0.0
        self._behind: list[float] = []  # times in a row that do not go on from the last one
        self._lacks: dict[str, str] = {}  # what frames do not say of themselves: code and text
        self._told: set[str] = set()

    def start(self, configured: Configured, *, wraps: bool) -> None:
        """Take the size, rate and exposure of a camera that is about to start.

        Raises:
            DeviceError: its pixel format cannot be recorded.
        """
        c = configured
        line = line_bytes(self._settings.name, c.pixel_format, c.width)
        self.shape = (c.height, c.width, 3) if c.pixel_format == "RGB8" else (c.height, line)
        self.bytes = c.height * line
        self.size = (c.width, c.height)
        self.exposure_us = c.exposure_us
        self._period = 1 / c.rate_hz
        self._numbers.restart(wraps=wraps)
        self._last = None
        self._behind.clear()
        self._broken.clear()

    def misfit(self, width: int, height: int) -> str | None:
        """Say that a picture has another size; its bytes may be as many. 0 x 0: it does not say."""
        if (width, height) in (self.size, (0, 0)):
            return None
        return f"{width} x {height} pixels, not {self.size[0]} x {self.size[1]}"

    def notice(self) -> Notice | None:
        """Say, each once in the life of a camera, what a frame does not say of itself."""
        for code, text in self._lacks.items():
            if code not in self._told:
                self._told.add(code)
                return Notice("warning", code, text)
        return None

    def without_number(self) -> None:
        """Learn that frames have no id: they are numbered as they come."""
        self._lacks["frames-unnumbered"] = (
            "its frames carry no numbers: they are counted as they come, and those that never came "
            "are not; where the camera has a chunk with it, name it as `chunk_frame_id`"
        )

    def _without_time(self, why: str) -> None:
        self._lacks["stamps-of-arrival"] = f"{why}: {WITHOUT_TIME}"

    def whole(
        self,
        frame_id: int,
        stamp_ns: int,
        arrival: float,
        image: U8Array,
        exposure_us: float | None = None,
    ) -> list[Frame]:
        """Make a frame, after the broken ones before it; a `stamp_ns` of 0 is none."""
        exposure = self.exposure_us if exposure_us is None else exposure_us
        number, lost = self._numbers.take(frame_id)
        own = self._device_time(stamp_ns, (exposure or 0.0) * 1e-6)
        frame = Frame(
            stream=self._settings.name,
            device_frame=number,
            time=arrival if own is not None else self._guess(arrival, exposure),
            image=image,
            device_time=own,
            exposure_us=exposure,
            lost=lost,
        )
        before = self._broken if own is None else self._placed(number, own)
        self._last = self._last if own is None else (number, own)
        self._broken = []
        return [*before, frame]

    def broken(self, frame_id: int, arrival: float, fault: str) -> list[Frame]:
        """Hold a broken frame back; give those that were held for too long."""
        number, lost = self._numbers.take_broken(frame_id)
        self._broken.append(
            Frame(
                stream=self._settings.name,
                device_frame=number,
                time=self._guess(arrival, self.exposure_us),
                image=None,
                exposure_us=self.exposure_us,
                fault=fault,
                lost=lost,
            )
        )
        return self.overdue(arrival)

    def overdue(self, now: float) -> list[Frame]:
        """Give the broken frames, if no whole one came for HOLD_S."""
        if self._broken and now - self._broken[0].time > HOLD_S:
            return self.rest()
        return []

    def rest(self) -> list[Frame]:
        """Give the broken frames: no whole one will come."""
        rest, self._broken = self._broken, []
        return rest

    def _guess(self, arrival: float, exposure_us: float | None) -> float:
        """Without a stamp: the exposure ended when the frame arrived."""
        return arrival - (exposure_us or 0.0) * 0.5e-6

    def _device_time(self, stamp_ns: int, exposure_s: float) -> float | None:
        """Give the middle of the exposure on the camera's clock, s."""
        if stamp_ns <= 0:
            self._without_time("its frames carry no time stamps")
            return None
        time = stamp_ns * 1e-9 + _SHIFT[self._settings.timestamp_at] * exposure_s
        if self._last is None or time > self._last[1] or self._was_set_back(time):
            self._behind.clear()
            return time
        self._without_time("the time stamp of a frame does not go on from the one before")
        return None

    def _was_set_back(self, time: float) -> bool:
        """Whether the stamps have gone on from another time for so long that this is the clock."""
        if self._behind and time <= self._behind[-1]:
            self._behind.clear()
        self._behind.append(time)
        return len(self._behind) > SET_BACK

    def _placed(self, number: int, own: float) -> list[Frame]:
        """Place the broken frames evenly between the last whole one and this one."""
        period = self._period
        if self._last is not None and own > self._last[1]:
            period = (own - self._last[1]) / (number - self._last[0])
        return [
            replace(
                frame,
                device_time=own - (number - frame.device_frame) * period,
                time=frame.time + (frame.exposure_us or 0.0) * 0.5e-6,
            )
            for frame in self._broken
        ]
