"""All coders' files of sessions, for agreement and arbitration: what no coder's window opens."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from recordings.annotation.agreement.arbitration import Case, cases, undecided
from recordings.annotation.coder_file import (
    CONSENSUS,
    Loaded,
    Paths,
    annotations_folder,
    check_apart,
    check_folder,
    load,
    who,
)
from recordings.annotation.frame_times import contradict, frame_times, outside, placed_all
from recordings.annotation.model import Coding
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.read.left_out import why_not_twice
from recordings.read.session import open_session
from recordings.read.sessions import told_apart
from recordings.read.usable import manifests_of, recorded_twice


@dataclass(frozen=True, slots=True)
class CodedSession:
    """One session, and what each coder's file says; `frames`: stored frames by camera.

    `notes`: what is odd about it.
    """

    name: str
    start: float
    frames: Mapping[str, int]
    codings: Mapping[str, Coding]
    notes: tuple[str, ...] = ()


def coders_of(session: Path, elsewhere: Path | None = None) -> list[str]:
    """List the coders who have a file of a session, the consensus among them."""
    folder = annotations_folder(session, elsewhere)
    if not folder.is_dir():
        return []
    # macOS lays `._anna.json` beside anna.json on disks that are not its own.
    return sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))


def coding_of(session: Path, coder: str, elsewhere: Path | None = None) -> Coding:
    """Read one coder's file of a session.

    Raises:
        RecordingError: there is none, or it is damaged; the message lists those there are.
    """
    return _loaded(session, coder, elsewhere).coding


def _loaded(session: Path, coder: str, elsewhere: Path | None) -> Loaded:
    loaded = load(Paths(annotations_folder(session, elsewhere), who(coder)))
    if loaded is None:
        known = ", ".join(coders_of(session, elsewhere)) or "none"
        raise RecordingError(f"{session}: not coded by {coder!r}; there are: {known}")
    return loaded


def undecided_in(
    consensus: Coding, session: Path, camera: str, elsewhere: Path | None = None
) -> list[Case]:
    """Return the cases of its two coders that a consensus has not settled as they are now.

    One without a decision does not say whose it is: those two count who leave the least open.

    Raises:
        RecordingError: a coder's file cannot be read.
    """
    decisions = consensus.decisions.values()
    between = next((decision.coders for decision in decisions), None)
    own = (name for name in coders_of(session, elsewhere) if name != CONSENSUS and "+" not in name)
    pairs = [between] if between else list(combinations(own, 2))
    codings = {name: coding_of(session, name, elsewhere) for pair in pairs for name in pair}
    if contradict(codings.values()):
        codings, _ = _timed_by_frames(session, codings)
    left = (undecided(cases(codings[a], codings[b], camera), decisions) for a, b in pairs)
    return min(left, key=len, default=[])


def read_sessions(
    sessions: Iterable[Path], elsewhere: Path | None = None
) -> tuple[list[CodedSession], list[str]]:
    """Read all coders' files; what cannot be read is left out and named.

    Of what was coded in two copies of a session one counts, or its events would count twice.

    Raises:
        RecordingError: two sessions of one name would have the same files `elsewhere`, or that is
            no folder.
    """
    check_folder(elsewhere)
    found: list[CodedSession] = []
    problems: list[str] = []
    names = told_apart(sessions)
    check_apart(names, elsewhere)
    manifests = manifests_of(names)
    left_out = _coded_twice(names, manifests, elsewhere)
    for session, name in names.items():
        if session in left_out:
            continue
        folder = annotations_folder(session, elsewhere)
        if folder.is_symlink() and not folder.exists():
            problems.append(f"{folder}: a link that leads nowhere: who coded there is not known")
        codings, notes = _codings(session, elsewhere, problems)
        try:
            manifest = manifests.get(session) or Manifest.load(session)  # which says what is wrong
        except RecordingError as error:
            problems.append(str(error))
            continue
        frames = {video.name: video.frames for video in manifest.videos}
        start = manifest.lsl_start or 0.0
        if contradict(codings.values()):
            try:
                codings, others = _timed_by_frames(session, codings)
                notes += others
            except RecordingError as error:
                problems.append(str(error))
        notes += [
            f"{session}: {count} events of {coder} lie outside of the recording by their times: is "
            "the file that of another session?"
            for coder, coding in codings.items()
            if (count := outside(coding, start, manifest.lsl_stop or math.inf))
        ]
        notes += [f"{copy}: {why}" for copy, (one, why) in left_out.items() if one == session]
        found.append(CodedSession(name, start, frames, codings, tuple(notes)))
    return found, problems


def _coded_twice(
    names: Mapping[Path, str], manifests: Mapping[Path, Manifest], elsewhere: Path | None
) -> dict[Path, tuple[Path, str]]:
    """Return the coded sessions that another coded one stands for, that one, and how to say it."""
    coders = {session: coders_of(session, elsewhere) for session in manifests}
    twice = recorded_twice({path: m for path, m in manifests.items() if coders[path]})
    return {
        session: (
            other,
            f"left out with what {', '.join(coders[session])} coded in it: "
            + why_not_twice(names[other]),
        )
        for session, other in twice.items()
    }


def _codings(
    session: Path, elsewhere: Path | None, problems: list[str]
) -> tuple[dict[str, Coding], list[str]]:
    """Read all coders' files of a session; return them, and what is odd about them."""
    loaded: dict[str, Loaded] = {}
    for coder in coders_of(session, elsewhere):
        try:
            loaded[coder] = _loaded(session, coder, elsewhere)
        except RecordingError as error:
            problems.append(str(error))
    notes = [
        f"{session}: {coder}.json was begun by {one.file.coder}, whose file is there, too: "
        "two copies agree with each other"
        for coder, one in loaded.items()
        if one.file.coder != coder and one.file.coder in loaded
    ]
    begun = {
        coder: re.split(r"[\\/]", one.file.scheme)[-1]  # own ones lie where each coder has them
        for coder, one in loaded.items()
        if coder != CONSENSUS
    }
    if len(set(begun.values()) - {""}) > 1:
        listed = ", ".join(f"{coder} {scheme}" for coder, scheme in begun.items() if scheme)
        notes.append(f"{session}: begun with other schemes, whose words may differ: {listed}")
    return {coder: one.coding for coder, one in loaded.items()}, notes


def _timed_by_frames(
    session: Path, codings: Mapping[str, Coding]
) -> tuple[dict[str, Coding], tuple[str, ...]]:
    """Return codings with the times that their frames have now, and whose had others.

    Raises:
        RecordingError: the session cannot be read.
    """
    with open_session(session) as opened:
        frames = {name: frame_times(camera) for name, camera in opened.cameras.items()}
    found = {coder: placed_all(coding, frames) for coder, coding in codings.items()}
    notes = tuple(
        f"{session}: {odd} events of {coder} have other times than their frames; the frames count"
        for coder, (_, odd) in found.items()
        if odd
    )
    return {coder: coding for coder, (coding, _) in found.items()}, notes
