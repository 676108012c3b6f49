"""`annotations/<coder>.json` and its journal beside it: how they are named, read and checked.

The file has the state after entry `n` and all edits that lead there; `<coder>.journal` has the
entries after it. Reading takes both and locks nothing.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, ValidationError

from recordings import layout, names
from recordings.annotation.journal import Damaged, Entry, History, entries, replayed
from recordings.annotation.model import Coding
from recordings.disk.atomic import replace_file, sync_folder
from recordings.disk.regular import read_bytes
from recordings.errors import RecordingError, bad_key
from recordings.manifest_entries import Frozen

FORMAT: Final = "unisono-coding"
VERSION: Final = 1
CONSENSUS: Final = "consensus"


@dataclass(frozen=True, slots=True)
class Who:
    """A coder, and which time the session is coded by that coder: 1, or 2 for a repeat."""

    coder: str
    time: int = 1

    @property
    def stem(self) -> str:
        """The name of the file without suffix; `+` is in no coder's name."""
        return self.coder if self.time == 1 else f"{self.coder}+{self.time}"

    def __str__(self) -> str:
        return self.stem


def who(text: str) -> Who:
    """Read `anna`, or `anna+2`.

    Raises:
        RecordingError: it cannot be a coder's name.
    """
    name, plus, time = text.partition("+")
    names.check_label("coder", name)
    if names.is_reserved(name):
        raise RecordingError(f"coder {name!r}: Windows has no file of this name; add a letter")
    if plus and not (time.isdecimal() and 2 <= int(time) <= 9):
        raise RecordingError(f"coder {text!r}: a repeat is written {name}+2")
    return Who(name, int(time) if plus else 1)


def coder_of(text: str) -> Who:
    """Read the name of somebody who codes: no decisions of arbitration.

    Raises:
        RecordingError: it cannot be a coder's name.
    """
    found = who(text)
    if found.coder.casefold() == CONSENSUS:
        raise RecordingError(
            f"no coder can be called {CONSENSUS}: it is what is decided with --arbitrate"
        )
    return found


class CoderFile(Frozen):
    """The JSON file."""

    format: Literal["unisono-coding"] = FORMAT
    version: int = VERSION
    coder: str
    session: str
    scheme: str = ""
    n: int = 0
    coding: Coding = Field(default_factory=Coding)
    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()

    @property
    def history(self) -> History:
        """The state and the way back."""
        return History(self.coding, self.n, self.done, self.undone)

    def at(self, history: History) -> Self:
        """Return the file as it is after a history."""
        now = {name: getattr(history, name) for name in ("n", "coding", "done", "undone")}
        return self.model_copy(update=now)


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one coder of one session."""

    folder: Path
    who: Who

    @property
    def file(self) -> Path:
        """State and history."""
        return self.folder / f"{self.who.stem}.json"

    @property
    def journal(self) -> Path:
        """The entries since."""
        return self.folder / f"{self.who.stem}.journal"

    @property
    def lock(self) -> Path:
        """Who writes."""
        return self.folder / f"{self.who.stem}.lock"

    @property
    def changed_ns(self) -> int:
        """When file or journal was written last, ns since 1970; 0 where there is neither."""
        there = (path for path in (self.file, self.journal) if path.exists())
        return max((path.stat().st_mtime_ns for path in there), default=0)


def annotations_folder(session: Path, elsewhere: Path | None = None) -> Path:
    """Return where the coders' files of a session lie: in its folder, or in one of its name.

    `elsewhere` (`--annotations`) is for sessions that cannot be written to.
    """
    if elsewhere is None:
        return session / layout.ANNOTATIONS_NAME
    return elsewhere / session.resolve().name


def check_folder(elsewhere: Path | None) -> None:
    """See that the coders' files that are to be read can be `elsewhere`.

    Raises:
        RecordingError: it is no folder.
    """
    if elsewhere is not None and not elsewhere.is_dir():
        raise RecordingError(f"{elsewhere}: is no folder; name the one with the coders' files")


def check_apart(sessions: Iterable[Path], elsewhere: Path | None) -> None:
    """See that no two sessions have the same coders' files.

    Raises:
        RecordingError: they have one name, which is all that tells them apart `elsewhere`.
    """
    if elsewhere is None:
        return
    known: dict[Path, Path] = {}
    for session in sessions:
        first = known.setdefault(annotations_folder(session, elsewhere), session)
        if first != session:
            raise RecordingError(
                f"{first} and {session} have one name, and would have the same files in "
                f"{elsewhere}; give each of their folders an --annotations of its own"
            )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files of a coder say; `torn` = bytes of an entry that was cut off in writing."""

    file: CoderFile
    history: History
    whole: int  # bytes of the journal that are entries
    torn: int
    digest: str = ""  # of the JSON file

    @property
    def coding(self) -> Coding:
        """The state after the last entry."""
        return self.history.coding


