"""The models of `session.json`, the manifest.

Only the engine writes the manifest. Times called `lsl` are seconds of the recording computer's LSL
clock; times called `stamp` are raw stamps of a stream's own clock.
"""

from __future__ import annotations

import hashlib
import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from recordings import owner
from recordings.disk.atomic import replace_file
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, bad_key, why
from recordings.layout import XDF_NAME
from recordings.manifest_entries import (
    ClockPair,
    Event,
    FileEntry,
    Frozen,
    LostFile,
    PendingFile,
    SoundEntry,
    StreamEntry,
    VideoEntry,
)
from recordings.manifest_fields import Finite, Participant, RigTables, SessionLabel, StudyName, Task

FORMAT: Final = "unisono-session"
VERSION = 1
MANIFEST_NAME = "session.json"


IMPORTED = "imported"
"""The code of the event of a session that was made of a bare XDF file."""


class State(StrEnum):
    """What a session on disk is: a crashed one stays in `armed` or `recording`."""

    ARMED = "armed"  # its files are there, and its start is still to come
    RECORDING = "recording"
    COMPLETE = "complete"
    REPAIRED = "repaired"
    FAILED = "failed"


class Manifest(Frozen):
    """`session.json`: what was recorded, by what, how it ended."""

    format: Literal["unisono-session"] = FORMAT
    version: int = VERSION
    state: State
    study: StudyName
    participant: Participant
    session: SessionLabel
    task: Task
    run: Annotated[int, Field(ge=0)]
    notes: str = ""
    simulated: bool = False
    seed: int | None = None
    software: dict[str, str]
    host: dict[str, str]
    rig: RigTables | None = None
    rig_text: str | None = None
    rig_sha256: str | None = None
    clock: tuple[ClockPair, ...] = ()  # at the start, and at the stop
    lsl_start: Finite | None = None
    lsl_stop: Finite | None = None
    streams: tuple[StreamEntry, ...] = ()
    absent: tuple[str, ...] = ()  # devices and expected streams of the rig with nothing in here
    videos: tuple[VideoEntry, ...] = ()
    sounds: tuple[SoundEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    pending: tuple[PendingFile, ...] = ()  # videos, sounds and own copies that are still on a node
    lost: tuple[LostFile, ...] = ()  # what was pending once, and will not come
    hashing: bool = False  # the hashes of the files are still being computed
    continues: str | None = None  # the session before a split, by its folder's name
    continued_in: str | None = None  # the one after it
    events: tuple[Event, ...] = ()
    unusable: str | None = None  # why somebody said that it is not to be used

    @property
    def media(self) -> tuple[VideoEntry | SoundEntry, ...]:
        """What lies in files of its own beside the XDF: videos and sounds."""
        return (*self.videos, *self.sounds)

    @property
    def interval(self) -> tuple[float, float] | None:
        """From when to when it was recorded, LSL seconds; None where nobody knows."""
        if self.lsl_start is None or self.lsl_stop is None:
            return None
        return self.lsl_start, self.lsl_stop

    @property
    def elsewhere(self) -> frozenset[str]:
        """The names of files of the session that are not here: pending on nodes, or lost there."""
        return frozenset([*(f.path for f in self.pending), *(f.path for f in self.lost)])

    @property
    def is_imported(self) -> bool:
        """Whether it was made of a bare XDF file: nobody knows which program recorded that."""
        return any(event.code == IMPORTED for event in self.events)

    @property
    def is_closed(self) -> bool:
        """Whether nobody writes it any more: all is described and hashed."""
        return not self.hashing and self.state not in (State.ARMED, State.RECORDING)

    @property
    def is_being_recorded(self) -> bool:
        """Whether who records it still runs; else what is not closed has crashed."""
        return self.state in (State.ARMED, State.RECORDING) and owner.lives(self.host) is True

    @property
    def powerline_hz(self) -> float | None:
        """The mains frequency that the rig file names."""
        rig = (self.rig or {}).get("rig")
        value = rig.get("powerline_hz") if isinstance(rig, dict) else None
        return float(value) if isinstance(value, int | float) and value else None

    @property
    def node_run(self) -> str | None:
        """The run under which nodes recorded what is theirs; None: there was none."""
        return self.host.get("node_run")

    def digest(self) -> str:
        """Return the SHA-256 of what was recorded, without what somebody said of it afterwards.

        It is the same before and after the files are hashed: a check need not wait for that.
        """
        text = self.model_dump_json(
            exclude={
                "unusable": True,
                "notes": True,
                "hashing": True,
                "files": {"__all__": {"bytes", "sha256"}},
            }
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Replace `session.json` in `folder` atomically."""
        replace_file(folder / MANIFEST_NAME, self.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read `session.json` in `folder`.

        Raises:
            RecordingError: there is none, or it is not one that this version reads.
        """
        path = folder / MANIFEST_NAME
        try:
            text = read_text(path)
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingError(_unread(path, error)) from error
        _check_version(path, text)
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RecordingError(
                f"{path}: {bad_key(error)}; this program reads {FORMAT} version {VERSION}"
            ) from error


_BRING_BACK: Final = (
    "copy it back from where the session was recorded; without it, unisono import makes a session "
    f"of a copy of {XDF_NAME}, its signals alone"
)


def _unread(path: Path, error: Exception) -> str:
    folder = path.parent
    if os.path.islink(folder) and not os.path.exists(folder):  # noqa: PTH110, PTH114 - never raise
        target = os.readlink(folder)  # noqa: PTH115
        return f"{folder}: is a link to {target}, which is not there, or leads back to it"
    if (folder / XDF_NAME).exists():
        return f"{path}: cannot be read ({why(error)}): {_BRING_BACK}"
    return f"{path}: cannot be read ({why(error)}): not a session?"


def _check_version(path: Path, text: str) -> None:
    """Refuse what a later program wrote before its unknown keys do.

    Raises:
        RecordingError: the version is another one, or it is no JSON.
    """
    try:
        version = json.loads(text)["version"]
    except json.JSONDecodeError as error:
        raise RecordingError(f"{path}: is damaged ({error}): {_BRING_BACK}") from error
    except (ValueError, TypeError, KeyError, RecursionError):
        return  # no manifest at all: the model says what is wrong
    if isinstance(version, int) and version != VERSION:
        raise RecordingError(
            f"{path}: written as {FORMAT} version {version}; this program reads {FORMAT} version "
            f"{VERSION}: use the Unisono that wrote it, or a newer one"
        )
