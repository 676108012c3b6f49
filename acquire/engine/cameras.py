"""The rig's cameras and microphones as one: armed, started, stopped, and what became of it.

A device on a node is armed like a camera, whatever it sends: it keeps an own copy of each take.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from acquire.errors import ControlError
from acquire.processes.link import DeviceSnapshot, Link
from acquire.processes.messages import ArmVideo, StartVideo, StopVideo, VideoSummary
from acquire.survey.codec_speed import hashes_in_passing
from acquire.take.take import Take
from devices.base import MediaSpec, SoundSpec, StreamSpec, VideoSpec
from recordings.video.pixel_formats import pixel_format

ARM_S = 5.0
ARM_FOR_SPLIT_S = 1.0
"""A camera that is away or silent for so long is left out of what comes after a split."""
CLOSE_S = 20.0
"""How long a video file may take to be closed: a full ring has to be encoded first."""
AWAY_S = 2.0
"""How long a node that is away may take to be back: the stop waits for it, as its files do."""
LOOK_S = 0.2
"""How often it is seen, while a file is waited for, whether its node is away."""

Complain = Callable[[Take, str, str], None]
"""Takes the take, the device's name and what is wrong."""


class Cameras:
    """The cameras of one engine; `complain` hears what fails, the other cameras go on.

    It holds no recording of its own: each order names its take.
    """

    def __init__(
        self, devices: Mapping[str, Link], complain: Complain, late: Callable[[str], None]
    ) -> None:
        """Take the devices; `late` gets each that answers again after its take began without it.

        It is called in a thread of its own, and may wait.
        """
        self._devices = devices
        self._complain = complain
        self._late = late

    def _chosen(self, gets: Callable[[str], bool]) -> list[Link]:
        """A device with several cameras is stored as a whole."""
        return [
            device
            for device in self._devices.values()
            if (snapshot := device.snapshot).error is None
            and any(gets(spec.name) for spec in _stored(snapshot))
        ]

    def arm(self, take: Take, within_s: float = ARM_S) -> list[str]:
        """Have every camera prepare its file, so that `start` takes effect at once.

        Gives what went wrong with devices on nodes, in words; all failures are complained of.
        """
        return self._arm(take, self._chosen(take.gets), within_s, self._late)

    def _arm(
        self,
        take: Take,
        devices: Iterable[Link],
        within_s: float,
        late: Callable[[str], None] = lambda name: None,
    ) -> list[str]:
        asked = {}
        for device in devices:
            snapshot = device.snapshot
            media, copy = snapshot.media, None
            if snapshot.node is not None:
                copy = take.videos.next_copy(snapshot.name)
            # What was measured here says nothing of a node, which hashes afterwards.
            hashed = _hashed_in_passing(take, snapshot.videos) if copy is None else frozenset()
            order = ArmVideo(take.number, take.videos.stems(media), hashed, copy)
            asked[device.name] = snapshot, copy, device.ask(order)
        deadline = time.monotonic() + within_s
        failed = []
        for name, (snapshot, copy, answer) in asked.items():
            if error := _error_of(answer, deadline):
                # Nobody knows whether it was heard: a slow disk, or a node, may carry it out later,
                # and would record until it is ended.
                is_silent = not answer.done()
                ended = self._devices[name].ask(StopVideo(take.number, -math.inf))
                if is_silent:
                    ended.add_done_callback(partial(_in_thread, partial(late, name)))
                what = "no file of its own" if snapshot.media else "no own copy"
                self._complain(take, name, f"{what}: {error}")
                failed += [f"{name}: {error}"] if snapshot.node is not None else []
                continue
            paths = answer.result()
            if snapshot.node is not None:
                paths = {stream: take.videos.here(path) for stream, path in paths.items()}
            take.videos.begin(name, snapshot.media, paths, snapshot.node, copy)
        return failed

    def start(self, take: Take) -> None:
        """Have frames stored from the take's start on."""
        for name in take.videos.devices:
            self._devices[name].ask(StartVideo(take.number, take.interval.start))

    def arm_again(self, name: str, take: Take) -> None:
        """Have a camera that was away prepare a further file of the take."""
        device = self._devices[name]
        if device in self._chosen(take.gets):
            take.videos.leave(name, "its process ended")
            self._arm(take, [device], ARM_S)

    def start_again(self, name: str, take: Take) -> None:
        """Have a camera that was armed again store each frame that it publishes from now on."""
        if name in take.videos.devices:
            self._devices[name].ask(StartVideo(take.number, take.interval.start))

    def stop(self, take: Take) -> None:
        """Have frames stored up to the take's stop; `collect` waits for the files."""
        # Failed ones, too: where only the driver has failed, its process still closes the file.
        for name in take.videos.devices:
            answer = self._devices[name].ask(StopVideo(take.number, take.interval.stop))
            take.videos.close(name, answer)

    def retire(self, name: str, take: Take, lsl_stop: float) -> None:
        """Close the files of one camera, while the take goes on without it."""
        if name in take.videos.devices:
            answer = self._devices[name].ask(StopVideo(take.number, lsl_stop))
            self._close(take, name, answer, time.monotonic())

    def collect(self, take: Take) -> list[VideoSummary]:
        """Wait until every file is closed; of a process that has died, say what it has left."""
        asked = time.monotonic()
        for name, answer in take.videos.closing().items():
            self._close(take, name, answer, asked)
        # The encoder of a process that died still empties its ring.
        for name in take.videos.left_by:
            if not self._devices[name].wait_written(asked + CLOSE_S - time.monotonic()):
                what = f"its encoder still writes after {CLOSE_S:g} s; its frames are not counted"
                self._complain(take, name, what)
        return take.videos.summaries()

    def _close(
        self, take: Take, name: str, answer: Future[list[VideoSummary]], asked: float
    ) -> None:
        def is_given_up() -> bool:
            is_away = self._devices[name].snapshot.away is not None
            return is_away and time.monotonic() > asked + AWAY_S

        if error := _error_of(answer, asked + CLOSE_S, is_given_up):
            snapshot = self._devices[name].snapshot
            if snapshot.away is not None:
                error = (
                    f"{snapshot.away}; its node goes on until it hears of the stop, and its files "
                    "stay there until they are collected"
                )
            what = "file" if snapshot.media else "own copy"
            self._complain(take, name, f"{what} not closed: {error}")
            take.videos.leave(name, error)
            return
        for summary in answer.result():
            if summary.error:
                self._complain(take, name, f"video: {summary.error}")
        take.videos.closed(name, answer.result())

    def bytes_per_s(self, gets: Callable[[str], bool]) -> float:
        """Say how much the chosen cameras of this computer deliver at their nominal rates."""
        return sum(
            _bytes_per_s(spec)
            for device in self._chosen(gets)
            for spec in device.snapshot.media
            if device.snapshot.node is None
        )


