"""Where a session lies: `<data>/<study>/sub-01/ses-01/sub-01_ses-01_task-x_run-01`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from recordings import names
from recordings.errors import RecordingError, RunTaken

XDF_NAME: Final = "recording.xdf"
TRUTH_NAME: Final = "truth.tsv"
RATINGS_NAME: Final = "ratings.tsv"
PROTOCOL_NAME: Final = "protocol.json"
REPORT_NAME: Final = "report.html"
REPORT_JSON_NAME: Final = "report.json"
CONTENTS_NAME: Final = "contents.json"
"""What was read of a session's files while they are being read again; the report replaces it."""
THRESHOLDS_NAME: Final = "thresholds.toml"
THRESHOLDS_PLACES: Final = 5
"""Where it may lie: beside the session, or in one of so many folders: up to the data folder."""
PLAN_NAME: Final = "coding.toml"
"""Who codes what: in the study's folder."""
MOTION_NAME: Final = "motion"
ANNOTATIONS_NAME: Final = "annotations"
"""The folder of coders' files, which are written long after the session."""

STORED_SUFFIX: Final = ".stored.xdf"
"""Of what a wearable stored on board, brought into the session afterwards."""
COPY_SUFFIX: Final = ".copy.xdf"
"""Of what a node has kept of a device's samples beside what it has sent: its own copy."""

VIDEO_SUFFIXES: Final = (".nut", ".mkv", ".raw")
SOUND_SUFFIX: Final = ".flac"
MEDIA_SUFFIXES: Final = (*VIDEO_SUFFIXES, SOUND_SUFFIX)
"""Of files beside the XDF that an index stream tells of."""
STORED_SUFFIXES: Final = (*MEDIA_SUFFIXES, COPY_SUFFIX)
"""Of what a device process writes; not of what a wearable stored."""

MAX_PATH: Final = 259
"""What Windows takes as a path, unless it has been told otherwise."""
_ROOM: Final = 80
"""What the longest file in a session's folder may add to its path."""


def copy_name(device: str, restarts: int = 0) -> str:
    """Name the own copy of a device, and the next ones if it starts again within a recording."""
    part = f"+{restarts}" if restarts else ""
    return f"{device}{part}{COPY_SUFFIX}"


def device_of_copy(name: str) -> str | None:
    """Give the device that an own copy is of; None: it is another file."""
    return name.removesuffix(COPY_SUFFIX).partition("+")[0] if name.endswith(COPY_SUFFIX) else None


def copies_in(folder: Path) -> list[Path]:
    """List the own copies in a session's folder, of each device in the order of its restarts."""

    def order(path: Path) -> tuple[str, int]:
        device, _, restarts = path.name.removesuffix(COPY_SUFFIX).partition("+")
        return device, int(restarts) if restarts.isdecimal() else 0

    return sorted(folder.glob(f"*{COPY_SUFFIX}"), key=order)


def check_length(folder: Path, allowed: int | None) -> None:
    """See that the files in a session's folder can have their names; `allowed` None: no limit.

    Raises:
        RecordingError: the path is too long for Windows.
    """
    length = len(str(folder.absolute()))
    if allowed is not None and length + _ROOM > allowed:
        raise RecordingError(
            f"{folder}: has {length} characters, and Windows takes {allowed}, of which files in it "
            f"need {_ROOM}; name a data folder with a shorter path, or set LongPathsEnabled"
        )


def longest_path() -> int | None:
    """Return how long a path may be here; None: as long as the file system takes."""
    if sys.platform != "win32":
        return None
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            enabled, _ = winreg.QueryValueEx(opened, "LongPathsEnabled")
    except OSError:
        enabled = 0
    return None if enabled else MAX_PATH


def session_name(participant: str, session: str, task: str, run: int) -> str:
    """Return the name of a session's folder."""
    return f"sub-{participant}_ses-{session}_task-{task}_run-{run:02d}"


_SESSION_ID = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9_-]*)\.sub-([A-Za-z0-9]+)_ses-([A-Za-z0-9]+)_task-([A-Za-z0-9]+)"
    r"_run-([0-9]{1,6})(-repaired)?"
)


def study_and_name(folder: Path) -> tuple[str, str]:
    """Say which study a session is of, and what it is called.

    Also of a participant's or a session's folder, or a study's (""), that nobody can look into.
    """
    if folder.name.startswith("ses-"):
        return folder.parents[1].name, f"{folder.parent.name}_{folder.name}"
    if not folder.name.startswith("sub-"):
        return folder.name, ""
    return (folder.parents[2] if "_ses-" in folder.name else folder.parent).name, folder.name


def session_id(folder: Path) -> str:
    """Name a session within its data folder: `study.sub-01_ses-01_task-test_run-01`."""
    return ".".join(study_and_name(folder))


