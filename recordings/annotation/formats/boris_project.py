"""The rows of a BORIS project: of the observation that is meant, in times of its video."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recordings.annotation.formats.eaf_tiers import shifted, video_name
from recordings.errors import RecordingError

CODE: Final = re.compile(r"(expression|apex|AU\d{1,2})(?: (\d+))?")


@dataclass(frozen=True, slots=True)
class Observation:
    """Which observation of a project is read: projects hold those of many videos and coders.

    `name` as BORIS calls it, "" where the others tell: what the video is called, and the coder.
    `videos`: the first stored frame of each, by its name without suffix.
    """

    name: str = ""
    videos: Mapping[str, int] = field(default_factory=dict)
    coder: str = ""


ANY: Final = Observation()
"""The only one of its project."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an observation; `number` is its place in the file, from 1."""

    number: int
    time: float
    subject: str
    code: str
    modifier: str
    comment: str
    frame: int | None


def rows_of(path: Path, which: Observation, faults: list[str]) -> tuple[list[Row], Collection[str]]:
    """Return the rows of the observation that is meant, in order of time, and its videos.

    Raises:
        RecordingError: it is no such project, or several observations could be meant.
    """
    try:
        observations = dict(json.loads(path.read_bytes())["observations"])
        media = {name: list(_media(found)) for name, found in observations.items()}
        lists = {name: list(found["events"]) for name, found in observations.items()}
        told = {name: list(_shifts(found)) for name, found in observations.items()}
        # BORIS adds it to each time: its clock may begin at an hour of the day.
        zeros = {name: float(found.get("time offset") or 0) for name, found in observations.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{path}: cannot be read as a BORIS project ({error})") from error
    if not media:
        return [], []
    name = _chosen(path, media, which)
    faults += told[name]
    good: list[Row] = []
    for number, row in enumerate(lists[name], 1):
        try:
            read = _row(number, row, zeros[name])
        except (ValueError, TypeError, LookupError, OverflowError):
            faults.append(f"row {number}: is no row of an observation; left out")
            continue
        if CODE.fullmatch(read.code):
            good.append(read)
        else:
            faults.append(f"row {number}: {read.code[:40]!r} is no code of ours; left out")
    # As BORIS does; rows of one moment stay as they are: one begins a state, the next ends it.
    return sorted(good, key=lambda row: row.time), media[name]


def _chosen(path: Path, media: Mapping[str, Collection[str]], which: Observation) -> str:
    """Return the observation that is meant, given the videos of each.

    Raises:
        RecordingError: several could be, or none.
    """
    found = list(media)
    if which.name:
        found = [name for name in found if name == which.name]
    elif len(found) > 1:
        found = [name for name in found if not which.videos.keys().isdisjoint(media[name])]
        own = [name for name in found if which.coder in (name, *name.split()[-1:])]
        found = own or found
    if len(found) != 1:
        listed = ", ".join(map(repr, media))
        raise RecordingError(f"{path}: name one of its observations with --observation: {listed}")
    return found[0]


def _media(observation: dict[str, Any]) -> Iterator[str]:
    """Yield the names of an observation's videos, without folder and suffix."""
    for videos in (observation.get("file") or {}).values():
        yield from map(video_name, map(str, videos or ()))


def _shifts(observation: dict[str, Any]) -> Iterator[str]:
    """Say which players of an observation are shifted; what is no number shifts nothing."""
    offsets = (observation.get("media_info") or {}).get("offset") or {}
    for player, offset in offsets.items():
        if isinstance(offset, int | float) and offset:
            yield shifted(f"player {player}", f"{offset:g} s")


def _row(number: int, row: Sequence[Any], zero: float) -> Row:
    time = float(row[0]) - zero
    if not math.isfinite(time):
        raise ValueError("no time")
    # JSON's true is an int of Python's, and no frame.
    frame = row[5] if len(row) > 5 and type(row[5]) is int else None
    subject, code, modifier, comment = (str(value) for value in row[1:5])
    return Row(number, time, subject, code, modifier, comment, frame)
