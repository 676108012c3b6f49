"""Which windows a study has, and which of its sessions are left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recordings.dataset.labels import Labels
from recordings.dataset.opened import Opened
from recordings.errors import RecordingError, few
from recordings.features.task import Settings, windows_of
from recordings.features.windows import Window
from recordings.manifest import Manifest, State
from recordings.names import told_apart
from recordings.read.left_out import why_left_out, why_not_twice
from recordings.read.usable import recorded_twice
from recordings.study.reading import brief, read_check

Channels = dict[str, tuple[str, ...]]
"""What the channels of each signal are: labels and units."""


@dataclass(frozen=True, slots=True)
class Place:
    """One window of one session."""

    session: Path
    participant: str
    number: int  # of the window in the session, from 1
    window: Window
    label: Any
    called: str  # the session: no other of the study is called so

    @property
    def key(self) -> str:
        """A name that no other window of the study has; a webdataset's ends at the first dot."""
        return f"{re.sub('[/.]', '_', self.called)}_{self.number:05d}"


@dataclass(slots=True)
class Found:
    """The windows of a study; what is left out, sessions and windows, and what is damaged."""

    places: list[Place] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def leave_out(self, session: Path, why: str) -> None:
        """Leave out a session."""
        self.left_out.append((session, brief(why, session)))


def find_places(
    opened: Opened, sessions: Sequence[Path], settings: Settings, make: Labels | None
) -> Found:
    """Find the windows of these sessions."""
    found = Found()
    channels: dict[Path, Channels] = {}
    for path, called in _usable(sessions, found).items():
        try:
            readers = opened.readers(path)
            channels[path] = {name: reader.shown for name, reader in readers.items()}
            found.places += _places(opened, path, called, settings, make, found)
        except RecordingError as error:
            channels.pop(path, None)
            found.leave_out(path, str(error))
    for path, why in _unlike_most(channels):
        found.leave_out(path, why)
    found.left_out.sort()
    out = {path for path, _ in found.left_out}
    found.places = [place for place in found.places if place.session not in out]
    return found


def _usable(sessions: Iterable[Path], found: Found) -> dict[Path, str]:
    """Return the sessions that may be used, each once, and what to call them."""
    manifests: dict[Path, Manifest] = {}
    for path in sessions:
        try:
            manifest = Manifest.load(path)
            if why := why_left_out(manifest.is_being_recorded, manifest.unusable):
                raise RecordingError(why)
            manifests[path] = manifest
        except RecordingError as error:
            found.leave_out(path, str(error))
    called = told_apart({path: path.absolute().parts for path in manifests})
    twice = recorded_twice(manifests, whoever=True)
    for path, other in twice.items():
        found.leave_out(path, why_not_twice(called[other]))
    once = {path: manifest for path, manifest in manifests.items() if path not in twice}
    crashed = [p for p, m in once.items() if m.state in (State.ARMED, State.RECORDING)]
    for path in crashed:  # what lies between its last chunks may be no samples
        found.leave_out(path, "it was never closed; run unisono repair on it")
    return {path: called[path] for path in once if path not in crashed}


def _unlike_most(found: Mapping[Path, Channels]) -> list[tuple[Path, str]]:
    """Name the sessions whose channels are not those that most have: one array holds all."""
    counts = Counter(tuple(channels.items()) for channels in found.values())
    if len(counts) < 2:
        return []
    most = dict(counts.most_common(1)[0][0])
    told = []
    for path, channels in found.items():
        for name, labels in channels.items():
            if labels != most[name]:
                text = (
                    f"{name} has the channels {few(labels, 8)}, most sessions have "
                    f"{few(most[name], 8)}; name a signal that all have alike"
                )
                told.append((path, text))
                break
    return told


def _places(
    opened: Opened,
    path: Path,
    called: str,
    settings: Settings,
    make: Labels | None,
    found: Found,
) -> list[Place]:
    session = opened.session(path)
    check = read_check(path)
    failed = check is not None and check.verdict == "FAIL" and check.why
    if damaged := session.recording.damage_text or failed:
        found.damaged.append(f"{called}: {damaged}")
    assert session.manifest is not None, "its manifest was read"
    whose = session.manifest.participant
    windows, odd = windows_of(session, settings)
    label = make(session) if make else None
    told = [(number, w, label(w) if label else None) for number, w in enumerate(windows, 1)]
    kept = [row for row in told if label is None or row[2] is not None]
    found.notes += [f"{called}: {note}" for note in odd]
    return [Place(path, whose, number, w, value, called) for number, w, value in kept]
