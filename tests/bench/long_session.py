"""A session of 75 minutes with the streams of the MMME rig, as a file of 1.7 GB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recordings.manifest import Manifest, State
from recordings.manifest_entries import ClockPair, StreamEntry, VideoEntry
from recordings.video.info import VideoInfo
from recordings.video.raw_video import HEADER_BYTES, header
from recordings.xdf import chunks

START = 5000.0
FRAMES_HZ, PICTURE = 150.0, (2048, 1088)
PUMP_S = 0.25
OFFSET_EVERY_S, BOUNDARY_EVERY_S = 2.0, 5.0
STREAMS = (
    ("eeg", "EEG", 69, 1000.0, "float32"),
    ("physio", "Physio", 16, 1000.0, "float32"),
    ("face", "VideoFrames", 6, 150.0, "float64"),
)
INDEX = ("file_index", "device_frame", "device_time_s", "exposure_us", "trigger_code", "fate")


def _header(name: str, type_: str, channels: int, rate: float, format_: str) -> str:
    labels = INDEX if type_ == "VideoFrames" else [f"{name}{n + 1}" for n in range(channels)]
    kind, unit = ("EEG", "microvolts") if type_ == "EEG" else ("", "volts")
    rows = "".join(
        f"<channel><label>{label}</label><unit>{unit}</unit><type>{kind}</type></channel>"
        for label in labels
    )
    drops = type_ == "VideoFrames"
    return (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{type_}</type><channel_count>"
        f"{channels}</channel_count><nominal_srate>{rate}</nominal_srate><channel_format>{format_}"
        f"</channel_format><source_id>{name}</source_id><hostname>lab</hostname><created_at>0"
        f"</created_at><desc><channels>{rows}</channels><synchronization><can_drop_samples>"
        f"{str(drops).lower()}</can_drop_samples></synchronization></desc></info>"
    )


def _chunks(minutes: float) -> Iterator[bytes | memoryview]:
    rng = np.random.default_rng(0)
    yield chunks.MAGIC + chunks.file_header()
    encoders = []
    for number, (name, type_, channels, rate, dtype) in enumerate(STREAMS, 1):
        format_ = chunks.CHANNEL_FORMATS[dtype]
        yield chunks.stream_header(number, _header(name, type_, channels, rate, format_))
        encoders.append(chunks.SamplesEncoder(number, dtype, channels))
    yield chunks.stream_header(4, _header("protocol", "Markers", 1, 0.0, "string"))
    block = [rng.normal(0, 20, (4096, s[2])).astype(s[4]) for s in STREAMS]
    done = [0] * len(STREAMS)
    offsets: list[list[tuple[float, float]]] = [[] for _ in range(4)]
    for step in range(1, round(minutes * 60 / PUMP_S) + 1):
        time = step * PUMP_S
        for n, (_, type_, _, rate, _) in enumerate(STREAMS):
            stop = round(time * rate)
            index = np.arange(done[n], stop)
            stamps = START + index / rate + rng.exponential(2e-4, len(index))
            if type_ == "VideoFrames":
                data = np.zeros((len(index), 6))
                data[:, 0] = data[:, 1] = index
            else:
                data = block[n][: len(index)]
            yield encoders[n].encode(stamps, data)
            done[n] = stop
        if time % OFFSET_EVERY_S == 0:
            for n in range(4):
                offsets[n].append((START + time, 1e-5 * rng.normal()))
                yield chunks.clock_offset(n + 1, *offsets[n][-1])
        if time % BOUNDARY_EVERY_S == 0:
            yield chunks.boundary()
        if time % 60 == 0:
            event = {"event": "onset", "trial": int(time // 60), "code": 101}
            yield chunks.string_samples(4, np.array([START + time]), [[json.dumps(event)]])
    for n, (*_, rate, _) in enumerate(STREAMS):
        yield chunks.stream_footer(n + 1, START, START + (done[n] - 1) / rate, done[n], offsets[n])
    count = int(minutes)
    yield chunks.stream_footer(4, START + 60, START + 60 * count, count, offsets[3])


def write(folder: Path, minutes: float = 75.0) -> Path:
    """Write the session into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "recording.xdf").open("wb") as file:
        for chunk in _chunks(minutes):
            file.write(chunk)
    entries = tuple(
        StreamEntry(
            id=n,
            name=name,
            type=type_,
            source_id=name,
            hostname="lab",
            channels=channels,
            rate_hz=rate,
            dtype=dtype,
            samples=round(minutes * 60 * rate),
        )
        for n, (name, type_, channels, rate, dtype) in enumerate(STREAMS, 1)
    )
    stop = START + minutes * 60
    Manifest(
        state=State.COMPLETE,
        study="bench",
        participant="01",
        session="01",
        task="elicitation",
        run=1,
        software={"unisono": "0"},
        host={"name": "lab"},
        clock=(ClockPair(utc="2026-11-20T10:00:00.000000Z", lsl=START),),
        lsl_start=START,
        lsl_stop=stop,
        streams=entries,
    ).save(folder)
    return folder


def write_with_video(folder: Path, minutes: float = 75.0) -> Path:
    """Write such a session with its raw video of 2048×1088, a sparse file: all of it is black."""
    path = write(folder, minutes)
    frames = round(minutes * 60 * FRAMES_HZ)
    info = VideoInfo(*PICTURE, "BayerRG8", FRAMES_HZ, "raw", "none")
    with (path / "face.raw").open("wb") as file:
        file.write(header(info))
        file.truncate(HEADER_BYTES + frames * info.frame_bytes)
    video = VideoEntry(
        name="face",
        file="face.raw",
        codec="raw",
        width=info.width,
        height=info.height,
        pixel_format=info.pixel_format,
        tiling="none",
        rate_hz=FRAMES_HZ,
        lsl_start=START,
        frames=frames,
    )
    manifest = Manifest.load(path)
    manifest.model_copy(update={"videos": (video,)}).save(path)
    return path