def _in_thread(action: Callable[[], None], _: Future[Any]) -> None:
    # Whoever brings answers must not wait for what it brings.
    threading.Thread(target=action, name="late device", daemon=True).start()


def _stored(snapshot: DeviceSnapshot) -> Iterable[StreamSpec | MediaSpec]:
    """Give the streams for which a device writes files of its own."""
    if snapshot.node is None or snapshot.opened is None:
        return snapshot.media
    return snapshot.opened.specs


def _bytes_per_s(spec: MediaSpec) -> float:
    if isinstance(spec, SoundSpec):
        return 2 * spec.channel_count * spec.sample_rate_hz
    return pixel_format(spec.pixel_format).frame_bytes(spec.width, spec.height) * spec.rate_hz


def _hashed_in_passing(take: Take, videos: Iterable[VideoSpec]) -> frozenset[str]:
    if take.folder is None:
        return frozenset()
    data_dir = take.folder.data_dir
    return frozenset(video.name for video in videos if hashes_in_passing(data_dir, video))


def _error_of(
    answer: Future[Any], deadline: float, is_given_up: Callable[[], bool] = lambda: False
) -> str | None:
    """Wait for an answer; None where it came, what went wrong otherwise."""
    while True:
        left = max(0.0, deadline - time.monotonic())
        try:
            answer.result(min(left, LOOK_S))
        except ControlError as error:
            return str(error)
        except TimeoutError:
            if left <= LOOK_S or is_given_up():
                return "no answer in time"
        else:
            return None
