"""A small simulated session on disk, made without LSL: the world as four streams and a video.

The streams' clocks can be off and drift; the clock offsets in the file say so. `shift_s` moves the
stamps of a stream without telling: the truth must find it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from devices.simulation.face import Face, Look
from devices.simulation.shapes import (
    BLINK_SPAN_S,
    ECG_SPAN_S,
    PPG_SPAN_S,
    blink_wave,
    ecg_wave,
    ppg_wave,
    train,
)
from devices.simulation.world import World
from recordings import layout
from recordings.arrays import F64Array
from recordings.manifest import Manifest, State
from recordings.manifest_entries import ClockPair, Event, FileEntry, StreamEntry, VideoEntry
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.writer import VideoWriter
from recordings.xdf import chunks

START = 5000.0
RATE_HZ = 1000.0
FPS = 100.0
WIDTH, HEIGHT = 128, 96


@dataclass(frozen=True)
class Plan:
    """What is wrong with the streams of a session."""

    seconds: float = 20.0
    seed: int = 3
    drift_ppm: float = 80.0  # of the EEG's computer
    zero_s: float = 1e4  # its clock reads so much more
    noise_s: float = 20e-6  # of clock offsets
    jitter_s: float = 0.0  # of the EEG's stamps
    shift_s: Mapping[str, float] = field(default_factory=dict)
    eeg_gap: tuple[float, float] | None = None  # seconds from the start
    lost_frames: tuple[int, ...] = ()
    unwritten_frames: int = 0  # rows of stored frames that are not in the video
    face: tuple[int, int] | None = None  # a drawn face of this size instead of noise
    index_channels: tuple[str, ...] = INDEX_CHANNELS


def make_session(data_dir: Path, plan: Plan | None = None) -> Path:
    """Write a session below `data_dir` and return its folder."""
    plan = plan or Plan()
    folder, run = layout.new_session_folder(data_dir, "study", "01", "01", "test")
    world = World(plan.seed)
    stop = START + plan.seconds
    streams = _Streams(plan)
    _eeg(streams, world, plan)
    _physio(streams, world, plan)
    _markers(streams, world, plan)
    _events(streams)
    video = _camera(streams, world, plan, folder)
    (folder / layout.XDF_NAME).write_bytes(streams.file())
    lines = ["kind\ttime\tcode"]
    lines += [f"{e.kind}\t{e.time!r}\t{e.code or ''}" for e in world.truth(START, stop)]
    (folder / layout.TRUTH_NAME).write_text("\n".join(lines) + "\n")
    names = (layout.XDF_NAME, layout.TRUTH_NAME, video.file)
    Manifest(
        state=State.COMPLETE,
        study="study",
        participant="01",
        session="01",
        task="test",
        run=run,
        simulated=True,
        seed=plan.seed,
        software={"unisono": "0.0", "python": "3.11", "liblsl": "1.16"},
        host={"name": "lab", "system": "Linux"},
        clock=(
            ClockPair(utc="2026-11-20T10:00:00.000000Z", lsl=START),
            ClockPair(utc="2026-11-20T10:00:20.000000Z", lsl=stop),
        ),
        lsl_start=START,
        lsl_stop=stop,
        streams=tuple(streams.entries),
        videos=(video,),
        files=tuple(_file(folder / name) for name in names),
        events=(
            Event(time=START, source="engine", level="info", code="start", text="recording"),
            Event(time=stop - 5, source="eeg", level="warning", code="rate", text="rate low"),
        ),
    ).save(folder)
    return folder


class _Streams:
    """Collects the chunks and manifest entries of the streams."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = np.random.default_rng(plan.seed)
        self._chunks: list[tuple[float, bytes]] = []
        self._heads: list[bytes] = []
        self._feet: list[bytes] = []
        self.entries: list[StreamEntry] = []

    def add(
        self,
        name: str,
        type_: str,
        channels: list[tuple[str, str, str]],
        rate_hz: float,
        times: F64Array,
        data: object,
        own_clock: bool = False,
    ) -> None:
        """Add a stream of float32 or, where `data` is a list of rows, of strings."""
        number = len(self.entries) + 1
        text = isinstance(data, list)
        dtype = "string" if text else "float64" if type_ == "VideoFrames" else "float32"
        stamps = times + self._plan.shift_s.get(name, 0.0)
        stamps = self._own(stamps) if own_clock else stamps
        rows = "".join(
            f"<channel><label>{label}</label><unit>{unit}</unit><type>{kind}</type></channel>"
            for label, unit, kind in channels
        )
        xml = (
            f"<?xml version='1.0'?><info><name>{name}</name><type>{type_}</type>"
            f"<channel_count>{len(channels)}</channel_count><nominal_srate>{rate_hz}"
            f"</nominal_srate><channel_format>{chunks.CHANNEL_FORMATS.get(dtype, 'string')}"
            f"</channel_format><source_id>src-{name}</source_id><hostname>lab</hostname>"
            f"<desc><channels>{rows}</channels></desc></info>"
        )
        self._heads.append(chunks.stream_header(number, xml))
        for a in range(0, len(stamps), 250):
            part = slice(a, a + 250)
            if isinstance(data, list):
                chunk = chunks.string_samples(number, stamps[part], data[part])
            else:
                chunk = chunks.samples(number, stamps[part], np.asarray(data, dtype)[part])
            self._chunks.append((times[a], chunk))
        offsets = self._offsets(number, own_clock)
        first, last = (stamps[0], stamps[-1]) if len(stamps) else (None, None)
        self._feet.append(chunks.stream_footer(number, first, last, len(stamps), offsets))
        self.entries.append(
            StreamEntry(
                id=number,
                name=name,
                type=type_,
                source_id=f"src-{name}",
                hostname="lab",
                channels=len(channels),
                rate_hz=rate_hz,
                dtype=dtype,
                samples=len(stamps),
                offsets=len(offsets),
                offset_uncertainty_s=80e-6,
            )
        )

    def _own(self, times: F64Array) -> F64Array:
        return (times - START) * (1 + self._plan.drift_ppm * 1e-6) + START + self._plan.zero_s

    def _offsets(self, number: int, own_clock: bool) -> list[tuple[float, float]]:
        local = np.arange(START + 1, START + self._plan.seconds, 2.0)
        remote = self._own(local) if own_clock else local
        values = local - remote + self._rng.normal(0, self._plan.noise_s, len(local))
        for at, time, value in zip(local.tolist(), remote.tolist(), values.tolist(), strict=True):
            self._chunks.append((at, chunks.clock_offset(number, time, value)))
        return list(zip(remote.tolist(), values.tolist(), strict=True))

    def file(self) -> bytes:
        """Return the whole file, chunks in order of time and a boundary every 5 s."""
        marks = np.arange(START, START + self._plan.seconds, 5.0).tolist()
        parts = sorted(
            [*self._chunks, *((t, chunks.boundary()) for t in marks)], key=lambda c: c[0]
        )
        body = b"".join(c for _, c in parts)
        head = chunks.MAGIC + chunks.file_header() + b"".join(self._heads)
        return head + body + b"".join(self._feet)


