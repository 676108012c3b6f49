"""One session of simulated devices, written as the recorder writes it.

A pure function of its order: the same order gives the same bytes with the same versions on the same
machine, whatever else runs. What does the writing is what writes real sessions: the recorder's XDF,
the encoder's video files, the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from acquire.lsl.config import configuration, configure
from acquire.lsl.index_stream import index_spec
from acquire.processes.messages import VideoSummary
from acquire.rig.file import DeviceTable, Rig, parse_rig
from acquire.simulation.arrival import Source, write_in_order
from acquire.simulation.broken import FAULTS, SOUND
from acquire.simulation.coders import write_coders
from acquire.simulation.playing import JumpingClock, play
from acquire.simulation.protocol import ShownProtocol
from acquire.simulation.resuming import whole
from acquire.simulation.rig import Film, rig_text
from acquire.simulation.streams import (
    Computer,
    DeviceTimes,
    Piece,
    camera_pieces,
    found_stream,
    signal_pieces,
)
from acquire.take.folder import recorded_files, software
from acquire.take.media_entries import Media, final_entries, stream_entries
from acquire.take.truth import write_truth
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import XdfRecorder
from devices import registry
from devices.base import SoundSpec, StreamSpec, VideoSpec
from devices.counter_rng import make_key, uniform
from devices.marker_codes import marker_spec
from devices.simulation.simulated_signal import SimulatedSignal
from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import ClockPair, Event, FileEntry, VideoEntry, hashed_files
from recordings.stream_kinds import EVENTS_STREAM, PLAYER_STREAM
from recordings.video.writer import VideoWriter
from recordings.xdf.file import XdfFile

TASK: Final = "simulated"
_BLOCK_S: Final = 4.0  # nobody waits for a sample: the samples are those of any other length
_FIRST_DAY: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """What to write. `number` counts the sessions of the study from 0, `host` is its computer."""

    data_dir: Path
    study: str
    participant: str
    number: int
    host: str
    seed: int
    seconds: float
    film: Film | None = None
    fault: str = ""  # a name of `FAULTS`
    coders: int = 0

    @property
    def folder(self) -> Path:
        """Where the session will be.

        Raises:
            RecordingError: a label is not allowed.
        """
        names = self.study, self.participant, "01", TASK
        return layout.session_folder(self.data_dir, *names, 1)


@dataclass(frozen=True, slots=True)
class _Span:
    """The limits of the recording, LSL seconds, and when it began."""

    start: float
    stop: float
    utc: datetime

    def clock(self) -> tuple[ClockPair, ClockPair]:
        end = self.utc + timedelta(seconds=self.stop - self.start)
        return ClockPair.of(self.utc, self.start), ClockPair.of(end, self.stop)


def write_session(order: SessionOrder) -> Path:
    """Write a session and return its folder, which is there once it is whole.

    Raises:
        RecordingError: the folder exists or cannot be written to.
    """
    configure(configuration())  # liblsl writes the headers, and would tell so on standard error
    layout.check_length(order.folder, layout.longest_path())
    with whole(order.folder, order.data_dir / order.study) as folder:
        _write(order, folder)
    return order.folder


def _write(order: SessionOrder, folder: Path) -> None:
    fault = FAULTS[order.fault] if order.fault else SOUND
    rig = parse_rig(rig_text(order.seed, order.film, fault.devices))
    recording = _Recording(order, folder, _span(order))
    with ExitStack() as stack:
        stack.callback(recording.close)
        sources = [recording.device(table, stack) for table in rig.devices]
        shown = ShownProtocol(
            order.seed, order.participant, recording.span.start, recording.span.stop
        )
        sources += [recording.protocol(shown), recording.events()]
        recording.write(sources)
    shown.write(folder)
    write_truth(folder, order.seed, recording.span.start, recording.span.stop)
    recording.manifest(rig).save(folder)
    if order.coders and fault.leaves_it_whole:
        write_coders(folder, order.seed, order.coders)
    fault.after(folder)


def _span(order: SessionOrder) -> _Span:
    start = 1e4 + 1e5 * uniform(make_key(order.seed, "start"), 0)
    begun = _FIRST_DAY + timedelta(hours=2 * order.number)
    return _Span(start, start + order.seconds, begun)


class _Recording:
    """A session while it is written."""

    def __init__(self, order: SessionOrder, folder: Path, span: _Span) -> None:
        self.span = span
        self._order, self._folder = order, folder
        self._xdf = XdfRecorder(XdfFile(folder / layout.XDF_NAME, reserve_bytes=0))
        self._videos = TakeVideos(folder)
        self._begun: tuple[Media, ...] = ()
        self._events = (
            Event(
                time=span.start,
                source="engine",
                level="info",
                code="recording-started",
                text="simulated: nothing was recorded",
            ),
        )

    # Where samples come from.

    def device(self, table: DeviceTable, stack: ExitStack) -> Source:
        """Open a device of the rig and announce its stream; `stack` closes its files."""
        driver = registry.find(table.driver)
        settings: Any = driver.Settings.model_validate(table.settings)
        clock = JumpingClock(self.span.start)
        device = driver(settings, clock)
        if isinstance(device, SimulatedSignal):
            device.block_s = _BLOCK_S
        (spec,) = device.open()
        if isinstance(spec, SoundSpec):
            raise RecordingError(f"{table.name}: no sound is written in simulated studies")
        played = play(device, clock, self.span.stop)
        times = DeviceTimes(settings.faults, make_key(self._order.seed, table.name, "stamps"))
        if isinstance(spec, VideoSpec):
            store, index = self._film(spec, table, stack)
            within = self.span.start, self.span.stop
            pieces = camera_pieces(played, times, spec.rate_hz, within, store)
            return self._add(index, table.name, self._here(), pieces)
        computer = self._elsewhere(table.name) if spec.type == "EEG" else self._here()
        return self._add(spec, table.name, computer, signal_pieces(played, times))

    def _film(
        self, spec: VideoSpec, table: DeviceTable, stack: ExitStack
    ) -> tuple[Callable[[Any], int], StreamSpec]:
        writer = VideoWriter(
            self._folder / spec.name,
            width=spec.width,
            height=spec.height,
            pixel_format=spec.pixel_format,
            rate_hz=spec.rate_hz,
            codec=table.codec,
            checksum=True,
            reproducible=True,
        )
        self._videos.begin(table.name, [spec], {spec.name: writer.path})

        def close() -> None:
            done = writer.close()
            summary = VideoSummary(
                1, spec.name, done.path, done.codec, done.tiling, done.frames, done.bytes,
                done.sha256,
            )  # fmt: skip
            self._videos.closed(table.name, [summary])

        stack.callback(close)
        return writer.write, index_spec(spec, writer.info.codec, writer.info.tiling)

    def protocol(self, shown: ShownProtocol) -> Source:
        """Announce the stream of the stimulus player."""
        texts = ((mark.time, mark.text()) for mark in shown.marks())
        return self._text(PLAYER_STREAM, PLAYER_STREAM, texts)

    def events(self) -> Source:
        """Announce the engine's own stream."""
        texts = ((event.time, event.model_dump_json()) for event in self._events)
        return self._text(EVENTS_STREAM, "unisono", texts)

    def _text(self, name: str, device: str, texts: Iterable[tuple[float, str]]) -> Source:
        spec = marker_spec(name, "Unisono", "simulated", simulated="yes")
        pieces = (Piece(np.array([at]), np.array([[text]], object)) for at, text in texts)
        return self._add(spec, device, self._here(), pieces)

    def _add(
        self, spec: StreamSpec, device: str, computer: Computer, pieces: Iterator[Piece]
    ) -> Source:
        created = self.span.start - 60.0
        found, xml = found_stream(spec, device, computer, self._order.seed, created)
        stream = self._xdf.add(spec.name, found, xml, device)
        stream.simulated = True
        return stream, computer, pieces

    def _here(self) -> Computer:
        return Computer(self._order.host)

    def _elsewhere(self, device: str) -> Computer:
        """The amplifier's own computer, whose clock goes as it likes."""
        key = make_key(self._order.seed, device, "clock")
        return Computer(
            f"{self._order.host}-{device}", 1e4 * uniform(key, 0), 80.0 * (uniform(key, 1) - 0.5)
        )

    # Where they go.

    def write(self, sources: list[Source]) -> None:
        """Write all samples in the order in which they came, then the footers."""
        began = self.span.start
        self._begun = self._videos.entries(began)
        write_in_order(self._xdf, sources, began, self.span.stop, self._order.seed)
        self._xdf.finish()
        self._xdf.file.release()
        if self._xdf.error is not None:
            raise self._xdf.error

    def close(self) -> None:
        """Close the XDF file, if what was to be written could not be."""
        self._xdf.file.close()

    def manifest(self, rig: Rig) -> Manifest:
        """Describe the session once its files are closed."""
        order, span = self._order, self.span
        summaries = self._videos.summaries()
        media = final_entries(self._begun, summaries, self._xdf, span.stop)
        names = recorded_files(self._folder, media)
        known = {s.path.name: s.sha256 for s in summaries if s.sha256 is not None}
        return Manifest(
            state=State.COMPLETE,
            study=order.study,
            participant=order.participant,
            session="01",
            task=TASK,
            run=1,
            notes=f"simulated; {FAULTS[order.fault].what}" if order.fault else "simulated",
            simulated=True,
            seed=order.seed,
            software=software(),
            host={"name": order.host, "system": "simulated", "machine": "simulated"},
            rig=rig.parsed,
            rig_text=rig.text,
            rig_sha256=rig.sha256,
            clock=span.clock(),
            lsl_start=span.start,
            lsl_stop=span.stop,
            streams=stream_entries(self._xdf.streams.values(), summaries),
            videos=tuple(entry for entry in media if isinstance(entry, VideoEntry)),
            files=hashed_files((FileEntry(path=name) for name in names), self._folder, known),
            events=self._events,
        )
