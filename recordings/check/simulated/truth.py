"""The truth of a simulated session: world events found again in every stream.

`truth.tsv` (columns kind, time, code; LSL seconds) says when things happened. What is found here is
when each stream says they did: blinks, heart beats and pulses by their shape, trigger codes by
their edge, the flash by the last dark and the first lit frame, clicks by their attack. The stamps
are the recorded ones corrected by the clock offsets alone, not dejittered.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array, I64Array
from recordings.certificate import StreamTruth, Truth
from recordings.check.frame_ledger import stored_rows
from recordings.check.simulated.flashes import find_flashes
from recordings.check.simulated.wave_match import BLINK, HEARTBEAT, PULSE, SEARCH_S, Wave, find_wave
from recordings.check.sound_onsets import found_clicks
from recordings.check.streams.stream_exam import StreamExam
from recordings.disk.regular import read_text
from recordings.errors import RecordingError
from recordings.frame_files import runs_of
from recordings.read.markers import parse_markers
from recordings.stamps.timing import percentile
from recordings.stream_kinds import EVENTS_STREAM, INDEX_CHANNELS

MAX_EVENTS: Final = 3000  # of a kind, in one stream: enough for a 99th percentile
_CODE_REACH_S: Final = 0.5
_EDGE_S: Final = 0.1
_PLAYER: Final = "stimulus player"
"""The model in the header of markers that are no simulation: what they mark, the player did."""


@dataclass(frozen=True, slots=True)
class WorldEvents:
    """The true times of one kind, ascending, with trigger codes (0 = none)."""

    times: F64Array
    codes: I64Array


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """World events found in one stream: true times and errors (found − true), seconds."""

    stream: str
    kind: str
    times: F64Array
    errors: F64Array
    missed: int

    @property
    def what(self) -> str:
        """The kind of world event; flash and click are how camera and microphone see a stimulus."""
        return "stimulus" if self.kind in ("flash", "click") else self.kind


def load_truth(path: Path) -> dict[str, WorldEvents]:
    """Read `truth.tsv`.

    Raises:
        RecordingError: it cannot be read, or a line of it makes no sense.
    """
    rows: dict[str, list[tuple[float, int]]] = {}
    try:
        for row in csv.DictReader(read_text(path).splitlines(), delimiter="\t"):
            code = row.get("code") or "0"
            entry = float(row["time"]), int(float(code)) if code not in ("n/a", "None") else 0
            rows.setdefault(row["kind"], []).append(entry)
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: no table of kind, time, code ({error!r})") from error
    return {kind: _world_events(sorted(entries)) for kind, entries in rows.items()}


def _world_events(entries: list[tuple[float, int]]) -> WorldEvents:
    times, codes = zip(*entries, strict=True)
    return WorldEvents(np.array(times), np.array(codes, np.int64))


def find_all(
    exams: tuple[StreamExam, ...],
    world: dict[str, WorldEvents],
    videos: dict[str, Path],
    onsets: Mapping[str, F64Array],
) -> Iterator[FoundEvents]:
    """Find the events of the world in all streams.

    `videos` maps index streams to their files, `onsets` those of sounds to the LSL times at which
    it gets loud.
    """
    for exam in exams:
        if exam.name == EVENTS_STREAM or not len(exam.stamps):
            continue
        if exam.stream.is_text:
            yield from _in_markers(exam, world)
        elif exam.is_sound:
            if exam.name in onsets and "stimulus" in world:
                yield _in_sound(exam, world["stimulus"], onsets[exam.name])
        elif exam.is_index:
            if exam.name in videos:
                yield from _in_video(exam, world, videos[exam.name])
        elif exam.rate_hz > 0:
            yield from _in_signals(exam, world)


def _in_signals(exam: StreamExam, world: dict[str, WorldEvents]) -> Iterator[FoundEvents]:
    channels = list(enumerate(exam.stream.info.channels))
    by_kind = {
        "blink": (BLINK, [n for n, c in channels if c.kind == "EOG" and c.label[:1] == "V"]),
        "heartbeat": (HEARTBEAT, [n for n, c in channels if c.kind == "ECG"]),
        "pulse": (PULSE, [n for n, c in channels if c.kind == "PPG"]),
    }
    for kind, (wave, found) in by_kind.items():
        if kind in world and found:
            yield _waves(exam, kind, world[kind].times, wave, found[0])
    lines = [n for n, c in channels if c.kind == "Trigger"]
    heard = exam.stream.info.text("desc/codes_from")  # the lines show markers, not the world
    if "stimulus" in world and lines and not heard:
        yield _codes(exam, world["stimulus"], _line_codes(exam.stream.read(channels=lines)))


def _observable(exam: StreamExam, times: F64Array, before: float, after: float) -> F64Array:
    """Return the times around which the stream has all its samples, at most MAX_EVENTS."""
    stamps = exam.times
    inside = times[(times - before > stamps[0]) & (times + after < stamps[-1])]
    if len(exam.cuts):
        starts, ends = stamps[exam.cuts], stamps[np.minimum(exam.cuts + 1, len(stamps) - 1)]
        # The first gap that ends after the window starts must also start after the window ends.
        first = np.searchsorted(ends, inside - before)
        torn = np.append(starts, np.inf)[first] < inside + after
        inside = inside[~torn]
    every = max(len(inside) // MAX_EVENTS, 1)
    return np.asarray(inside[::every])


def _waves(exam: StreamExam, kind: str, times: F64Array, wave: Wave, channel: int) -> FoundEvents:
    reach_before, reach_after = wave.before_s + SEARCH_S, wave.after_s + SEARCH_S
    events = _observable(exam, times, reach_before, reach_after)
    values = exam.stream.read(channels=[channel])[:, 0]
    shifts = [find_wave(exam.times, values, t, wave, exam.rate_hz) for t in events.tolist()]
    hit = np.array([shift is not None for shift in shifts], np.bool_)
    errors = np.array([shift for shift in shifts if shift is not None])
    return FoundEvents(exam.name, kind, events[hit], errors, int(np.sum(~hit)))


def _line_codes(values: npt.NDArray[Any]) -> I64Array:
    """Turn trigger channels, shape (n, lines), into codes: one holds numbers, several hold bits."""
    if values.shape[1] == 1:
        return np.asarray(np.nan_to_num(values[:, 0]), np.int64)
    high = values > 0.5 * max(float(values.max(initial=0)), 1e-12)
    return np.asarray(high @ (1 << np.arange(values.shape[1])), np.int64)


def _codes(exam: StreamExam, world: WorldEvents, codes: I64Array) -> FoundEvents:
    """Find codes on trigger lines: the edge lies between the last idle sample and the first coded.

    The middle of the two is taken as its time, which leaves half a sample of doubt.
    """
    edges = np.flatnonzero((codes[1:] != codes[:-1]) & (codes[1:] != 0))
    times = 0.5 * (exam.times[edges] + exam.times[edges + 1])
    return _match(exam, world, times, codes[edges + 1])


def _match(exam: StreamExam, world: WorldEvents, times: F64Array, codes: I64Array) -> FoundEvents:
    """Pair true events with found ones of the same code, within half a second."""
    events = world.times
    if exam.rate_hz > 0:
        events = _observable(exam, world.times, _CODE_REACH_S, _CODE_REACH_S)
    true_codes = world.codes[np.searchsorted(world.times, events)]
    hits: list[tuple[float, float]] = []
    for event, code in zip(events.tolist(), true_codes.tolist(), strict=True):
        low, high = np.searchsorted(times, [event - _CODE_REACH_S, event + _CODE_REACH_S])
        near = times[low:high][codes[low:high] == code] - event
        if len(near):
            hits.append((event, float(near[np.argmin(np.abs(near))])))
    found, errors = np.array(hits).reshape(-1, 2).T
    return FoundEvents(exam.name, "stimulus", found, errors, len(events) - len(hits))


def _in_markers(exam: StreamExam, world: dict[str, WorldEvents]) -> Iterator[FoundEvents]:
    if exam.stream.info.text("desc/acquisition/model") == _PLAYER:
        return
    markers = parse_markers(exam.stamps, exam.stream.strings)
    coded = [(m.time, m.code) for m in markers if m.code is not None]
    if coded and "stimulus" in world:
        stimuli = _inner(world)
        order = sorted(coded)
        times, codes = np.array([t for t, _ in order]), np.array([c for _, c in order], np.int64)
        yield _match(exam, stimuli, times, codes)


def _inner(world: dict[str, WorldEvents]) -> WorldEvents:
    """Return the stimuli without those at the very ends: a marker may have come a moment late."""
    start = min(float(events.times[0]) for events in world.values())
    stop = max(float(events.times[-1]) for events in world.values())
    all_ = world["stimulus"]
    inner = (all_.times > start + _EDGE_S) & (all_.times < stop - _EDGE_S)
    return WorldEvents(all_.times[inner], all_.codes[inner])


def _in_video(exam: StreamExam, world: dict[str, WorldEvents], path: Path) -> Iterator[FoundEvents]:
    code = exam.stream.read(channels=[INDEX_CHANNELS.index("trigger_code")])
    if "stimulus" in world and np.any(np.nan_to_num(code) > 0):
        yield _codes(exam, world["stimulus"], _line_codes(code))
    if "flash_on" in world and "flash_off" in world:
        index, times = stored_rows(exam)
        first = runs_of(index) == 0  # rows of the file that is looked into
        on, off = world["flash_on"].times, world["flash_off"].times
        seen = find_flashes(path, index[first], times[first], on, off)
        yield FoundEvents(exam.name, "flash", *seen)


def _in_sound(exam: StreamExam, world: WorldEvents, onsets: F64Array) -> FoundEvents:
    span = float(exam.stamps[0]), float(exam.stamps[-1])
    return FoundEvents(exam.name, "click", *found_clicks(onsets, world.times.tolist(), span))


def summary(found: FoundEvents) -> StreamTruth:
    """Return the figures of one kind in one stream."""
    return StreamTruth(
        stream=found.stream, kind=found.kind, truth=errors_summary(found.errors, found.missed)
    )


def errors_summary(errors: F64Array, missed: int) -> Truth:
    """Return percentiles of |error| in ms; all 0 where nothing was found."""
    size = np.abs(errors) * 1e3 if len(errors) else np.zeros(1)
    return Truth(
        events=len(errors),
        missed=missed,
        p50_ms=percentile(size, 50),
        p99_ms=percentile(size, 99),
        max_ms=float(size.max()),
        bias_ms=float(np.median(errors) * 1e3) if len(errors) else 0.0,
    )