def _eeg(streams: _Streams, world: World, plan: Plan) -> None:
    t = START + np.arange(plan.seconds * RATE_HZ) / RATE_HZ + 0.0003
    rng = np.random.default_rng(1)
    data = rng.normal(0, 5, (len(t), 4))
    data[:, 1:3] /= 5
    data[:, 0] += 100 * train(world, "blink", blink_wave, BLINK_SPAN_S, t)
    data[:, 1] += 250 * train(world, "blink", blink_wave, BLINK_SPAN_S, t)
    data[:, 2] += 1000 * train(world, "heartbeat", ecg_wave, ECG_SPAN_S, t)
    data[:, 3] = world.code_at(t)
    stamps = np.sort(t + rng.exponential(plan.jitter_s, len(t))) if plan.jitter_s else t
    if plan.eeg_gap:
        low, high = plan.eeg_gap
        keep = (t < START + low) | (t > START + high)
        stamps, data = stamps[keep], data[keep]
    channels = [
        ("Fp1", "microvolts", "EEG"),
        ("VEO", "microvolts", "EOG"),
        ("EKG", "microvolts", "ECG"),
        ("Trigger", "", "Trigger"),
    ]
    streams.add("eeg", "EEG", channels, RATE_HZ, stamps, data, own_clock=True)


