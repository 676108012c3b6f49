"""The thread of a device process that runs the driver: opened, read, published, opened again."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import threading
from collections.abc import Callable
from typing import Final

from pydantic import ValidationError

from acquire.errors import AcquireError
from acquire.host.absences import Absences
from acquire.host.changed_streams import refuse_changes
from acquire.host.contract import ContractError, check_item, checked_queries, checked_specs
from acquire.host.driver_streams import DriverStreams, Event
from acquire.host.input_listener import Listener, Wish, codes_to
from acquire.host.own_copy import OwnCopies
from acquire.lsl.clock import LslClock
from acquire.processes.messages import DeviceState, Open, Opened, Upward
from acquire.processes.restarts import Restarts
from acquire.validation_text import first_problem
from devices import registry
from devices.base import Device, DeviceError, DeviceLost, Notice, StreamQuery
from devices.registry import words_of
from recordings.errors import RecordingError
from recordings.manifest_entries import Level

log = logging.getLogger(__name__)

TRY_S: Final = (1.0, 2.0, 5.0)
"""Waits between two tries to open a device that is away; the last one repeats."""
AWAY_S: Final = 1.0
"""How often a driver is asked what it has to tell though its device is away."""
FOR_GOOD: Final = (DeviceError, RecordingError, AcquireError)
"""What says why the device cannot go on. Whatever else a driver raises is an error of its own, and
the device is opened again."""


class DeviceReader:
    """One driver and its streams.

    `run` is for a thread of its own. The other one may read what is public here: it is replaced,
    and by this thread alone.
    """

    def __init__(
        self,
        order: Open,
        clock: LslClock,
        closing: threading.Event,
        copies: OwnCopies,
        send: Callable[[Upward], None],
        event: Event,
        notice: Event,
    ) -> None:
        """Prepare.

        Args:
            order: which driver, with which settings.
            clock: that samples are stamped by.
            closing: set once the process is to end.
            copies: what is kept of what is published.
            send: takes what the engine is to know of the streams.
            event: takes what happened.
            notice: takes what the driver says of itself, as often as it likes.
        """
        self._order, self._clock, self._closing = order, clock, closing
        self._copies, self._send, self._event, self._notice = copies, send, event, notice
        self.name = str(order.settings["name"])
        self.state = DeviceState.OPENING
        self.device: Device | None = None
        self.streams = DriverStreams(order, event)
        self.listener: Listener | None = None
        self.last_item = 0.0  # LSL time of the last sample or frame
        self.last_beat = 0.0  # and of the last answer of `read`
        self.is_read = False  # whether `read` is to answer
        self.rests = False  # whether the driver says that it has nothing to send at present
        self._breaks = Restarts()
        self._absences = Absences()
        self._opened_at = 0.0  # LSL time
        self._reopen_wait_s = 0.0

    def run(self) -> None:
        """Open the device and read it until it fails or the process is to end."""
        try:
            if self._guarded(self._start):
                self._run()
        finally:
            if self.device is not None:
                self._guarded(self.device.close)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do it; whatever goes wrong in a driver fails this device alone, in one line."""
        try:
            action()
        except BaseException as error:  # a driver that calls sys.exit fails like any other
            log.debug("%s failed", self.name, exc_info=True)
            self._fail(one_line(error))
            return False
        return True

    def _fail(self, text: str) -> None:
        self.is_read = False
        self.state = DeviceState.FAILED
        self._event("error", "device-failed", text)

    def _start(self) -> None:
        order = self._order
        driver = registry.find(order.driver, order.folder)
        if reason := driver.unavailable():
            raise DeviceError(reason)
        try:
            settings = driver.Settings.model_validate(order.settings)
        except ValidationError as error:
            raise DeviceError(first_problem(error, driver.Settings)) from error
        self.device = driver(settings, self._clock)
        specs = checked_specs(self.device.open())
        self.streams.announce(specs)
        self._copies.tap(self.streams.outlets)
        self._listen()
        self._running()
        seed = getattr(settings, "seed", None) if driver.simulated else None
        self._send(Opened(specs, self.streams.uids, bool(driver.simulated), seed))

    def _listen(self) -> None:
        """Hear what the driver and the cameras' gates want to hear."""
        assert self.device is not None
        queries = checked_queries(self.device.inputs())
        wishes = [Wish(query, self.device.take, self.device.hear) for query in queries]
        if gate := self._order.video.gate:
            query = StreamQuery(name=gate.source)
            wishes += [Wish(query, codes_to(c.take_code)) for c in self.streams.media.values()]
        self.listener = Listener(
            wishes,
            self._notice,
            own=self.streams.uids.values,
            origin=self._order.origin,
        )
        self.listener.start()

    def _running(self) -> None:
        self._opens()
        self.state = DeviceState.RUNNING

    def _opens(self) -> None:
        assert self.device is not None
        self.last_item = self.last_beat = self._opened_at = self._clock.now()
        self.rests = bool(self.device.resting)
        self.is_read = True

    def _run(self) -> None:
        while self._guarded(self._read_once):
            if self._closing.is_set() or self.state is DeviceState.FAILED:
                return
            if not self._guarded(self._reopen) or self._closing.is_set():
                return

    def _read_once(self) -> None:
        """Read until the device goes away, its driver breaks, or it is to stop."""
        assert self.device is not None
        try:
            for item in self.device.read():
                self.last_beat = self._clock.now()
                self.rests = bool(self.device.resting)
                if self.state is DeviceState.STALLED:
                    # Not before: of a driver that breaks each time it would say that it runs.
                    self.state = DeviceState.RUNNING
                    self._event("info", "device-back", "is back")
                if item is not None:
                    self._publish(item)
                if self._closing.is_set():
                    self._take_held_back()
                    return
        except DeviceLost as error:
            self._take_held_back()
            self._reopen_wait_s = self._absences.lost(self._flowed_s())
            text = self._absences.told(str(error), self._reopen_wait_s)
            self._stalled("warning", "device-lost", text)
        except FOR_GOOD:
            raise
        except BaseException as error:
            self._broke(one_line(error))
        else:
            self._broke("stopped delivering: its read() ended")

    def _take_held_back(self) -> None:
        """Publish what the driver held back; an error in there takes nothing of what was read."""
        assert self.device is not None
        try:
            for item in self.device.held_back():
                self._publish(item)
        except BaseException as error:
            self._event("error", "device-broke", f"what it held back is lost: {one_line(error)}")

    def _flowed_s(self) -> float:
        """For how long data have come since it was opened; markers come when they come."""
        newest = self.last_item if math.isfinite(self.streams.patience_s) else self._clock.now()
        return newest - self._opened_at

    def _broke(self, text: str) -> None:
        """Have a driver that made an error opened again, like one that crashed; not for ever.

        Raises:
            DeviceError: it has broken too often, or nobody wants it any more.
        """
        wait_s = self._breaks.died(self.name, self._clock.now())
        if wait_s is None or self._closing.is_set():
            often = "" if wait_s is not None else " again and again; it is left alone"
            raise DeviceError(text + often)
        self._reopen_wait_s = wait_s
        self._stalled("error", "device-broke", f"{text}; opening it again in {wait_s:g} s")

    def _stalled(self, level: Level, code: str, text: str) -> None:
        """Tell why it does not run; after the state, or one that says it runs would end the why."""
        self.is_read = False
        self.state = DeviceState.STALLED
        self._event(level, code, text)

    def _publish(self, given: object) -> None:
        """Publish what the driver gave, if it can be; see `check_item`."""
        item = check_item(given, self.streams.specs)
        if isinstance(item, Notice):
            self._notice(item.level, item.code, item.text)
            return
        self.last_item = self._clock.now()
        self.streams.publish(item)

    def _reopen(self) -> None:
        """Open the device again, on the same outlets, as often as it takes."""
        assert self.device is not None
        told: set[type] = set()  # once an absence: the words of some change with each try
        for attempt in itertools.count(1):
            with contextlib.suppress(Exception):  # what is broken may not close: open() is to cope
                self.device.close()
            if self._ends_within(self._reopen_wait_s):
                return
            self._reopen_wait_s = TRY_S[min(attempt, len(TRY_S)) - 1]
            try:
                specs = {spec.name: spec for spec in checked_specs(self.device.open())}
                refuse_changes(self.streams.specs, specs)
            except DeviceLost as error:
                log.debug("%s: still away: %s", self.name, error)
            except FOR_GOOD as error:  # it was open before: what keeps it away now may pass
                if type(error) not in told:
                    self._event("warning", "device-away", f"{one_line(error)}; trying again")
                told.add(type(error))
            except BaseException as error:
                self._broke(one_line(error))
            else:
                self._came_back()
                return

    def _ends_within(self, wait_s: float) -> bool:
        """Wait, or until the process is to end; what the driver has to tell meanwhile is told."""
        assert self.device is not None
        due = self._clock.now() + wait_s
        while (left := due - self._clock.now()) > 0:
            ends = self._closing.wait(min(left, AWAY_S))
            try:
                for item in self.device.while_away():
                    self._publish(item)
            except BaseException as error:
                self._broke(one_line(error))
                due = self._clock.now() + self._reopen_wait_s
            if ends:
                return True
        return self._closing.is_set()

    def _came_back(self) -> None:
        self.streams.reopened()
        self._opens()


def one_line(error: BaseException) -> str:
    """Say what went wrong in one line; an error that nobody foresaw is named by its type."""
    kind, text = type(error).__name__, words_of(error)
    if not isinstance(error, (*FOR_GOOD, ContractError)) and text != kind:
        text = f"{kind}: {text}"
    return " ".join(text.split())
