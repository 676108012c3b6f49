"""What lets a study that was interrupted go on: sessions are there whole or not at all, and beside
them, in `.unisono`, the order that they were written by.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from acquire.errors import ConfigError
from recordings.disk.atomic import put_in_place, replace_file
from recordings.disk.file_lock import lock_file
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, RunTaken
from recordings.study.ledger_place import FOLDER_NAME

_ORDER_NAME: Final = "simulation.json"
_LOCK_NAME: Final = "simulation.lock"
_STAGE: Final = ".simulating"
SOFTWARE: Final = "software"

Options = Mapping[str, Any]
"""What makes a study what it is, by the names of the options, and the versions: as JSON has it."""


def check_options(study: Path, options: Options) -> None:
    """Refuse a study that is there already and was not begun with these options.

    Raises:
        ConfigError: the message names the first option that differs.
    """
    if not study.exists():
        return
    advice = "nothing is overwritten; name another --study or --to, or delete it"
    before = _begun_with(study)
    if before is None:
        if study.is_dir() and all(path.name == FOLDER_NAME for path in study.iterdir()):
            return
        raise ConfigError(f"{study}: exists already, and {advice}")
    for name, now in options.items():
        if before.get(name) != now:
            differs = _difference(name, before.get(name), now)
            raise ConfigError(f"{study}: exists already, begun with {differs}; {advice}")


def _difference(name: str, before: Any, now: Any) -> str:
    if name != SOFTWARE:
        return f"--{name} {json.dumps(before)}, not {json.dumps(now)}"
    known = before if isinstance(before, dict) else {}
    other = next(part for part in {**known, **now} if known.get(part) != now.get(part))
    return f"{other} {known.get(other)}, and this is {now.get(other)}"


def _begun_with(study: Path) -> dict[str, Any] | None:
    try:
        text = read_text(study / FOLDER_NAME / _ORDER_NAME)
        found = json.loads(text)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@contextlib.contextmanager
def begun(study: Path, options: Options) -> Iterator[None]:
    """Write down what a study is begun with, and keep others from writing it meanwhile.

    What an interrupted run has left unfinished is cleared away.

    Raises:
        ConfigError: see `check_options`, or another process writes it.
        RecordingError: its folder cannot be written to.
    """
    hidden = study / FOLDER_NAME
    with contextlib.ExitStack() as stack:
        try:
            hidden.mkdir(parents=True, exist_ok=True)
            _lock(hidden, stack)
            check_options(study, options)
            if _begun_with(study) is None:
                replace_file(hidden / _ORDER_NAME, json.dumps(options, indent=1).encode())
        except OSError as error:
            raise _unwritable(hidden, error) from error
        for left in hidden.glob(f"*{_STAGE}"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _lock(hidden: Path, stack: contextlib.ExitStack) -> None:
    """Lock the study until `stack` is closed; a disk that cannot lock keeps nobody out."""
    file = stack.enter_context((hidden / _LOCK_NAME).open("ab"))
    try:
        lock_file(file.fileno())
    except (BlockingIOError, PermissionError):
        raise ConfigError(
            f"{hidden.parent}: another `unisono simulate study` writes here; wait for its end"
        ) from None
    except OSError:
        return


@contextlib.contextmanager
def whole(session: Path, study: Path) -> Iterator[Path]:
    """Give a folder to write a session into; it is put where it belongs once it is whole.

    Raises:
        RunTaken: there is such a session.
        RecordingError: it cannot be put there.
    """
    if session.exists():
        raise RunTaken(f"{session}: exists already, and no run is ever overwritten")
    hidden = study / FOLDER_NAME
    try:
        hidden.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(suffix=_STAGE, dir=hidden))
    except OSError as error:
        raise _unwritable(hidden, error) from error
    try:
        inner = stage / session.name  # what is in a session may ask for its name
        inner.mkdir()
        yield inner
        try:
            session.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(inner, session)
        except OSError as error:
            raise _unwritable(session, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(f"{path}: cannot be made ({error.strerror}); check its permissions")