def find_session(data_dir: Path, wanted: str) -> Path | None:
    """Find a session's folder by its id; None where there is none.

    Nothing of the id becomes a path before it is checked.
    """
    match = _SESSION_ID.fullmatch(wanted)
    if match is None:
        return None
    study, participant, session, task, run, repaired = match.groups()
    try:
        folder = session_folder(data_dir, study, participant, session, task, int(run))
    except RecordingError:
        return None
    folder = folder.with_name(folder.name + (repaired or ""))
    return folder if (folder / "session.json").is_file() else None


def session_folder(
    data_dir: Path, study: str, participant: str, session: str, task: str, run: int
) -> Path:
    """Return the folder of a session, without touching the disk.

    Raises:
        RecordingError: a label is not allowed.
    """
    names.check_study(study)
    for what, value in (("participant", participant), ("session", session), ("task", task)):
        names.check_label(what, value)
    parent = data_dir / study / f"sub-{participant}" / f"ses-{session}"
    return parent / session_name(participant, session, task, run)


def new_session_folder(
    data_dir: Path,
    study: str,
    participant: str,
    session: str,
    task: str,
    wanted: int | None = None,
) -> tuple[Path, int]:
    """Create the folder of run `wanted`, or of the next one, and return it with the run's number.

    The number is one more than the highest there is, so that none is used twice; making the
    folder is what claims the number, so that two programs cannot get the same one.

    Raises:
        RecordingError: a label is not allowed, the folder cannot be made, or there is a run
            `wanted` already.
    """
    first = session_folder(data_dir, study, participant, session, task, 1)
    check_length(first, longest_path())
    parent = first.parent
    prepare_data_dir(data_dir)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            taken = _runs(parent, participant, session, task)
            run = wanted if wanted is not None else max(taken, default=0) + 1
            if run in taken:
                raise RunTaken(
                    f"run {run} of {parent} exists already, and no run is ever overwritten; "
                    f"name another (the next is {max(taken) + 1}) or none"
                )
            folder = parent / session_name(participant, session, task, run)
            try:
                folder.mkdir()
            except FileExistsError:
                continue  # another program was faster: it has this number now
            return folder, run
    except OSError as error:
        raise RecordingError(
            f"{parent}: no session folder can be made there ({error.strerror}); "
            "check its permissions"
        ) from error


def runs(data_dir: Path, study: str, participant: str, session: str, task: str) -> list[int]:
    """List the runs that exist, in order.

    Raises:
        RecordingError: a label is not allowed, or the folder cannot be read.
    """
    parent = session_folder(data_dir, study, participant, session, task, 1).parent
    try:
        return sorted(_runs(parent, participant, session, task))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordingError(
            f"{parent}: cannot be read ({error.strerror}); check its permissions"
        ) from error


def sessions_of(data_dir: Path, study: str) -> dict[str, list[str]]:
    """List the participants of a study, each with the labels of the sessions, in order.

    Raises:
        RecordingError: the study's name is not allowed, or the folder cannot be read.
    """
    names.check_study(study)
    found: dict[str, list[str]] = {}
    try:
        for folder in sorted((data_dir / study).glob("sub-*/ses-*")):
            participant = folder.parent.name.removeprefix("sub-")
            found.setdefault(participant, []).append(folder.name.removeprefix("ses-"))
    except OSError as error:
        raise RecordingError(
            f"{data_dir / study}: cannot be read ({error.strerror}); check its permissions"
        ) from error
    return found


def next_label(known: Iterable[str]) -> str:
    """Propose the label after the highest number among `known`, as wide as that: 02 after 01."""
    numbers = [label for label in known if label.isdecimal() and label.isascii()]
    highest = max(numbers, key=int, default="0")
    return str(int(highest) + 1).zfill(max(2, len(highest)))


def _runs(parent: Path, participant: str, session: str, task: str) -> set[int]:
    stem = re.escape(f"sub-{participant}_ses-{session}_task-{task}_run-")
    # A case-insensitive disk would refuse a name that differs in case alone: count those too.
    pattern = re.compile(stem + r"(\d+)", re.IGNORECASE)
    found = (pattern.match(entry.name) for entry in parent.iterdir())
    return {int(match[1]) for match in found if match}


def prepare_data_dir(path: Path) -> None:
    """Make the data folder if it is missing, and prove that files can be written into it.

    Raises:
        RecordingError: it cannot be made, is not a folder, or is read-only.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RecordingError(
            f"{path}: there is a file where the data folder should be; name another data folder"
        ) from None
    except OSError as error:
        raise RecordingError(
            f"{path}: the data folder cannot be made ({error.strerror}); name another one"
        ) from error
    try:
        # Asking for permissions is not enough: root has them all, even on a read-only disk.
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise RecordingError(
            f"{path}: the data folder cannot be written to ({error.strerror}); "
            "change its permissions or name another one"
        ) from error


def video_stem(first: Path, part: int) -> Path:
    """Name the video file, without suffix, of part 1, 2… of a camera's recording.

    No device can be called so: a camera `face-2` never takes the name of part 2 of `face`.
    """
    return first if part == 1 else first.with_name(f"{first.name}+{part}")


def free_bytes(path: Path) -> int:
    """Return the bytes free on the disk of `path`, which need not exist yet."""
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    return shutil.disk_usage(there).free
