"""The device process: runs one driver, publishes its streams, obeys the engine's pipe.

Started as ``python -P -m acquire.host.device_host HANDLE``. Two threads: the main one serves
the pipe, the other reads the device, so that a driver that hangs cannot keep the engine from being
answered.
The end of the pipe means that the engine is gone: the video is finished and the process ends.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import sys
import threading
import time
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from acquire.camera.stream import CameraStream
from acquire.host.contract import checked_answer
from acquire.host.device_reader import DeviceReader, one_line
from acquire.host.event_limit import EventLimit
from acquire.host.heart import Heart
from acquire.host.own_copy import OwnCopies
from acquire.lsl.clock import LslClock
from acquire.lsl.config import configure
from acquire.lsl.outlet import ends_of
from acquire.plain_text import plain
from acquire.processes.child import pipe_of
from acquire.processes.futures import joined
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    Command,
    DeviceState,
    Finish,
    HostEvent,
    HostStatus,
    Request,
    StartVideo,
    StopVideo,
    TakePreview,
    Upward,
    VideoSummary,
)
from acquire.processes.punctual import be_punctual
from devices.base import DeviceError
from devices.registry import words_of
from recordings.manifest_entries import Level

log = logging.getLogger(__name__)

STATUS_S = 0.1
PREVIEW_S = 0.3
"""How long a preview waits for a frame."""
JOIN_S = 2.0
"""How long a driver may take to notice that it is to stop."""
FETCH_S = 10.0
"""How long the engine may take to have the last samples, before the streams go all the same."""
LINGER_S = 0.6
LINGER_LOOK_S = 0.02
"""How long an outlet outlives its last sample while somebody is connected: the recorder pulls
every quarter of a second, LabRecorder every half."""


class Host:
    """Serves the engine's pipe beside the thread that reads the device."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        # The pipe's thread, the device's and an encoder's listener send, and a message is longer
        # than what the system writes in one piece.
        self._send_lock = threading.Lock()
        self._limit = EventLimit()
        self._limit_lock = threading.Lock()  # of the same threads
        self._closing = threading.Event()
        self._reader: DeviceReader | None = None  # until the engine has said what to run
        self._copies = OwnCopies(self._event)
        self._heart = Heart(self._event)

    def run(self) -> None:
        """Serve until the engine closes the pipe or says `Close`."""
        try:
            first = self._pipe.recv()
        except EOFError:
            return
        self._clock = LslClock(self._closing)
        reader = self._reader = DeviceReader(
            first.body,
            self._clock,
            self._closing,
            self._copies,
            self._send,
            self._event,
            self._notice,
        )
        thread = threading.Thread(target=reader.run, name="reader", daemon=True)
        configure(first.body.lsl_config)
        self._send(Answer(first.number))
        thread.start()
        finish = self._serve(reader)
        self._closing.set()
        thread.join(JOIN_S)  # before the files end: it may be in the midst of a frame
        if reader.listener is not None:  # its inlets before the outlets, or liblsl may hang
            reader.listener.close()
        for camera in reader.streams.media.values():
            camera.finish()
        self._copies.close()  # after the cameras: their last rows have been pushed
        reader.streams.tell_of_all_values()
        self._tell_of_held(math.inf)
        if finish is not None:
            self._let_fetch(reader, finish)
        _linger(reader)
        for outlet in reader.streams.outlets:
            outlet.close()

    def _serve(self, reader: DeviceReader) -> Request | None:
        """Serve until the end; gives the request whose answer it is."""
        due = time.monotonic()
        while True:
            try:
                if self._pipe.poll(max(0.0, due - time.monotonic())):
                    request: Request = self._pipe.recv()
                    if isinstance(request.body, Close):
                        return None
                    if isinstance(request.body, Finish):
                        return request
                    self._answer(reader, request)
                if time.monotonic() >= due:
                    due = time.monotonic() + STATUS_S
                    self._heart.watch(self._clock.now(), reader.last_beat, is_read=reader.is_read)
                    self._send(self._status(reader))
                    self._look_after_videos(reader)
                    self._tell_of_held(self._clock.now())
            except (EOFError, OSError):  # the engine is gone
                return None

    def _let_fetch(self, reader: DeviceReader, finish: Request) -> None:
        """Say what the last samples are, and wait until the engine has them: it says `Close`."""
        try:
            self._look_after_videos(reader)
            self._send(self._status(reader))  # with the losses that nobody was told yet
            self._send(Answer(finish.number, ends_of(reader.streams.outlets)))
            self._pipe.poll(FETCH_S)
        except OSError:  # the engine is gone
            log.debug("nobody fetches the last samples")

    def _answer(self, reader: DeviceReader, request: Request) -> None:
        """Answer a request, now or once what was asked for is done: nobody waits for it here."""
        try:
            value = self._obey(reader, request.body)
        except Exception as error:  # whatever a driver raises, the engine must be answered
            log.debug("%s", error, exc_info=True)
            self._send(Answer(request.number, error=plain(words_of(error))))
            return
        if isinstance(value, Future):
            value.add_done_callback(partial(self._answer_later, request.number))
        else:
            self._send(Answer(request.number, value))

    def _answer_later(self, number: int, done: Future[list[list[VideoSummary]]]) -> None:
        # In the thread that closed the last file.
        with contextlib.suppress(OSError):  # the engine is gone; the main thread sees it, too
            self._send(Answer(number, [summary for files in done.result() for summary in files]))

    def _obey(self, reader: DeviceReader, body: Any) -> Any:
        match body:
            case ArmVideo(take, paths, hash_raw, copy):
                if copy is not None:
                    self._copies.arm(take, copy)
                return {
                    name: reader.streams.media[name].arm(take, path, hash_raw=name in hash_raw)
                    for name, path in paths.items()
                }
            case StartVideo(take, lsl_start):
                self._copies.start(take, lsl_start)  # first: no row of it may come before
                for camera in reader.streams.media.values():
                    camera.start(take, lsl_start)
            case StopVideo(take, lsl_stop):
                videos = joined([c.stop(take, lsl_stop) for c in reader.streams.media.values()])
                return self._copies.stop(take, lsl_stop, videos)
            case TakePreview(stream):
                camera = reader.streams.media[stream]
                return camera.preview.take(PREVIEW_S) if isinstance(camera, CameraStream) else None
            case Command(name, args):
                if reader.device is None:
                    raise DeviceError(f"{reader.name}: not open")
                answer = checked_answer(name, reader.device.command(name, args))
                if name != "status":  # a question: the window asks it each second
                    self._event("info", "command", f"{name} {dict(args)}: {answer}")
                return answer
        return None

    def _status(self, reader: DeviceReader) -> HostStatus:
        state, streams = reader.state, reader.streams
        rests = reader.rests or self._closing.is_set()
        quiet = not rests and self._clock.now() - reader.last_item > streams.patience_s
        if state is DeviceState.RUNNING and (quiet or self._heart.hangs):
            state = DeviceState.STALLED
        samples = {s.spec.name: s.samples for s in streams.signals.values()}
        samples |= {c.spec.name: c.captured for c in streams.media.values()}
        return HostStatus(
            state,
            samples,
            streams.losses.take(),
            streams.model.drift_ppm if streams.model.fitted else None,
            max((c.ring_fill() for c in streams.media.values()), default=0.0),
            {c.spec.name: c.fates for c in streams.media.values() if isinstance(c, CameraStream)},
        )

    def _look_after_videos(self, reader: DeviceReader) -> None:
        now = self._clock.now()
        for camera in reader.streams.media.values():
            camera.look_after(now)
            for level, code, text, take in camera.new_events():
                self._event(level, code, text, take)

    def _send(self, message: Upward) -> None:
        with self._send_lock:
            self._pipe.send(message)

    def _notice(self, level: Level, code: str, text: str) -> None:
        """Tell a driver's own words; what the host finds out itself is bounded, and never held."""
        with self._limit_lock:
            admitted = self._limit.admits((level, code, text), self._clock.now())
        if admitted:
            self._event(level, code, text)

    def tell_of_thread(self, ended: threading.ExceptHookArgs) -> None:
        """Tell that a thread has ended by an error, as `threading.excepthook`: a driver's own."""
        if (error := ended.exc_value) is not None:
            log.debug("a thread ended", exc_info=error)
            text = f"a thread that its driver started has ended: {one_line(error)}"
            self._notice("warning", "thread-ended", text)

    def tell_of_end(self, error: BaseException) -> None:
        """Tell why this process ends."""
        log.debug("the process ends", exc_info=error)
        text = f"its process ends: {one_line(error)}; please report this with the log"
        self._event("error", "internal", text)

    def _tell_of_held(self, now: float) -> None:
        with self._limit_lock:
            held = self._limit.due(now)
        if held is not None:
            self._event(*held)

    def _event(self, level: Level, code: str, text: str, take: int | None = None) -> None:
        try:
            name = self._reader.name if self._reader is not None else ""
            named = text if text.startswith(f"{name}: ") else f"{name}: {text}"
            self._send(HostEvent(self._clock.now(), level, code, plain(named), take))
        except OSError:  # the engine is gone; the main thread sees it, too
            log.debug("nobody hears: %s", text)


def _linger(reader: DeviceReader) -> None:
    """Let those who listen pull first: an inlet gives nothing once its outlet is gone."""
    deadline = time.monotonic() + LINGER_S
    while time.monotonic() < deadline and any(o.is_heard for o in reader.streams.outlets):
        time.sleep(LINGER_LOOK_S)


def main() -> None:
    """Run one device for the engine at the other end of the pipe."""
    logging.basicConfig(level=os.environ.get("UNISONO_LOG", "CRITICAL"))
    be_punctual()
    host = Host(pipe_of(int(sys.argv[1])))
    threading.excepthook = host.tell_of_thread
    try:
        host.run()
    except BaseException as error:
        host.tell_of_end(error)
        os._exit(1)  # at once: a driver's threads may never end
    # A driver that hangs in its SDK must not keep the process: everything is closed by now.
    os._exit(0)


if __name__ == "__main__":
    main()
