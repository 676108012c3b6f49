"""Sessions to review: every picture has its device frame number drawn into it, as cameras do that
are simulated, and frames are gated, lost and spread over files as it is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recordings import layout
from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.manifest import Manifest, State
from recordings.manifest_entries import (
    ClockPair,
    Event,
    FileEntry,
    Gap,
    StreamEntry,
    VideoEntry,
    VideoPart,
    hashed_files,
)
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.pixel_formats import Picture, pixel_format
from recordings.video.writer import VideoSummary, VideoWriter
from recordings.xdf import chunks

START = 7000.0
CELL, CELLS = 8, 32


@dataclass(frozen=True)
class Film:
    """How one camera filmed."""

    name: str = "face"
    frames: int = 400
    rate_hz: float = 100.0
    size: tuple[int, int] = (272, 64)
    pixel_format: str = "Mono8"
    codecs: tuple[str, ...] = ("auto",)  # of its files; a frame of `splits` begins the next one
    splits: tuple[int, ...] = ()
    fates: Mapping[Fate, Sequence[tuple[int, int]]] = field(default_factory=dict)
    shift_s: float = 0.0
    first_number: int = 1000
    indexed: bool = True
    noise: bool = True
    paint: Callable[[float, int], Picture] | None = None  # of an LSL time and a number
    stamped: Callable[[F64Array], F64Array] = np.copy  # what became of the true times


@dataclass(frozen=True)
class Filmed:
    """What was made: of each row its LSL time, number in the picture, and whether it is stored."""

    times: F64Array
    numbers: I64Array
    stored: BoolArray
    fates: I64Array
    files: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """A session, and the truth about its cameras."""

    folder: Path
    films: Mapping[str, Filmed]


def number_in(picture: Picture) -> int:
    """Read the number that is drawn into the top left corner."""
    line = picture[4, 4 : CELL * CELLS : CELL]
    return int(np.packbits(line > np.iinfo(picture.dtype).max * _share(picture)).view(">u4")[0])


def _share(picture: Picture) -> float:
    return 0.5 if picture.dtype == np.uint8 else 0.01


def make_session(
    data_dir: Path, *films: Film, seconds: float = 4.0, state: State = State.COMPLETE
) -> Made:
    """Write a session below `data_dir`: the cameras, a signal with a gap, markers."""
    folder, run = layout.new_session_folder(data_dir, "study", "01", "01", "review")
    made: dict[str, Filmed] = {}
    entries: list[StreamEntry] = []
    videos: list[VideoEntry] = []
    parts = [chunks.MAGIC + chunks.file_header()]
    body: list[bytes] = []
    for film in films:
        filmed, video = _film(folder, film)
        made[film.name] = filmed
        videos.append(video)
        if not film.indexed:
            continue
        rows = np.full((film.frames, len(INDEX_CHANNELS)), np.nan)
        rows[:, 0] = _in_file(film, filmed.stored)
        rows[:, 1], rows[:, 5] = filmed.numbers, filmed.fates
        entry = _entry(entries, film.name, "VideoFrames", INDEX_CHANNELS, film.rate_hz, "float64")
        parts.append(_header(entry, INDEX_CHANNELS))
        encoder = chunks.SamplesEncoder(entry.id, "float64", len(INDEX_CHANNELS))
        body.append(bytes(encoder.encode(film.stamped(filmed.times), rows)))
    gap = Gap(start=START + 1.0, end=START + 1.5, lost=500)
    body.append(_signal(parts, entries, seconds, gap))
    body.append(_markers(parts, entries, seconds))
    (folder / layout.XDF_NAME).write_bytes(b"".join((*parts, *body)))
    names = [layout.XDF_NAME, *(name for video in videos for name in video.files)]
    Manifest(
        state=state,
        study="study",
        participant="01",
        session="01",
        task="review",
        run=run,
        simulated=True,
        software={"unisono": "0"},
        host={"name": "lab"},
        clock=(ClockPair(utc="2026-11-20T10:00:00.000000Z", lsl=START),),
        lsl_start=START,
        lsl_stop=None if state is State.RECORDING else START + seconds,
        streams=tuple(entries),
        videos=tuple(videos),
        files=hashed_files([FileEntry(path=name) for name in names], folder, {}),
        events=(
            Event(time=START + 2.2, source="eeg", level="warning", code="rate", text="rate low"),
        ),
    ).save(folder)
    return Made(folder, made)


def _film(folder: Path, film: Film) -> tuple[Filmed, VideoEntry]:
    rng = np.random.default_rng(film.frames)
    fates = np.zeros(film.frames, np.int64)
    for fate, spans in film.fates.items():
        for first, stop in spans:
            fates[first:stop] = fate.code
    stored = fates == Fate.STORED.code
    # Not on an even grid: an index that computes times from a rate would be found out.
    times = START + film.shift_s + np.arange(film.frames) / film.rate_hz
    times = times + rng.uniform(0, 0.3 / film.rate_hz, film.frames)
    numbers = film.first_number + np.arange(film.frames)
    ends = [*film.splits, film.frames]
    written: list[VideoSummary] = []
    first = 0
    width, height = film.size
    for part, stop in enumerate(ends, 1):
        writer = VideoWriter(
            layout.video_stem(folder / film.name, part),
            width=width,
            height=height,
            pixel_format=film.pixel_format,
            rate_hz=film.rate_hz,
            codec=film.codecs[min(part, len(film.codecs)) - 1],
        )
        for k in np.flatnonzero(stored[first:stop]).tolist():
            number = int(numbers[first + k])
            painted = film.paint and film.paint(float(times[first + k]), number)
            writer.write(_picture(film, number, rng) if painted is None else painted)
        written.append(writer.close())
        first = stop
    files = tuple(one.path.name for one in written)
    further = tuple(
        VideoPart(file=w.path.name, codec=w.codec, tiling=w.tiling, frames=w.frames)
        for w in written[1:]
    )
    entry = VideoEntry(
        name=film.name,
        file=files[0],
        codec=written[0].codec,
        width=width,
        height=height,
        pixel_format=film.pixel_format,
        tiling=written[0].tiling,
        rate_hz=film.rate_hz,
        lsl_start=START + film.shift_s,
        captured=film.frames,
        frames=int(stored.sum()),
        parts=further,
    )
    return Filmed(times, numbers, stored, fates, files), entry


def _picture(film: Film, number: int, rng: np.random.Generator) -> Picture:
    width, height = film.size
    fmt = pixel_format(film.pixel_format)
    top = (1 << fmt.bits) - 1
    image = np.full((height, width), top // 3, fmt.dtype)
    if film.noise:
        image += rng.integers(0, top // 16, image.shape).astype(fmt.dtype)
    bits = np.unpackbits(np.array([number], ">u4").view(np.uint8)).astype(fmt.dtype)
    image[:CELL, : CELL * CELLS] = np.repeat(bits * fmt.dtype.type(top), CELL)
    return image


def _in_file(film: Film, stored: BoolArray) -> F64Array:
    index = np.full(film.frames, -1.0)
    for first, stop in zip((0, *film.splits), (*film.splits, film.frames), strict=True):
        part = stored[first:stop]
        index[first:stop][part] = np.arange(int(part.sum()))
    return index


def _entry(
    entries: list[StreamEntry],
    name: str,
    type_: str,
    labels: Sequence[str],
    rate_hz: float,
    dtype: str,
    gaps: tuple[Gap, ...] = (),
) -> StreamEntry:
    entry = StreamEntry(
        id=len(entries) + 1,
        name=name,
        type=type_,
        source_id=name,
        hostname="lab",
        channels=len(labels),
        rate_hz=rate_hz,
        dtype=dtype,
        gaps=gaps,
    )
    entries.append(entry)
    return entry


def _header(entry: StreamEntry, labels: Sequence[str], kinds: Sequence[str] = ()) -> bytes:
    every = zip(labels, kinds or [""] * len(labels), strict=True)
    rows = "".join(
        f"<channel><label>{label}</label><unit>microvolts</unit><type>{kind}</type></channel>"
        for label, kind in every
    )
    form = chunks.CHANNEL_FORMATS.get(entry.dtype, "string")
    return chunks.stream_header(
        entry.id,
        f"<?xml version='1.0'?><info><name>{entry.name}</name><type>{entry.type}</type>"
        f"<channel_count>{entry.channels}</channel_count><nominal_srate>{entry.rate_hz}"
        f"</nominal_srate><channel_format>{form}</channel_format><source_id>{entry.name}"
        f"</source_id><hostname>lab</hostname><desc><channels>{rows}</channels></desc></info>",
    )


def _signal(parts: list[bytes], entries: list[StreamEntry], seconds: float, gap: Gap) -> bytes:
    labels, kinds = ("Fp1", "Cz", "ECG"), ("EEG", "EEG", "ECG")
    entry = _entry(entries, "eeg", "EEG", labels, 1000.0, "float32", (gap,))
    parts.append(_header(entry, labels, kinds))
    times = START + np.arange(round(seconds * 1000)) / 1000
    times = times[(times < gap.start) | (times > gap.end)]
    rng = np.random.default_rng(1)
    data = rng.normal(0, 10, (len(times), 3)).astype(np.float32)
    data[:, 2] = 100 * (np.arange(len(times)) % 800 < 20)
    encoder = chunks.SamplesEncoder(entry.id, "float32", 3)
    blocks = range(0, len(times), 250)
    return b"".join(bytes(encoder.encode(times[a : a + 250], data[a : a + 250])) for a in blocks)


def _markers(parts: list[bytes], entries: list[StreamEntry], seconds: float) -> bytes:
    entry = _entry(entries, "protocol", "Markers", ("marker",), 0.0, "string")
    parts.append(_header(entry, ("marker",)))
    out = []
    for n in range(int(seconds)):
        for event, at in (("onset", n + 0.25), ("end", n + 0.75)):
            said = {"event": event, "trial": n + 1, "stimulus": f"clip-{n + 1}", "code": 101 + n}
            row = [[json.dumps(said)]]
            out.append(bytes(chunks.string_samples(entry.id, np.array([START + at]), row)))
    return b"".join(out)
