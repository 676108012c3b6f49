"""The device process: runs one driver, publishes its streams, obeys the engine's pipe.

Started as ``python -P -m acquire.host.device_host HANDLE``. Two threads: the main one serves
the pipe, the other reads the device, so that a driver that hangs cannot keep the engine from being
answered.
The end of the pipe means that the engine is gone: the video is finished and the process ends.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from pydantic import ValidationError

from acquire.camera.frame_stream import FrameStream
from acquire.camera.stream import CameraStream, SoundStream
from acquire.errors import AcquireError
from acquire.host.input_listener import Listener, Wish, codes_to
from acquire.host.own_copy import OwnCopies
from acquire.host.signal_stream import SignalStream
from acquire.lsl.clock import LslClock
from acquire.lsl.config import configure
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet
from acquire.processes.child import pipe_of
from acquire.processes.futures import joined
from acquire.processes.loss_log import LossLog
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    Command,
    DeviceState,
    HostEvent,
    HostStatus,
    Open,
    Opened,
    Request,
    StartVideo,
    StopVideo,
    TakePreview,
    Upward,
    VideoSummary,
)
from acquire.processes.punctual import be_punctual
from acquire.processes.restarts import Restarts
from acquire.validation_text import first_problem
from devices import registry
from devices.base import (
    Chunk,
    Device,
    DeviceError,
    DeviceLost,
    Frame,
    MediaSpec,
    Notice,
    SoundSpec,
    StreamQuery,
    StreamSpec,
)
from recordings.errors import RecordingError
from recordings.manifest import Level

log = logging.getLogger(__name__)

STATUS_S = 0.1
SILENT_S = 2.0
"""A device that delivers nothing for so long is stalled."""
HANGS_S = 2.0
"""A `read` that gives nothing for so long, not even None, hangs: it owes something every 200 ms."""
REOPEN_S = (0.5, 1.0, 2.0, 5.0)
"""Waits before a device that went away is opened again; the last one repeats."""
FOR_GOOD = (DeviceError, RecordingError, AcquireError)
"""What says why the device cannot go on. Whatever else a driver raises is an error of its own, and
the device is opened again."""
PREVIEW_S = 0.3
"""How long a preview waits for a frame."""
JOIN_S = 2.0
"""How long a driver may take to notice that it is to stop."""
LINGER_S = 0.6
LINGER_LOOK_S = 0.02
"""How long an outlet outlives its last sample while somebody is connected: the recorder pulls
every quarter of a second, LabRecorder every half."""


class Host:
    """One driver and its streams."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        # The pipe's thread, the device's and an encoder's listener send, and a message is longer
        # than what the system writes in one piece.
        self._send_lock = threading.Lock()
        self._closing = threading.Event()
        self._state = DeviceState.OPENING
        self._name = ""
        self._device: Device | None = None
        self._model = ClockModel()
        self._losses = LossLog()
        self._signals: dict[str, SignalStream] = {}
        self._media: dict[str, FrameStream] = {}
        self._listener: Listener | None = None
        self._copies = OwnCopies(self._event)
        self._last_item = 0.0
        self._last_beat = 0.0
        self._hangs = False  # whether that has been told
        self._breaks = Restarts()
        self._reopen_wait_s = REOPEN_S[0]

    def run(self) -> None:
        """Serve until the engine closes the pipe or says `Close`."""
        try:
            first = self._pipe.recv()
        except EOFError:
            return
        self._clock = LslClock(self._closing)
        reader = threading.Thread(target=self._read, args=(first.body,), daemon=True)
        configure(first.body.lsl_config)
        self._send(Answer(first.number))
        reader.start()
        self._serve()
        self._closing.set()
        reader.join(JOIN_S)
        if self._listener is not None:  # its inlets before the outlets, or liblsl may hang
            self._listener.close()
        for camera in self._media.values():
            camera.finish()
        self._copies.close()  # after the cameras: their last rows have been pushed
        self._linger()
        for outlet in self._outlets():
            outlet.close()

    def _outlets(self) -> list[Outlet]:
        cameras = [camera.outlet for camera in self._media.values()]
        return [*cameras, *(signal.outlet for signal in self._signals.values())]

    def _linger(self) -> None:
        """Let those who listen pull first: an inlet gives nothing once its outlet is gone."""
        deadline = time.monotonic() + LINGER_S
        while time.monotonic() < deadline and any(o.is_heard for o in self._outlets()):
            time.sleep(LINGER_LOOK_S)

    # The pipe, in the main thread.

    def _serve(self) -> None:
        due = time.monotonic()
        while True:
            try:
                if self._pipe.poll(max(0.0, due - time.monotonic())):
                    request: Request = self._pipe.recv()
                    if isinstance(request.body, Close):
                        return
                    self._answer(request)
                if time.monotonic() >= due:
                    due = time.monotonic() + STATUS_S
                    self._watch_heart()
                    self._send(self._status())
                    self._look_after_videos()
            except (EOFError, OSError):  # the engine is gone
                return

    def _answer(self, request: Request) -> None:
        """Answer a request, now or once what was asked for is done: nobody waits for it here."""
        try:
            value = self._obey(request.body)
        except Exception as error:  # whatever a driver raises, the engine must be answered
            log.debug("%s", error, exc_info=True)
            self._send(Answer(request.number, error=str(error) or type(error).__name__))
            return
        if isinstance(value, Future):
            value.add_done_callback(partial(self._answer_later, request.number))
        else:
            self._send(Answer(request.number, value))

    def _answer_later(self, number: int, done: Future[list[list[VideoSummary]]]) -> None:
        # In the thread that closed the last file.
        with contextlib.suppress(OSError):  # the engine is gone; the main thread sees it, too
            self._send(Answer(number, [summary for files in done.result() for summary in files]))

    def _obey(self, body: Any) -> Any:
        match body:
            case ArmVideo(take, paths, hash_raw, copy):
                if copy is not None:
                    self._copies.arm(take, copy)
                return {
                    name: self._media[name].arm(take, path, hash_raw=name in hash_raw)
                    for name, path in paths.items()
                }
            case StartVideo(take, lsl_start):
                self._copies.start(take, lsl_start)  # first: no row of it may come before
                for camera in self._media.values():
                    camera.start(take, lsl_start)
            case StopVideo(take, lsl_stop):
                videos = joined([c.stop(take, lsl_stop) for c in self._media.values()])
                return self._copies.stop(take, lsl_stop, videos)
            case TakePreview(stream):
                camera = self._media[stream]
                return camera.preview.take(PREVIEW_S) if isinstance(camera, CameraStream) else None
            case Command(name, args):
                if self._device is None:
                    raise DeviceError(f"{self._name}: not open")
                answer = self._device.command(name, args)
                self._event("info", "command", f"{name} {dict(args)}: {answer}")
                return answer
        return None

    def _status(self) -> HostStatus:
        state = self._state
        rests = self._device is not None and self._device.resting
        quiet = self._steady and not rests and self._clock.now() - self._last_item > SILENT_S
        if state is DeviceState.RUNNING and (quiet or self._hangs):
            state = DeviceState.STALLED
        samples = {s.spec.name: s.samples for s in self._signals.values()}
        samples |= {c.spec.name: c.captured for c in self._media.values()}
        return HostStatus(
            state,
            samples,
            self._losses.take(),
            self._model.drift_ppm if self._model.fitted else None,
            max((c.ring_fill() for c in self._media.values()), default=0.0),
            {c.spec.name: c.fates for c in self._media.values() if isinstance(c, CameraStream)},
        )

    def _watch_heart(self) -> None:
        """Tell once that `read` hangs, whatever the device delivers, and once that it goes on."""
        still = self._clock.now() - self._last_beat
        hangs = self._state is DeviceState.RUNNING and still > HANGS_S
        if hangs == self._hangs:
            return
        self._hangs = hangs
        if hangs:
            self._event(
                "warning",
                "device-hangs",
                f"its driver's read() has not answered for {still:.1f} s (limit {HANGS_S:g} s): "
                "nothing of it is recorded; check its cable, or start the device again",
            )
        elif self._state is DeviceState.RUNNING:
            self._event("info", "device-hangs-over", "its driver answers again")

    def _look_after_videos(self) -> None:
        now = self._clock.now()
        for camera in self._media.values():
            camera.look_after(now)
            for level, code, text, take in camera.new_events():
                self._event(level, code, text, take)

    @property
    def _steady(self) -> bool:
        """Whether something is to come all the time; markers may be far apart."""
        return bool(self._media) or any(s.spec.rate_hz > 0 for s in self._signals.values())

    def _send(self, message: Upward) -> None:
        with self._send_lock:
            self._pipe.send(message)

    def _event(self, level: Level, code: str, text: str, take: int | None = None) -> None:
        try:
            named = text if text.startswith(f"{self._name}: ") else f"{self._name}: {text}"
            self._send(HostEvent(self._clock.now(), level, code, named, take))
        except OSError:  # the engine is gone; the main thread sees it, too
            log.debug("nobody hears: %s", text)

    # The device, in a thread of its own.

    def _read(self, order: Open) -> None:
        try:
            if self._guarded(lambda: self._start(order)):
                self._run()
        finally:
            if self._device is not None:
                self._guarded(self._device.close)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do it; whatever goes wrong in a driver fails this device alone, in one line."""
        try:
            action()
        except BaseException as error:  # a driver that calls sys.exit fails like any other
            log.debug("%s failed", self._name, exc_info=True)
            self._fail(one_line(error))
            return False
        return True

    def _fail(self, text: str) -> None:
        self._state = DeviceState.FAILED
        self._event("error", "device-failed", text)

    def _start(self, order: Open) -> None:
        self._name = str(order.settings["name"])
        driver = registry.find(order.driver, order.folder)
        if reason := driver.unavailable():
            raise DeviceError(reason)
        try:
            settings = driver.Settings.model_validate(order.settings)
        except ValidationError as error:
            raise DeviceError(first_problem(error)) from error
        self._device = driver(settings, self._clock)
        specs = tuple(self._device.open())
        kept = order.buffer_s, order.origin
        for spec in specs:
            if isinstance(spec, StreamSpec):
                self._signals[spec.name] = SignalStream(
                    spec, self._name, self._model, self._losses, *kept
                )
            elif isinstance(spec, SoundSpec):
                self._media[spec.name] = SoundStream(
                    spec, self._name, self._model, self._losses, *kept
                )
            else:
                self._media[spec.name] = CameraStream(
                    spec, self._name, order.video, self._model, self._losses, *kept
                )
        self._copies.tap(self._outlets())
        uids = {n: s.outlet.uid for n, s in self._signals.items()}
        uids |= {n: c.outlet.uid for n, c in self._media.items()}
        self._listen(order, uids)
        self._running()
        seed = getattr(settings, "seed", None) if driver.simulated else None
        self._send(Opened(specs, uids, driver.simulated, seed))

    def _listen(self, order: Open, uids: Mapping[str, str]) -> None:
        """Hear what the driver and the cameras' gates want to hear."""
        assert self._device is not None
        wishes = [
            Wish(query, self._device.take, self._device.hear) for query in self._device.inputs()
        ]
        if gate := order.video.gate:
            query = StreamQuery(name=gate.source)
            wishes += [Wish(query, codes_to(c.take_code)) for c in self._media.values()]
        self._listener = Listener(
            wishes,
            lambda text: self._event("warning", "not-taken", text),
            own=uids.values,
            origin=order.origin,
        )
        self._listener.start()

    def _running(self) -> None:
        self._last_item = self._last_beat = self._clock.now()
        self._state = DeviceState.RUNNING

    def _run(self) -> None:
        while self._guarded(self._read_once):
            if self._closing.is_set() or self._state is DeviceState.FAILED:
                return
            if not self._guarded(self._reopen) or self._closing.is_set():
                return

    def _read_once(self) -> None:
        """Read until the device goes away, its driver breaks, or it is to stop."""
        assert self._device is not None
        self._reopen_wait_s = REOPEN_S[0]
        try:
            for item in self._device.read():
                self._last_beat = self._clock.now()
                if item is not None:
                    self._publish(item)
                if self._closing.is_set():
                    return
        except DeviceLost as error:
            self._event("warning", "device-lost", f"{error}; trying to open it again")
        except FOR_GOOD:
            raise
        except BaseException as error:
            self._broke(one_line(error))
        else:
            self._broke("stopped delivering: its read() ended")

    def _broke(self, text: str) -> None:
        """Have a driver that made an error opened again, like one that crashed; not for ever.

        Raises:
            DeviceError: it has broken too often, or nobody wants it any more.
        """
        wait_s = self._breaks.died(self._name, self._clock.now())
        if wait_s is None or self._closing.is_set():
            often = "" if wait_s is not None else " again and again; it is left alone"
            raise DeviceError(text + often)
        self._reopen_wait_s = wait_s
        self._event("error", "device-broke", f"{text}; opening it again in {wait_s:g} s")

    def _publish(self, item: Chunk | Frame | Notice) -> None:
        if isinstance(item, Notice):
            self._event(item.level, item.code, item.text)
            return
        self._last_item = self._clock.now()
        try:
            if isinstance(item, Frame):
                self._media[item.stream].publish(item)
            else:
                self._publish_chunk(self._signals[item.stream], item)
        except KeyError as error:
            raise DeviceError(f"yields stream {item.stream!r}, which open() never named") from error

    def _publish_chunk(self, signal: SignalStream, chunk: Chunk) -> None:
        before = signal.outlet.bad_stamps
        signal.publish(chunk)
        if signal.outlet.bad_stamps and not before:
            self._event(
                "warning",
                "stamps-nan",
                f"{chunk.stream}: its driver gave a time that is no number; the sample has the "
                "time before it, and so will others, without a further word: mend the driver",
            )

    def _reopen(self) -> None:
        """Open the device again, on the same outlets, as often as it takes."""
        assert self._device is not None
        self._state = DeviceState.STALLED
        told = False  # once an absence: the words of some change with each try
        for attempt in itertools.count(1):
            with contextlib.suppress(Exception):  # what is broken may not close: open() is to cope
                self._device.close()
            if self._closing.wait(self._reopen_wait_s):
                return
            self._reopen_wait_s = REOPEN_S[min(attempt, len(REOPEN_S) - 1)]
            try:
                specs = {spec.name: spec for spec in self._device.open()}
            except DeviceLost as error:
                log.debug("%s: still away: %s", self._name, error)
            except FOR_GOOD as error:  # it was open before: what keeps it away now may pass
                if not told:
                    self._event("warning", "device-away", f"{one_line(error)}; trying again")
                told = True
            except BaseException as error:
                self._broke(one_line(error))
            else:
                self._came_back(specs)
                return

    def _came_back(self, specs: Mapping[str, StreamSpec | MediaSpec]) -> None:
        expected: dict[str, StreamSpec | MediaSpec] = {n: s.spec for n, s in self._signals.items()}
        expected |= {name: camera.spec for name, camera in self._media.items()}
        if specs != expected:
            raise DeviceError("came back with other streams: restart it to use them")
        for signal in self._signals.values():
            signal.reopened()
        self._running()
        self._event("info", "device-back", "is back")


def one_line(error: BaseException) -> str:
    """Say what went wrong in one line; an error that nobody foresaw is named by its type."""
    known = isinstance(error, FOR_GOOD)
    text = str(error) if known else f"{type(error).__name__}: {error}".removesuffix(": ")
    return " ".join(text.split())


def main() -> None:
    """Run one device for the engine at the other end of the pipe."""
    logging.basicConfig(level=os.environ.get("UNISONO_LOG", "CRITICAL"))
    be_punctual()
    Host(pipe_of(int(sys.argv[1]))).run()
    # A driver that hangs in its SDK must not keep the process: everything is closed by now.
    os._exit(0)


if __name__ == "__main__":
    main()