def _physio(streams: _Streams, world: World, plan: Plan) -> None:
    t = START + np.arange(plan.seconds * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(2)
    data = rng.normal(0, 0.005, (len(t), 10))
    data[:, 0] += train(world, "heartbeat", ecg_wave, ECG_SPAN_S, t)
    data[:, 1] += train(world, "pulse", ppg_wave, PPG_SPAN_S, t)
    data[:, 2:] = 5.0 * ((world.code_at(t)[:, None] >> np.arange(8)) & 1)
    lines = [(f"Digital STP {n}", "volts", "Trigger") for n in range(8)]
    channels = [("ECG", "millivolts", "ECG"), ("PPG", "volts", "PPG"), *lines]
    streams.add("physio", "Physio", channels, RATE_HZ, t, data)


def _markers(streams: _Streams, world: World, plan: Plan) -> None:
    events = world.events("stimulus", START, START + plan.seconds)
    rows = [
        [
            json.dumps(
                {
                    "event": "end" if e.code == 100 else "onset",
                    "trial": e.index // 2,
                    "stimulus": f"clip-{e.index // 2}",
                    "code": e.code,
                }
            )
        ]
        for e in events
    ]
    times = np.array([e.time for e in events])
    streams.add("protocol", "Markers", [("marker", "", "")], 0.0, times, rows)


def _events(streams: _Streams) -> None:
    rows = [[json.dumps({"time": START, "source": "engine", "level": "info", "text": "go"})]]
    channels = [("event", "", "")]
    streams.add("unisono-events", "Markers", channels, 0.0, np.array([START]), rows)


def _camera(streams: _Streams, world: World, plan: Plan, folder: Path) -> VideoEntry:
    t = START + np.arange(1, plan.seconds * FPS - 1) / FPS + 0.0021
    lit = world.lit_at(t)
    rng = np.random.default_rng(4)
    stored = ~np.isin(np.arange(len(t)), plan.lost_frames)
    width, height = plan.face or (WIDTH, HEIGHT)
    face = Face(width, height, "Mono8", key=plan.seed) if plan.face else None
    writer = VideoWriter(
        folder / "face", width=width, height=height, pixel_format="Mono8", rate_hz=FPS
    )
    for bright in lit[stored][: np.sum(stored) - plan.unwritten_frames].tolist():
        image = rng.integers(90, 110, (height, width), np.uint8)
        if face is not None:
            image = face.image(Look(0, 0), 0).copy()
        image[:64, -64:] = 255 * bright
        writer.write(image)
    closed = writer.close()
    names = plan.index_channels
    rows = np.full((len(t), len(names)), np.nan)
    rows[:, 0] = np.where(stored, np.cumsum(stored) - 1, -1)
    rows[:, 1] = np.arange(len(t))
    rows[:, 5] = np.where(stored, Fate.STORED.code, Fate.DEVICE_LOST.code)
    if "take" in names:
        rows[:, names.index("take")] = 1
    streams.add("face", "VideoFrames", [(n, "", "") for n in names], FPS, t, rows)
    return VideoEntry(
        name="face",
        file=closed.path.name,
        codec=closed.codec,
        width=width,
        height=height,
        pixel_format="Mono8",
        tiling=closed.tiling,
        rate_hz=FPS,
        lsl_start=START,
        lsl_stop=START + plan.seconds,
        captured=len(t),
        frames=int(stored.sum()),
        fates={Fate.STORED: int(stored.sum()), Fate.DEVICE_LOST: int(np.sum(~stored))},
    )


def _file(path: Path) -> FileEntry:
    raw = path.read_bytes()
    return FileEntry(path=path.name, bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())