def load(paths: Paths) -> Loaded | None:
    """Read the files of a coder; None where there are none.

    Raises:
        RecordingError: they are damaged, or of a later version; they are left as they are.
    """
    try:
        journal = read_bytes(paths.journal) if paths.journal.exists() else b""
        if not paths.file.exists():
            if not journal:
                return None
            raise RecordingError(
                f"{paths.journal}: a journal without {paths.file.name}, which was taken away; "
                "put it back, or move the journal elsewhere"
            )
        text = read_bytes(paths.file)
    except OSError as error:
        raise RecordingError(f"{paths.file}: cannot be read ({error.strerror})") from error
    file = _parsed(paths.file, text)
    try:
        found, whole = entries(journal)
        history = replayed(file.history, found)
    except Damaged as error:
        raise RecordingError(_kept(paths.journal, str(error))) from error
    return Loaded(file, history, whole, len(journal) - whole, _digest(text))


def save(paths: Paths, file: CoderFile) -> str:
    """Write the JSON file of a coder, whole or not at all; return its digest.

    Raises:
        RecordingError: the disk refuses.
    """
    path = paths.file
    text = file.model_dump_json(exclude_defaults=False).encode()
    try:
        # Not its parents: a session that was erased meanwhile is not begun again.
        path.parent.mkdir(exist_ok=True)
        replace_file(path, text)
        sync_folder(path.parent)
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be written ({error.strerror}); name another folder with "
            "--annotations DIR"
        ) from error
    return _digest(text)


def keep_other(paths: Paths, digest: str) -> str | None:
    """Rename the JSON file, if it is not the one of this digest; return what it is called now.

    Its new name is no coder's, so that whoever reads all files of a session names it.

    Raises:
        RecordingError: it cannot be read or renamed.
    """
    try:
        if not paths.file.exists() or _digest(read_bytes(paths.file)) == digest:
            return None
        other = paths.file.with_name(f"{paths.who.stem} (other {uuid.uuid4().hex[:8]}).json")
        return paths.file.rename(other).name
    except OSError as error:
        raise RecordingError(
            f"{paths.file}: was changed by another program and cannot be kept ({error.strerror})"
        ) from error


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _parsed(path: Path, text: bytes) -> CoderFile:
    try:
        version = json.loads(text)["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        version = VERSION  # no such file at all: the model says what is wrong
    if version != VERSION:
        raise RecordingError(
            f"{path}: written as {FORMAT} version {version}; this program reads version {VERSION}: "
            "use the Unisono that wrote it, or a newer one. The file is kept as it is"
        )
    try:
        return CoderFile.model_validate_json(text)
    except ValidationError as error:
        raise RecordingError(_kept(path, bad_key(error))) from error


def _kept(path: Path, why: str) -> str:
    return (
        f"{path}: is damaged ({why}); it is kept as it is and nothing is written to it. Take it "
        "from a backup, or move it elsewhere and code anew"
    )
